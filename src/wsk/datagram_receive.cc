// Datagrams in: from the endpoint into queue_, and from there to queued WskReceiveFrom calls first,
// else to WskReceiveFromEvent. What nobody asks for stays in the kernel, as much as SO_RCVBUF
// holds.
#include <algorithm>

#include "nt/irql.h"
#include "nt/upcall.h"
#include "probe/counters.h"
#include "probe/events.h"
#include "probe/mistake.h"
#include "wsk/datagram.h"
#include "wsk/sockaddr.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

// What waits for the driver before receiving pauses.
constexpr std::size_t kQueueLimit = 64;
constexpr std::size_t kQueueLimitBytes = std::size_t{256} << 10;
// Bytes that the driver keeps of one socket before receiving pauses.
constexpr std::size_t kKeptLimitBytes = std::size_t{16} << 20;

ULONG level_flag() {
  return nt::current_irql() == DISPATCH_LEVEL ? WSK_FLAG_AT_DISPATCH_LEVEL : 0;
}

ULONG cast_flags(const net::Datagram& datagram) {
  return (datagram.broadcast ? MSG_BCAST : 0u) | (datagram.multicast ? MSG_MCAST : 0u);
}

// An address without a zone stands for itself in every zone.
bool is_from(const net::Datagram& datagram, const net::Address& fixed) {
  const net::Address& remote = datagram.remote;
  return remote.family == fixed.family && remote.ip == fixed.ip && remote.port == fixed.port &&
         (fixed.scope_id == 0 || remote.scope_id == fixed.scope_id);
}

}  // namespace

// ---- WskReceiveFrom

NTSTATUS DatagramSocket::receive(ReceiveFromRequest& request) {
  base::MutexLock lock(mutex_);
  if (const NTSTATUS status = usable_locked(); !NT_SUCCESS(status)) {
    lock.unlock();
    return finish(request, status);
  }
  const bool now = receives_.empty() && !indicating_ && request.ending != Ending::kPending;
  if (now && !queue_.empty()) {
    ULONG_PTR information = 0;
    const NTSTATUS status = take_locked(request, information);
    adjust_flow_locked();
    lock.unlock();
    return finish(request, status, information);
  }
  mark_pending(request);
  receives_.push_back(request);
  if (make_cancellable(request)) {
    const bool waiting = !queue_.empty();
    adjust_flow_locked();
    lock.unlock();
    if (waiting) deliver_soon();
    return STATUS_PENDING;
  }
  RequestQueue::remove(request);
  lock.unlock();
  finish(request, STATUS_CANCELLED);
  return STATUS_PENDING;
}

