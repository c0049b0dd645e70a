// Listening, accepting, and the end of both.
#include "wsk/listen.h"

#include <cstring>

#include "base/log.h"
#include "nt/irql.h"
#include "nt/upcall.h"
#include "probe/counters.h"
#include "probe/mistake.h"
#include "wsk/dispatch.h"
#include "wsk/sockaddr.h"
#include "wsk/status.h"
#include "wsk/stream.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

ULONG_PTR handle_of(const AcceptRequest& request) {
  return reinterpret_cast<ULONG_PTR>(request.accepted->wsk_socket());
}

}  // namespace

ListenSocket::ListenSocket(base::RefPtr<Client> client, std::unique_ptr<net::Socket> socket,
                           net::Family family, PVOID context,
                           const WSK_CLIENT_LISTEN_DISPATCH* dispatch, const void* created_by)
    : Socket(std::move(client), Category::kListen, family, &kListenDispatch, context, created_by),
      dispatch_(dispatch),
      socket_(std::move(socket)) {}

ListenSocket::ListenSocket(StreamSocket& whole, std::unique_ptr<net::Socket> listening,
                           PVOID context, const WSK_CLIENT_LISTEN_DISPATCH* dispatch)
    : Socket(whole, Category::kListen, &kListenDispatch, context),
      dispatch_(dispatch),
      socket_(std::move(listening)) {
  base::MutexLock lock(mutex_);
  open_locked();
}

ListenSocket* ListenSocket::find(PWSK_SOCKET handle) {
  Socket& socket = Socket::of(handle);
  if (socket.category() != Category::kStream) return static_cast<ListenSocket*>(&socket);
  return static_cast<StreamSocket&>(socket).listener();
}

// ---- bind and addresses

NTSTATUS ListenSocket::usable_locked() const {
  if (closing_ || endpoint_ == nullptr) return STATUS_INVALID_DEVICE_STATE;
  return dead_ ? STATUS_FILE_FORCED_CLOSED : STATUS_SUCCESS;
}

NTSTATUS ListenSocket::bind(Request& request, const net::Address& address) {
  return finish(request, bind_to(address));
}

NTSTATUS ListenSocket::bind_endpoint(const net::Address& wanted, net::Address& local) {
  base::MutexLock lock(mutex_);
  if (closing_ || endpoint_ != nullptr) return STATUS_INVALID_DEVICE_STATE;
  if (socket_ == nullptr) return STATUS_NOT_IMPLEMENTED;  // For UDP; see create.cc.
  if (const net::Error error = socket_->bind(wanted); !error.ok()) return status_of(error);
  if (const net::Error error = socket_->listen(); !error.ok()) return status_of(error);
  open_locked();
  local = local_;
  return STATUS_SUCCESS;
}

// The socket listens: begins to accept.
void ListenSocket::open_locked() {
  local_ = socket_->local_address();
  const ULONG statics = client().freeze_static_events() & WSK_EVENT_ACCEPT;
  if (statics != 0) events_.enable_for_good(statics & callbacks_locked());
  if (conditional_) events_.enable_for_good(kInspectEvents);
  endpoint_ = &subsystem().transport().open_listener(std::move(socket_), *this);
  adjust_flow_locked();
}

NTSTATUS ListenSocket::get_local_address(Request& request, PSOCKADDR output) {
  base::MutexLock lock(mutex_);
  const NTSTATUS status = usable_locked();
  const net::Address address = local_;
  lock.unlock();
  if (NT_SUCCESS(status)) store_address(address, output);
  return finish(request, status);
}

bool ListenSocket::is_bound() const {
  base::MutexLock lock(mutex_);
  return endpoint_ != nullptr;
}

NTSTATUS ListenSocket::set_option(net::SocketOption option, ULONG value) {
  base::MutexLock lock(mutex_);
  if (closing_) return STATUS_INVALID_DEVICE_STATE;
  if (dead_) return STATUS_FILE_FORCED_CLOSED;
  if (endpoint_ == nullptr && socket_ == nullptr) return STATUS_NOT_IMPLEMENTED;
  return status_of(endpoint_ != nullptr ? endpoint_->set_option(option, value)
                                        : socket_->set_option(option, value));
}

NTSTATUS ListenSocket::get_option(net::SocketOption option, ULONG& value) const {
  base::MutexLock lock(mutex_);
  if (closing_) return STATUS_INVALID_DEVICE_STATE;
  if (dead_) return STATUS_FILE_FORCED_CLOSED;
  if (endpoint_ == nullptr && socket_ == nullptr) return STATUS_NOT_IMPLEMENTED;
  return status_of(endpoint_ != nullptr ? endpoint_->get_option(option, value)
                                        : socket_->get_option(option, value));
}

// ---- events

NTSTATUS ListenSocket::may_control_events_locked() const {
  return usable_locked();
}

// The connection events have no callback here; the sockets that inherit them do.
ULONG ListenSocket::callbacks_locked() const {
  const bool accept = dispatch_ != nullptr && dispatch_->WskAcceptEvent != nullptr;
  return kConnectionEvents | (accept ? WSK_EVENT_ACCEPT : 0u);
}

