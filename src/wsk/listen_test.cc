// A listening socket over real TCP on loopback, with the test as the driver at both ends.
#include "wsk/listen.h"

#include <gtest/gtest.h>
#include <wsk.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "nt/irql.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

// Makes a loop thread a processor at DISPATCH_LEVEL, as the runtime does.
class DispatchLevel final : public net::LoopHooks {
 public:
  void loop_started(unsigned) override { nt::set_irql(DISPATCH_LEVEL); }
  void turn_ended(unsigned) override {}
  void loop_stopping(unsigned) override { nt::set_irql(PASSIVE_LEVEL); }
};

// One WSK call with an IRP.
class Call {
 public:
  Call() : irp_(IoAllocateIrp(1, FALSE)) { KeInitializeEvent(&done_, NotificationEvent, FALSE); }
  ~Call() { IoFreeIrp(irp_); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // The IRP, ready for the next call.
  PIRP irp() {
    IoReuseIrp(irp_, STATUS_UNSUCCESSFUL);
    KeClearEvent(&done_);
    IoSetCompletionRoutine(irp_, on_complete, this, TRUE, TRUE, TRUE);
    return irp_;
  }
  NTSTATUS wait() {
    KeWaitForSingleObject(&done_, Executive, KernelMode, FALSE, nullptr);
    return irp_->IoStatus.Status;
  }
  bool completed() { return KeReadStateEvent(&done_) != 0; }
  ULONG_PTR information() const { return irp_->IoStatus.Information; }
  PWSK_SOCKET socket() const { return reinterpret_cast<PWSK_SOCKET>(information()); }
  void cancel() { IoCancelIrp(irp_); }

 private:
  static NTSTATUS on_complete(PDEVICE_OBJECT, PIRP irp, PVOID context) {
    (void)irp;
    KeSetEvent(&static_cast<Call*>(context)->done_, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
  }

  PIRP irp_;
  KEVENT done_;
};

SOCKADDR_IN loopback(USHORT port = 0) {
  SOCKADDR_IN address = {};
  address.sin_family = AF_INET;
  address.sin_port = port;
  address.sin_addr.S_un.S_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
  return address;
}

PSOCKADDR any(SOCKADDR_IN& address) {
  return reinterpret_cast<PSOCKADDR>(&address);
}

// A listener's driver: counts calls, and answers as the test says.
struct Listener {
  std::function<NTSTATUS(PWSK_SOCKET, PVOID*, const WSK_CLIENT_CONNECTION_DISPATCH**)> answer;
  std::atomic<int> calls{0};
  std::atomic<bool> overlapped{false};
  std::atomic<bool> running{false};

  static NTSTATUS WSKAPI on_accept(PVOID context, ULONG flags, PSOCKADDR local, PSOCKADDR remote,
                                   PWSK_SOCKET socket, PVOID* accept_context,
                                   const WSK_CLIENT_CONNECTION_DISPATCH** accept_dispatch) {
    auto& self = *static_cast<Listener*>(context);
    if (self.running.exchange(true)) self.overlapped = true;
    EXPECT_EQ(flags, KeGetCurrentIrql() == DISPATCH_LEVEL ? ULONG{WSK_FLAG_AT_DISPATCH_LEVEL} : 0u);
    EXPECT_EQ(local->sa_family, AF_INET);
    EXPECT_EQ(remote->sa_family, AF_INET);
    EXPECT_EQ(*accept_context, nullptr);
    EXPECT_EQ(*accept_dispatch, nullptr);
    const NTSTATUS status = self.answer(socket, accept_context, accept_dispatch);
    ++self.calls;
    self.running = false;
    return status;
  }
  static constexpr WSK_CLIENT_LISTEN_DISPATCH kDispatch = {on_accept, nullptr, nullptr};
};

class Listen : public testing::Test {
 protected:
  void SetUp() override {
    net::TransportOptions options;
    options.loop_count = 2;
    options.hooks = &hooks_;
    net::Error error;
    transport_ = net::make_epoll_transport(options, error);
    ASSERT_TRUE(transport_);
    subsystem_ = std::make_unique<Subsystem>(*transport_);
    ASSERT_EQ(subsystem_->start(), STATUS_SUCCESS);
    constexpr static WSK_CLIENT_DISPATCH kDispatch = {MAKE_WSK_VERSION(1, 0), 0, nullptr};
    WSK_CLIENT_NPI npi = {nullptr, &kDispatch};
    ASSERT_EQ(WskRegister(&npi, &registration_), STATUS_SUCCESS);
    ASSERT_EQ(WskCaptureProviderNPI(&registration_, WSK_INFINITE_WAIT, &npi_), STATUS_SUCCESS);
  }
  void TearDown() override {
    WskReleaseProviderNPI(&registration_);
    WskDeregister(&registration_);
    EXPECT_TRUE(subsystem_->stop());
  }

  PWSK_SOCKET new_listener(Listener* listener = nullptr, ADDRESS_FAMILY family = AF_INET) {
    Call call;
    EXPECT_EQ(npi_.Dispatch->WskSocket(npi_.Client, family, SOCK_STREAM, IPPROTO_TCP,
                                       WSK_FLAG_LISTEN_SOCKET, listener,
                                       listener != nullptr ? &Listener::kDispatch : nullptr,
                                       nullptr, nullptr, nullptr, call.irp()),
              STATUS_SUCCESS);
    return call.socket();
  }
  PWSK_SOCKET bound_listener(Listener* listener = nullptr) {
    PWSK_SOCKET socket = new_listener(listener);
    Call call;
    SOCKADDR_IN address = loopback();
    EXPECT_EQ(of(socket).WskBind(socket, any(address), 0, call.irp()), STATUS_SUCCESS);
    return socket;
  }
  static const WSK_PROVIDER_LISTEN_DISPATCH& of(PWSK_SOCKET listener) {
    return *static_cast<const WSK_PROVIDER_LISTEN_DISPATCH*>(listener->Dispatch);
  }
  static const WSK_PROVIDER_BASIC_DISPATCH& basic(PWSK_SOCKET socket) {
    return *static_cast<const WSK_PROVIDER_BASIC_DISPATCH*>(socket->Dispatch);
  }
  static USHORT port_of(PWSK_SOCKET listener) {
    Call call;
    SOCKADDR_IN address = {};
    EXPECT_EQ(of(listener).WskGetLocalAddress(listener, any(address), call.irp()), STATUS_SUCCESS);
    return address.sin_port;
  }
  static void close(PWSK_SOCKET socket) {
    Call call;
    EXPECT_EQ(basic(socket).WskCloseSocket(socket, call.irp()), STATUS_PENDING);
    EXPECT_EQ(call.wait(), STATUS_SUCCESS);
  }
  // WskSocketConnect to the port; the call is still to be waited for.
  void start_connect(USHORT port, Call& call) {
    SOCKADDR_IN local = loopback();
    SOCKADDR_IN remote = loopback(port);
    npi_.Dispatch->WskSocketConnect(npi_.Client, SOCK_STREAM, IPPROTO_TCP, any(local), any(remote),
                                    0, nullptr, nullptr, nullptr, nullptr, nullptr, call.irp());
  }
  PWSK_SOCKET connect(USHORT port) {
    Call call;
    start_connect(port, call);
    EXPECT_EQ(call.wait(), STATUS_SUCCESS);
    return call.socket();
  }
  static NTSTATUS accept(PWSK_SOCKET listener, Call& call, SOCKADDR_IN* remote = nullptr) {
    return of(listener).WskAccept(listener, 0, nullptr, nullptr, nullptr,
                                  reinterpret_cast<PSOCKADDR>(remote), call.irp());
  }
  static NTSTATUS events(PWSK_SOCKET socket, ULONG mask, PIRP irp = nullptr) {
    WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID, mask};
    return basic(socket).WskControlSocket(socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                          sizeof control, &control, 0, nullptr, nullptr, irp);
  }
  static NTSTATUS set_option(PWSK_SOCKET socket, ULONG level, ULONG option, ULONG value) {
    Call call;
    return basic(socket).WskControlSocket(socket, WskSetOption, option, level, sizeof value, &value,
                                          0, nullptr, nullptr, call.irp());
  }
  static NTSTATUS get_option(PWSK_SOCKET socket, ULONG level, ULONG option, ULONG& value) {
    Call call;
    const NTSTATUS status = basic(socket).WskControlSocket(
        socket, WskGetOption, option, level, 0, nullptr, sizeof value, &value, nullptr, call.irp());
    if (NT_SUCCESS(status)) {
      EXPECT_EQ(call.information(), sizeof value);
    }
    return status;
  }
  // How a connection ends that the other end refuses. The reset may overtake the news that the
  // connection is there.
  NTSTATUS connect_and_be_reset(USHORT port) {
    Call call;
    start_connect(port, call);
    if (const NTSTATUS status = call.wait(); !NT_SUCCESS(status)) return status;
    PWSK_SOCKET socket = call.socket();
    WSK_BUF nothing = {};
    static_cast<const WSK_PROVIDER_CONNECTION_DISPATCH*>(socket->Dispatch)
        ->WskReceive(socket, &nothing, WSK_FLAG_DRAIN, call.irp());
    const NTSTATUS status = call.wait();
    close(socket);
    return status == STATUS_FILE_FORCED_CLOSED ? STATUS_CONNECTION_RESET : status;
  }

  DispatchLevel hooks_;
  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<Subsystem> subsystem_;
  WSK_REGISTRATION registration_;
  WSK_PROVIDER_NPI npi_ = {};
};

TEST_F(Listen, BindListensAndTellsThePort) {  // C-017, C-025, C-048
  PWSK_SOCKET listener = bound_listener();
  EXPECT_NE(port_of(listener), 0);
  close(connect(port_of(listener)));
  close(listener);
}

TEST_F(Listen, CallsInTheWrongStateAreRefused) {  // C-024, C-049, E-014, L-004
  PWSK_SOCKET listener = new_listener();
  Call call;
  SOCKADDR_IN address = loopback();
  EXPECT_EQ(of(listener).WskGetLocalAddress(listener, any(address), call.irp()),
            STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(accept(listener, call), STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT), STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(of(listener).WskBind(listener, any(address), 1, call.irp()), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(of(listener).WskBind(listener, nullptr, 0, call.irp()), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(of(listener).WskBind(listener, any(address), 0, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(of(listener).WskBind(listener, any(address), 0, call.irp()), STATUS_SUCCESS);
  EXPECT_EQ(of(listener).WskBind(listener, any(address), 0, call.irp()),
            STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(call.wait(), STATUS_INVALID_DEVICE_STATE);
  close(listener);
}

TEST_F(Listen, PendingAcceptsAreServedInOrder) {  // L-002, L-008, L-013
  PWSK_SOCKET listener = bound_listener();
  Call first;
  Call second;
  SOCKADDR_IN remote = {};
  EXPECT_EQ(accept(listener, first, &remote), STATUS_PENDING);
  EXPECT_EQ(accept(listener, second), STATUS_PENDING);
  PWSK_SOCKET client = connect(port_of(listener));
  EXPECT_EQ(first.wait(), STATUS_SUCCESS);
  EXPECT_EQ(remote.sin_family, AF_INET);
  EXPECT_FALSE(second.completed());
  PWSK_SOCKET other_client = connect(port_of(listener));
  EXPECT_EQ(second.wait(), STATUS_SUCCESS);
  for (PWSK_SOCKET socket : {client, other_client, first.socket(), second.socket(), listener}) {
    close(socket);
  }
}

TEST_F(Listen, WaitingConnectionsAreNotLost) {  // L-001, L-014: more than are fetched ahead.
  PWSK_SOCKET listener = bound_listener();
  std::vector<PWSK_SOCKET> sockets;
  for (int index = 0; index < 40; ++index) sockets.push_back(connect(port_of(listener)));
  for (int index = 0; index < 40; ++index) {
    Call call;
    accept(listener, call);
    ASSERT_EQ(call.wait(), STATUS_SUCCESS);
    sockets.push_back(call.socket());
  }
  for (PWSK_SOCKET socket : sockets) close(socket);
  close(listener);
}

TEST_F(Listen, CancelledAcceptEndsAndTheNextGetsTheConnection) {  // I-022
  PWSK_SOCKET listener = bound_listener();
  Call cancelled;
  Call served;
  EXPECT_EQ(accept(listener, cancelled), STATUS_PENDING);
  EXPECT_EQ(accept(listener, served), STATUS_PENDING);
  cancelled.cancel();
  EXPECT_EQ(cancelled.wait(), STATUS_CANCELLED);
  EXPECT_EQ(cancelled.information(), 0u);
  PWSK_SOCKET client = connect(port_of(listener));
  EXPECT_EQ(served.wait(), STATUS_SUCCESS);
  for (PWSK_SOCKET socket : {client, served.socket(), listener}) close(socket);
}

TEST_F(Listen, CloseCancelsPendingAccepts) {  // L-015, X-006
  PWSK_SOCKET listener = bound_listener();
  Call calls[3];
  for (Call& call : calls) EXPECT_EQ(accept(listener, call), STATUS_PENDING);
  close(listener);
  for (Call& call : calls) {
    EXPECT_TRUE(call.completed());
    EXPECT_EQ(call.wait(), STATUS_CANCELLED);
    EXPECT_EQ(call.information(), 0u);
  }
}

// Waits until WskAcceptEvent has returned `count` times.
void await_calls(const Listener& listener, int count) {
  while (listener.calls < count) std::this_thread::yield();
}

TEST_F(Listen, AcceptEventGetsEachConnection) {  // L-016, L-022, L-014, E-016
  std::vector<PWSK_SOCKET> accepted;
  Listener driver;
  driver.answer = [&](PWSK_SOCKET socket, PVOID*, auto**) {
    accepted.push_back(socket);
    return STATUS_SUCCESS;
  };
  PWSK_SOCKET listener = bound_listener(&driver);
  std::vector<PWSK_SOCKET> clients;
  for (int index = 0; index < 20; ++index) clients.push_back(connect(port_of(listener)));
  EXPECT_EQ(driver.calls, 0);
  Call call;
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT, call.irp()), STATUS_SUCCESS);
  EXPECT_TRUE(call.completed());
  for (int index = 0; index < 20; ++index) clients.push_back(connect(port_of(listener)));
  await_calls(driver, 40);
  close(listener);
  EXPECT_FALSE(driver.overlapped);
  for (PWSK_SOCKET socket : accepted) close(socket);
  for (PWSK_SOCKET socket : clients) close(socket);
}

TEST_F(Listen, RefusedConnectionIsClosed) {  // L-024, L-026
  Listener driver;
  std::atomic<NTSTATUS> answer{STATUS_SUCCESS};
  driver.answer = [&](PWSK_SOCKET, PVOID*, auto**) { return answer.load(); };
  PWSK_SOCKET listener = bound_listener(&driver);
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT), STATUS_SUCCESS);
  for (const NTSTATUS refusal : {STATUS_REQUEST_NOT_ACCEPTED, STATUS_UNSUCCESSFUL}) {
    answer = refusal;
    EXPECT_EQ(connect_and_be_reset(port_of(listener)), STATUS_CONNECTION_RESET);
  }
  close(listener);
}

TEST_F(Listen, PendingAcceptGoesBeforeTheEvent) {  // L-011
  Listener driver;
  driver.answer = [](PWSK_SOCKET, PVOID*, auto**) { return STATUS_REQUEST_NOT_ACCEPTED; };
  PWSK_SOCKET listener = bound_listener(&driver);
  Call call;
  EXPECT_EQ(accept(listener, call), STATUS_PENDING);
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT), STATUS_SUCCESS);
  PWSK_SOCKET client = connect(port_of(listener));
  EXPECT_EQ(call.wait(), STATUS_SUCCESS);
  EXPECT_EQ(driver.calls, 0);
  for (PWSK_SOCKET socket : {client, call.socket(), listener}) close(socket);
}

TEST_F(Listen, EventRules) {  // E-004, E-006, E-009, E-017, E-020, E-032, E-033
  Listener driver;
  driver.answer = [](PWSK_SOCKET, PVOID*, auto**) { return STATUS_REQUEST_NOT_ACCEPTED; };
  PWSK_SOCKET listener = bound_listener(&driver);
  const auto disable = [](ULONG event) { return ULONG{WSK_EVENT_DISABLE} | event; };
  EXPECT_EQ(events(listener, WSK_EVENT_RECEIVE_FROM), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(events(listener, 0), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(events(listener, disable(0)), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(events(listener, disable(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE)),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(events(listener, disable(WSK_EVENT_ACCEPT)), STATUS_SUCCESS);
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE), STATUS_SUCCESS);
  EXPECT_EQ(events(listener, disable(WSK_EVENT_RECEIVE)), STATUS_NOT_SUPPORTED);
  EXPECT_EQ(events(listener, disable(WSK_EVENT_ACCEPT)), STATUS_SUCCESS);
  close(listener);
  PWSK_SOCKET without_table = bound_listener();
  EXPECT_EQ(events(without_table, WSK_EVENT_ACCEPT), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(events(without_table, WSK_EVENT_RECEIVE), STATUS_SUCCESS);
  close(without_table);
}

TEST_F(Listen, DisableInsideTheCallbackEndsAfterIt) {  // E-023, E-024, E-027
  Listener driver;
  PWSK_SOCKET listener = bound_listener(&driver);
  Call disable;
  driver.answer = [&](PWSK_SOCKET, PVOID*, auto**) {
    constexpr ULONG kDisable = WSK_EVENT_DISABLE | WSK_EVENT_ACCEPT;
    EXPECT_EQ(events(listener, kDisable, disable.irp()), STATUS_PENDING);
    EXPECT_EQ(events(listener, kDisable), STATUS_EVENT_PENDING);
    EXPECT_FALSE(disable.completed());
    return STATUS_REQUEST_NOT_ACCEPTED;
  };
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT), STATUS_SUCCESS);
  EXPECT_EQ(connect_and_be_reset(port_of(listener)), STATUS_CONNECTION_RESET);
  EXPECT_EQ(disable.wait(), STATUS_SUCCESS);
  close(listener);
}

TEST_F(Listen, CloseInsideTheCallbackEndsAfterIt) {
  Listener driver;
  PWSK_SOCKET listener = bound_listener(&driver);
  Call closing;
  driver.answer = [&](PWSK_SOCKET, PVOID*, auto**) {
    EXPECT_EQ(basic(listener).WskCloseSocket(listener, closing.irp()), STATUS_PENDING);
    EXPECT_FALSE(closing.completed());
    return STATUS_REQUEST_NOT_ACCEPTED;
  };
  const USHORT port = port_of(listener);
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT), STATUS_SUCCESS);
  EXPECT_EQ(connect_and_be_reset(port), STATUS_CONNECTION_RESET);
  EXPECT_EQ(closing.wait(), STATUS_SUCCESS);
  EXPECT_EQ(driver.calls, 1);
}

