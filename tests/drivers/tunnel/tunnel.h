/*
 * tunnel.h: one end of a tunnel for datagrams.
 *
 *   driver.c   the driver and its settings
 *   socket.c   a datagram socket, with calls that are waited for
 *   flow.c     who talks to us, and what is sent back to him
 *   forward.c  datagrams that came in, and go out on the other side
 *
 * An end has a front, one socket on which strangers talk to it, and for each of them a flow with a
 * socket of its own, the back, that talks to one fixed address. At the entry the front gets plain
 * datagrams and the backs talk to the exit; at the exit it is the other way round.
 */
#pragma once

#include <ntddk.h>
#include <wsk.h>

#include "tunnel_protocol.h"

#define POOL_TAG 'nuTU'
#define SAY(...) DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_TRACE_LEVEL, __VA_ARGS__)

/* ---- socket.c: PASSIVE_LEVEL ---------------------------------------------------------------- */

typedef struct _ENDPOINT {
  PWSK_SOCKET Socket;
  const WSK_PROVIDER_DATAGRAM_DISPATCH* Dispatch;
  PIRP Irp; /* For the calls below; there as long as the socket. */
} ENDPOINT, *PENDPOINT;

NTSTATUS StartWsk(VOID);
VOID StopWsk(VOID);

/* Bound to every address. Port 0: one that is free. Of IPv6, IPv4 is included. */
NTSTATUS OpenEndpoint(_Out_ PENDPOINT Endpoint, ADDRESS_FAMILY Family, USHORT Port, PVOID Context,
                      const WSK_CLIENT_DATAGRAM_DISPATCH* Events);
/* The only address it sends to and hears from. */
NTSTATUS FixRemote(_Inout_ PENDPOINT Endpoint, _In_ const SOCKADDR_INET* Remote);
/* Datagrams come with the address they were sent to. */
NTSTATUS WantPacketInfo(_Inout_ PENDPOINT Endpoint);
NTSTATUS GetPort(_Inout_ PENDPOINT Endpoint, _Out_ PUSHORT Port);
/* TRUE: from now on events come. FALSE: when it returns, none is under way and none will come. */
NTSTATUS EnableEvents(_Inout_ PENDPOINT Endpoint, BOOLEAN Enable);
/* Every datagram has been released. */
VOID CloseEndpoint(_Inout_ PENDPOINT Endpoint);

/* ---- flow.c: only the worker uses flows, one thread at a time ------------------------------- */

/* Room for what names a source address in a send. */
typedef union _SOURCE {
  CMSGHDR Header;
  UCHAR Ipv4[WSA_CMSG_SPACE(sizeof(IN_PKTINFO))];
  UCHAR Ipv6[WSA_CMSG_SPACE(sizeof(IN6_PKTINFO))];
} SOURCE;

typedef struct _FLOW {
  LIST_ENTRY Link;      /* The one used last is the last. */
  SOCKADDR_INET Remote; /* Who talks to the front, */
  SOURCE Source;        /* and at which address of ours: answers come from there. */
  ULONG SourceLength;
  ENDPOINT Back;
  EX_RUNDOWN_REF Rundown; /* Held by each batch, in either direction. */
  ULONG SequenceSent;
  ULONG SequenceSeen;
} FLOW, *PFLOW;

VOID InitializeFlows(_In_ const SOCKADDR_INET* BackRemote, ULONG MaxFlows);
/* The flow of a datagram at the front; NULL: there is none. */
PFLOW FindFlow(_In_ const WSK_DATAGRAM_INDICATION* Datagram);
/* A new one. Another may be closed for it, which waits for all its batches; so have none unsent.
   NULL: there is no memory. */
PFLOW CreateFlow(_In_ const WSK_DATAGRAM_INDICATION* Datagram);
VOID CloseAllFlows(VOID);

/* ---- forward.c ------------------------------------------------------------------------------ */

typedef struct _STATISTICS {
  volatile LONG64 ToBacks;
  volatile LONG64 ToFront;
  volatile LONG64 Dropped;   /* Too many waited, or there was no memory. */
  volatile LONG64 Malformed; /* Not of our protocol. */
  volatile LONG64 Lost;      /* Their numbers never came, or came late. */
} STATISTICS;
extern STATISTICS Statistics;

extern const WSK_CLIENT_DATAGRAM_DISPATCH FrontEvents;
extern const WSK_CLIENT_DATAGRAM_DISPATCH BackEvents; /* Their context is the FLOW. */

/* Front has to be open; IsEntry says which side is plain. */
NTSTATUS StartForwarding(_In_ PDRIVER_OBJECT DriverObject, _In_ PENDPOINT Front, BOOLEAN IsEntry);
/* When it returns the worker is at rest, what comes in is dropped, and nothing waits. */
VOID StopForwarding(VOID);
/* Releases what has come in for a flow and still waits. Its events are off. */
VOID DropArrivalsOf(_In_ PFLOW Flow);
