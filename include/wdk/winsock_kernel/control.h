/*
 * winsock_kernel/control.h: the codes and data of WskControlSocket and WskControlClient that are
 * WSK's own. ws2def.h and ws2ipdef.h have the options a transport offers.
 *
 * Each code says what goes in and out and whether it takes an Irp. "No Irp": NULL, and the call is
 * done when it returns. Sizes that differ are answered with STATUS_INVALID_PARAMETER, codes WSK
 * does not know with STATUS_NOT_SUPPORTED, codes of another category of socket with
 * STATUS_INVALID_DEVICE_REQUEST, a wrong state with STATUS_INVALID_DEVICE_STATE, an Irp where none
 * may be, or none where one must be, with STATUS_INVALID_PARAMETER. The pages name none of these.
 */
#pragma once

#include <winsock_kernel/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a WskControlSocket call does: set an option, get one, or run a control code. */
typedef enum {
  WskSetOption,
  WskGetOption,
  WskIoctl,
  WskControlMax
} WSK_CONTROL_SOCKET_TYPE,
    *PWSK_CONTROL_SOCKET_TYPE;

/*
 * SO_WSK_SECURITY: the security descriptor that decides who may share the socket's local address.
 *
 *   Sockets   Listening, datagram, connection-oriented. Set before WskBind.
 *   Set       In: a PSECURITY_DESCRIPTOR from WSK_CACHE_SD, not released before Irp completes.
 *   Get       Out: a cached PSECURITY_DESCRIPTOR, the client's to give to WSK_RELEASE_SD.
 *   Irp       Required.
 *
 * Anything else than a cached descriptor: STATUS_INVALID_PARAMETER. What was cached may be released
 * once Irp has completed; the socket keeps what it needs.
 *
 * Page     network/so-wsk-security, network/sharing-transport-addresses
 * Windows  The access check is made for the system, whatever process owns the socket.
 */
#define SO_WSK_SECURITY (WSK_SO_BASE + 1)

/*
 * SO_WSK_EVENT_CALLBACK: enable callbacks of a socket, or disable one. Set only.
 *
 *   Sockets   Listening and datagram ones once bound, connection-oriented ones once connected;
 *             before, STATUS_INVALID_DEVICE_STATE.
 *   Set       In: a WSK_EVENT_CALLBACK_CONTROL.
 *   Irp       NULL to enable; given or NULL to disable.
 *
 * Enabling is in force when the call returns STATUS_SUCCESS. (Drivers in the field pass an Irp;
 * it is completed before the return.) What is enabled already stays so.
 *
 * Disabling takes one flag and WSK_EVENT_DISABLE. From then on no call of that callback begins.
 * STATUS_SUCCESS: none was under way. Otherwise STATUS_PENDING with an Irp, which completes when
 * the last has returned, or STATUS_EVENT_PENDING without one. Legal inside the callback itself,
 * which must not wait for it. Disabling what is disabled succeeds.
 *
 * The flags of connections, enabled on a listening socket, are inherited by what WskAcceptEvent
 * (not WskAccept) accepts, and cannot be disabled there: STATUS_NOT_SUPPORTED, as for an event that
 * is enabled statically. A flag that does not fit the category: STATUS_INVALID_PARAMETER.
 *
 * Page     network/so-wsk-event-callback, network/enabling-and-disabling-event-callback-functions
 * Windows  No known difference; the pages leave the failure codes open.
 */
#define SO_WSK_EVENT_CALLBACK (WSK_SO_BASE + 2)

/* Datagram sockets: WskReceiveFromEvent. */
#define WSK_EVENT_RECEIVE_FROM 0x00000100
/* Listening sockets: WskAcceptEvent. */
#define WSK_EVENT_ACCEPT 0x00000200
/* Connection-oriented sockets, and listening ones for those they accept. */
#define WSK_EVENT_SEND_BACKLOG 0x00000010
#define WSK_EVENT_RECEIVE 0x00000040
#define WSK_EVENT_DISCONNECT 0x00000080
/* Beside one of the above: disable it. */
#define WSK_EVENT_DISABLE 0x80000000

/*
 * WSK_EVENT_CALLBACK_CONTROL: which callbacks.
 *
 *   NpiId      &NPI_WSK_INTERFACE_ID, or an extension's id; compared by value.
 *   EventMask  Flags from above.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_event_callback_control
 */
typedef struct _WSK_EVENT_CALLBACK_CONTROL {
  PNPIID NpiId;
  ULONG EventMask;
} WSK_EVENT_CALLBACK_CONTROL, *PWSK_EVENT_CALLBACK_CONTROL;

