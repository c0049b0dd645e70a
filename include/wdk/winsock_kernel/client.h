/*
 * winsock_kernel/client.h: the functions of a WSK client: make sockets, configure the client,
 * resolve names. registration.h tells how to become one, socket.h what to do with a socket.
 */
#pragma once

#include <winsock_kernel/control.h>
#include <winsock_kernel/events.h>
#include <winsock_kernel/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef NTSTATUS(WSKAPI* PFN_WSK_SOCKET)(
    _In_ PWSK_CLIENT Client, _In_ ADDRESS_FAMILY AddressFamily, _In_ USHORT SocketType,
    _In_ ULONG Protocol, _In_ ULONG Flags, _In_opt_ PVOID SocketContext,
    _In_opt_ CONST VOID* Dispatch, _In_opt_ PEPROCESS OwningProcess, _In_opt_ PETHREAD OwningThread,
    _In_opt_ PSECURITY_DESCRIPTOR SecurityDescriptor, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_SOCKET_CONNECT)(
    _In_ PWSK_CLIENT Client, _In_ USHORT SocketType, _In_ ULONG Protocol,
    _In_ PSOCKADDR LocalAddress, _In_ PSOCKADDR RemoteAddress, _Reserved_ ULONG Flags,
    _In_opt_ PVOID SocketContext, _In_opt_ CONST WSK_CLIENT_CONNECTION_DISPATCH* Dispatch,
    _In_opt_ PEPROCESS OwningProcess, _In_opt_ PETHREAD OwningThread,
    _In_opt_ PSECURITY_DESCRIPTOR SecurityDescriptor, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_CONTROL_CLIENT)(
    _In_ PWSK_CLIENT Client, _In_ ULONG ControlCode, _In_ SIZE_T InputSize,
    _In_reads_bytes_opt_(InputSize) PVOID InputBuffer, _In_ SIZE_T OutputSize,
    _Out_writes_bytes_opt_(OutputSize) PVOID OutputBuffer, _Out_opt_ SIZE_T* OutputSizeReturned,
    _Inout_opt_ PIRP Irp);

#if NTDDI_VERSION >= NTDDI_WIN7
typedef NTSTATUS(WSKAPI* PFN_WSK_GET_ADDRESS_INFO)(
    _In_ PWSK_CLIENT Client, _In_opt_ PUNICODE_STRING NodeName,
    _In_opt_ PUNICODE_STRING ServiceName, _In_opt_ ULONG NameSpace, _In_opt_ GUID* Provider,
    _In_opt_ PADDRINFOEXW Hints, _Outptr_ PADDRINFOEXW* Result, _In_opt_ PEPROCESS OwningProcess,
    _In_opt_ PETHREAD OwningThread, _Inout_ PIRP Irp);

typedef VOID(WSKAPI* PFN_WSK_FREE_ADDRESS_INFO)(
    _In_ PWSK_CLIENT Client, _In_ PADDRINFOEXW AddrInfo);

typedef NTSTATUS(WSKAPI* PFN_WSK_GET_NAME_INFO)(
    _In_ PWSK_CLIENT Client, _In_ PSOCKADDR SockAddr, _In_ ULONG SockAddrLength,
    _Out_opt_ PUNICODE_STRING NodeName, _Out_opt_ PUNICODE_STRING ServiceName, _In_ ULONG Flags,
    _In_opt_ PEPROCESS OwningProcess, _In_opt_ PETHREAD OwningThread, _Inout_ PIRP Irp);
#endif

#ifdef __cplusplus
}
#endif
