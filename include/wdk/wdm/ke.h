/*
 * ke.h: IRQL, spin locks, time, processors, threads. Waiting and what one waits on is in
 * ke_wait.h; what is built on top (fast mutexes, work items, pool) in ex.h.
 */
#pragma once

#include <wdm/bugcodes.h>
#include <wdm/dbg.h>
#include <wdm/interlocked.h>
#include <wdm/ke_types.h>
#include <wdm/ke_wait.h>
#include <wdm/list.h>

EXTERN_C_START

/* IRQL. KeGetCurrentIrql is declared in dbg.h, which needs it first. */

/*
 * KfRaiseIrql: raise the IRQL of the current processor, that is, of this thread. KeRaiseIrql is the
 * same with the old IRQL stored.
 *
 *   NewIrql  Not below the current IRQL, else IRQL_NOT_GREATER_OR_EQUAL stops the system.
 *
 * IRQL     any, not above NewIrql
 * Returns  The IRQL before, for KeLowerIrql.
 * Page     ddi/wdm/nf-wdm-keraiseirql
 */
NTHALAPI KIRQL KfRaiseIrql(_In_ KIRQL NewIrql);

/*
 * KeRaiseIrqlToDpcLevel: raise to DISPATCH_LEVEL.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The IRQL before, for KeLowerIrql.
 * Page     ddi/wdm/nf-wdm-keraiseirqltodpclevel
 */
NTHALAPI KIRQL KeRaiseIrqlToDpcLevel(VOID);

/*
 * KeLowerIrql: go back to the IRQL that raising returned. What waited for a lower IRQL, DPCs for
 * example, may run before this returns.
 *
 *   NewIrql  Not above the current IRQL.
 *
 * IRQL     any, not below NewIrql
 * Page     ddi/wdm/nf-wdm-kelowerirql
 */
NTHALAPI VOID KeLowerIrql(_In_ KIRQL NewIrql);
#define KeRaiseIrql(NewIrql, OldIrql) (*(OldIrql) = KfRaiseIrql(NewIrql))
#define KfLowerIrql(NewIrql) KeLowerIrql(NewIrql)

/* Spin locks. */

/*
 * KeInitializeSpinLock: prepare a spin lock in nonpaged memory of the driver. It is never
 * destroyed.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-keinitializespinlock
 */
WDK_INLINE VOID KeInitializeSpinLock(_Out_ PKSPIN_LOCK SpinLock) {
  __atomic_store_n(SpinLock, 0, __ATOMIC_RELEASE);
}

/*
 * KeAcquireSpinLockRaiseToDpc: raise to DISPATCH_LEVEL and take the lock; KeAcquireSpinLock is the
 * same with the IRQL stored. The lock is not recursive: taking it twice never ends.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The IRQL before, for KeReleaseSpinLock.
 * Page     ddi/wdm/nf-wdm-keacquirespinlockraisetodpc
 */
NTKERNELAPI KIRQL KeAcquireSpinLockRaiseToDpc(_Inout_ PKSPIN_LOCK SpinLock);

/*
 * KeReleaseSpinLock: give the lock back and return to NewIrql, the value that taking it gave.
 *
 * IRQL     DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-kereleasespinlock
 */
NTKERNELAPI VOID KeReleaseSpinLock(_Inout_ PKSPIN_LOCK SpinLock, _In_ KIRQL NewIrql);

/*
 * KeAcquireSpinLockAtDpcLevel: take the lock when already at DISPATCH_LEVEL;
 * KeReleaseSpinLockFromDpcLevel gives it back. The IRQL stays as it is.
 *
 * IRQL     >= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-keacquirespinlockatdpclevel
 */
NTKERNELAPI VOID KeAcquireSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);
NTKERNELAPI VOID KeReleaseSpinLockFromDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);

/*
 * KeTryToAcquireSpinLockAtDpcLevel: take the lock if nobody holds it.
 *
 * IRQL     DISPATCH_LEVEL
 * Returns  TRUE: taken. FALSE: held by another.
 * Page     ddi/wdm/nf-wdm-ketrytoacquirespinlockatdpclevel
 */
