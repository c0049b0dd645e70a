/*
 * ke_wait.h: events, semaphores, mutexes, waits, timers and the DPCs that timers queue. The
 * objects are in ke_types.h; IRQL, spin locks and the rest of Ke in ke.h.
 */
#pragma once

#include <wdm/ke_types.h>

EXTERN_C_START

/* Events. */

/*
 * KeInitializeEvent: prepare an event in memory of the driver. It is never destroyed: its memory
 * may go as soon as nobody waits.
 *
 *   Type   NotificationEvent stays signalled until it is cleared and releases all waiters;
 *          SynchronizationEvent releases one and clears itself.
 *   State  TRUE: signalled from the start.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-keinitializeevent
 */
NTKERNELAPI VOID KeInitializeEvent(_Out_ PRKEVENT Event, _In_ EVENT_TYPE Type, _In_ BOOLEAN State);

/*
 * KeSetEvent: signal the event.
 *
 *   Increment  Priority boost for who waits.
 *   Wait       TRUE: the caller waits next, in a Ke wait function.
 *
 * IRQL     <= DISPATCH_LEVEL; with Wait TRUE <= APC_LEVEL
 * Returns  The state before: nonzero if it was signalled already.
 * Page     ddi/wdm/nf-wdm-kesetevent
 * Windows  Increment changes nothing here: threads have no NT priority.
 */
NTKERNELAPI LONG KeSetEvent(_Inout_ PRKEVENT Event, _In_ KPRIORITY Increment, _In_ BOOLEAN Wait);

/*
 * KePulseEvent: KeSetEvent for those who wait now; then the event is not signalled.
 *
 * IRQL     <= DISPATCH_LEVEL; with Wait TRUE <= APC_LEVEL
 * Returns  The state before.
 * Page     ddi/ntddk/nf-ntddk-kepulseevent
 */
NTKERNELAPI LONG KePulseEvent(_Inout_ PRKEVENT Event, _In_ KPRIORITY Increment, _In_ BOOLEAN Wait);

/*
 * KeResetEvent: make the event not signalled.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The state before.
 * Page     ddi/wdm/nf-wdm-keresetevent
 */
NTKERNELAPI LONG KeResetEvent(_Inout_ PRKEVENT Event);

/*
 * KeClearEvent: make the event not signalled; cheaper when the state before does not matter.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-keclearevent
 */
NTKERNELAPI VOID KeClearEvent(_Inout_ PRKEVENT Event);

/*
 * KeReadStateEvent: look at the event.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  Nonzero: signalled a moment ago.
 * Page     ddi/wdm/nf-wdm-kereadstateevent
 */
NTKERNELAPI LONG KeReadStateEvent(_In_ PRKEVENT Event);

/* Semaphores. */

/*
 * KeInitializeSemaphore: prepare a semaphore.
 *
 *   Count  Units at the start, 0 to Limit. Signalled while above 0; a wait takes one.
 *   Limit  Most units there can be, above 0.
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wdm/nf-wdm-keinitializesemaphore
 */
NTKERNELAPI VOID KeInitializeSemaphore(_Out_ PRKSEMAPHORE Semaphore, _In_ LONG Count,
                                       _In_ LONG Limit);

/*
 * KeReleaseSemaphore: give Adjustment (above 0) units back. Beyond the limit it raises
 * STATUS_SEMAPHORE_LIMIT_EXCEEDED. Increment and Wait as in KeSetEvent.
 *
 * IRQL     <= DISPATCH_LEVEL; with Wait TRUE <= APC_LEVEL
 * Returns  The units before.
 * Page     ddi/wdm/nf-wdm-kereleasesemaphore
 */
NTKERNELAPI LONG KeReleaseSemaphore(_Inout_ PRKSEMAPHORE Semaphore, _In_ KPRIORITY Increment,
                                    _In_ LONG Adjustment, _In_ BOOLEAN Wait);

/*
 * KeReadStateSemaphore: look at the semaphore.
 *
 * IRQL     any
 * Returns  The units there were a moment ago.
 * Page     ddi/wdm/nf-wdm-kereadstatesemaphore
 */
NTKERNELAPI LONG KeReadStateSemaphore(_In_ PRKSEMAPHORE Semaphore);

/* Mutexes. */

/*
 * KeInitializeMutex: prepare a mutex, free. The thread that waits for it owns it, may wait for it
 * again, and has to release it as often.
 *
 *   Level  Unused; 0.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-keinitializemutex
 */
NTKERNELAPI VOID KeInitializeMutex(_Out_ PRKMUTEX Mutex, _In_ ULONG Level);

