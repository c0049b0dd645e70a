/*
 * dbg.h: debug output and assertions. The format language is NT's: %wZ, %I64x, and %lx is 32 bits.
 */
#pragma once

#include <wdm/types.h>

EXTERN_C_START

/*
 * DbgPrint: write a line of debug output, as DbgPrintEx with DPFLTR_DEFAULT_ID at
 * DPFLTR_INFO_LEVEL.
 *
 *   Format  NT's printf: %wZ a PUNICODE_STRING, %Z a PANSI_STRING, %ws wide characters, %I64 and
 *           %ll 64 bits, %Iu a SIZE_T, %l 32 bits, %p 16 digits.
 *
 * IRQL     any; with wide characters PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS, or why nothing was written.
 * Page     ddi/wdm/nf-wdm-dbgprint
 */
NTSYSAPI ULONG DbgPrint(_In_ PCSTR Format, ...);

/*
 * DbgPrintEx: write a line that can be filtered by component and level.
 *
 *   ComponentId  DPFLTR_xxx_ID; drivers use an IHV one.
 *   Level        0 to 31 for one bit of the filter, of which DPFLTR_ERROR_LEVEL to
 *                DPFLTR_INFO_LEVEL have names; above 31 it is a mask.
 *
 * IRQL     as DbgPrint
 * Returns  STATUS_SUCCESS, or why nothing was written.
 * Page     ddi/wdm/nf-wdm-dbgprintex
 */
NTSYSAPI ULONG DbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_ PCSTR Format, ...);

/*
 * vDbgPrintEx: DbgPrintEx with its arguments in a va_list; vDbgPrintExWithPrefix writes Prefix
 * first.
 *
 * IRQL     as DbgPrint
 * Returns  STATUS_SUCCESS, or why nothing was written.
 * Page     ddi/wdm/nf-wdm-vdbgprintex
 */
NTSYSAPI ULONG vDbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_ PCCH Format,
                           _In_ va_list arglist);
NTSYSAPI ULONG vDbgPrintExWithPrefix(_In_ PCCH Prefix, _In_ ULONG ComponentId, _In_ ULONG Level,
                                     _In_ PCCH Format, _In_ va_list arglist);

/*
 * DbgBreakPoint: stop in the debugger.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-dbgbreakpoint
 * Windows  Without a debugger the process ends.
 */
NTSYSAPI VOID DbgBreakPoint(VOID);
NTSYSAPI VOID DbgBreakPointWithStatus(_In_ ULONG Status);

/*
 * RtlAssert: report an assertion that failed; ASSERT and its kin call it.
 *
 * IRQL     any
 */
NTSYSAPI VOID RtlAssert(_In_ PVOID VoidFailedAssertion, _In_ PVOID VoidFileName,
                        _In_ ULONG LineNumber, _In_opt_ PSTR MutableMessage);

/*
 * KdRefreshDebuggerNotPresent: look again whether a kernel debugger is attached.
 *
 * IRQL     any
 * Returns  TRUE: none.
 * Page     ddi/wdm/nf-wdm-kdrefreshdebuggernotpresent
 */
NTKERNELAPI BOOLEAN KdRefreshDebuggerNotPresent(VOID);

/* MSVC takes DbgPrint(fmt, ) from a macro with no arguments; these take it too. */
#define DbgPrint(Format, ...) DbgPrint(Format __VA_OPT__(, ) __VA_ARGS__)
#define DbgPrintEx(ComponentId, Level, Format, ...) \
  DbgPrintEx(ComponentId, Level, Format __VA_OPT__(, ) __VA_ARGS__)

#define DPFLTR_SYSTEM_ID 0
#define DPFLTR_SMSS_ID 1
#define DPFLTR_SETUP_ID 2
#define DPFLTR_NTFS_ID 3
#define DPFLTR_FSTUB_ID 4
#define DPFLTR_CRASHDUMP_ID 5
#define DPFLTR_TCPIP_ID 19
#define DPFLTR_VERIFIER_ID 93
#define DPFLTR_IHVDRIVER_ID 77
#define DPFLTR_IHVVIDEO_ID 78
#define DPFLTR_IHVAUDIO_ID 79
#define DPFLTR_IHVNETWORK_ID 80
#define DPFLTR_IHVSTREAMING_ID 81
#define DPFLTR_IHVBUS_ID 82
#define DPFLTR_DEFAULT_ID 101

