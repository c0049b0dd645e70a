/*
 * winsock_kernel/objects.h: what WSK's functions pass around: sockets, buffers, indications,
 * versions and flags. events.h has the callbacks, socket.h and client.h the functions.
 */
#pragma once

#include <netioddk.h>
#include <sdkddkver.h>
#include <ws2def.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WSKAPI NTAPI

/*
 * A version of the WSK interface, as WSK_CLIENT_DISPATCH and WSK_PROVIDER_DISPATCH carry it: the
 * major number in the high byte, the minor in the low. A higher minor number only adds.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_client_dispatch
 */
#define MAKE_WSK_VERSION(Mj, Mn) ((USHORT)(((Mj) << 8) + ((Mn)&0xff)))
#define WSK_MAJOR_VERSION(V) ((UCHAR)((V) >> 8))
#define WSK_MINOR_VERSION(V) ((UCHAR)((V)&0xff))

/*
 * WskSocket's Flags: the category of a socket, which decides what it can do for good. Exactly one
 * is given; none means a basic socket.
 *
 *   BASIC       Options and control codes only.
 *   LISTEN      Waits for connections, once bound.
 *   CONNECTION  Connects, sends and receives a stream of bytes. Accepted sockets are of this kind.
 *   DATAGRAM    Sends and receives datagrams.
 *   STREAM      Becomes a listening one by WskListen, or a connection-oriented one by WskConnect.
 *
 * Page     network/winsock-kernel-socket-categories
 */
#define WSK_FLAG_BASIC_SOCKET 0x00000000
#define WSK_FLAG_LISTEN_SOCKET 0x00000001
#define WSK_FLAG_CONNECTION_SOCKET 0x00000002
#define WSK_FLAG_DATAGRAM_SOCKET 0x00000004
#define WSK_FLAG_STREAM_SOCKET 0x00000008

/* WskSend: this data, and all that was given before it, leaves without waiting for more. */
#define WSK_FLAG_NODELAY 0x00000002
/* WskReceive: complete when Buffer is full, not as soon as there is something. */
#define WSK_FLAG_WAITALL 0x00000002
/* WskReceive: throw away what comes until the connection ends. */
#define WSK_FLAG_DRAIN 0x00000004
/* WskDisconnect: break the connection instead of ending it. WskDisconnectEvent: the peer did. */
#define WSK_FLAG_ABORTIVE 0x00000001

/* WskReceiveEvent: memory runs short; keep the indications as briefly as possible, or not. */
#define WSK_FLAG_RELEASE_ASAP 0x00000002
/* WskReceiveEvent: a message is whole or ends here. For TCP: a segment came with PSH. */
#define WSK_FLAG_ENTIRE_MESSAGE 0x00000004
/* Event callbacks: the IRQL is DISPATCH_LEVEL. Without it, it is anything up to that. */
#define WSK_FLAG_AT_DISPATCH_LEVEL 0x00000008

/*
 * WSK_CLIENT: the bond between a client and WSK, first argument of the functions of client.h.
 * Opaque. Comes from WskCaptureProviderNPI (or NmrClientAttachProvider) and is good until
 * WskReleaseProviderNPI (or the detachment).
 *
 * Page     network/wsk-client
 */
typedef PVOID PWSK_CLIENT;

/*
 * WSK_SOCKET: a socket. WSK makes it and frees it when it is closed; the client neither copies
 * nor changes it, and does not look at it after the close.
 *
 *   Dispatch  The table of this socket's functions, to be cast to the type of its category:
 *             see dispatch.h.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_socket
 */
typedef struct _WSK_SOCKET {
  CONST VOID* Dispatch;
} WSK_SOCKET, *PWSK_SOCKET;

/*
 * WSK_BUF: bytes in memory that MDLs describe.
 *
 *   Mdl     One MDL, or a chain through its Next, of memory that is locked or not paged. NULL only
 *           where Length is 0. MDLs of no bytes are skipped.
 *   Offset  Where the bytes begin in the first MDL. Less than its byte count.
 *   Length  How many bytes; at most those from Offset to the end of the chain.
 *
 * A function that is given a WSK_BUF reads it during the call, so it may lie on the caller's
 * stack; the MDLs and the memory stay until the Irp is completed. WSK changes neither WSK_BUF nor
 * MDLs. In an indication all of it is WSK's, and an MDL may describe more than Length bytes.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_buf
 * Windows  A Length beyond the chain is STATUS_INVALID_PARAMETER here; Windows crashes.
 */