/*
 * SIO_WSK_SET_REMOTE_ADDRESS: a bound datagram socket talks to one address only: sends without an
 * address go there, and only datagrams from there are taken. In: a SOCKADDR of the socket's
 * family; nothing (0, NULL) ends it. Irp required.
 *
 * Page     network/sio-wsk-set-remote-address
 * Windows  No known difference.
 */
#define SIO_WSK_SET_REMOTE_ADDRESS _WSAIOW(IOC_WSK, 0x1)

/*
 * SIO_WSK_REGISTER_EXTENSION: ask for an extension interface on a socket. In: a
 * WSK_EXTENSION_CONTROL_IN; out: a WSK_EXTENSION_CONTROL_OUT. No Irp, no OutputSizeReturned.
 * None is documented, so every request is answered with STATUS_NOT_SUPPORTED.
 *
 * Page     network/sio-wsk-register-extension
 * Windows  No known difference.
 */
#define SIO_WSK_REGISTER_EXTENSION _WSAIORW(IOC_WSK, 0x2)

/*
 * SIO_WSK_QUERY_IDEAL_SEND_BACKLOG: out: a SIZE_T, the bytes to keep given to WskSend and not
 * completed so that a connected socket never runs dry. Irp required.
 *
 * Page     network/sio-wsk-query-ideal-send-backlog
 * Windows  Has its own estimate. Here: the congestion window or the peer's receive window,
 * whichever is less.
 */
#define SIO_WSK_QUERY_IDEAL_SEND_BACKLOG _WSAIOR(IOC_WSK, 0x3)

/*
 * SIO_WSK_QUERY_RECEIVE_BACKLOG: out: a SIZE_T, the bytes a connected socket has received and not
 * delivered. Irp required.
 *
 * Page     network/sio-wsk-query-receive-backlog
 * Windows  No known difference.
 */
#define SIO_WSK_QUERY_RECEIVE_BACKLOG _WSAIOR(IOC_WSK, 0x4)

/*
 * SIO_WSK_QUERY_INSPECT_ID: out: the WSK_INSPECT_ID under which an accepted socket's request was
 * inspected. No Irp. STATUS_INVALID_DEVICE_REQUEST on every other socket.
 *
 * Page     network/sio-wsk-query-inspect-id
 * Windows  No known difference.
 */
#define SIO_WSK_QUERY_INSPECT_ID _WSAIOR(IOC_WSK, 0x5)

/*
 * SIO_WSK_SET_SENDTO_ADDRESS: where sends without an address go on a bound datagram socket;
 * datagrams are taken from anywhere. In: a SOCKADDR of the socket's family; nothing (0, NULL) ends
 * it. Irp required.
 *
 * Page     network/sio-wsk-set-sendto-address
 * Windows  No known difference.
 */
#define SIO_WSK_SET_SENDTO_ADDRESS _WSAIOW(IOC_WSK, 0x6)

/*
 * SIO_WSK_SET_TCP_SILENT_MODE: a connected socket falls silent: nothing is sent any more, not even
 * by the close, and what comes is dropped. After it only WskCloseSocket is legal; WskSend and
 * WskDisconnect answer STATUS_INVALID_DEVICE_STATE. Not on loopback. Irp required, no data.
 *
 * Page     network/sio-wsk-set-tcp-silent-mode
 * Windows  Whether it stays silent after the close is not documented. Here a peer that sends after
 *          that meets a reset.
 */
#define SIO_WSK_SET_TCP_SILENT_MODE _WSAIO(IOC_WSK, 0x7)

/*
 * What SIO_WSK_REGISTER_EXTENSION takes and returns: the id of the extension, then each side's
 * context and table, which are opaque to the other.
 *
 * Pages    ddi/wsk/ns-wsk-_wsk_extension_control_in, ddi/wsk/ns-wsk-_wsk_extension_control_out
 */
typedef struct _WSK_EXTENSION_CONTROL_IN {
  PNPIID NpiId;
  PVOID ClientContext;
  CONST VOID* ClientDispatch;
} WSK_EXTENSION_CONTROL_IN, *PWSK_EXTENSION_CONTROL_IN;

typedef struct _WSK_EXTENSION_CONTROL_OUT {
  PVOID ProviderContext;
  CONST VOID* ProviderDispatch;
} WSK_EXTENSION_CONTROL_OUT, *PWSK_EXTENSION_CONTROL_OUT;

