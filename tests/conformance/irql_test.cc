// The level at which WSK calls the driver, both ways the runtime can be told, and calls that a
// driver makes at DISPATCH_LEVEL.
#include <netioddk.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include "kit/fixture.h"
#include "kit/security.h"

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

// ---- calls above their level

// Keeps the lines that the runtime writes.
class IrqlTooHigh : public ConformanceTest {
 protected:
  void adjust(wskrun_options& options) override {
    options.log_context = this;
    options.log_sink = [](void* context, wskrun_log_level, const char*, size_t, const char* text,
                          size_t length) {
      auto& self = *static_cast<IrqlTooHigh*>(context);
      const std::lock_guard lock(self.mutex_);
      self.lines_.append(text, length).append("\n");
    };
  }

  // Does `call` at `irql`, and returns whether that was reported as too high for `function`.
  bool is_too_high(KIRQL irql, const std::string& function, const std::function<void()>& call) {
    {
      const std::lock_guard lock(mutex_);
      lines_.clear();
    }
    KIRQL old;
    KeRaiseIrql(irql, &old);
    call();
    KeLowerIrql(old);
    const std::lock_guard lock(mutex_);
    return lines_.find(function + " was called at IRQL " + std::to_string(irql)) !=
           std::string::npos;
  }

 private:
  std::mutex mutex_;
  std::string lines_;
};
INSTANTIATE_TEST_SUITE_P(, IrqlTooHigh, ::testing::ValuesIn(kBackends), name_of);

constexpr KIRQL kDeviceLevel = 5;  // Of no function at all.

CONFORMANCE_TEST(IrqlTooHigh, IsReportedForRegistration) {
  covers("IRQL-006", "IRQL-007", "IRQL-008", "IRQL-015");
  constexpr WSK_CLIENT_DISPATCH kDispatch = {MAKE_WSK_VERSION(1, 0), 0, nullptr};
  WSK_CLIENT_NPI npi = {nullptr, &kDispatch};
  WSK_PROVIDER_NPI wsk{};
  WSK_PROVIDER_CHARACTERISTICS range{};
  WSK_REGISTRATION registration;
  EXPECT_TRUE(is_too_high(DISPATCH_LEVEL, "WskRegister",
                          [&] { EXPECT_EQ(WskRegister(&npi, &registration), STATUS_SUCCESS); }));
  EXPECT_TRUE(is_too_high(DISPATCH_LEVEL, "WskCaptureProviderNPI", [&] {
    EXPECT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &wsk), STATUS_SUCCESS);
  }));
  // Without a registration the call ends before it raises the level itself.
  const std::pair<const char*, std::function<void(PWSK_REGISTRATION)>> up_to_dispatch[] = {
      {"WskCaptureProviderNPI",
       [&](PWSK_REGISTRATION handle) { WskCaptureProviderNPI(handle, WSK_NO_WAIT, &wsk); }},
      {"WskQueryProviderCharacteristics",
       [&](PWSK_REGISTRATION handle) { WskQueryProviderCharacteristics(handle, &range); }},
      {"WskReleaseProviderNPI", [](PWSK_REGISTRATION handle) { WskReleaseProviderNPI(handle); }},
  };
  for (const auto& [name, call] : up_to_dispatch) {
    const auto with_it = [&, &call = call] { call(&registration); };
    EXPECT_FALSE(is_too_high(DISPATCH_LEVEL, name, with_it)) << name;
    const auto without = [&call = call] { call(nullptr); };
    EXPECT_TRUE(is_too_high(kDeviceLevel, name, without)) << name;
  }
  WskReleaseProviderNPI(&registration);  // The first capture.
  // One that is registered would have to wait.
  EXPECT_TRUE(is_too_high(DISPATCH_LEVEL, "WskDeregister", [] { WskDeregister(nullptr); }));
  WskDeregister(&registration);
}

