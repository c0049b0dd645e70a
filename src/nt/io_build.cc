// IRPs that the I/O manager builds for drivers: IoBuildDeviceIoControlRequest and the two for reads
// and writes. The synchronous ones come back to it when they are complete; the asynchronous one is
// the driver's, with all that hangs on it.
#include <cstring>
#include <memory>

#include "nt/io_call.h"
#include "nt/io_irp.h"
#include "nt/irql.h"

namespace wskrun::nt {
namespace {

constexpr ULONG kBufferTag = 'fBoI';

// A synchronous IRP's owner; lives as long as the IRP.
class BuiltRequest final : private IrpOwner {
 public:
  // nullptr: no memory, or the buffers are not there.
  static PIRP build(const IoCall& call, const DEVICE_OBJECT& device, const void* caller);

 private:
  explicit BuiltRequest(const IoCall& call) : buffers_(call) {}

  void take_back(IRP& irp) override;

  CallBuffers buffers_;
};

void prepare(IRP& irp, const IoCall& call) {
  irp.RequestorMode = KernelMode;
  irp.Tail.Overlay.Thread = PsGetCurrentThread();
  fill_next_location(irp, call);
}

PIRP BuiltRequest::build(const IoCall& call, const DEVICE_OBJECT& device, const void* caller) {
  std::unique_ptr<BuiltRequest> request(new BuiltRequest(call));
  const PIRP irp = allocate_irp(device.StackSize, caller);
  if (irp == nullptr) return nullptr;
  prepare(*irp, call);
  if (!NT_SUCCESS(request->buffers_.pass(*irp, device))) {
    request->buffers_.release(*irp);
    free_irp(*irp);
    return nullptr;
  }
  set_owner(*irp, *request.release());
  return irp;
}

// Whoever waits for the event may end the life of the status block, and of the event.
void BuiltRequest::take_back(IRP& irp) {
  buffers_.copy_out(irp);
  buffers_.release(irp);
  if (irp.UserIosb != nullptr) *irp.UserIosb = irp.IoStatus;
  const PKEVENT event = irp.UserEvent;
  free_irp(irp);
  delete this;
  if (event != nullptr) KeSetEvent(event, IO_NO_INCREMENT, FALSE);
}

IoCall call_of(ULONG major, PVOID buffer, ULONG length, PLARGE_INTEGER offset) {
  IoCall call = {.major = static_cast<UCHAR>(major), .mode = KernelMode};
  if (offset != nullptr) call.offset = offset->QuadPart;
  if (major == IRP_MJ_READ) {
    call.output = buffer;
    call.output_bytes = length;
  } else if (major == IRP_MJ_WRITE) {
    call.input = buffer;
    call.input_bytes = length;
  }
  return call;
}

// What DO_BUFFERED_IO asks for, in pool, which the driver frees.
bool give_system_buffer(IRP& irp, const IoCall& call) {
  const ULONG size_bytes = call.input_bytes + call.output_bytes;  // One of them is 0.
  irp.UserBuffer = call.output;
  if (size_bytes == 0) return true;
  void* buffer = ExAllocatePoolWithTag(NonPagedPoolNx, size_bytes, kBufferTag);
  if (buffer == nullptr) return false;
  if (call.input_bytes != 0) std::memcpy(buffer, call.input, call.input_bytes);
  irp.AssociatedIrp.SystemBuffer = buffer;
  irp.Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
  if (call.output_bytes != 0) irp.Flags |= IRP_INPUT_OPERATION;
  return true;
}

bool give_mdl(IRP& irp, PVOID buffer, ULONG length, LOCK_OPERATION operation) {
  if (length == 0) return true;
  const PMDL mdl = IoAllocateMdl(buffer, length, FALSE, FALSE, &irp);
  if (mdl == nullptr) return false;
  MmProbeAndLockPages(mdl, KernelMode, operation);
  return true;
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

PIRP IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject,
                                   PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer,
                                   ULONG OutputBufferLength, BOOLEAN InternalDeviceIoControl,
                                   PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock) {
  require_irql_at_most(APC_LEVEL, "IoBuildDeviceIoControlRequest");
  const UCHAR major =
      InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
  const PIRP irp = BuiltRequest::build({.major = major,
                                        .input = InputBuffer,
                                        .input_bytes = InputBufferLength,
                                        .output = OutputBuffer,
                                        .output_bytes = OutputBufferLength,
                                        .control_code = IoControlCode,
                                        .mode = KernelMode},
                                       *DeviceObject, __builtin_return_address(0));
  if (irp == nullptr) return nullptr;
  irp->UserIosb = IoStatusBlock;
  irp->UserEvent = Event;
  return irp;
}

PIRP IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
                                  ULONG Length, PLARGE_INTEGER StartingOffset, PKEVENT Event,
                                  PIO_STATUS_BLOCK IoStatusBlock) {
  require_irql_at_most(APC_LEVEL, "IoBuildSynchronousFsdRequest");
  const PIRP irp = BuiltRequest::build(call_of(MajorFunction, Buffer, Length, StartingOffset),
                                       *DeviceObject, __builtin_return_address(0));
  if (irp == nullptr) return nullptr;
  irp->UserIosb = IoStatusBlock;
  irp->UserEvent = Event;
  return irp;
}

PIRP IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
                                   ULONG Length, PLARGE_INTEGER StartingOffset,
                                   PIO_STATUS_BLOCK IoStatusBlock) {
  require_irql_at_most(APC_LEVEL, "IoBuildAsynchronousFsdRequest");
  const IoCall call = call_of(MajorFunction, Buffer, Length, StartingOffset);
  const PIRP irp = allocate_irp(DeviceObject->StackSize, __builtin_return_address(0));
  if (irp == nullptr) return nullptr;
  prepare(*irp, call);
  irp->UserIosb = IoStatusBlock;
  bool has_buffer = true;
  if ((DeviceObject->Flags & DO_BUFFERED_IO) != 0) {
    has_buffer = give_system_buffer(*irp, call);
  } else if ((DeviceObject->Flags & DO_DIRECT_IO) != 0) {
    has_buffer = give_mdl(*irp, Buffer, Length,
                          MajorFunction == IRP_MJ_WRITE ? IoReadAccess : IoWriteAccess);
  } else {
    irp->UserBuffer = Buffer;
  }
  if (has_buffer) return irp;
  free_irp(*irp);
  return nullptr;
}

}  // extern "C"
