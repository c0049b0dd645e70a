// Conditional accept: WskInspectEvent, WskInspectComplete, WskAbortEvent.
#include <atomic>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

const Completed kDone = {STATUS_SUCCESS, 0};
const Completed kUnknown = {STATUS_INVALID_PARAMETER, 0};
constexpr ULONG kGetNone = ~ULONG{0};

class ConditionalAccept : public ConformanceTest {
 protected:
  static Completed run(const std::function<NTSTATUS(PIRP)>& start) {
    IrpCall call;
    call.start(start);
    return call.wait();
  }
  static Completed set_conditional(const Listener& listener, ULONG value) {
    return run([&](PIRP irp) {
      return listener.dispatch().Basic.WskControlSocket(
          listener.socket(), WskSetOption, SO_CONDITIONAL_ACCEPT, SOL_SOCKET, sizeof value, &value,
          0, nullptr, nullptr, irp);
    });
  }
  static ULONG get_conditional(const Listener& listener) {
    ULONG value = kGetNone;
    const Completed completed = run([&](PIRP irp) {
      return listener.dispatch().Basic.WskControlSocket(
          listener.socket(), WskGetOption, SO_CONDITIONAL_ACCEPT, SOL_SOCKET, 0, nullptr,
          sizeof value, &value, nullptr, irp);
    });
    EXPECT_EQ(completed, (Completed{STATUS_SUCCESS, sizeof value}));
    return value;
  }
  static Completed decide(const Listener& listener, WSK_INSPECT_ID id, WSK_INSPECT_ACTION action) {
    return run([&](PIRP irp) {
      return listener.dispatch().WskInspectComplete(listener.socket(), &id, action, irp);
    });
  }
  static NTSTATUS query_inspect_id(PWSK_SOCKET socket, WSK_INSPECT_ID& id, SIZE_T& size) {
    const auto* basic = static_cast<const WSK_PROVIDER_BASIC_DISPATCH*>(socket->Dispatch);
    return basic->WskControlSocket(socket, WskIoctl, SIO_WSK_QUERY_INSPECT_ID, 0, 0, nullptr,
                                   sizeof id, &id, &size, nullptr);
  }
  static bool can_echo(const Connection& connection, Peer& peer) {
    peer.send("ping");
    if (connection.read(4) != "ping") return false;
    connection.write("pong");
    return peer.receive(4) == "pong";
  }

  // A bound listener in conditional accept mode, whose inspections end with `action`.
  Listener inspecting(WSK_INSPECT_ACTION action, IpVersion version = IpVersion::k4) {
    Listener listener = new_listener(version);
    listener.events().inspect([action](InspectCall&) { return action; });
    EXPECT_EQ(set_conditional(listener, 1), kDone);
    EXPECT_EQ(run([&](PIRP irp) { return listener.bind(loopback(0, version).get(), 0, irp); }),
              kDone);
    return listener;
  }
};

INSTANTIATE_TEST_SUITE_P(, ConditionalAccept, ::testing::ValuesIn(kBackends), name_of);

// ---- the option

