/*
 * server.h: a listening socket and the connections it accepts, each with a safe end. The drivers
 * echo and receive_event stand on this and add what they do with the bytes.
 *
 * The rules of WSK that make the end of a connection delicate, and how they are kept here:
 *
 * - Nobody may be in a function of a socket when WskCloseSocket is called for it, nor call one
 *   after. So whoever uses the socket holds the connection: AcquireConnection before,
 *   ReleaseConnection after, one more for each IRP that is under way and for each list of data
 *   indications that is kept. The last one to let go closes the socket.
 * - Callbacks and completion routines must not wait, and should start nothing new. The close
 *   happens in a work item, at PASSIVE_LEVEL.
 * - A driver must be through with everything before DriverUnload returns. StopServer waits.
 */
#pragma once

#include "client.h"

typedef struct _CONNECTION {
  LIST_ENTRY Link; /* In the server's list. */
  PWSK_SOCKET Socket;
  const WSK_PROVIDER_CONNECTION_DISPATCH* Dispatch;
  PIO_WORKITEM WorkItem; /* For whoever holds the connection; in the end it closes the socket. */
  PIRP EndIrp;           /* For the graceful disconnect. */
  PIRP CloseIrp;         /* For the abortive one, then for the close. Both can so never fail. */

  KSPIN_LOCK Lock; /* Guards what follows, and what the driver adds. */
  ULONG Holders;   /* The first is the open connection itself. */
  BOOLEAN Ending;  /* EndIrp is in use. */
  BOOLEAN Closing; /* The first holder is gone, or goes with CloseIrp. */
} CONNECTION, *PCONNECTION;

/* What a driver does with its connections. */
typedef struct _SERVER_TYPE {
  SIZE_T ConnectionSize; /* Of a structure that starts with a CONNECTION; its memory is zeroed. */
  const WSK_CLIENT_CONNECTION_DISPATCH* Events; /* With ServerDisconnectEvent. */
  /* The socket is closed; free what the connection has, but not itself. PASSIVE_LEVEL. */
  VOID (*Closed)(PCONNECTION Connection);
} SERVER_TYPE;

/* Listens on 127.0.0.1 and accepts from then on. Port 0: one that is free. PASSIVE_LEVEL. */
NTSTATUS StartServer(_In_ PDRIVER_OBJECT DriverObject, _In_ const SERVER_TYPE* Type, USHORT Port);

/* Ends the listener and every connection, and returns when all are closed. PASSIVE_LEVEL. */
VOID StopServer(VOID);

/* TRUE: the socket may be used until ReleaseConnection. FALSE: it is about to be closed. */
BOOLEAN AcquireConnection(_Inout_ PCONNECTION Connection);
VOID ReleaseConnection(_Inout_ PCONNECTION Connection);

/* Three ways to an end, all at <= DISPATCH_LEVEL, by whoever holds the connection: */

/* Sends what is under way, tells the peer that no more comes, then closes. */
VOID EndConnection(_Inout_ PCONNECTION Connection);
/* Breaks the connection: what is under way fails. Then closes. */
VOID AbortConnection(_Inout_ PCONNECTION Connection);
/* Closes; for a connection that is dead already. */
VOID CloseConnection(_Inout_ PCONNECTION Connection);

/* The WskDisconnectEvent of these connections: the peer ended, so do we. */
NTSTATUS WSKAPI ServerDisconnectEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags);
