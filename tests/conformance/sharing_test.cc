// Who may share a local address: every cell of the table on Microsoft's page about sharing
// transport addresses, for each category, and SO_WSK_SECURITY, which decides some of them.
#include <cstdint>
#include <utility>

#include "kit/fixture.h"
#include "kit/mistakes.h"
#include "kit/security.h"

namespace wskrun::tests {
namespace {

constexpr ULONG kExclusive = static_cast<ULONG>(SO_EXCLUSIVEADDRUSE);
constexpr ULONG kOptions[] = {0, SO_REUSEADDR, kExclusive};
constexpr ULONG kCategories[] = {WSK_FLAG_LISTEN_SOCKET, WSK_FLAG_CONNECTION_SOCKET,
                                 WSK_FLAG_DATAGRAM_SOCKET, WSK_FLAG_STREAM_SOCKET};

enum class Cell { kSuccess, kInUse, kDenied, kCheck };
using enum Cell;

// [second][first]: by option, then the wildcard before a specific address.
constexpr Cell kTable[6][6] = {
    {kInUse, kSuccess, kInUse, kSuccess, kInUse, kSuccess},
    {kCheck, kInUse, kCheck, kDenied, kDenied, kInUse},
    {kDenied, kSuccess, kSuccess, kSuccess, kDenied, kSuccess},
    {kCheck, kDenied, kSuccess, kSuccess, kDenied, kDenied},
    {kInUse, kInUse, kInUse, kInUse, kInUse, kInUse},
    {kCheck, kInUse, kCheck, kInUse, kDenied, kInUse},
};

NTSTATUS expected(Cell cell, bool granted) {
  switch (cell) {
    case kSuccess:
      return STATUS_SUCCESS;
    case kInUse:
      return STATUS_ADDRESS_ALREADY_EXISTS;
    case kDenied:
      return STATUS_ACCESS_DENIED;
    case kCheck:
      return granted ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
  }
  return STATUS_UNSUCCESSFUL;
}

// A socket of any category.
class AnySocket {
 public:
  AnySocket(PWSK_SOCKET socket, ULONG category) : socket_(socket), category_(category) {}
  AnySocket(AnySocket&& other) noexcept
      : socket_(std::exchange(other.socket_, nullptr)), category_(other.category_) {}
  ~AnySocket() {
    if (socket_ != nullptr) close();
  }
  AnySocket& operator=(AnySocket&&) = delete;

  PWSK_SOCKET get() const { return socket_; }
  NTSTATUS bind(Sockaddr address) const {
    return call([&](PIRP irp) { return table_bind()(socket_, address.get(), 0, irp); }).status;
  }
  Completed set(ULONG option, const void* value, SIZE_T size) const {
    return call([&](PIRP irp) {
      return basic().WskControlSocket(socket_, WskSetOption, option, SOL_SOCKET, size,
                                      const_cast<PVOID>(value), 0, nullptr, nullptr, irp);
    });
  }
  Completed set_flag(ULONG option) const {
    const ULONG on = 1;
    return set(option, &on, sizeof on);
  }
  Completed set_security(PSECURITY_DESCRIPTOR cached) const {
    return set(SO_WSK_SECURITY, &cached, sizeof cached);
  }
  Completed get_security(PSECURITY_DESCRIPTOR& cached) const {
    return call([&](PIRP irp) {
      return basic().WskControlSocket(socket_, WskGetOption, SO_WSK_SECURITY, SOL_SOCKET, 0,
                                      nullptr, sizeof cached, &cached, nullptr, irp);
    });
  }
  ULONG flag(ULONG option) const {
    ULONG value = 77;
    const Completed completed = call([&](PIRP irp) {
      return basic().WskControlSocket(socket_, WskGetOption, option, SOL_SOCKET, 0, nullptr,
                                      sizeof value, &value, nullptr, irp);
    });
    EXPECT_EQ(completed, (Completed{STATUS_SUCCESS, sizeof value}));
    return value;
  }
  std::uint16_t port() const {
    SOCKADDR_STORAGE address{};
    auto* output = reinterpret_cast<PSOCKADDR>(&address);
    EXPECT_EQ(call([&](PIRP irp) { return get_local_address()(socket_, output, irp); }).status,
              STATUS_SUCCESS);
    return port_of(address);
  }
  void close() {
    EXPECT_EQ(call([&](PIRP irp) { return basic().WskCloseSocket(socket_, irp); }),
              (Completed{STATUS_SUCCESS, 0}));
    socket_ = nullptr;
  }