CONFORMANCE_TEST(ConditionalAccept, IsChosenBeforeBinding) {
  covers("L-028", "L-029", "K-016");
  const Listener listener = new_listener();
  EXPECT_EQ(get_conditional(listener), 0u);
  EXPECT_EQ(set_conditional(listener, 1), kDone);
  EXPECT_EQ(get_conditional(listener), 1u);
  EXPECT_EQ(set_conditional(listener, 0), kDone);
  EXPECT_EQ(get_conditional(listener), 0u);
  ASSERT_EQ(run([&](PIRP irp) { return listener.bind(loopback(0).get(), 0, irp); }), kDone);
  EXPECT_EQ(set_conditional(listener, 1), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
  EXPECT_EQ(get_conditional(listener), 0u);

  const Peer peer = Peer::connect(listener.port());
  const Connection connection = listener.accept();
  EXPECT_EQ(listener.events().inspections(), 0);
}

CONFORMANCE_TEST(ConditionalAccept, CannotBeSwitchedOffAfterBinding) {
  covers("L-028", "L-029");
  const Listener listener = inspecting(WskInspectAccept);
  EXPECT_EQ(set_conditional(listener, 0), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
  EXPECT_EQ(get_conditional(listener), 1u);
}

CONFORMANCE_TEST(ConditionalAccept, TakesItsCallbacks) {
  covers("L-030");
  static const WSK_CLIENT_LISTEN_DISPATCH kNoInspect = {nullptr, nullptr, nullptr};
  IrpCall call;
  call.start([&](PIRP irp) {
    return provider().WskSocket(client(), AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET,
                                nullptr, &kNoInspect, nullptr, nullptr, nullptr, irp);
  });
  const Listener listener(reinterpret_cast<PWSK_SOCKET>(call.wait().information));
  EXPECT_EQ(set_conditional(listener, 1), kUnknown);
  EXPECT_EQ(get_conditional(listener), 0u);
}

// ---- the answers of WskInspectEvent

CONFORMANCE_TEST(ConditionalAccept, WhatIsAdmittedIsAccepted) {
  covers("L-031", "L-032", "L-036", "K-036");
  for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
    const Listener listener = inspecting(WskInspectAccept, version);
    Peer peer = Peer::connect(listener.port(), version);
    const InspectCall inspected = listener.events().take_inspected();
    EXPECT_EQ(inspected.context, &listener.events());
    EXPECT_EQ(port_of(inspected.local), listener.port());
    EXPECT_EQ(port_of(inspected.remote), peer.local_port());
    ASSERT_TRUE(inspected.id.has_value());

    const Connection connection = listener.accept();
    EXPECT_TRUE(can_echo(connection, peer));
    WSK_INSPECT_ID id{};
    SIZE_T size = 0;
    EXPECT_EQ(query_inspect_id(connection.socket(), id, size), STATUS_SUCCESS);
    EXPECT_EQ(size, sizeof id);
    EXPECT_TRUE(same(id, *inspected.id));
    EXPECT_EQ(listener.events().inspections(), 1);
    EXPECT_EQ(listener.events().aborts(), 0);
  }
}

CONFORMANCE_TEST(ConditionalAccept, TheAcceptEventComesAfterTheInspection) {
  covers("L-031", "L-036");
  const Listener listener = inspecting(WskInspectAccept);
  std::atomic<int> inspections_before_accept = 0;
  listener.events().answer([&](AcceptCall&) {
    inspections_before_accept = listener.events().inspections();
    return STATUS_REQUEST_NOT_ACCEPTED;
  });
  listener.enable(WSK_EVENT_ACCEPT);
  Peer peer = Peer::connect(listener.port());
  EXPECT_FALSE(peer.ends_orderly());
  EXPECT_EQ(inspections_before_accept, 1);
}

CONFORMANCE_TEST(ConditionalAccept, WhatIsRejectedIsReset) {
  covers("L-037");
  const Listener listener = inspecting(WskInspectReject);
  listener.enable(WSK_EVENT_ACCEPT);
  Peer rejected = Peer::connect(listener.port());
  EXPECT_FALSE(rejected.ends_orderly());

  listener.events().inspect([](InspectCall&) { return WskInspectAccept; });
  Peer admitted = Peer::connect(listener.port());
  const Connection connection = listener.events().take();
  EXPECT_TRUE(can_echo(connection, admitted));
  EXPECT_EQ(listener.events().calls(), 1);
  EXPECT_EQ(listener.events().aborts(), 0);
}

CONFORMANCE_TEST(ConditionalAccept, AnUndefinedAnswerRejects) {
  covers("L-037");
  const Listener listener = inspecting(WskInspectMax);
  Peer peer = Peer::connect(listener.port());
  EXPECT_FALSE(peer.ends_orderly());
}

CONFORMANCE_TEST(ConditionalAccept, APendedConnectionBlocksNoOther) {
  covers("L-038", "L-046");
  const Listener listener = inspecting(WskInspectPend);
  listener.enable(WSK_EVENT_ACCEPT);
  Peer pended = Peer::connect(listener.port());
  const InspectCall waits = listener.events().take_inspected();
  pended.send("early");

  listener.events().inspect([](InspectCall&) { return WskInspectAccept; });
  Peer other = Peer::connect(listener.port());
  const Connection second = listener.events().take();
  EXPECT_TRUE(can_echo(second, other));

  EXPECT_EQ(decide(listener, *waits.id, WskInspectAccept), kDone);
  const Connection first = listener.events().take();
  EXPECT_EQ(first.read(5), "early");
  EXPECT_TRUE(can_echo(first, pended));
  WSK_INSPECT_ID id{};
  SIZE_T size = 0;
  EXPECT_EQ(query_inspect_id(first.socket(), id, size), STATUS_SUCCESS);
  EXPECT_TRUE(same(id, *waits.id));
  EXPECT_EQ(listener.events().aborts(), 0);
}

CONFORMANCE_TEST(ConditionalAccept, ManyPendedConnectionsAreDecidedInAnyOrder) {
  covers("L-033", "L-038", "L-046");
  constexpr std::size_t kCount = 100;
  const Listener listener = inspecting(WskInspectPend);
  std::vector<Peer> peers;
  for (std::size_t i = 0; i < kCount; ++i) peers.push_back(Peer::connect(listener.port()));
  std::vector<InspectCall> inspected;
  for (std::size_t i = 0; i < kCount; ++i) {
    inspected.push_back(listener.events().take_inspected());
    for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(same(*inspected[j].id, *inspected[i].id));
  }
  for (std::size_t i = kCount; i-- > 0;) {
    const auto action = i % 2 == 0 ? WskInspectAccept : WskInspectReject;
    EXPECT_EQ(decide(listener, *inspected[i].id, action), kDone);
  }
  for (std::size_t i = 0; i < kCount / 2; ++i) {
    const Connection connection = listener.accept();
    connection.write("in");
  }
  for (std::size_t i = 0; i < kCount; ++i) {
    // The inspections came in the order of the connections.
    if (i % 2 == 0) {
      EXPECT_EQ(peers[i].receive(2), "in");
    } else {
      EXPECT_FALSE(peers[i].ends_orderly());
    }
  }
}

CONFORMANCE_TEST(ConditionalAccept, TheDecisionMayComeBeforeTheEventReturns) {
  covers("L-038", "L-046");
  Listener listener = inspecting(WskInspectPend);
  IrpCall complete;
  WSK_INSPECT_ID id{};
  listener.events().inspect([&](InspectCall& call) {
    id = *call.id;
    complete.start([&](PIRP irp) {
      return listener.dispatch().WskInspectComplete(listener.socket(), &id, WskInspectAccept, irp);
    });
    return WskInspectPend;
  });
  Peer peer = Peer::connect(listener.port());
  listener.events().take_inspected();
  EXPECT_EQ(complete.wait(), kDone);
  const Connection connection = listener.accept();
  EXPECT_TRUE(can_echo(connection, peer));
}

// ---- WskInspectComplete

CONFORMANCE_TEST(ConditionalAccept, APendedConnectionCanBeRejected) {
  covers("L-046", "L-037");
  const Listener listener = inspecting(WskInspectPend);
  Peer peer = Peer::connect(listener.port());
  const InspectCall waits = listener.events().take_inspected();
  EXPECT_EQ(decide(listener, *waits.id, WskInspectReject), kDone);
  EXPECT_FALSE(peer.ends_orderly());
  EXPECT_EQ(listener.events().aborts(), 0);
}

CONFORMANCE_TEST(ConditionalAccept, ADecisionIsMadeOnceAndForAPendedConnection) {
  covers("L-044", "L-045", "L-047", "L-050");
  const Listener listener = inspecting(WskInspectPend);
  Peer peer = Peer::connect(listener.port());
  const InspectCall waits = listener.events().take_inspected();
  WSK_INSPECT_ID other = *waits.id;
  ++other.SerialNumber;
  EXPECT_EQ(decide(listener, other, WskInspectAccept), kUnknown);
  EXPECT_EQ(decide(listener, {}, WskInspectAccept), kUnknown);
  EXPECT_EQ(decide(listener, *waits.id, WskInspectPend), kUnknown);
  EXPECT_EQ(run([&](PIRP irp) {
              return listener.dispatch().WskInspectComplete(listener.socket(), nullptr,
                                                            WskInspectAccept, irp);
            }),
            kUnknown);
  EXPECT_EQ(decide(listener, *waits.id, WskInspectAccept), kDone);
  EXPECT_EQ(decide(listener, *waits.id, WskInspectAccept), kUnknown);
  const Connection connection = listener.accept();
  EXPECT_TRUE(can_echo(connection, peer));
}

CONFORMANCE_TEST(ConditionalAccept, OnlyItsListenersDecide) {
  covers("L-045", "K-037");
  const Listener listener = listen();
  EXPECT_EQ(decide(listener, {}, WskInspectAccept), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
  const Listener unbound = new_listener();
  ASSERT_EQ(set_conditional(unbound, 1), kDone);
  EXPECT_EQ(decide(unbound, {}, WskInspectAccept), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));

  const Peer peer = Peer::connect(listener.port());
  const Connection accepted = listener.accept();
  const Datagram datagram = bound_datagram();
  for (PWSK_SOCKET socket : {listener.socket(), accepted.socket(), datagram.socket()}) {
    WSK_INSPECT_ID id{};
    SIZE_T size = 0;
    EXPECT_EQ(query_inspect_id(socket, id, size), STATUS_INVALID_DEVICE_REQUEST);
  }
}

// ---- WskAbortEvent

CONFORMANCE_TEST(ConditionalAccept, AResetOfAPendedConnectionAborts) {
  covers("L-041", "L-042", "L-048", "L-049");
  const Listener listener = inspecting(WskInspectPend);
  listener.enable(WSK_EVENT_ACCEPT);
  Peer peer = Peer::connect(listener.port());
  const InspectCall waits = listener.events().take_inspected();
  peer.reset();
  EXPECT_TRUE(same(listener.events().take_aborted(), *waits.id));

  EXPECT_EQ(decide(listener, *waits.id, WskInspectAccept), kDone);
  EXPECT_EQ(decide(listener, *waits.id, WskInspectAccept), kUnknown);

  listener.events().inspect([](InspectCall&) { return WskInspectAccept; });
  Peer next = Peer::connect(listener.port());
  const Connection connection = listener.events().take();
  EXPECT_TRUE(can_echo(connection, next));
  EXPECT_EQ(listener.events().calls(), 1);
  EXPECT_EQ(listener.events().aborts(), 1);
}

CONFORMANCE_TEST(ConditionalAccept, AFinOfAPendedConnectionDoesNot) {
  covers("L-041");
  const Listener listener = inspecting(WskInspectPend);
  Peer peer = Peer::connect(listener.port());
  const InspectCall waits = listener.events().take_inspected();
  peer.send("all of it");
  peer.shutdown_send();
  EXPECT_EQ(decide(listener, *waits.id, WskInspectAccept), kDone);
  const Connection connection = listener.accept();
  EXPECT_EQ(connection.read(9), "all of it");
  EXPECT_EQ(connection.read(1), "");
  EXPECT_EQ(listener.events().aborts(), 0);
}

// Whoever comes first, the driver hears of each connection once: accepted or aborted.
CONFORMANCE_TEST(ConditionalAccept, ResetsRaceWithDecisions) {
  covers("L-041", "L-048", "L-049");
  constexpr int kRounds = 200;
  const Listener listener = inspecting(WskInspectPend);
  std::atomic<int> accepted = 0;
  listener.events().answer([&](AcceptCall&) {
    ++accepted;
    return STATUS_REQUEST_NOT_ACCEPTED;
  });
  listener.enable(WSK_EVENT_ACCEPT);
  for (int i = 0; i < kRounds; ++i) {
    Peer peer = Peer::connect(listener.port());
    const InspectCall waits = listener.events().take_inspected();
    peer.reset();
    EXPECT_EQ(decide(listener, *waits.id, WskInspectAccept), kDone);
  }
  // One that is surely accepted, after all of them.
  listener.events().inspect([](InspectCall&) { return WskInspectAccept; });
  Peer last = Peer::connect(listener.port());
  EXPECT_FALSE(last.ends_orderly());
  while (accepted + listener.events().aborts() < kRounds + 1) std::this_thread::yield();
  EXPECT_EQ(accepted + listener.events().aborts(), kRounds + 1);
}

// ---- the end

CONFORMANCE_TEST(ConditionalAccept, ClosingDropsWhatIsPendedWithoutAbort) {
  covers("X-015", "L-041");
  Listener listener = inspecting(WskInspectPend);
  std::vector<Peer> peers;
  for (int i = 0; i < 10; ++i) {
    peers.push_back(Peer::connect(listener.port()));
    listener.events().take_inspected();
  }
  EXPECT_EQ(run([&](PIRP irp) { return listener.close(irp); }), kDone);
  for (Peer& peer : peers) EXPECT_FALSE(peer.ends_orderly());
  EXPECT_EQ(listener.events().aborts(), 0);
}

CONFORMANCE_TEST(ConditionalAccept, ClosingInsideTheInspectEventCompletesAfterIt) {
  covers("X-013", "X-005");
  for (const WSK_INSPECT_ACTION action : {WskInspectAccept, WskInspectPend, WskInspectReject}) {
    Listener listener = inspecting(action);
    IrpCall closing;
    std::atomic<bool> returned = false;
    std::atomic<bool> closed_after_return = false;
    closing.on_completion([&] { closed_after_return = returned.load(); });
    listener.events().inspect([&](InspectCall&) {
      closing.start([&](PIRP irp) { return listener.close(irp); });
      returned = true;
      return action;
    });
    Peer peer = Peer::connect(listener.port());
    EXPECT_FALSE(peer.ends_orderly());
    listener.events().take_inspected();
    EXPECT_EQ(closing.wait(), kDone);
    EXPECT_TRUE(closed_after_return);
  }
}

}  // namespace
}  // namespace wskrun::tests
