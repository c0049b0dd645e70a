// Listening and accepting, by WskAccept and by WskAcceptEvent.
#include <atomic>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(Listen);

constexpr IpVersion kVersions[] = {IpVersion::k4, IpVersion::k6};

// A WskAccept of the test, and the socket it got.
class Accept {
 public:
  IrpCall& start(const Listener& listener) {
    return call_.start([&](PIRP irp) {
      return listener.accept(events_.get(), &ConnectionEvents::dispatch, local_.get(),
                             remote_.get(), irp);
    });
  }
  IrpCall& call() { return call_; }
  const SOCKADDR_STORAGE& local() const { return local_.storage; }
  const SOCKADDR_STORAGE& remote() const { return remote_.storage; }

  // Waits for the connection and gives it away.
  Connection take() {
    const Completed completed = call_.wait();
    if (completed.status != STATUS_SUCCESS) throw std::runtime_error("an accept failed");
    return Connection(reinterpret_cast<PWSK_SOCKET>(completed.information), events_);
  }

 private:
  IrpCall call_;
  std::shared_ptr<ConnectionEvents> events_ = std::make_shared<ConnectionEvents>();
  Sockaddr local_;
  Sockaddr remote_;
};

NTSTATUS bind(const Listener& listener, Sockaddr address, ULONG flags = 0) {
  IrpCall call;
  call.start([&](PIRP irp) { return listener.bind(address.get(), flags, irp); });
  return call.wait().status;
}

NTSTATUS set_option(const Listener& listener, ULONG level, ULONG option, ULONG value) {
  IrpCall call;
  call.start([&](PIRP irp) {
    return listener.dispatch().Basic.WskControlSocket(listener.socket(), WskSetOption, option,
                                                      level, sizeof value, &value, 0, nullptr,
                                                      nullptr, irp);
  });
  return call.wait().status;
}

Completed close(Listener& listener) {
  IrpCall call;
  call.start([&](PIRP irp) { return listener.close(irp); });
  return call.wait();
}

SOCKADDR_STORAGE address_of(NTSTATUS(WSKAPI* get)(PWSK_SOCKET, PSOCKADDR, PIRP),
                            PWSK_SOCKET socket) {
  Sockaddr address;
  IrpCall call;
  call.start([&](PIRP irp) { return get(socket, address.get(), irp); });
  if (call.wait().status != STATUS_SUCCESS) throw std::runtime_error("no address");
  return address.storage;
}

bool can_echo(Connection& connection, Peer& peer) {
  peer.send("ping");
  if (connection.read(4) != "ping") return false;
  connection.write("pong");
  return peer.receive(4) == "pong";
}

std::uint64_t mistakes() {
  wskrun_statistics now{};
  wskrun_statistics_now(&now);
  return now.mistakes;
}

// ---- binding

CONFORMANCE_TEST(Listen, BindingListensAtOnce) {
  covers("C-017", "C-014", "I-023");
  for (const IpVersion version : kVersions) {
    Listener listener = new_listener(version);
    Sockaddr address = loopback(0, version);
    IrpCall call;

    call.start([&](PIRP irp) { return listener.bind(address.get(), 0, irp); });

    EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
    const Peer peer = Peer::connect(listener.port(), version);  // Nobody has accepted.
  }
}

CONFORMANCE_TEST(Listen, WildcardListensOnAllLocalAddresses) {
  covers("C-018", "C-051");
  Listener listener = new_listener();
  ASSERT_EQ(bind(listener, wildcard(0)), STATUS_SUCCESS);
  EXPECT_NE(listener.port(), 0);

  const Peer first = Peer::connect_to(0x7F000001, listener.port());
  const Peer second = Peer::connect_to(0x7F000102, listener.port());

  const Connection one = listener.accept();
  const Connection two = listener.accept();
  const SOCKADDR_STORAGE local = address_of(two.dispatch().WskGetLocalAddress, two.socket());
  EXPECT_EQ(reinterpret_cast<const SOCKADDR_IN&>(local).sin_addr.s_addr,
            RtlUlongByteSwap(0x7F000102u));
}

