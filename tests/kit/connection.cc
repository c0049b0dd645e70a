// The calls a driver makes on its sockets, and callbacks that note what they see.
#include "kit/connection.h"

#include <stdexcept>
#include <utility>

namespace wskrun::tests {

const WSK_CLIENT_CONNECTION_DISPATCH ConnectionEvents::dispatch = {
    .WskReceiveEvent = on_receive,
    .WskDisconnectEvent = on_disconnect_event,
    .WskSendBacklogEvent = on_send_backlog,
};

NTSTATUS WSKAPI ConnectionEvents::on_send_backlog(PVOID context, SIZE_T ideal) {
  auto& self = *static_cast<ConnectionEvents*>(context);
  self.enter();
  self.leave();
  self.log_.note([&] { self.backlogs_.push_back(ideal); });
  return STATUS_SUCCESS;
}

std::deque<SIZE_T> ConnectionEvents::backlogs() const {
  return log_.look([&] { return backlogs_; });
}
void ConnectionEvents::wait_backlogs(std::size_t count) {
  log_.wait("a call of WskSendBacklogEvent", [&] { return backlogs_.size() >= count; });
}

void ConnectionEvents::answer(Answer answer) {
  log_.note([&] { answer_ = std::make_shared<Answer>(std::move(answer)); });
}

void ConnectionEvents::on_disconnect(std::function<void()> action) {
  log_.note([&] { disconnect_action_ = std::move(action); });
}

void ConnectionEvents::enter() {
  log_.note([&] { overlapped_ = ++running_ > 1 || overlapped_; });
}

void ConnectionEvents::leave() {
  log_.note([&] { --running_; });
}

NTSTATUS WSKAPI ConnectionEvents::on_receive(PVOID context, ULONG flags, PWSK_DATA_INDICATION list,
                                             SIZE_T indicated, SIZE_T* accepted) {
  // The test may close the socket in its answer, and let go of the events: hold what is needed.
  auto& self = *static_cast<ConnectionEvents*>(context);
  self.enter();
  ReceiveCall call{context, flags, list, indicated, accepted, *accepted, KeGetCurrentIrql()};
  if (list == nullptr) {
    self.leave();
    self.log_.note([&] {
      ++self.dead_calls_;
      self.last_ = call;
    });
    return STATUS_SUCCESS;
  }
  const std::string data = bytes_of(list);
  const std::shared_ptr<Answer> answer = self.log_.look([&] { return self.answer_; });
  const NTSTATUS status = (*answer)(call);
  self.leave();
  self.log_.note([&] {
    ++self.receive_calls_;
    self.last_ = call;
    if (status == STATUS_SUCCESS) self.taken_ += data.substr(0, *accepted);
    if (status == STATUS_PENDING) self.taken_ += data;
  });
  return status;
}

NTSTATUS WSKAPI ConnectionEvents::on_disconnect_event(PVOID context, ULONG flags) {
  auto& self = *static_cast<ConnectionEvents*>(context);
  self.enter();
  const std::function<void()> action = self.log_.look([&] { return self.disconnect_action_; });
  if (action) action();
  self.leave();
  self.log_.note([&] { self.disconnects_.push_back({flags, KeGetCurrentIrql()}); });
  return STATUS_SUCCESS;
}

std::string ConnectionEvents::taken() const {
  return log_.look([&] { return taken_; });
}
std::size_t ConnectionEvents::taken_bytes() const {
  return log_.look([&] { return taken_.size(); });
}
void ConnectionEvents::wait_taken(std::size_t size) {
  log_.wait("bytes in WskReceiveEvent", [&] { return taken_.size() >= size; });
}
int ConnectionEvents::receive_calls() const {
  return log_.look([&] { return receive_calls_; });
}
void ConnectionEvents::wait_receive_calls(int count) {
  log_.wait("a call of WskReceiveEvent", [&] { return receive_calls_ >= count; });
}
int ConnectionEvents::dead_calls() const {
  return log_.look([&] { return dead_calls_; });
}
void ConnectionEvents::wait_dead_call() {
  log_.wait("WskReceiveEvent without data", [&] { return dead_calls_ > 0; });
}
std::deque<DisconnectCall> ConnectionEvents::disconnects() const {
  return log_.look([&] { return disconnects_; });
}
void ConnectionEvents::wait_disconnects(std::size_t count) {
  log_.wait("WskDisconnectEvent", [&] { return disconnects_.size() >= count; });
}
bool ConnectionEvents::overlapped() const {
  return log_.look([&] { return overlapped_; });
}
ReceiveCall ConnectionEvents::last_receive() const {
  return log_.look([&] { return last_; });
}

Connection::Connection(Connection&& other) noexcept
    : socket_(std::exchange(other.socket_, nullptr)), events_(std::move(other.events_)) {}

Connection::~Connection() {
  if (socket_ == nullptr) return;
  IrpCall call;
  call.start([&](PIRP irp) { return close(irp); });
  call.wait();
}

NTSTATUS Connection::bind(PSOCKADDR address, ULONG flags, PIRP irp) const {
  return dispatch().WskBind(socket_, address, flags, irp);
}
NTSTATUS Connection::connect(PSOCKADDR address, ULONG flags, PIRP irp) const {
  return dispatch().WskConnect(socket_, address, flags, irp);
}
NTSTATUS Connection::receive(WSK_BUF buffer, ULONG flags, PIRP irp) const {
  return dispatch().WskReceive(socket_, &buffer, flags, irp);
}
NTSTATUS Connection::send(WSK_BUF buffer, ULONG flags, PIRP irp) const {
  return dispatch().WskSend(socket_, &buffer, flags, irp);
}
NTSTATUS Connection::disconnect(PWSK_BUF buffer, ULONG flags, PIRP irp) const {
  return dispatch().WskDisconnect(socket_, buffer, flags, irp);
}
NTSTATUS Connection::release(PWSK_DATA_INDICATION list) const {
  return dispatch().WskRelease(socket_, list);
}
NTSTATUS Connection::close(PIRP irp) {
  const auto close_socket = dispatch().Basic.WskCloseSocket;
  return close_socket(std::exchange(socket_, nullptr), irp);
}

NTSTATUS Connection::control_events(ULONG mask, PIRP irp) const {
  WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID, mask};
  return dispatch().Basic.WskControlSocket(socket_, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                           sizeof control, &control, 0, nullptr, nullptr, irp);
}

void Connection::enable(ULONG events) const {
  const NTSTATUS status = control_events(events);
  if (status != STATUS_SUCCESS) throw std::runtime_error("an event cannot be enabled");
}

std::string Connection::read(std::size_t size) const {
  Buffer buffer(size);
  IrpCall call;
  call.start([&](PIRP irp) { return receive(buffer.whole(), WSK_FLAG_WAITALL, irp); });
  const Completed completed = call.wait();
  if (completed.status != STATUS_SUCCESS) throw std::runtime_error("a receive failed");
  return buffer.first(completed.information);
}

void Connection::write(std::string_view data) const {
  Buffer buffer(data);
  IrpCall call;
  call.start([&](PIRP irp) { return send(buffer.whole(), 0, irp); });
  if (call.wait() != Completed{STATUS_SUCCESS, data.size()}) {
    throw std::runtime_error("a send failed");
  }
}

void Connection::disconnect() const {
  IrpCall call;
  call.start([&](PIRP irp) { return disconnect(nullptr, 0, irp); });
  if (call.wait() != Completed{STATUS_SUCCESS, 0}) {
    throw std::runtime_error("a disconnect failed");
  }
}

}  // namespace wskrun::tests
