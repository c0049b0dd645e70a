// Bytes out: WskSend, and the last bytes of a graceful WskDisconnect.
#include <climits>

#include "wsk/connection.h"
#include "wsk/status.h"

namespace wskrun::wsk {

void SendRequest::describe(const WSK_BUF& buffer, bool no_delay) {
  const BufferCursor cursor(buffer);
  op.request = this;
  op.length = buffer.Length;
  op.no_delay = no_delay;
  op.iov = few_iovecs_.data();
  const std::size_t count = cursor.describe(few_iovecs_.data(), few_iovecs_.size());
  if (count > few_iovecs_.size()) {
    many_iovecs_.resize(count);
    cursor.describe(many_iovecs_.data(), count);
    op.iov = many_iovecs_.data();
  }
  op.iov_count = static_cast<std::uint32_t>(count);
}

NTSTATUS ConnectionSocket::send(SendRequest& request) {
  base::MutexLock lock(mutex_);
  NTSTATUS status = usable_locked();
  if (NT_SUCCESS(status) && send_ended_) status = STATUS_INVALID_DEVICE_STATE;
  if (!NT_SUCCESS(status) || request.op.length == 0) {
    lock.unlock();
    return finish(request, status);
  }
  mark_pending(request);
  if (!make_cancellable(request)) {
    lock.unlock();
    finish(request, STATUS_CANCELLED);
    return STATUS_PENDING;
  }
  endpoint_->send(request.op);  // The IRP may complete as soon as mutex_ is free.
  return STATUS_PENDING;
}

void ConnectionSocket::sent(net::SendOp& op, net::Error error) {
  SendRequest& request = *static_cast<SendRequest::Op&>(op).request;
  if (request.kind == Request::Kind::kConnect) return end_connect(error);
  base::MutexLock lock(mutex_);
  if (request.kind == Request::Kind::kDisconnect) {
    auto& disconnect = static_cast<DisconnectRequest&>(request);
    disconnect.sending = false;
    if (error.ok()) return;  // The FIN's acknowledgement ends it.
    lock.unlock();
    return end_disconnect(status_of(error));
  }
  // A send that was cancelled says how much of it went out all the same.
  const NTSTATUS status = status_of(error);
  const bool moved = error.ok() || status == STATUS_CANCELLED;
  const ULONG_PTR information = moved ? op.sent : 0;
  const bool mine = claim(request, status, information);
  lock.unlock();
  if (mine) finish(request, status, information);
}

}  // namespace wskrun::wsk