 private:
  template <typename Function>
  static Completed call(const Function& function) {
    IrpCall irp_call;
    irp_call.start(function);
    return irp_call.wait();
  }
  template <typename Dispatch>
  const Dispatch& as() const {
    return *static_cast<const Dispatch*>(socket_->Dispatch);
  }
  const WSK_PROVIDER_BASIC_DISPATCH& basic() const { return as<WSK_PROVIDER_BASIC_DISPATCH>(); }
  PFN_WSK_BIND table_bind() const {
    if (category_ == WSK_FLAG_LISTEN_SOCKET) return as<WSK_PROVIDER_LISTEN_DISPATCH>().WskBind;
    if (category_ == WSK_FLAG_DATAGRAM_SOCKET) return as<WSK_PROVIDER_DATAGRAM_DISPATCH>().WskBind;
    if (category_ == WSK_FLAG_STREAM_SOCKET) return as<WSK_PROVIDER_STREAM_DISPATCH>().WskBind;
    return as<WSK_PROVIDER_CONNECTION_DISPATCH>().WskBind;
  }
  PFN_WSK_GET_LOCAL_ADDRESS get_local_address() const {
    if (category_ == WSK_FLAG_LISTEN_SOCKET) {
      return as<WSK_PROVIDER_LISTEN_DISPATCH>().WskGetLocalAddress;
    }
    if (category_ == WSK_FLAG_DATAGRAM_SOCKET) {
      return as<WSK_PROVIDER_DATAGRAM_DISPATCH>().WskGetLocalAddress;
    }
    if (category_ == WSK_FLAG_STREAM_SOCKET) {
      return as<WSK_PROVIDER_STREAM_DISPATCH>().WskGetLocalAddress;
    }
    return as<WSK_PROVIDER_CONNECTION_DISPATCH>().WskGetLocalAddress;
  }

