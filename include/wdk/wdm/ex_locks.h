/*
 * ex_locks.h: the executive's locks: fast and guarded mutexes, push locks, reader/writer spin
 * locks, rundown protection; and the executive's odds and ends. Resources are in ex_resource.h.
 */
#pragma once

#include <wdm/ex_pool.h>
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

/* Rundown protection that processors need not share a cache line for; opaque. */
typedef struct _EX_RUNDOWN_REF_CACHE_AWARE* PEX_RUNDOWN_REF_CACHE_AWARE;

/*
 * ExAllocateCacheAwareRundownProtection: rundown protection in memory of its own, which
 * ExFreeCacheAwareRundownProtection gives back; or in the driver's, of
 * ExSizeOfRundownProtectionCacheAware bytes, by ExInitializeRundownProtectionCacheAware. The other
 * functions are those above for it.
 *
 * IRQL     <= APC_LEVEL for paged pool, else <= DISPATCH_LEVEL; the others as above
 * Returns  It; NULL: no memory.
 * Page     ddi/wdm/nf-wdm-exallocatecacheawarerundownprotection
 */
NTKERNELAPI PEX_RUNDOWN_REF_CACHE_AWARE
ExAllocateCacheAwareRundownProtection(_In_ POOL_TYPE PoolType, _In_ ULONG PoolTag);
NTKERNELAPI VOID
ExFreeCacheAwareRundownProtection(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
NTKERNELAPI SIZE_T ExSizeOfRundownProtectionCacheAware(VOID);
NTKERNELAPI VOID ExInitializeRundownProtectionCacheAware(
    _Out_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, _In_ SIZE_T RunRefSize);
NTKERNELAPI VOID
ExReInitializeRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
NTKERNELAPI BOOLEAN
ExAcquireRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
NTKERNELAPI BOOLEAN ExAcquireRundownProtectionCacheAwareEx(
    _Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, _In_ ULONG Count);
NTKERNELAPI VOID
ExReleaseRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
NTKERNELAPI VOID ExReleaseRundownProtectionCacheAwareEx(
    _Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, _In_ ULONG Count);
NTKERNELAPI VOID
ExWaitForRundownProtectionReleaseCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
NTKERNELAPI VOID ExRundownCompletedCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);

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

#define PF_FLOATING_POINT_PRECISION_ERRATA 0
#define PF_FLOATING_POINT_EMULATED 1
#define PF_COMPARE_EXCHANGE_DOUBLE 2
#define PF_MMX_INSTRUCTIONS_AVAILABLE 3
#define PF_XMMI_INSTRUCTIONS_AVAILABLE 6
#define PF_3DNOW_INSTRUCTIONS_AVAILABLE 7
#define PF_RDTSC_INSTRUCTION_AVAILABLE 8
#define PF_PAE_ENABLED 9
#define PF_XMMI64_INSTRUCTIONS_AVAILABLE 10
#define PF_NX_ENABLED 12
#define PF_SSE3_INSTRUCTIONS_AVAILABLE 13
#define PF_COMPARE_EXCHANGE128 14
#define PF_XSAVE_ENABLED 17
#define PF_RDWRFSGSBASE_AVAILABLE 22
#define PF_FASTFAIL_AVAILABLE 23
#define PF_RDRAND_INSTRUCTION_AVAILABLE 28
#define PF_RDTSCP_INSTRUCTION_AVAILABLE 32
#define PF_SSSE3_INSTRUCTIONS_AVAILABLE 36
#define PF_SSE4_1_INSTRUCTIONS_AVAILABLE 37
#define PF_SSE4_2_INSTRUCTIONS_AVAILABLE 38
#define PF_AVX_INSTRUCTIONS_AVAILABLE 39
#define PF_AVX2_INSTRUCTIONS_AVAILABLE 40
#define PF_AVX512F_INSTRUCTIONS_AVAILABLE 41

EXTERN_C_END