CONFORMANCE_TEST(Listen, DualStackListenerReportsAddressesOfItsOwnFamily) {
  covers("C-018", "C-055", "L-008");
  Listener listener = new_listener(IpVersion::k6);
  ASSERT_EQ(set_option(listener, IPPROTO_IPV6, IPV6_V6ONLY, 0), STATUS_SUCCESS);
  ASSERT_EQ(bind(listener, wildcard(0, IpVersion::k6)), STATUS_SUCCESS);
  Accept accept;
  accept.start(listener);

  Peer peer = Peer::connect(listener.port(), IpVersion::k4);

  Connection connection = accept.take();
  EXPECT_EQ(accept.local().ss_family, AF_INET6);
  EXPECT_EQ(accept.remote().ss_family, AF_INET6);
  const auto& remote = reinterpret_cast<const SOCKADDR_IN6&>(accept.remote());
  EXPECT_EQ(remote.sin6_addr.u.Byte[10], 0xFF);  // ::ffff:127.0.0.1
  EXPECT_EQ(remote.sin6_addr.u.Byte[12], 127);
  EXPECT_EQ(port_of(accept.remote()), peer.local_port());
  const auto& dispatch = connection.dispatch();
  EXPECT_EQ(address_of(dispatch.WskGetLocalAddress, connection.socket()).ss_family, AF_INET6);
  EXPECT_EQ(address_of(dispatch.WskGetRemoteAddress, connection.socket()).ss_family, AF_INET6);
  EXPECT_TRUE(can_echo(connection, peer));
}

CONFORMANCE_TEST(Listen, Ipv6ListenerTakesNoIpv4UnlessItIsTold) {
  covers("C-018");
  std::optional<Listener> listener;
  std::optional<SilentPort> ipv4_is_free;
  while (!ipv4_is_free) {
    listener.emplace(new_listener(IpVersion::k6));
    ASSERT_EQ(bind(*listener, wildcard(0, IpVersion::k6)), STATUS_SUCCESS);
    try {
      ipv4_is_free.emplace(listener->port());
    } catch (const std::runtime_error&) {  // Another process has it: another port, then.
    }
  }
  EXPECT_THROW(Peer::connect(listener->port(), IpVersion::k4), std::runtime_error);
  EXPECT_NO_THROW(Peer::connect(listener->port(), IpVersion::k6));
}

CONFORMANCE_TEST(Listen, AnAddressInUseIsRefused) {
  covers("C-026");
  const Listener first = listen();
  const Listener second = new_listener();
  EXPECT_EQ(bind(second, loopback(first.port())), STATUS_ADDRESS_ALREADY_EXISTS);

  const Listener third = new_listener();
  EXPECT_EQ(bind(third, wildcard(0)), STATUS_SUCCESS);
  EXPECT_EQ(bind(second, wildcard(third.port())), STATUS_ADDRESS_ALREADY_EXISTS);

  // A failed bind leaves the socket as it was.
  EXPECT_EQ(bind(second, loopback(0)), STATUS_SUCCESS);
}

CONFORMANCE_TEST(Listen, DifferentSpecificAddressesDoNotConflict) {
  covers("C-026", "SEC-011");
  const Listener first = listen();
  const Listener second = new_listener();

  EXPECT_EQ(bind(second, ipv4(0x7F000002, first.port())), STATUS_SUCCESS);
}

CONFORMANCE_TEST(Listen, APortWithConnectionsInTimeWaitCanBeBound) {
  covers("C-026");
  std::uint16_t port;
  {
    const Listener listener = listen();
    port = listener.port();
    Peer peer = Peer::connect(port);
    const Connection connection = listener.accept();
    connection.disconnect();  // This side ends first: it is the one that waits.
    peer.close();
  }
  const Listener again = new_listener();

  EXPECT_EQ(bind(again, loopback(port)), STATUS_SUCCESS);
}