CONFORMANCE_TEST(IrqlTooHigh, IsReportedForTheNmr) {
  covers("IRQL-009", "IRQL-010", "IRQL-011", "IRQL-015");
  const HANDLE none = nullptr;
  HANDLE handle;
  EXPECT_TRUE(is_too_high(DISPATCH_LEVEL, "NmrRegisterClient",
                          [&] { NmrRegisterClient(nullptr, nullptr, &handle); }));
  EXPECT_TRUE(is_too_high(DISPATCH_LEVEL, "NmrRegisterProvider",
                          [&] { NmrRegisterProvider(nullptr, nullptr, &handle); }));
  EXPECT_TRUE(is_too_high(DISPATCH_LEVEL, "NmrClientAttachProvider", [&] {
    NmrClientAttachProvider(none, nullptr, nullptr, nullptr, nullptr);
  }));
  const std::pair<const char*, std::function<void()>> up_to_dispatch[] = {
      {"NmrDeregisterClient", [&] { NmrDeregisterClient(none); }},
      {"NmrDeregisterProvider", [&] { NmrDeregisterProvider(none); }},
      {"NmrClientDetachProviderComplete", [&] { NmrClientDetachProviderComplete(none); }},
      {"NmrProviderDetachClientComplete", [&] { NmrProviderDetachClientComplete(none); }},
  };
  for (const auto& [name, call] : up_to_dispatch) {
    EXPECT_FALSE(is_too_high(DISPATCH_LEVEL, name, call)) << name;
    EXPECT_TRUE(is_too_high(kDeviceLevel, name, call)) << name;
  }
  const std::pair<const char*, std::function<void()>> below_dispatch[] = {
      {"NmrWaitForClientDeregisterComplete", [&] { NmrWaitForClientDeregisterComplete(none); }},
      {"NmrWaitForProviderDeregisterComplete", [&] { NmrWaitForProviderDeregisterComplete(none); }},
  };
  for (const auto& [name, call] : below_dispatch) {
    EXPECT_FALSE(is_too_high(APC_LEVEL, name, call)) << name;
    EXPECT_TRUE(is_too_high(DISPATCH_LEVEL, name, call)) << name;
  }
}