// The driver of an accepted socket: counts the bytes it is told of.
struct Accepted {
  std::atomic<SIZE_T> bytes{0};
  std::atomic<bool> known{false};  // WskAcceptEvent has returned.
  static NTSTATUS WSKAPI on_receive(PVOID context, ULONG, PWSK_DATA_INDICATION, SIZE_T indicated,
                                    SIZE_T*) {
    static_cast<Accepted*>(context)->bytes += indicated;
    return STATUS_SUCCESS;
  }
  static constexpr WSK_CLIENT_CONNECTION_DISPATCH kDispatch = {on_receive, nullptr, nullptr};
};

void send(PWSK_SOCKET socket, char* text, ULONG size) {
  PMDL mdl = IoAllocateMdl(text, size, FALSE, FALSE, nullptr);
  MmBuildMdlForNonPagedPool(mdl);
  WSK_BUF buffer = {mdl, 0, size};
  Call call;
  static_cast<const WSK_PROVIDER_CONNECTION_DISPATCH*>(socket->Dispatch)
      ->WskSend(socket, &buffer, 0, call.irp());
  EXPECT_EQ(call.wait(), STATUS_SUCCESS);
  IoFreeMdl(mdl);
}

TEST_F(Listen, AcceptedSocketInheritsEvents) {  // E-030, E-034
  Listener driver;
  Accepted connection;
  PWSK_SOCKET accepted = nullptr;
  driver.answer = [&](PWSK_SOCKET socket, PVOID* context, auto** dispatch) {
    accepted = socket;
    *context = &connection;
    *dispatch = &Accepted::kDispatch;
    return STATUS_SUCCESS;
  };
  PWSK_SOCKET listener = bound_listener(&driver);
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE), STATUS_SUCCESS);
  PWSK_SOCKET client = connect(port_of(listener));
  char text[] = "hello";
  send(client, text, 5);
  while (connection.bytes < 5) std::this_thread::yield();
  Call disable;
  events(accepted, WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE, disable.irp());
  EXPECT_EQ(disable.wait(), STATUS_SUCCESS);
  for (PWSK_SOCKET socket : {client, accepted, listener}) close(socket);
}

