/*
 * server.c: accepting connections, and ending them.
 */
#include "server.h"

static struct {
  PDRIVER_OBJECT DriverObject;
  const SERVER_TYPE* Type;
  PWSK_SOCKET Listener;
  PIO_WORKITEM ListenerWorkItem;
  LONG ListenerClosing; /* 1: somebody closes it. */
  KEVENT ListenerClosed;
  EX_RUNDOWN_REF Rundown; /* Held by each connection, and by ListenerWorkItem while queued. */
  KSPIN_LOCK Lock;        /* Guards Connections. Taken before a connection's lock. */
  LIST_ENTRY Connections;
} Server;

/* ---- connections ---------------------------------------------------------------------------- */

static VOID FreeConnection(PCONNECTION Connection) {
  if (Connection->WorkItem != NULL) IoFreeWorkItem(Connection->WorkItem);
  if (Connection->EndIrp != NULL) IoFreeIrp(Connection->EndIrp);
  if (Connection->CloseIrp != NULL) IoFreeIrp(Connection->CloseIrp);
  ExFreePoolWithTag(Connection, POOL_TAG);
}

static PCONNECTION AllocateConnection(PWSK_SOCKET Socket) {
  PCONNECTION connection =
      ExAllocatePool2(POOL_FLAG_NON_PAGED, Server.Type->ConnectionSize, POOL_TAG);
  if (connection == NULL) return NULL;
  connection->Socket = Socket;
  connection->Dispatch = Socket->Dispatch;
  KeInitializeSpinLock(&connection->Lock);
  connection->Holders = 1;
  connection->WorkItem = IoAllocateWorkItem((PDEVICE_OBJECT)Server.DriverObject);
  connection->EndIrp = IoAllocateIrp(1, FALSE);
  connection->CloseIrp = IoAllocateIrp(1, FALSE);
  if (connection->WorkItem != NULL && connection->EndIrp != NULL && connection->CloseIrp != NULL) {
    return connection;
  }
  FreeConnection(connection);
  return NULL;
}

static NTSTATUS NTAPI SocketClosed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Closed) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  KeSetEvent((PKEVENT)Closed, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

/* The work item after the last holder let go: nothing is under way any more. */
static VOID NTAPI CloseNow(PDEVICE_OBJECT DeviceObject, PVOID Context) {
  PCONNECTION connection = (PCONNECTION)Context;
  KEVENT closed;
  KIRQL irql;
  UNREFERENCED_PARAMETER(DeviceObject);

  KeInitializeEvent(&closed, NotificationEvent, FALSE);
  IoReuseIrp(connection->CloseIrp, STATUS_SUCCESS); /* AbortConnection may have used it. */
  IoSetCompletionRoutine(connection->CloseIrp, SocketClosed, &closed, TRUE, TRUE, TRUE);
  if (connection->Dispatch->WskCloseSocket(connection->Socket, connection->CloseIrp) ==
      STATUS_PENDING) {
    KeWaitForSingleObject(&closed, Executive, KernelMode, FALSE, NULL);
  }
  /* The socket is gone, and no callback will come or is still running. */
  KeAcquireSpinLock(&Server.Lock, &irql);
  RemoveEntryList(&connection->Link);
  KeReleaseSpinLock(&Server.Lock, irql);
  if (Server.Type->Closed != NULL) Server.Type->Closed(connection);
  FreeConnection(connection);
  ExReleaseRundownProtection(&Server.Rundown);
}

BOOLEAN AcquireConnection(PCONNECTION Connection) {
  KIRQL irql;
  BOOLEAN acquired;
  KeAcquireSpinLock(&Connection->Lock, &irql);
  acquired = !Connection->Closing;
  if (acquired) ++Connection->Holders;
  KeReleaseSpinLock(&Connection->Lock, irql);
  return acquired;
}

VOID ReleaseConnection(PCONNECTION Connection) {
  KIRQL irql;
  BOOLEAN was_last;
  KeAcquireSpinLock(&Connection->Lock, &irql);
  was_last = --Connection->Holders == 0;
  KeReleaseSpinLock(&Connection->Lock, irql);
  if (was_last) IoQueueWorkItem(Connection->WorkItem, CloseNow, DelayedWorkQueue, Connection);
}

/* TRUE for the first one who wants the connection closed: the first holder is now the caller's. */
static BOOLEAN BeginClosing(PCONNECTION Connection) {
  KIRQL irql;
  BOOLEAN is_first;
  KeAcquireSpinLock(&Connection->Lock, &irql);
  is_first = !Connection->Closing;
  Connection->Closing = TRUE;
  KeReleaseSpinLock(&Connection->Lock, irql);
  return is_first;
}

VOID CloseConnection(PCONNECTION Connection) {
  if (BeginClosing(Connection)) ReleaseConnection(Connection);
}

static NTSTATUS NTAPI Aborted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Connection) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  ReleaseConnection((PCONNECTION)Connection); /* However it ended. */
  return STATUS_MORE_PROCESSING_REQUIRED;
}