  PWSK_SOCKET socket_;
  ULONG category_;
};

class Sharing : public ConformanceTest {
 protected:
  Completed make(ULONG category, PSECURITY_DESCRIPTOR cached, IpVersion version = IpVersion::k4) {
    const bool udp = category == WSK_FLAG_DATAGRAM_SOCKET;
    IrpCall call;
    call.start([&](PIRP irp) {
      return provider().WskSocket(client(), version == IpVersion::k4 ? AF_INET : AF_INET6,
                                  udp ? SOCK_DGRAM : SOCK_STREAM, udp ? IPPROTO_UDP : IPPROTO_TCP,
                                  category, nullptr, nullptr, nullptr, nullptr, cached, irp);
    });
    return call.wait();
  }
  // A socket with one of the options, or none.
  AnySocket new_socket(ULONG category, ULONG option = 0, PSECURITY_DESCRIPTOR cached = nullptr,
                       IpVersion version = IpVersion::k4) {
    const Completed made = make(category, cached, version);
    EXPECT_EQ(made.status, STATUS_SUCCESS);
    AnySocket socket(reinterpret_cast<PWSK_SOCKET>(made.information), category);
    if (option != 0) {
      EXPECT_EQ(socket.set_flag(option), (Completed{STATUS_SUCCESS, 0}));
    }
    return socket;
  }
  // Every cell of the table with these two; the first has the descriptor.
  void expect_table(ULONG first_category, ULONG second_category, IpVersion version,
                    PSECURITY_DESCRIPTOR cached, bool granted) {
    for (int first_case = 0; first_case < 6; ++first_case) {
      const AnySocket first = new_socket(first_category, kOptions[first_case / 2], cached, version);
      const bool first_wild = first_case % 2 == 0;
      ASSERT_EQ(first.bind(first_wild ? wildcard(0, version) : loopback(0, version)),
                STATUS_SUCCESS);
      const std::uint16_t port = first.port();
      for (int second_case = 0; second_case < 6; ++second_case) {
        const AnySocket second =
            new_socket(second_category, kOptions[second_case / 2], nullptr, version);
        const bool second_wild = second_case % 2 == 0;
        EXPECT_EQ(second.bind(second_wild ? wildcard(port, version) : loopback(port, version)),
                  expected(kTable[second_case][first_case], granted))
            << "second " << second_case << ", first " << first_case << ", categories "
            << second_category << " and " << first_category;
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(, Sharing, ::testing::ValuesIn(kBackends), name_of);

CONFORMANCE_TEST(Sharing, FollowsTheTableWhereTheCheckFails) {
  covers("SEC-001", "SEC-009", "SEC-010", "SEC-012", "K-017", "K-019");
  for (const ULONG category : kCategories) {
    for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
      expect_table(category, category, version, nullptr, /*granted=*/false);
    }
  }
  Descriptor descriptor;
  descriptor.deny(NtSid::system()).allow(NtSid::everyone());
  const Cached cached(provider(), client(), descriptor.get());
  expect_table(WSK_FLAG_LISTEN_SOCKET, WSK_FLAG_LISTEN_SOCKET, IpVersion::k4, cached.get(), false);
}

CONFORMANCE_TEST(Sharing, FollowsTheTableWhereTheCheckSucceeds) {
  covers("SEC-009", "SEC-010", "SEC-012", "K-017", "K-019");
  Descriptor descriptor;
  descriptor.allow(NtSid::system());
  const Cached cached(provider(), client(), descriptor.get());
  for (const ULONG category : kCategories) {
    for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
      expect_table(category, category, version, cached.get(), /*granted=*/true);
    }
  }
}

CONFORMANCE_TEST(Sharing, IsOneForAllCategoriesOfTcp) {
  covers("SEC-012");
  Descriptor descriptor;
  descriptor.allow(NtSid::system());
  const Cached cached(provider(), client(), descriptor.get());
  expect_table(WSK_FLAG_LISTEN_SOCKET, WSK_FLAG_CONNECTION_SOCKET, IpVersion::k4, cached.get(),
               true);
  expect_table(WSK_FLAG_CONNECTION_SOCKET, WSK_FLAG_STREAM_SOCKET, IpVersion::k4, nullptr, false);
}

CONFORMANCE_TEST(Sharing, DoesNotConcernOtherAddressesPortsAndProtocols) {
  covers("SEC-011");
  const AnySocket first = new_socket(WSK_FLAG_LISTEN_SOCKET, kExclusive);
  ASSERT_EQ(first.bind(loopback(0)), STATUS_SUCCESS);
  for (const ULONG option : kOptions) {
    const AnySocket other_address = new_socket(WSK_FLAG_LISTEN_SOCKET, option);
    EXPECT_EQ(other_address.bind(ipv4(0x7F000002, first.port())), STATUS_SUCCESS);
    const AnySocket other_protocol = new_socket(WSK_FLAG_DATAGRAM_SOCKET, option);
    EXPECT_EQ(other_protocol.bind(loopback(first.port())), STATUS_SUCCESS);
    const AnySocket other_version =
        new_socket(WSK_FLAG_LISTEN_SOCKET, option, nullptr, IpVersion::k6);
    EXPECT_EQ(other_version.bind(loopback(first.port(), IpVersion::k6)), STATUS_SUCCESS);
  }
}

CONFORMANCE_TEST(Sharing, GivesTheMoreSpecificListenerItsConnections) {
  covers("SEC-012");
  const Listener specific = listen();
  const Listener everywhere = new_listener();
  IrpCall call;
  Sockaddr any = wildcard(specific.port());
  call.start([&](PIRP irp) { return everywhere.bind(any.get(), 0, irp); });
  ASSERT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));

