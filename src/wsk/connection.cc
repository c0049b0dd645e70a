// The life of a connection: bind, connect or be accepted, disconnect, close.
#include "wsk/connection.h"

#include <cerrno>

#include "base/check.h"
#include "probe/counters.h"
#include "probe/mistake.h"
#include "wsk/dispatch.h"
#include "wsk/sockaddr.h"
#include "wsk/status.h"
#include "wsk/stream.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {

ConnectionSocket::ConnectionSocket(base::RefPtr<Client> client, std::unique_ptr<net::Socket> socket,
                                   net::Family family, PVOID context,
                                   const WSK_CLIENT_CONNECTION_DISPATCH* dispatch,
                                   const void* created_by)
    : Socket(std::move(client), Category::kConnection, family, &kConnectionDispatch, context,
             created_by),
      dispatch_(dispatch),
      socket_(std::move(socket)) {}

ConnectionSocket::ConnectionSocket(StreamSocket& whole, std::unique_ptr<net::Socket> bound,
                                   const net::Address& local, PVOID context,
                                   const WSK_CLIENT_CONNECTION_DISPATCH* dispatch)
    : Socket(whole, Category::kConnection, &kConnectionDispatch, context),
      state_(State::kBound),
      dispatch_(dispatch),
      socket_(std::move(bound)),
      local_(local) {}

ConnectionSocket* ConnectionSocket::find(PWSK_SOCKET handle) {
  Socket& socket = Socket::of(handle);
  if (socket.category() != Category::kStream) return static_cast<ConnectionSocket*>(&socket);
  return static_cast<StreamSocket&>(socket).connection();
}

ConnectionSocket* ConnectionSocket::find_to_connect(PWSK_SOCKET handle) {
  Socket& socket = Socket::of(handle);
  if (socket.category() != Category::kStream) return static_cast<ConnectionSocket*>(&socket);
  return static_cast<StreamSocket&>(socket).connection_to_be();
}

// ---- accepted sockets

void ConnectionSocket::adopt_connection(const std::optional<WSK_INSPECT_ID>& inspected) {
  base::MutexLock lock(mutex_);
  if (inspected) inspected_ = std::make_unique<const WSK_INSPECT_ID>(*inspected);
  local_ = socket_->local_address();
  remote_ = socket_->remote_address();
  endpoint_ = &subsystem().transport().open_stream(std::move(socket_), *this);
  state_ = State::kConnected;
  probe::count(probe::Counter::kConnectionsOpened);
}

void ConnectionSocket::accept_for(PVOID context, const WSK_CLIENT_CONNECTION_DISPATCH* dispatch,
                                  ULONG inherited) {
  base::MutexLock lock(mutex_);
  set_context_locked(context);
  dispatch_ = dispatch;
  enable_from_the_start_locked(inherited);
}

void ConnectionSocket::begin_receiving() {
  {
    base::MutexLock lock(mutex_);
    known_ = true;
    if (!closing_) adjust_flow_locked();
    // A WskReceive of the driver's may have set the bytes flowing before.
    if (queue_.empty() && !peer_ended_ && !dead_) return;
  }
  deliver_soon();
}

void ConnectionSocket::enable_from_the_start_locked(ULONG inherited) {
  const ULONG statics = client().freeze_static_events() & kConnectionEvents;
  if ((statics | inherited) == 0) return;
  const ULONG callbacks = callbacks_locked();
  events_.enable(inherited & callbacks);
  events_.enable_for_good(statics & callbacks);
  watch_backlog_locked();
}

// ---- bind and connect

NTSTATUS ConnectionSocket::bind_endpoint(const net::Address& wanted, net::Address& local) {
  base::MutexLock lock(mutex_);
  if (closing_ || state_ != State::kCreated) return STATUS_INVALID_DEVICE_STATE;
  const NTSTATUS status = status_of(socket_->bind(wanted));
  if (!NT_SUCCESS(status)) return status;
  local = local_ = socket_->local_address();
  state_ = State::kBound;
  return STATUS_SUCCESS;
}

NTSTATUS ConnectionSocket::bind(Request& request, const net::Address& address) {
  return finish(request, bind_to(address));
}

