// Bytes in: from the endpoint into queue_, and from there to queued WskReceive calls first, else to
// WskReceiveEvent. deliver() runs on the loop only; WskReceive itself may take what is buffered.
#include <algorithm>

#include "nt/irql.h"
#include "nt/upcall.h"
#include "probe/counters.h"
#include "probe/events.h"
#include "probe/mistake.h"
#include "wsk/connection.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

// Bytes that wait for the driver before receiving pauses and the peer's window closes.
constexpr std::size_t kQueueLimitBytes = std::size_t{256} << 10;
// Bytes that the driver keeps of one connection before receiving pauses.
constexpr std::size_t kKeptLimitBytes = std::size_t{16} << 20;

ULONG level_flag() {
  return nt::current_irql() == DISPATCH_LEVEL ? WSK_FLAG_AT_DISPATCH_LEVEL : 0;
}

}  // namespace

// ---- WskReceive

NTSTATUS ConnectionSocket::receive(ReceiveRequest& request) {
  base::MutexLock lock(mutex_);
  std::optional<Outcome> outcome;
  if (const NTSTATUS status = usable_locked(); !NT_SUCCESS(status)) {
    outcome = Outcome{status, 0};
  } else {
    restarted_ = indicating_;
    stopped_ = false;
    const bool empty = request.cursor.remaining() == 0 && !request.drain;
    if (empty) outcome = Outcome{STATUS_SUCCESS, 0};
    const bool now = receives_.empty() && !indicating_ && request.ending != Ending::kPending;
    if (!empty && now) outcome = fill_locked(request);
    adjust_flow_locked();
  }
  if (outcome) {
    lock.unlock();
    // What is left may go to a callback now. The request's own use keeps the socket until then.
    if (NT_SUCCESS(outcome->status)) deliver_soon();
    return finish(request, outcome->status, outcome->information);
  }
  mark_pending(request);
  receives_.push_back(request);
  if (make_cancellable(request)) {
    const bool waiting = !queue_.empty() || peer_ended_;
    lock.unlock();
    if (waiting) deliver_soon();
    return STATUS_PENDING;
  }
  RequestQueue::remove(request);
  const std::size_t bytes = request.bytes;
  lock.unlock();
  finish(request, STATUS_CANCELLED, bytes);
  return STATUS_PENDING;
}

// Gives the request what is buffered. How it ends, or nothing if it goes on waiting.
std::optional<ConnectionSocket::Outcome> ConnectionSocket::fill_locked(ReceiveRequest& request) {
  if (request.drain) {
    queue_.discard();
    if (peer_ended_) return Outcome{STATUS_SUCCESS, 0};
    return std::nullopt;
  }
  request.bytes += queue_.copy_to(request.cursor);
  const bool full = request.cursor.remaining() == 0;
  const bool enough = request.bytes > 0 && !request.wait_all;
  if (full || enough || peer_ended_) return Outcome{STATUS_SUCCESS, request.bytes};
  return std::nullopt;
}

// Takes all queued receives out, to be finished with `status` by the caller.
void ConnectionSocket::cancel_receives_locked(std::vector<Delivery>& ended, NTSTATUS status) {
  while (Request* request = receives_.pop_front()) {
    const auto& receive = static_cast<ReceiveRequest&>(*request);
    const Outcome outcome{status, status == STATUS_CANCELLED ? receive.bytes : 0};
    if (!claim(*request, outcome.status, outcome.information)) continue;
    ended.push_back({.kind = Delivery::Kind::kFinish, .request = request, .outcome = outcome});
  }
}

// ---- from the endpoint

void ConnectionSocket::received(net::Chunk chunk) {
  deliver_with(&chunk);
}

// False: nobody is to see it.
bool ConnectionSocket::queue_locked(net::Chunk chunk) {
  if (dead_ || closing_ || silent_) return false;
  if (chunk.empty()) {
    peer_ended_ = true;
  } else {
    queue_.push(std::move(chunk));
  }
  return true;
}

