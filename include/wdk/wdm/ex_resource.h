/*
 * ex_resource.h: ERESOURCE, a reader/writer lock one may sleep on and take again. The locks that
 * are taken once are in ex_locks.h.
 */
#pragma once

#include <wdm/ke.h>

EXTERN_C_START

typedef ULONG_PTR ERESOURCE_THREAD, *PERESOURCE_THREAD;

typedef struct _OWNER_ENTRY {
  ERESOURCE_THREAD OwnerThread;
  union {
    struct {
      ULONG IoPriorityBoosted : 1;
      ULONG OwnerReferenced : 1;
      ULONG IoQoSPriorityBoosted : 1;
      ULONG OwnerCount : 29;
    };
    ULONG TableSize;
  };
} OWNER_ENTRY, *POWNER_ENTRY;

typedef struct _ERESOURCE {
  LIST_ENTRY SystemResourcesList;
  POWNER_ENTRY OwnerTable;
  SHORT ActiveCount;
  union {
    USHORT Flag;
    struct {
      UCHAR ReservedLowFlags;
      UCHAR WaiterPriority;
    };
  };
  PVOID SharedWaiters;
  PVOID ExclusiveWaiters;
  OWNER_ENTRY OwnerEntry;
  ULONG ActiveEntries;
  ULONG ContentionCount;
  ULONG NumberOfSharedWaiters;
  ULONG NumberOfExclusiveWaiters;
  PVOID Reserved2;
  union {
    PVOID Address;
    ULONG_PTR CreatorBackTraceIndex;
  };
  KSPIN_LOCK SpinLock;
} ERESOURCE, *PERESOURCE;

C_ASSERT(sizeof(OWNER_ENTRY) == 0x10 && sizeof(ERESOURCE) == 0x68);

/* ERESOURCE::Flag. */
#define ResourceNeverExclusive 0x10
#define ResourceReleaseByOtherThread 0x20
#define ResourceOwnedExclusive 0x80

/*
 * ExInitializeResourceLite: prepare a resource in nonpaged memory. Deleted before the memory goes.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS.
 * Page     ddi/wdm/nf-wdm-exinitializeresourcelite
 */
NTKERNELAPI NTSTATUS ExInitializeResourceLite(_Out_ PERESOURCE Resource);

/*
 * ExReinitializeResourceLite: make a resource that nobody holds as new.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS.
 * Page     ddi/wdm/nf-wdm-exreinitializeresourcelite
 */
NTKERNELAPI NTSTATUS ExReinitializeResourceLite(_Inout_ PERESOURCE Resource);

/*
 * ExDeleteResourceLite: end a resource that nobody holds; its memory is the caller's again.
 *
 * IRQL     <= APC_LEVEL
 * Returns  STATUS_SUCCESS.
 * Page     ddi/wdm/nf-wdm-exdeleteresourcelite
 */
NTKERNELAPI NTSTATUS ExDeleteResourceLite(_Inout_ PERESOURCE Resource);

/*
 * ExAcquireResourceExclusiveLite: take the resource alone. Who has it so may take it again; who
 * holds it shared has to release it first. Normal kernel APCs stay disabled, by
 * KeEnterCriticalRegion, until the release.
 *
 *   Wait  FALSE: do not wait.
 *
 * IRQL     <= APC_LEVEL
 * Returns  TRUE: taken.
 * Page     ddi/wdm/nf-wdm-exacquireresourceexclusivelite
 */
NTKERNELAPI BOOLEAN ExAcquireResourceExclusiveLite(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);

/*
 * ExAcquireResourceSharedLite: take the resource with other readers, again if the caller has it
 * already, whichever way. A newcomer queues behind a writer that waits. The critical region as for
 * ExAcquireResourceExclusiveLite.
 *
 *   Wait  FALSE: do not wait.
 *
 * IRQL     <= APC_LEVEL
 * Returns  TRUE: taken.
 * Page     ddi/wdm/nf-wdm-exacquireresourcesharedlite
 */
NTKERNELAPI BOOLEAN ExAcquireResourceSharedLite(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);

/*
 * ExAcquireSharedStarveExclusive: ExAcquireResourceSharedLite that passes writers that wait.
 *
 * IRQL     <= APC_LEVEL
 * Returns  TRUE: taken.
 * Page     ddi/wdm/nf-wdm-exacquiresharedstarveexclusive
 */
