/*
 * winsock_kernel/socket.h: the functions of sockets. A socket has those of the table its Dispatch
 * points to: see dispatch.h. client.h has the functions that make sockets.
 */
#pragma once

#include <winsock_kernel/control.h>
#include <winsock_kernel/events.h>
#include <winsock_kernel/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef NTSTATUS(WSKAPI* PFN_WSK_CONTROL_SOCKET)(
    _In_ PWSK_SOCKET Socket, _In_ WSK_CONTROL_SOCKET_TYPE RequestType, _In_ ULONG ControlCode,
    _In_ ULONG Level, _In_ SIZE_T InputSize, _In_reads_bytes_opt_(InputSize) PVOID InputBuffer,
    _In_ SIZE_T OutputSize, _Out_writes_bytes_opt_(OutputSize) PVOID OutputBuffer,
    _Out_opt_ SIZE_T* OutputSizeReturned, _Inout_opt_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_CLOSE_SOCKET)(_In_ PWSK_SOCKET Socket, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_BIND)(
    _In_ PWSK_SOCKET Socket, _In_ PSOCKADDR LocalAddress, _Reserved_ ULONG Flags, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_ACCEPT)(
    _In_ PWSK_SOCKET ListenSocket, _Reserved_ ULONG Flags, _In_opt_ PVOID AcceptSocketContext,
    _In_opt_ CONST WSK_CLIENT_CONNECTION_DISPATCH* AcceptSocketDispatch,
    _Out_opt_ PSOCKADDR LocalAddress, _Out_opt_ PSOCKADDR RemoteAddress, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_INSPECT_COMPLETE)(
    _In_ PWSK_SOCKET ListenSocket, _In_ PWSK_INSPECT_ID InspectID, _In_ WSK_INSPECT_ACTION Action,
    _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_GET_LOCAL_ADDRESS)(
    _In_ PWSK_SOCKET Socket, _Out_ PSOCKADDR LocalAddress, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_GET_REMOTE_ADDRESS)(
    _In_ PWSK_SOCKET Socket, _Out_ PSOCKADDR RemoteAddress, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_CONNECT)(
    _In_ PWSK_SOCKET Socket, _In_ PSOCKADDR RemoteAddress, _Reserved_ ULONG Flags,
    _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_SEND)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _In_ ULONG Flags, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_RECEIVE)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _In_ ULONG Flags, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_DISCONNECT)(
    _In_ PWSK_SOCKET Socket, _In_opt_ PWSK_BUF Buffer, _In_ ULONG Flags, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_RELEASE_DATA_INDICATION_LIST)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_DATA_INDICATION DataIndication);

typedef NTSTATUS(WSKAPI* PFN_WSK_SEND_TO)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _Reserved_ ULONG Flags,
    _In_opt_ PSOCKADDR RemoteAddress, _In_ ULONG ControlInfoLength,
    _In_reads_bytes_opt_(ControlInfoLength) PCMSGHDR ControlInfo, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_RECEIVE_FROM)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _Reserved_ ULONG Flags,
    _Out_opt_ PSOCKADDR RemoteAddress, _Inout_opt_ PULONG ControlLength,
    _Out_writes_bytes_opt_(*ControlLength) PCMSGHDR ControlInfo, _Out_opt_ PULONG ControlFlags,
    _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_RELEASE_DATAGRAM_INDICATION_LIST)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_DATAGRAM_INDICATION DatagramIndication);

#if NTDDI_VERSION >= NTDDI_WIN8
typedef NTSTATUS(WSKAPI* PFN_WSK_SEND_MESSAGES)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF_LIST BufferList, _Reserved_ ULONG Flags,
    _In_opt_ PSOCKADDR RemoteAddress, _In_ ULONG ControlInfoLength,
    _In_reads_bytes_opt_(ControlInfoLength) PCMSGHDR ControlInfo, _Inout_ PIRP Irp);
#endif

#if NTDDI_VERSION >= NTDDI_WIN10_RS2
typedef NTSTATUS(WSKAPI* PFN_WSK_LISTEN)(_In_ PWSK_SOCKET Socket, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_CONNECT_EX)(
    _In_ PWSK_SOCKET Socket, _In_ PSOCKADDR RemoteAddress, _In_opt_ PWSK_BUF Buffer,
    _Reserved_ ULONG Flags, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_SEND_EX)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _In_ ULONG Flags, _In_ ULONG ControlInfoLength,
    _In_reads_bytes_opt_(ControlInfoLength) PCMSGHDR ControlInfo, _Inout_ PIRP Irp);

typedef NTSTATUS(WSKAPI* PFN_WSK_RECEIVE_EX)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _In_ ULONG Flags,
    _Inout_opt_ PULONG ControlInfoLength,
    _Out_writes_bytes_opt_(*ControlInfoLength) PCMSGHDR ControlInfo, _Reserved_ PULONG ControlFlags,
    _Inout_ PIRP Irp);
#endif

#ifdef __cplusplus
}
#endif