  for (int i = 0; i < 8; ++i) {
    Peer peer = Peer::connect(specific.port());
    const Connection accepted = specific.accept();
    peer.send("to the one");
    EXPECT_EQ(accepted.read(10), "to the one");
  }
}

CONFORMANCE_TEST(Sharing, GivesTheMoreSpecificSocketItsDatagrams) {
  covers("SEC-012");
  const Datagram specific = bound_datagram();
  const Datagram everywhere = new_datagram();
  IrpCall call;
  Sockaddr any = wildcard(specific.port());
  call.start([&](PIRP irp) { return everywhere.bind(any.get(), 0, irp); });
  ASSERT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));

  const UdpPeer peer;
  peer.send("here", specific.port());
  peer.send_to_ipv4("elsewhere", 0x7F000002, specific.port());
  EXPECT_EQ(specific.receive().bytes, "here");
  EXPECT_EQ(everywhere.receive().bytes, "elsewhere");
}

CONFORMANCE_TEST(Sharing, EndsWhenTheSocketIsClosed) {
  covers("SEC-012");
  for (const ULONG category : kCategories) {
    AnySocket first = new_socket(category, kExclusive);
    ASSERT_EQ(first.bind(wildcard(0)), STATUS_SUCCESS);
    const std::uint16_t port = first.port();
    const AnySocket second = new_socket(category);
    EXPECT_EQ(second.bind(loopback(port)), STATUS_ACCESS_DENIED);
    first.close();
    EXPECT_EQ(second.bind(loopback(port)),
              STATUS_SUCCESS);  // And a refused bind left it as it was.
  }
}

CONFORMANCE_TEST(Sharing, IsNotWhatTheOptionsShow) {
  covers("K-017", "K-019");
  for (const ULONG category : kCategories) {
    const AnySocket first = new_socket(category);
    ASSERT_EQ(first.bind(loopback(0)), STATUS_SUCCESS);
    const AnySocket second = new_socket(category);
    ASSERT_EQ(second.bind(wildcard(first.port())), STATUS_SUCCESS);
    for (const AnySocket* each : {&first, &second}) {
      EXPECT_EQ(each->flag(SO_REUSEADDR), 0u);
      EXPECT_EQ(each->flag(kExclusive), 0u);
    }
  }
}

CONFORMANCE_TEST(Sharing, OfAnotherProcessIsLeftToTheKernel) {
  covers("SEC-012");
  const UdpPeer peer;  // An ordinary socket.
  const AnySocket socket = new_socket(WSK_FLAG_DATAGRAM_SOCKET, SO_REUSEADDR);
  EXPECT_EQ(socket.bind(wildcard(peer.port())), STATUS_ADDRESS_ALREADY_EXISTS);
}

// ---- security descriptors of sockets

CONFORMANCE_TEST(Sharing, ADescriptorReplacesTheOneBefore) {
  covers("SEC-004", "SEC-006", "K-010");
  Descriptor nobody;
  Descriptor system;
  system.allow(NtSid::system());
  const Cached none(provider(), client(), nobody.get());
  const Cached all(provider(), client(), system.get());
  for (const ULONG category :
       {WSK_FLAG_LISTEN_SOCKET, WSK_FLAG_CONNECTION_SOCKET, WSK_FLAG_DATAGRAM_SOCKET}) {
    for (const bool granted : {true, false}) {
      const AnySocket first = new_socket(category, 0, (granted ? none : all).get());
      EXPECT_EQ(first.set_security((granted ? all : none).get()), (Completed{STATUS_SUCCESS, 0}));
      ASSERT_EQ(first.bind(wildcard(0)), STATUS_SUCCESS);
      const AnySocket second = new_socket(category);
      EXPECT_EQ(second.bind(loopback(first.port())),
                granted ? STATUS_SUCCESS : STATUS_ACCESS_DENIED);
    }
  }
}

