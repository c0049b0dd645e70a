// Begin, cancel and finish, for every request alike.
//
// Cancelling races with completing. IoSetCancelRoutine decides: whoever takes the routine out owns
// the IRP. When IoCancelIrp took it, on_cancel() is on its way and the IRP must live until it
// arrives; so a claim() that comes too late leaves its outcome for on_cancel() to finish, and no
// received byte is lost.
#include "wsk/request.h"

#include "base/mutex.h"
#include "nt/io_irp.h"
#include "nt/irql.h"
#include "nt/upcall.h"
#include "probe/events.h"
#include "probe/mistake.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

// WSK's own stack location carries its request; the rest of the IRP is the driver's.
Request& request_of(PIRP irp) {
  return *static_cast<Request*>(IoGetCurrentIrpStackLocation(irp)->Parameters.Others.Argument1);
}

void cancel_routine(PDEVICE_OBJECT, PIRP irp) {
  Request& request = request_of(irp);
  IoReleaseCancelSpinLock(irp->CancelIrql);
  request.owner->on_cancel(request);
}

// What waits for somebody else to do something first may wait for ever.
bool ends_by_itself(Request::Kind kind) {
  return kind != Request::Kind::kReceive && kind != Request::Kind::kAccept &&
         kind != Request::Kind::kNotification;
}

}  // namespace

NTSTATUS refuse_null_irp(const char* operation, const void* handle) {
  probe::mistake(handle, "%s(%p) without an IRP: allocate one with IoAllocateIrp", operation,
                 handle);
  return STATUS_INVALID_PARAMETER;
}

void bind_request(Request& request, PIRP irp, const char* operation, RequestOwner& owner) {
  nt::require_irql_at_most(DISPATCH_LEVEL, operation);
  nt::take_irp(*irp, operation);
  request.owner = &owner;
  request.irp = irp;
  request.operation = operation;
  request.ending = owner.subsystem().next_ending();
  if (request.ending == Ending::kInline && ends_by_itself(request.kind)) {
    if (InlineCall* call = InlineCall::current()) {
      call->attach(request);
      request.caller_.store(call, std::memory_order_relaxed);
    }
  }
  PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
  location->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
  location->MinorFunction = 0;
  location->DeviceObject = nullptr;
  location->FileObject = nullptr;
  location->Control &= static_cast<UCHAR>(~SL_PENDING_RETURNED);
  location->Parameters.Others.Argument1 = &request;
  owner.request_begun();
  probe::emit({.fact = probe::Fact::kRequest,
               .subject = owner.handle(),
               .related = irp,
               .text = operation});
}

void mark_pending(Request& request) {
  request.pending_ = true;
  IoMarkIrpPending(request.irp);
}

bool make_cancellable(Request& request) {
  request.cancellable_ = true;
  IoSetCancelRoutine(request.irp, cancel_routine);
  if (!nt::irp_cancelled(*request.irp)) return true;
  // Cancelled before or just now. If the routine is still there, IoCancelIrp did not see it.
  if (IoSetCancelRoutine(request.irp, nullptr) == nullptr) return true;
  request.cancellable_ = false;
  return false;
}

bool claim(Request& request, NTSTATUS status, ULONG_PTR information) {
  if (!request.cancellable_ || request.cancel_admitted_) return true;
  if (IoSetCancelRoutine(request.irp, nullptr) != nullptr) return true;
  request.decided_ = true;
  request.status_ = status;
  request.information_ = information;
  return false;
}

bool admit_cancel(Request& request) {
  if (request.decided_) return false;
  request.cancel_admitted_ = true;
  return true;
}

NTSTATUS finish_decided(Request& request) {
  return finish(request, request.status_, request.information_);
}

void cancel_queued(Request& request, base::Mutex& mutex) {
  base::MutexLock lock(mutex);
  const bool undecided = admit_cancel(request);
  if (undecided) RequestQueue::remove(request);
  lock.unlock();
  undecided ? finish(request, STATUS_CANCELLED) : finish_decided(request);
}

// It is set before the request can finish; where there is none, as a rule, a look is enough.
InlineCall* Request::take_caller() {
  if (caller_.load(std::memory_order_relaxed) == nullptr) return nullptr;
  return caller_.exchange(nullptr, std::memory_order_acq_rel);
}

NTSTATUS finish(Request& request, NTSTATUS status, ULONG_PTR information) {
  base::assert_no_lock_held();
  request.status_ = status;
  request.information_ = information;
  if (!request.pending_) {
    return request.ending == Ending::kPending ? request.complete_later() : request.complete();
  }
  if (InlineCall* call = request.take_caller()) {
    call->deliver();
  } else {
    request.complete();
  }
  return status;
}

void finish_all(RequestQueue& requests) {
  while (Request* request = requests.pop_front()) finish(*request, STATUS_SUCCESS);
}

NTSTATUS Request::complete() {
  const NTSTATUS status = status_;
  RequestOwner* const its_owner = owner;
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = information_;
  IoCompleteRequest(irp, IO_NETWORK_INCREMENT);
  after_completion();
  delete this;
  its_owner->request_ended();
  return status;
}

// On another thread than the caller's, which may be a processor itself.
NTSTATUS Request::complete_later() {
  mark_pending(*this);
  later_.request = this;
  later_.run = [](net::Task& task) { static_cast<LaterTask&>(task).request->complete(); };
  net::Transport& transport = owner->subsystem().transport();
  net::Loop& first = transport.loop(0);
  net::Loop& loop = first.is_current() && transport.loop_count() > 1 ? transport.loop(1) : first;
  loop.post(later_);
  return STATUS_PENDING;
}

bool release_caller(Request& request) {
  return request.take_caller() != nullptr;
}

NTSTATUS complete_for_caller(Request& request) {
  IoGetCurrentIrpStackLocation(request.irp)->Control &= static_cast<UCHAR>(~SL_PENDING_RETURNED);
  return request.complete();
}

}  // namespace wskrun::wsk
