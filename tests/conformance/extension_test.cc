// Extension interfaces, of which there are none: asking for one, and for its events.
#include <functional>
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

constexpr NPIID kExtension = {0x3f21c8aa, 0x4444, 0x4555, {1, 2, 3, 4, 5, 6, 7, 8}};

class Extension : public ConformanceTest {
 protected:
  void SetUp() override {
    ConformanceTest::SetUp();
    if (runtime() == nullptr) return;  // Skipped.
    for (const Kind& each : kKinds) sockets_.push_back(new_socket(each));
  }
  void TearDown() override {
    for (PWSK_SOCKET socket : sockets_) {
      IrpCall call;
      call.start([&](PIRP irp) { return basic(socket).WskCloseSocket(socket, irp); });
      EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
    }
    ConformanceTest::TearDown();
  }

  const std::vector<PWSK_SOCKET>& of_all_categories() const { return sockets_; }
  static const WSK_PROVIDER_BASIC_DISPATCH& basic(PWSK_SOCKET socket) {
    return *static_cast<const WSK_PROVIDER_BASIC_DISPATCH*>(socket->Dispatch);
  }

 private:
  struct Kind {
    ULONG flags;
    USHORT type;
    ULONG protocol;
  };
  static constexpr Kind kKinds[] = {{WSK_FLAG_BASIC_SOCKET, SOCK_STREAM, IPPROTO_TCP},
                                    {WSK_FLAG_LISTEN_SOCKET, SOCK_STREAM, IPPROTO_TCP},
                                    {WSK_FLAG_CONNECTION_SOCKET, SOCK_STREAM, IPPROTO_TCP},
                                    {WSK_FLAG_STREAM_SOCKET, SOCK_STREAM, IPPROTO_TCP},
                                    {WSK_FLAG_DATAGRAM_SOCKET, SOCK_DGRAM, IPPROTO_UDP}};

  PWSK_SOCKET new_socket(const Kind& kind) const {
    IrpCall call;
    call.start([&](PIRP irp) {
      return provider().WskSocket(client(), AF_INET, kind.type, kind.protocol, kind.flags, nullptr,
                                  nullptr, nullptr, nullptr, nullptr, irp);
    });
    const Completed completed = call.wait();
    EXPECT_EQ(completed.status, STATUS_SUCCESS);
    return reinterpret_cast<PWSK_SOCKET>(completed.information);
  }

  std::vector<PWSK_SOCKET> sockets_;
};
INSTANTIATE_TEST_SUITE_P(, Extension, ::testing::ValuesIn(kBackends), name_of);

CONFORMANCE_TEST(Extension, IsNotSupportedOnAnySocket) {
  covers("EXT-001", "EXT-002", "EXT-003", "K-013");
  constexpr int kDispatch = 0;
  WSK_EXTENSION_CONTROL_IN in = {&kExtension, this, &kDispatch};
  WSK_EXTENSION_CONTROL_OUT out = {this, &kDispatch};
  const auto ask = [&](PWSK_SOCKET socket, SIZE_T in_size, SIZE_T out_size, PIRP irp) {
    return basic(socket).WskControlSocket(socket, WskIoctl, SIO_WSK_REGISTER_EXTENSION, 0, in_size,
                                          &in, out_size, &out, nullptr, irp);
  };
  for (PWSK_SOCKET socket : of_all_categories()) {
    EXPECT_EQ(ask(socket, sizeof in, sizeof out, nullptr), STATUS_NOT_SUPPORTED);
    EXPECT_EQ(ask(socket, sizeof in - 1, sizeof out, nullptr), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ask(socket, sizeof in, sizeof out + 1, nullptr), STATUS_INVALID_PARAMETER);
    IrpCall call;
    call.start([&](PIRP irp) { return ask(socket, sizeof in, sizeof out, irp); });
    EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_PARAMETER, 0}));
  }
  EXPECT_EQ(out.ProviderContext, this);
  EXPECT_EQ(out.ProviderDispatch, &kDispatch);
}

CONFORMANCE_TEST(Extension, WskItselfIsNone) {
  covers("EXT-008");
  WSK_EXTENSION_CONTROL_IN in = {&NPI_WSK_INTERFACE_ID, this, this};
  WSK_EXTENSION_CONTROL_OUT out = {};
  for (PWSK_SOCKET socket : of_all_categories()) {
    EXPECT_EQ(basic(socket).WskControlSocket(socket, WskIoctl, SIO_WSK_REGISTER_EXTENSION, 0,
                                             sizeof in, &in, sizeof out, &out, nullptr, nullptr),
              STATUS_NOT_SUPPORTED);
  }
}

template <typename Table>
concept CanBeBound = requires(const Table& table) {
  table.WskBind;
};

CONFORMANCE_TEST(Extension, BasicSocketsHaveNoEventsOfTheirOwn) {
  covers("E-010", "C-022");
  static_assert(!CanBeBound<WSK_PROVIDER_BASIC_DISPATCH>);
  PWSK_SOCKET socket = of_all_categories().front();
  for (const ULONG event : {WSK_EVENT_ACCEPT, WSK_EVENT_RECEIVE_FROM, WSK_EVENT_RECEIVE,
                            WSK_EVENT_DISCONNECT, WSK_EVENT_SEND_BACKLOG}) {
    for (const ULONG mask : {ULONG{event}, ULONG{event} | WSK_EVENT_DISABLE}) {
      WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID, mask};
      EXPECT_EQ(
          basic(socket).WskControlSocket(socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                         sizeof control, &control, 0, nullptr, nullptr, nullptr),
          STATUS_INVALID_PARAMETER);
    }
  }
}

CONFORMANCE_TEST(Extension, HasNoEventsToSwitch) {
  covers("EXT-010");
  for (const ULONG mask : {ULONG{1}, ULONG{1} | WSK_EVENT_DISABLE}) {
    WSK_EVENT_CALLBACK_CONTROL control = {&kExtension, mask};
    const auto switch_events = [&](PWSK_SOCKET socket, PIRP irp) {
      return basic(socket).WskControlSocket(socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                            sizeof control, &control, 0, nullptr, nullptr, irp);
    };
    for (PWSK_SOCKET socket : of_all_categories()) {
      EXPECT_EQ(switch_events(socket, nullptr), STATUS_NOT_SUPPORTED);
      IrpCall call;
      call.start([&](PIRP irp) { return switch_events(socket, irp); });
      EXPECT_EQ(call.wait(), (Completed{STATUS_NOT_SUPPORTED, 0}));
    }
  }
}

}  // namespace
}  // namespace wskrun::tests