/*
 * KeReleaseMutex: give the mutex back; only its owner may (STATUS_MUTANT_NOT_OWNED is raised
 * otherwise).
 *
 * IRQL     <= DISPATCH_LEVEL; with Wait TRUE <= APC_LEVEL
 * Returns  0: it is free now. Else it is still owned.
 * Page     ddi/wdm/nf-wdm-kereleasemutex
 */
NTKERNELAPI LONG KeReleaseMutex(_Inout_ PRKMUTEX Mutex, _In_ BOOLEAN Wait);

/*
 * KeReadStateMutex: look at the mutex.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  1: free a moment ago.
 * Page     ddi/wdm/nf-wdm-kereadstatemutex
 */
NTKERNELAPI LONG KeReadStateMutex(_In_ PRKMUTEX Mutex);

/*
 * KeWaitForSingleObject: wait until an event, semaphore, mutex, timer or thread is signalled.
 *
 *   Object      The object itself, not a handle. Its memory stays until the wait returns, no
 *               longer.
 *   WaitReason  Executive for drivers.
 *   WaitMode    KernelMode. UserMode would let a user APC end the wait.
 *   Alertable   TRUE: an alert may end the wait.
 *   Timeout     100 ns units. Negative: from now. Positive: since 1601. Zero: do not wait. NULL:
 *               forever.
 *
 * IRQL     <= APC_LEVEL; with a zero Timeout <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS: signalled. STATUS_TIMEOUT: not in time (NT_SUCCESS holds for it too).
 *          STATUS_ALERTED, STATUS_USER_APC. STATUS_ABANDONED: a mutex whose owner ended.
 * Page     ddi/wdm/nf-wdm-kewaitforsingleobject
 */
NTKERNELAPI NTSTATUS KeWaitForSingleObject(_In_ PVOID Object, _In_ KWAIT_REASON WaitReason,
                                           _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                           _In_opt_ PLARGE_INTEGER Timeout);

/*
 * KeWaitForMultipleObjects: wait for one (WaitAny) or all (WaitAll) of several objects. WaitAll
 * takes them all at once or none.
 *
 *   Count           At most THREAD_WAIT_OBJECTS (3) without WaitBlockArray, else at most
 *                   MAXIMUM_WAIT_OBJECTS (64); more stops the system with
 *                   MAXIMUM_WAIT_OBJECTS_EXCEEDED.
 *   Object          The objects, as for KeWaitForSingleObject.
 *   WaitBlockArray  Count blocks of nonpaged memory that belong to the wait, or NULL.
 *
 * IRQL     <= APC_LEVEL; with a zero Timeout <= DISPATCH_LEVEL
 * Returns  WaitAny: STATUS_WAIT_0 plus the index of the object. WaitAll: STATUS_SUCCESS.
 *          STATUS_ABANDONED_WAIT_0 plus an index; STATUS_TIMEOUT.
 * Page     ddi/wdm/nf-wdm-kewaitformultipleobjects
 */
NTKERNELAPI NTSTATUS KeWaitForMultipleObjects(_In_ ULONG Count, _In_reads_(Count) PVOID Object[],
                                              _In_ WAIT_TYPE WaitType, _In_ KWAIT_REASON WaitReason,
                                              _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                              _In_opt_ PLARGE_INTEGER Timeout,
                                              _Out_opt_ PKWAIT_BLOCK WaitBlockArray);

/*
 * KeDelayExecutionThread: sleep.
 *
 *   Interval  As a wait's Timeout; not NULL.
 *
 * IRQL     <= APC_LEVEL
 * Returns  STATUS_SUCCESS: the time is over. STATUS_ALERTED, STATUS_USER_APC.
 * Page     ddi/wdm/nf-wdm-kedelayexecutionthread
 */
NTKERNELAPI NTSTATUS KeDelayExecutionThread(_In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                            _In_ PLARGE_INTEGER Interval);
#define KeWaitForMutexObject KeWaitForSingleObject

/* Timers. */

/*
 * KeInitializeTimer: prepare a notification timer; KeInitializeTimerEx one of either type, which
 * behaves as an event of that type when it expires. Neither arms it.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-keinitializetimer
 */
NTKERNELAPI VOID KeInitializeTimer(_Out_ PKTIMER Timer);
NTKERNELAPI VOID KeInitializeTimerEx(_Out_ PKTIMER Timer, _In_ TIMER_TYPE Type);

/*
 * KeSetTimer: arm the timer; armed already, it is armed anew. When it expires it becomes signalled
 * and its DPC is queued.
 *
 *   DueTime  100 ns units: negative from now, else since 1601.
 *   Dpc      Queued at each expiry, or NULL.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  TRUE: it was armed before.
 * Page     ddi/wdm/nf-wdm-kesettimer
 */