/*
 * WskControlClient: WSK_TRANSPORT_LIST_QUERY: out: an array of WSK_TRANSPORT, every combination
 * that WskSocket takes. No Irp; OutputSizeReturned gets the bytes written, or with
 * STATUS_BUFFER_OVERFLOW (too small, or 0 and NULL) the bytes needed.
 *
 * Page     network/wsk-transport-list-query
 * Windows  Lists what can be made here: TCP and UDP, over IPv4 and over IPv6 where the kernel has
 *          it. Raw sockets are left out.
 */
#define WSK_TRANSPORT_LIST_QUERY 2

/*
 * WskControlClient: WSK_TRANSPORT_LIST_CHANGE: the Irp, required, completes when a transport comes
 * or goes, or with STATUS_CANCELLED at WskDeregister, also while the NPI is still captured. No
 * data.
 *
 * Page     network/wsk-transport-list-change
 * Windows  No transport comes or goes while the kernel runs, so only cancelling ends it.
 */
#define WSK_TRANSPORT_LIST_CHANGE 3

/*
 * WskControlClient: WSK_CACHE_SD makes WSK's copy of a security descriptor (in and out: a
 * PSECURITY_DESCRIPTOR), WSK_RELEASE_SD gives one back (in), once for each. No Irp. wdm/se.h has
 * what makes descriptors; either form is taken, the copy is self-relative.
 *
 * STATUS_INVALID_SECURITY_DESCR: not well formed. STATUS_INVALID_PARAMETER: given back before, or
 * never a copy. Sockets it was applied to keep it; what is never given back is reported when the
 * driver is unloaded.
 *
 * Pages    network/wsk-cache-sd, network/wsk-release-sd
 * Windows  Each call makes a copy of its own. The pages name no statuses.
 */
#define WSK_CACHE_SD 4
#define WSK_RELEASE_SD 5

/*
 * WskControlClient: WSK_SET_STATIC_EVENT_CALLBACKS: enable callbacks on every socket the client
 * will ever make or accept, each flag on the sockets it fits, for good. In: a
 * WSK_EVENT_CALLBACK_CONTROL; WSK_EVENT_DISABLE and unknown flags are STATUS_INVALID_PARAMETER. No
 * Irp. They take effect when a listening or datagram socket is bound, a connection-oriented one is
 * connected or accepted.
 *
 * Called before the client's first socket, else STATUS_INVALID_DEVICE_STATE. A second call before
 * that adds its flags to the first.
 *
 * Page     network/wsk-set-static-event-callbacks
 * Windows  No known difference; the page is silent on the codes, on accepted sockets and on a
 *          second call.
 */
#define WSK_SET_STATIC_EVENT_CALLBACKS 7

/*
 * WskControlClient: the older interface TDI: which TDI device serves a combination WSK has no
 * transport for (in: a WSK_TDI_MAP_INFO), and whether to pass by TDI's filters (in: a ULONG,
 * WSK_TDI_BEHAVIOR_BYPASS_TDI). Both before the first socket, else STATUS_INVALID_DEVICE_STATE,
 * without Irp. A device without a name and unknown flags are STATUS_INVALID_PARAMETER.
 *
 * Pages    network/wsk-tdi-devicename-mapping, network/wsk-tdi-behavior
 * Windows  Both succeed without effect: there is no TDI here, neither transport nor filter. A
 *          combination that is mapped to a device fails in WskSocket as if it were not.
 */
#define WSK_TDI_DEVICENAME_MAPPING 6
#define WSK_TDI_BEHAVIOR 8
#define WSK_TDI_BEHAVIOR_BYPASS_TDI 0x00000001

/*
 * WSK_TDI_MAP: one combination and its device. WSK_TDI_MAP_INFO: ElementCount of them at Map.
 *
 * Pages    ddi/wsk/ns-wsk-_wsk_tdi_map, ddi/wsk/ns-wsk-_wsk_tdi_map_info
 */
typedef struct _WSK_TDI_MAP {
  USHORT SocketType;
  ADDRESS_FAMILY AddressFamily;
  ULONG Protocol;
  PCWSTR TdiDeviceName;
} WSK_TDI_MAP, *PWSK_TDI_MAP;

typedef struct _WSK_TDI_MAP_INFO {
  CONST ULONG ElementCount;
  CONST WSK_TDI_MAP* Map;
} WSK_TDI_MAP_INFO, *PWSK_TDI_MAP_INFO;

C_ASSERT(sizeof(WSK_EVENT_CALLBACK_CONTROL) == 16);
C_ASSERT(sizeof(WSK_EXTENSION_CONTROL_IN) == 24 && sizeof(WSK_EXTENSION_CONTROL_OUT) == 16);
C_ASSERT(sizeof(WSK_TDI_MAP) == 16 && sizeof(WSK_TDI_MAP_INFO) == 16);

#ifdef __cplusplus
}
#endif
