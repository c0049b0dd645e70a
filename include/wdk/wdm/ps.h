/*
 * ps.h: threads and processes. Waiting for them is in ke.h, their handles in ob.h.
 */
#pragma once

#include <wdm/types.h>

EXTERN_C_START

_Function_class_(KSTART_ROUTINE) typedef VOID NTAPI KSTART_ROUTINE(_In_ PVOID StartContext);
typedef KSTART_ROUTINE* PKSTART_ROUTINE;

typedef enum _THREADINFOCLASS {
  ThreadBasicInformation = 0,
  ThreadTimes = 1,
  ThreadPriority = 2,
  ThreadBasePriority = 3,
  ThreadAffinityMask = 4,
  ThreadPriorityBoost = 14,
  ThreadGroupInformation = 30,
  ThreadIdealProcessorEx = 33,
  ThreadNameInformation = 38
} THREADINFOCLASS;

NTKERNELAPI NTSTATUS PsCreateSystemThread(_Out_ PHANDLE ThreadHandle, _In_ ULONG DesiredAccess,
                                          _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                          _In_opt_ HANDLE ProcessHandle,
                                          _Out_opt_ PCLIENT_ID ClientId,
                                          _In_ PKSTART_ROUTINE StartRoutine,
                                          _In_opt_ PVOID StartContext);
NTKERNELAPI NTSTATUS PsTerminateSystemThread(_In_ NTSTATUS ExitStatus);
NTKERNELAPI HANDLE PsGetCurrentProcessId(VOID);
NTKERNELAPI HANDLE PsGetCurrentThreadId(VOID);
NTKERNELAPI HANDLE PsGetThreadId(_In_ PETHREAD Thread);
NTKERNELAPI HANDLE PsGetProcessId(_In_ PEPROCESS Process);
NTKERNELAPI PEPROCESS PsGetThreadProcess(_In_ PETHREAD Thread);
NTKERNELAPI BOOLEAN PsIsSystemThread(_In_ PETHREAD Thread);
NTKERNELAPI BOOLEAN PsIsThreadTerminating(_In_ PETHREAD Thread);
NTKERNELAPI BOOLEAN PsGetVersion(_Out_opt_ PULONG MajorVersion, _Out_opt_ PULONG MinorVersion,
                                 _Out_opt_ PULONG BuildNumber,
                                 _Out_opt_ PUNICODE_STRING CSDVersion);
#define PsGetCurrentProcess() IoGetCurrentProcess()
#define PsGetCurrentThread() ((PETHREAD)KeGetCurrentThread())

NTKERNELAPI PEPROCESS IoGetCurrentProcess(VOID);
NTKERNELAPI PKTHREAD KeGetCurrentThread(VOID);

extern NTKERNELAPI PEPROCESS PsInitialSystemProcess;
extern NTKERNELAPI POBJECT_TYPE* PsThreadType;
extern NTKERNELAPI POBJECT_TYPE* PsProcessType;
extern NTKERNELAPI POBJECT_TYPE* ExEventObjectType;
extern NTKERNELAPI POBJECT_TYPE* ExSemaphoreObjectType;
extern NTKERNELAPI POBJECT_TYPE* IoFileObjectType;

EXTERN_C_END