// STATUS_PENDING, or why not. The request is pending already.
NTSTATUS ConnectionSocket::start_connect_locked(ConnectRequest& request,
                                                const net::Address& remote) {
  if (closing_ || state_ != State::kBound) return STATUS_INVALID_DEVICE_STATE;
  if (!make_cancellable(request)) return STATUS_CANCELLED;
  if (endpoint_ == nullptr) {
    endpoint_ = &subsystem().transport().open_stream(std::move(socket_), *this);
  }
  state_ = State::kConnecting;
  connect_ = &request;
  remote_ = remote;
  endpoint_->connect(remote);
  return STATUS_PENDING;
}

NTSTATUS ConnectionSocket::connect(ConnectRequest& request, const net::Address& remote) {
  base::MutexLock lock(mutex_);
  if (closing_ || state_ != State::kBound) {
    lock.unlock();
    return finish(request, STATUS_INVALID_DEVICE_STATE);
  }
  mark_pending(request);
  const NTSTATUS status = start_connect_locked(request, remote);
  lock.unlock();
  if (status != STATUS_PENDING) finish(request, status);
  return STATUS_PENDING;
}

NTSTATUS ConnectionSocket::bind_and_connect(ConnectRequest& request, const net::Address& local,
                                            const net::Address& remote) {
  NTSTATUS status = bind_to(local);
  if (!NT_SUCCESS(status)) {
    discard();
    return finish(request, status);
  }
  base::MutexLock lock(mutex_);
  for_socket_connect_ = true;
  mark_pending(request);
  status = start_connect_locked(request, remote);
  lock.unlock();
  if (status == STATUS_PENDING) return STATUS_PENDING;
  discard();
  finish(request, status);
  return STATUS_PENDING;
}

ConnectionSocket::Outcome ConnectionSocket::connect_outcome_locked(net::Error error) {
  if (closing_) return {STATUS_CANCELLED, 0};
  if (!error.ok()) {
    state_ = State::kBound;
    return {status_of(error), 0};
  }
  state_ = State::kConnected;
  local_ = endpoint_->local_address();
  enable_from_the_start_locked(0);
  probe::count(probe::Counter::kConnectionsOpened);
  return {STATUS_SUCCESS, for_socket_connect_ ? reinterpret_cast<ULONG_PTR>(wsk_socket()) : 0};
}

void ConnectionSocket::connected(net::Error error) {
  base::MutexLock lock(mutex_);
  const Outcome outcome = connect_outcome_locked(error);
  const bool success = NT_SUCCESS(outcome.status);
  const bool unwanted = for_socket_connect_ && !success;
  connect_->connected = success;
  if (success && connect_->op.length > 0) {
    connect_->sending = true;
    return endpoint_->send(connect_->op);  // Its end is the connect's.
  }
  ConnectRequest* request = std::exchange(connect_, nullptr);
  const bool mine = claim(*request, outcome.status, outcome.information);
  lock.unlock();
  if (unwanted) discard();
  if (mine) finish(*request, outcome.status, outcome.information);
}

// The first bytes of WskConnectEx are out, or will never be.
void ConnectionSocket::end_connect(net::Error error) {
  base::MutexLock lock(mutex_);
  ConnectRequest* request = std::exchange(connect_, nullptr);
  const NTSTATUS status = status_of(error);
  const bool mine = claim(*request, status, 0);
  lock.unlock();
  if (mine) finish(*request, status);
}

void ConnectRequest::after_completion() {
  if (connected) static_cast<ConnectionSocket*>(owner)->begin_receiving();
}

// ---- what a connected socket is asked

// STATUS_SUCCESS on a live connection, else the documented refusal.
NTSTATUS ConnectionSocket::usable_locked() const {
  if (closing_ || state_ != State::kConnected) return STATUS_INVALID_DEVICE_STATE;
  return dead_ ? STATUS_FILE_FORCED_CLOSED : STATUS_SUCCESS;
}

NTSTATUS ConnectionSocket::may_send_locked() const {
  const NTSTATUS status = usable_locked();
  const bool refused = send_ended_ || is_silent_locked();
  return NT_SUCCESS(status) && refused ? STATUS_INVALID_DEVICE_STATE : status;
}

