// Bytes out: WskSend, the first bytes of WskConnectEx, the last bytes of a graceful WskDisconnect;
// and WskSendBacklogEvent.
#include <climits>

#include "nt/upcall.h"
#include "probe/counters.h"
#include "probe/mistake.h"
#include "wsk/connection.h"
#include "wsk/status.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {

void SendRequest::describe(const WSK_BUF& buffer, bool no_delay) {
  const BufferCursor cursor(buffer);
  op.request = this;
  op.length = buffer.Length;
  op.until_acknowledged = owner->subsystem().settings().send_completion == SendCompletion::kPeer;
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
  const NTSTATUS status = may_send_locked();
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
  const NTSTATUS status = status_of(error);
  base::MutexLock lock(mutex_);
  const bool backlog_moved = backlog_moved_locked(op.sent);
  if (request.kind == Request::Kind::kSend) {
    // One that was cancelled says how much of it went out all the same.
    const bool moved = error.ok() || status == STATUS_CANCELLED;
    const ULONG_PTR information = moved ? op.sent : 0;
    const bool mine = claim(request, status, information);
    lock.unlock();
    if (mine) finish(request, status, information);
  } else if (request.kind == Request::Kind::kConnect) {
    lock.unlock();
    end_connect(error);
  } else {
    static_cast<DisconnectRequest&>(request).sending = false;
    lock.unlock();
    if (!error.ok()) end_disconnect(status);  // Else the FIN's acknowledgement ends it.
  }
  if (backlog_moved) deliver();
}

// ---- how much should be under way

// From here on changes are told.
void ConnectionSocket::watch_backlog_locked() {
  if (!events_.enabled(WSK_EVENT_SEND_BACKLOG) || endpoint_ == nullptr) return;
  if (ideal_backlog_ == 0) ideal_backlog_ = endpoint_->ideal_send_backlog();
}

// The kernel tells nobody when its window changes, which it does as data flows: it is asked each
// time that half of what should be under way has gone out. True: the driver is to be told.
bool ConnectionSocket::backlog_moved_locked(std::size_t sent) {
  if (!events_.enabled(WSK_EVENT_SEND_BACKLOG) || closing_ || dead_) return false;
  sent_since_check_ += sent;
  if (sent_since_check_ < ideal_backlog_ / 2) return false;
  sent_since_check_ = 0;
  const SIZE_T now = endpoint_->ideal_send_backlog();
  if (now == ideal_backlog_) return false;
  ideal_backlog_ = now;
  return backlog_changed_ = true;
}

void ConnectionSocket::call_backlog_event(const Delivery& delivery) {
  probe::count(probe::Counter::kCallbacks);
  const NTSTATUS status = nt::upcall("WskSendBacklogEvent", delivery.dispatch->WskSendBacklogEvent,
                                     delivery.context, delivery.bytes);
  if (status != STATUS_SUCCESS) {
    probe::mistake(handle(), "WskSendBacklogEvent returned 0x%08X; it must return STATUS_SUCCESS",
                   static_cast<unsigned>(status));
  }
}

}  // namespace wskrun::wsk