NTKERNELAPI BOOLEAN KeSetTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime,
                               _In_opt_ PKDPC Dpc);

/*
 * KeSetTimerEx: KeSetTimer, and then again every Period milliseconds (0: once).
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  TRUE: it was armed before.
 * Page     ddi/wdm/nf-wdm-kesettimerex
 */
NTKERNELAPI BOOLEAN KeSetTimerEx(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime,
                                 _In_ LONG Period, _In_opt_ PKDPC Dpc);

/*
 * KeSetCoalescableTimer: KeSetTimerEx that may be up to TolerableDelay milliseconds late.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  TRUE: it was armed before.
 * Page     ddi/wdm/nf-wdm-kesetcoalescabletimer
 */
NTKERNELAPI BOOLEAN KeSetCoalescableTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime,
                                          _In_ ULONG Period, _In_ ULONG TolerableDelay,
                                          _In_opt_ PKDPC Dpc);

/*
 * KeCancelTimer: disarm the timer. A DPC that it queued already still runs: KeRemoveQueueDpc or
 * KeFlushQueuedDpcs before the memory goes.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  TRUE: it was armed.
 * Page     ddi/wdm/nf-wdm-kecanceltimer
 */
NTKERNELAPI BOOLEAN KeCancelTimer(_Inout_ PKTIMER Timer);

/*
 * KeReadStateTimer: look at the timer.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  TRUE: signalled a moment ago.
 * Page     ddi/wdm/nf-wdm-kereadstatetimer
 */
NTKERNELAPI BOOLEAN KeReadStateTimer(_In_ PKTIMER Timer);

/* DPCs. */

/*
 * KeInitializeDpc: prepare a DPC in nonpaged memory of the driver.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-keinitializedpc
 */
NTKERNELAPI VOID KeInitializeDpc(_Out_ PRKDPC Dpc, _In_ PKDEFERRED_ROUTINE DeferredRoutine,
                                 _In_opt_ PVOID DeferredContext);

/*
 * KeInitializeThreadedDpc: prepare a DPC whose routine may run at PASSIVE_LEVEL on a thread
 * instead.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-keinitializethreadeddpc
 */
NTKERNELAPI VOID KeInitializeThreadedDpc(_Out_ PRKDPC Dpc, _In_ PKDEFERRED_ROUTINE DeferredRoutine,
                                         _In_opt_ PVOID DeferredContext);

/*
 * KeInsertQueueDpc: queue the DPC to run soon, on its processor or the current one. Once it runs it
 * may be queued again.
 *
 * IRQL     any
 * Returns  TRUE: queued. FALSE: it was queued already and keeps its first arguments.
 * Page     ddi/wdm/nf-wdm-keinsertqueuedpc
 */
NTKERNELAPI BOOLEAN KeInsertQueueDpc(_Inout_ PRKDPC Dpc, _In_opt_ PVOID SystemArgument1,
                                     _In_opt_ PVOID SystemArgument2);

/*
 * KeRemoveQueueDpc: take a DPC that has not begun from the queue. Does not wait for one that runs.
 *
 * IRQL     any
 * Returns  TRUE: it was queued and will not run.
 * Page     ddi/wdm/nf-wdm-keremovequeuedpc
 */
NTKERNELAPI BOOLEAN KeRemoveQueueDpc(_Inout_ PRKDPC Dpc);

/*
 * KeSetImportanceDpc: say how eagerly the DPC should run. Before it is queued.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kesetimportancedpc
 */
NTKERNELAPI VOID KeSetImportanceDpc(_Inout_ PRKDPC Dpc, _In_ KDPC_IMPORTANCE Importance);

/*
 * KeSetTargetProcessorDpc: choose the processor it runs on. Before it is queued.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kesettargetprocessordpc
 */
NTKERNELAPI VOID KeSetTargetProcessorDpc(_Inout_ PRKDPC Dpc, _In_ CCHAR Number);

/*
 * KeSetTargetProcessorDpcEx: choose the processor it runs on, in any group.
 *
 * IRQL     any
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: no such processor.
 * Page     ddi/wdm/nf-wdm-kesettargetprocessordpcex
 */
NTKERNELAPI NTSTATUS KeSetTargetProcessorDpcEx(_Inout_ PKDPC Dpc,
                                               _In_ PPROCESSOR_NUMBER ProcNumber);

/*
 * KeFlushQueuedDpcs: wait until every DPC queued before this call has run, on all processors.
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wdm/nf-wdm-keflushqueueddpcs
 */
NTKERNELAPI VOID KeFlushQueuedDpcs(VOID);

EXTERN_C_END