NTKERNELAPI BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);

/*
 * KeTestSpinLock: look whether the lock is free, without taking it.
 *
 * Returns  TRUE: it was free a moment ago.
 * Page     ddi/wdm/nf-wdm-ketestspinlock
 */
NTKERNELAPI BOOLEAN KeTestSpinLock(_In_ PKSPIN_LOCK SpinLock);

/*
 * KeAcquireSpinLockForDpc: take a lock that a DPC shares, which may be a threaded DPC;
 * KeReleaseSpinLockForDpc gives it back.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The IRQL to hand to the release.
 * Page     ddi/wdm/nf-wdm-keacquirespinlockfordpc
 */
NTKERNELAPI KIRQL KeAcquireSpinLockForDpc(_Inout_ PKSPIN_LOCK SpinLock);
NTKERNELAPI VOID KeReleaseSpinLockForDpc(_Inout_ PKSPIN_LOCK SpinLock, _In_ KIRQL OldIrql);

/*
 * KeAcquireInStackQueuedSpinLock: take the lock in order of arrival. Do not mix with the plain
 * functions on one lock.
 *
 *   LockHandle  The caller's, usually on its stack; belongs to the lock until the release.
 *
 * IRQL     <= DISPATCH_LEVEL; the AtDpcLevel form at DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-keacquireinstackqueuedspinlock
 */
NTKERNELAPI VOID KeAcquireInStackQueuedSpinLock(_Inout_ PKSPIN_LOCK SpinLock,
                                                _Out_ PKLOCK_QUEUE_HANDLE LockHandle);
NTKERNELAPI VOID KeReleaseInStackQueuedSpinLock(_In_ PKLOCK_QUEUE_HANDLE LockHandle);
NTKERNELAPI VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock,
                                                          _Out_ PKLOCK_QUEUE_HANDLE LockHandle);
NTKERNELAPI VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(_In_ PKLOCK_QUEUE_HANDLE LockHandle);
#define KeAcquireInStackQueuedSpinLockForDpc KeAcquireInStackQueuedSpinLock
#define KeReleaseInStackQueuedSpinLockForDpc KeReleaseInStackQueuedSpinLock
#define KeAcquireSpinLock(SpinLock, OldIrql) (*(OldIrql) = KeAcquireSpinLockRaiseToDpc(SpinLock))
#define KefAcquireSpinLockAtDpcLevel(SpinLock) KeAcquireSpinLockAtDpcLevel(SpinLock)
#define KefReleaseSpinLockFromDpcLevel(SpinLock) KeReleaseSpinLockFromDpcLevel(SpinLock)

/* Time. System time and interrupt time count 100 ns. */

/*
 * KeQuerySystemTimePrecise: the time now: 100 ns units since 1601-01-01, UTC, as exactly as the
 * clock goes. KeQuerySystemTime may be as old as the last clock tick.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kequerysystemtimeprecise
 */
NTKERNELAPI VOID KeQuerySystemTimePrecise(_Out_ PLARGE_INTEGER CurrentTime);
NTKERNELAPI VOID KeQuerySystemTime(_Out_ PLARGE_INTEGER CurrentTime);

/*
 * KeQueryInterruptTime: 100 ns units since the start, never set back; KeQueryInterruptTimePrecise
 * also gives the performance counter of that moment, KeQueryUnbiasedInterruptTime leaves out sleep.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kequeryinterrupttime
 */
NTKERNELAPI ULONGLONG KeQueryInterruptTime(VOID);
NTKERNELAPI ULONGLONG KeQueryInterruptTimePrecise(_Out_ PULONG64 QpcTimeStamp);
NTKERNELAPI ULONGLONG KeQueryUnbiasedInterruptTime(VOID);

/*
 * KeQueryTickCount: clock ticks since the start, KeQueryTimeIncrement units of 100 ns each.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kequerytickcount
 */
