/*
 * ex.h: lists under a spin lock and the system's work items. Pool and lookaside lists are in
 * ex_pool.h, the executive's locks in ex_locks.h and ex_resource.h.
 */
#pragma once

#include <wdm/ex_locks.h>
#include <wdm/ex_pool.h>
#include <wdm/ex_resource.h>
#include <wdm/ex_timer.h>

EXTERN_C_START

/* Lists and counters under a spin lock; at any IRQL. */

/*
 * ExInterlockedInsertHeadList: InsertHeadList, InsertTailList, RemoveHeadList, PushEntryList and
 * PopEntryList under a spin lock. Never hold the lock by other means at a lower IRQL.
 *
 *   Lock  Only for Ex functions on this list.
 *
 * IRQL     any
 * Returns  Insert: the entry that was first (last), NULL when the list was empty. Remove: the
 *          entry, or NULL.
 * Page     ddi/wdm/nf-wdm-exinterlockedinsertheadlist
 */
NTKERNELAPI PLIST_ENTRY ExInterlockedInsertHeadList(_Inout_ PLIST_ENTRY ListHead,
                                                    _Inout_ PLIST_ENTRY ListEntry,
                                                    _Inout_ PKSPIN_LOCK Lock);
NTKERNELAPI PLIST_ENTRY ExInterlockedInsertTailList(_Inout_ PLIST_ENTRY ListHead,
                                                    _Inout_ PLIST_ENTRY ListEntry,
                                                    _Inout_ PKSPIN_LOCK Lock);
NTKERNELAPI PLIST_ENTRY ExInterlockedRemoveHeadList(_Inout_ PLIST_ENTRY ListHead,
                                                    _Inout_ PKSPIN_LOCK Lock);
NTKERNELAPI PSINGLE_LIST_ENTRY ExInterlockedPopEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead,
                                                         _Inout_ PKSPIN_LOCK Lock);
NTKERNELAPI PSINGLE_LIST_ENTRY ExInterlockedPushEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead,
                                                          _Inout_ PSINGLE_LIST_ENTRY ListEntry,
                                                          _Inout_ PKSPIN_LOCK Lock);

/*
 * ExInterlockedAddLargeInteger: add under a spin lock.
 *
 * IRQL     any
 * Returns  The value before.
 * Page     ddi/wdm/nf-wdm-exinterlockedaddlargeinteger
 */
NTKERNELAPI LARGE_INTEGER ExInterlockedAddLargeInteger(_Inout_ PLARGE_INTEGER Addend,
                                                       _In_ LARGE_INTEGER Increment,
                                                       _Inout_ PKSPIN_LOCK Lock);
NTKERNELAPI ULONG ExInterlockedAddUlong(_Inout_ PULONG Addend, _In_ ULONG Increment,
                                        _Inout_ PKSPIN_LOCK Lock);

/* No lock is needed on a processor of 64 bits. */
#define ExInterlockedAddLargeStatistic(Addend, Increment) \
  ((void)InterlockedAdd64(&(Addend)->QuadPart, (LONG64)(ULONG)(Increment)))
#define ExInterlockedCompareExchange64(Destination, Exchange, Comperand, Lock) \
  ((void)(Lock), InterlockedCompareExchange64(Destination, *(Exchange), *(Comperand)))

/* Work items of the system's worker threads. IoQueueWorkItem (io.h) keeps the driver loaded. */
typedef enum _WORK_QUEUE_TYPE {
  CriticalWorkQueue,
  DelayedWorkQueue,
  HyperCriticalWorkQueue,
  NormalWorkQueue,
  BackgroundWorkQueue,
  RealTimeWorkQueue,
  SuperCriticalWorkQueue,
  MaximumWorkQueue,
  CustomPriorityWorkQueue = 32
} WORK_QUEUE_TYPE;

/*
 * WORKER_THREAD_ROUTINE: what a work item runs, on a system thread. It may free the item.
 *
 * IRQL     PASSIVE_LEVEL
 */
_Function_class_(WORKER_THREAD_ROUTINE) typedef VOID NTAPI
    WORKER_THREAD_ROUTINE(_In_ PVOID Parameter);
typedef WORKER_THREAD_ROUTINE* PWORKER_THREAD_ROUTINE;

typedef struct _WORK_QUEUE_ITEM {
  LIST_ENTRY List;
  PWORKER_THREAD_ROUTINE WorkerRoutine;
  PVOID Parameter;
} WORK_QUEUE_ITEM, *PWORK_QUEUE_ITEM;

C_ASSERT(sizeof(WORK_QUEUE_ITEM) == 0x20);

/*
 * ExInitializeWorkItem: prepare a work item in nonpaged memory of the driver.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-exinitializeworkitem
 */
WDK_INLINE VOID ExInitializeWorkItem(_Out_ PWORK_QUEUE_ITEM Item,
                                     _In_ PWORKER_THREAD_ROUTINE Routine, _In_opt_ PVOID Context) {
  Item->WorkerRoutine = Routine;
  Item->Parameter = Context;
  Item->List.Flink = NULL;
}

/*
 * ExQueueWorkItem: run the item soon, on a worker thread of that queue. Deprecated on Windows:
 * nothing keeps the driver loaded meanwhile, as IoQueueWorkItem does.
 *
 *   WorkItem  Not queued already; the driver's again once its routine was called.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exqueueworkitem
 */
NTKERNELAPI VOID ExQueueWorkItem(_Inout_ PWORK_QUEUE_ITEM WorkItem, _In_ WORK_QUEUE_TYPE QueueType);

EXTERN_C_END