VOID AbortConnection(PCONNECTION Connection) {
  if (!BeginClosing(Connection)) return;
  IoSetCompletionRoutine(Connection->CloseIrp, Aborted, Connection, TRUE, TRUE, TRUE);
  Connection->Dispatch->WskDisconnect(Connection->Socket, NULL, WSK_FLAG_ABORTIVE,
                                      Connection->CloseIrp);
}

static NTSTATUS NTAPI Ended(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Connection) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  CloseConnection((PCONNECTION)Connection); /* Ended or failed: there is nothing more to do. */
  ReleaseConnection((PCONNECTION)Connection);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

VOID EndConnection(PCONNECTION Connection) {
  KIRQL irql;
  BOOLEAN is_first;
  KeAcquireSpinLock(&Connection->Lock, &irql);
  is_first = !Connection->Ending && !Connection->Closing;
  if (is_first) {
    Connection->Ending = TRUE;
    ++Connection->Holders; /* EndIrp. */
  }
  KeReleaseSpinLock(&Connection->Lock, irql);
  if (!is_first) return;
  IoSetCompletionRoutine(Connection->EndIrp, Ended, Connection, TRUE, TRUE, TRUE);
  Connection->Dispatch->WskDisconnect(Connection->Socket, NULL, 0, Connection->EndIrp);
}

NTSTATUS WSKAPI ServerDisconnectEvent(PVOID SocketContext, ULONG Flags) {
  PCONNECTION connection = (PCONNECTION)SocketContext;
  if (!AcquireConnection(connection)) return STATUS_SUCCESS;
  if (Flags & WSK_FLAG_ABORTIVE) {
    CloseConnection(connection);
  } else {
    EndConnection(connection); /* WSK sends what is still under way first. */
  }
  ReleaseConnection(connection);
  return STATUS_SUCCESS;
}

/* ---- the listener --------------------------------------------------------------------------- */

/* Returns when the listener is closed, whoever does it. PASSIVE_LEVEL. */
static VOID CloseListener(VOID) {
  if (InterlockedExchange(&Server.ListenerClosing, 1) == 0) {
    CloseSocket(Server.Listener);
    KeSetEvent(&Server.ListenerClosed, IO_NO_INCREMENT, FALSE);
  }
  KeWaitForSingleObject(&Server.ListenerClosed, Executive, KernelMode, FALSE, NULL);
}

static VOID NTAPI CloseDeadListener(PDEVICE_OBJECT DeviceObject, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Context);
  CloseListener();
  ExReleaseRundownProtection(&Server.Rundown);
}

static VOID ListenerDied(VOID) {
  SAY("the listening socket is dead\n");
  if (!ExAcquireRundownProtection(&Server.Rundown)) return; /* StopServer closes it. */
  IoQueueWorkItem(Server.ListenerWorkItem, CloseDeadListener, DelayedWorkQueue, NULL);
}

/* May come on several processors at once, also before StartServer has returned. */
static NTSTATUS WSKAPI AcceptEvent(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress,
                                   PSOCKADDR RemoteAddress, PWSK_SOCKET AcceptSocket,
                                   PVOID* AcceptSocketContext,
                                   const WSK_CLIENT_CONNECTION_DISPATCH** AcceptSocketDispatch) {
  PCONNECTION connection;
  KIRQL irql;
  UNREFERENCED_PARAMETER(SocketContext);
  UNREFERENCED_PARAMETER(Flags);
  UNREFERENCED_PARAMETER(LocalAddress); /* Both are gone when this returns: copy what you need. */
  UNREFERENCED_PARAMETER(RemoteAddress);

  if (AcceptSocket == NULL) {
    ListenerDied();
    return STATUS_REQUEST_NOT_ACCEPTED;
  }
  connection = AllocateConnection(AcceptSocket);
  if (connection == NULL) return STATUS_REQUEST_NOT_ACCEPTED; /* WSK closes AcceptSocket. */
  if (!ExAcquireRundownProtection(&Server.Rundown)) {
    FreeConnection(connection); /* The driver is being unloaded. */
    return STATUS_REQUEST_NOT_ACCEPTED;
  }
  KeAcquireSpinLock(&Server.Lock, &irql);
  InsertTailList(&Server.Connections, &connection->Link);
  KeReleaseSpinLock(&Server.Lock, irql);
  *AcceptSocketContext = connection;
  *AcceptSocketDispatch = Server.Type->Events;
  return STATUS_SUCCESS;
}

