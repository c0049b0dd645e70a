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

#define MAKE_WSK_VERSION(Mj, Mn) ((USHORT)(((Mj) << 8) + ((Mn)&0xff)))
#define WSK_MAJOR_VERSION(V) ((UCHAR)((V) >> 8))
#define WSK_MINOR_VERSION(V) ((UCHAR)((V)&0xff))

// WskSocket: the category of the socket.
#define WSK_FLAG_BASIC_SOCKET 0x00000000
#define WSK_FLAG_LISTEN_SOCKET 0x00000001
#define WSK_FLAG_CONNECTION_SOCKET 0x00000002
#define WSK_FLAG_DATAGRAM_SOCKET 0x00000004
#define WSK_FLAG_STREAM_SOCKET 0x00000008

// WskSend; WskReceive; WskDisconnect and WskDisconnectEvent.
#define WSK_FLAG_NODELAY 0x00000002
#define WSK_FLAG_WAITALL 0x00000002
#define WSK_FLAG_DRAIN 0x00000004
#define WSK_FLAG_ABORTIVE 0x00000001

// Event callbacks.
#define WSK_FLAG_RELEASE_ASAP 0x00000002
#define WSK_FLAG_ENTIRE_MESSAGE 0x00000004
#define WSK_FLAG_AT_DISPATCH_LEVEL 0x00000008

typedef PVOID PWSK_CLIENT;

typedef struct _WSK_SOCKET {
  CONST VOID* Dispatch;
} WSK_SOCKET, *PWSK_SOCKET;

typedef struct _WSK_BUF {
  PMDL Mdl;
  ULONG Offset;
  SIZE_T Length;
} WSK_BUF, *PWSK_BUF;

typedef struct _WSK_BUF_LIST {
  struct _WSK_BUF_LIST* Next;
  WSK_BUF Buffer;
} WSK_BUF_LIST, *PWSK_BUF_LIST;

typedef struct _WSK_DATA_INDICATION {
  struct _WSK_DATA_INDICATION* Next;
  WSK_BUF Buffer;
} WSK_DATA_INDICATION, *PWSK_DATA_INDICATION;

typedef struct _WSK_DATAGRAM_INDICATION {
  struct _WSK_DATAGRAM_INDICATION* Next;
  WSK_BUF Buffer;
  PCMSGHDR ControlInfo;
  ULONG ControlInfoLength;
  PSOCKADDR RemoteAddress;
} WSK_DATAGRAM_INDICATION, *PWSK_DATAGRAM_INDICATION;

typedef struct _WSK_INSPECT_ID {
  ULONG_PTR Key;
  ULONG SerialNumber;
} WSK_INSPECT_ID, *PWSK_INSPECT_ID;

typedef enum {
  WskInspectReject,
  WskInspectAccept,
  WskInspectPend,
  WskInspectMax
} WSK_INSPECT_ACTION,
    *PWSK_INSPECT_ACTION;

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