// ---- accepting

NTSTATUS ListenSocket::accept(AcceptRequest& request) {
  base::MutexLock lock(mutex_);
  NTSTATUS status = usable_locked();
  const bool at_once = accepts_.empty() && !waiting_.empty() && request.ending != Ending::kPending;
  if (NT_SUCCESS(status) && at_once) {
    hand_over_locked(request);
    lock.unlock();
    return finish(request, STATUS_SUCCESS, handle_of(request));
  }
  if (!NT_SUCCESS(status)) {
    lock.unlock();
    return finish(request, status);
  }
  mark_pending(request);
  if (make_cancellable(request)) {
    accepts_.push_back(request);
    const bool waiting = !waiting_.empty();
    lock.unlock();
    if (waiting) deliver_soon();
    return STATUS_PENDING;
  }
  lock.unlock();
  finish(request, STATUS_CANCELLED);
  return STATUS_PENDING;
}

void ListenSocket::accepted(std::unique_ptr<net::Socket> socket) {
  {
    base::MutexLock lock(mutex_);
    if (closing_) return socket->drop_connection();
    if (conditional_) {
      inspections_.arrive(std::move(socket));
    } else {
      waiting_.push_back({std::move(socket), std::nullopt});
    }
    adjust_flow_locked();
  }
  deliver();
}

void ListenSocket::adjust_flow_locked() {
  if (closing_ || dead_) return;
  const bool room = waiting_.size() < kMaxWaiting && !inspections_.full();
  if (room == accepting_) return;
  accepting_ = room;
  if (room) {
    endpoint_->resume_accept();
  } else {
    endpoint_->pause_accept();
  }
}

// Makes a socket of the connection that has waited longest.
ConnectionSocket& ListenSocket::take_connection_locked(const void* taken_by) {
  Arrival& arrival = waiting_.front();
  auto* connection =
      new ConnectionSocket(base::RefPtr<Client>::share(&client()), std::move(arrival.socket),
                           family(), nullptr, nullptr, taken_by);
  connection->adopt_connection(arrival.inspected);
  waiting_.pop_front();
  adjust_flow_locked();
  return *connection;
}

// Gives the next connection to a WskAccept, which is to be finished with handle_of().
void ListenSocket::hand_over_locked(AcceptRequest& request) {
  ConnectionSocket& connection = take_connection_locked(request.called_from);
  connection.accept_for(request.context, request.dispatch, /*inherited=*/0);
  if (request.local_address != nullptr) {
    store_address(connection.local_address(), request.local_address);
  }
  if (request.remote_address != nullptr) {
    store_address(connection.remote_address(), request.remote_address);
  }
  request.accept(connection);
}

std::optional<ListenSocket::Delivery> ListenSocket::next_delivery() {
  base::MutexLock lock(mutex_);
  if (closing_) return std::nullopt;
  if (auto inspection = next_inspection_locked()) return inspection;
  const bool nothing_comes = waiting_.empty() && dead_;
  while (!accepts_.empty() && (!waiting_.empty() || nothing_comes)) {
    auto& request = static_cast<AcceptRequest&>(*accepts_.pop_front());
    if (nothing_comes) {
      if (claim(request, STATUS_FILE_FORCED_CLOSED, 0)) {
        return Delivery{.kind = Delivery::Kind::kRefuse, .request = &request};
      }
      continue;
    }
    hand_over_locked(request);
    if (claim(request, STATUS_SUCCESS, handle_of(request))) {
      return Delivery{.kind = Delivery::Kind::kAccept, .request = &request};
    }
  }
  if (!waiting_.empty() && events_.begin_call(WSK_EVENT_ACCEPT)) {
    const auto callback = reinterpret_cast<const void*>(dispatch_->WskAcceptEvent);
    return Delivery{.kind = Delivery::Kind::kEvent, .accepted = &take_connection_locked(callback)};
  }
  // WskAcceptEvent says that nothing comes any more; where it is not enabled, WskInspectEvent.
  const ULONG event = events_.enabled(WSK_EVENT_ACCEPT) ? WSK_EVENT_ACCEPT : kInspectEvents;
  if (nothing_comes && !told_dead_ && events_.begin_call(event)) {
    told_dead_ = true;
    return Delivery{.kind = Delivery::Kind::kDeadEvent, .event = event};
  }
  return std::nullopt;
}

// Inspections first, then pending WskAccept calls, then WskAcceptEvent. On the loop.
void ListenSocket::deliver() {
  while (std::optional<Delivery> next = next_delivery()) {
    switch (next->kind) {
      case Delivery::Kind::kInspect:
        inspect(next->id, std::move(next->socket));
        break;
      case Delivery::Kind::kAbort:
        call_abort_event(next->id);
        break;
      case Delivery::Kind::kAccept:
        finish(*next->request, STATUS_SUCCESS, handle_of(*next->request));
        break;
      case Delivery::Kind::kRefuse:
        finish(*next->request, STATUS_FILE_FORCED_CLOSED);
        break;
      case Delivery::Kind::kEvent:
        offer(*next->accepted);
        break;
      case Delivery::Kind::kDeadEvent:
        tell_dead(next->event);
        break;
    }
  }
}

