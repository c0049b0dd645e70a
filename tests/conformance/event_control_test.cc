// SO_WSK_EVENT_CALLBACK, WSK_SET_STATIC_EVENT_CALLBACKS and inheritance: which callbacks are on.
#include <atomic>
#include <thread>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

RECEIVE_SUITE(EventControl);

// SO_WSK_EVENT_CALLBACK with everything under the test's control.
NTSTATUS set_events(const Connection& socket, const NPIID& npi, ULONG mask, SIZE_T size, PIRP irp) {
  WSK_EVENT_CALLBACK_CONTROL control = {&npi, mask};
  return socket.dispatch().Basic.WskControlSocket(socket.socket(), WskSetOption,
                                                  SO_WSK_EVENT_CALLBACK, SOL_SOCKET, size, &control,
                                                  0, nullptr, nullptr, irp);
}

RECEIVE_TEST(EventControl, EnablesSeveralAtOnceAndAgain) {
  covers("E-002", "E-005", "E-008", "E-016");
  auto [socket, peer] = connect_pair();

  EXPECT_EQ(socket.control_events(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT), STATUS_SUCCESS);
  EXPECT_EQ(socket.control_events(WSK_EVENT_RECEIVE), STATUS_SUCCESS);
  peer.send("abc");
  peer.shutdown_send();

  socket.events().wait_disconnects(1);
  EXPECT_EQ(socket.events().taken(), "abc");
}

RECEIVE_TEST(EventControl, ComparesTheNpiIdByValue) {
  covers("E-004");
  auto [socket, peer] = connect_pair();
  const NPIID same_value = NPI_WSK_INTERFACE_ID;
  NPIID other = NPI_WSK_INTERFACE_ID;
  other.Data1 ^= 1;

  EXPECT_EQ(
      set_events(socket, other, WSK_EVENT_RECEIVE, sizeof(WSK_EVENT_CALLBACK_CONTROL), nullptr),
      STATUS_NOT_SUPPORTED);
  EXPECT_EQ(set_events(socket, same_value, WSK_EVENT_RECEIVE, sizeof(WSK_EVENT_CALLBACK_CONTROL),
                       nullptr),
            STATUS_SUCCESS);
  peer.send("abc");
  socket.events().wait_taken(3);
}

