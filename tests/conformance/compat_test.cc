// --compat=windows: where Windows is known to do otherwise than Microsoft's pages say. Names have
// theirs in name_test.cc and name_world_test.cc.
#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

template <wskrun_compat compat>
class Compat : public ConformanceTest {
 protected:
  void adjust(wskrun_options& options) override { options.compat = compat; }

  Completed create(USHORT type, ULONG protocol, ULONG flags, const VOID* dispatch) const {
    IrpCall call;
    call.start([&](PIRP irp) {
      return provider().WskSocket(client(), AF_INET, type, protocol, flags, nullptr, dispatch,
                                  nullptr, nullptr, nullptr, irp);
    });
    return call.wait();
  }
  static NTSTATUS bind(const Listener& listener, std::uint16_t port) {
    Sockaddr address = loopback(port);
    IrpCall call;
    call.start([&](PIRP irp) { return listener.bind(address.get(), 0, irp); });
    const Completed completed = call.wait();
    EXPECT_EQ(completed.information, 0u);
    return completed.status;
  }
};

class AsWindows : public Compat<WSKRUN_AS_WINDOWS> {};
class AsDocumented : public Compat<WSKRUN_AS_DOCUMENTED> {};
INSTANTIATE_TEST_SUITE_P(, AsWindows, ::testing::ValuesIn(kBackends), name_of);
INSTANTIATE_TEST_SUITE_P(, AsDocumented, ::testing::ValuesIn(kBackends), name_of);

CONFORMANCE_TEST(AsWindows, AListeningSocketOfUdpFailsAtItsBind) {
  covers("C-007");
  const Completed created =
      create(SOCK_DGRAM, IPPROTO_UDP, WSK_FLAG_LISTEN_SOCKET, &ListenerEvents::dispatch);
  ASSERT_EQ(created.status, STATUS_SUCCESS);
  Listener listener(reinterpret_cast<PWSK_SOCKET>(created.information));
  EXPECT_EQ(bind(listener, 0), STATUS_NOT_IMPLEMENTED);
  IrpCall close;
  close.start([&](PIRP irp) { return listener.close(irp); });
  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
}

CONFORMANCE_TEST(AsDocumented, ThereIsNoListeningSocketOfUdp) {
  covers("C-007");
  EXPECT_EQ(create(SOCK_DGRAM, IPPROTO_UDP, WSK_FLAG_LISTEN_SOCKET, &ListenerEvents::dispatch),
            (Completed{STATUS_NOT_SUPPORTED, 0}));
}

CONFORMANCE_TEST(AsWindows, ATakenPortIsAssociated) {
  covers("SEC-012", "G-65");
  const Listener first = listen();
  EXPECT_EQ(bind(new_listener(), first.port()), STATUS_ADDRESS_ALREADY_ASSOCIATED);
}

CONFORMANCE_TEST(AsDocumented, ATakenPortExists) {
  covers("SEC-012", "G-65");
  const Listener first = listen();
  EXPECT_EQ(bind(new_listener(), first.port()), STATUS_ADDRESS_ALREADY_EXISTS);
}

CONFORMANCE_TEST(AsWindows, ATruncatedDatagramIsAnOverflow) {
  covers("D-012");
  const UdpPeer peer;
  const Datagram socket = bound_datagram();
  peer.send("too long", socket.port());
  const ReceivedFrom received = socket.receive(3);
  EXPECT_EQ(received.completed, (Completed{STATUS_BUFFER_OVERFLOW, 3}));
  EXPECT_EQ(received.bytes, "too");
  EXPECT_EQ(received.flags, ULONG{MSG_TRUNC});
}

// Both, but Windows alone tells it: drivers pass tables that are not there as long as they enable
// no event.
CONFORMANCE_TEST(AsDocumented, ATableIsNotReadBeforeAnEventIsEnabled) {
  covers("E-001");
  void* const nowhere = reinterpret_cast<void*>(0x10);
  const Completed created = create(SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_CONNECTION_SOCKET, nowhere);
  ASSERT_EQ(created.status, STATUS_SUCCESS);
  const Connection socket(reinterpret_cast<PWSK_SOCKET>(created.information));
  Sockaddr any = wildcard(0);
  IrpCall bind_call;
  bind_call.start([&](PIRP irp) { return socket.bind(any.get(), 0, irp); });
  EXPECT_EQ(bind_call.wait(), (Completed{STATUS_SUCCESS, 0}));
  PeerListener peer_listener;
  Sockaddr remote = loopback(peer_listener.port());
  IrpCall connect;
  connect.start([&](PIRP irp) { return socket.connect(remote.get(), 0, irp); });
  EXPECT_EQ(connect.wait(), (Completed{STATUS_SUCCESS, 0}));
  Peer peer = peer_listener.accept();
  peer.send("abc");
  EXPECT_EQ(socket.read(3), "abc");
  peer.shutdown_send();
  EXPECT_EQ(socket.read(1), "");
}

}  // namespace
}  // namespace wskrun::tests
