// IO_WORKITEM: a work item that belongs to a device or driver object. ex_work_queue.cc runs it.
#include <wdm.h>

#include <cstddef>
#include <new>

#include "nt/ex_work_queue.h"
#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/ledger.h"
#include "nt/upcall.h"

// The WDK's opaque type. The driver may give the memory: IoSizeofWorkItem.
struct _IO_WORKITEM {
  WORK_QUEUE_ITEM item;
  PVOID io_object;
  PIO_WORKITEM_ROUTINE routine;  // One of the two is set.
  PIO_WORKITEM_ROUTINE_EX routine_ex;
  PVOID context;
  wskrun::nt::LedgerEntry ledger;  // Only for items of IoAllocateWorkItem.
};

namespace wskrun::nt {
namespace {

void initialize(_IO_WORKITEM& work, PVOID io_object) {
  work.item = {};
  ExInitializeWorkItem(&work.item, run_io_work_item, &work);
  work.io_object = io_object;
}

void check_not_queued(const _IO_WORKITEM& work, const char* function) {
  if (!is_work_item_queued(work.item)) return;
  bug_check({WORKER_INVALID, {0, parameter(&work), 0, 0}},
            "%s(%p): the work item is still queued and its routine has not run", function,
            static_cast<const void*>(&work));
}

// What the item is to do is written before it is queued and read when it has left the queue, so it
// must not be changed while it is queued.
BOOLEAN queue(_IO_WORKITEM& work, PIO_WORKITEM_ROUTINE routine, PIO_WORKITEM_ROUTINE_EX routine_ex,
              PVOID context) {
  require_irql_at_most(DISPATCH_LEVEL, "IoQueueWorkItem");
  if (is_work_item_queued(work.item)) return FALSE;
  work.routine = routine;
  work.routine_ex = routine_ex;
  work.context = context;
  return queue_work_item(work.item);
}

void queue_or_stop(_IO_WORKITEM& work, PIO_WORKITEM_ROUTINE routine,
                   PIO_WORKITEM_ROUTINE_EX routine_ex, PVOID context) {
  if (queue(work, routine, routine_ex, context)) return;
  bug_check({WORKER_INVALID, {1, parameter(&work), 0, 0}},
            "IoQueueWorkItem(%p): the work item is queued already", static_cast<void*>(&work));
}

}  // namespace

void run_io_work_item(void* parameter) {
  // The routine may free the item or queue it again.
  const _IO_WORKITEM& work = *static_cast<_IO_WORKITEM*>(parameter);
  if (work.routine != nullptr) {
    upcall("IoWorkItem", work.routine, static_cast<PDEVICE_OBJECT>(work.io_object), work.context);
  } else {
    upcall("IoWorkItemEx", work.routine_ex, work.io_object, work.context,
           static_cast<PIO_WORKITEM>(parameter));
  }
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

PIO_WORKITEM IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject) {
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  auto* work = new (std::nothrow) _IO_WORKITEM{};
  if (work == nullptr) return nullptr;
  initialize(*work, DeviceObject);
  ledger_add(work->ledger, Holding::kWorkItem, work, sizeof *work, 0, __builtin_return_address(0));
  return work;
}

VOID IoFreeWorkItem(PIO_WORKITEM IoWorkItem) {
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  check_not_queued(*IoWorkItem, __func__);
  ledger_remove(IoWorkItem->ledger);
  delete IoWorkItem;
}

ULONG IoSizeofWorkItem(VOID) {
  return sizeof(_IO_WORKITEM);
}

VOID IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem) {
  initialize(*new (IoWorkItem) _IO_WORKITEM{}, IoObject);
}

VOID IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem) {
  check_not_queued(*IoWorkItem, __func__);
}

VOID IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine,
                     WORK_QUEUE_TYPE QueueType, PVOID Context) {
  (void)QueueType;  // One pool serves all; threads have no NT priority here.
  queue_or_stop(*IoWorkItem, WorkerRoutine, nullptr, Context);
}

VOID IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                       WORK_QUEUE_TYPE QueueType, PVOID Context) {
  (void)QueueType;
  queue_or_stop(*IoWorkItem, nullptr, WorkerRoutine, Context);
}

BOOLEAN IoTryQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                           WORK_QUEUE_TYPE QueueType, PVOID Context) {
  (void)QueueType;
  return queue(*IoWorkItem, nullptr, WorkerRoutine, Context);
}

}  // extern "C"