void ListenSocket::deliver_soon() {
  base::MutexLock lock(mutex_);
  if (closing_) return;
  post_delivery_locked(endpoint_->loop());
}

// WskAcceptEvent for one connection.
void ListenSocket::offer(ConnectionSocket& connection) {
  SOCKADDR_STORAGE local;
  SOCKADDR_STORAGE remote;
  store_address(connection.local_address(), reinterpret_cast<PSOCKADDR>(&local));
  store_address(connection.remote_address(), reinterpret_cast<PSOCKADDR>(&remote));
  base::MutexLock lock(mutex_);
  PVOID const listener_context = context_locked();
  const ULONG inherited = events_.enabled() & kConnectionEvents;
  lock.unlock();

  PVOID context = nullptr;
  const WSK_CLIENT_CONNECTION_DISPATCH* dispatch = nullptr;
  Hold hold(connection);  // The driver may close it in the callback already.
  probe::count(probe::Counter::kCallbacks);
  const ULONG flags = nt::current_irql() == DISPATCH_LEVEL ? WSK_FLAG_AT_DISPATCH_LEVEL : 0;
  const NTSTATUS status =
      nt::upcall("WskAcceptEvent", dispatch_->WskAcceptEvent, listener_context, flags,
                 reinterpret_cast<PSOCKADDR>(&local), reinterpret_cast<PSOCKADDR>(&remote),
                 connection.wsk_socket(), &context, &dispatch);
  if (status == STATUS_SUCCESS) {
    connection.accept_for(context, dispatch, inherited);
    connection.begin_receiving();
  } else {
    if (status != STATUS_REQUEST_NOT_ACCEPTED) {
      probe::mistake(handle(),
                     "WskAcceptEvent returned 0x%08x: the connection is closed; return "
                     "STATUS_SUCCESS or STATUS_REQUEST_NOT_ACCEPTED",
                     static_cast<unsigned>(status));
    }
    connection.discard();
  }
  end_event_call();
}

// WskAcceptEvent without a socket, or WskInspectEvent without an id.
void ListenSocket::tell_dead(ULONG event) {
  base::MutexLock lock(mutex_);
  PVOID const listener_context = context_locked();
  const net::Address address = local_;
  lock.unlock();
  SOCKADDR_STORAGE local;
  store_address(address, reinterpret_cast<PSOCKADDR>(&local));
  SOCKADDR_STORAGE remote = local;  // There is none; a driver that looks reads an address.
  probe::count(probe::Counter::kCallbacks);
  if (event == kInspectEvents) {
    nt::upcall("WskInspectEvent", dispatch_->WskInspectEvent, listener_context,
               reinterpret_cast<PSOCKADDR>(&local), reinterpret_cast<PSOCKADDR>(&remote),
               PWSK_INSPECT_ID{nullptr});
  } else {
    PVOID context = nullptr;
    const WSK_CLIENT_CONNECTION_DISPATCH* dispatch = nullptr;
    const ULONG flags = nt::current_irql() == DISPATCH_LEVEL ? WSK_FLAG_AT_DISPATCH_LEVEL : 0;
    nt::upcall("WskAcceptEvent", dispatch_->WskAcceptEvent, listener_context, flags,
               reinterpret_cast<PSOCKADDR>(&local), reinterpret_cast<PSOCKADDR>(&remote),
               PWSK_SOCKET{nullptr}, &context, &dispatch);
  }
  end_event_call();
}

// ---- the end

void ListenSocket::failed(net::Error error) {
  base::log(base::LogLevel::kWarning, "listening socket %p: %s; it accepts no more", handle(),
            std::strerror(error.code()));
  {
    base::MutexLock lock(mutex_);
    dead_ = true;
    accepting_ = false;
    inspections_.drop_all(/*tell=*/true);
  }
  deliver();
}

void ListenSocket::begin_close() {
  RequestQueue cancelled;
  base::MutexLock lock(mutex_);
  while (Request* request = accepts_.pop_front()) {
    if (claim(*request, STATUS_CANCELLED, 0)) cancelled.push_back(*request);
  }
  for (const Arrival& arrival : waiting_) arrival.socket->drop_connection();
  waiting_.clear();
  inspections_.drop_all(/*tell=*/false);
  const bool listening = endpoint_ != nullptr;
  if (listening) endpoint_->close();
  lock.unlock();
  while (Request* request = cancelled.pop_front()) finish(*request, STATUS_CANCELLED);
  if (!listening) drop_open_user();
}

void ListenSocket::closed() {
  drop_open_user();
}

void ListenSocket::cancel(Request& request) {
  cancel_queued(request, mutex_);
}

}  // namespace wskrun::wsk