static const WSK_CLIENT_LISTEN_DISPATCH ListenerEvents = {AcceptEvent, NULL, NULL};

/* Makes WSK call these events on every socket of this client, without a call for each socket. */
static NTSTATUS EnableEvents(VOID) {
  WSK_EVENT_CALLBACK_CONTROL control;
  control.NpiId = &NPI_WSK_INTERFACE_ID;
  control.EventMask = WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT;
  return Wsk.Dispatch->WskControlClient(Wsk.Client, WSK_SET_STATIC_EVENT_CALLBACKS, sizeof(control),
                                        &control, 0, NULL, NULL, NULL);
}

/* From the bind on, AcceptEvent is called. */
static NTSTATUS BindListener(USHORT Port) {
  const WSK_PROVIDER_LISTEN_DISPATCH* dispatch = Server.Listener->Dispatch;
  SOCKADDR_IN address = MakeAddress(LoopbackAddress(), Port);
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status =
      FinishCall(&call, dispatch->WskBind(Server.Listener, (PSOCKADDR)&address, 0, call.Irp), NULL);
  if (!NT_SUCCESS(status)) return status;

  status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status = FinishCall(
      &call, dispatch->WskGetLocalAddress(Server.Listener, (PSOCKADDR)&address, call.Irp), NULL);
  if (NT_SUCCESS(status)) SayAddress("listening on", &address);
  return status;
}

static NTSTATUS CreateListener(VOID) {
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status = FinishCall(
      &call,
      Wsk.Dispatch->WskSocket(Wsk.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET,
                              NULL, &ListenerEvents, NULL, NULL, NULL, call.Irp),
      NULL);
  if (NT_SUCCESS(status)) Server.Listener = (PWSK_SOCKET)call.Information;
  return status;
}

NTSTATUS StartServer(PDRIVER_OBJECT DriverObject, const SERVER_TYPE* Type, USHORT Port) {
  NTSTATUS status;
  Server.DriverObject = DriverObject;
  Server.Type = Type;
  Server.ListenerClosing = 0;
  KeInitializeEvent(&Server.ListenerClosed, NotificationEvent, FALSE);
  ExInitializeRundownProtection(&Server.Rundown);
  KeInitializeSpinLock(&Server.Lock);
  InitializeListHead(&Server.Connections);
  Server.ListenerWorkItem = IoAllocateWorkItem((PDEVICE_OBJECT)DriverObject);
  if (Server.ListenerWorkItem == NULL) return STATUS_INSUFFICIENT_RESOURCES;

  status = EnableEvents();
  if (NT_SUCCESS(status)) status = CreateListener();
  if (!NT_SUCCESS(status)) {
    IoFreeWorkItem(Server.ListenerWorkItem);
    return status;
  }
  status = BindListener(Port);
  if (!NT_SUCCESS(status)) StopServer(); /* Connections may have come in already. */
  return status;
}

/* Takes a connection off the list and holds it; NULL when there is none left. */
static PCONNECTION TakeConnection(VOID) {
  PCONNECTION connection = NULL;
  KIRQL irql;
  KeAcquireSpinLock(&Server.Lock, &irql);
  while (connection == NULL && !IsListEmpty(&Server.Connections)) {
    PLIST_ENTRY link = RemoveHeadList(&Server.Connections);
    InitializeListHead(link); /* So that CloseNow can take it out of a list again. */
    connection = CONTAINING_RECORD(link, CONNECTION, Link);
    if (!AcquireConnection(connection)) connection = NULL; /* It is closing by itself. */
  }
  KeReleaseSpinLock(&Server.Lock, irql);
  return connection;
}

VOID StopServer(VOID) {
  PCONNECTION connection;
  CloseListener(); /* After this AcceptEvent is not called any more. */
  while ((connection = TakeConnection()) != NULL) {
    AbortConnection(connection);
    ReleaseConnection(connection);
  }
  ExWaitForRundownProtectionRelease(&Server.Rundown);
  IoFreeWorkItem(Server.ListenerWorkItem);
}