NTKERNELAPI VOID KeQueryTickCount(_Out_ PLARGE_INTEGER TickCount);
NTKERNELAPI ULONG KeQueryTimeIncrement(VOID);

/*
 * KeQueryPerformanceCounter: a counter of high resolution, for measuring.
 *
 *   PerformanceFrequency  Set to its counts per second, when not NULL.
 *
 * IRQL     any
 * Page     ddi/ntifs/nf-ntifs-kequeryperformancecounter
 */
NTKERNELAPI LARGE_INTEGER KeQueryPerformanceCounter(_Out_opt_ PLARGE_INTEGER PerformanceFrequency);

/*
 * KeStallExecutionProcessor: spin for that long. For some 50 microseconds at most.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kestallexecutionprocessor
 */
NTHALAPI VOID KeStallExecutionProcessor(_In_ ULONG MicroSeconds);

/* Processors. */

/*
 * KeGetCurrentProcessorNumberEx: the index of the current processor; below DISPATCH_LEVEL it may be
 * another one at once.
 *
 *   ProcNumber  Set to its group and number, when not NULL.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kegetcurrentprocessornumberex
 */
NTKERNELAPI ULONG KeGetCurrentProcessorNumberEx(_Out_opt_ PPROCESSOR_NUMBER ProcNumber);

/*
 * KeQueryActiveProcessorCount: how many processors there are now. The Ex forms count one group, or
 * all with ALL_PROCESSOR_GROUPS; the Maximum forms count those that may still come.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kequeryactiveprocessorcount
 */
NTKERNELAPI ULONG KeQueryActiveProcessorCount(_Out_opt_ PKAFFINITY ActiveProcessors);
NTKERNELAPI ULONG KeQueryActiveProcessorCountEx(_In_ USHORT GroupNumber);
NTKERNELAPI ULONG KeQueryMaximumProcessorCount(VOID);
NTKERNELAPI ULONG KeQueryMaximumProcessorCountEx(_In_ USHORT GroupNumber);

/*
 * KeQueryActiveGroupCount: how many groups of up to 64 processors there are.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kequeryactivegroupcount
 */
NTKERNELAPI USHORT KeQueryActiveGroupCount(VOID);
NTKERNELAPI USHORT KeQueryMaximumGroupCount(VOID);

/*
 * KeQueryActiveProcessors: a bit for each processor (of the current group, or of GroupNumber).
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kequeryactiveprocessors
 */
NTKERNELAPI KAFFINITY KeQueryActiveProcessors(VOID);
NTKERNELAPI KAFFINITY KeQueryGroupAffinity(_In_ USHORT GroupNumber);

/*
 * KeGetProcessorNumberFromIndex: from an index that counts all processors to a group and number;
 * KeGetProcessorIndexFromNumber the other way, INVALID_PROCESSOR_INDEX (all ones) when there is
 * none.
 *
 * IRQL     any
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: no such index.
 * Page     ddi/wdm/nf-wdm-kegetprocessornumberfromindex
 */
NTKERNELAPI NTSTATUS KeGetProcessorNumberFromIndex(_In_ ULONG ProcIndex,
                                                   _Out_ PPROCESSOR_NUMBER ProcNumber);
NTKERNELAPI ULONG KeGetProcessorIndexFromNumber(_In_ PPROCESSOR_NUMBER ProcNumber);
/*
 * KeGetCurrentNodeNumber: NUMA nodes. There is one, number 0, with all processors.
 *
 *   NodeNumber  Affinity and Count are set to nothing for another one.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kegetcurrentnodenumber
 */
NTKERNELAPI USHORT KeGetCurrentNodeNumber(VOID);
NTKERNELAPI USHORT KeQueryHighestNodeNumber(VOID);
NTKERNELAPI VOID KeQueryNodeActiveAffinity(_In_ USHORT NodeNumber,
                                           _Out_opt_ PGROUP_AFFINITY Affinity,
                                           _Out_opt_ PUSHORT Count);
