/*
 * ke_queue.h: queues that threads wait at for entries (KQUEUE), and device queues, which hold the
 * requests that a busy device cannot take yet.
 */
#pragma once

#include <wdm/ke.h>

EXTERN_C_START

typedef struct _KQUEUE {
  DISPATCHER_HEADER Header;
  LIST_ENTRY EntryListHead;
  volatile ULONG CurrentCount;
  ULONG MaximumCount;
  LIST_ENTRY ThreadListHead;
} KQUEUE, *PKQUEUE, *PRKQUEUE;

C_ASSERT(sizeof(KQUEUE) == 0x40);

/*
 * KeInitializeQueue: prepare a queue in nonpaged memory.
 *
 *   Count  How many threads may work on entries at a time; one that sleeps elsewhere does not
 *          count. 0: as many as there are processors.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/ntifs/nf-ntifs-keinitializequeue
 */
NTKERNELAPI VOID KeInitializeQueue(_Out_ PRKQUEUE Queue, _In_ ULONG Count);

/*
 * KeInsertQueue: put an entry at the end (KeInsertHeadQueue: at the front), or give it to a thread
 * that waits.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  How many entries there were before.
 * Page     ddi/ntifs/nf-ntifs-keinsertqueue
 */
NTKERNELAPI LONG KeInsertQueue(_Inout_ PRKQUEUE Queue, _Inout_ PLIST_ENTRY Entry);
NTKERNELAPI LONG KeInsertHeadQueue(_Inout_ PRKQUEUE Queue, _Inout_ PLIST_ENTRY Entry);

/*
 * KeRemoveQueue: the next entry. Waits for one, and for its turn when as many threads work as may.
 * The thread then works for this queue until it asks again, here or at another queue.
 *
 *   Timeout  As a wait's.
 *
 * IRQL     <= APC_LEVEL; with a zero Timeout <= DISPATCH_LEVEL
 * Returns  The entry; or, as a pointer, STATUS_TIMEOUT; STATUS_ABANDONED: the queue was run down.
 * Page     ddi/ntifs/nf-ntifs-keremovequeue
 */
NTKERNELAPI PLIST_ENTRY KeRemoveQueue(_Inout_ PRKQUEUE Queue, _In_ KPROCESSOR_MODE WaitMode,
                                      _In_opt_ PLARGE_INTEGER Timeout);

/*
 * KeReadStateQueue: how many entries there are.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/ntifs/nf-ntifs-kereadstatequeue
 */
NTKERNELAPI LONG KeReadStateQueue(_In_ PRKQUEUE Queue);

/*
 * KeRundownQueue: end the queue: whoever waits or will wait gets STATUS_ABANDONED.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The first of the entries that were left, linked in a ring without a head; NULL: none.
 * Page     ddi/ntifs/nf-ntifs-kerundownqueue
 */
NTKERNELAPI PLIST_ENTRY KeRundownQueue(_Inout_ PRKQUEUE Queue);

/*
 * KeInitializeDeviceQueue: prepare a device queue, not busy.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-keinitializedevicequeue
 */
NTKERNELAPI VOID KeInitializeDeviceQueue(_Out_ PKDEVICE_QUEUE DeviceQueue);

/*
 * KeInsertDeviceQueue: queue the entry at the end (ByKey: behind those whose key is not greater) if
 * the queue is busy; else make it busy, and the caller begins with the request at once.
 *
 * IRQL     DISPATCH_LEVEL
 * Returns  TRUE: queued.
 * Page     ddi/wdm/nf-wdm-keinsertdevicequeue
 */
NTKERNELAPI BOOLEAN KeInsertDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue,
                                        _Inout_ PKDEVICE_QUEUE_ENTRY DeviceQueueEntry);
NTKERNELAPI BOOLEAN KeInsertByKeyDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue,
                                             _Inout_ PKDEVICE_QUEUE_ENTRY DeviceQueueEntry,
                                             _In_ ULONG SortKey);

/*
 * KeRemoveDeviceQueue: the first entry (ByKey: the first whose key is not less than SortKey, or
 * else the first). Without one the queue is busy no longer.
 *
 * IRQL     DISPATCH_LEVEL
 * Returns  It, or NULL.
 * Page     ddi/wdm/nf-wdm-keremovedevicequeue
 */
NTKERNELAPI PKDEVICE_QUEUE_ENTRY KeRemoveDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue);
NTKERNELAPI PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue,
                                                          _In_ ULONG SortKey);

/*
 * KeRemoveEntryDeviceQueue: take this entry out.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  TRUE: it was queued.
 * Page     ddi/wdm/nf-wdm-keremoveentrydevicequeue
 */
NTKERNELAPI BOOLEAN KeRemoveEntryDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue,
                                             _Inout_ PKDEVICE_QUEUE_ENTRY DeviceQueueEntry);

EXTERN_C_END
