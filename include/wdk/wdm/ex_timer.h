/*
 * ex_timer.h: timers that the system allocates (EX_TIMER). KTIMER, in the driver's memory, is in
 * ke_wait.h.
 */
#pragma once

#include <wdm/ke.h>

EXTERN_C_START

/* Opaque; the Ke wait functions take it. */
typedef struct _EX_TIMER EX_TIMER, *PEX_TIMER;

/*
 * EXT_CALLBACK: what a timer calls when it expires. It may set or delete the timer.
 *
 * IRQL     DISPATCH_LEVEL
 * Page     ddi/wdm/nc-wdm-ext_callback
 */
_Function_class_(EXT_CALLBACK) typedef VOID NTAPI
    EXT_CALLBACK(_In_ PEX_TIMER Timer, _In_opt_ PVOID Context);
typedef EXT_CALLBACK* PEXT_CALLBACK;

/*
 * EXT_DELETE_CALLBACK: what ExDeleteTimer calls when nothing of the timer is under way any more.
 *
 * IRQL     DISPATCH_LEVEL
 * Page     ddi/wdm/nc-wdm-ext_delete_callback
 */
_Function_class_(EXT_DELETE_CALLBACK) typedef VOID NTAPI
    EXT_DELETE_CALLBACK(_In_opt_ PVOID Context);
typedef EXT_DELETE_CALLBACK* PEXT_DELETE_CALLBACK;

#define EX_TIMER_HIGH_RESOLUTION 0x4
#define EX_TIMER_NO_WAKE 0x8
#define EX_TIMER_NOTIFICATION 0x80000000
#define EX_TIMER_UNLIMITED_TOLERANCE ((LONGLONG)-1)

typedef struct _EXT_SET_PARAMETERS_V0 {
  ULONG Version;
  ULONG Reserved;
  LONGLONG NoWakeTolerance;
} EXT_SET_PARAMETERS, *PEXT_SET_PARAMETERS, KT2_SET_PARAMETERS, *PKT2_SET_PARAMETERS;

typedef struct _EXT_DELETE_PARAMETERS {
  ULONG Version;
  ULONG Reserved;
  PEXT_DELETE_CALLBACK DeleteCallback;
  PVOID DeleteContext;
} EXT_DELETE_PARAMETERS, *PEXT_DELETE_PARAMETERS;

typedef PVOID PEXT_CANCEL_PARAMETERS;

C_ASSERT(sizeof(EXT_SET_PARAMETERS) == 16 && sizeof(EXT_DELETE_PARAMETERS) == 24);

/*
 * ExInitializeSetTimerParameters: the parameters as they are when a driver sets none.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-exinitializesettimerparameters
 */
WDK_INLINE VOID ExInitializeSetTimerParameters(_Out_ PEXT_SET_PARAMETERS Parameters) {
  __builtin_memset(Parameters, 0, sizeof *Parameters);
}
WDK_INLINE VOID ExInitializeDeleteTimerParameters(_Out_ PEXT_DELETE_PARAMETERS Parameters) {
  __builtin_memset(Parameters, 0, sizeof *Parameters);
}

/*
 * ExAllocateTimer: a timer, not set, which ExDeleteTimer gives back.
 *
 *   Callback    Called at each expiry, or NULL.
 *   Attributes  EX_TIMER_NOTIFICATION: stays signalled when it has expired, until it is set again;
 *               without it the timer ends one wait. EX_TIMER_HIGH_RESOLUTION or EX_TIMER_NO_WAKE,
 *               not both: that stops the system.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  It; NULL: no memory.
 * Page     ddi/wdm/nf-wdm-exallocatetimer
 */
NTKERNELAPI PEX_TIMER ExAllocateTimer(_In_opt_ PEXT_CALLBACK Callback,
                                      _In_opt_ PVOID CallbackContext, _In_ ULONG Attributes);

/*
 * ExSetTimer: arm the timer; armed already, it is armed anew.
 *
 *   DueTime     100 ns units: negative from now, else since 1601. A timer of high resolution takes
 *               the first only; the other stops the system.
 *   Period      100 ns units to the next expiry and between further ones; 0: expires once.
 *   Parameters  NULL, or what ExInitializeSetTimerParameters prepared.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  TRUE: it was armed before.
 * Page     ddi/wdm/nf-wdm-exsettimer
 */
NTKERNELAPI BOOLEAN ExSetTimer(_In_ PEX_TIMER Timer, _In_ LONGLONG DueTime, _In_ LONGLONG Period,
                               _In_opt_ PEXT_SET_PARAMETERS Parameters);

/*
 * ExCancelTimer: disarm the timer. A callback that is on its way still comes.
 *
 *   Parameters  NULL.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  TRUE: it was armed.
 * Page     ddi/wdm/nf-wdm-excanceltimer
 */
NTKERNELAPI BOOLEAN ExCancelTimer(_Inout_ PEX_TIMER Timer,
                                  _In_opt_ PEXT_CANCEL_PARAMETERS Parameters);

/*
 * ExDeleteTimer: give the timer back.
 *
 *   Cancel      TRUE: disarm it. FALSE: it goes when it has expired.
 *   Wait        TRUE: return when no callback runs any more and DeleteCallback has run; then Cancel
 *               is TRUE, else the system stops. FALSE inside a callback.
 *   Parameters  NULL, or what ExInitializeDeleteTimerParameters prepared.
 *
 * IRQL     <= DISPATCH_LEVEL; with Wait TRUE <= APC_LEVEL
 * Returns  TRUE: it was armed and is cancelled.
 * Page     ddi/wdm/nf-wdm-exdeletetimer
 */
NTKERNELAPI BOOLEAN ExDeleteTimer(_In_ PEX_TIMER Timer, _In_ BOOLEAN Cancel, _In_ BOOLEAN Wait,
                                  _In_opt_ PEXT_DELETE_PARAMETERS Parameters);

EXTERN_C_END