CONFORMANCE_TEST(IrqlTooHigh, IsReportedForClientsAndSockets) {
  covers("IRQL-001", "IRQL-002", "IRQL-003", "IRQL-004", "IRQL-015");
  const Connection connection = new_connection();
  const Listener listener = new_listener();
  const Datagram datagram = new_datagram();
  const WSK_PROVIDER_CONNECTION_DISPATCH& co = connection.dispatch();
  const WSK_PROVIDER_DATAGRAM_DISPATCH& dg = datagram.dispatch();
  Sockaddr address = loopback(1);
  WSK_BUF nothing = {nullptr, 0, 0};
  WSK_BUF_LIST nothing_listed = {nullptr, nothing};
  PSOCKADDR where = address.get();
  ULONG value = 0;
  SIZE_T size = 0;
  // All of them fail at once, and complete their IRP.
  const std::pair<const char*, std::function<NTSTATUS(PIRP)>> with_irp[] = {
      {"WskSocket",
       [&](PIRP irp) {
         return provider().WskSocket(client(), AF_INET, SOCK_STREAM, IPPROTO_UDP, 0, nullptr,
                                     nullptr, nullptr, nullptr, nullptr, irp);
       }},
      {"WskSocketConnect",
       [&](PIRP irp) {
         return provider().WskSocketConnect(client(), SOCK_DGRAM, IPPROTO_UDP, where, where, 0,
                                            nullptr, nullptr, nullptr, nullptr, nullptr, irp);
       }},
      {"WskControlSocket",
       [&](PIRP irp) {
         return co.Basic.WskControlSocket(connection.socket(), WskGetOption, SO_KEEPALIVE,
                                          SOL_SOCKET, 0, nullptr, sizeof value, &value, nullptr,
                                          irp);
       }},
      {"WskBind", [&](PIRP irp) { return co.WskBind(connection.socket(), where, 1, irp); }},
      {"WskConnect", [&](PIRP irp) { return co.WskConnect(connection.socket(), where, 0, irp); }},
      {"WskConnectEx",
       [&](PIRP irp) { return co.WskConnectEx(connection.socket(), where, nullptr, 0, irp); }},
      {"WskGetLocalAddress",
       [&](PIRP irp) { return co.WskGetLocalAddress(connection.socket(), where, irp); }},
      {"WskGetRemoteAddress",
       [&](PIRP irp) { return co.WskGetRemoteAddress(connection.socket(), where, irp); }},
      {"WskSend", [&](PIRP irp) { return co.WskSend(connection.socket(), &nothing, 0, irp); }},
      {"WskReceive",
       [&](PIRP irp) { return co.WskReceive(connection.socket(), &nothing, 0, irp); }},
      {"WskDisconnect",
       [&](PIRP irp) { return co.WskDisconnect(connection.socket(), nullptr, 0, irp); }},
      {"WskAccept",
       [&](PIRP irp) { return listener.accept(nullptr, nullptr, nullptr, nullptr, irp); }},
      {"WskSendTo", [&](PIRP irp) { return datagram.send_to(nothing, where, irp); }},
      {"WskSendMessages",
       [&](PIRP irp) {
         return dg.WskSendMessages(datagram.socket(), &nothing_listed, 0, where, 0, nullptr, irp);
       }},
      {"WskReceiveFrom",
       [&](PIRP irp) {
         return dg.WskReceiveFrom(datagram.socket(), &nothing, 0, nullptr, nullptr, nullptr,
                                  nullptr, irp);
       }},
  };
  for (const auto& [name, function] : with_irp) {
    IrpCall call;
    const auto start = [&call, &function = function] { call.start(function); };
    EXPECT_FALSE(is_too_high(DISPATCH_LEVEL, name, start)) << name;
    call.wait();
    EXPECT_TRUE(is_too_high(kDeviceLevel, name, start)) << name;
    call.wait();
  }
  const std::pair<const char*, std::function<void()>> without_irp[] = {
      {"WskControlClient",
       [&] {
         provider().WskControlClient(client(), WSK_TRANSPORT_LIST_QUERY, 0, nullptr, 0, nullptr,
                                     &size, nullptr);
       }},
      {"WskRelease", [&] { connection.release(nullptr); }},
      {"WskRelease", [&] { datagram.release(nullptr); }},
      {"SO_WSK_EVENT_CALLBACK", [&] { connection.control_events(WSK_EVENT_RECEIVE); }},
  };
  for (const auto& [name, call] : without_irp) {
    EXPECT_FALSE(is_too_high(DISPATCH_LEVEL, name, call)) << name;
    EXPECT_TRUE(is_too_high(kDeviceLevel, name, call)) << name;
  }
  const std::pair<const char*, ULONG> passive_only[] = {
      {"SIO_ADDRESS_LIST_QUERY", SIO_ADDRESS_LIST_QUERY},
      {"SIO_ADDRESS_LIST_CHANGE", SIO_ADDRESS_LIST_CHANGE},
      {"SIO_LOOPBACK_FAST_PATH", SIO_LOOPBACK_FAST_PATH},
      {"SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS", SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS},
      {"SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT", SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT},
  };
  for (const auto& [name, code] : passive_only) {
    const auto control = [&, code = code] {  // Wrong in its sizes, too, so that it ends at once.
      EXPECT_EQ(co.Basic.WskControlSocket(connection.socket(), WskIoctl, code, 0, sizeof value,
                                          &value, 0, nullptr, nullptr, nullptr),
                STATUS_INVALID_PARAMETER);
    };
    EXPECT_FALSE(is_too_high(PASSIVE_LEVEL, name, control)) << name;
    EXPECT_TRUE(is_too_high(DISPATCH_LEVEL, name, control)) << name;
  }
}

}  // namespace
}  // namespace wskrun::tests
