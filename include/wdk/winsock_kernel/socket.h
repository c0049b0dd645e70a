/*
 * winsock_kernel/socket.h: the functions of sockets. A socket has those of the table its Dispatch
 * points to: see dispatch.h. client.h has the functions that make sockets.
 *
 * Rules of every function that takes an Irp, here and in client.h:
 *
 * - Irp is the client's, with one stack location free. The client sets a completion routine with
 *   IoSetCompletionRoutine and nothing else; WSK fills the location in.
 * - Irp is completed exactly once, whatever the function returns. After STATUS_PENDING that happens
 *   later, perhaps before the function has returned, on any thread, with the result in
 *   IoStatus.Status. After any other value it has happened already, with that value.
 *   PendingReturned is TRUE in the completion routine exactly in the first case. (The pages tell
 *   when an Irp is completed, not in which order; this is how Windows does it.)
 * - IoStatus.Information is 0 where "Result" says nothing, and after every failure, except that a
 *   cancelled WskSend or WskReceive counts the bytes it has moved.
 * - A pending Irp may be cancelled by IoCancelIrp, and completes with STATUS_CANCELLED.
 * - NULL where an Irp is required: STATUS_INVALID_PARAMETER, and nothing is done.
 * - Flags that are reserved and not 0: STATUS_INVALID_PARAMETER. A socket in the wrong state:
 *   STATUS_INVALID_DEVICE_STATE. (The pages forbid both and name no status.)
 * - STATUS_FILE_FORCED_CLOSED means that the socket is dead: only WskRelease and WskCloseSocket
 *   work on it, and the latter is due.
 * - A WSK_BUF and a SOCKADDR that go in are read during the call. Memory that is written to, and
 *   the MDLs of a WSK_BUF, stay in place until Irp is completed; both are not paged.
 * - IRQL <= DISPATCH_LEVEL, unless it says otherwise.
 *
 * Page     network/using-irps-with-winsock-kernel-functions
 * Windows  Most calls return STATUS_PENDING even when they are done; here many are done at once.
 *          The pages allow both. A setting of the runtime forces one or the other.
 */
#pragma once

#include <winsock_kernel/control.h>
#include <winsock_kernel/events.h>
#include <winsock_kernel/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * WskControlSocket: set or get an option of a socket of any category, or run a control code on it.
 *
 *   ControlCode         An option (SO_..., IP_..., IPV6_..., TCP_...) or control code (SIO_...).
 *   Level               The option's: SOL_SOCKET or its protocol. Ignored for WskIoctl.
 *   InputBuffer         InputSize bytes; NULL and 0 where nothing goes in. Small values (options,
 *                       event masks, addresses) are read during the call.
 *   OutputBuffer        Room for OutputSize bytes; NULL and 0 where nothing comes out. Stays until
 *                       Irp is completed.
 *   OutputSizeReturned  Bytes written, or needed. NULL unless Irp is NULL and their number is not
 *                       known beforehand; if given, it is written before a return other than
 *                       STATUS_PENDING and never after.
 *   Irp                 Required, optional or NULL: each code says which.
 *
 * IRQL     <= DISPATCH_LEVEL; PASSIVE_LEVEL for SIO_ADDRESS_LIST_QUERY, _CHANGE and _SORT,
 *          SIO_LOOPBACK_FAST_PATH and the codes of the filter platform.
 * Returns  STATUS_SUCCESS, STATUS_PENDING, STATUS_FILE_FORCED_CLOSED; STATUS_EVENT_PENDING: a
 *          callback being disabled without an Irp still runs; STATUS_BUFFER_OVERFLOW: OutputBuffer
 *          is too small; the failures listed in control.h.
 * Result   IoStatus.Information: bytes written to OutputBuffer.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_control_socket
 * Windows  Served here: SO_WSK_EVENT_CALLBACK and IPV6_V6ONLY. Every other option or code answers
 *          STATUS_NOT_IMPLEMENTED and completes Irp.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_CONTROL_SOCKET)(
    _In_ PWSK_SOCKET Socket, _In_ WSK_CONTROL_SOCKET_TYPE RequestType, _In_ ULONG ControlCode,
    _In_ ULONG Level, _In_ SIZE_T InputSize, _In_reads_bytes_opt_(InputSize) PVOID InputBuffer,
    _In_ SIZE_T OutputSize, _Out_writes_bytes_opt_(OutputSize) PVOID OutputBuffer,
    _Out_opt_ SIZE_T* OutputSizeReturned, _Inout_opt_ PIRP Irp);

