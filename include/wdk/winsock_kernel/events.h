/*
 * winsock_kernel/events.h: the callbacks a WSK client writes, and the tables it hands them over in.
 * control.h has the option that enables them, dispatch.h the tables of the other direction.
 */
#pragma once

#include <winsock_kernel/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

struct _WSK_CLIENT_CONNECTION_DISPATCH;

typedef NTSTATUS(WSKAPI* PFN_WSK_CLIENT_EVENT)(
    _In_opt_ PVOID ClientContext, _In_ ULONG EventType,
    _In_reads_bytes_opt_(InformationLength) PVOID Information, _In_ SIZE_T InformationLength);

typedef _Must_inspect_result_ NTSTATUS(WSKAPI* PFN_WSK_ACCEPT_EVENT)(
    _In_opt_ PVOID SocketContext, _In_ ULONG Flags, _In_ PSOCKADDR LocalAddress,
    _In_ PSOCKADDR RemoteAddress, _In_opt_ PWSK_SOCKET AcceptSocket,
    _Outptr_result_maybenull_ PVOID* AcceptSocketContext,
    _Outptr_result_maybenull_ CONST struct _WSK_CLIENT_CONNECTION_DISPATCH** AcceptSocketDispatch);

typedef WSK_INSPECT_ACTION(WSKAPI* PFN_WSK_INSPECT_EVENT)(
    _In_opt_ PVOID SocketContext, _In_ PSOCKADDR LocalAddress, _In_ PSOCKADDR RemoteAddress,
    _In_opt_ PWSK_INSPECT_ID InspectID);

typedef NTSTATUS(WSKAPI* PFN_WSK_ABORT_EVENT)(
    _In_opt_ PVOID SocketContext, _In_ PWSK_INSPECT_ID InspectID);

typedef NTSTATUS(WSKAPI* PFN_WSK_RECEIVE_FROM_EVENT)(
    _In_opt_ PVOID SocketContext, _In_ ULONG Flags,
    _In_opt_ PWSK_DATAGRAM_INDICATION DataIndication);

typedef NTSTATUS(WSKAPI* PFN_WSK_RECEIVE_EVENT)(
    _In_opt_ PVOID SocketContext, _In_ ULONG Flags, _In_opt_ PWSK_DATA_INDICATION DataIndication,
    _In_ SIZE_T BytesIndicated, _Inout_ SIZE_T* BytesAccepted);

typedef NTSTATUS(WSKAPI* PFN_WSK_DISCONNECT_EVENT)(_In_opt_ PVOID SocketContext, _In_ ULONG Flags);

typedef NTSTATUS(WSKAPI* PFN_WSK_SEND_BACKLOG_EVENT)(
    _In_opt_ PVOID SocketContext, _In_ SIZE_T IdealBacklogSize);

typedef struct _WSK_CLIENT_DISPATCH {
  USHORT Version;
  USHORT Reserved;
  PFN_WSK_CLIENT_EVENT WskClientEvent;
} WSK_CLIENT_DISPATCH, *PWSK_CLIENT_DISPATCH;

typedef struct _WSK_CLIENT_LISTEN_DISPATCH {
  PFN_WSK_ACCEPT_EVENT WskAcceptEvent;
  PFN_WSK_INSPECT_EVENT WskInspectEvent;
  PFN_WSK_ABORT_EVENT WskAbortEvent;
} WSK_CLIENT_LISTEN_DISPATCH, *PWSK_CLIENT_LISTEN_DISPATCH;

typedef struct _WSK_CLIENT_DATAGRAM_DISPATCH {
  PFN_WSK_RECEIVE_FROM_EVENT WskReceiveFromEvent;
} WSK_CLIENT_DATAGRAM_DISPATCH, *PWSK_CLIENT_DATAGRAM_DISPATCH;

typedef struct _WSK_CLIENT_CONNECTION_DISPATCH {
  PFN_WSK_RECEIVE_EVENT WskReceiveEvent;
  PFN_WSK_DISCONNECT_EVENT WskDisconnectEvent;
  PFN_WSK_SEND_BACKLOG_EVENT WskSendBacklogEvent;
} WSK_CLIENT_CONNECTION_DISPATCH, *PWSK_CLIENT_CONNECTION_DISPATCH;

#if NTDDI_VERSION >= NTDDI_WIN10_RS2
typedef struct _WSK_CLIENT_STREAM_DISPATCH {
  CONST WSK_CLIENT_LISTEN_DISPATCH* Listen;
  CONST WSK_CLIENT_CONNECTION_DISPATCH* Connect;
} WSK_CLIENT_STREAM_DISPATCH, *PWSK_CLIENT_STREAM_DISPATCH;
#endif

C_ASSERT(sizeof(WSK_CLIENT_DISPATCH) == 16 && sizeof(WSK_CLIENT_LISTEN_DISPATCH) == 24);
C_ASSERT(sizeof(WSK_CLIENT_DATAGRAM_DISPATCH) == 8);
C_ASSERT(sizeof(WSK_CLIENT_CONNECTION_DISPATCH) == 24);

#ifdef __cplusplus
}
#endif