CONFORMANCE_TEST(Sharing, ASocketKeepsWhatTheDriverReleased) {
  covers("SEC-003", "X-011");
  Descriptor system;
  system.allow(NtSid::system());
  Cached cached(provider(), client(), system.get());
  const AnySocket first = new_socket(WSK_FLAG_LISTEN_SOCKET, 0, cached.get());
  AnySocket other = new_socket(WSK_FLAG_LISTEN_SOCKET, 0, cached.get());
  other.close();  // Closing releases nothing of the driver's.
  cached.release();
  ASSERT_EQ(first.bind(wildcard(0)), STATUS_SUCCESS);
  const AnySocket second = new_socket(WSK_FLAG_LISTEN_SOCKET);
  EXPECT_EQ(second.bind(loopback(first.port())), STATUS_SUCCESS);
}

CONFORMANCE_TEST(Sharing, ADescriptorCanBeReadBack) {
  covers("SEC-001", "SEC-007", "SEC-008", "CL-011", "K-010");
  Descriptor system;
  system.allow(NtSid::system());
  const Cached cached(provider(), client(), system.get());
  for (const ULONG category :
       {WSK_FLAG_LISTEN_SOCKET, WSK_FLAG_CONNECTION_SOCKET, WSK_FLAG_DATAGRAM_SOCKET}) {
    for (const bool own : {false, true}) {
      const AnySocket socket = new_socket(category, 0, own ? cached.get() : nullptr);
      PSECURITY_DESCRIPTOR got = nullptr;
      EXPECT_EQ(socket.get_security(got), (Completed{STATUS_SUCCESS, sizeof got}));
      ASSERT_NE(got, nullptr);
      EXPECT_NE(got, cached.get());
      Cached copy = Cached::adopt(provider(), client(), got);
      // Its meaning is the same: a socket that gets it shares likewise.
      const AnySocket first = new_socket(category, 0, copy.get());
      copy.release();
      ASSERT_EQ(first.bind(wildcard(0)), STATUS_SUCCESS);
      const AnySocket second = new_socket(category);
      EXPECT_EQ(second.bind(loopback(first.port())), own ? STATUS_SUCCESS : STATUS_ACCESS_DENIED);
    }
  }
}

CONFORMANCE_TEST(Sharing, ADescriptorComesBeforeTheBind) {
  covers("SEC-005", "K-013");
  Descriptor system;
  const Cached cached(provider(), client(), system.get());
  const AnySocket socket = new_socket(WSK_FLAG_DATAGRAM_SOCKET);
  ASSERT_EQ(socket.bind(loopback(0)), STATUS_SUCCESS);
  EXPECT_EQ(socket.set_security(cached.get()), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
}

CONFORMANCE_TEST(Sharing, OnlyACachedDescriptorIsOne) {
  covers("SEC-002", "SEC-004", "SEC-006");
  Descriptor uncached;
  const std::uint64_t before = mistakes();
  EXPECT_EQ(make(WSK_FLAG_LISTEN_SOCKET, uncached.get()), (Completed{STATUS_INVALID_PARAMETER, 0}));
  const AnySocket socket = new_socket(WSK_FLAG_LISTEN_SOCKET);
  EXPECT_EQ(socket.set_security(uncached.get()), (Completed{STATUS_INVALID_PARAMETER, 0}));
  EXPECT_EQ(socket.set_security(nullptr), (Completed{STATUS_INVALID_PARAMETER, 0}));
  EXPECT_EQ(mistakes(), before + 3);

  const AnySocket stream = new_socket(WSK_FLAG_STREAM_SOCKET);
  const Cached cached(provider(), client(), uncached.get());
  EXPECT_EQ(stream.set_security(cached.get()), (Completed{STATUS_INVALID_DEVICE_REQUEST, 0}));
}

}  // namespace
}  // namespace wskrun::tests
