/*
 * winsock_kernel/dispatch.h: the tables WSK hands out: of a client's functions, and of a socket's
 * by its category. The order of the members is the binary interface. events.h has the client's
 * tables.
 */
#pragma once

#include <winsock_kernel/client.h>
#include <winsock_kernel/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * WSK_PROVIDER_DISPATCH: WSK to a client, from WskCaptureProviderNPI until the last
 * WskReleaseProviderNPI.
 *
 *   Version  What WSK offers: the major number the client asked for, a minor number at least as
 *            high. The members are those of this version.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_provider_dispatch
 * Windows  No known difference.
 */
typedef struct _WSK_PROVIDER_DISPATCH {
  USHORT Version;
  USHORT Reserved;
  PFN_WSK_SOCKET WskSocket;
  PFN_WSK_SOCKET_CONNECT WskSocketConnect;
  PFN_WSK_CONTROL_CLIENT WskControlClient;
#if NTDDI_VERSION >= NTDDI_WIN7
  PFN_WSK_GET_ADDRESS_INFO WskGetAddressInfo;
  PFN_WSK_FREE_ADDRESS_INFO WskFreeAddressInfo;
  PFN_WSK_GET_NAME_INFO WskGetNameInfo;
#endif
} WSK_PROVIDER_DISPATCH, *PWSK_PROVIDER_DISPATCH;

/*
 * WSK_PROVIDER_BASIC_DISPATCH: what every socket can do. The table of a basic socket, and the
 * beginning of all others: there the two functions are members of `Basic` in C++, and of the table
 * itself in C.
 *
 * C reaches them through Basic too, as some drivers do: this union says both without Microsoft's
 * unnamed structures, which compilers know only under -fms-extensions.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_provider_basic_dispatch
 * Windows  No known difference.
 */
typedef struct _WSK_PROVIDER_BASIC_DISPATCH {
  PFN_WSK_CONTROL_SOCKET WskControlSocket;
  PFN_WSK_CLOSE_SOCKET WskCloseSocket;
} WSK_PROVIDER_BASIC_DISPATCH, *PWSK_PROVIDER_BASIC_DISPATCH;

#ifdef __cplusplus
#define WSK_BASIC_FUNCTIONS WSK_PROVIDER_BASIC_DISPATCH Basic
#else
#define WSK_BASIC_FUNCTIONS                    \
  union {                                      \
    WSK_PROVIDER_BASIC_DISPATCH Basic;         \
    struct {                                   \
      PFN_WSK_CONTROL_SOCKET WskControlSocket; \
      PFN_WSK_CLOSE_SOCKET WskCloseSocket;     \
    };                                         \
  }
#endif

/*
 * The tables of a socket's functions, by category. They stay for good, also after
 * WskReleaseProviderNPI.
 *
 * Pages    ddi/wsk/ns-wsk-_wsk_provider_{listen,datagram,connection,stream}_dispatch
 * Windows  WskSendEx and WskReceiveEx are reserved and answer STATUS_NOT_SUPPORTED.
 */
typedef struct _WSK_PROVIDER_LISTEN_DISPATCH {
  WSK_BASIC_FUNCTIONS;
  PFN_WSK_BIND WskBind;
  PFN_WSK_ACCEPT WskAccept;
  PFN_WSK_INSPECT_COMPLETE WskInspectComplete;
  PFN_WSK_GET_LOCAL_ADDRESS WskGetLocalAddress;
} WSK_PROVIDER_LISTEN_DISPATCH, *PWSK_PROVIDER_LISTEN_DISPATCH;

typedef struct _WSK_PROVIDER_DATAGRAM_DISPATCH {
  WSK_BASIC_FUNCTIONS;
  PFN_WSK_BIND WskBind;
  PFN_WSK_SEND_TO WskSendTo;
  PFN_WSK_RECEIVE_FROM WskReceiveFrom;
  PFN_WSK_RELEASE_DATAGRAM_INDICATION_LIST WskRelease;
  PFN_WSK_GET_LOCAL_ADDRESS WskGetLocalAddress;
#if NTDDI_VERSION >= NTDDI_WIN8
  PFN_WSK_SEND_MESSAGES WskSendMessages;
#endif
} WSK_PROVIDER_DATAGRAM_DISPATCH, *PWSK_PROVIDER_DATAGRAM_DISPATCH;

typedef struct _WSK_PROVIDER_CONNECTION_DISPATCH {
  WSK_BASIC_FUNCTIONS;
  PFN_WSK_BIND WskBind;
  PFN_WSK_CONNECT WskConnect;
  PFN_WSK_GET_LOCAL_ADDRESS WskGetLocalAddress;
  PFN_WSK_GET_REMOTE_ADDRESS WskGetRemoteAddress;
  PFN_WSK_SEND WskSend;
  PFN_WSK_RECEIVE WskReceive;
  PFN_WSK_DISCONNECT WskDisconnect;
  PFN_WSK_RELEASE_DATA_INDICATION_LIST WskRelease;
#if NTDDI_VERSION >= NTDDI_WIN10_RS2
  PFN_WSK_CONNECT_EX WskConnectEx;
  PFN_WSK_SEND_EX WskSendEx;
  PFN_WSK_RECEIVE_EX WskReceiveEx;
#endif
} WSK_PROVIDER_CONNECTION_DISPATCH, *PWSK_PROVIDER_CONNECTION_DISPATCH;

#if NTDDI_VERSION >= NTDDI_WIN10_RS2
typedef struct _WSK_PROVIDER_STREAM_DISPATCH {
  WSK_BASIC_FUNCTIONS;
  PFN_WSK_BIND WskBind;
  PFN_WSK_ACCEPT WskAccept;
  PFN_WSK_CONNECT WskConnect;
  PFN_WSK_LISTEN WskListen;
  PFN_WSK_SEND WskSend;
  PFN_WSK_RECEIVE WskReceive;
  PFN_WSK_DISCONNECT WskDisconnect;
  PFN_WSK_RELEASE_DATA_INDICATION_LIST WskRelease;
  PFN_WSK_GET_LOCAL_ADDRESS WskGetLocalAddress;
  PFN_WSK_GET_REMOTE_ADDRESS WskGetRemoteAddress;
  PFN_WSK_CONNECT_EX WskConnectEx;
  PFN_WSK_SEND_EX WskSendEx;
  PFN_WSK_RECEIVE_EX WskReceiveEx;
} WSK_PROVIDER_STREAM_DISPATCH, *PWSK_PROVIDER_STREAM_DISPATCH;
#endif

#undef WSK_BASIC_FUNCTIONS

C_ASSERT(sizeof(WSK_PROVIDER_BASIC_DISPATCH) == 16 && sizeof(WSK_PROVIDER_LISTEN_DISPATCH) == 48);
#if NTDDI_VERSION >= NTDDI_WIN10_RS2
C_ASSERT(sizeof(WSK_PROVIDER_DISPATCH) == 56 && sizeof(WSK_PROVIDER_DATAGRAM_DISPATCH) == 64);
C_ASSERT(sizeof(WSK_PROVIDER_CONNECTION_DISPATCH) == 104);
C_ASSERT(sizeof(WSK_PROVIDER_STREAM_DISPATCH) == 120);
#endif

#ifdef __cplusplus
}
#endif