// Gives the request the oldest datagram; how it ends.
NTSTATUS DatagramSocket::take_locked(ReceiveFromRequest& request, ULONG_PTR& information) {
  const net::Datagram datagram = std::move(queue_.front());
  queue_.pop_front();
  queued_bytes_ -= datagram.data.size();
  information = request.cursor.write(datagram.data.data(), datagram.data.size());
  const bool truncated = information < datagram.data.size();
  ULONG flags = cast_flags(datagram) | (truncated ? MSG_TRUNC : 0u);
  if (request.control_length != nullptr) {
    ControlInfo control;
    write_control_info(datagram, control_kinds_, control);
    if (copy_control_info(control, request.control_info, *request.control_length)) {
      flags |= MSG_CTRUNC;
    }
  }
  if (request.control_flags != nullptr) *request.control_flags = flags;
  if (request.remote_address != nullptr) store_address(datagram.remote, request.remote_address);
  const bool as_windows = subsystem().settings().compat == Compat::kWindows;
  return truncated && as_windows ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

// ---- from the endpoint

void DatagramSocket::received(std::span<net::Datagram> batch) {
  deliver_with(batch);
}

// False: nobody is to see them.
bool DatagramSocket::queue_all_locked(std::span<net::Datagram> arrived) {
  if (closing_ || dead_) return false;
  for (net::Datagram& datagram : arrived) {
    if (fixed_remote_ && !is_from(datagram, *fixed_remote_)) continue;
    queue_locked(std::move(datagram));
  }
  return true;
}

// Several that were joined come in pieces that are as long as the driver allows, each a view of the
// same memory.
void DatagramSocket::queue_locked(net::Datagram datagram) {
  queued_bytes_ += datagram.data.size();
  const std::size_t segment = datagram.info.segment_bytes.value_or(0);
  if (segment == 0 || datagram.data.size() <= std::max<std::size_t>(coalesced_limit_, segment)) {
    queue_.push_back(std::move(datagram));
    return;
  }
  const std::size_t piece = std::max(coalesced_limit_ / segment, std::size_t{1}) * segment;
  while (!datagram.data.empty()) {
    const std::size_t size = std::min(piece, datagram.data.size());
    net::Datagram part{.data = datagram.data.share_first(size),
                       .remote = datagram.remote,
                       .info = datagram.info,
                       .broadcast = datagram.broadcast,
                       .multicast = datagram.multicast};
    if (size <= segment) part.info.segment_bytes.reset();
    datagram.data.remove_prefix(size);
    queue_.push_back(std::move(part));
  }
}

void DatagramSocket::adjust_flow_locked() {
  if (endpoint_ == nullptr || dead_) return;
  const bool wanted = !receives_.empty() || events_.enabled(WSK_EVENT_RECEIVE_FROM);
  const std::size_t divisor = paused_ ? 2 : 1;
  const bool room = queue_.size() < kQueueLimit / divisor &&
                    queued_bytes_ < kQueueLimitBytes / divisor &&
                    kept_.bytes() < kKeptLimitBytes / divisor;
  const bool pause = !wanted || !room;
  if (pause == paused_) return;
  paused_ = pause;
  if (pause) {
    endpoint_->pause_receive();
  } else {
    endpoint_->resume_receive();
  }
}

// ---- delivering

void DatagramSocket::deliver_soon() {
  base::MutexLock lock(mutex_);
  if (closing_ || endpoint_ == nullptr || queue_.empty()) return;
  post_delivery_locked(endpoint_->loop());
}

void DatagramSocket::deliver() {
  deliver_with({});
}

// What has arrived just now and all that waits; locked as in connection_receive.cc.
void DatagramSocket::deliver_with(std::span<net::Datagram> arrived) {
  Batch batch;
  base::MutexLock lock(mutex_);
  if (!arrived.empty() && !queue_all_locked(arrived)) return;
  while (const std::optional<Delivery> next = next_delivery_locked(batch)) {
    lock.unlock();
    const NTSTATUS answer = carry_out(*next, batch);
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
  if (!closing_) adjust_flow_locked();
}

NTSTATUS DatagramSocket::carry_out(const Delivery& delivery, Batch& batch) {
  switch (delivery.kind) {
    case Delivery::Kind::kFinish:
      finish(*delivery.request, delivery.status, delivery.information);
      break;
    case Delivery::Kind::kIndicate:
      return indicate(delivery, batch);
    case Delivery::Kind::kDead:
      call_dead_event(delivery);
      break;
  }
  return STATUS_SUCCESS;
}

// Queued WskReceiveFrom calls first, then the callback.
std::optional<DatagramSocket::Delivery> DatagramSocket::next_delivery_locked(Batch& batch) {
  if (closing_) return std::nullopt;
  if (std::optional<Delivery> receive = next_receive_locked()) return receive;
  return next_event_locked(batch);
}

std::optional<DatagramSocket::Delivery> DatagramSocket::next_receive_locked() {
  while (!receives_.empty() && (!queue_.empty() || dead_)) {
    auto& request = static_cast<ReceiveFromRequest&>(*receives_.pop_front());
    ULONG_PTR information = 0;
    const NTSTATUS status =
        queue_.empty() ? STATUS_FILE_FORCED_CLOSED : take_locked(request, information);
    if (!claim(request, status, information)) continue;
    return Delivery{.kind = Delivery::Kind::kFinish,
                    .request = &request,
                    .status = status,
                    .information = information};
  }
  return std::nullopt;
}

std::optional<DatagramSocket::Delivery> DatagramSocket::next_event_locked(Batch& batch) {
  Delivery call{.kind = Delivery::Kind::kIndicate, .context = context_locked()};
  if (!queue_.empty() && events_.begin_call(WSK_EVENT_RECEIVE_FROM)) {
    call.flags = cast_flags(queue_.front()) | level_flag();
    take_batch_locked(batch);
    return call;
  }
  if (queue_.empty() && dead_ && !told_dead_ && events_.begin_call(WSK_EVENT_RECEIVE_FROM)) {
    told_dead_ = true;
    call.kind = Delivery::Kind::kDead;
    call.flags = level_flag();
    return call;
  }
  return std::nullopt;
}

// ---- WskReceiveFromEvent

IndicationPool<WSK_DATAGRAM_INDICATION>& DatagramSocket::indications_locked() {
  return IndicationPool<WSK_DATAGRAM_INDICATION>::of_loop(endpoint_->loop().index());
}

// As many as are alike: the flags of a call speak of all its datagrams.
void DatagramSocket::take_batch_locked(Batch& batch) {
  batch.clear();
  const ULONG flags = cast_flags(queue_.front());
  auto& pool = indications_locked();
  while (!batch.full() && !queue_.empty() && cast_flags(queue_.front()) == flags) {
    net::Datagram& front = queue_.front();
    queued_bytes_ -= front.data.size();
    DatagramIndication& indication = pool.take(this, std::move(front.data));
    indication.origin.datagram = queue_.pop_front();
    describe(indication);
    batch.add(indication);
  }
  indicating_ = true;
}

// What the driver sees of a datagram beside its bytes.
void DatagramSocket::describe(DatagramIndication& indication) const {
  const net::Datagram& datagram = indication.origin.datagram;
  auto& [remote, control] = indication.extras;
  indication.api.RemoteAddress = reinterpret_cast<PSOCKADDR>(&remote);
  store_address(datagram.remote, indication.api.RemoteAddress);
  write_control_info(datagram, control_kinds_, control);
  const bool has_control = control.length != 0;
  indication.api.ControlInfo = has_control ? reinterpret_cast<PCMSGHDR>(control.bytes) : nullptr;
  indication.api.ControlInfoLength = control.length;
}

NTSTATUS DatagramSocket::indicate(const Delivery& delivery, Batch& batch) {
  PWSK_DATAGRAM_INDICATION list = batch.list();
  probe::count(probe::Counter::kCallbacks);
  probe::emit({.fact = probe::Fact::kIndicated,
               .subject = handle(),
               .related = list,
               .status = delivery.flags,
               .amount = batch.bytes});
  const NTSTATUS status = nt::upcall("WskReceiveFromEvent", dispatch_->WskReceiveFromEvent,
                                     delivery.context, delivery.flags, list);
  probe::emit({.fact = probe::Fact::kIndicationTaken,
               .subject = handle(),
               .related = list,
               .status = status,
               .amount = batch.bytes});
  if (status != STATUS_SUCCESS && status != STATUS_PENDING && status != STATUS_DATA_NOT_ACCEPTED) {
    probe::mistake(handle(),
                   "WskReceiveFromEvent returned 0x%08X: the datagrams are dropped; it may return "
                   "STATUS_SUCCESS, STATUS_PENDING or STATUS_DATA_NOT_ACCEPTED",
                   static_cast<unsigned>(status));
  }
  return status;
}

// What becomes of the batch after the callback's answer. Refused datagrams wait until the event is
// enabled again; one that is enabled statically stays so, and what it refuses is gone.
void DatagramSocket::settle_locked(Batch& batch, NTSTATUS status) {
  indicating_ = false;
  if (status == STATUS_PENDING) return kept_.keep(batch, indications_locked());
  const bool keep = status == STATUS_DATA_NOT_ACCEPTED && events_.suspend(WSK_EVENT_RECEIVE_FROM);
  auto& pool = indications_locked();
  while (batch.count > 0) {
    DatagramIndication& indication = *batch.indications[--batch.count];
    if (keep) {
      net::Datagram datagram = std::move(indication.origin.datagram);
      datagram.data = std::move(indication.chunk);
      queued_bytes_ += datagram.data.size();
      queue_.push_front(std::move(datagram));
    }
    pool.give_back(indication);
  }
}

void DatagramSocket::call_dead_event(const Delivery& delivery) {
  probe::count(probe::Counter::kCallbacks);
  nt::upcall("WskReceiveFromEvent", dispatch_->WskReceiveFromEvent, delivery.context,
             delivery.flags, static_cast<PWSK_DATAGRAM_INDICATION>(nullptr));
}

// ---- WskRelease

NTSTATUS DatagramSocket::release(PWSK_DATAGRAM_INDICATION list) {
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
                   "WskRelease(%p, %p): not a list of datagrams kept from this socket by returning "
                   "STATUS_PENDING, or released before",
                   handle(), static_cast<void*>(list));
    return STATUS_INVALID_PARAMETER;
  }
  probe::emit(
      {.fact = probe::Fact::kReleased, .subject = handle(), .related = list, .amount = bytes});
  return STATUS_SUCCESS;
}

void DatagramSocket::report_kept_locked() {
  const std::size_t bytes = kept_.bytes();
  if (const std::size_t count = kept_.orphan()) {
    probe::mistake(handle(),
                   "WskCloseSocket(%p) while %zu datagrams (%zu bytes) were still kept; call "
                   "WskRelease for every kept list first",
                   handle(), count, bytes);
  }
}

}  // namespace wskrun::wsk
