/*
 * winsock_kernel/events.h: the callbacks a WSK client writes, and the tables it hands them over in.
 * control.h has the option that enables them, dispatch.h the tables of the other direction.
 *
 * Rules of every callback here:
 *
 * - It is called only while enabled: by SO_WSK_EVENT_CALLBACK on the socket, by
 *   WSK_SET_STATIC_EVENT_CALLBACKS for the whole client, or, on a socket accepted by
 *   WskAcceptEvent, by inheritance from the listening socket. (WskClientEvent always is;
 *   WskInspectEvent and WskAbortEvent are by SO_CONDITIONAL_ACCEPT.)
 * - SocketContext is the pointer the client gave when the socket was made or accepted.
 * - It runs at IRQL <= DISPATCH_LEVEL and leaves the level as it found it.
 * - It may start requests, also on its own socket, but must not wait for one to complete: that
 *   request may need the thread it is on.
 * - What was there before the callback was enabled (data, connections, a disconnect) is reported
 *   as soon as it is. Where a socket dies, one enabled callback hears of it, once, by a NULL in
 *   place of what it usually gets. On these two points the pages are silent.
 *
 * Page     network/winsock-kernel-events
 */
#pragma once

#include <winsock_kernel/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

struct _WSK_CLIENT_CONNECTION_DISPATCH;

/*
 * WskClientEvent: something happened that belongs to no socket. No such event exists today, so
 * this is never called; a client that has one answers STATUS_NOT_IMPLEMENTED.
 *
 *   ClientContext      From WSK_CLIENT_NPI.
 *   Information        Read-only, for the length of the call. NULL, with InformationLength 0, if
 *                      the event has none.
 *
 * Page     ddi/wsk/nc-wsk-pfn_wsk_client_event
 * Windows  No known difference.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_CLIENT_EVENT)(
    _In_opt_ PVOID ClientContext, _In_ ULONG EventType,
    _In_reads_bytes_opt_(InformationLength) PVOID Information, _In_ SIZE_T InformationLength);

/*
 * WskAcceptEvent: a connection has come in on a listening socket. Called only while no WskAccept
 * waits there; but it may race one that is just being called.
 *
 *   SocketContext         The listening socket's.
 *   Flags                 0 or WSK_FLAG_AT_DISPATCH_LEVEL.
 *   LocalAddress          Where the connection came in and where from, in the listening socket's
 *   RemoteAddress         address family. Gone when the callback returns.
 *   AcceptSocket          The new connection-oriented socket. NULL: the listening socket is dead;
 *                         close it, and return STATUS_REQUEST_NOT_ACCEPTED.
 *   AcceptSocketContext   The client's context and table for the new socket: set by the callback,
 *   AcceptSocketDispatch  NULL if it wants none of its events. Both are NULL on entry.
 *
 * Returns  STATUS_SUCCESS: the socket is the client's, who closes it some day. Its callbacks start
 *          after this. STATUS_REQUEST_NOT_ACCEPTED: WSK closes it; it is not to be touched again.
 *          Another failure counts as the latter and is reported to the verifier.
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wsk/nc-wsk-pfn_wsk_accept_event
 * Windows  No known difference.
 */
typedef _Must_inspect_result_ NTSTATUS(WSKAPI* PFN_WSK_ACCEPT_EVENT)(
    _In_opt_ PVOID SocketContext, _In_ ULONG Flags, _In_ PSOCKADDR LocalAddress,
    _In_ PSOCKADDR RemoteAddress, _In_opt_ PWSK_SOCKET AcceptSocket,
    _Outptr_result_maybenull_ PVOID* AcceptSocketContext,
    _Outptr_result_maybenull_ CONST struct _WSK_CLIENT_CONNECTION_DISPATCH** AcceptSocketDispatch);

/*
 * WskInspectEvent: a connection wants in on a listening socket under conditional accept; it is
 * offered to WskAccept and WskAcceptEvent only after it was let in.
 *
 *   SocketContext  The listening socket's.
 *   LocalAddress   Where the request goes to and comes from. Gone, like InspectID, when the
 *   RemoteAddress  callback returns.
 *   InspectID      The request's name. NULL: the listening socket is dead; close it.
 *
 * Returns  WskInspectAccept, WskInspectReject, or WskInspectPend: the client copies *InspectID
 *          first and calls WskInspectComplete later, unless WskAbortEvent comes before.
 *          With a NULL InspectID the answer does not matter.
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wsk/nc-wsk-pfn_wsk_inspect_event
 * Windows  Here the handshake is over when this is called: the peer is connected and may have sent.
 *          Reject resets it.
 */
