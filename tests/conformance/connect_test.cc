// WskSocket, WskBind, WskConnect, WskSocketConnect and the addresses of a connection.
#include <cstring>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(Connect);

Completed bind(const Connection& socket, Sockaddr address, ULONG flags = 0) {
  IrpCall call;
  call.start([&](PIRP irp) { return socket.bind(address.get(), flags, irp); });
  return call.wait();
}

Completed connect(const Connection& socket, Sockaddr address, ULONG flags = 0) {
  IrpCall call;
  call.start([&](PIRP irp) { return socket.connect(address.get(), flags, irp); });
  return call.wait();
}

Completed local_address(const Connection& socket, Sockaddr& address) {
  IrpCall call;
  call.start([&](PIRP irp) {
    return socket.dispatch().WskGetLocalAddress(socket.socket(), address.get(), irp);
  });
  return call.wait();
}

Completed remote_address(const Connection& socket, Sockaddr& address) {
  IrpCall call;
  call.start([&](PIRP irp) {
    return socket.dispatch().WskGetRemoteAddress(socket.socket(), address.get(), irp);
  });
  return call.wait();
}

constexpr Completed kSuccess{STATUS_SUCCESS, 0};
constexpr Completed kWrongState{STATUS_INVALID_DEVICE_STATE, 0};
constexpr Completed kWrongParameter{STATUS_INVALID_PARAMETER, 0};

CONFORMANCE_TEST(Connect, StepByStep) {
  covers("C-001", "C-003", "C-005", "C-010", "C-012", "C-014", "C-027", "C-008");
  for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
    PeerListener listener(version);
    Connection socket = new_connection(version);

    EXPECT_EQ(bind(socket, wildcard(0, version)), kSuccess);
    EXPECT_EQ(connect(socket, loopback(listener.port(), version)), kSuccess);

    Peer peer = listener.accept();
    peer.send("abc");
    EXPECT_EQ(socket.read(3), "abc");
    socket.write("def");
    EXPECT_EQ(peer.receive(3), "def");
  }
}

CONFORMANCE_TEST(Connect, NeedsToBeBoundFirst) {
  covers("C-028", "C-029", "C-023", "I-004");
  PeerListener listener;
  Connection socket = new_connection();
  Sockaddr address = loopback(listener.port());
  IrpCall call;

  call.start([&](PIRP irp) { return socket.connect(address.get(), 0, irp); });

  EXPECT_TRUE(call.returned_as(STATUS_INVALID_DEVICE_STATE));
  EXPECT_EQ(call.wait(), kWrongState);
}

CONFORMANCE_TEST(Connect, OnlyOnce) {
  covers("C-030", "C-024");
  auto [socket, peer] = connect_pair();
  PeerListener listener;
  EXPECT_EQ(connect(socket, loopback(listener.port())), kWrongState);
  EXPECT_EQ(bind(socket, wildcard(0)), kWrongState);
  peer.send("abc");
  EXPECT_EQ(socket.read(3), "abc");
}

CONFORMANCE_TEST(Connect, RefusesFlagsAndWrongFamilies) {
  covers("C-015", "C-016", "C-031");
  PeerListener listener;
  Connection socket = new_connection();
  EXPECT_EQ(bind(socket, wildcard(0), 1), kWrongParameter);
  EXPECT_EQ(bind(socket, wildcard(0, IpVersion::k6)), kWrongParameter);
  EXPECT_EQ(bind(socket, wildcard(0)), kSuccess);
  EXPECT_EQ(connect(socket, loopback(listener.port()), 1), kWrongParameter);
  EXPECT_EQ(connect(socket, loopback(listener.port(), IpVersion::k6)), kWrongParameter);
  EXPECT_EQ(connect(socket, loopback(listener.port())), kSuccess);
}

