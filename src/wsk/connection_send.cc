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
  const std::size_t bytes = op.sent;
  end_send(*static_cast<SendRequest::Op&>(op).request, error);
  check_backlog(bytes);
}

void ConnectionSocket::end_send(SendRequest& request, net::Error error) {
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
  const ULONG_PTR information = moved ? request.op.sent : 0;
  const bool mine = claim(request, status, information);
  lock.unlock();
  if (mine) finish(request, status, information);
}

// ---- how much should be under way

// From here on changes are told.
void ConnectionSocket::watch_backlog_locked() {
  if (!events_.enabled(WSK_EVENT_SEND_BACKLOG) || endpoint_ == nullptr) return;
  if (ideal_backlog_ == 0) ideal_backlog_ = endpoint_->ideal_send_backlog();
}

// The kernel tells nobody when its window changes, which it does as data flows: it is asked each
// time that half of what should be under way has gone out.
void ConnectionSocket::check_backlog(std::size_t sent) {
  {
    base::MutexLock lock(mutex_);
    if (closing_ || dead_ || !events_.enabled(WSK_EVENT_SEND_BACKLOG)) return;
    sent_since_check_ += sent;
    if (sent_since_check_ < ideal_backlog_ / 2) return;
    sent_since_check_ = 0;
    const SIZE_T now = endpoint_->ideal_send_backlog();
    if (now == ideal_backlog_) return;
    ideal_backlog_ = now;
    backlog_changed_ = true;
  }
  deliver();
}

void ConnectionSocket::call_backlog_event(SIZE_T bytes) {
  const auto [callback, context] = [this] {
    base::MutexLock lock(mutex_);
    return std::pair(dispatch_->WskSendBacklogEvent, context_locked());
  }();
  probe::count(probe::Counter::kCallbacks);
  const NTSTATUS status = nt::upcall("WskSendBacklogEvent", callback, context, bytes);
  if (status != STATUS_SUCCESS) {
    probe::mistake(handle(), "WskSendBacklogEvent returned 0x%08X; it must return STATUS_SUCCESS",
                   static_cast<unsigned>(status));
  }
  end_event_call();
}

}  // namespace wskrun::wsk
