// How a request of a program becomes an IRP: its stack location, its buffers in the way that the
// device or the control code says, and what is left to do when the IRP comes back.
#include "nt/io_user_request.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "nt/irql.h"
#include "nt/mm_probe.h"
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

constexpr ULONG kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

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

// A program asks in user mode; that its handle goes is the I/O manager's own business.
KPROCESSOR_MODE mode_of(UCHAR major) {
  return major == IRP_MJ_CLEANUP || major == IRP_MJ_CLOSE ? KernelMode : UserMode;
}

bool are_there(const UserCall& call) {
  return (call.input_bytes == 0 || memory_is_there(call.input, call.input_bytes, Access::kRead)) &&
         (call.output_bytes == 0 ||
          memory_is_there(call.output, call.output_bytes, Access::kWrite));
}

void free_mdls(IRP& irp) {
  while (PMDL mdl = irp.MdlAddress) {
    irp.MdlAddress = mdl->Next;
    if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0) MmUnlockPages(mdl);
    IoFreeMdl(mdl);
  }
}

}  // namespace

void UserRequest::FreeMemory::operator()(void* memory) const {
  std::free(memory);
}

UserRequest::UserRequest(FILE_OBJECT& file, const UserCall& call)
    : file_(file),
      device_(IoGetAttachedDeviceReference(file.DeviceObject)),
      call_(call),
      irp_memory_(std::malloc(IoSizeOfIrp(device_->StackSize))),
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
  fill_location();
  const NTSTATUS returned = IoCallDriver(device_, irp_);
  note_pending(kReturned | (returned == STATUS_PENDING ? kReturnedPending : 0));
}

void UserRequest::refuse(NTSTATUS status) {
  if (irp_ != nullptr) free_mdls(*irp_);
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
  irp_->RequestorMode = mode_of(call_.major);
  irp_->UserIosb = &status_block_;
  irp_->Tail.Overlay.Thread = PsGetCurrentThread();
  irp_->Tail.Overlay.OriginalFileObject = &file_;
  if (call_.major == IRP_MJ_DEVICE_CONTROL) return pass_control();
  switch (passing()) {
    case Passing::kBuffered:
      return are_there(call_) ? pass_buffered() : STATUS_ACCESS_VIOLATION;
    case Passing::kDirect:
      return are_there(call_) ? pass_direct() : STATUS_ACCESS_VIOLATION;
    case Passing::kNeither:
      break;
  }
  irp_->UserBuffer = call_.output != nullptr ? call_.output : const_cast<void*>(call_.input);
  return STATUS_SUCCESS;
}

UserRequest::Passing UserRequest::passing() const {
  if (call_.major == IRP_MJ_DEVICE_CONTROL) {
    const ULONG method = METHOD_FROM_CTL_CODE(call_.control_code);
    if (method == METHOD_NEITHER) return Passing::kNeither;
    return method == METHOD_BUFFERED ? Passing::kBuffered : Passing::kDirect;
  }
  if ((device_->Flags & DO_BUFFERED_IO) != 0) return Passing::kBuffered;
  return (device_->Flags & DO_DIRECT_IO) != 0 ? Passing::kDirect : Passing::kNeither;
}

