// Cancelling: IoCancelIrp and the one cancel spin lock of the system. IoSetCancelRoutine is inline
// in the header (an atomic exchange); io_irp.cc completes what a cancel routine gives up.
#include "nt/io_irp.h"
#include "nt/ke_bugcheck.h"
#include "nt/upcall.h"
#include "probe/events.h"

using namespace wskrun;
using namespace wskrun::nt;

namespace {

KSPIN_LOCK cancel_lock;  // Zero is a free lock.

}  // namespace

extern "C" {

void IoAcquireCancelSpinLock(PKIRQL Irql) {
  *Irql = KeAcquireSpinLockRaiseToDpc(&cancel_lock);
}

void IoReleaseCancelSpinLock(KIRQL Irql) {
  KeReleaseSpinLock(&cancel_lock, Irql);
}

// The exchange inside IoSetCancelRoutine orders the store of Cancel before it: who sets a routine
// and then finds Cancel clear has set it early enough to be called here.
BOOLEAN IoCancelIrp(PIRP Irp) {
  KIRQL irql = PASSIVE_LEVEL;
  IoAcquireCancelSpinLock(&irql);
  probe::emit({.fact = probe::Fact::kIrpCancelled, .subject = Irp});
  __atomic_store_n(&Irp->Cancel, static_cast<BOOLEAN>(TRUE), __ATOMIC_RELAXED);
  const PDRIVER_CANCEL routine = IoSetCancelRoutine(Irp, nullptr);
  if (routine == nullptr) {
    IoReleaseCancelSpinLock(irql);
    return FALSE;
  }
  if (Irp->CurrentLocation > Irp->StackCount) {
    bug_check({CANCEL_STATE_IN_COMPLETED_IRP,
               {parameter(Irp), reinterpret_cast<ULONG_PTR>(routine), 0, 0}},
              "IoCancelIrp(%p): the IRP is complete, but its cancel routine was left set",
              static_cast<void*>(Irp));
  }
  Irp->CancelIrql = irql;
  // The routine gives the lock back, and with it the caller's IRQL.
  upcall_leaving_at(irql, "CancelRoutine", routine, IoGetCurrentIrpStackLocation(Irp)->DeviceObject,
                    Irp);
  return TRUE;
}

}  // extern "C"