CONFORMANCE_TEST(Listen, BindRefusesWhatIsNoAddressOfTheSocket) {
  covers("C-015", "C-016", "C-024", "I-004");
  const Listener listener = new_listener();
  IrpCall call;

  EXPECT_EQ(bind(listener, loopback(0, IpVersion::k6)), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(bind(listener, loopback(0), 1), STATUS_INVALID_PARAMETER);
  call.start([&](PIRP irp) { return listener.bind(nullptr, 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_PARAMETER, 0}));
  EXPECT_EQ(bind(listener, loopback(0)), STATUS_SUCCESS);
  EXPECT_EQ(bind(listener, loopback(0)), STATUS_INVALID_DEVICE_STATE);
}

CONFORMANCE_TEST(Listen, OnlyABoundListenerHasALocalAddress) {
  covers("C-048", "C-049", "C-050");
  const Listener unbound = new_listener();
  Sockaddr address;
  IrpCall call;
  call.start([&](PIRP irp) {
    return unbound.dispatch().WskGetLocalAddress(unbound.socket(), address.get(), irp);
  });
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));

  const Listener bound = listen(IpVersion::k6);
  const SOCKADDR_STORAGE local = address_of(bound.dispatch().WskGetLocalAddress, bound.socket());
  EXPECT_EQ(local.ss_family, AF_INET6);
  EXPECT_NE(port_of(local), 0);
}

// ---- WskAccept

CONFORMANCE_TEST(Listen, AcceptTakesAWaitingConnectionAtOnce) {
  covers("L-001", "L-010", "I-004", "I-005");
  const Listener listener = listen();
  const Connection made = new_connection();
  std::vector<Peer> peers;
  bool at_once = !calls_end_naturally();

  // A connection that is complete for the peer may still be on its way to the listener, and then
  // the accept waits for it. The next one has had the more time.
  for (int i = 0; i < 1000 && !at_once; ++i) {
    peers.push_back(Peer::connect(listener.port()));
    peers.push_back(Peer::connect(listener.port()));
    for (int each = 0; each < 2; ++each) {
      Accept accept;
      accept.start(listener);
      const Connection connection = accept.take();
      EXPECT_EQ(accept.call().pending_returned(), accept.call().returned() == STATUS_PENDING);
      EXPECT_EQ(connection.socket()->Dispatch, made.socket()->Dispatch);
      at_once = at_once || accept.call().returned() == STATUS_SUCCESS;
    }
  }

  EXPECT_TRUE(at_once);
}

CONFORMANCE_TEST(Listen, AcceptPendsUntilAConnectionComes) {
  covers("L-002", "L-010", "I-003", "I-005");
  const Listener listener = listen();
  Accept accept;

  accept.start(listener);
  EXPECT_TRUE(accept.call().returned_as(STATUS_PENDING));
  EXPECT_FALSE(accept.call().completed());
  Peer peer = Peer::connect(listener.port());

  Connection connection = accept.take();
  EXPECT_TRUE(accept.call().pending_returned());
  EXPECT_EQ(accept.call().completions(), 1);
  EXPECT_TRUE(can_echo(connection, peer));
}

CONFORMANCE_TEST(Listen, AcceptReportsBothAddresses) {
  covers("L-008", "C-055", "C-050", "C-052");
  for (const IpVersion version : kVersions) {
    const Listener listener = listen(version);
    Accept accept;
    accept.start(listener);
    const Peer peer = Peer::connect(listener.port(), version);

    const Connection connection = accept.take();

    EXPECT_EQ(port_of(accept.local()), listener.port());
    EXPECT_EQ(port_of(accept.remote()), peer.local_port());
    const auto& dispatch = connection.dispatch();
    const SOCKADDR_STORAGE local = address_of(dispatch.WskGetLocalAddress, connection.socket());
    const SOCKADDR_STORAGE remote = address_of(dispatch.WskGetRemoteAddress, connection.socket());
    EXPECT_EQ(local.ss_family, version == IpVersion::k4 ? AF_INET : AF_INET6);
    EXPECT_EQ(0, std::memcmp(&local, &accept.local(), sizeof local));
    EXPECT_EQ(0, std::memcmp(&remote, &accept.remote(), sizeof remote));
  }
}