typedef WSK_INSPECT_ACTION(WSKAPI* PFN_WSK_INSPECT_EVENT)(
    _In_opt_ PVOID SocketContext, _In_ PSOCKADDR LocalAddress, _In_ PSOCKADDR RemoteAddress,
    _In_opt_ PWSK_INSPECT_ID InspectID);

/*
 * WskAbortEvent: a request that WskInspectEvent pended or let in is gone before the connection was
 * made. (The page says "returned by WskAbortEvent", and must mean WskInspectEvent.) Closing the
 * listening socket calls this for none of its requests.
 *
 *   InspectID  The same contents, not the same address, as WskInspectEvent got.
 *
 * Returns  STATUS_SUCCESS, always.
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wsk/nc-wsk-pfn_wsk_abort_event
 * Windows  Here it comes with the peer's FIN or reset.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_ABORT_EVENT)(
    _In_opt_ PVOID SocketContext, _In_ PWSK_INSPECT_ID InspectID);

/*
 * WskReceiveFromEvent: one or more datagrams have come in on a datagram socket. Called only while
 * no WskReceiveFrom waits there; but it may race one that is just being called.
 *
 *   Flags           MSG_BCAST, MSG_MCAST, WSK_FLAG_AT_DISPATCH_LEVEL. The first two hold for every
 *                   datagram of the list.
 *   DataIndication  The datagrams. NULL: the socket is dead; close it, and return STATUS_SUCCESS.
 *
 * Returns  STATUS_SUCCESS: all taken; the list is WSK's again.
 *          STATUS_PENDING: the client keeps the list until WskRelease. More calls may come.
 *          STATUS_DATA_NOT_ACCEPTED: if the event was enabled by SO_WSK_EVENT_CALLBACK, it is
 *          disabled and the datagrams are buffered until it is enabled again. If it was enabled
 *          statically, it stays so and these datagrams are dropped.
 *          Any other value: they are dropped too, and the verifier hears of it.
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wsk/nc-wsk-pfn_wsk_receive_from_event
 * Windows  How much is buffered, and what is dropped beyond, is not documented. Here SO_RCVBUF
 *          bounds what waits in the kernel.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_RECEIVE_FROM_EVENT)(
    _In_opt_ PVOID SocketContext, _In_ ULONG Flags,
    _In_opt_ PWSK_DATAGRAM_INDICATION DataIndication);

/*
 * WskReceiveEvent: bytes have come in on a connected socket. Called only while no WskReceive waits
 * there; but it may race one that is just being called. The calls of one socket never overlap.
 *
 *   Flags           WSK_FLAG_RELEASE_ASAP, WSK_FLAG_ENTIRE_MESSAGE, WSK_FLAG_AT_DISPATCH_LEVEL.
 *   DataIndication  The bytes. NULL: the socket is dead; close it, and return STATUS_SUCCESS.
 *   BytesIndicated  Bytes in the whole list.
 *   BytesAccepted   Counts with STATUS_SUCCESS only. On entry it is BytesIndicated, so a callback
 *                   that takes everything leaves it alone; one that takes fewer writes how many.
 *                   (The page does not say what is in it on entry, nor what 0 and more than
 *                   BytesIndicated mean: 0 takes nothing, more takes everything.)
 *
 * Returns  STATUS_SUCCESS: the first *BytesAccepted bytes are taken. If that is all, more calls may
 *          come. If not, the rest stays with WSK, and no call comes until the client calls
 *          WskReceive; one of Length 0 takes nothing and is enough.
 *          STATUS_PENDING: all taken; the client keeps the list, and gives it back with WskRelease.
 *          More calls may come meanwhile.
 *          STATUS_DATA_NOT_ACCEPTED: nothing taken; no call comes until WskReceive, as above.
 *          Any other value counts as the last and is reported to the verifier.
 *          A WskReceive made inside the callback that then stops is served after it has returned.
 *          While stopped nothing is lost: when WSK holds enough, the sender has to wait.
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wsk/nc-wsk-pfn_wsk_receive_event
 * Windows  No known difference.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_RECEIVE_EVENT)(
    _In_opt_ PVOID SocketContext, _In_ ULONG Flags, _In_opt_ PWSK_DATA_INDICATION DataIndication,
    _In_ SIZE_T BytesIndicated, _Inout_ SIZE_T* BytesAccepted);

/*
 * WskDisconnectEvent: the remote end has disconnected. Not called for the client's own
 * WskDisconnect or WskCloseSocket. Called once for each kind: a reset may follow a graceful end.
 *
 *   Flags  WSK_FLAG_ABORTIVE: the connection is broken, nothing moves any more. Without it: no more
 *          bytes will come, and all that came were delivered; sending still works.
 *          WSK_FLAG_AT_DISPATCH_LEVEL.
 *
 * Returns  STATUS_SUCCESS, always.
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wsk/nc-wsk-pfn_wsk_disconnect_event
 * Windows  The page does not say that the graceful event waits for data that WskReceiveEvent has
 *          not taken yet; here it does. An abortive one never waits.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_DISCONNECT_EVENT)(_In_opt_ PVOID SocketContext, _In_ ULONG Flags);

/*
 * WskSendBacklogEvent: the ideal send backlog of a connected socket has changed.
 *
 *   IdealBacklogSize  Bytes to keep given to WskSend and not completed, so that the connection
 *                     never runs dry. SIO_WSK_QUERY_IDEAL_SEND_BACKLOG asks for it.
 *
 * Returns  STATUS_SUCCESS, always.
 * IRQL     <= DISPATCH_LEVEL. There are no flags to tell which.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_send_backlog_event
 * Windows  Here it follows the kernel's windows, looked at while bytes are sent.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_SEND_BACKLOG_EVENT)(
    _In_opt_ PVOID SocketContext, _In_ SIZE_T IdealBacklogSize);

/*
 * WSK_CLIENT_DISPATCH: the client to WSK. Stays in place until WskDeregister has returned.
 *
 *   Version         The interface the client wants, by MAKE_WSK_VERSION.
 *   Reserved        0.
 *   WskClientEvent  NULL if there is none.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_client_dispatch
 */
