/*
 * winsock_kernel/client.h: the functions of a WSK client: make sockets, configure the client,
 * resolve names. registration.h tells how to become one, socket.h what to do with a socket, and the
 * rules of every function that takes an Irp.
 */
#pragma once

#include <winsock_kernel/control.h>
#include <winsock_kernel/events.h>
#include <winsock_kernel/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * WskSocket: make a socket. All its callbacks start disabled, unless they are enabled statically.
 *
 *   Client              From WskCaptureProviderNPI. NULL or unknown: STATUS_INVALID_HANDLE.
 *   AddressFamily       AF_INET or AF_INET6.
 *   SocketType          SOCK_STREAM with IPPROTO_TCP: listening, connection-oriented, stream,
 * basic. Protocol            SOCK_DGRAM with IPPROTO_UDP: datagram, basic. SOCK_RAW with any:
 * likewise. Flags               The category: one WSK_FLAG_..._SOCKET. SocketContext       Handed
 * to the socket's callbacks; in memory that is not paged. NULL, like Dispatch, if it will have
 * none, and always for a basic socket. Dispatch            The table of the category:
 * WSK_CLIENT_LISTEN_DISPATCH, _DATAGRAM_, _CONNECTION_ or _STREAM_. Stays, like the context, until
 * the close. OwningProcess       Whose security counts when the address is shared; NULL for the
 * caller's. OwningThread SecurityDescriptor  NULL: the address is not shared. Else from
 * WSK_CACHE_SD, and not released before Irp is completed. Irp                 Looked at before
 * anything else: NULL is STATUS_INVALID_PARAMETER.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS, STATUS_PENDING; STATUS_INVALID_PARAMETER: several categories, or unknown
 *          flags; STATUS_NOT_SUPPORTED: a combination not listed above. (The page names no codes.)
 * Result   IoStatus.Information: the socket, a PWSK_SOCKET.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_socket, network/af-inet, network/af-inet6
 * Windows  Listening and connection-oriented sockets are made here; the other categories answer
 *          STATUS_NOT_IMPLEMENTED and complete Irp. Process, thread and security descriptor change
 *          nothing. For an invalid Client, Windows and this leave Irp uncompleted.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_SOCKET)(
    _In_ PWSK_CLIENT Client, _In_ ADDRESS_FAMILY AddressFamily, _In_ USHORT SocketType,
    _In_ ULONG Protocol, _In_ ULONG Flags, _In_opt_ PVOID SocketContext,
    _In_opt_ CONST VOID* Dispatch, _In_opt_ PEPROCESS OwningProcess, _In_opt_ PETHREAD OwningThread,
    _In_opt_ PSECURITY_DESCRIPTOR SecurityDescriptor, _Inout_ PIRP Irp);

