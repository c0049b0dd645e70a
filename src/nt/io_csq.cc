// Cancel-safe queues. Whoever takes the cancel routine off an IRP, under the driver's lock, takes
// the IRP: IoCancelIrp did when its routine runs here, and then all others leave the IRP to it.
#include <bit>

#include "nt/io_irp.h"
#include "nt/irql.h"
#include "nt/upcall.h"

namespace wskrun::nt {
namespace {

// The driver's lock for a scope.
class QueueLock {
 public:
  explicit QueueLock(IO_CSQ& queue) : queue_(queue) {
    upcall_to_lock("CsqAcquireLock", queue.CsqAcquireLock, &queue, &irql_);
  }
  ~QueueLock() { upcall_to_lock("CsqReleaseLock", queue_.CsqReleaseLock, &queue_, irql_); }
  QueueLock(const QueueLock&) = delete;
  QueueLock& operator=(const QueueLock&) = delete;

 private:
  IO_CSQ& queue_;
  KIRQL irql_ = PASSIVE_LEVEL;
};

// DriverContext[3] leads from the IRP to its queue: by way of the driver's context, if it gave one.
// Both begin with a type.
PVOID& link_of(IRP& irp) {
  return irp.Tail.Overlay.DriverContext[3];
}

PIO_CSQ_IRP_CONTEXT context_of(IRP& irp) {
  auto* context = static_cast<PIO_CSQ_IRP_CONTEXT>(link_of(irp));
  return context->Type == IO_TYPE_CSQ_IRP_CONTEXT ? context : nullptr;
}

IO_CSQ& queue_of(IRP& irp) {
  const PIO_CSQ_IRP_CONTEXT context = context_of(irp);
  return context != nullptr ? *context->Csq : *static_cast<PIO_CSQ>(link_of(irp));
}

void connect(IRP& irp, IO_CSQ& queue, PIO_CSQ_IRP_CONTEXT context) {
  if (context == nullptr) {
    link_of(irp) = &queue;
    return;
  }
  *context = {IO_TYPE_CSQ_IRP_CONTEXT, &irp, &queue};
  link_of(irp) = context;
}

void remove_locked(IO_CSQ& queue, IRP& irp) {
  upcall("CsqRemoveIrp", queue.CsqRemoveIrp, &queue, &irp);
  if (const PIO_CSQ_IRP_CONTEXT context = context_of(irp)) context->Irp = nullptr;
  link_of(irp) = nullptr;
}

// The IRP is who calls this one's: its cancel routine is off now.
bool take_from_canceller(IRP& irp) {
  return IoSetCancelRoutine(&irp, nullptr) != nullptr;
}

void complete_cancelled(IO_CSQ& queue, IRP& irp) {
  upcall("CsqCompleteCanceledIrp", queue.CsqCompleteCanceledIrp, &queue, &irp);
}

void cancel(PDEVICE_OBJECT, PIRP irp) {
  IoReleaseCancelSpinLock(irp->CancelIrql);
  IO_CSQ& queue = queue_of(*irp);
  {
    const QueueLock lock(queue);
    remove_locked(queue, *irp);
  }
  complete_cancelled(queue, *irp);
}

NTSTATUS insert_locked(IO_CSQ& queue, IRP& irp, PVOID insert_context) {
  if (queue.Type == IO_TYPE_CSQ_EX) {
    const auto insert = std::bit_cast<PIO_CSQ_INSERT_IRP_EX>(queue.CsqInsertIrp);
    return upcall("CsqInsertIrpEx", insert, &queue, &irp, insert_context);
  }
  upcall("CsqInsertIrp", queue.CsqInsertIrp, &queue, &irp);
  return STATUS_SUCCESS;
}

// True: nobody will cancel the IRP any more, the caller has to complete it as cancelled.
bool was_cancelled_before_locked(IO_CSQ& queue, IRP& irp) {
  IoSetCancelRoutine(&irp, cancel);
  if (!irp_cancelled(irp) || !take_from_canceller(irp)) return false;
  remove_locked(queue, irp);
  return true;
}

NTSTATUS insert(IO_CSQ& queue, IRP& irp, PIO_CSQ_IRP_CONTEXT context, PVOID insert_context) {
  bool was_cancelled = irp_cancelled(irp);
  {
    const QueueLock lock(queue);
    if (!was_cancelled) {
      connect(irp, queue, context);
      const NTSTATUS status = insert_locked(queue, irp, insert_context);
      if (!NT_SUCCESS(status)) return status;
    }
    IoMarkIrpPending(&irp);
    if (!was_cancelled) was_cancelled = was_cancelled_before_locked(queue, irp);
  }
  if (was_cancelled) complete_cancelled(queue, irp);
  return STATUS_SUCCESS;
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

NTSTATUS IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp,
                         PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                         PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                         PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp) {
  *Csq = {.Type = IO_TYPE_CSQ,
          .CsqInsertIrp = CsqInsertIrp,
          .CsqRemoveIrp = CsqRemoveIrp,
          .CsqPeekNextIrp = CsqPeekNextIrp,
          .CsqAcquireLock = CsqAcquireLock,
          .CsqReleaseLock = CsqReleaseLock,
          .CsqCompleteCanceledIrp = CsqCompleteCanceledIrp,
          .ReservePointer = nullptr};
  return STATUS_SUCCESS;
}

NTSTATUS IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
                           PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                           PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                           PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp) {
  IoCsqInitialize(Csq, std::bit_cast<PIO_CSQ_INSERT_IRP>(CsqInsertIrp), CsqRemoveIrp,
                  CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
  Csq->Type = IO_TYPE_CSQ_EX;
  return STATUS_SUCCESS;
}

VOID IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context) {
  IoCsqInsertIrpEx(Csq, Irp, Context, nullptr);
}

NTSTATUS IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext) {
  require_irql_at_most(DISPATCH_LEVEL, "IoCsqInsertIrp");
  return insert(*Csq, *Irp, Context, InsertContext);
}

PIRP IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context) {
  require_irql_at_most(DISPATCH_LEVEL, "IoCsqRemoveIrp");
  const QueueLock lock(*Csq);
  const PIRP irp = Context->Irp;
  if (irp == nullptr || !take_from_canceller(*irp)) return nullptr;
  remove_locked(*Csq, *irp);
  return irp;
}

PIRP IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext) {
  require_irql_at_most(DISPATCH_LEVEL, "IoCsqRemoveNextIrp");
  const QueueLock lock(*Csq);
  PIRP irp = nullptr;
  do {
    irp = upcall("CsqPeekNextIrp", Csq->CsqPeekNextIrp, Csq, irp, PeekContext);
    if (irp == nullptr) return nullptr;
  } while (!take_from_canceller(*irp));
  remove_locked(*Csq, *irp);
  return irp;
}

}  // extern "C"
