/*
 * sends.h: WskSend requests to use again and again. Those that are idle lie in one list for all
 * connections, so that a connection with nothing to send needs no memory for it.
 */
#pragma once

#include "server.h"

typedef struct _SEND {
  SLIST_ENTRY Link;
  PIRP Irp;
  PCONNECTION Connection;    /* Held until the send is over. */
  PWSK_DATA_INDICATION Data; /* What it sends. */
} SEND, *PSEND;

VOID InitializeSends(VOID);
/* When none is under way any more. */
VOID FreeSends(VOID);

/* NULL: there is no memory. Else it holds the connection, which the caller does already. */
PSEND TakeSend(_In_ PCONNECTION Connection);
/* Its IRP is ready to be used anew. Lets go of the connection. */
VOID PutSend(_In_ PSEND Send);