CONFORMANCE_TEST(Connect, RefusedLeavesTheSocketOpen) {
  covers("C-032");
  Connection socket = new_connection();
  ASSERT_EQ(bind(socket, wildcard(0)), kSuccess);
  const SilentPort nobody;
  EXPECT_EQ(connect(socket, loopback(nobody.port())), (Completed{STATUS_CONNECTION_REFUSED, 0}));
  Sockaddr address;
  EXPECT_EQ(remote_address(socket, address), kWrongState);
  PeerListener listener;
  EXPECT_EQ(connect(socket, loopback(listener.port())), kSuccess);
}

CONFORMANCE_TEST(Connect, CapturesItsAddress) {
  covers("C-047");
  PeerListener listener;
  Connection socket = new_connection();
  auto local = std::make_unique<Sockaddr>(wildcard(0));
  auto remote = std::make_unique<Sockaddr>(loopback(listener.port()));
  IrpCall call;
  call.start([&](PIRP irp) { return socket.bind(local->get(), 0, irp); });
  local.reset();
  EXPECT_EQ(call.wait(), kSuccess);
  call.start([&](PIRP irp) { return socket.connect(remote->get(), 0, irp); });
  remote.reset();
  EXPECT_EQ(call.wait(), kSuccess);
}

CONFORMANCE_TEST(Connect, CanBeCancelled) {
  covers("C-033", "I-022");
  // A backlog that is full leaves a further connect waiting.
  Connection socket = new_connection();
  ASSERT_EQ(bind(socket, wildcard(0)), kSuccess);
  const SilentPort nobody;
  Sockaddr nowhere = loopback(nobody.port());
  IrpCall call;
  call.start([&](PIRP irp) {
    irp->Cancel = TRUE;  // As if IoCancelIrp had come between the driver's call and WSK.
    return socket.connect(nowhere.get(), 0, irp);
  });
  EXPECT_EQ(call.wait(), (Completed{STATUS_CANCELLED, 0}));
  PeerListener listener;
  EXPECT_EQ(connect(socket, loopback(listener.port())), kSuccess);
}

CONFORMANCE_TEST(Connect, CancelRacingWithSuccessEndsOneWay) {
  covers("C-033", "I-002", "C-042");
  PeerListener listener;
  for (int i = 0; i < 200; ++i) {
    Sockaddr local = wildcard(0), remote = loopback(listener.port());
    IrpCall call;
    call.start([&](PIRP irp) {
      return provider().WskSocketConnect(client(), SOCK_STREAM, IPPROTO_TCP, local.get(),
                                         remote.get(), 0, nullptr, nullptr, nullptr, nullptr,
                                         nullptr, irp);
    });
    IoCancelIrp(call.irp());
    const Completed completed = call.wait();
    EXPECT_EQ(call.completions(), 1);
    if (completed.status == STATUS_SUCCESS) {
      Connection socket(reinterpret_cast<PWSK_SOCKET>(completed.information));
    } else {
      EXPECT_EQ(completed, (Completed{STATUS_CANCELLED, 0}));
    }
  }
}

CONFORMANCE_TEST(Connect, LocalAddressFollowsTheState) {
  covers("C-020", "C-025", "C-048", "C-049", "C-050", "C-051");
  PeerListener listener;
  Connection socket = new_connection();
  Sockaddr address;
  EXPECT_EQ(local_address(socket, address), kWrongState);

  ASSERT_EQ(bind(socket, wildcard(0)), kSuccess);
  EXPECT_EQ(local_address(socket, address), kSuccess);
  const std::uint16_t port = port_of(address.storage);
  EXPECT_NE(port, 0);

  ASSERT_EQ(connect(socket, loopback(listener.port())), kSuccess);
  EXPECT_EQ(local_address(socket, address), kSuccess);
  const auto& in = reinterpret_cast<SOCKADDR_IN&>(address.storage);
  EXPECT_EQ(in.sin_family, AF_INET);
  EXPECT_EQ(port_of(address.storage), port);
  EXPECT_EQ(in.sin_addr.s_addr, RtlUlongByteSwap(0x7F000001));
}

