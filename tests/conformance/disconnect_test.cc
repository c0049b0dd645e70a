// WskDisconnect, WskDisconnectEvent and WskCloseSocket.
#include <atomic>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

RECEIVE_SUITE(Disconnect);

RECEIVE_TEST(Disconnect, GracefulSendsLastBytesAndFin) {
  covers("S-012", "S-014", "S-015", "S-017", "S-018");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer first("first "), last("last");
  WSK_BUF last_bytes = last.whole();
  IrpCall send, disconnect;
  send.start([&](PIRP irp) { return socket.send(first.whole(), 0, irp); });
  disconnect.start([&](PIRP irp) { return socket.disconnect(&last_bytes, 0, irp); });
  EXPECT_EQ(peer.receive_to_end(), "first last");
  EXPECT_EQ(disconnect.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(send.wait(), (Completed{STATUS_SUCCESS, 6}));
}

RECEIVE_TEST(Disconnect, GracefulWaitsForOutstandingSends) {
  covers("S-015", "S-017", "S-018");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  const std::string sent = pattern(kMoreThanTheKernelTakes);
  Buffer buffer(sent);
  IrpCall send, disconnect;
  send.start([&](PIRP irp) { return socket.send(buffer.whole(), 0, irp); });
  disconnect.start([&](PIRP irp) { return socket.disconnect(nullptr, 0, irp); });
  EXPECT_EQ(peer.receive(1), sent.substr(0, 1));
  EXPECT_FALSE(disconnect.completed());
  EXPECT_TRUE(peer.receive_to_end() == sent.substr(1));
  EXPECT_EQ(disconnect.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(send.wait().status, STATUS_SUCCESS);
}

RECEIVE_TEST(Disconnect, OnlyOnceGracefully) {
  covers("S-013", "S-019");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  socket.disconnect();
  IrpCall again;
  again.start([&](PIRP irp) { return socket.disconnect(nullptr, 0, irp); });
  EXPECT_EQ(again.wait(), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
}

RECEIVE_TEST(Disconnect, RefusesContradictions) {
  covers("S-014", "S-016", "I-024");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer("abc");
  WSK_BUF bytes = buffer.whole();
  WSK_BUF beyond = buffer.part(1, 3);
  IrpCall call;
  call.start([&](PIRP irp) { return socket.disconnect(&bytes, WSK_FLAG_ABORTIVE, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_PARAMETER, 0}));
  call.start([&](PIRP irp) { return socket.disconnect(nullptr, 0x10, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_NOT_SUPPORTED, 0}));
  call.start([&](PIRP irp) { return socket.disconnect(&beyond, 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_PARAMETER, 0}));
  EXPECT_EQ(socket.disconnect(nullptr, 0, nullptr), STATUS_INVALID_PARAMETER);
  socket.write("still connected");
  EXPECT_EQ(peer.receive(15), "still connected");
}

RECEIVE_TEST(Disconnect, AbortSendsAReset) {
  covers("S-014", "S-022", "S-023");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  IrpCall abort;
  abort.start([&](PIRP irp) { return socket.disconnect(nullptr, WSK_FLAG_ABORTIVE, irp); });
  EXPECT_EQ(abort.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_FALSE(peer.ends_orderly());
  // The socket is still there to be closed, which ~Connection does.
}

RECEIVE_TEST(Disconnect, AbortForcesAStuckGracefulDisconnect) {
  covers("S-021", "S-022");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Buffer buffer(kMoreThanTheKernelTakes);
  IrpCall send, disconnect, abort;
  send.start([&](PIRP irp) { return socket.send(buffer.whole(), 0, irp); });
  disconnect.start([&](PIRP irp) { return socket.disconnect(nullptr, 0, irp); });
  EXPECT_FALSE(disconnect.completed());
  abort.start([&](PIRP irp) { return socket.disconnect(nullptr, WSK_FLAG_ABORTIVE, irp); });
  EXPECT_EQ(abort.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(disconnect.wait(), (Completed{STATUS_CANCELLED, 0}));
  EXPECT_EQ(send.wait().status, STATUS_CANCELLED);
}

RECEIVE_TEST(Disconnect, CloseForcesAStuckGracefulDisconnect) {
  covers("S-021", "X-009");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer last(kMoreThanTheKernelTakes);
  WSK_BUF last_bytes = last.whole();
  IrpCall disconnect, close;
  disconnect.start([&](PIRP irp) { return socket.disconnect(&last_bytes, 0, irp); });
  EXPECT_FALSE(disconnect.completed());
  close.start([&](PIRP irp) { return socket.close(irp); });
  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(disconnect.wait(), (Completed{STATUS_CANCELLED, 0}));
  EXPECT_FALSE(peer.ends_orderly());
}

RECEIVE_TEST(Disconnect, AStuckOneCanBeCancelled) {
  covers("I-022");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Buffer last(kMoreThanTheKernelTakes);
  WSK_BUF last_bytes = last.whole();
  IrpCall disconnect;
  disconnect.start([&](PIRP irp) { return socket.disconnect(&last_bytes, 0, irp); });
  EXPECT_TRUE(IoCancelIrp(disconnect.irp()));
  EXPECT_EQ(disconnect.wait(), (Completed{STATUS_CANCELLED, 0}));
}

RECEIVE_TEST(Disconnect, EventIsNotCalledForOwnDisconnects) {
  covers("S-025");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  socket.enable(WSK_EVENT_DISCONNECT | WSK_EVENT_RECEIVE);
  socket.disconnect();
  EXPECT_EQ(peer.receive_to_end(), "");
  peer.send("abc");
  socket.events().wait_taken(3);
  EXPECT_EQ(socket.events().disconnects().size(), 0u);
  IrpCall abort;
  abort.start([&](PIRP irp) { return socket.disconnect(nullptr, WSK_FLAG_ABORTIVE, irp); });
  EXPECT_EQ(abort.wait(), (Completed{STATUS_SUCCESS, 0}));
  peer.wait_reset();
  EXPECT_EQ(socket.events().disconnects().size(), 0u);
}

RECEIVE_TEST(Disconnect, ResetAfterAGracefulEndIsToldToo) {
  covers("S-029", "S-026");
  auto [socket, peer] = connect_pair();
  socket.enable(WSK_EVENT_DISCONNECT);
  peer.shutdown_send();
  socket.events().wait_disconnects(1);
  peer.reset();
  socket.events().wait_disconnects(2);
  EXPECT_EQ(socket.events().disconnects()[0].flags & WSK_FLAG_ABORTIVE, 0u);
  EXPECT_NE(socket.events().disconnects()[1].flags & WSK_FLAG_ABORTIVE, 0u);
}

RECEIVE_TEST(Disconnect, EventFlagsAndLevelAgree) {
  covers("S-026", "IRQL-012");
  auto [socket, peer] = connect_pair();
  socket.enable(WSK_EVENT_DISCONNECT);
  peer.shutdown_send();
  socket.events().wait_disconnects(1);
  const DisconnectCall call = socket.events().disconnects()[0];
  EXPECT_EQ(call.flags & ~ULONG{WSK_FLAG_ABORTIVE | WSK_FLAG_AT_DISPATCH_LEVEL}, 0u);
  EXPECT_EQ((call.flags & WSK_FLAG_AT_DISPATCH_LEVEL) != 0, call.irql == DISPATCH_LEVEL);
}

RECEIVE_SUITE(Close);

RECEIVE_TEST(Close, AConnectionEndedByBothSidesIsNotReset) {
  covers("X-010", "X-001");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  peer.send("abc");
  peer.shutdown_send();
  EXPECT_EQ(socket.read(3), "abc");
  Buffer buffer(1);
  IrpCall end, close;
  end.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  EXPECT_EQ(end.wait(), (Completed{STATUS_SUCCESS, 0}));
  socket.disconnect();
  close.start([&](PIRP irp) { return socket.close(irp); });
  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_TRUE(peer.ends_orderly());
}

RECEIVE_TEST(Close, AConnectionThatIsNotEndedIsReset) {
  covers("X-009", "X-001");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  IrpCall close;
  close.start([&](PIRP irp) { return socket.close(irp); });
  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_FALSE(peer.ends_orderly());
}

RECEIVE_TEST(Close, AfterAHalfEndItIsReset) {
  covers("X-009");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  peer.shutdown_send();
  Buffer buffer(1);
  IrpCall end, close;
  end.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  EXPECT_EQ(end.wait(), (Completed{STATUS_SUCCESS, 0}));
  close.start([&](PIRP irp) { return socket.close(irp); });
  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_FALSE(peer.ends_orderly());
}

RECEIVE_TEST(Close, WaitsForACallbackThatIsRunning) {
  covers("X-005", "X-006", "R-052");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  EventLog log;
  bool inside = false, let_go = false;
  std::atomic<bool> returned{false};
  socket.events().answer([&](ReceiveCall&) {
    log.note([&] { inside = true; });
    log.wait("the test", [&] { return let_go; });
    returned = true;
    return STATUS_SUCCESS;
  });
  socket.enable(WSK_EVENT_RECEIVE);
  peer.send("abc");
  log.wait("the callback", [&] { return inside; });
  IrpCall close;
  std::atomic<bool> callback_first{false};
  close.on_completion([&] { callback_first = returned.load(); });

  close.start([&](PIRP irp) { return socket.close(irp); });
  EXPECT_TRUE(close.returned_as(STATUS_PENDING));
  EXPECT_FALSE(close.completed());
  log.note([&] { let_go = true; });

  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_TRUE(callback_first);
}

RECEIVE_TEST(Close, InsideACompletionRoutine) {
  covers("X-006", "X-003");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(8);
  IrpCall receive, close;
  receive.on_completion([&] { close.start([&](PIRP irp) { return socket.close(irp); }); });
  receive.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  peer.send("abc");
  EXPECT_EQ(receive.wait(), (Completed{STATUS_SUCCESS, 3}));
  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
}

RECEIVE_TEST(Close, InsideTheDisconnectEvent) {
  covers("X-013", "R-052");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  IrpCall close;
  auto& events = socket.events();
  events.on_disconnect([&] { close.start([&](PIRP irp) { return socket.close(irp); }); });
  socket.enable(WSK_EVENT_DISCONNECT);
  peer.shutdown_send();
  events.wait_disconnects(1);
  EXPECT_TRUE(close.returned_as(STATUS_PENDING));
  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
}

RECEIVE_TEST(Close, WithoutAnIrpDoesNothing) {
  covers("I-024");
  auto [socket, peer] = connect_pair();
  EXPECT_EQ(socket.dispatch().Basic.WskCloseSocket(socket.socket(), nullptr),
            STATUS_INVALID_PARAMETER);
  peer.send("abc");
  EXPECT_EQ(socket.read(3), "abc");
}

CONFORMANCE_SUITE(CloseStates);

CONFORMANCE_TEST(CloseStates, EveryStateCanBeClosed) {
  covers("X-001", "X-008", "I-023");
  { Connection created = new_connection(); }
  {
    Connection bound = new_connection();
    Sockaddr local = wildcard(0);
    IrpCall bind;
    bind.start([&](PIRP irp) { return bound.bind(local.get(), 0, irp); });
    EXPECT_EQ(bind.wait(), (Completed{STATUS_SUCCESS, 0}));
    IrpCall close;
    close.start([&](PIRP irp) { return bound.close(irp); });
    EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
  }
  { Listener unbound = new_listener(); }
  { Listener listening = listen(); }
}

CONFORMANCE_TEST(CloseStates, ConnectCloseRaces) {
  covers("X-004", "X-006", "C-033");
  PeerListener listener;
  for (int i = 0; i < 200; ++i) {
    Connection socket = new_connection();
    Sockaddr local = wildcard(0), remote = loopback(listener.port());
    IrpCall bind, connect, close;
    bind.start([&](PIRP irp) { return socket.bind(local.get(), 0, irp); });
    ASSERT_EQ(bind.wait().status, STATUS_SUCCESS);
    connect.start([&](PIRP irp) { return socket.connect(remote.get(), 0, irp); });
    close.start([&](PIRP irp) { return socket.close(irp); });
    EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
    const NTSTATUS status = connect.wait().status;
    EXPECT_TRUE(status == STATUS_SUCCESS || status == STATUS_CANCELLED);
  }
}

}  // namespace
}  // namespace wskrun::tests
