// The level at which WSK calls the driver, both ways the runtime can be told, and calls that a
// driver makes at DISPATCH_LEVEL.
#include <atomic>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(Irql);

class IrqlWhenPassive : public ConformanceTest {
  void adjust(wskrun_options& options) override {
    options.delivery = WSKRUN_DELIVER_AT_PASSIVE_LEVEL;
  }
};
INSTANTIATE_TEST_SUITE_P(, IrqlWhenPassive, ::testing::ValuesIn(kBackends), name_of);

class AtDispatchLevel {
 public:
  AtDispatchLevel() { KeRaiseIrql(DISPATCH_LEVEL, &old_); }
  ~AtDispatchLevel() { KeLowerIrql(old_); }
  AtDispatchLevel(const AtDispatchLevel&) = delete;
  AtDispatchLevel& operator=(const AtDispatchLevel&) = delete;

 private:
  KIRQL old_;
};

// Makes the call at DISPATCH_LEVEL, and returns what became of it.
Completed at_dispatch_level(IrpCall& call, const std::function<NTSTATUS(PIRP)>& function) {
  {
    const AtDispatchLevel raised;
    call.start(function);
    EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
  }
  EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
  return call.wait();
}

void see_all_callbacks(const Listener& listener, KIRQL irql) {
  const ULONG flags = irql == DISPATCH_LEVEL ? WSK_FLAG_AT_DISPATCH_LEVEL : 0;
  listener.enable(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
  Peer peer = Peer::connect(listener.port());
  const Connection connection = listener.events().take();
  ConnectionEvents& events = connection.events();
  listener.events().wait_calls(1);
  EXPECT_EQ(listener.events().last().irql, irql);
  EXPECT_EQ(listener.events().last().flags, flags);

  peer.send("abc");
  events.wait_taken(3);
  EXPECT_EQ(events.last_receive().irql, irql);
  EXPECT_EQ(events.last_receive().flags & WSK_FLAG_AT_DISPATCH_LEVEL, flags);

  Buffer buffer(3);
  IrpCall receive;
  receive.start([&](PIRP irp) { return connection.receive(buffer.whole(), 0, irp); });
  EXPECT_TRUE(receive.returned_as(STATUS_PENDING));
  peer.send("def");
  receive.wait();
  EXPECT_EQ(receive.irql(), irql);

  peer.shutdown_send();
  events.wait_disconnects(1);
  EXPECT_EQ(events.disconnects().front().irql, irql);
  EXPECT_EQ(events.disconnects().front().flags & WSK_FLAG_AT_DISPATCH_LEVEL, flags);
}

CONFORMANCE_TEST(Irql, CallbacksRunAtDispatchLevelAndSaySo) {
  covers("IRQL-012", "IRQL-013", "L-017");
  see_all_callbacks(listen(), DISPATCH_LEVEL);
}

CONFORMANCE_TEST(IrqlWhenPassive, CallbacksRunAtPassiveLevelAndSaySo) {
  covers("IRQL-012", "IRQL-013", "L-017");
  see_all_callbacks(listen(), PASSIVE_LEVEL);
}

CONFORMANCE_TEST(IrqlWhenPassive, ADriverMayRaiseTheLevelInACallback) {
  covers("IRQL-012");
  auto [socket, peer] = connect_pair();
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  std::atomic<int> wrong = 0;
  socket.events().answer([&](ReceiveCall& call) {
    KIRQL old;
    KeAcquireSpinLock(&lock, &old);
    if (KeGetCurrentIrql() != DISPATCH_LEVEL) ++wrong;
    KeReleaseSpinLock(&lock, old);
    if (KeGetCurrentIrql() != call.irql) ++wrong;
    return STATUS_SUCCESS;
  });
  socket.enable(WSK_EVENT_RECEIVE);

  for (std::size_t i = 1; i <= 10; ++i) {
    peer.send("a");
    socket.events().wait_taken(i);
    EXPECT_EQ(socket.events().last_receive().irql, PASSIVE_LEVEL);
  }

  EXPECT_EQ(wrong, 0);
}

CONFORMANCE_TEST(Irql, ACallThatEndsAtOnceCompletesAtTheCallersLevel) {
  covers("IRQL-013", "I-004");
  auto [socket, peer] = connect_pair();
  IrpCall call;

  call.start([&, &socket = socket](PIRP irp) { return socket.receive({nullptr, 0, 0}, 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_TRUE(call.irql() == PASSIVE_LEVEL || !calls_end_naturally());

  at_dispatch_level(call, [&, &socket = socket](PIRP irp) {
    return socket.receive({nullptr, 0, 0}, 0, irp);
  });
  EXPECT_EQ(call.irql(), DISPATCH_LEVEL);
}

CONFORMANCE_TEST(Irql, ConnectionsAreServedAtDispatchLevel) {
  covers("IRQL-001", "IRQL-013");
  PeerListener remote;
  IrpCall call;
  const Completed created = at_dispatch_level(call, [&](PIRP irp) {
    return provider().WskSocket(client(), AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                WSK_FLAG_CONNECTION_SOCKET, nullptr, nullptr, nullptr, nullptr,
                                nullptr, irp);
  });
  ASSERT_EQ(created.status, STATUS_SUCCESS);
  Connection socket(reinterpret_cast<PWSK_SOCKET>(created.information));
  Sockaddr local = wildcard(0), there = loopback(remote.port()), address;
  const Completed done = {STATUS_SUCCESS, 0};
  EXPECT_EQ(at_dispatch_level(call, [&](PIRP irp) { return socket.bind(local.get(), 0, irp); }),
            done);
  EXPECT_EQ(at_dispatch_level(call, [&](PIRP irp) { return socket.connect(there.get(), 0, irp); }),
            done);
  Peer peer = remote.accept();
  EXPECT_EQ(at_dispatch_level(call,
                              [&](PIRP irp) {
                                return socket.dispatch().WskGetRemoteAddress(socket.socket(),
                                                                             address.get(), irp);
                              }),
            done);

  Buffer out("hello"), in(5);
  EXPECT_EQ(at_dispatch_level(call, [&](PIRP irp) { return socket.send(out.whole(), 0, irp); }),
            (Completed{STATUS_SUCCESS, 5}));
  EXPECT_EQ(peer.receive(5), "hello");
  peer.send("world");
  EXPECT_EQ(at_dispatch_level(
                call, [&](PIRP irp) { return socket.receive(in.whole(), WSK_FLAG_WAITALL, irp); }),
            (Completed{STATUS_SUCCESS, 5}));
  EXPECT_EQ(in.bytes(), "world");

  EXPECT_EQ(at_dispatch_level(call, [&](PIRP irp) { return socket.disconnect(nullptr, 0, irp); }),
            done);
  EXPECT_TRUE(peer.ends_orderly());
  EXPECT_EQ(at_dispatch_level(call, [&](PIRP irp) { return socket.close(irp); }), done);
}

CONFORMANCE_TEST(Irql, ListenersAndEventsAreServedAtDispatchLevel) {
  covers("IRQL-001", "IRQL-013");
  Listener listener = new_listener();
  Sockaddr local = loopback(0);
  IrpCall call;
  const Completed done = {STATUS_SUCCESS, 0};
  EXPECT_EQ(at_dispatch_level(call, [&](PIRP irp) { return listener.bind(local.get(), 0, irp); }),
            done);
  Peer peer = Peer::connect(listener.port());
  auto events = std::make_shared<ConnectionEvents>();
  const Completed accepted = at_dispatch_level(call, [&](PIRP irp) {
    return listener.accept(events.get(), &ConnectionEvents::dispatch, nullptr, nullptr, irp);
  });
  ASSERT_EQ(accepted.status, STATUS_SUCCESS);
  const Connection socket(reinterpret_cast<PWSK_SOCKET>(accepted.information), events);

  EventLog log;
  PWSK_DATA_INDICATION kept = nullptr;
  socket.events().answer([&](ReceiveCall& received) {
    log.note([&] { kept = received.list; });
    return STATUS_PENDING;
  });
  {
    const AtDispatchLevel raised;
    EXPECT_EQ(socket.control_events(WSK_EVENT_RECEIVE), STATUS_SUCCESS);
  }
  peer.send("abc");
  log.wait("an indication", [&] { return kept != nullptr; });
  {
    const AtDispatchLevel raised;
    EXPECT_EQ(socket.release(kept), STATUS_SUCCESS);
  }
  EXPECT_EQ(at_dispatch_level(call, [&](PIRP irp) { return listener.close(irp); }), done);
}

CONFORMANCE_TEST(Irql, RegistrationFunctionsThatMayAreServedAtDispatchLevel) {
  covers("IRQL-007", "IRQL-008");
  constexpr WSK_CLIENT_DISPATCH kDispatch = {MAKE_WSK_VERSION(1, 0), 0, nullptr};
  WSK_CLIENT_NPI npi = {nullptr, &kDispatch};
  WSK_PROVIDER_NPI wsk{};
  WSK_PROVIDER_CHARACTERISTICS range{};
  WSK_REGISTRATION registration;
  ASSERT_EQ(WskRegister(&npi, &registration), STATUS_SUCCESS);

  {
    const AtDispatchLevel raised;
    EXPECT_EQ(WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &wsk), STATUS_SUCCESS);
    EXPECT_EQ(WskQueryProviderCharacteristics(&registration, &range), STATUS_SUCCESS);
    WskReleaseProviderNPI(&registration);
    EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
  }

  WskDeregister(&registration);
}

}  // namespace
}  // namespace wskrun::tests
