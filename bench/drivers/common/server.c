/*
 * server.c: accepting, ending and closing connections, without a wait or a lock for a message.
 */
#include "server.h"

static struct {
  const SERVER_TYPE* Type;
  PWSK_SOCKET Listener;
  EX_RUNDOWN_REF Rundown; /* Held by each connection. */
  KSPIN_LOCK Lock;        /* Guards Connections. */
  LIST_ENTRY Connections;
} Server;

/* ---- connections ---------------------------------------------------------------------------- */

BOOLEAN TryHold(PCONNECTION Connection) {
  LONG holders = Connection->Holders;
  while (holders > 0) {
    const LONG seen = InterlockedCompareExchange(&Connection->Holders, holders + 1, holders);
    if (seen == holders) return TRUE;
    holders = seen;
  }
  return FALSE;
}

VOID Hold(PCONNECTION Connection) {
  InterlockedIncrement(&Connection->Holders);
}

static VOID ForgetConnection(PCONNECTION Connection) {
  KIRQL irql;
  KeAcquireSpinLock(&Server.Lock, &irql);
  RemoveEntryList(&Connection->Link);
  KeReleaseSpinLock(&Server.Lock, irql);
  ExFreePoolWithTag(Connection, POOL_TAG);
  ExReleaseRundownProtection(&Server.Rundown);
}