NTKERNELAPI USHORT KeQueryNodeMaximumProcessorCount(_In_ USHORT NodeNumber);

/*
 * KeGetRecommendedSharedDataAlignment: how far apart data must be that processors change at the
 * same time.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kegetrecommendedshareddataalignment
 */
NTKERNELAPI ULONG KeGetRecommendedSharedDataAlignment(VOID);
#define KeGetCurrentProcessorNumber() KeGetCurrentProcessorNumberEx(NULL)
#define KeGetCurrentProcessorIndex() KeGetCurrentProcessorNumberEx(NULL)

/* Threads. */

/*
 * KeGetCurrentThread: the running thread; a reference is not taken.
 *
 * IRQL     any
 * Returns  Opaque; KeWaitForSingleObject and Ob functions take it.
 * Page     ddi/wdm/nf-wdm-kegetcurrentthread
 */
NTKERNELAPI PKTHREAD KeGetCurrentThread(VOID);

/*
 * KeQueryPriorityThread: the thread's priority.
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wdm/nf-wdm-kequeryprioritythread
 */
NTKERNELAPI KPRIORITY KeQueryPriorityThread(_In_ PKTHREAD Thread);

/*
 * KeSetPriorityThread: set the thread's priority, 1 to 31.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  The priority before.
 * Page     ddi/wdm/nf-wdm-kesetprioritythread
 * Windows  Stored only: Linux schedules.
 */
NTKERNELAPI KPRIORITY KeSetPriorityThread(_Inout_ PKTHREAD Thread, _In_ KPRIORITY Priority);

/*
 * KeSetBasePriorityThread: set the base priority relative to the process.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  The increment before.
 * Page     ddi/ntddk/nf-ntddk-kesetbaseprioritythread
 * Windows  Stored only: Linux schedules.
 */
NTKERNELAPI LONG KeSetBasePriorityThread(_Inout_ PKTHREAD Thread, _In_ LONG Increment);

/*
 * KeSetSystemAffinityThreadEx: bind the running thread to processors; the Revert function takes
 * what this returned.
 *
 * IRQL     <= DISPATCH_LEVEL; at PASSIVE_LEVEL or APC_LEVEL it moves before returning
 * Returns  The affinity before, 0 when there was none.
 * Page     ddi/wdm/nf-wdm-kesetsystemaffinitythreadex
 */
NTKERNELAPI KAFFINITY KeSetSystemAffinityThreadEx(_In_ KAFFINITY Affinity);
NTKERNELAPI VOID KeRevertToUserAffinityThreadEx(_In_ KAFFINITY Affinity);

NTKERNELAPI VOID KeSetSystemAffinityThread(_In_ KAFFINITY Affinity);
NTKERNELAPI VOID KeRevertToUserAffinityThread(VOID);

/*
 * KeSetSystemGroupAffinityThread: the same for processors of one group.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-kesetsystemgroupaffinitythread
 */
NTKERNELAPI VOID KeSetSystemGroupAffinityThread(_In_ PGROUP_AFFINITY Affinity,
                                                _Out_opt_ PGROUP_AFFINITY PreviousAffinity);
NTKERNELAPI VOID KeRevertToUserGroupAffinityThread(_In_ PGROUP_AFFINITY PreviousAffinity);

/*
 * KeEnterCriticalRegion: hold off normal kernel APCs until KeLeaveCriticalRegion. They nest.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/ntddk/nf-ntddk-keentercriticalregion
 */
NTKERNELAPI VOID KeEnterCriticalRegion(VOID);
NTKERNELAPI VOID KeLeaveCriticalRegion(VOID);

/*
 * KeEnterGuardedRegion: hold off all APCs until KeLeaveGuardedRegion. They nest.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/ntddk/nf-ntddk-keenterguardedregion
 */
NTKERNELAPI VOID KeEnterGuardedRegion(VOID);
NTKERNELAPI VOID KeLeaveGuardedRegion(VOID);

/*
 * KeAreApcsDisabled: whether normal kernel APCs are held off; KeAreAllApcsDisabled: whether all
 * are.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-keareapcsdisabled
 */
