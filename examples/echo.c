/*
 * echo: sends back whatever comes in, without copying a byte.
 *
 * WskReceiveEvent hands over a list of data indications. Each has a WSK_BUF, and a WSK_BUF is what
 * WskSend takes: so each is sent as it is and kept (STATUS_PENDING) until its send has completed;
 * then WskRelease gives it back. server.c has the rest: accepting, and ending connections.
 *
 *   wskrun echo.so                       listens on a free port of 127.0.0.1 and says which
 *   wskrun --param Port=7777 echo.so     listens on that one
 *
 * Page: network/receiving-data-over-a-connection-oriented-socket
 */
#include "server.h"

/* A peer that sends but does not read its echo is stopped at so many sends under way. */
#define MAX_SENDS 64

typedef struct _ECHO {
  CONNECTION Connection;
  SINGLE_LIST_ENTRY IdleSends; /* To use again. */
  ULONG SendsUnderWay;
  BOOLEAN Stopped; /* WskReceiveEvent refused data and is not called until WskReceive is. */
} ECHO, *PECHO;

typedef struct _ECHO_SEND {
  SINGLE_LIST_ENTRY Link;
  PECHO Echo;
  PIRP Irp;
  PWSK_DATA_INDICATION Data; /* What it sends. */
} ECHO_SEND, *PECHO_SEND;

static PECHO_SEND AllocateSend(PECHO Echo) {
  PECHO_SEND send = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*send), POOL_TAG);
  if (send == NULL) return NULL;
  send->Echo = Echo;
  send->Irp = IoAllocateIrp(1, FALSE);
  if (send->Irp != NULL) return send;
  ExFreePoolWithTag(send, POOL_TAG);
  return NULL;
}

/* A send for one more indication; it holds the connection. The caller holds it too. */
static PECHO_SEND TakeSend(PECHO Echo) {
  PSINGLE_LIST_ENTRY link;
  KIRQL irql;
  KeAcquireSpinLock(&Echo->Connection.Lock, &irql);
  ++Echo->Connection.Holders;
  ++Echo->SendsUnderWay;
  link = PopEntryList(&Echo->IdleSends);
  KeReleaseSpinLock(&Echo->Connection.Lock, irql);
  if (link != NULL) return CONTAINING_RECORD(link, ECHO_SEND, Link);
  return AllocateSend(Echo);
}

/* Zero bytes received take nothing, but they tell WSK to call WskReceiveEvent again. */
static VOID NTAPI Resume(PDEVICE_OBJECT DeviceObject, PVOID Context) {
  PCONNECTION connection = &((PECHO)Context)->Connection;
  WSK_BUF nothing = {NULL, 0, 0};
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  UNREFERENCED_PARAMETER(DeviceObject);
  if (NT_SUCCESS(status)) {
    FinishCall(&call, connection->Dispatch->WskReceive(connection->Socket, &nothing, 0, call.Irp),
               NULL);
  } else {
    AbortConnection(connection);
  }
  ReleaseConnection(connection);
}

/* The send is over, however it ended; `Send` may be NULL. Lets go of the connection. */
static VOID PutSend(PECHO Echo, PECHO_SEND Send) {
  BOOLEAN resume;
  KIRQL irql;
  KeAcquireSpinLock(&Echo->Connection.Lock, &irql);
  if (Send != NULL) PushEntryList(&Echo->IdleSends, &Send->Link);
  --Echo->SendsUnderWay;
  resume = Echo->Stopped && Echo->SendsUnderWay <= MAX_SENDS / 2;
  if (resume) Echo->Stopped = FALSE;
  KeReleaseSpinLock(&Echo->Connection.Lock, irql);
  if (resume) { /* Not from here: a completion routine should not start requests. */
    IoQueueWorkItem(Echo->Connection.WorkItem, Resume, DelayedWorkQueue, Echo);
  } else {
    ReleaseConnection(&Echo->Connection);
  }
}

static NTSTATUS NTAPI SendCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  PECHO_SEND send = (PECHO_SEND)Context;
  PECHO echo = send->Echo;
  NTSTATUS status = Irp->IoStatus.Status;
  UNREFERENCED_PARAMETER(DeviceObject);

  echo->Connection.Dispatch->WskRelease(echo->Connection.Socket, send->Data);
  IoReuseIrp(Irp, STATUS_SUCCESS);
  if (status == STATUS_FILE_FORCED_CLOSED) {
    CloseConnection(&echo->Connection); /* The socket is dead: nothing but a close is allowed. */
  } else if (!NT_SUCCESS(status)) {
    AbortConnection(&echo->Connection); /* An echo with a hole in it would be a lie. */
  }
  PutSend(echo, send);
  return STATUS_MORE_PROCESSING_REQUIRED; /* The IRP stays ours. */
}