static NTSTATUS NTAPI Closed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  IoFreeIrp(Irp);
  ForgetConnection((PCONNECTION)Context);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS NTAPI Disconnected(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  PCONNECTION connection = (PCONNECTION)Context;
  UNREFERENCED_PARAMETER(DeviceObject);
  IoReuseIrp(Irp, STATUS_SUCCESS);
  IoSetCompletionRoutine(Irp, Closed, connection, TRUE, TRUE, TRUE);
  connection->Dispatch->WskCloseSocket(connection->Socket, Irp);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

/* A close without a disconnect would be a reset. Where the connection is dead already, the
   disconnect fails, and the close comes all the same. */
VOID LetGo(PCONNECTION Connection) {
  PIRP irp;
  if (InterlockedDecrement(&Connection->Holders) > 0) return;
  if (Server.Type->Closing != NULL) Server.Type->Closing(Connection);
  irp = IoAllocateIrp(1, FALSE);
  if (irp == NULL) KeBugCheck(MEMORY_MANAGEMENT); /* Fit for a benchmark only. */
  IoSetCompletionRoutine(irp, Disconnected, Connection, TRUE, TRUE, TRUE);
  Connection->Dispatch->WskDisconnect(Connection->Socket, NULL, 0, irp);
}

VOID EndConnection(PCONNECTION Connection) {
  if (InterlockedExchange(&Connection->Ended, 1) == 0) LetGo(Connection);
}

NTSTATUS WSKAPI ServerDisconnectEvent(PVOID SocketContext, ULONG Flags) {
  UNREFERENCED_PARAMETER(Flags);
  EndConnection((PCONNECTION)SocketContext);
  return STATUS_SUCCESS;
}

/* ---- the listener --------------------------------------------------------------------------- */

static PCONNECTION AllocateConnection(PWSK_SOCKET Socket) {
  PCONNECTION connection =
      ExAllocatePool2(POOL_FLAG_NON_PAGED, Server.Type->ConnectionSize, POOL_TAG);
  if (connection == NULL) return NULL;
  connection->Socket = Socket;
  connection->Dispatch = Socket->Dispatch;
  connection->Holders = 1;
  return connection;
}

static NTSTATUS WSKAPI AcceptEvent(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress,
                                   PSOCKADDR RemoteAddress, PWSK_SOCKET AcceptSocket,
                                   PVOID* AcceptSocketContext,
                                   const WSK_CLIENT_CONNECTION_DISPATCH** AcceptSocketDispatch) {
  PCONNECTION connection;
  KIRQL irql;
  UNREFERENCED_PARAMETER(SocketContext);
  UNREFERENCED_PARAMETER(Flags);
  UNREFERENCED_PARAMETER(LocalAddress);
  UNREFERENCED_PARAMETER(RemoteAddress);

  if (AcceptSocket == NULL) return STATUS_REQUEST_NOT_ACCEPTED; /* StopServer closes it. */
  if (!ExAcquireRundownProtection(&Server.Rundown)) return STATUS_REQUEST_NOT_ACCEPTED;
  connection = AllocateConnection(AcceptSocket);
  if (connection == NULL) {
    ExReleaseRundownProtection(&Server.Rundown);
    return STATUS_REQUEST_NOT_ACCEPTED;
  }
  KeAcquireSpinLock(&Server.Lock, &irql);
  InsertTailList(&Server.Connections, &connection->Link);
  KeReleaseSpinLock(&Server.Lock, irql);
  *AcceptSocketContext = connection;
  *AcceptSocketDispatch = Server.Type->Events;
  if (Server.Type->Opened == NULL || Server.Type->Opened(connection)) return STATUS_SUCCESS;
  ForgetConnection(connection);
  return STATUS_REQUEST_NOT_ACCEPTED;
}

static const WSK_CLIENT_LISTEN_DISPATCH ListenerEvents = {AcceptEvent, NULL, NULL};

/* Static events cost no call for each socket. */
static NTSTATUS EnableEvents(VOID) {
  WSK_EVENT_CALLBACK_CONTROL control;
  control.NpiId = &NPI_WSK_INTERFACE_ID;
  control.EventMask = WSK_EVENT_ACCEPT;
  if (Server.Type->Events != NULL) control.EventMask |= WSK_EVENT_DISCONNECT;
  if (Server.Type->Events != NULL && Server.Type->Events->WskReceiveEvent != NULL) {
    control.EventMask |= WSK_EVENT_RECEIVE;
  }
  return Wsk.Dispatch->WskControlClient(Wsk.Client, WSK_SET_STATIC_EVENT_CALLBACKS, sizeof(control),
                                        &control, 0, NULL, NULL, NULL);
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

static NTSTATUS BindListener(VOID) {
  const WSK_PROVIDER_LISTEN_DISPATCH* dispatch = Server.Listener->Dispatch;
  SOCKADDR_IN address = MakeAddress(LoopbackAddress(), 0);
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

NTSTATUS StartServer(const SERVER_TYPE* Type) {
  NTSTATUS status;
  Server.Type = Type;
  ExInitializeRundownProtection(&Server.Rundown);
  KeInitializeSpinLock(&Server.Lock);
  InitializeListHead(&Server.Connections);
  status = EnableEvents();
  if (NT_SUCCESS(status)) status = CreateListener();
  if (!NT_SUCCESS(status)) return status;
  status = BindListener();
  if (!NT_SUCCESS(status)) StopServer();
  return status;
}

static NTSTATUS NTAPI Aborted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  PCONNECTION connection = (PCONNECTION)Context;
  UNREFERENCED_PARAMETER(DeviceObject);
  IoFreeIrp(Irp);
  EndConnection(connection);
  LetGo(connection);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Whatever the connection has under way fails, and those who hold it let go. */
static VOID AbortConnection(PCONNECTION Connection) {
  PIRP irp = IoAllocateIrp(1, FALSE);
  if (irp == NULL) KeBugCheck(MEMORY_MANAGEMENT);
  IoSetCompletionRoutine(irp, Aborted, Connection, TRUE, TRUE, TRUE);
  Connection->Dispatch->WskDisconnect(Connection->Socket, NULL, WSK_FLAG_ABORTIVE, irp);
}

/* A connection that is not closing by itself, held; NULL when there is none left. */
static PCONNECTION TakeConnection(VOID) {
  PCONNECTION connection = NULL;
  KIRQL irql;
  KeAcquireSpinLock(&Server.Lock, &irql);
  while (connection == NULL && !IsListEmpty(&Server.Connections)) {
    PLIST_ENTRY link = RemoveHeadList(&Server.Connections);
    InitializeListHead(link); /* So that ForgetConnection can take it out once more. */
    connection = CONTAINING_RECORD(link, CONNECTION, Link);
    if (!TryHold(connection)) connection = NULL;
  }
  KeReleaseSpinLock(&Server.Lock, irql);
  return connection;
}

VOID StopServer(VOID) {
  PCONNECTION connection;
  CloseSocket(Server.Listener); /* After this AcceptEvent is not called any more. */
  while ((connection = TakeConnection()) != NULL) AbortConnection(connection);
  ExWaitForRundownProtectionRelease(&Server.Rundown);
}

/* ---- what the harness asks for -------------------------------------------------------------- */

NTSTATUS ReadMode(PUNICODE_STRING RegistryPath, SERVER_MODE* Mode) {
  const ULONG number = ReadNumber(RegistryPath, L"Mode", ModeEcho);
  if (number > ModeKeep) return STATUS_INVALID_PARAMETER;
  *Mode = (SERVER_MODE)number;
  return STATUS_SUCCESS;
}

PMDL AllocateBuffer(SIZE_T Bytes) {
  PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, Bytes, POOL_TAG);
  PMDL mdl;
  if (memory == NULL) return NULL;
  mdl = IoAllocateMdl(memory, (ULONG)Bytes, FALSE, FALSE, NULL);
  if (mdl == NULL) {
    ExFreePoolWithTag(memory, POOL_TAG);
    return NULL;
  }
  MmBuildMdlForNonPagedPool(mdl);
  return mdl;
}

VOID FreeBuffer(PMDL Mdl) {
  PVOID memory;
  if (Mdl == NULL) return;
  memory = MmGetMdlVirtualAddress(Mdl);
  IoFreeMdl(Mdl);
  ExFreePoolWithTag(memory, POOL_TAG);
}