NTKERNELAPI BOOLEAN KeAreApcsDisabled(VOID);
NTKERNELAPI BOOLEAN KeAreAllApcsDisabled(VOID);

/* What KeStackAttachProcess keeps for KeUnstackDetachProcess. */
typedef struct _KAPC_STATE {
  LIST_ENTRY ApcListHead[2];
  PKPROCESS Process;
  UCHAR InProgressFlags;
  BOOLEAN KernelApcPending;
  BOOLEAN UserApcPendingAll;
} KAPC_STATE, *PKAPC_STATE, *PRKAPC_STATE;

C_ASSERT(sizeof(KAPC_STATE) == 0x30);

/*
 * KeStackAttachProcess: run in the address space of a process until KeUnstackDetachProcess. There
 * is one, the system's.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/ntifs/nf-ntifs-kestackattachprocess
 */
NTKERNELAPI VOID KeStackAttachProcess(_Inout_ PRKPROCESS PROCESS, _Out_ PRKAPC_STATE ApcState);
NTKERNELAPI VOID KeUnstackDetachProcess(_In_ PRKAPC_STATE ApcState);

/*
 * EXPAND_STACK_CALLOUT: what KeExpandKernelStackAndCallout calls.
 *
 * Page     ddi/ntddk/nc-ntddk-expand_stack_callout
 */
_Function_class_(EXPAND_STACK_CALLOUT) typedef VOID NTAPI
    EXPAND_STACK_CALLOUT(_In_opt_ PVOID Parameter);
typedef EXPAND_STACK_CALLOUT* PEXPAND_STACK_CALLOUT;

#define MAXIMUM_EXPANSION_SIZE (PAGE_SIZE * 18)

/*
 * KeExpandKernelStackAndCallout: call a routine with at least Size bytes of stack.
 *
 *   Size  At most MAXIMUM_EXPANSION_SIZE.
 *
 * IRQL     <= APC_LEVEL; the Ex form <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS: called. STATUS_INVALID_PARAMETER_3: Size is too large.
 * Page     ddi/ntddk/nf-ntddk-keexpandkernelstackandcallout
 * Windows  Stacks are as large as Linux makes them, so none is expanded.
 */
NTKERNELAPI NTSTATUS KeExpandKernelStackAndCallout(_In_ PEXPAND_STACK_CALLOUT Callout,
                                                   _In_opt_ PVOID Parameter, _In_ SIZE_T Size);
NTKERNELAPI NTSTATUS KeExpandKernelStackAndCalloutEx(_In_ PEXPAND_STACK_CALLOUT Callout,
                                                     _In_opt_ PVOID Parameter, _In_ SIZE_T Size,
                                                     _In_ BOOLEAN Wait, _In_opt_ PVOID Context);

/* The registers of floating point belong to the thread, so there is nothing to save. */
typedef struct _KFLOATING_SAVE {
  ULONG Dummy;
} KFLOATING_SAVE, *PKFLOATING_SAVE;
#define KeSaveFloatingPointState(FloatSave) ((void)(FloatSave), (NTSTATUS)0)
#define KeRestoreFloatingPointState(FloatSave) ((void)(FloatSave), (NTSTATUS)0)

/* The end. */

/*
 * KeBugCheck: stop the system at once, with a code and four values that say why.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kebugcheckex
 * Windows  The process writes the code and where it came from, then aborts.
 */
NTKERNELAPI DECLSPEC_NORETURN VOID KeBugCheck(_In_ ULONG BugCheckCode);
NTKERNELAPI DECLSPEC_NORETURN VOID KeBugCheckEx(_In_ ULONG BugCheckCode,
                                                _In_ ULONG_PTR BugCheckParameter1,
                                                _In_ ULONG_PTR BugCheckParameter2,
                                                _In_ ULONG_PTR BugCheckParameter3,
                                                _In_ ULONG_PTR BugCheckParameter4);

EXTERN_C_END