NTSTATUS ConnectionSocket::may_control_events_locked() const {
  return usable_locked();
}

ULONG ConnectionSocket::callbacks_locked() const {
  if (dispatch_ == nullptr) return 0;
  return (dispatch_->WskReceiveEvent != nullptr ? WSK_EVENT_RECEIVE : 0u) |
         (dispatch_->WskDisconnectEvent != nullptr ? WSK_EVENT_DISCONNECT : 0u) |
         (dispatch_->WskSendBacklogEvent != nullptr ? WSK_EVENT_SEND_BACKLOG : 0u);
}

net::Address ConnectionSocket::local_address() const {
  base::MutexLock lock(mutex_);
  return local_;
}

net::Address ConnectionSocket::remote_address() const {
  base::MutexLock lock(mutex_);
  return remote_;
}

NTSTATUS ConnectionSocket::where_it_is(net::Address& local) const {
  base::MutexLock lock(mutex_);
  local = local_;
  if (dead_) return STATUS_FILE_FORCED_CLOSED;
  return closing_ || state_ == State::kCreated ? STATUS_INVALID_DEVICE_STATE : STATUS_SUCCESS;
}

NTSTATUS ConnectionSocket::get_local_address(Request& request, PSOCKADDR output) {
  net::Address address;
  const NTSTATUS status = where_it_is(address);
  if (NT_SUCCESS(status)) store_address(address, output);
  return finish(request, status);
}

NTSTATUS ConnectionSocket::get_remote_address(Request& request, PSOCKADDR output) {
  base::MutexLock lock(mutex_);
  const NTSTATUS status = usable_locked();
  const net::Address address = remote_;
  lock.unlock();
  if (NT_SUCCESS(status)) store_address(address, output);
  return finish(request, status);
}

bool ConnectionSocket::is_bound() const {
  base::MutexLock lock(mutex_);
  return state_ != State::kCreated;
}

NTSTATUS ConnectionSocket::set_option(net::SocketOption option, ULONG value) {
  base::MutexLock lock(mutex_);
  if (closing_) return STATUS_INVALID_DEVICE_STATE;
  if (dead_) return STATUS_FILE_FORCED_CLOSED;
  return status_of(endpoint_ != nullptr ? endpoint_->set_option(option, value)
                                        : socket_->set_option(option, value));
}

NTSTATUS ConnectionSocket::get_option(net::SocketOption option, ULONG& value) const {
  base::MutexLock lock(mutex_);
  if (closing_) return STATUS_INVALID_DEVICE_STATE;
  if (dead_) return STATUS_FILE_FORCED_CLOSED;
  return status_of(endpoint_ != nullptr ? endpoint_->get_option(option, value)
                                        : socket_->get_option(option, value));
}

// ---- disconnect

NTSTATUS ConnectionSocket::disconnect(DisconnectRequest& request) {
  base::MutexLock lock(mutex_);
  const NTSTATUS status = may_send_locked();
  if (!NT_SUCCESS(status)) {
    lock.unlock();
    return finish(request, status);
  }
  mark_pending(request);
  if (!make_cancellable(request)) {
    lock.unlock();
    finish(request, STATUS_CANCELLED);
    return STATUS_PENDING;
  }
  send_ended_ = true;
  disconnect_ = &request;
  if (request.op.length > 0) {
    request.sending = true;
    endpoint_->send(request.op);
  }
  endpoint_->shutdown_send();
  return STATUS_PENDING;
}

void ConnectionSocket::send_shut_down(net::Error error) {
  {
    base::MutexLock lock(mutex_);
    fin_acknowledged_ = error.ok();
  }
  end_disconnect(status_of(error));
}

// Finishes the graceful disconnect, unless it was cancelled before or still sends.
void ConnectionSocket::end_disconnect(NTSTATUS status) {
  base::MutexLock lock(mutex_);
  if (disconnect_ == nullptr || disconnect_->sending) return;
  DisconnectRequest* request = std::exchange(disconnect_, nullptr);
  const bool mine = claim(*request, status, 0);
  lock.unlock();
  if (mine) finish(*request, status);
}