// Pauses the endpoint when too much waits or is kept, and lets it go on when half of that is left.
void ConnectionSocket::adjust_flow_locked() {
  if (endpoint_ == nullptr || dead_ || peer_ended_) return;
  const std::size_t divisor = paused_ ? 2 : 1;
  const bool pause =
      queue_.bytes() > kQueueLimitBytes / divisor || kept_.bytes() > kKeptLimitBytes / divisor;
  if (pause == paused_) return;
  paused_ = pause;
  if (pause) {
    endpoint_->pause_receive();
  } else {
    endpoint_->resume_receive();
  }
}

// ---- delivering

void ConnectionSocket::on_events_enabled() {
  {
    base::MutexLock lock(mutex_);
    watch_backlog_locked();
  }
  deliver_soon();
}

void ConnectionSocket::deliver_soon() {
  base::MutexLock lock(mutex_);
  if (closing_ || endpoint_ == nullptr) return;
  // Nothing that a callback could be told: spare the loop the turn.
  if (events_.enabled() == 0 && receives_.empty()) return;
  post_delivery_locked(endpoint_->loop());
}

void ConnectionSocket::deliver() {
  deliver_with(nullptr);
}

// What has arrived just now, if anything, and all that waits. The lock is taken once around each
// call of the driver, and not more often: this is the way of every byte.
void ConnectionSocket::deliver_with(net::Chunk* arrived) {
  Batch batch;
  base::MutexLock lock(mutex_);
  if (arrived != nullptr && !queue_locked(std::move(*arrived))) return;
  while (const std::optional<Delivery> next = next_delivery_locked(batch)) {
    lock.unlock();
    const Answer answer = carry_out(*next, batch);
    lock.lock();
    if (next->kind == Delivery::Kind::kFinish) continue;
    if (next->kind == Delivery::Kind::kIndicate) settle_locked(batch, answer);
    RequestQueue disabled;
    events_.end_call(disabled);
    if (disabled.empty()) continue;
    lock.unlock();
    finish_all(disabled);
    lock.lock();
  }
  // All that was taken is taken; what waits now waits for the driver.
  if (!closing_) adjust_flow_locked();
}

ConnectionSocket::Answer ConnectionSocket::carry_out(const Delivery& delivery, Batch& batch) {
  switch (delivery.kind) {
    case Delivery::Kind::kFinish:
      finish(*delivery.request, delivery.outcome.status, delivery.outcome.information);
      break;
    case Delivery::Kind::kIndicate:
      return indicate(delivery, batch);
    case Delivery::Kind::kBacklog:
      call_backlog_event(delivery);
      break;
    case Delivery::Kind::kDisconnected:
      call_disconnect_event(delivery);
      break;
    case Delivery::Kind::kDead:
      call_dead_event(delivery);
      break;
  }
  return {};
}

// Pending WskReceive calls first, then the callbacks.
std::optional<ConnectionSocket::Delivery> ConnectionSocket::next_delivery_locked(Batch& batch) {
  if (closing_) return std::nullopt;
  if (std::optional<Delivery> receive = next_receive_locked()) return receive;
  if (!known_) return std::nullopt;
  return dead_ ? next_event_of_dead_locked() : next_event_locked(batch);
}

std::optional<ConnectionSocket::Delivery> ConnectionSocket::next_receive_locked() {
  while (Request* head = receives_.front()) {
    const std::optional<Outcome> outcome =
        dead_ ? Outcome{death_, 0} : fill_locked(static_cast<ReceiveRequest&>(*head));
    if (!outcome) return std::nullopt;
    RequestQueue::remove(*head);
    if (!claim(*head, outcome->status, outcome->information)) continue;
    return Delivery{.kind = Delivery::Kind::kFinish, .request = head, .outcome = *outcome};
  }
  return std::nullopt;
}

