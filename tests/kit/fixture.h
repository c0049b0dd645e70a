// WskTest: a runtime on one transport and a registered WSK client, the test being the driver. After
// each test nothing may be left behind. CONFORMANCE_TEST runs a test on every transport;
// RECEIVE_TEST also on sockets of both origins.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <gtest/gtest.h>
#include <wskrun/host.h>

#include <ostream>
#include <string>
#include <utility>

#include "kit/address.h"
#include "kit/connection.h"
#include "kit/covers.h"
#include "kit/datagram.h"
#include "kit/listener.h"
#include "kit/peer.h"

namespace wskrun::tests {

struct Backend {
  const char* name;       // "uring", "uring_basic", "epoll"
  const char* transport;  // For wskrun_options.
  bool linux_6_1_only;
};

inline void PrintTo(const Backend& backend, std::ostream* out) {
  *out << backend.name;
}

inline constexpr Backend kBackends[] = {
    {"uring", "uring", false}, {"uring_basic", "uring", true}, {"epoll", "epoll", false}};

// A runtime on that transport, whose calls end as completion_mode() says.
wskrun_options options_for(const Backend& backend);

enum class Origin { kConnected, kAccepted };

// A runtime, and WSK as a driver that has registered sees it.
class WskTestBase : public ::testing::Test {
 protected:
  explicit WskTestBase(const Backend& backend) : backend_(backend) {}
  void SetUp() override;
  void TearDown() override;
  // For a test that wants other options; before SetUp().
  virtual void adjust(wskrun_options&) {}

  const Backend& backend() const { return backend_; }
  const WSK_PROVIDER_DISPATCH& provider() const { return *npi_.Dispatch; }
  PWSK_CLIENT client() const { return npi_.Client; }
  wskrun_runtime* runtime() const { return runtime_; }

  // WskSocket for a connection-oriented socket with new ConnectionEvents.
  Connection new_connection(IpVersion version = IpVersion::k4);
  // WskSocketConnect to a loopback port.
  Connection connect_to(
      std::uint16_t port, IpVersion version = IpVersion::k4,
      const WSK_CLIENT_CONNECTION_DISPATCH& dispatch = ConnectionEvents::dispatch);
  // WskSocket for a listening socket with new ListenerEvents, unbound.
  Listener new_listener(IpVersion version = IpVersion::k4);
  // ... bound to a free port on loopback.
  Listener listen(IpVersion version = IpVersion::k4);
  // WskSocket for a datagram socket with new DatagramEvents, unbound.
  Datagram new_datagram(IpVersion version = IpVersion::k4);
  // ... bound to a free port on loopback.
  Datagram bound_datagram(IpVersion version = IpVersion::k4);
  // A socket of the origin and the plain socket at its other end.
  std::pair<Connection, Peer> connect_pair(Origin origin = Origin::kConnected,
                                           IpVersion version = IpVersion::k4);
  // Enables static events; before the first socket.
  NTSTATUS set_static_events(ULONG mask);

 private:
  bool report_holdings();  // True: nothing is held.

  const Backend& backend_;
  wskrun_runtime* runtime_ = nullptr;
  WSK_REGISTRATION registration_{};
  WSK_PROVIDER_NPI npi_{};
  bool registered_ = false;
};

class ConformanceTest : public WskTestBase, public ::testing::WithParamInterface<Backend> {
 protected:
  ConformanceTest() : WskTestBase(GetParam()) {}
};

struct BackendAndOrigin {
  Backend backend;
  Origin origin;
};

inline void PrintTo(const BackendAndOrigin& parameter, std::ostream* out) {
  *out << parameter.backend.name;
}

class ReceiveTestBase : public WskTestBase, public ::testing::WithParamInterface<BackendAndOrigin> {
 protected:
  ReceiveTestBase() : WskTestBase(GetParam().backend) {}
  std::pair<Connection, Peer> connect_pair() {
    return WskTestBase::connect_pair(GetParam().origin);
  }
};

std::vector<BackendAndOrigin> backends_and_origins();
std::string name_of(const ::testing::TestParamInfo<Backend>& info);
std::string name_of_both(const ::testing::TestParamInfo<BackendAndOrigin>& info);

// The buffers of both ends of a loopback connection hold less, if the receiver does not read.
inline constexpr std::size_t kMoreThanTheKernelTakes = std::size_t{16} << 20;

// `size` bytes in which every position is recognisable.
std::string pattern(std::size_t size, std::size_t from = 0);

}  // namespace wskrun::tests

// A suite of conformance tests: CONFORMANCE_SUITE(Connect); CONFORMANCE_TEST(Connect, Refused)
// {...}
#define CONFORMANCE_SUITE(suite)                                                     \
  class suite : public ::wskrun::tests::ConformanceTest {};                          \
  INSTANTIATE_TEST_SUITE_P(, suite, ::testing::ValuesIn(::wskrun::tests::kBackends), \
                           ::wskrun::tests::name_of)
#define CONFORMANCE_TEST(suite, name) TEST_P(suite, name)

// A suite whose tests run on connected and on accepted sockets.
#define RECEIVE_SUITE(suite)                                                                      \
  class suite : public ::wskrun::tests::ReceiveTestBase {};                                       \
  INSTANTIATE_TEST_SUITE_P(, suite, ::testing::ValuesIn(::wskrun::tests::backends_and_origins()), \
                           ::wskrun::tests::name_of_both)
#define RECEIVE_TEST(suite, name) TEST_P(suite, name)