typedef struct _WSK_CLIENT_DISPATCH {
  USHORT Version;
  USHORT Reserved;
  PFN_WSK_CLIENT_EVENT WskClientEvent;
} WSK_CLIENT_DISPATCH, *PWSK_CLIENT_DISPATCH;

/*
 * The tables of a socket's callbacks, by category. A table stays in place until the socket is
 * closed, and is not read before an event is enabled. A callback that is never enabled may be
 * NULL; enabling one that is NULL fails with STATUS_INVALID_PARAMETER, or, if the enabling is
 * static or inherited, leaves it off.
 *
 * Pages    ddi/wsk/ns-wsk-_wsk_client_{listen,datagram,connection,stream}_dispatch
 */
typedef struct _WSK_CLIENT_LISTEN_DISPATCH {
  PFN_WSK_ACCEPT_EVENT WskAcceptEvent;
  PFN_WSK_INSPECT_EVENT WskInspectEvent; /* These two not NULL under conditional accept. */
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
/* A stream socket uses one of the two, by what it becomes; the other may be NULL. */
typedef struct _WSK_CLIENT_STREAM_DISPATCH {
  CONST WSK_CLIENT_LISTEN_DISPATCH* Listen;
  CONST WSK_CLIENT_CONNECTION_DISPATCH* Connect;
} WSK_CLIENT_STREAM_DISPATCH, *PWSK_CLIENT_STREAM_DISPATCH;

C_ASSERT(sizeof(WSK_CLIENT_STREAM_DISPATCH) == 16);
#endif

C_ASSERT(sizeof(WSK_CLIENT_DISPATCH) == 16 && sizeof(WSK_CLIENT_LISTEN_DISPATCH) == 24);
C_ASSERT(sizeof(WSK_CLIENT_DATAGRAM_DISPATCH) == 8);
C_ASSERT(sizeof(WSK_CLIENT_CONNECTION_DISPATCH) == 24);

#ifdef __cplusplus
}
#endif