TEST_F(Listen, StaticEventsNeedNoCall) {  // E-037, E-040, E-043
  WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID,
                                        WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE};
  ASSERT_EQ(npi_.Dispatch->WskControlClient(npi_.Client, WSK_SET_STATIC_EVENT_CALLBACKS,
                                            sizeof control, &control, 0, nullptr, nullptr, nullptr),
            STATUS_SUCCESS);
  Listener driver;
  Accepted connection;
  PWSK_SOCKET accepted = nullptr;
  driver.answer = [&](PWSK_SOCKET socket, PVOID* context, auto** dispatch) {
    accepted = socket;
    *context = &connection;
    *dispatch = &Accepted::kDispatch;
    return STATUS_SUCCESS;
  };
  PWSK_SOCKET listener = bound_listener(&driver);
  EXPECT_EQ(events(listener, WSK_EVENT_DISABLE | WSK_EVENT_ACCEPT), STATUS_NOT_SUPPORTED);
  PWSK_SOCKET client = connect(port_of(listener));
  char text[] = "hello";
  send(client, text, 5);
  while (connection.bytes < 5) std::this_thread::yield();
  for (PWSK_SOCKET socket : {client, accepted, listener}) close(socket);
}

TEST_F(Listen, DualStackAcceptsBoth) {  // C-018, C-055
  PWSK_SOCKET listener = new_listener(nullptr, AF_INET6);
  ULONG only = 0;
  EXPECT_EQ(get_option(listener, IPPROTO_IPV6, IPV6_V6ONLY, only), STATUS_SUCCESS);
  EXPECT_EQ(only, 1u);
  EXPECT_EQ(set_option(listener, IPPROTO_IPV6, IPV6_V6ONLY, 0), STATUS_SUCCESS);
  SOCKADDR_IN6 wildcard = {};
  wildcard.sin6_family = AF_INET6;
  Call call;
  EXPECT_EQ(of(listener).WskBind(listener, reinterpret_cast<PSOCKADDR>(&wildcard), 0, call.irp()),
            STATUS_SUCCESS);
  EXPECT_EQ(set_option(listener, IPPROTO_IPV6, IPV6_V6ONLY, 1), STATUS_INVALID_DEVICE_STATE);
  SOCKADDR_IN6 bound = {};
  EXPECT_EQ(
      of(listener).WskGetLocalAddress(listener, reinterpret_cast<PSOCKADDR>(&bound), call.irp()),
      STATUS_SUCCESS);
  SOCKADDR_IN6 remote = {};
  EXPECT_EQ(of(listener).WskAccept(listener, 0, nullptr, nullptr, nullptr,
                                   reinterpret_cast<PSOCKADDR>(&remote), call.irp()),
            STATUS_PENDING);
  PWSK_SOCKET client = connect(bound.sin6_port);
  EXPECT_EQ(call.wait(), STATUS_SUCCESS);
  EXPECT_EQ(remote.sin6_family, AF_INET6);
  for (PWSK_SOCKET socket : {client, call.socket(), listener}) close(socket);
}