/*
 * WskSocketConnect: WskSocket, WskBind and WskConnect in one, for a connection-oriented socket. If
 * a step fails, no socket is left.
 *
 *   SocketType     SOCK_STREAM, with Protocol IPPROTO_TCP.
 *   LocalAddress   As for WskBind. Its address family is the socket's.
 *   RemoteAddress  As for WskConnect, of the same family.
 *   Flags          0. WSK_FLAG_CONNECTION_SOCKET is let through, as Windows does for the drivers
 *                  that pass it.
 *
 * The others are those of WskSocket.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS, STATUS_PENDING, or the failure of the step.
 * Result   IoStatus.Information: the socket, a PWSK_SOCKET.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_socket_connect
 * Windows  The page lists datagram and raw types too, which cannot be connection-oriented: they are
 *          STATUS_NOT_SUPPORTED here.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_SOCKET_CONNECT)(
    _In_ PWSK_CLIENT Client, _In_ USHORT SocketType, _In_ ULONG Protocol,
    _In_ PSOCKADDR LocalAddress, _In_ PSOCKADDR RemoteAddress, _Reserved_ ULONG Flags,
    _In_opt_ PVOID SocketContext, _In_opt_ CONST WSK_CLIENT_CONNECTION_DISPATCH* Dispatch,
    _In_opt_ PEPROCESS OwningProcess, _In_opt_ PETHREAD OwningThread,
    _In_opt_ PSECURITY_DESCRIPTOR SecurityDescriptor, _Inout_ PIRP Irp);

/*
 * WskControlClient: configure a client, or ask for what it can use.
 *
 *   ControlCode         One of those in control.h, which tells what goes in and out.
 *   InputBuffer         InputSize bytes; NULL and 0 where nothing goes in.
 *   OutputBuffer        Room for OutputSize bytes; NULL and 0 where nothing comes out.
 *   OutputSizeReturned  Bytes written, or needed. NULL unless Irp is NULL and their number is not
 *                       known beforehand.
 *   Irp                 NULL for all codes but WSK_TRANSPORT_LIST_CHANGE.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS, STATUS_PENDING; STATUS_BUFFER_OVERFLOW: OutputBuffer is too small;
 *          STATUS_NOT_SUPPORTED: an unknown code; the other failures listed in control.h.
 * Result   IoStatus.Information: bytes written to OutputBuffer.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_control_client
 * Windows  There is no TDI and the list of transports never changes; see control.h.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_CONTROL_CLIENT)(
    _In_ PWSK_CLIENT Client, _In_ ULONG ControlCode, _In_ SIZE_T InputSize,
    _In_reads_bytes_opt_(InputSize) PVOID InputBuffer, _In_ SIZE_T OutputSize,
    _Out_writes_bytes_opt_(OutputSize) PVOID OutputBuffer, _Out_opt_ SIZE_T* OutputSizeReturned,
    _Inout_opt_ PIRP Irp);

#if NTDDI_VERSION >= NTDDI_WIN7
/*
 * WskGetAddressInfo: the addresses of a host, as GetAddrInfoW finds them.
 *
 *   NodeName       A host's name, or an address in numbers; empty: this machine. NULL: loopback, or
 *                  the wildcard with AI_PASSIVE.
 *   ServiceName    A service's name, or a port in decimal. NULL: port 0. Not both NULL.
 *   NameSpace      Which name services to ask: NS_ALL or NS_DNS.
 *   Provider       NULL, or the one provider to ask.
 *   Hints          NULL, or what to find: ai_flags, ai_family, ai_socktype, ai_protocol. The other
 *                  members are 0 or NULL.
 *   Result         Gets a list of one or more, linked by ai_next; ports are in network byte order.
 *                  The client frees it with WskFreeAddressInfo, once. It is written when Irp is
 *                  completed; until then, and after a failure, it is NULL.
 *   OwningProcess  Whose security to ask with; NULL for an account with few rights.
 *   OwningThread   NULL if OwningProcess is, else STATUS_INVALID_PARAMETER.
 *   Irp            Can be cancelled: STATUS_CANCELLED, at once.
 *
 * NodeName, ServiceName and Hints are read during the call.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS, STATUS_PENDING; STATUS_NO_MATCH: it cannot be resolved;
 *          STATUS_INVALID_PARAMETER: both names absent, text that is not UTF-16, undefined flags,
 * or no Irp, which is checked first; STATUS_NOT_SUPPORTED: a family, a type of socket, a flag or a
 * namespace that is not there. Result   IoStatus.Information: 0. Page
 * ddi/wsk/nc-wsk-pfn_wsk_get_address_info Windows  Asks the system's resolver, with the rights of
 * the process. See docs/differences.md.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_GET_ADDRESS_INFO)(
    _In_ PWSK_CLIENT Client, _In_opt_ PUNICODE_STRING NodeName,
    _In_opt_ PUNICODE_STRING ServiceName, _In_opt_ ULONG NameSpace, _In_opt_ GUID* Provider,
    _In_opt_ PADDRINFOEXW Hints, _Outptr_ PADDRINFOEXW* Result, _In_opt_ PEPROCESS OwningProcess,
    _In_opt_ PETHREAD OwningThread, _Inout_ PIRP Irp);

/*
 * WskFreeAddressInfo: free a whole list that WskGetAddressInfo made. No Irp, no failure.
 *
 *   AddrInfo  The head of the list, which the client may have changed.
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wsk/nc-wsk-pfn_wsk_free_address_info
 * Windows  What is no list, or was freed before, is reported and left alone.
 */
typedef VOID(WSKAPI* PFN_WSK_FREE_ADDRESS_INFO)(
    _In_ PWSK_CLIENT Client, _In_ PADDRINFOEXW AddrInfo);

/*
 * WskGetNameInfo: the names of an address and a port.
 *
 *   SockAddr        The address, SockAddrLength bytes, at most sizeof(SOCKADDR_STORAGE).
 *   NodeName        NULL, or gets the host's full name and its Length, with a NUL behind it.
 * Written when Irp is completed; NI_MAXHOST characters are enough. ServiceName     NULL, or gets
 * the service's name, likewise. Not both NULL. Flags           NI_NOFQDN, NI_NUMERICHOST,
 * NI_NAMEREQD, NI_NUMERICSERV, NI_DGRAM. OwningProcess   As for WskGetAddressInfo. OwningThread
 *
 * A host without a name is given by its address, unless NI_NAMEREQD asks for a name.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS, STATUS_PENDING; STATUS_NO_MATCH: no name, and NI_NAMEREQD;
 *          STATUS_INVALID_PARAMETER; STATUS_BUFFER_TOO_SMALL: a string without the room, and then
 *          neither is written; STATUS_CANCELLED, at once, after IoCancelIrp.
 * Result   IoStatus.Information: 0.
 * Page     ddi/wsk/nc-wsk-pfn_wsk_get_name_info
 * Windows  As WskGetAddressInfo.
 */
typedef NTSTATUS(WSKAPI* PFN_WSK_GET_NAME_INFO)(
    _In_ PWSK_CLIENT Client, _In_ PSOCKADDR SockAddr, _In_ ULONG SockAddrLength,
    _Out_opt_ PUNICODE_STRING NodeName, _Out_opt_ PUNICODE_STRING ServiceName, _In_ ULONG Flags,
    _In_opt_ PEPROCESS OwningProcess, _In_opt_ PETHREAD OwningThread, _Inout_ PIRP Irp);
#endif

#ifdef __cplusplus
}
#endif