CONFORMANCE_TEST(Connect, RemoteAddressNeedsAConnection) {
  covers("C-052", "C-053");
  PeerListener listener;
  Connection socket = new_connection();
  Sockaddr address;
  EXPECT_EQ(remote_address(socket, address), kWrongState);
  ASSERT_EQ(bind(socket, wildcard(0)), kSuccess);
  EXPECT_EQ(remote_address(socket, address), kWrongState);
  ASSERT_EQ(connect(socket, loopback(listener.port())), kSuccess);
  EXPECT_EQ(remote_address(socket, address), kSuccess);
  EXPECT_EQ(port_of(address.storage), listener.port());
}

CONFORMANCE_TEST(Connect, AddressesTakeNoMoreThanTheirFamilysSize) {
  covers("C-054", "C-008");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  struct {
    SOCKADDR_IN address;
    unsigned char guard[16];
  } buffer;
  std::memset(&buffer, 0xA5, sizeof buffer);
  IrpCall call;
  call.start([&](PIRP irp) {
    return socket.dispatch().WskGetLocalAddress(socket.socket(),
                                                reinterpret_cast<PSOCKADDR>(&buffer.address), irp);
  });
  EXPECT_EQ(call.wait(), kSuccess);
  for (const unsigned char byte : buffer.guard) EXPECT_EQ(byte, 0xA5);
}

CONFORMANCE_TEST(Connect, AcceptedSocketsKnowBothAddresses) {
  covers("C-050", "C-052", "C-055");
  for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
    Listener listener = listen(version);
    Peer peer = Peer::connect(listener.port(), version);
    Connection socket = listener.accept();
    Sockaddr local, remote;
    EXPECT_EQ(local_address(socket, local), kSuccess);
    EXPECT_EQ(remote_address(socket, remote), kSuccess);
    EXPECT_EQ(local.get()->sa_family, version == IpVersion::k4 ? AF_INET : AF_INET6);
    EXPECT_EQ(port_of(local.storage), listener.port());
    EXPECT_EQ(port_of(remote.storage), peer.local_port());
  }
}

// WskSocketConnect with the arguments of a row.
struct SocketConnectRow {
  USHORT type;
  ULONG protocol;
  ULONG flags;
  Sockaddr local;
  Sockaddr remote;
  NTSTATUS status;
};

CONFORMANCE_TEST(Connect, SocketConnectRefusesWhatIsNotTcp) {
  covers("C-041", "C-042", "C-043", "C-044");
  PeerListener listener;
  const SilentPort nobody;
  const Sockaddr any = wildcard(0), there = loopback(listener.port());
  const SocketConnectRow rows[] = {
      {SOCK_DGRAM, IPPROTO_UDP, 0, any, there, STATUS_NOT_SUPPORTED},
      {SOCK_STREAM, IPPROTO_UDP, 0, any, there, STATUS_NOT_SUPPORTED},
      {SOCK_STREAM, IPPROTO_TCP, 0x40, any, there, STATUS_INVALID_PARAMETER},
      {SOCK_STREAM, IPPROTO_TCP, 0, wildcard(0, IpVersion::k6), there, STATUS_INVALID_PARAMETER},
      {SOCK_STREAM, IPPROTO_TCP, 0, any, loopback(nobody.port()), STATUS_CONNECTION_REFUSED},
      // An address of nobody here (TEST-NET-1).
      {SOCK_STREAM, IPPROTO_TCP, 0, ipv4(0xC0000201, 0), there, STATUS_INVALID_ADDRESS_COMPONENT},
  };
  for (SocketConnectRow row : rows) {
    IrpCall call;
    call.start([&](PIRP irp) {
      return provider().WskSocketConnect(client(), row.type, row.protocol, row.local.get(),
                                         row.remote.get(), row.flags, nullptr, nullptr, nullptr,
                                         nullptr, nullptr, irp);
    });
    EXPECT_EQ(call.wait(), (Completed{row.status, 0}));
    EXPECT_EQ(call.completions(), 1);
  }
}

