// For the tests of listening sockets: real TCP on loopback, with the test as the driver at both
// ends.
#pragma once

#include <gtest/gtest.h>
#include <wsk.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "nt/irql.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {

// Makes a loop thread a processor at DISPATCH_LEVEL, as the runtime does.
class DispatchLevel final : public net::LoopHooks {
 public:
  void loop_started(unsigned) override { nt::set_irql(DISPATCH_LEVEL); }
  void turn_ended(unsigned) override {}
  void about_to_wait(unsigned) override {}
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

inline SOCKADDR_IN loopback(USHORT port = 0) {
  SOCKADDR_IN address = {};
  address.sin_family = AF_INET;
  address.sin_port = port;
  address.sin_addr.S_un.S_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
  return address;
}

inline PSOCKADDR any(SOCKADDR_IN& address) {
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

class Listen : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    net::TransportOptions options;
    options.loop_count = 2;
    options.hooks = &hooks_;
    net::Error error;
    const bool uring = std::string_view(GetParam()) == "uring";
    transport_ = uring ? net::make_uring_transport(options, error)
                       : net::make_epoll_transport(options, error);
    if (!transport_) GTEST_SKIP() << "the kernel does not allow it: errno " << error.code();
    subsystem_ = std::make_unique<Subsystem>(*transport_);
    ASSERT_EQ(subsystem_->start(), STATUS_SUCCESS);
    constexpr static WSK_CLIENT_DISPATCH kDispatch = {MAKE_WSK_VERSION(1, 0), 0, nullptr};
    WSK_CLIENT_NPI npi = {nullptr, &kDispatch};
    ASSERT_EQ(WskRegister(&npi, &registration_), STATUS_SUCCESS);
    ASSERT_EQ(WskCaptureProviderNPI(&registration_, WSK_INFINITE_WAIT, &npi_), STATUS_SUCCESS);
  }
  void TearDown() override {
    if (!transport_) return;
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

}  // namespace wskrun::wsk
