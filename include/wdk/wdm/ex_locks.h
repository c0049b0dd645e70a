/*
 * ex_locks.h: the executive's locks: fast and guarded mutexes, push locks, reader/writer spin
 * locks, rundown protection, resources; and the executive's odds and ends. Pool, lookaside lists
 * and work items are in ex.h.
 */
#pragma once

#include <wdm/ke.h>

EXTERN_C_START

/* Fast mutexes, which guarded mutexes are too. */
typedef struct _FAST_MUTEX {
  volatile LONG Count;
  PVOID Owner;
  ULONG Contention;
  KEVENT Event;
  ULONG OldIrql;
} FAST_MUTEX, *PFAST_MUTEX;
typedef struct _FAST_MUTEX KGUARDED_MUTEX, *PKGUARDED_MUTEX;

C_ASSERT(sizeof(FAST_MUTEX) == 0x38 && FIELD_OFFSET(FAST_MUTEX, Owner) == 8);
C_ASSERT(FIELD_OFFSET(FAST_MUTEX, Event) == 0x18 && FIELD_OFFSET(FAST_MUTEX, OldIrql) == 0x30);

#define FM_LOCK_BIT 0x1

/*
 * ExInitializeFastMutex: prepare a fast mutex in nonpaged memory.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exinitializefastmutex
 */
WDK_INLINE VOID ExInitializeFastMutex(_Out_ PFAST_MUTEX FastMutex) {
  FastMutex->Count = FM_LOCK_BIT;
  FastMutex->Owner = NULL;
  FastMutex->Contention = 0;
  KeInitializeEvent(&FastMutex->Event, SynchronizationEvent, FALSE);
}

/*
 * ExAcquireFastMutex: take the mutex and raise to APC_LEVEL; ExReleaseFastMutex goes back. Not
 * recursive. The Unsafe forms leave the IRQL: the caller is at APC_LEVEL or in a critical region.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exacquirefastmutex
 */
NTKERNELAPI VOID ExAcquireFastMutex(_Inout_ PFAST_MUTEX FastMutex);
NTKERNELAPI VOID ExReleaseFastMutex(_Inout_ PFAST_MUTEX FastMutex);

/*
 * ExTryToAcquireFastMutex: take the mutex if it is free.
 *
 * IRQL     <= APC_LEVEL
 * Returns  TRUE: taken, and at APC_LEVEL now.
 * Page     ddi/wdm/nf-wdm-extrytoacquirefastmutex
 */
NTKERNELAPI BOOLEAN ExTryToAcquireFastMutex(_Inout_ PFAST_MUTEX FastMutex);
NTKERNELAPI VOID ExAcquireFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex);
NTKERNELAPI VOID ExReleaseFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex);

/*
 * KeInitializeGuardedMutex: prepare a guarded mutex: as a fast mutex, but the holder is in a
 * guarded region instead of at APC_LEVEL.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-keinitializeguardedmutex
 */
NTKERNELAPI VOID KeInitializeGuardedMutex(_Out_ PKGUARDED_MUTEX Mutex);

/*
 * KeAcquireGuardedMutex: take the mutex and enter a guarded region; KeReleaseGuardedMutex leaves
 * it. Not recursive.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-keacquireguardedmutex
 */
NTKERNELAPI VOID KeAcquireGuardedMutex(_Inout_ PKGUARDED_MUTEX Mutex);
NTKERNELAPI VOID KeReleaseGuardedMutex(_Inout_ PKGUARDED_MUTEX Mutex);

/*
 * KeTryToAcquireGuardedMutex: take the mutex if it is free.
 *
 * IRQL     <= APC_LEVEL
 * Returns  TRUE: taken.
 * Page     ddi/wdm/nf-wdm-ketrytoacquireguardedmutex
 */
NTKERNELAPI BOOLEAN KeTryToAcquireGuardedMutex(_Inout_ PKGUARDED_MUTEX Mutex);
NTKERNELAPI VOID KeAcquireGuardedMutexUnsafe(_Inout_ PKGUARDED_MUTEX Mutex);
NTKERNELAPI VOID KeReleaseGuardedMutexUnsafe(_Inout_ PKGUARDED_MUTEX Mutex);

/* Rundown protection. */
typedef struct _EX_RUNDOWN_REF {
  union {
    volatile ULONG_PTR Count;
    PVOID volatile Ptr;
  };
} EX_RUNDOWN_REF, *PEX_RUNDOWN_REF;

