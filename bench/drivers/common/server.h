/*
 * server.h: the listening socket, the connections and their ends, for the drivers that are
 * measured. Like the server of the examples, but with as little as possible for a connection that
 * is idle and for a message: a count of who uses the connection, and nothing allocated ahead.
 *
 * Whoever uses a connection's socket holds it, one for each request under way and each list kept.
 * The last one to let go disconnects and closes the socket.
 */
#pragma once

#include "client.h"

typedef struct _CONNECTION {
  LIST_ENTRY Link;
  PWSK_SOCKET Socket;
  const WSK_PROVIDER_CONNECTION_DISPATCH* Dispatch;
  volatile LONG Holders; /* The first is the open connection itself. */
  volatile LONG Ended;   /* The first holder is gone. */
} CONNECTION, *PCONNECTION;

/* What a driver does with its connections. */
typedef struct _SERVER_TYPE {
  SIZE_T ConnectionSize;                        /* Of a structure that starts with a CONNECTION. */
  const WSK_CLIENT_CONNECTION_DISPATCH* Events; /* NULL: it receives by IRP. */
  /* A connection has come; inside WskAcceptEvent. FALSE: it is not wanted, and nothing was started.
     NULL: there is nothing to do yet. */
  BOOLEAN (*Opened)(PCONNECTION Connection);
  /* Nobody holds it any more; the socket is about to be closed. May be NULL. */
  VOID (*Closing)(PCONNECTION Connection);
} SERVER_TYPE;

/* Listens on a free port of 127.0.0.1, and says which. PASSIVE_LEVEL. */
NTSTATUS StartServer(_In_ const SERVER_TYPE* Type);

/* Ends the listener and every connection, and returns when all are closed. PASSIVE_LEVEL. */
VOID StopServer(VOID);

/* FALSE: it is closing. */
BOOLEAN TryHold(_Inout_ PCONNECTION Connection);
/* One more, by who holds it already. */
VOID Hold(_Inout_ PCONNECTION Connection);
VOID LetGo(_Inout_ PCONNECTION Connection);

/* No more is to come from the peer, or the connection is dead: it closes when all have let go. */
VOID EndConnection(_Inout_ PCONNECTION Connection);

/* The WskDisconnectEvent of connections that have Events. */
NTSTATUS WSKAPI ServerDisconnectEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags);

/* ---- what the harness asks for -------------------------------------------------------------- */

typedef enum _SERVER_MODE { ModeEcho, ModeSink, ModeSource, ModeKeep } SERVER_MODE;

/* "Mode" in the driver's key. */
NTSTATUS ReadMode(_In_ PUNICODE_STRING RegistryPath, _Out_ SERVER_MODE* Mode);

/* Bytes of one write in ModeSource, and of a receive in ModeSink. */
#define PIECE_BYTES (64 * 1024)

/* Memory that is not paged, with an MDL over it. NULL: there is none. */
PMDL AllocateBuffer(SIZE_T Bytes);
VOID FreeBuffer(_In_opt_ PMDL Mdl);
