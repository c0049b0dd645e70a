// Sending an IRP down and waiting for it, and completion routines that hold their device. The
// plain ways are in io_irp.cc and in the header.
#include <wdm.h>

#include "nt/irql.h"

using namespace wskrun::nt;

namespace {

NTSTATUS signal_completion(PDEVICE_OBJECT, PIRP irp, PVOID event) {
  if (irp->PendingReturned) KeSetEvent(static_cast<PKEVENT>(event), IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

}  // namespace

extern "C" {

// The routine is called in any case: nothing unloads a driver here while its IRPs are out.
NTSTATUS IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                  PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context,
                                  BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
                                  BOOLEAN InvokeOnCancel) {
  (void)DeviceObject;
  IoSetCompletionRoutine(Irp, CompletionRoutine, Context, InvokeOnSuccess, InvokeOnError,
                         InvokeOnCancel);
  return STATUS_SUCCESS;
}

BOOLEAN IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  require_irql_at_most(APC_LEVEL, "IoForwardIrpSynchronously");
  if (Irp->CurrentLocation <= 1) return FALSE;
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  IoCopyCurrentIrpStackLocationToNext(Irp);
  IoSetCompletionRoutine(Irp, signal_completion, &event, TRUE, TRUE, TRUE);
  if (IoCallDriver(DeviceObject, Irp) == STATUS_PENDING) {
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
  }
  return TRUE;
}

}  // extern "C"