C_ASSERT(sizeof(EX_RUNDOWN_REF) == 8);

#define EX_RUNDOWN_ACTIVE 0x1
#define EX_RUNDOWN_COUNT_SHIFT 0x1
#define EX_RUNDOWN_COUNT_INC (1 << EX_RUNDOWN_COUNT_SHIFT)

/*
 * ExInitializeRundownProtection: prepare protection of something shared: users acquire it, the
 * owner waits for their release before it takes the thing away.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exinitializerundownprotection
 */
NTKERNELAPI VOID ExInitializeRundownProtection(_Out_ PEX_RUNDOWN_REF RunRef);

/*
 * ExReInitializeRundownProtection: use it again after the wait.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exreinitializerundownprotection
 */
NTKERNELAPI VOID ExReInitializeRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);

/*
 * ExAcquireRundownProtection: begin to use the shared thing (Ex: Count times).
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  FALSE: rundown has begun, do not touch it.
 * Page     ddi/wdm/nf-wdm-exacquirerundownprotection
 */
NTKERNELAPI BOOLEAN ExAcquireRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
NTKERNELAPI BOOLEAN ExAcquireRundownProtectionEx(_Inout_ PEX_RUNDOWN_REF RunRef, _In_ ULONG Count);

/*
 * ExReleaseRundownProtection: end one use (Ex: Count of them). The last may wake the owner.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exreleaserundownprotection
 */
NTKERNELAPI VOID ExReleaseRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
NTKERNELAPI VOID ExReleaseRundownProtectionEx(_Inout_ PEX_RUNDOWN_REF RunRef, _In_ ULONG Count);

/*
 * ExWaitForRundownProtectionRelease: begin rundown, so that nobody new acquires, and wait until
 * every user has released.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exwaitforrundownprotectionrelease
 */
NTKERNELAPI VOID ExWaitForRundownProtectionRelease(_Inout_ PEX_RUNDOWN_REF RunRef);

/*
 * ExRundownCompleted: mark rundown as complete without waiting, for
 * ExReInitializeRundownProtection.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exrundowncompleted
 */
NTKERNELAPI VOID ExRundownCompleted(_Inout_ PEX_RUNDOWN_REF RunRef);

/* Push locks. */
typedef ULONG_PTR EX_PUSH_LOCK, *PEX_PUSH_LOCK;

#define EX_DEFAULT_PUSH_LOCK_FLAGS 0

/*
 * ExInitializePushLock: prepare a push lock: reader/writer, 8 bytes, not recursive.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exinitializepushlock
 */
NTKERNELAPI VOID ExInitializePushLock(_Out_ PEX_PUSH_LOCK PushLock);

/*
 * ExAcquirePushLockExclusiveEx: take the lock alone (Shared: with other readers). In a critical
 * region.
 *
 *   Flags  EX_DEFAULT_PUSH_LOCK_FLAGS.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exacquirepushlockexclusive
 */
NTKERNELAPI VOID ExAcquirePushLockExclusiveEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);
NTKERNELAPI VOID ExAcquirePushLockSharedEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);

/*
 * ExReleasePushLockExclusiveEx: give the lock back, the way it was taken; ExReleasePushLockEx takes
 * either.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exreleasepushlockexclusive
 */
NTKERNELAPI VOID ExReleasePushLockExclusiveEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);
NTKERNELAPI VOID ExReleasePushLockSharedEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);
NTKERNELAPI VOID ExReleasePushLockEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);
#define ExAcquirePushLockExclusive(Lock) \
  ExAcquirePushLockExclusiveEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExAcquirePushLockShared(Lock) ExAcquirePushLockSharedEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockExclusive(Lock) \
  ExReleasePushLockExclusiveEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockShared(Lock) ExReleasePushLockSharedEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLock(Lock) ExReleasePushLockEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)

/* Reader/writer spin locks. */
typedef volatile LONG EX_SPIN_LOCK, *PEX_SPIN_LOCK;

#define ALLOC_EX_SPIN_LOCK 0

/*
 * ExAcquireSpinLockShared: raise to DISPATCH_LEVEL and take the lock with other readers;
 * ExReleaseSpinLockShared gives it back. A lock starts as 0. Not recursive.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The IRQL before, for the release.
 * Page     ddi/wdm/nf-wdm-exacquirespinlockshared
 */
