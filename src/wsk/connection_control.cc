// What WskControlSocket asks of a connection: its backlogs, and silence.
#include "probe/mistake.h"
#include "wsk/connection.h"
#include "wsk/status.h"

namespace wskrun::wsk {

NTSTATUS ConnectionSocket::get_ideal_send_backlog(SIZE_T& bytes) const {
  base::MutexLock lock(mutex_);
  const NTSTATUS status = usable_locked();
  if (NT_SUCCESS(status)) bytes = endpoint_->ideal_send_backlog();
  return status;
}

NTSTATUS ConnectionSocket::get_receive_backlog(SIZE_T& bytes) const {
  base::MutexLock lock(mutex_);
  const NTSTATUS status = usable_locked();
  if (NT_SUCCESS(status)) bytes = queue_.bytes() + endpoint_->unread_bytes();
  return status;
}

NTSTATUS ConnectionSocket::silence(Request& request) {
  base::MutexLock lock(mutex_);
  if (const NTSTATUS status = usable_locked(); !NT_SUCCESS(status)) return status;
  if (is_silent_locked() || disconnect_ != nullptr) return STATUS_INVALID_DEVICE_STATE;
  mark_pending(request);
  if (make_cancellable(request)) {
    silence_ = &request;
    endpoint_->silence();
    return STATUS_PENDING;
  }
  lock.unlock();
  finish(request, STATUS_CANCELLED);
  return STATUS_PENDING;
}

void ConnectionSocket::silenced(net::Error error) {
  base::MutexLock lock(mutex_);
  Request* request = std::exchange(silence_, nullptr);
  silent_ = error.ok();
  if (silent_) queue_.discard();
  const NTSTATUS status = status_of(error);
  const bool mine = claim(*request, status, 0);
  lock.unlock();
  if (mine) finish(*request, status);
}

}  // namespace wskrun::wsk