std::optional<ConnectionSocket::Delivery> ConnectionSocket::next_event_locked(Batch& batch) {
  const bool data = !queue_.empty() && !stopped_ && receives_.empty();
  if (data && events_.begin_call(WSK_EVENT_RECEIVE)) {
    take_batch_locked(batch);
    const bool short_of_memory =
        subsystem().transport().under_memory_pressure() || kept_.bytes() > kKeptLimitBytes / 2;
    Delivery call = call_locked(Delivery::Kind::kIndicate);
    call.flags |= short_of_memory ? WSK_FLAG_RELEASE_ASAP : 0;
    return call;
  }
  if (backlog_changed_ && events_.begin_call(WSK_EVENT_SEND_BACKLOG)) {
    backlog_changed_ = false;
    Delivery call = call_locked(Delivery::Kind::kBacklog);
    call.bytes = ideal_backlog_;
    return call;
  }
  const bool end = peer_ended_ && queue_.empty() && !told_end_;
  if (end && events_.begin_call(WSK_EVENT_DISCONNECT)) {
    told_end_ = true;
    return call_locked(Delivery::Kind::kDisconnected);
  }
  return std::nullopt;
}

ConnectionSocket::Delivery ConnectionSocket::call_locked(Delivery::Kind kind) {
  return {.kind = kind, .dispatch = dispatch_, .context = context_locked(), .flags = level_flag()};
}

// The driver itself aborted: it knows. The peer did: each callback that can say so, once.
std::optional<ConnectionSocket::Delivery> ConnectionSocket::next_event_of_dead_locked() {
  if (!dead_by_peer_) return std::nullopt;
  if (!told_abort_ && events_.begin_call(WSK_EVENT_DISCONNECT)) {
    told_abort_ = true;
    Delivery call = call_locked(Delivery::Kind::kDisconnected);
    call.flags |= WSK_FLAG_ABORTIVE;
    return call;
  }
  if (!told_dead_ && events_.begin_call(WSK_EVENT_RECEIVE)) {
    told_dead_ = true;
    return call_locked(Delivery::Kind::kDead);
  }
  return std::nullopt;
}

// ---- WskReceiveEvent

IndicationPool<WSK_DATA_INDICATION>& ConnectionSocket::indications_locked() {
  return IndicationPool<WSK_DATA_INDICATION>::of_loop(endpoint_->loop().index());
}

void ConnectionSocket::take_batch_locked(Batch& batch) {
  batch.clear();
  auto& pool = indications_locked();
  while (!batch.full() && !queue_.empty()) {
    batch.add(pool.take(this, queue_.take_front()));
  }
  indicating_ = true;
  restarted_ = false;
}

ConnectionSocket::Answer ConnectionSocket::indicate(const Delivery& delivery, Batch& batch) {
  PWSK_DATA_INDICATION list = batch.list();
  SIZE_T accepted = batch.bytes;
  probe::count(probe::Counter::kCallbacks);
  probe::emit({.fact = probe::Fact::kIndicated,
               .subject = handle(),
               .related = list,
               .status = delivery.flags,
               .amount = batch.bytes});
  const NTSTATUS status =
      nt::upcall("WskReceiveEvent", delivery.dispatch->WskReceiveEvent, delivery.context,
                 delivery.flags, list, SIZE_T{batch.bytes}, &accepted);
  probe::emit({.fact = probe::Fact::kIndicationTaken,
               .subject = handle(),
               .related = list,
               .status = status,
               .amount = accepted});
  report_answer(batch, {status, accepted});
  return {status, accepted};
}