CONFORMANCE_TEST(Listen, AcceptNeedsNeitherAddressesNorEvents) {
  covers("L-006", "L-008");
  const Listener listener = listen();
  IrpCall call;
  call.start([&](PIRP irp) { return listener.accept(nullptr, nullptr, nullptr, nullptr, irp); });
  Peer peer = Peer::connect(listener.port());

  const Completed completed = call.wait();

  ASSERT_EQ(completed.status, STATUS_SUCCESS);
  Connection connection(reinterpret_cast<PWSK_SOCKET>(completed.information));
  EXPECT_TRUE(can_echo(connection, peer));
  EXPECT_EQ(connection.control_events(WSK_EVENT_RECEIVE), STATUS_INVALID_PARAMETER);
}

CONFORMANCE_TEST(Listen, AcceptGivesTheSocketItsContextAndCallbacks) {
  covers("L-006", "C-010");
  const Listener listener = listen();
  Accept accept;
  accept.start(listener);
  Peer peer = Peer::connect(listener.port());
  Connection connection = accept.take();

  connection.enable(WSK_EVENT_RECEIVE);
  peer.send("abc");

  connection.events().wait_taken(3);
  EXPECT_EQ(connection.events().taken(), "abc");
  EXPECT_EQ(connection.events().last_receive().context, &connection.events());
}

CONFORMANCE_TEST(Listen, AcceptNeedsABoundListenerAndNoFlags) {
  covers("L-003", "L-004", "L-005", "I-023");
  const Listener unbound = new_listener();
  const Listener bound = listen();
  Accept accept;
  IrpCall call;

  accept.start(unbound);
  EXPECT_TRUE(accept.call().returned_as(STATUS_INVALID_DEVICE_STATE));
  EXPECT_EQ(accept.call().wait(), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
  call.start([&](PIRP irp) {
    return bound.dispatch().WskAccept(bound.socket(), 1, nullptr, nullptr, nullptr, nullptr, irp);
  });
  EXPECT_TRUE(call.returned_as(STATUS_INVALID_PARAMETER));
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_PARAMETER, 0}));
}

CONFORMANCE_TEST(Listen, QueuedAcceptsAreServedInTheOrderOfTheCalls) {
  covers("L-013");
  const Listener listener = listen();
  Accept accepts[3];
  for (Accept& accept : accepts) accept.start(listener);
  std::vector<Peer> peers;

  for (Accept& accept : accepts) {
    peers.push_back(Peer::connect(listener.port()));
    Connection connection = accept.take();
    EXPECT_EQ(port_of(accept.remote()), peers.back().local_port());
    EXPECT_TRUE(can_echo(connection, peers.back()));
  }
}

CONFORMANCE_TEST(Listen, ACancelledAcceptCostsNoConnection) {
  covers("L-002", "L-013", "I-022", "I-023");
  const Listener listener = listen();
  Accept first, second;
  first.start(listener);
  second.start(listener);

  IoCancelIrp(first.call().irp());
  EXPECT_EQ(first.call().wait(), (Completed{STATUS_CANCELLED, 0}));
  EXPECT_FALSE(second.call().completed());
  Peer peer = Peer::connect(listener.port());

  Connection connection = second.take();
  EXPECT_TRUE(can_echo(connection, peer));
}

CONFORMANCE_TEST(Listen, AnAcceptWithACancelledIrpEndsCancelled) {
  covers("I-022");
  const Listener listener = listen();
  Accept accept;
  IoCancelIrp(accept.call().irp());

  accept.start(listener);

  EXPECT_EQ(accept.call().wait(), (Completed{STATUS_CANCELLED, 0}));
}

// ---- the backlog

CONFORMANCE_TEST(Listen, ConnectionsWaitInOrderForAnAccept) {
  covers("L-014");
  constexpr int kCount = 40;
  const Listener listener = listen();
  std::vector<Peer> peers;
  for (int i = 0; i < kCount; ++i) peers.push_back(Peer::connect(listener.port()));

  for (Peer& peer : peers) {
    Accept accept;
    accept.start(listener);
    Connection connection = accept.take();
    EXPECT_EQ(port_of(accept.remote()), peer.local_port());
    EXPECT_TRUE(can_echo(connection, peer));
  }
}