static VOID SendBack(PECHO Echo, PWSK_DATA_INDICATION Data) {
  const WSK_PROVIDER_CONNECTION_DISPATCH* dispatch = Echo->Connection.Dispatch;
  PECHO_SEND send = TakeSend(Echo);
  if (send == NULL) {
    dispatch->WskRelease(Echo->Connection.Socket, Data);
    AbortConnection(&Echo->Connection);
    PutSend(Echo, NULL);
    return;
  }
  send->Data = Data;
  IoSetCompletionRoutine(send->Irp, SendCompleted, send, TRUE, TRUE, TRUE);
  /* NODELAY: the peer waits for its echo. Whatever this returns, SendCompleted is called, and maybe
     already was. */
  dispatch->WskSend(Echo->Connection.Socket, &Data->Buffer, WSK_FLAG_NODELAY, send->Irp);
}

static BOOLEAN IsFull(PECHO Echo) {
  KIRQL irql;
  BOOLEAN stopped;
  KeAcquireSpinLock(&Echo->Connection.Lock, &irql);
  stopped = Echo->Stopped = Echo->SendsUnderWay >= MAX_SENDS;
  KeReleaseSpinLock(&Echo->Connection.Lock, irql);
  return stopped;
}

/* At DISPATCH_LEVEL or below. The calls for one socket never overlap. */
static NTSTATUS WSKAPI ReceiveEvent(PVOID SocketContext, ULONG Flags,
                                    PWSK_DATA_INDICATION DataIndication, SIZE_T BytesIndicated,
                                    SIZE_T* BytesAccepted) {
  PECHO echo = (PECHO)SocketContext;
  UNREFERENCED_PARAMETER(Flags); /* WSK_FLAG_RELEASE_ASAP: it is never kept longer than needed. */
  UNREFERENCED_PARAMETER(BytesIndicated);
  UNREFERENCED_PARAMETER(BytesAccepted); /* For STATUS_SUCCESS with less than everything. */

  if (DataIndication == NULL) { /* The socket is dead. */
    CloseConnection(&echo->Connection);
    return STATUS_SUCCESS;
  }
  if (!AcquireConnection(&echo->Connection)) return STATUS_DATA_NOT_ACCEPTED;
  if (IsFull(echo)) {
    ReleaseConnection(&echo->Connection);
    return STATUS_DATA_NOT_ACCEPTED; /* WSK keeps the data, and Resume asks for it. */
  }
  while (DataIndication != NULL) {
    PWSK_DATA_INDICATION next = DataIndication->Next; /* Read it first: the send may be over, */
    DataIndication->Next = NULL; /* and the indication with it. Each is released by itself. */
    SendBack(echo, DataIndication);
    DataIndication = next;
  }
  ReleaseConnection(&echo->Connection);
  return STATUS_PENDING; /* The list is ours until WskRelease. */
}

static VOID FreeSends(PCONNECTION Connection) {
  PECHO echo = CONTAINING_RECORD(Connection, ECHO, Connection);
  PSINGLE_LIST_ENTRY link;
  while ((link = PopEntryList(&echo->IdleSends)) != NULL) {
    PECHO_SEND send = CONTAINING_RECORD(link, ECHO_SEND, Link);
    IoFreeIrp(send->Irp);
    ExFreePoolWithTag(send, POOL_TAG);
  }
}

static const WSK_CLIENT_CONNECTION_DISPATCH Events = {ReceiveEvent, ServerDisconnectEvent, NULL};
static const SERVER_TYPE EchoServer = {sizeof(ECHO), &Events, FreeSends};

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  StopServer();
  StopWsk();
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  NTSTATUS status = StartWsk();
  if (!NT_SUCCESS(status)) return status;
  status = StartServer(DriverObject, &EchoServer, (USHORT)ReadNumber(RegistryPath, L"Port", 0));
  if (!NT_SUCCESS(status)) {
    StopWsk();
    return status;
  }
  DriverObject->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