// One buffer for both directions: the driver reads the input before it writes the output.
NTSTATUS UserRequest::pass_buffered() {
  irp_->UserBuffer = call_.output;
  const std::size_t size_bytes = std::max(call_.input_bytes, call_.output_bytes);
  if (size_bytes == 0) return STATUS_SUCCESS;
  system_buffer_.reset(std::malloc(size_bytes));
  if (system_buffer_ == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  if (call_.input_bytes != 0) std::memcpy(system_buffer_.get(), call_.input, call_.input_bytes);
  irp_->AssociatedIrp.SystemBuffer = system_buffer_.get();
  irp_->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
  if (call_.output_bytes != 0) irp_->Flags |= IRP_INPUT_OPERATION;
  return STATUS_SUCCESS;
}

NTSTATUS UserRequest::pass_direct() {
  if (call_.major == IRP_MJ_WRITE) {
    return lock_pages(const_cast<void*>(call_.input), call_.input_bytes, IoReadAccess);
  }
  return lock_pages(call_.output, call_.output_bytes, IoWriteAccess);
}

NTSTATUS UserRequest::lock_pages(void* buffer, ULONG size_bytes, LOCK_OPERATION operation) {
  if (size_bytes == 0) return STATUS_SUCCESS;
  PMDL mdl = IoAllocateMdl(buffer, size_bytes, FALSE, FALSE, irp_);
  if (mdl == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  MmProbeAndLockPages(mdl, UserMode, operation);
  return STATUS_SUCCESS;
}

NTSTATUS UserRequest::pass_control() {
  if (passing() == Passing::kNeither) {
    irp_->UserBuffer = call_.output;
    return STATUS_SUCCESS;
  }
  if (!are_there(call_)) return STATUS_ACCESS_VIOLATION;
  if (passing() == Passing::kBuffered) return pass_buffered();
  if (call_.input_bytes != 0) {
    system_buffer_.reset(std::malloc(call_.input_bytes));
    if (system_buffer_ == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    std::memcpy(system_buffer_.get(), call_.input, call_.input_bytes);
    irp_->AssociatedIrp.SystemBuffer = system_buffer_.get();
    irp_->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
  }
  const bool driver_reads = METHOD_FROM_CTL_CODE(call_.control_code) == METHOD_IN_DIRECT;
  return lock_pages(call_.output, call_.output_bytes, driver_reads ? IoReadAccess : IoWriteAccess);
}

void UserRequest::fill_location() {
  PIO_STACK_LOCATION location = IoGetNextIrpStackLocation(irp_);
  location->MajorFunction = call_.major;
  location->FileObject = &file_;
  auto& parameters = location->Parameters;
  switch (call_.major) {
    case IRP_MJ_CREATE:
      parameters.Create.SecurityContext = call_.security;
      parameters.Create.Options = call_.security->FullCreateOptions;
      parameters.Create.ShareAccess = kShareAll;
      break;
    case IRP_MJ_READ:
      parameters.Read.Length = call_.output_bytes;
      parameters.Read.ByteOffset.QuadPart = call_.offset;
      break;
    case IRP_MJ_WRITE:
      parameters.Write.Length = call_.input_bytes;
      parameters.Write.ByteOffset.QuadPart = call_.offset;
      break;
    case IRP_MJ_DEVICE_CONTROL:
      parameters.DeviceIoControl.IoControlCode = call_.control_code;
      parameters.DeviceIoControl.InputBufferLength = call_.input_bytes;
      parameters.DeviceIoControl.OutputBufferLength = call_.output_bytes;
      if (passing() == Passing::kNeither) {
        parameters.DeviceIoControl.Type3InputBuffer = const_cast<void*>(call_.input);
      }
      break;
    default:
      break;
  }
}

void UserRequest::take_back(IRP& irp) {
  status_ = irp.IoStatus.Status;
  information_ = irp.IoStatus.Information;
  if ((irp.Flags & IRP_INPUT_OPERATION) != 0 && !NT_ERROR(status_)) copy_out();
  free_mdls(irp);
  note_pending(kCompleted | (irp.PendingReturned ? kMarkedPending : 0));
  signal();
}

// An error leaves the program's buffer as it was; a warning does not.
void UserRequest::copy_out() {
  ULONG_PTR size_bytes = information_;
  if (size_bytes > call_.output_bytes) {
    probe::mistake(irp_,
                   "IRP %p was completed with IoStatus.Information %zu, but the buffer has %u "
                   "bytes: Windows would copy what lies behind it to the program",
                   static_cast<void*>(irp_), static_cast<std::size_t>(size_bytes),
                   call_.output_bytes);
    size_bytes = call_.output_bytes;
  }
  std::memcpy(call_.output, system_buffer_.get(), size_bytes);
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