NTSTATUS ConnectionSocket::abort(Request& request) {
  std::vector<Delivery> ended;
  base::MutexLock lock(mutex_);
  NTSTATUS status = usable_locked();
  if (NT_SUCCESS(status) && is_silent_locked()) status = STATUS_INVALID_DEVICE_STATE;
  if (NT_SUCCESS(status)) {
    dead_ = true;
    death_ = STATUS_CONNECTION_ABORTED;
    queue_.discard();
    cancel_receives_locked(ended, STATUS_CONNECTION_ABORTED);
    endpoint_->abort();
  }
  lock.unlock();
  for (const Delivery& end : ended) finish(*end.request, end.outcome.status);
  return finish(request, status);
}

void ConnectionSocket::disconnected(net::Error error) {
  {
    base::MutexLock lock(mutex_);
    if (dead_ || silent_) return;
    dead_ = true;
    dead_by_peer_ = true;
    death_ = status_of(error);
    queue_.discard();
  }
  deliver();
}

// ---- close

void ConnectionSocket::begin_close() {
  std::vector<Delivery> ended;
  base::MutexLock lock(mutex_);
  cancel_receives_locked(ended, STATUS_CANCELLED);
  const bool no_endpoint = endpoint_ == nullptr;
  if (endpoint_ != nullptr) {
    const bool orderly = dead_ || (fin_acknowledged_ && peer_ended_);
    endpoint_->close(orderly ? net::CloseMode::kOrderly : net::CloseMode::kAbort);
  }
  lock.unlock();
  for (const Delivery& end : ended) {
    finish(*end.request, end.outcome.status, end.outcome.information);
  }
  if (no_endpoint) drop_open_user();
}

void ConnectionSocket::closed() {
  {
    base::MutexLock lock(mutex_);
    CHECK(connect_ == nullptr);
    endpoint_ = nullptr;
    queue_.discard();
    report_kept_locked();
    if (state_ == State::kConnected) probe::count(probe::Counter::kConnectionsClosed);
  }
  drop_open_user();
}

bool ConnectionSocket::give_back_socket() {
  base::MutexLock lock(mutex_);
  if (closing_ || state_ != State::kBound) return false;
  closing_ = true;
  endpoint_->release();
  return true;
}

void ConnectionSocket::released(std::unique_ptr<net::Socket> socket) {
  {
    base::MutexLock lock(mutex_);
    endpoint_ = nullptr;
  }
  static_cast<StreamSocket*>(whole())->take_back(std::move(socket));
  drop_open_user();
}

// ---- cancellation

void ConnectionSocket::cancel(Request& request) {
  base::MutexLock lock(mutex_);
  if (!admit_cancel(request)) {
    lock.unlock();
    finish_decided(request);
    return;
  }
  if (!cancel_locked(request)) return;
  lock.unlock();
  const bool receive = request.kind == Request::Kind::kReceive;
  finish(request, STATUS_CANCELLED, receive ? static_cast<ReceiveRequest&>(request).bytes : 0);
}

// True: the caller finishes the request now. False: the endpoint was asked and will tell.
bool ConnectionSocket::cancel_locked(Request& request) {
  switch (request.kind) {
    case Request::Kind::kReceive:
      RequestQueue::remove(request);
      return true;
    case Request::Kind::kConnect: {
      auto& connect = static_cast<ConnectRequest&>(request);
      connect.sending ? endpoint_->cancel_send(connect.op) : endpoint_->cancel_connect();
      return false;
    }
    case Request::Kind::kSend:
      endpoint_->cancel_send(static_cast<SendRequest&>(request).op);
      return false;
    case Request::Kind::kDisconnect: {
      auto& disconnect = static_cast<DisconnectRequest&>(request);
      if (disconnect.sending) {
        endpoint_->cancel_send(disconnect.op);
        return false;
      }
      disconnect_ = nullptr;
      return true;
    }
    case Request::Kind::kSilence:
      endpoint_->cancel_silence();
      return false;
    case Request::Kind::kOther:
    case Request::Kind::kAccept:
    case Request::Kind::kNotification:
      break;
  }
  CHECK(false);
  return false;
}

}  // namespace wskrun::wsk
