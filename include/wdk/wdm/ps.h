/*
 * ps.h: threads and processes. Waiting for them is in ke.h, their handles in ob.h.
 */
#pragma once

#include <wdm/io_device.h>
#include <wdm/ke.h>

EXTERN_C_START

_Function_class_(KSTART_ROUTINE) typedef VOID NTAPI KSTART_ROUTINE(_In_ PVOID StartContext);

/*
 * KSTART_ROUTINE: what a system thread runs. It returns, or calls PsTerminateSystemThread.
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wdm/nc-wdm-kstart_routine
 */
typedef KSTART_ROUTINE* PKSTART_ROUTINE;

typedef enum _THREADINFOCLASS {
  ThreadBasicInformation = 0,
  ThreadTimes = 1,
  ThreadPriority = 2,
  ThreadBasePriority = 3,
  ThreadAffinityMask = 4,
  ThreadPriorityBoost = 14,
  ThreadPagePriority = 24,
  ThreadActualBasePriority = 25,
  ThreadGroupInformation = 30,
  ThreadIdealProcessorEx = 33,
  ThreadNameInformation = 38,
  ThreadPowerThrottlingState = 49
} THREADINFOCLASS;

/* What ThreadNameInformation takes. */
typedef struct _THREAD_NAME_INFORMATION {
  UNICODE_STRING ThreadName;
} THREAD_NAME_INFORMATION, *PTHREAD_NAME_INFORMATION;

/*
 * PsCreateSystemThread: start a thread.
 *
 *   ThreadHandle      Set to a handle; ObReferenceObjectByHandle gives the object one can wait for,
 *                     ZwClose closes the handle.
 *   DesiredAccess     THREAD_ALL_ACCESS.
 *   ObjectAttributes  With OBJ_KERNEL_HANDLE, or NULL.
 *   ProcessHandle     NULL: the system process.
 *   ClientId          Set to its ids, when not NULL.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS, or why not. Wait for every thread before the driver is unloaded.
 * Page     ddi/wdm/nf-wdm-pscreatesystemthread
 */
NTKERNELAPI NTSTATUS PsCreateSystemThread(_Out_ PHANDLE ThreadHandle, _In_ ULONG DesiredAccess,
                                          _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                          _In_opt_ HANDLE ProcessHandle,
                                          _Out_opt_ PCLIENT_ID ClientId,
                                          _In_ PKSTART_ROUTINE StartRoutine,
                                          _In_opt_ PVOID StartContext);

/*
 * PsTerminateSystemThread: end the running thread, which PsCreateSystemThread started; it does not
 * come back. Owned mutexes are abandoned.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  Only on failure: STATUS_INVALID_PARAMETER, not a system thread.
 * Page     ddi/wdm/nf-wdm-psterminatesystemthread
 */
NTKERNELAPI NTSTATUS PsTerminateSystemThread(_In_ NTSTATUS ExitStatus);

/*
 * PsGetCurrentProcessId: id of the running thread's process; PsGetCurrentThreadId: of the thread.
 * Both come as handles.
 *
 * IRQL     any
 * Page     ddi/ntddk/nf-ntddk-psgetcurrentprocessid
 */
NTKERNELAPI HANDLE PsGetCurrentProcessId(VOID);
NTKERNELAPI HANDLE PsGetCurrentThreadId(VOID);

/*
 * PsGetThreadId: id of a thread; PsGetProcessId of a process, PsGetThreadProcess the thread's
 * process.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/ntddk/nf-ntddk-psgetthreadid
 */
NTKERNELAPI HANDLE PsGetThreadId(_In_ PETHREAD Thread);
NTKERNELAPI HANDLE PsGetProcessId(_In_ PEPROCESS Process);
NTKERNELAPI PEPROCESS PsGetThreadProcess(_In_ PETHREAD Thread);

/*
 * PsIsSystemThread: whether the thread belongs to the system rather than to a program.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/ntifs/nf-ntifs-psissystemthread
 */
NTKERNELAPI BOOLEAN PsIsSystemThread(_In_ PETHREAD Thread);

/*
 * PsIsThreadTerminating: whether the thread is about to end.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/ntifs/nf-ntifs-psisthreadterminating
 */
NTKERNELAPI BOOLEAN PsIsThreadTerminating(_In_ PETHREAD Thread);

/*
 * PsGetVersion: version of Windows; RtlGetVersion tells more.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  TRUE: a checked build.
 * Page     ddi/wdm/nf-wdm-psgetversion
 */
NTKERNELAPI BOOLEAN PsGetVersion(_Out_opt_ PULONG MajorVersion, _Out_opt_ PULONG MinorVersion,
                                 _Out_opt_ PULONG BuildNumber,
                                 _Out_opt_ PUNICODE_STRING CSDVersion);
/*
 * PsGetHostSilo: silos, that is, containers. There is the host only, which NULL stands for: every
 * thread is in it, and one can attach to nothing else.
 *
 *   PreviousSilo of PsDetachSiloFromCurrentThread is what PsAttachSiloToCurrentThread returned.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/ntddk/nf-ntddk-psgethostsilo
 */
NTKERNELAPI PESILO PsGetHostSilo(VOID);
NTKERNELAPI PESILO PsGetCurrentSilo(VOID);
NTKERNELAPI PESILO PsGetCurrentServerSilo(VOID);
NTKERNELAPI PESILO PsGetEffectiveServerSilo(_In_opt_ PESILO Silo);
NTKERNELAPI PESILO PsAttachSiloToCurrentThread(_In_opt_ PESILO Silo);
NTKERNELAPI VOID PsDetachSiloFromCurrentThread(_In_opt_ PESILO PreviousSilo);
NTKERNELAPI BOOLEAN PsIsHostSilo(_In_opt_ PESILO Silo);
NTKERNELAPI BOOLEAN PsIsCurrentThreadInServerSilo(VOID);
#define PsGetCurrentProcess() IoGetCurrentProcess()
#define PsGetCurrentThread() ((PETHREAD)KeGetCurrentThread())
#define PsGetThreadProcessId(Thread) PsGetProcessId(PsGetThreadProcess(Thread))

/*
 * PsInitialSystemProcess: the system process, and the object types for ObReferenceObjectByHandle:
 * *PsThreadType and so on.
 */
extern NTKERNELAPI PEPROCESS PsInitialSystemProcess;
extern NTKERNELAPI POBJECT_TYPE* PsThreadType;
extern NTKERNELAPI POBJECT_TYPE* PsProcessType;
extern NTKERNELAPI POBJECT_TYPE* ExEventObjectType;
extern NTKERNELAPI POBJECT_TYPE* ExSemaphoreObjectType;
extern NTKERNELAPI POBJECT_TYPE* IoFileObjectType;

EXTERN_C_END