NTKERNELAPI KIRQL ExAcquireSpinLockShared(_Inout_ PEX_SPIN_LOCK SpinLock);
NTKERNELAPI VOID ExReleaseSpinLockShared(_Inout_ PEX_SPIN_LOCK SpinLock, _In_ KIRQL OldIrql);

/*
 * ExAcquireSpinLockExclusive: the same alone, as a writer.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The IRQL before, for the release.
 * Page     ddi/wdm/nf-wdm-exacquirespinlockexclusive
 */
NTKERNELAPI KIRQL ExAcquireSpinLockExclusive(_Inout_ PEX_SPIN_LOCK SpinLock);
NTKERNELAPI VOID ExReleaseSpinLockExclusive(_Inout_ PEX_SPIN_LOCK SpinLock, _In_ KIRQL OldIrql);

/*
 * ExAcquireSpinLockSharedAtDpcLevel: the four above for callers at DISPATCH_LEVEL; the IRQL stays.
 *
 * IRQL     >= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exacquirespinlocksharedatdpclevel
 */
NTKERNELAPI VOID ExAcquireSpinLockSharedAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
NTKERNELAPI VOID ExReleaseSpinLockSharedFromDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
NTKERNELAPI VOID ExAcquireSpinLockExclusiveAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
NTKERNELAPI VOID ExReleaseSpinLockExclusiveFromDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);

/*
 * ExTryConvertSharedSpinLockExclusive: become writer if no other reader holds the lock.
 *
 * IRQL     DISPATCH_LEVEL
 * Returns  Nonzero: writer now. 0: still reader.
 * Page     ddi/wdm/nf-wdm-extryconvertsharedspinlockexclusive
 */
NTKERNELAPI LOGICAL ExTryConvertSharedSpinLockExclusive(_Inout_ PEX_SPIN_LOCK SpinLock);

/*
 * ExTryAcquireSpinLockSharedAtDpcLevel: take the lock if that needs no waiting.
 *
 * IRQL     >= DISPATCH_LEVEL
 * Returns  Nonzero: taken.
 */
NTKERNELAPI LOGICAL ExTryAcquireSpinLockSharedAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
NTKERNELAPI LOGICAL ExTryAcquireSpinLockExclusiveAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);

/* Resources: reader/writer locks one may sleep on and take again. */
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

/*
 * ExInitializeResourceLite: prepare a resource: a reader/writer lock one may sleep on and take
 * again. In nonpaged memory, not inside a device extension. Deleted before the memory goes.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS.
 * Page     ddi/wdm/nf-wdm-exinitializeresourcelite
 */
NTKERNELAPI NTSTATUS ExInitializeResourceLite(_Out_ PERESOURCE Resource);

/*
 * ExReinitializeResourceLite: make an unused resource as new.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS.
 * Page     ddi/wdm/nf-wdm-exreinitializeresourcelite
 */
NTKERNELAPI NTSTATUS ExReinitializeResourceLite(_Inout_ PERESOURCE Resource);

/*
 * ExDeleteResourceLite: end the resource; nobody holds it.
 *
 * IRQL     <= APC_LEVEL
 * Returns  STATUS_SUCCESS.
 * Page     ddi/wdm/nf-wdm-exdeleteresourcelite
 */
NTKERNELAPI NTSTATUS ExDeleteResourceLite(_Inout_ PERESOURCE Resource);

/*
 * ExAcquireResourceSharedLite: take the resource with other readers; in a critical region. A
 * waiting writer goes first, except that who holds it may take it again; StarveExclusive passes
 * waiting writers, WaitForExclusive never does.
 *
 *   Wait  FALSE: do not wait.
 *
 * IRQL     <= APC_LEVEL
 * Returns  TRUE: taken.
 * Page     ddi/wdm/nf-wdm-exacquireresourcesharedlite
 */
NTKERNELAPI BOOLEAN ExAcquireResourceSharedLite(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);

/*
 * ExAcquireResourceExclusiveLite: take the resource alone; who has it so may take it again. In a
 * critical region.
 *
 * IRQL     <= APC_LEVEL
 * Returns  TRUE: taken.
 * Page     ddi/wdm/nf-wdm-exacquireresourceexclusivelite
 */
NTKERNELAPI BOOLEAN ExAcquireResourceExclusiveLite(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);
NTKERNELAPI BOOLEAN ExAcquireSharedStarveExclusive(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);
NTKERNELAPI BOOLEAN ExAcquireSharedWaitForExclusive(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);