CONFORMANCE_TEST(Listen, ConnectionsWaitForTheEventToBeEnabled) {
  covers("L-014");
  constexpr int kCount = 40;
  const Listener listener = listen();
  std::vector<Peer> peers;
  for (int i = 0; i < kCount; ++i) peers.push_back(Peer::connect(listener.port()));
  EXPECT_EQ(listener.events().calls(), 0);

  listener.enable(WSK_EVENT_ACCEPT);

  for (Peer& peer : peers) {
    Connection connection = listener.events().take();
    EXPECT_TRUE(can_echo(connection, peer));
  }
}

CONFORMANCE_TEST(Listen, BytesAndTheEndOfAWaitingConnectionAreKept) {
  covers("L-014");
  const Listener listener = listen();
  Peer peer = Peer::connect(listener.port());
  peer.send("before the accept");
  peer.shutdown_send();

  const Connection connection = listener.accept();

  EXPECT_EQ(connection.read(100), "before the accept");
  EXPECT_EQ(connection.read(100), "");
}

// ---- WskAcceptEvent

CONFORMANCE_TEST(Listen, AcceptEventIsCalledForEachConnection) {
  covers("L-016", "L-018", "L-022", "L-023", "C-010");
  for (const IpVersion version : kVersions) {
    const Listener listener = listen(version);
    listener.enable(WSK_EVENT_ACCEPT);
    for (int i = 1; i <= 3; ++i) {
      Peer peer = Peer::connect(listener.port(), version);

      Connection connection = listener.events().take();

      EXPECT_TRUE(can_echo(connection, peer));
      listener.events().wait_calls(i);
      const AcceptCall call = listener.events().last();
      EXPECT_EQ(call.context, &listener.events());
      EXPECT_TRUE(call.outputs_preset_to_null);
      EXPECT_EQ(port_of(call.local), listener.port());
      EXPECT_EQ(port_of(call.remote), peer.local_port());
    }
    EXPECT_EQ(listener.events().calls(), 3);
  }
}

CONFORMANCE_TEST(Listen, AcceptEventSaysItsLevel) {
  covers("L-017", "IRQL-012");
  const Listener listener = listen();
  listener.enable(WSK_EVENT_ACCEPT);
  const Peer peer = Peer::connect(listener.port());
  const Connection connection = listener.events().take();
  listener.events().wait_calls(1);

  const AcceptCall call = listener.events().last();

  EXPECT_EQ(call.irql, DISPATCH_LEVEL);
  EXPECT_EQ(call.flags, ULONG{WSK_FLAG_AT_DISPATCH_LEVEL});
}

