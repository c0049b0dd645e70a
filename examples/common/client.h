/*
 * client.h: what a WSK client needs before its first socket and after its last: registration,
 * calls that wait for their IRP, and values from the driver's registry key. All at PASSIVE_LEVEL.
 */
#pragma once

#include <ntddk.h>
#include <wsk.h>

#define POOL_TAG 'pmxE' /* Seen as "Exmp" in pool reports. */

/* What the driver says goes to the debugger; wskrun writes it to its log. */
#define SAY(...) DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_TRACE_LEVEL, __VA_ARGS__)

/* The client object and WSK's functions, from StartWsk until StopWsk. */
extern WSK_PROVIDER_NPI Wsk;

/* Registers with WSK and waits a moment for it to be there. */
NTSTATUS StartWsk(VOID);

/* Call it when every socket is closed. Returns when WSK has let go of this driver. */
VOID StopWsk(VOID);

/*
 * One WSK call that its thread waits for:
 *
 *   status = PrepareCall(&call);
 *   if (!NT_SUCCESS(status)) return status;
 *   status = FinishCall(&call, dispatch->WskBind(socket, address, 0, call.Irp), NULL);
 *
 * The IRP is freed by FinishCall.
 */
typedef struct _WSK_CALL {
  PIRP Irp;
  KEVENT Completed;
  ULONG_PTR Information; /* After FinishCall: bytes, or the new PWSK_SOCKET. */
} WSK_CALL, *PWSK_CALL;

NTSTATUS PrepareCall(_Out_ PWSK_CALL Call);

/*
 * `Returned` is what the WSK function returned. When `Stop` is signalled before the request ends,
 * the request is cancelled; it may have succeeded all the same.
 */
NTSTATUS FinishCall(_Inout_ PWSK_CALL Call, NTSTATUS Returned, _In_opt_ PKEVENT Stop);

NTSTATUS CloseSocket(_In_ PWSK_SOCKET Socket);

/* A system thread, and its end: WaitForThread also gives the thread object back. */
NTSTATUS StartThread(_In_ PKSTART_ROUTINE Routine, _Out_ PETHREAD* Thread);
VOID WaitForThread(_In_ PETHREAD Thread);

/* A number in the driver's own key; `Default` where there is none. */
ULONG ReadNumber(_In_ PUNICODE_STRING RegistryPath, _In_ PCWSTR Name, ULONG Default);

/* A text of ASCII in the driver's own key, with its zero in Size bytes. FALSE: there is none, or it
   does not fit. */
BOOLEAN ReadText(_In_ PUNICODE_STRING RegistryPath, _In_ PCWSTR Name,
                 _Out_writes_z_(Size) PSTR Text, SIZE_T Size);

/* An IPv4 address written as text, "127.0.0.1", in the driver's own key. */
BOOLEAN ReadIpv4Address(_In_ PUNICODE_STRING RegistryPath, _In_ PCWSTR Name,
                        _Out_ IN_ADDR* Address);

/* An IPv4 address and a port, both as people read them. */
SOCKADDR_IN MakeAddress(IN_ADDR Address, USHORT Port);
IN_ADDR LoopbackAddress(VOID);
VOID SayAddress(_In_ PCSTR What, _In_ const SOCKADDR_IN* Address);