typedef struct _WSK_BUF {
  PMDL Mdl;
  ULONG Offset;
  SIZE_T Length;
} WSK_BUF, *PWSK_BUF;

/*
 * WSK_BUF_LIST: the datagrams of one WskSendMessages, one element each. Next is NULL in the last.
 *
 * Page     ddi/wsk/ns-wsk-wsk_buf_list
 */
typedef struct _WSK_BUF_LIST {
  struct _WSK_BUF_LIST* Next;
  WSK_BUF Buffer;
} WSK_BUF_LIST, *PWSK_BUF_LIST;

/*
 * WSK_DATA_INDICATION: received bytes of a stream, in WSK's memory, as WskReceiveEvent gets them.
 * The list is in the order of the stream; Next is NULL in the last.
 *
 * A list that the callback keeps (STATUS_PENDING) is the client's until WskRelease. It may then be
 * cut up by writing Next, and given back piece by piece; any other list is gone when the callback
 * returns.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_data_indication
 */
typedef struct _WSK_DATA_INDICATION {
  struct _WSK_DATA_INDICATION* Next;
  WSK_BUF Buffer;
} WSK_DATA_INDICATION, *PWSK_DATA_INDICATION;

/*
 * WSK_DATAGRAM_INDICATION: a received datagram in WSK's memory, as WskReceiveFromEvent gets it.
 * Kept and released like WSK_DATA_INDICATION.
 *
 *   Buffer             The datagram.
 *   ControlInfo        Its ancillary data: objects that begin with a CMSGHDR. NULL if there is
 * none. ControlInfoLength  Bytes at ControlInfo; 0 if there is none. RemoteAddress      Who sent
 * it, in the socket's address family.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_datagram_indication
 */
typedef struct _WSK_DATAGRAM_INDICATION {
  struct _WSK_DATAGRAM_INDICATION* Next;
  WSK_BUF Buffer;
  PCMSGHDR ControlInfo;
  ULONG ControlInfoLength;
  PSOCKADDR RemoteAddress;
} WSK_DATAGRAM_INDICATION, *PWSK_DATAGRAM_INDICATION;

/*
 * WSK_INSPECT_ID: names one incoming connection request under conditional accept. Its contents
 * count, not its address: the client copies it before WskInspectEvent returns.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_inspect_id
 */
typedef struct _WSK_INSPECT_ID {
  ULONG_PTR Key;
  ULONG SerialNumber;
} WSK_INSPECT_ID, *PWSK_INSPECT_ID;

/*
 * WSK_INSPECT_ACTION: what becomes of a connection request: dropped, let in, or decided later by
 * WskInspectComplete.
 *
 * Page     ddi/wsk/nc-wsk-pfn_wsk_inspect_event
 */
typedef enum {
  WskInspectReject,
  WskInspectAccept,
  WskInspectPend,
  WskInspectMax
} WSK_INSPECT_ACTION,
    *PWSK_INSPECT_ACTION;

/*
 * WSK_TRANSPORT: a combination that WskSocket takes, as WSK_TRANSPORT_LIST_QUERY lists them.
 *
 *   Version     Of the transport, in a form of its own.
 *   ProviderId  Who implements it; one provider may have several combinations.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_transport
 */
typedef struct _WSK_TRANSPORT {
  USHORT Version;
  USHORT SocketType;
  ULONG Protocol;
  ADDRESS_FAMILY AddressFamily;
  GUID ProviderId;
} WSK_TRANSPORT, *PWSK_TRANSPORT;

C_ASSERT(sizeof(WSK_SOCKET) == 8 && sizeof(WSK_BUF) == 24 && sizeof(WSK_BUF_LIST) == 32);
C_ASSERT(sizeof(WSK_DATA_INDICATION) == 32 && sizeof(WSK_DATAGRAM_INDICATION) == 56);
C_ASSERT(sizeof(WSK_INSPECT_ID) == 16 && sizeof(WSK_TRANSPORT) == 28);

#ifdef __cplusplus
}
#endif