#define DPFLTR_ERROR_LEVEL 0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL 2
#define DPFLTR_INFO_LEVEL 3
#define DPFLTR_MASK 0x80000000

extern NTKERNELAPI BOOLEAN KdDebuggerEnabled;
extern NTKERNELAPI BOOLEAN KdDebuggerNotPresent;
#define KD_DEBUGGER_ENABLED KdDebuggerEnabled
#define KD_DEBUGGER_NOT_PRESENT KdDebuggerNotPresent

#ifndef DBG
#define DBG 0
#endif

/* Reports through RtlAssert what does not hold, and says whether it did. */
WDK_INLINE BOOLEAN wdk_assert(BOOLEAN Holds, PCSTR Expression, PCSTR File, ULONG Line,
                              PCSTR Message) {
  if (!Holds) RtlAssert((PVOID)Expression, (PVOID)File, Line, (PSTR)Message);
  return Holds;
}

/* NT_VERIFY without DBG: a value that need not be used. */
WDK_INLINE BOOLEAN wdk_holds(BOOLEAN Holds) {
  return Holds;
}

#define WDK_ASSERT(exp, msg) wdk_assert((exp) ? TRUE : FALSE, #exp, __FILE__, __LINE__, msg)
#define DbgRaiseAssertionFailure() RtlAssert((PVOID) "", (PVOID)__FILE__, __LINE__, NULL)

/* In a driver built with DBG=1; otherwise only NT_VERIFY's expression is evaluated. */
#if DBG
#define KdPrint(_x_) DbgPrint _x_
#define KdPrintEx(_x_) DbgPrintEx _x_
#define vKdPrintEx(_x_) vDbgPrintEx _x_
#define KdBreakPoint() DbgBreakPoint()
#define ASSERT(exp) ((void)WDK_ASSERT(exp, NULL))
#define ASSERTMSG(msg, exp) ((void)WDK_ASSERT(exp, msg))
#define NT_VERIFY(exp) WDK_ASSERT(exp, NULL)
#define NT_VERIFYMSG(msg, exp) WDK_ASSERT(exp, msg)
#else
#define KdPrint(_x_) ((void)0)
#define KdPrintEx(_x_) ((void)0)
#define vKdPrintEx(_x_) ((void)0)
#define KdBreakPoint() ((void)0)
#define ASSERT(exp) ((void)0)
#define ASSERTMSG(msg, exp) ((void)0)
#define NT_VERIFY(exp) wdk_holds((exp) ? TRUE : FALSE)
#define NT_VERIFYMSG(msg, exp) NT_VERIFY(exp)
#endif
#define NT_ASSERT(exp) ASSERT(exp)
#define NT_ASSERTMSG(msg, exp) ASSERTMSG(msg, exp)
#define NT_ASSERT_ASSUME(exp) ASSERT(exp)
#define RTL_SOFT_ASSERT(exp) ASSERT(exp)

/*
 * KeGetCurrentIrql: the IRQL of this thread.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-kegetcurrentirql
 */
#define ASSERT_IRQL_LESS_OR_EQUAL(x) ASSERT(KeGetCurrentIrql() <= (x))

/* Always looks, DBG or not: a pageable function called above APC_LEVEL is a bug on Windows. */
#define PAGED_ASSERT(exp) ((void)WDK_ASSERT(exp, "pageable code runs above APC_LEVEL"))
#define PAGED_CODE() \
  { PAGED_ASSERT(KeGetCurrentIrql() <= APC_LEVEL); }
#define PAGED_CODE_LOCKED() ((void)0)
#define ALLOC_PRAGMA 1

NTHALAPI KIRQL KeGetCurrentIrql(VOID);

EXTERN_C_END