void ConnectionSocket::report_answer(const Batch& batch, Answer answer) const {
  const auto [status, accepted] = answer;
  if (status == STATUS_SUCCESS && accepted > batch.bytes) {
    probe::mistake(handle(),
                   "WskReceiveEvent accepted %zu of %zu bytes; *BytesAccepted must not exceed "
                   "BytesIndicated",
                   accepted, batch.bytes);
  }
  if (status != STATUS_SUCCESS && status != STATUS_PENDING && status != STATUS_DATA_NOT_ACCEPTED) {
    probe::mistake(handle(),
                   "WskReceiveEvent returned 0x%08X; it may return STATUS_SUCCESS, STATUS_PENDING "
                   "or STATUS_DATA_NOT_ACCEPTED, and is taken to mean the last",
                   static_cast<unsigned>(status));
  }
}

// What becomes of the batch after the callback's answer.
void ConnectionSocket::settle_locked(Batch& batch, Answer answer) {
  indicating_ = false;
  if (answer.status == STATUS_PENDING) return kept_.keep(batch, indications_locked());
  const bool took = answer.status == STATUS_SUCCESS;
  const std::size_t taken = took ? std::min(answer.accepted, batch.bytes) : 0;
  if (taken < batch.bytes) stopped_ = !restarted_;
  settle_accepted_locked(batch, taken);
}

// The first `accepted` bytes are consumed; the rest goes back to the front of the queue.
void ConnectionSocket::settle_accepted_locked(Batch& batch, std::size_t accepted) {
  auto& pool = indications_locked();
  std::size_t begin = batch.bytes;  // Of the indication at hand, in the batch. From the last on.
  while (batch.count > 0) {
    DataIndication& indication = *batch.indications[--batch.count];
    begin -= indication.chunk.size();
    if (begin + indication.chunk.size() > accepted && !dead_) {
      net::Chunk rest = std::move(indication.chunk);
      if (accepted > begin) rest.remove_prefix(accepted - begin);
      queue_.put_back(std::move(rest));
    }
    pool.give_back(indication);
  }
}

// ---- the other callbacks

void ConnectionSocket::call_disconnect_event(const Delivery& delivery) {
  probe::count(probe::Counter::kCallbacks);
  const NTSTATUS status = nt::upcall("WskDisconnectEvent", delivery.dispatch->WskDisconnectEvent,
                                     delivery.context, delivery.flags);
  if (status != STATUS_SUCCESS) {
    probe::mistake(handle(), "WskDisconnectEvent returned 0x%08X; it must return STATUS_SUCCESS",
                   static_cast<unsigned>(status));
  }
}

void ConnectionSocket::call_dead_event(const Delivery& delivery) {
  SIZE_T accepted = 0;
  probe::count(probe::Counter::kCallbacks);
  nt::upcall("WskReceiveEvent", delivery.dispatch->WskReceiveEvent, delivery.context,
             delivery.flags, static_cast<PWSK_DATA_INDICATION>(nullptr), SIZE_T{0}, &accepted);
}

// ---- WskRelease

NTSTATUS ConnectionSocket::release(PWSK_DATA_INDICATION list) {
  bool valid = false;
  std::size_t bytes = 0;
  {
    base::MutexLock lock(mutex_);
    const std::size_t before = kept_.bytes();
    valid = endpoint_ != nullptr && kept_.release(list, this, indications_locked());
    bytes = before - kept_.bytes();
    if (!closing_) adjust_flow_locked();
  }
  if (!valid) {
    probe::mistake(handle(),
                   "WskRelease(%p, %p): not a list kept from this socket by returning "
                   "STATUS_PENDING, or released before",
                   handle(), static_cast<void*>(list));
    return STATUS_INVALID_PARAMETER;
  }
  probe::emit(
      {.fact = probe::Fact::kReleased, .subject = handle(), .related = list, .amount = bytes});
  return STATUS_SUCCESS;
}

void ConnectionSocket::report_kept_locked() {
  const std::size_t bytes = kept_.bytes();
  if (const std::size_t count = kept_.orphan()) {
    probe::mistake(handle(),
                   "WskCloseSocket(%p) while %zu data indications (%zu bytes) were still kept; "
                   "call WskRelease for every kept list first",
                   handle(), count, bytes);
  }
}

}  // namespace wskrun::wsk