CONFORMANCE_TEST(Connect, SocketConnectWorksOverBothFamilies) {
  covers("C-041", "C-043", "C-045");
  for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
    auto [socket, peer] = connect_pair(Origin::kConnected, version);
    socket.enable(WSK_EVENT_RECEIVE);
    peer.send("abc");
    socket.events().wait_taken(3);
    EXPECT_EQ(socket.events().last_receive().context, &socket.events());
  }
}

CONFORMANCE_TEST(Connect, WskSocketChecksTheIrpThenTheClient) {
  covers("C-002", "I-024");
  IrpCall call;
  EXPECT_EQ(
      provider().WskSocket(nullptr, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_CONNECTION_SOCKET,
                           nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
      STATUS_INVALID_PARAMETER);
  // As on Windows the IRP is left alone; the call below completes it for the first time.
  EXPECT_EQ(
      provider().WskSocket(nullptr, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_CONNECTION_SOCKET,
                           nullptr, nullptr, nullptr, nullptr, nullptr, call.irp()),
      STATUS_INVALID_HANDLE);
  EXPECT_EQ(call.completions(), 0);
  call.start([&](PIRP irp) {
    return provider().WskSocket(client(), AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                WSK_FLAG_CONNECTION_SOCKET, nullptr, nullptr, nullptr, nullptr,
                                nullptr, irp);
  });
  const Completed completed = call.wait();
  EXPECT_EQ(completed.status, STATUS_SUCCESS);
  Connection socket(reinterpret_cast<PWSK_SOCKET>(completed.information));
}

CONFORMANCE_TEST(Connect, WskSocketRefusesOtherCombinations) {
  covers("C-004", "C-006", "C-007", "C-001");
  struct Row {
    ADDRESS_FAMILY family;
    USHORT type;
    ULONG protocol;
    ULONG flags;
    NTSTATUS status;
  };
  const Row rows[] = {
      {AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET | WSK_FLAG_CONNECTION_SOCKET,
       STATUS_INVALID_PARAMETER},
      {AF_INET, SOCK_STREAM, IPPROTO_TCP, 0x100, STATUS_INVALID_PARAMETER},
      {AF_INET, SOCK_DGRAM, IPPROTO_UDP, WSK_FLAG_CONNECTION_SOCKET, STATUS_NOT_SUPPORTED},
      {AF_INET, SOCK_STREAM, IPPROTO_UDP, WSK_FLAG_LISTEN_SOCKET, STATUS_NOT_SUPPORTED},
      {1, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_CONNECTION_SOCKET, STATUS_NOT_SUPPORTED},
  };
  for (const Row& row : rows) {
    IrpCall call;
    call.start([&](PIRP irp) {
      return provider().WskSocket(client(), row.family, row.type, row.protocol, row.flags, nullptr,
                                  nullptr, nullptr, nullptr, nullptr, irp);
    });
    EXPECT_EQ(call.wait(), (Completed{row.status, 0}));
  }
}

CONFORMANCE_TEST(Connect, WithoutEventsTheClientTableIsNotRead) {
  covers("E-051", "C-045");
  PeerListener listener;
  const auto* wild = reinterpret_cast<const WSK_CLIENT_CONNECTION_DISPATCH*>(0x1000);
  Sockaddr local = wildcard(0), remote = loopback(listener.port());
  IrpCall call;
  call.start([&](PIRP irp) {
    return provider().WskSocketConnect(client(), SOCK_STREAM, IPPROTO_TCP, local.get(),
                                       remote.get(), 0, nullptr, wild, nullptr, nullptr, nullptr,
                                       irp);
  });
  const Completed completed = call.wait();
  ASSERT_EQ(completed.status, STATUS_SUCCESS);
  Connection socket(reinterpret_cast<PWSK_SOCKET>(completed.information));
  Peer peer = listener.accept();
  peer.send("abc");
  peer.shutdown_send();
  EXPECT_EQ(socket.read(3), "abc");
}

}  // namespace
}  // namespace wskrun::tests