/*
 * WskCloseSocket: close a socket of any category, and free it.
 *
 * Pending requests of the socket are completed with STATUS_CANCELLED, then callbacks that run are
 * waited for, then Irp is completed; no callback begins after the call. A connection that was not
 * disconnected both ways is reset, and what was not sent is lost. Lists kept from WskReceiveEvent
 * are released before; those that are not stay allocated and are reported.
 * The client makes no other call on the socket from here on, and none is under way on another
 * thread. Closing a listening socket leaves those it has accepted alone.
 *
 * Legal inside one of the socket's own callbacks: it returns STATUS_PENDING and is completed after
 * the callback has returned, which therefore must not wait for it.
 *
 * Returns  STATUS_SUCCESS or STATUS_PENDING. It cannot fail on a socket that exists; the page does
 *          not say so.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_close_socket
 * Windows  No known difference.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_CLOSE_SOCKET)(_In_ PWSK_SOCKET Socket, _Inout_ PIRP Irp);

/*
 * WskBind: give a socket its local address, once. A listening socket listens from then on, a
 * datagram socket sends and receives; the others go on to WskConnect or WskListen.
 *
 *   LocalAddress  Of the socket's address family. The wildcard address means every address of the
 *                 machine, or, for a connection, the one that routing picks at WskConnect. Port 0
 *                 means any free one; it is assigned here.
 *   Flags         0.
 *
 * Returns  STATUS_SUCCESS, STATUS_PENDING, STATUS_FILE_FORCED_CLOSED; STATUS_INVALID_PARAMETER:
 *          another address family; STATUS_INVALID_DEVICE_STATE: bound already;
 *          STATUS_ADDRESS_ALREADY_EXISTS or STATUS_ACCESS_DENIED: another socket has the address;
 *          STATUS_INVALID_ADDRESS_COMPONENT: it is not of this machine.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_bind, network/sharing-transport-addresses
 * Windows  Linux decides who shares an address, not security descriptors.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_BIND)(
    _In_ PWSK_SOCKET Socket, _In_ PSOCKADDR LocalAddress, _Reserved_ ULONG Flags, _Inout_ PIRP Irp);

/*
 * WskAccept: take the next connection that comes in on a listening socket. Several calls may wait;
 * the first is served first, and all of them before WskAcceptEvent.
 *
 *   Flags                 0.
 *   AcceptSocketContext   Context (in memory that is not paged) and table of the new socket's
 *   AcceptSocketDispatch  callbacks; NULL if it will have none. All of them start disabled, unless
 *                         they are enabled statically.
 *   LocalAddress          NULL, or room for an address of the listening socket's family: where the
 *   RemoteAddress         connection came in, and where from. Stays until Irp is completed.
 *
 * Returns  STATUS_SUCCESS: one was waiting. STATUS_PENDING: Irp waits for one.
 *          STATUS_FILE_FORCED_CLOSED; STATUS_INVALID_DEVICE_STATE: Socket is not bound.
 * Result   IoStatus.Information: the new connection-oriented socket, a PWSK_SOCKET.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_accept
 * Windows  Two calls with their own Irps on one socket are reported to hang Windows; not here.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_ACCEPT)(
    _In_ PWSK_SOCKET ListenSocket, _Reserved_ ULONG Flags, _In_opt_ PVOID AcceptSocketContext,
    _In_opt_ CONST WSK_CLIENT_CONNECTION_DISPATCH* AcceptSocketDispatch,
    _Out_opt_ PSOCKADDR LocalAddress, _Out_opt_ PSOCKADDR RemoteAddress, _Inout_ PIRP Irp);

/*
 * WskInspectComplete: decide about a request that WskInspectEvent pended.
 *
 *   InspectID  The client's copy of what WskInspectEvent got.
 *   Action     WskInspectAccept or WskInspectReject.
 *
 * Returns  STATUS_SUCCESS, also for a request that WskAbortEvent has ended meanwhile, which stays
 *          ended; STATUS_PENDING; STATUS_FILE_FORCED_CLOSED;
 *          STATUS_INVALID_PARAMETER: WskInspectPend, or an id that is unknown or answered;
 *          STATUS_INVALID_DEVICE_STATE: no conditional accept.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_inspect_complete
 * Windows  See WskInspectEvent.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_INSPECT_COMPLETE)(
    _In_ PWSK_SOCKET ListenSocket, _In_ PWSK_INSPECT_ID InspectID, _In_ WSK_INSPECT_ACTION Action,
    _Inout_ PIRP Irp);

/*
 * WskGetLocalAddress: the address a socket is bound to. With a wildcard bind the port is there at
 * once, and the address of a connection when it is connected.
 *
 *   LocalAddress  Room for an address of the socket's family. Stays until Irp is completed.
 *
 * Returns  STATUS_SUCCESS, STATUS_PENDING, STATUS_FILE_FORCED_CLOSED; STATUS_INVALID_DEVICE_STATE:
 *          not bound.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_get_local_address
 * Windows  No known difference.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_GET_LOCAL_ADDRESS)(
    _In_ PWSK_SOCKET Socket, _Out_ PSOCKADDR LocalAddress, _Inout_ PIRP Irp);

/*
 * WskGetRemoteAddress: the address a connected socket's peer has.
 *
 *   RemoteAddress  Room for an address of the socket's family. Stays until Irp is completed.
 *
 * Returns  STATUS_SUCCESS, STATUS_PENDING, STATUS_FILE_FORCED_CLOSED; STATUS_INVALID_DEVICE_STATE:
 *          not connected.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_get_remote_address
 * Windows  No known difference.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_GET_REMOTE_ADDRESS)(
    _In_ PWSK_SOCKET Socket, _Out_ PSOCKADDR RemoteAddress, _Inout_ PIRP Irp);

/*
 * WskConnect: connect a bound socket. A failure leaves it open, to be closed.
 *
 *   RemoteAddress  Of the socket's address family.
 *   Flags          0.
 *
 * Returns  STATUS_SUCCESS, STATUS_PENDING, STATUS_FILE_FORCED_CLOSED; STATUS_INVALID_DEVICE_STATE:
 *          not bound, or connected or connecting already; STATUS_CONNECTION_REFUSED,
 *          STATUS_IO_TIMEOUT, STATUS_HOST_UNREACHABLE, STATUS_NETWORK_UNREACHABLE: why there is no
 *          connection (the page speaks of "other status codes").
 * Page     ddi/wsk/nc-wsk-pfn_wsk_connect
 * Windows  No known difference.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_CONNECT)(
    _In_ PWSK_SOCKET Socket, _In_ PSOCKADDR RemoteAddress, _Reserved_ ULONG Flags,
    _Inout_ PIRP Irp);

/*
 * WskSend: send bytes on a connected socket, in the order of the calls. WSK keeps no copy: Irp
 * completes when all of them have been sent.
 *
 *   Buffer  The bytes. Length 0 sends nothing and succeeds.
 *   Flags   0 or WSK_FLAG_NODELAY.
 *
 * Returns  STATUS_SUCCESS, STATUS_PENDING; STATUS_FILE_FORCED_CLOSED: the connection is broken;
 *          STATUS_NOT_SUPPORTED: a flag the transport lacks; STATUS_INVALID_DEVICE_STATE: not
 *          connected, or after the client's own graceful WskDisconnect. A pending one ends with
 *          STATUS_CONNECTION_RESET when the peer breaks the connection, with STATUS_CANCELLED when
 *          the client does.
 * Result   IoStatus.Information: bytes sent, which is all of them.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_send
 * Windows  Here, sent means that the bytes are in Linux' send buffer; the peer need not have them.
 *          The page names no status for a broken connection; drivers in the field expect these.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_SEND)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _In_ ULONG Flags, _Inout_ PIRP Irp);

/*
 * WskReceive: read bytes from a connected socket. Several calls may wait; they are filled in their
 * order, and all of them before WskReceiveEvent is called.
 *
 *   Buffer  Filled from Offset on. Length 0 reads nothing, completes at once, and lets a
 *           WskReceiveEvent that had refused bytes be called again.
 *   Flags   0: completes as soon as there is a byte.
 *           WSK_FLAG_WAITALL: completes when Buffer is full or the connection has ended.
 *           WSK_FLAG_DRAIN: throws away what comes, completes when the connection has ended.
 *           Buffer is still given, its Length is 0. The two exclude each other.
 *
 * The peer's graceful end completes it with STATUS_SUCCESS and what is in Buffer, 0 bytes at the
 * end of the stream, then and ever after. A broken connection fails it: STATUS_CONNECTION_RESET by
 * the peer, STATUS_CONNECTION_ABORTED by the client's own WskDisconnect. The client's graceful
 * WskDisconnect leaves it alone. Cancelling one without flags loses no byte; one with
 * WSK_FLAG_WAITALL ends with STATUS_CANCELLED and counts the bytes it had taken.
 *
 * Returns  STATUS_SUCCESS, STATUS_PENDING; STATUS_FILE_FORCED_CLOSED: the connection is broken;
 *          STATUS_NOT_SUPPORTED: an unknown flag, or one the transport lacks;
 *          STATUS_INVALID_PARAMETER: both flags, WSK_FLAG_DRAIN with a Length, a Length beyond the
 *          MDLs; STATUS_INVALID_DEVICE_STATE: not connected.
 * Result   IoStatus.Information: bytes read, at most Buffer->Length.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_receive
 * Windows  The page does not say how the end of the stream, a broken connection and a cancelled
 *          WSK_FLAG_WAITALL show; the above is what drivers in the field expect.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_RECEIVE)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _In_ ULONG Flags, _Inout_ PIRP Irp);

/*
 * WskDisconnect: end a connection. The socket stays, and is closed by WskCloseSocket.
 *
 *   Buffer  NULL, or last bytes to send before the end. NULL with WSK_FLAG_ABORTIVE.
 *   Flags   0: graceful. Everything given to WskSend goes out first; Irp completes when the peer
 *           has acknowledged all of it and the end. Then WskReceive still works until the peer
 *           ends its side too.
 *           WSK_FLAG_ABORTIVE: the connection is broken at once, both ways; pending sends are
 *           cancelled. Also puts an end to a graceful disconnect that does not come to one.
 *
 * Returns  STATUS_SUCCESS, STATUS_PENDING, STATUS_FILE_FORCED_CLOSED; STATUS_NOT_SUPPORTED: an
 *          unknown flag; STATUS_INVALID_PARAMETER: Buffer with WSK_FLAG_ABORTIVE;
 *          STATUS_INVALID_DEVICE_STATE: not connected.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_disconnect
 * Windows  "Fully completed by the transport" is the peer's acknowledgement here; its own end is
 *          not waited for.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_DISCONNECT)(
    _In_ PWSK_SOCKET Socket, _In_opt_ PWSK_BUF Buffer, _In_ ULONG Flags, _Inout_ PIRP Irp);

/*
 * WskRelease: give back a list that WskReceiveEvent kept by returning STATUS_PENDING. Once for each
 * list, before WskCloseSocket. The client may cut the list up and give it back in pieces, in any
 * order, also inside the callback that is about to return STATUS_PENDING.
 *
 *   Socket          The one the list came from.
 *   DataIndication  The first of those to release; the rest follows by Next.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: NULL, or not kept from this socket, or
 *          released already. There is no Irp: it is done when it returns.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_release_data_indication_list
 * Windows  The page speaks of whole lists only; drivers in the field release pieces.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_RELEASE_DATA_INDICATION_LIST)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_DATA_INDICATION DataIndication);

/*
 * WskSendTo: send one datagram from a bound datagram socket. WSK keeps no copy: Irp completes when
 * it has been sent.
 *
 *   Flags              0.
 *   RemoteAddress      Where to; NULL if SIO_WSK_SET_REMOTE_ADDRESS or SIO_WSK_SET_SENDTO_ADDRESS
 *                      has said so, else STATUS_INVALID_PARAMETER.
 *   ControlInfo        Ancillary data, ControlInfoLength bytes of objects that begin with a
 *                      CMSGHDR; NULL and 0 if there is none. Stays until Irp is completed.
 *
 * Returns  STATUS_SUCCESS, STATUS_PENDING, STATUS_FILE_FORCED_CLOSED; STATUS_INVALID_DEVICE_STATE:
 *          not bound; STATUS_ACCESS_DENIED: a broadcast without SO_BROADCAST.
 * Result   IoStatus.Information: bytes sent.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_send_to
 * Windows  Sent means here: given to the network by the kernel.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_SEND_TO)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _Reserved_ ULONG Flags,
    _In_opt_ PSOCKADDR RemoteAddress, _In_ ULONG ControlInfoLength,
    _In_reads_bytes_opt_(ControlInfoLength) PCMSGHDR ControlInfo, _Inout_ PIRP Irp);

/*
 * WskReceiveFrom: read the next datagram of a bound datagram socket. Several calls may wait; the
 * first is served first, and all of them before WskReceiveFromEvent.
 *
 *   Buffer         What does not fit is lost.
 *   Flags          0.
 *   RemoteAddress  NULL, or room for the sender's address in the socket's family.
 *   ControlLength  NULL, or the size of ControlInfo; becomes the size of what was written there, 0
 *                  if there was no ancillary data. (The page also calls it ControlInfoLength.)
 *   ControlInfo    Objects that begin with a CMSGHDR. NULL if ControlLength is.
 *   ControlFlags   NULL, or gets MSG_BCAST, MSG_MCAST, MSG_TRUNC, MSG_CTRUNC.
 *                  All of these stay until Irp is completed.
 *
 * Returns  STATUS_SUCCESS, also for a datagram cut short; STATUS_PENDING;
 *          STATUS_FILE_FORCED_CLOSED; STATUS_INVALID_DEVICE_STATE: not bound.
 * Result   IoStatus.Information: bytes in Buffer.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_receive_from
 * Windows  No known difference.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_RECEIVE_FROM)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _Reserved_ ULONG Flags,
    _Out_opt_ PSOCKADDR RemoteAddress, _Inout_opt_ PULONG ControlLength,
    _Out_writes_bytes_opt_(*ControlLength) PCMSGHDR ControlInfo, _Out_opt_ PULONG ControlFlags,
    _Inout_ PIRP Irp);

/*
 * WskRelease of datagram sockets: give back a list that WskReceiveFromEvent kept, whole or in
 * pieces, once each, before WskCloseSocket. No Irp.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: NULL, or not kept from this socket, or
 *          released already.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_release_datagram_indication_list
 * Windows  The page speaks of whole lists only.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_RELEASE_DATAGRAM_INDICATION_LIST)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_DATAGRAM_INDICATION DatagramIndication);

#if NTDDI_VERSION >= NTDDI_WIN8
/*
 * WskSendMessages: send one datagram for each element of a list, in its order, as WskSendTo does.
 * RemoteAddress and ControlInfo hold for all of them.
 *
 * Result   IoStatus.Information: bytes sent in all.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_send_messages
 * Windows  No known difference.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_SEND_MESSAGES)(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF_LIST BufferList, _Reserved_ ULONG Flags,
    _In_opt_ PSOCKADDR RemoteAddress, _In_ ULONG ControlInfoLength,
    _In_reads_bytes_opt_(ControlInfoLength) PCMSGHDR ControlInfo, _Inout_ PIRP Irp);
#endif

#if NTDDI_VERSION >= NTDDI_WIN10_RS2
/*
 * WskListen: make a bound stream socket a listening one, for good. Irp completes when it listens,
 * not when a connection comes, as the page puts it.
 *
 * Returns  STATUS_SUCCESS, STATUS_PENDING, STATUS_FILE_FORCED_CLOSED; STATUS_INVALID_DEVICE_STATE:
 *          not bound, or connected.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_listen
 * Windows  No known difference.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_LISTEN)(_In_ PWSK_SOCKET Socket, _Inout_ PIRP Irp);

/*
 * WskConnectEx: WskConnect with first bytes to send, which may travel with the connection request
 * if TCP_FASTOPEN is set.
 *
 *   Buffer  NULL, or up to 65535 bytes. Its MDLs stay until Irp is completed.
 *   Flags   0.
 *
 * Returns  As WskConnect; STATUS_INVALID_PARAMETER: Flags is not 0; STATUS_BUFFER_OVERFLOW: more
 *          than 65535 bytes.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_connect_ex
 * Windows  Here net.ipv4.tcp_fastopen has to allow it, too; else the bytes follow the handshake.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_CONNECT_EX)(
    _In_ PWSK_SOCKET Socket, _In_ PSOCKADDR RemoteAddress, _In_opt_ PWSK_BUF Buffer,
    _Reserved_ ULONG Flags, _Inout_ PIRP Irp);

/*
 * WskSendEx and WskReceiveEx: WskSend and WskReceive with ancillary data. Reserved for the system,
 * and not to be called. (Their parameters are those of an older edition of the pages.)
 *
 * Returns  STATUS_NOT_SUPPORTED, and completes Irp.
 * Page     ddi/wsk/ns-wsk-_wsk_provider_connection_dispatch
 * Windows  What it does there is not documented.
 */
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