TEST_F(Listen, OptionsOfTheTransport) {  // K-013, K-014, K-017..K-024
  PWSK_SOCKET listener = new_listener();
  ULONG value = 7;
  EXPECT_EQ(get_option(listener, SOL_SOCKET, SO_KEEPALIVE, value), STATUS_SUCCESS);
  EXPECT_EQ(value, 0u);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, SO_KEEPALIVE, 5), STATUS_SUCCESS);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1), STATUS_SUCCESS);
  const ULONG exclusive = static_cast<ULONG>(SO_EXCLUSIVEADDRUSE);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, exclusive, 1), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, SO_REUSEADDR, 0), STATUS_SUCCESS);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, exclusive, 1), STATUS_SUCCESS);
  EXPECT_EQ(get_option(listener, SOL_SOCKET, exclusive, value), STATUS_SUCCESS);
  EXPECT_EQ(value, 1u);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, SO_BROADCAST, 1), STATUS_INVALID_DEVICE_REQUEST);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_NOT_IMPLEMENTED);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, 0x7777, 1), STATUS_NOT_SUPPORTED);
  EXPECT_EQ(set_option(listener, IPPROTO_TCP, SO_KEEPALIVE, 1), STATUS_NOT_SUPPORTED);
  EXPECT_EQ(get_option(listener, SOL_SOCKET, SO_WSK_EVENT_CALLBACK, value), STATUS_NOT_SUPPORTED);
  Call call;
  SOCKADDR_IN address = loopback();
  EXPECT_EQ(of(listener).WskBind(listener, any(address), 0, call.irp()), STATUS_SUCCESS);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1), STATUS_INVALID_DEVICE_STATE);

  PWSK_SOCKET client = connect(port_of(listener));
  accept(listener, call);
  EXPECT_EQ(call.wait(), STATUS_SUCCESS);
  value = 0;
  EXPECT_EQ(get_option(call.socket(), SOL_SOCKET, SO_KEEPALIVE, value), STATUS_SUCCESS);
  EXPECT_EQ(value, 1u);
  for (PWSK_SOCKET socket : {client, call.socket(), listener}) close(socket);
}

TEST_F(Listen, CancelRacesWithConnections) {
  PWSK_SOCKET listener = bound_listener();
  const USHORT port = port_of(listener);
  int accepted = 0;
  for (int round = 0; round < 200; ++round) {
    Call call;
    accept(listener, call);
    Call connecting;
    start_connect(port, connecting);
    call.cancel();
    if (call.wait() == STATUS_SUCCESS) {
      ++accepted;
      close(call.socket());
    } else {
      EXPECT_EQ(call.wait(), STATUS_CANCELLED);
    }
    EXPECT_EQ(connecting.wait(), STATUS_SUCCESS);
    close(connecting.socket());
  }
  for (; accepted < 200; ++accepted) {  // Not one connection was lost.
    Call call;
    accept(listener, call);
    ASSERT_EQ(call.wait(), STATUS_SUCCESS);
    close(call.socket());
  }
  close(listener);
}

}  // namespace
}  // namespace wskrun::wsk
