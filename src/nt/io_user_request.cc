// How a request of a program is sent as an IRP, and what is left to do when the IRP comes back.
#include "nt/io_user_request.h"

#include <cstdlib>

#include "nt/irql.h"
#include "nt/ob_object.h"
#include "nt/ps_thread.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

// What is known of how the driver answered; in UserRequest::facts_.
constexpr unsigned kCompleted = 1;
constexpr unsigned kMarkedPending = 2;
constexpr unsigned kReturned = 4;
constexpr unsigned kReturnedPending = 8;
constexpr unsigned kReported = 16;

ULONG irp_flags(UCHAR major) {
  switch (major) {
    case IRP_MJ_CREATE:
      return IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
    case IRP_MJ_CLEANUP:
    case IRP_MJ_CLOSE:
      return IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API;
    case IRP_MJ_READ:
      return IRP_READ_OPERATION | IRP_DEFER_IO_COMPLETION;
    case IRP_MJ_WRITE:
      return IRP_WRITE_OPERATION | IRP_DEFER_IO_COMPLETION;
    default:
      return 0;
  }
}

// That a handle goes is the I/O manager's own business.
KPROCESSOR_MODE mode_of(const IoCall& call) {
  if (call.major == IRP_MJ_CLEANUP || call.major == IRP_MJ_CLOSE) return KernelMode;
  return call.mode;
}

}  // namespace

void UserRequest::FreeMemory::operator()(void* memory) const {
  std::free(memory);
}

UserRequest::UserRequest(FILE_OBJECT& file, const IoCall& call)
    : file_(file),
      device_(IoGetAttachedDeviceReference(file.DeviceObject)),
      call_(call),
      irp_memory_(std::malloc(IoSizeOfIrp(device_->StackSize))),
      buffers_(call),
      irp_(static_cast<PIRP>(irp_memory_.get())) {
  KeInitializeEvent(&complete_, NotificationEvent, FALSE);
  if (irp_ == nullptr) return;
  IoInitializeIrp(irp_, IoSizeOfIrp(device_->StackSize), device_->StackSize);
  set_owner(*irp_, *this);
}

UserRequest::~UserRequest() {
  dereference_object(device_);
}

void UserRequest::send(PEX_RUNDOWN_REF held) {
  held_ = held;
  const NTSTATUS status = irp_ == nullptr ? STATUS_INSUFFICIENT_RESOURCES : prepare();
  if (!NT_SUCCESS(status)) return refuse(status);
  const NTSTATUS returned = IoCallDriver(device_, irp_);
  note_pending(kReturned | (returned == STATUS_PENDING ? kReturnedPending : 0));
}

void UserRequest::refuse(NTSTATUS status) {
  if (irp_ != nullptr) buffers_.release(*irp_);
  status_ = status;
  signal();
}

bool UserRequest::wait(PLARGE_INTEGER timeout) {
  return KeWaitForSingleObject(&complete_, Executive, KernelMode, FALSE, timeout) == STATUS_SUCCESS;
}

void UserRequest::cancel() {
  if (irp_ != nullptr) IoCancelIrp(irp_);
}

NTSTATUS UserRequest::prepare() {
  irp_->Flags = irp_flags(call_.major);
  irp_->RequestorMode = mode_of(call_);
  irp_->UserIosb = &status_block_;
  irp_->Tail.Overlay.Thread = PsGetCurrentThread();
  irp_->Tail.Overlay.OriginalFileObject = &file_;
  fill_next_location(*irp_, call_);
  IoGetNextIrpStackLocation(irp_)->FileObject = &file_;
  return buffers_.pass(*irp_, *device_);
}

void UserRequest::take_back(IRP& irp) {
  status_ = irp.IoStatus.Status;
  information_ = irp.IoStatus.Information;
  buffers_.copy_out(irp);
  buffers_.release(irp);
  note_pending(kCompleted | (irp.PendingReturned ? kMarkedPending : 0));
  signal();
}

// A dispatch routine returns STATUS_PENDING exactly when the IRP is marked so. Whoever of the
// routine and the completion comes second can tell.
void UserRequest::note_pending(unsigned facts) {
  const unsigned all = facts_.fetch_or(facts) | facts;
  const char* wrong = nullptr;
  if ((all & (kCompleted | kReturned)) == (kCompleted | kReturned)) {
    const bool marked = (all & kMarkedPending) != 0;
    const bool returned = (all & kReturnedPending) != 0;
    if (marked && !returned) wrong = "was marked pending, but another status was returned";
    if (!marked && returned) wrong = "was not marked pending, but STATUS_PENDING was returned";
  } else if ((all & kReturned) != 0 && (all & kReturnedPending) == 0) {
    wrong = "is not complete, but the status returned is not STATUS_PENDING";
  }
  if (wrong == nullptr || (facts_.fetch_or(kReported) & kReported) != 0) return;
  probe::mistake(irp_,
                 "the dispatch routine for major function %u and IRP %p: the IRP %s; mark it with "
                 "IoMarkIrpPending and return STATUS_PENDING, or do neither and complete it first",
                 call_.major, static_cast<void*>(irp_), wrong);
}

// Whoever waits may end this object's life as soon as the event is set.
void UserRequest::signal() {
  status_block_.Status = status_;
  status_block_.Information = information_;
  const PEX_RUNDOWN_REF held = held_;
  KeSetEvent(&complete_, IO_NO_INCREMENT, FALSE);
  if (held != nullptr) ExReleaseRundownProtection(held);
}

}  // namespace wskrun::nt