NTKERNELAPI BOOLEAN ExAcquireSharedStarveExclusive(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);

/*
 * ExAcquireSharedWaitForExclusive: ExAcquireResourceSharedLite that lets waiting writers go first
 * even when the caller holds the resource shared; then somebody else has to release that for it.
 *
 * IRQL     <= APC_LEVEL
 * Returns  TRUE: taken.
 * Page     ddi/wdm/nf-wdm-exacquiresharedwaitforexclusive
 */
NTKERNELAPI BOOLEAN ExAcquireSharedWaitForExclusive(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);

/*
 * ExReleaseResourceLite: give back what the calling thread took once. What it does not hold stops
 * the system with RESOURCE_NOT_OWNED.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exreleaseresourcelite
 */
NTKERNELAPI VOID ExReleaseResourceLite(_Inout_ PERESOURCE Resource);

/*
 * ExReleaseResourceForThreadLite: the same for another owner.
 *
 *   ResourceThreadId  ExGetCurrentResourceThread() of the thread, or the OwnerPointer of
 *                     ExSetResourceOwnerPointer.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exreleaseresourceforthreadlite
 */
NTKERNELAPI VOID ExReleaseResourceForThreadLite(_Inout_ PERESOURCE Resource,
                                                _In_ ERESOURCE_THREAD ResourceThreadId);

/*
 * ExConvertExclusiveToSharedLite: from writer to reader, letting the readers in that wait.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exconvertexclusivetosharedlite
 */
NTKERNELAPI VOID ExConvertExclusiveToSharedLite(_Inout_ PERESOURCE Resource);

/*
 * ExSetResourceOwnerPointer: hand what the calling thread holds of the resource to an address. From
 * then on only ExReleaseResourceForThreadLite, with that address, is for it.
 *
 *   OwnerPointer  Its two low bits set.
 *   Flags         0 or FLAG_OWNER_POINTER_IS_THREAD.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exsetresourceownerpointerex
 */
NTKERNELAPI VOID ExSetResourceOwnerPointer(_Inout_ PERESOURCE Resource, _In_ PVOID OwnerPointer);
NTKERNELAPI VOID ExSetResourceOwnerPointerEx(_Inout_ PERESOURCE Resource, _In_ PVOID OwnerPointer,
                                             _In_ ULONG Flags);
#define FLAG_OWNER_POINTER_IS_THREAD 0x1

/*
 * ExEnterCriticalRegionAndAcquireResourceExclusive: KeEnterCriticalRegion, then take the resource,
 * waiting for it; the Shared forms as a reader. ExReleaseResourceAndLeaveCriticalRegion undoes
 * both.
 *
 * IRQL     <= APC_LEVEL; the release <= DISPATCH_LEVEL
 * Returns  Nothing a driver should look at.
 * Page     ddi/wdm/nf-wdm-exentercriticalregionandacquireresourceexclusive
 */
NTKERNELAPI PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(_Inout_ PERESOURCE Resource);
NTKERNELAPI PVOID ExEnterCriticalRegionAndAcquireResourceShared(_Inout_ PERESOURCE Resource);
NTKERNELAPI PVOID
ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(_Inout_ PERESOURCE Resource);
NTKERNELAPI VOID ExReleaseResourceAndLeaveCriticalRegion(_Inout_ PERESOURCE Resource);

/*
 * ExIsResourceAcquiredExclusiveLite: whether the calling thread holds the resource alone; the
 * Shared form: how often it holds it, either way.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exisresourceacquiredexclusivelite
 */
NTKERNELAPI BOOLEAN ExIsResourceAcquiredExclusiveLite(_In_ PERESOURCE Resource);
NTKERNELAPI ULONG ExIsResourceAcquiredSharedLite(_In_ PERESOURCE Resource);
#define ExIsResourceAcquiredLite ExIsResourceAcquiredSharedLite

/*
 * ExGetExclusiveWaiterCount: how many wait for it alone; ExGetSharedWaiterCount: as readers.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exgetexclusivewaitercount
 */
NTKERNELAPI ULONG ExGetExclusiveWaiterCount(_In_ PERESOURCE Resource);
NTKERNELAPI ULONG ExGetSharedWaiterCount(_In_ PERESOURCE Resource);

#define ExGetCurrentResourceThread() ((ERESOURCE_THREAD)KeGetCurrentThread())

EXTERN_C_END