CONFORMANCE_TEST(Listen, AnAcceptedSocketUsesTheContextTheEventGave) {
  covers("L-022");
  const Listener listener = listen();
  listener.enable(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
  Peer peer = Peer::connect(listener.port());
  peer.send("abc");

  const Connection connection = listener.events().take();

  connection.events().wait_taken(3);
  EXPECT_EQ(connection.events().last_receive().context, &connection.events());
  peer.shutdown_send();
  connection.events().wait_disconnects(1);
}

CONFORMANCE_TEST(Listen, ASocketWithoutCallbacksIsAcceptedToo) {
  covers("L-023");
  const Listener listener = listen();
  std::atomic<PWSK_SOCKET> accepted = nullptr;
  listener.events().answer([&](AcceptCall& call) {
    accepted = call.socket;  // Both outputs stay as they are.
    return STATUS_SUCCESS;
  });
  listener.enable(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE);
  Peer peer = Peer::connect(listener.port());
  listener.events().wait_calls(1);

  Connection connection(accepted.load());

  EXPECT_TRUE(can_echo(connection, peer));
}

CONFORMANCE_TEST(Listen, AQueuedAcceptGoesBeforeTheEvent) {
  covers("L-011", "L-016");
  const Listener listener = listen();
  listener.enable(WSK_EVENT_ACCEPT);
  Accept one, two;
  one.start(listener);
  two.start(listener);

  const Peer first = Peer::connect(listener.port());
  const Connection by_one = one.take();
  const Peer second = Peer::connect(listener.port());
  const Connection by_two = two.take();
  EXPECT_EQ(listener.events().calls(), 0);

  const Peer third = Peer::connect(listener.port());
  const Connection by_event = listener.events().take();
  EXPECT_EQ(port_of(one.remote()), first.local_port());
  EXPECT_EQ(port_of(two.remote()), second.local_port());
}

CONFORMANCE_TEST(Listen, ADisabledEventLeavesConnectionsToAccept) {
  covers("L-012", "L-014");
  const Listener listener = listen();
  listener.enable(WSK_EVENT_ACCEPT);
  ASSERT_EQ(listener.control_events(WSK_EVENT_ACCEPT | WSK_EVENT_DISABLE), STATUS_SUCCESS);
  Peer peer = Peer::connect(listener.port());

  Connection connection = listener.accept();

  EXPECT_TRUE(can_echo(connection, peer));
  EXPECT_EQ(listener.events().calls(), 0);
}

CONFORMANCE_TEST(Listen, AConnectionThatIsNotAcceptedIsClosed) {
  covers("L-024", "L-025");
  const std::uint64_t before = mistakes();
  const Listener listener = listen();
  listener.events().answer([](AcceptCall&) { return STATUS_REQUEST_NOT_ACCEPTED; });
  listener.enable(WSK_EVENT_ACCEPT);

  for (int i = 0; i < 3; ++i) {
    Peer peer = Peer::connect(listener.port());
    EXPECT_FALSE(peer.ends_orderly());
  }

  listener.events().wait_calls(3);
  EXPECT_EQ(mistakes(), before);
}

CONFORMANCE_TEST(Listen, AnyOtherFailureRejectsAndIsReported) {
  covers("L-026");
  const Listener listener = listen();
  for (const NTSTATUS status :
       {STATUS_UNSUCCESSFUL, STATUS_DEVICE_NOT_READY, STATUS_PENDING, STATUS_INVALID_PARAMETER}) {
    const std::uint64_t before = mistakes();
    const int calls = listener.events().calls();
    listener.events().answer([status](AcceptCall&) { return status; });
    listener.enable(WSK_EVENT_ACCEPT);
    Peer peer = Peer::connect(listener.port());

    EXPECT_FALSE(peer.ends_orderly());

    listener.events().wait_calls(calls + 1);
    EXPECT_EQ(mistakes(), before + 1) << std::hex << status;
  }
}

CONFORMANCE_TEST(Listen, OperationsMayStartInsideTheEvent) {
  covers("L-027", "I-026");
  const Listener listener = listen();
  auto events = std::make_shared<ConnectionEvents>();
  Buffer greeting("hello"), answer(2);
  IrpCall send, receive;
  std::atomic<PWSK_SOCKET> accepted = nullptr;
  listener.events().answer([&](AcceptCall& call) {
    const auto& dispatch =
        *static_cast<const WSK_PROVIDER_CONNECTION_DISPATCH*>(call.socket->Dispatch);
    WSK_BUF in = answer.whole(), out = greeting.whole();
    receive.start(
        [&](PIRP irp) { return dispatch.WskReceive(call.socket, &in, WSK_FLAG_WAITALL, irp); });
    send.start([&](PIRP irp) { return dispatch.WskSend(call.socket, &out, 0, irp); });
    *call.accept_context = events.get();
    *call.accept_dispatch = &ConnectionEvents::dispatch;
    accepted = call.socket;
    return STATUS_SUCCESS;
  });
  listener.enable(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE);

  Peer peer = Peer::connect(listener.port());
  EXPECT_EQ(peer.receive(5), "hello");
  peer.send("ok, more");

  EXPECT_EQ(send.wait(), (Completed{STATUS_SUCCESS, 5}));
  EXPECT_EQ(receive.wait(), (Completed{STATUS_SUCCESS, 2}));
  EXPECT_EQ(answer.bytes(), "ok");
  events->wait_taken(6);
  EXPECT_EQ(events->taken(), ", more");
  listener.events().wait_calls(1);
  const Connection connection(accepted.load(), events);
}

// ---- closing

CONFORMANCE_TEST(Listen, ClosingCancelsQueuedAccepts) {
  covers("L-015", "X-003", "X-004", "X-006");
  Listener listener = listen();
  Accept one, two;
  one.start(listener);
  two.start(listener);
  IrpCall closing;
  bool both_were_done = false;
  closing.on_completion([&] { both_were_done = one.call().completed() && two.call().completed(); });

  closing.start([&](PIRP irp) { return listener.close(irp); });

  EXPECT_EQ(closing.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_TRUE(both_were_done);
  EXPECT_EQ(one.call().wait(), (Completed{STATUS_CANCELLED, 0}));
  EXPECT_EQ(two.call().wait(), (Completed{STATUS_CANCELLED, 0}));
}

CONFORMANCE_TEST(Listen, ClosingLeavesAcceptedSocketsAlone) {
  covers("L-015");
  Listener listener = listen();
  listener.enable(WSK_EVENT_ACCEPT);
  Peer first = Peer::connect(listener.port());
  Connection by_event = listener.events().take();
  Accept accept;
  accept.start(listener);
  Peer second = Peer::connect(listener.port());
  Connection by_call = accept.take();

  EXPECT_EQ(close(listener), (Completed{STATUS_SUCCESS, 0}));

  EXPECT_TRUE(can_echo(by_event, first));
  EXPECT_TRUE(can_echo(by_call, second));
}

CONFORMANCE_TEST(Listen, ClosingDropsTheBacklog) {
  covers("X-015");
  Listener listener = listen();
  const std::uint16_t port = listener.port();
  std::vector<Peer> peers;
  for (int i = 0; i < 20; ++i) peers.push_back(Peer::connect(port));

  EXPECT_EQ(close(listener), (Completed{STATUS_SUCCESS, 0}));

  for (Peer& peer : peers) peer.ends_orderly();  // By FIN or reset; it throws if there is no end.
  const SilentPort nobody(port);
  EXPECT_THROW(Peer::connect(port), std::runtime_error);
}

CONFORMANCE_TEST(Listen, AnUnboundListenerCloses) {
  covers("X-001");
  Listener listener = new_listener();

  EXPECT_EQ(close(listener), (Completed{STATUS_SUCCESS, 0}));
}

CONFORMANCE_TEST(Listen, ClosingInsideTheAcceptEventCompletesAfterIt) {
  covers("X-013", "X-005", "L-015");
  Listener listener = listen();
  IrpCall closing;
  std::atomic<bool> returned = false;
  std::atomic<bool> closed_after_return = false;
  closing.on_completion([&] { closed_after_return = returned.load(); });
  listener.events().answer([&](AcceptCall&) {
    closing.start([&](PIRP irp) { return listener.close(irp); });
    returned = true;
    return STATUS_REQUEST_NOT_ACCEPTED;
  });
  listener.enable(WSK_EVENT_ACCEPT);

  Peer peer = Peer::connect(listener.port());

  EXPECT_FALSE(peer.ends_orderly());
  listener.events().wait_calls(1);
  EXPECT_EQ(closing.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_TRUE(closing.returned_as(STATUS_PENDING));
  EXPECT_TRUE(closed_after_return);
}

CONFORMANCE_TEST(Listen, ThePortIsFreeWhenTheCloseHasCompleted) {
  covers("X-001", "C-026");
  Listener listener = listen();
  const std::uint16_t port = listener.port();
  ASSERT_EQ(close(listener), (Completed{STATUS_SUCCESS, 0}));
  const Listener again = new_listener();

  EXPECT_EQ(bind(again, loopback(port)), STATUS_SUCCESS);
}

}  // namespace
}  // namespace wskrun::tests
