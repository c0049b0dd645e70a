// Accepting, by IRP and by event.
#include "kit/listener.h"

#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include "kit/address.h"

namespace wskrun::tests {

const WSK_CLIENT_LISTEN_DISPATCH ListenerEvents::dispatch = {
    .WskAcceptEvent = on_accept,
    .WskInspectEvent = on_inspect,
    .WskAbortEvent = on_abort,
};

void ListenerEvents::answer(Answer answer) {
  log_.note([&] { answer_ = std::make_shared<Answer>(std::move(answer)); });
}

ListenerEvents::Accepted ListenerEvents::keep(AcceptCall& call) {
  auto events = std::make_shared<ConnectionEvents>();
  *call.accept_context = events.get();
  *call.accept_dispatch = &ConnectionEvents::dispatch;
  return {call.socket, std::move(events)};
}

NTSTATUS WSKAPI ListenerEvents::on_accept(PVOID context, ULONG flags, PSOCKADDR local,
                                          PSOCKADDR remote, PWSK_SOCKET socket,
                                          PVOID* accept_context,
                                          const WSK_CLIENT_CONNECTION_DISPATCH** accept_dispatch) {
  auto& self = *static_cast<ListenerEvents*>(context);
  AcceptCall call{};
  call.context = context;
  call.flags = flags;
  call.socket = socket;
  call.irql = KeGetCurrentIrql();
  NTSTATUS status = STATUS_REQUEST_NOT_ACCEPTED;
  std::optional<Accepted> kept;
  if (socket != nullptr) {
    call.accept_context = accept_context;
    call.accept_dispatch = accept_dispatch;
    call.outputs_preset_to_null = *accept_context == nullptr && *accept_dispatch == nullptr;
    std::memcpy(&call.local, local, sockaddr_size(local));
    std::memcpy(&call.remote, remote, sockaddr_size(remote));
    const std::shared_ptr<Answer> answer = self.log_.look([&] { return self.answer_; });
    if (!answer) kept = keep(call);
    status = answer ? (*answer)(call) : STATUS_SUCCESS;
  }
  self.log_.note([&] {
    ++self.calls_;
    self.last_ = call;
    if (kept) self.accepted_.push_back(std::move(*kept));
  });
  return status;
}

Connection ListenerEvents::take() {
  log_.wait("a connection in WskAcceptEvent", [&] { return !accepted_.empty(); });
  return log_.note([&] {
    Accepted accepted = std::move(accepted_.front());
    accepted_.pop_front();
    return Connection(accepted.socket, std::move(accepted.events));
  });
}

int ListenerEvents::calls() const {
  return log_.look([&] { return calls_; });
}
void ListenerEvents::wait_calls(int count) {
  log_.wait("a call of WskAcceptEvent", [&] { return calls_ >= count; });
}
AcceptCall ListenerEvents::last() const {
  return log_.look([&] { return last_; });
}

void ListenerEvents::inspect(Inspection inspection) {
  log_.note([&] { inspection_ = std::make_shared<Inspection>(std::move(inspection)); });
}

WSK_INSPECT_ACTION WSKAPI ListenerEvents::on_inspect(PVOID context, PSOCKADDR local,
                                                     PSOCKADDR remote, PWSK_INSPECT_ID id) {
  auto& self = *static_cast<ListenerEvents*>(context);
  InspectCall call{};
  call.context = context;
  if (id != nullptr) call.id = *id;
  std::memcpy(&call.local, local, sockaddr_size(local));
  std::memcpy(&call.remote, remote, sockaddr_size(remote));
  const std::shared_ptr<Inspection> inspection = self.log_.look([&] { return self.inspection_; });
  const WSK_INSPECT_ACTION action = inspection ? (*inspection)(call) : WskInspectAccept;
  self.log_.note([&] {
    ++self.inspections_;
    self.inspected_.push_back(call);
  });
  return action;
}

NTSTATUS WSKAPI ListenerEvents::on_abort(PVOID context, PWSK_INSPECT_ID id) {
  auto& self = *static_cast<ListenerEvents*>(context);
  self.log_.note([&] {
    ++self.aborts_;
    self.aborted_.push_back(*id);
  });
  return STATUS_SUCCESS;
}

InspectCall ListenerEvents::take_inspected() {
  log_.wait("a call of WskInspectEvent", [&] { return !inspected_.empty(); });
  return log_.note([&] {
    const InspectCall call = inspected_.front();
    inspected_.pop_front();
    return call;
  });
}

WSK_INSPECT_ID ListenerEvents::take_aborted() {
  log_.wait("a call of WskAbortEvent", [&] { return !aborted_.empty(); });
  return log_.note([&] {
    const WSK_INSPECT_ID id = aborted_.front();
    aborted_.pop_front();
    return id;
  });
}

int ListenerEvents::inspections() const {
  return log_.look([&] { return inspections_; });
}
int ListenerEvents::aborts() const {
  return log_.look([&] { return aborts_; });
}

Listener::Listener(Listener&& other) noexcept
    : socket_(std::exchange(other.socket_, nullptr)), events_(std::move(other.events_)) {}

Listener::~Listener() {
  if (socket_ == nullptr) return;
  IrpCall call;
  call.start([&](PIRP irp) { return close(irp); });
  call.wait();
}

NTSTATUS Listener::bind(PSOCKADDR address, ULONG flags, PIRP irp) const {
  return dispatch().WskBind(socket_, address, flags, irp);
}

NTSTATUS Listener::accept(PVOID context, const WSK_CLIENT_CONNECTION_DISPATCH* accept_dispatch,
                          PSOCKADDR local, PSOCKADDR remote, PIRP irp) const {
  return dispatch().WskAccept(socket_, 0, context, accept_dispatch, local, remote, irp);
}

NTSTATUS Listener::control_events(ULONG mask, PIRP irp) const {
  WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID, mask};
  return dispatch().Basic.WskControlSocket(socket_, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                           sizeof control, &control, 0, nullptr, nullptr, irp);
}

void Listener::enable(ULONG events) const {
  if (control_events(events) != STATUS_SUCCESS) {
    throw std::runtime_error("an event cannot be enabled");
  }
}

NTSTATUS Listener::close(PIRP irp) {
  const auto close_socket = dispatch().Basic.WskCloseSocket;
  return close_socket(std::exchange(socket_, nullptr), irp);
}

std::uint16_t Listener::port() const {
  SOCKADDR_STORAGE address{};
  IrpCall call;
  call.start([&](PIRP irp) {
    return dispatch().WskGetLocalAddress(socket_, reinterpret_cast<PSOCKADDR>(&address), irp);
  });
  if (call.wait().status != STATUS_SUCCESS) throw std::runtime_error("no local address");
  return port_of(address);
}

Connection Listener::accept() const {
  auto events = std::make_shared<ConnectionEvents>();
  IrpCall call;
  call.start([&](PIRP irp) {
    return accept(events.get(), &ConnectionEvents::dispatch, nullptr, nullptr, irp);
  });
  const Completed completed = call.wait();
  if (completed.status != STATUS_SUCCESS) throw std::runtime_error("an accept failed");
  return Connection(reinterpret_cast<PWSK_SOCKET>(completed.information), std::move(events));
}

}  // namespace wskrun::tests