/*
 * ExReleaseResourceLite: give back what this thread (ForThread: that one) took once.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exreleaseresourcelite
 */
NTKERNELAPI VOID ExReleaseResourceLite(_Inout_ PERESOURCE Resource);
NTKERNELAPI VOID ExReleaseResourceForThreadLite(_Inout_ PERESOURCE Resource,
                                                _In_ ERESOURCE_THREAD ResourceThreadId);

/*
 * ExConvertExclusiveToSharedLite: from writer to reader, letting waiting readers in.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exconvertexclusivetosharedlite
 */
NTKERNELAPI VOID ExConvertExclusiveToSharedLite(_Inout_ PERESOURCE Resource);

/*
 * ExIsResourceAcquiredExclusiveLite: whether this thread holds the resource alone; the Shared form:
 * how often it holds it either way.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exisresourceacquiredexclusivelite
 */
NTKERNELAPI BOOLEAN ExIsResourceAcquiredExclusiveLite(_In_ PERESOURCE Resource);
NTKERNELAPI ULONG ExIsResourceAcquiredSharedLite(_In_ PERESOURCE Resource);

/*
 * ExGetExclusiveWaiterCount: how many wait for it alone; ExGetSharedWaiterCount: as readers.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exgetexclusivewaitercount
 */
NTKERNELAPI ULONG ExGetExclusiveWaiterCount(_In_ PERESOURCE Resource);
NTKERNELAPI ULONG ExGetSharedWaiterCount(_In_ PERESOURCE Resource);
#define ExIsResourceAcquiredLite(Resource) ExIsResourceAcquiredSharedLite(Resource)
#define ExGetCurrentResourceThread() ((ERESOURCE_THREAD)KeGetCurrentThread())

/* Odds and ends. */

/*
 * ExRaiseStatus: raise an exception.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exraisestatus
 * Windows  There is no structured exception handling: the process stops, naming status and caller.
 */
NTKERNELAPI DECLSPEC_NORETURN VOID ExRaiseStatus(_In_ NTSTATUS Status);
NTKERNELAPI DECLSPEC_NORETURN VOID ExRaiseAccessViolation(VOID);
NTKERNELAPI DECLSPEC_NORETURN VOID ExRaiseDatatypeMisalignment(VOID);

/*
 * ExUuidCreate: a new random GUID.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_RETRY: try again later.
 * Page     ddi/ntddk/nf-ntddk-exuuidcreate
 */
NTKERNELAPI NTSTATUS ExUuidCreate(_Out_ GUID* Uuid);

/*
 * ExSystemTimeToLocalTime: from UTC to the local time zone; ExLocalTimeToSystemTime back.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-exsystemtimetolocaltime
 */
NTKERNELAPI VOID ExSystemTimeToLocalTime(_In_ PLARGE_INTEGER SystemTime,
                                         _Out_ PLARGE_INTEGER LocalTime);
NTKERNELAPI VOID ExLocalTimeToSystemTime(_In_ PLARGE_INTEGER LocalTime,
                                         _Out_ PLARGE_INTEGER SystemTime);

/*
 * ExSetTimerResolution: ask for clock ticks every DesiredTime times 100 ns, or take that back.
 *
 * IRQL     <= APC_LEVEL
 * Returns  The resolution in effect.
 * Page     ddi/wdm/nf-wdm-exsettimerresolution
 */
NTKERNELAPI ULONG ExSetTimerResolution(_In_ ULONG DesiredTime, _In_ BOOLEAN SetResolution);

/*
 * ExQueryTimerResolution: the clock's coarsest, finest and present tick in 100 ns units.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-exquerytimerresolution
 */
NTKERNELAPI VOID ExQueryTimerResolution(_Out_ PULONG MaximumTime, _Out_ PULONG MinimumTime,
                                        _Out_ PULONG CurrentTime);

/*
 * ExGetPreviousMode: where the running request came from.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  KernelMode: always, for there is no user mode.
 * Page     ddi/wdm/nf-wdm-exgetpreviousmode
 */
NTKERNELAPI KPROCESSOR_MODE ExGetPreviousMode(VOID);

/*
 * ExIsProcessorFeaturePresent: whether the processor has a feature (PF_xxx).
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wdm/nf-wdm-exisprocessorfeaturepresent
 */
NTKERNELAPI BOOLEAN ExIsProcessorFeaturePresent(_In_ ULONG ProcessorFeature);

EXTERN_C_END
