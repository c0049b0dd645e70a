// Becoming one or the other.
#include "wsk/stream.h"

#include "base/check.h"
#include "wsk/dispatch.h"
#include "wsk/sockaddr.h"
#include "wsk/status.h"

namespace wskrun::wsk {

StreamSocket::StreamSocket(base::RefPtr<Client> client, std::unique_ptr<net::Socket> socket,
                           net::Family family, PVOID context,
                           const WSK_CLIENT_STREAM_DISPATCH* dispatch, const void* created_by)
    : Socket(std::move(client), Category::kStream, family, &kStreamDispatch, context, created_by),
      dispatch_(dispatch),
      socket_(std::move(socket)) {}

NTSTATUS StreamSocket::bind(Request& request, const net::Address& address) {
  return finish(request, bind_to(address));
}

NTSTATUS StreamSocket::bind_endpoint(const net::Address& wanted, net::Address& local) {
  base::MutexLock lock(mutex_);
  if (closing_ || bound_) return STATUS_INVALID_DEVICE_STATE;
  if (const net::Error error = socket_->bind(wanted); !error.ok()) return status_of(error);
  bound_ = true;
  local = local_ = socket_->local_address();
  return STATUS_SUCCESS;
}

// ---- listening

NTSTATUS StreamSocket::listen(Request& request) {
  base::MutexLock lock(mutex_);
  const bool may_listen = !closing_ && bound_ && listener_ == nullptr && listen_request_ == nullptr;
  if (may_listen && connection_ != nullptr && connection_->give_back_socket()) {
    mark_pending(request);
    listen_request_ = &request;  // Goes on in take_back().
    connection_ = nullptr;
    return STATUS_PENDING;
  }
  const bool is_connection = connection_ != nullptr;
  const NTSTATUS status =
      may_listen && !is_connection ? listen_locked() : STATUS_INVALID_DEVICE_STATE;
  lock.unlock();
  return finish(request, status);
}

// A listen that fails leaves the socket as it was.
NTSTATUS StreamSocket::listen_locked() {
  if (const net::Error error = socket_->listen(); !error.ok()) return status_of(error);
  listener_ = new ListenSocket(*this, std::move(socket_), context_locked(),
                               dispatch_ != nullptr ? dispatch_->Listen : nullptr);
  return STATUS_SUCCESS;
}

void StreamSocket::take_back(std::unique_ptr<net::Socket> socket) {
  base::MutexLock lock(mutex_);
  Request& request = *std::exchange(listen_request_, nullptr);
  socket_ = std::move(socket);
  const NTSTATUS status = closing_ ? STATUS_CANCELLED : listen_locked();
  lock.unlock();
  finish(request, status);
}

// ---- connecting

ConnectionSocket* StreamSocket::connection_to_be() {
  base::MutexLock lock(mutex_);
  if (closing_ || !bound_ || listener_ != nullptr || listen_request_ != nullptr) return nullptr;
  if (connection_ == nullptr) {
    connection_ = new ConnectionSocket(*this, std::move(socket_), local_, context_locked(),
                                       dispatch_ != nullptr ? dispatch_->Connect : nullptr);
  }
  return connection_;
}

ConnectionSocket* StreamSocket::connection() {
  base::MutexLock lock(mutex_);
  return connection_;
}

ListenSocket* StreamSocket::listener() {
  base::MutexLock lock(mutex_);
  return listener_;
}

Socket& StreamSocket::acting() {
  base::MutexLock lock(mutex_);
  if (listener_ != nullptr) return *listener_;
  if (connection_ != nullptr) return *connection_;
  return *this;
}

// ---- what is asked before it is either

NTSTATUS StreamSocket::get_local_address(Request& request, PSOCKADDR output) {
  base::MutexLock lock(mutex_);
  NTSTATUS status = closing_ || !bound_ ? STATUS_INVALID_DEVICE_STATE : STATUS_SUCCESS;
  net::Address address = local_;
  if (connection_ != nullptr) status = connection_->where_it_is(address);
  lock.unlock();
  if (NT_SUCCESS(status)) store_address(address, output);
  return finish(request, status);
}

bool StreamSocket::is_bound() const {
  base::MutexLock lock(mutex_);
  return bound_;
}

NTSTATUS StreamSocket::set_option(net::SocketOption option, ULONG value) {
  base::MutexLock lock(mutex_);
  if (closing_ || socket_ == nullptr) return STATUS_INVALID_DEVICE_STATE;
  return status_of(socket_->set_option(option, value));
}

// A part ends only after closing_ was set, and so stays while the lock is held.
NTSTATUS StreamSocket::share_address() {
  constexpr auto kShare = net::SocketOption::kShareAddress;
  base::MutexLock lock(mutex_);
  if (closing_) return STATUS_INVALID_DEVICE_STATE;
  Socket* const part = listener_ != nullptr ? static_cast<Socket*>(listener_) : connection_;
  if (part != nullptr) return part->set_option(kShare, 1);
  return socket_ != nullptr ? status_of(socket_->set_option(kShare, 1))
                            : STATUS_INVALID_DEVICE_STATE;
}

NTSTATUS StreamSocket::get_option(net::SocketOption option, ULONG& value) const {
  base::MutexLock lock(mutex_);
  if (closing_ || socket_ == nullptr) return STATUS_INVALID_DEVICE_STATE;
  return status_of(socket_->get_option(option, value));
}

// ---- the end

// A part holds this socket until it has ended itself.
void StreamSocket::begin_close() {
  base::MutexLock lock(mutex_);
  Socket* const part = listener_ != nullptr ? static_cast<Socket*>(listener_) : connection_;
  lock.unlock();
  if (part != nullptr) part->discard();
  drop_open_user();
}

void StreamSocket::cancel(Request&) {
  CHECK(false);  // No request of its own is ever made cancellable.
}

}  // namespace wskrun::wsk