RECEIVE_TEST(EventControl, RefusesWhatTheCategoryLacksAndChangesNothing) {
  covers("E-008", "E-009", "E-011");
  auto [socket, peer] = connect_pair();

  EXPECT_EQ(socket.control_events(WSK_EVENT_ACCEPT), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(socket.control_events(WSK_EVENT_RECEIVE_FROM), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(socket.control_events(WSK_EVENT_RECEIVE | WSK_EVENT_ACCEPT), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(socket.control_events(WSK_EVENT_RECEIVE | 0x1), STATUS_INVALID_PARAMETER);

  peer.send("abc");
  EXPECT_EQ(socket.read(3), "abc");
  EXPECT_EQ(socket.events().receive_calls(), 0);
}

CONFORMANCE_SUITE(EventTables);

CONFORMANCE_TEST(EventTables, RefusesAnEventWithoutCallback) {
  covers("E-017", "E-018");
  WSK_CLIENT_CONNECTION_DISPATCH receive_only = ConnectionEvents::dispatch;
  receive_only.WskDisconnectEvent = nullptr;
  receive_only.WskSendBacklogEvent = nullptr;
  PeerListener listener;
  const Connection socket = connect_to(listener.port(), IpVersion::k4, receive_only);
  Peer peer = listener.accept();

  EXPECT_EQ(socket.control_events(WSK_EVENT_SEND_BACKLOG), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(socket.control_events(WSK_EVENT_RECEIVE | WSK_EVENT_SEND_BACKLOG),
            STATUS_INVALID_PARAMETER);

  peer.send("abc");
  EXPECT_EQ(socket.read(3), "abc");
}

RECEIVE_TEST(EventControl, CompletesAnIrpThatComesWithEnabling) {
  covers("E-015", "E-016", "I-002");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  IrpCall good, bad;

  good.start([&](PIRP irp) { return socket.control_events(WSK_EVENT_RECEIVE, irp); });
  EXPECT_TRUE(good.returned_as(STATUS_SUCCESS));
  EXPECT_EQ(good.wait(), (Completed{STATUS_SUCCESS, 0}));
  bad.start([&](PIRP irp) { return socket.control_events(WSK_EVENT_ACCEPT, irp); });
  EXPECT_EQ(bad.wait(), (Completed{STATUS_INVALID_PARAMETER, 0}));

  peer.send("abc");
  socket.events().wait_taken(3);
}

RECEIVE_TEST(EventControl, DisableNamesOneEvent) {
  covers("E-019", "E-020", "E-029");
  auto [socket, peer] = connect_pair();
  socket.enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);

  EXPECT_EQ(socket.control_events(WSK_EVENT_DISABLE), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(socket.control_events(WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(socket.control_events(WSK_EVENT_DISABLE | WSK_EVENT_SEND_BACKLOG), STATUS_SUCCESS);

  peer.send("abc");
  socket.events().wait_taken(3);
}

RECEIVE_TEST(EventControl, DisablesAtOnceWhenNoCallIsInProgress) {
  covers("E-021", "E-022", "E-025", "E-026");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  socket.enable(WSK_EVENT_RECEIVE);
  IrpCall call;

  call.start(
      [&](PIRP irp) { return socket.control_events(WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE, irp); });
  EXPECT_TRUE(call.returned_as(STATUS_SUCCESS));
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));

  peer.send("abc");
  EXPECT_EQ(socket.read(3), "abc");
  EXPECT_EQ(socket.events().receive_calls(), 0);
  socket.enable(WSK_EVENT_RECEIVE);
  peer.send("def");
  socket.events().wait_taken(3);
  EXPECT_EQ(socket.events().taken(), "def");
}

// A callback that waits until the test lets it go, seen from the test.
class Gate {
 public:
  void arrive() {
    log_.note([&] { arrived_ = true; });
    log_.wait("the gate to open", [&] { return open_; });
  }
  void wait_arrived() {
    log_.wait("a callback at the gate", [&] { return arrived_; });
  }
  void open() {
    log_.note([&] { open_ = true; });
  }

 private:
  EventLog log_;
  bool arrived_ = false;
  bool open_ = false;
};

RECEIVE_TEST(EventControl, DisableDuringACallWaitsForItWithAnIrp) {
  covers("E-023", "E-025");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Gate gate;
  socket.events().answer([&](ReceiveCall&) {
    gate.arrive();
    return STATUS_SUCCESS;
  });
  socket.enable(WSK_EVENT_RECEIVE);
  peer.send("abc");
  gate.wait_arrived();
  IrpCall call;

  call.start(
      [&](PIRP irp) { return socket.control_events(WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE, irp); });
  EXPECT_TRUE(call.returned_as(STATUS_PENDING));
  EXPECT_FALSE(call.completed());
  peer.send("def");
  gate.open();

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_TRUE(call.pending_returned());
  EXPECT_EQ(socket.read(3), "def");
  EXPECT_EQ(socket.events().taken(), "abc");
}

RECEIVE_TEST(EventControl, DisableDuringACallWithoutIrpIsEventPending) {
  covers("E-024", "E-025", "K-005");
  auto [socket, peer] = connect_pair();
  Gate gate;
  socket.events().answer([&](ReceiveCall&) {
    gate.arrive();
    return STATUS_SUCCESS;
  });
  socket.enable(WSK_EVENT_RECEIVE);
  peer.send("abc");
  gate.wait_arrived();

  EXPECT_EQ(socket.control_events(WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE), STATUS_EVENT_PENDING);
  peer.send("def");
  gate.open();

  EXPECT_EQ(socket.read(3), "def");
  EXPECT_EQ(socket.events().taken(), "abc");
}

RECEIVE_TEST(EventControl, DisablesFromInsideTheCallback) {
  covers("E-027", "E-023", "E-024");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  IrpCall call;
  std::atomic<bool> completed_inside{true};
  std::atomic<NTSTATUS> second{STATUS_UNSUCCESSFUL};
  socket.events().answer([&](ReceiveCall&) {
    call.start([&](PIRP irp) {
      return socket.control_events(WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE, irp);
    });
    second = socket.control_events(WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE);
    completed_inside = call.completed();
    return STATUS_SUCCESS;
  });
  socket.enable(WSK_EVENT_RECEIVE);
  peer.send("abc");

  socket.events().wait_receive_calls(1);
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_TRUE(call.returned_as(STATUS_PENDING));
  EXPECT_EQ(second, STATUS_EVENT_PENDING);
  EXPECT_FALSE(completed_inside);
  peer.send("def");
  EXPECT_EQ(socket.read(3), "def");
}

RECEIVE_TEST(EventControl, AWrongSizeOrDirectionIsRefused) {
  covers("E-002", "K-013", "K-026");
  auto [socket, peer] = connect_pair();
  WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE};

  EXPECT_EQ(
      set_events(socket, NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE, sizeof control - 1, nullptr),
      STATUS_INVALID_PARAMETER);
  EXPECT_EQ(socket.dispatch().Basic.WskControlSocket(socket.socket(), WskGetOption,
                                                     SO_WSK_EVENT_CALLBACK, SOL_SOCKET, 0, nullptr,
                                                     sizeof control, &control, nullptr, nullptr),
            STATUS_NOT_SUPPORTED);
}

RECEIVE_TEST(EventControl, DisconnectThatHappenedBeforeIsToldOnEnabling) {
  covers("S-030", "R-074");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  peer.shutdown_send();
  Buffer buffer(1);
  IrpCall call;
  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));  // So the FIN has come.

  socket.enable(WSK_EVENT_DISCONNECT);

  socket.events().wait_disconnects(1);
  EXPECT_EQ(socket.events().disconnects()[0].flags & WSK_FLAG_ABORTIVE, 0u);
}

CONFORMANCE_SUITE(EventStates);

CONFORMANCE_TEST(EventStates, ConnectionNeedsToBeConnected) {
  covers("E-013", "E-014");
  Connection socket = new_connection();
  EXPECT_EQ(socket.control_events(WSK_EVENT_RECEIVE), STATUS_INVALID_DEVICE_STATE);
}

CONFORMANCE_TEST(EventStates, ListenerNeedsToBeBound) {
  covers("E-012", "E-014", "E-006");
  Listener listener = new_listener();
  EXPECT_EQ(listener.control_events(WSK_EVENT_ACCEPT), STATUS_INVALID_DEVICE_STATE);
  Sockaddr address = loopback(0);
  IrpCall bind;
  bind.start([&](PIRP irp) { return listener.bind(address.get(), 0, irp); });
  EXPECT_EQ(bind.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(listener.control_events(WSK_EVENT_ACCEPT), STATUS_SUCCESS);
  EXPECT_EQ(listener.control_events(WSK_EVENT_RECEIVE_FROM), STATUS_INVALID_PARAMETER);
}

CONFORMANCE_SUITE(Inheritance);

CONFORMANCE_TEST(Inheritance, AcceptedByEventHasTheListenersConnectionEvents) {
  covers("E-006", "E-030", "E-034", "E-035", "E-044", "E-050");
  Listener listener = listen();
  listener.enable(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
  Peer peer = Peer::connect(listener.port());
  peer.send("abc");
  Connection socket = listener.events().take();

  socket.events().wait_taken(3);

  // One by one they can be disabled on the accepted socket.
  NTSTATUS status = socket.control_events(WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE);
  EXPECT_TRUE(status == STATUS_SUCCESS || status == STATUS_EVENT_PENDING);
  peer.send("def");
  EXPECT_EQ(socket.read(3), "def");
  peer.shutdown_send();
  socket.events().wait_disconnects(1);
  EXPECT_EQ(socket.events().taken(), "abc");
}

CONFORMANCE_TEST(Inheritance, AcceptedByCallInheritsNothing) {
  covers("E-031");
  Listener listener = listen();
  listener.enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
  Peer peer = Peer::connect(listener.port());
  Connection socket = listener.accept();

  peer.send("abc");

  EXPECT_EQ(socket.read(3), "abc");
  EXPECT_EQ(socket.events().receive_calls(), 0);
}

CONFORMANCE_TEST(Inheritance, ConnectionEventsStayOnTheListener) {
  covers("E-032", "E-033");
  Listener listener = listen();
  listener.enable(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE);

  EXPECT_EQ(listener.control_events(WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE), STATUS_NOT_SUPPORTED);
  EXPECT_EQ(listener.control_events(WSK_EVENT_DISABLE | WSK_EVENT_ACCEPT), STATUS_SUCCESS);
  EXPECT_EQ(listener.control_events(WSK_EVENT_ACCEPT), STATUS_SUCCESS);

  Peer peer = Peer::connect(listener.port());
  peer.send("abc");
  Connection socket = listener.events().take();
  socket.events().wait_taken(3);
}

CONFORMANCE_TEST(Inheritance, NothingComesBeforeTheAcceptEventReturned) {
  covers("E-035");
  Listener listener = listen();
  auto events = std::make_shared<ConnectionEvents>();
  std::atomic<int> calls_inside{0};
  PWSK_SOCKET accepted = nullptr;
  EventLog log;
  listener.events().answer([&](AcceptCall& call) {
    *call.accept_context = events.get();
    *call.accept_dispatch = &ConnectionEvents::dispatch;
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    calls_inside = events->receive_calls();
    log.note([&] { accepted = call.socket; });
    return STATUS_SUCCESS;
  });
  listener.enable(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE);
  Peer peer = Peer::connect(listener.port());
  peer.send("abc");

  log.wait("the accept", [&] { return accepted != nullptr; });
  Connection socket(accepted, events);
  events->wait_taken(3);
  EXPECT_EQ(calls_inside, 0);
}

CONFORMANCE_TEST(Inheritance, WithoutATableTheEventsStayOff) {
  covers("E-036", "E-018");
  Listener listener = listen();
  EventLog log;
  PWSK_SOCKET accepted = nullptr;
  listener.events().answer([&](AcceptCall& call) {
    log.note([&] { accepted = call.socket; });
    return STATUS_SUCCESS;
  });
  listener.enable(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
  Peer peer = Peer::connect(listener.port());
  peer.send("abc");

  log.wait("the accept", [&] { return accepted != nullptr; });
  Connection socket(accepted);
  EXPECT_EQ(socket.read(3), "abc");
}

CONFORMANCE_SUITE(StaticEvents);

CONFORMANCE_TEST(StaticEvents, AreOnFromTheStart) {
  covers("E-037", "E-043", "CL-013", "R-070");
  ASSERT_EQ(set_static_events(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT |
                              WSK_EVENT_RECEIVE_FROM),
            STATUS_SUCCESS);
  auto [connected, peer] = connect_pair();
  peer.send("abc");
  connected.events().wait_taken(3);

  Listener listener = listen();
  Peer second = Peer::connect(listener.port());
  second.send("def");
  Connection by_event = listener.events().take();
  by_event.events().wait_taken(3);
  second.shutdown_send();
  by_event.events().wait_disconnects(1);
}

CONFORMANCE_TEST(StaticEvents, CoverSocketsAcceptedByCall) {
  covers("E-043");
  ASSERT_EQ(set_static_events(WSK_EVENT_RECEIVE), STATUS_SUCCESS);
  Listener listener = listen();
  Peer peer = Peer::connect(listener.port());
  Connection socket = listener.accept();
  peer.send("abc");
  socket.events().wait_taken(3);
}

CONFORMANCE_TEST(StaticEvents, StopAndRestartLikeOthers) {
  covers("R-070", "R-063");
  ASSERT_EQ(set_static_events(WSK_EVENT_RECEIVE), STATUS_SUCCESS);
  auto [socket, peer] = connect_pair();
  socket.events().answer([](ReceiveCall&) { return STATUS_DATA_NOT_ACCEPTED; });
  peer.send("abc");
  socket.events().wait_receive_calls(1);
  socket.events().answer(ConnectionEvents::take_all());

  EXPECT_EQ(socket.read(1), "a");

  socket.events().wait_taken(2);
  EXPECT_EQ(socket.events().taken(), "bc");
}

CONFORMANCE_TEST(StaticEvents, CannotBeDisabled) {
  covers("E-040", "E-041");
  ASSERT_EQ(set_static_events(WSK_EVENT_RECEIVE), STATUS_SUCCESS);
  auto [socket, peer] = connect_pair();

  EXPECT_EQ(socket.control_events(WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE), STATUS_NOT_SUPPORTED);

  peer.send("abc");
  socket.events().wait_taken(3);
}

CONFORMANCE_TEST(StaticEvents, ComeBeforeTheFirstSocket) {
  covers("E-038", "E-039");
  Connection socket = new_connection();
  EXPECT_EQ(set_static_events(WSK_EVENT_RECEIVE), STATUS_INVALID_DEVICE_STATE);
}

CONFORMANCE_TEST(StaticEvents, RefuseUnknownBits) {
  covers("E-042");
  EXPECT_EQ(set_static_events(WSK_EVENT_RECEIVE | WSK_EVENT_DISABLE), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(set_static_events(WSK_EVENT_RECEIVE | 0x1), STATUS_INVALID_PARAMETER);
  auto [socket, peer] = connect_pair();
  peer.send("abc");
  EXPECT_EQ(socket.read(3), "abc");
}

CONFORMANCE_TEST(StaticEvents, SkipTablesWithoutTheCallback) {
  covers("E-036", "E-018", "E-051");
  ASSERT_EQ(set_static_events(WSK_EVENT_RECEIVE | WSK_EVENT_SEND_BACKLOG), STATUS_SUCCESS);
  auto [socket, peer] = connect_pair();
  peer.send("abc");
  socket.events().wait_taken(3);
}

}  // namespace
}  // namespace wskrun::tests
