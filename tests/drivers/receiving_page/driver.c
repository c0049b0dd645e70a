/*
 * The driver around the page's code: connects to 127.0.0.1 at the port that the registry value
 * "Port" names, receives once by WskReceive and from then on by WskReceiveEvent, and says at its
 * end how much that was.
 */
#include "receiving_page.h"

EXTERN_C_START
DRIVER_INITIALIZE DriverEntry;
EXTERN_C_END
DRIVER_UNLOAD Unload;

static NTSTATUS WSKAPI WskDisconnectEvent(PVOID SocketContext, ULONG Flags) {
  UNREFERENCED_PARAMETER(SocketContext);
  DbgPrint("receiving_page: the peer has %s the connection\n",
           (Flags & WSK_FLAG_ABORTIVE) ? "broken" : "ended");
  return STATUS_SUCCESS;
}

static const WSK_CLIENT_DISPATCH ClientDispatch = {MAKE_WSK_VERSION(1, 0), 0, NULL};
static const WSK_CLIENT_CONNECTION_DISPATCH ConnectionDispatch = {WskReceiveEvent,
                                                                  WskDisconnectEvent, NULL};

static WSK_REGISTRATION Registration;
static WSK_PROVIDER_NPI Wsk;

/* The socket, and the IRP that connects and in the end closes it: Completed is set by both. */
static PWSK_SOCKET Socket;
static PIRP SocketIrp;
static KEVENT Completed;

/* A socket is closed when nobody is inside one of its functions: it has two users, DriverEntry as
 * long as it calls them, and the driver until the socket dies or the driver goes. */
static volatile LONG SocketUsers;
static volatile LONG SocketGivenUp;

static UCHAR Data[64];
static WSK_BUF DataBuffer;

static SIZE_T Received[ByMax];
static ULONG Hash = 2166136261u; /* FNV-1a over all bytes, in the order of their arrival. */

/* Length bytes of Buffer: from Offset in the first MDL, and on through the chain. */
VOID ProcessData(RECEIVED_BY By, const WSK_BUF* Buffer, SIZE_T Length) {
  PMDL Mdl = Buffer->Mdl;
  SIZE_T Offset = Buffer->Offset;

  Received[By] += Length;
  while (Length > 0) {
    const UCHAR* Bytes = (const UCHAR*)MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    SIZE_T Count = MmGetMdlByteCount(Mdl) - Offset;
    SIZE_T Index;

    if (Bytes == NULL) return;
    if (Count > Length) Count = Length;
    for (Index = 0; Index < Count; ++Index) {
      Hash = (Hash ^ Bytes[Offset + Index]) * 16777619u;
    }
    Length -= Count;
    Offset = 0;
    Mdl = Mdl->Next;
  }
}

static NTSTATUS SocketComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID LeaveSocket(VOID) {
  const WSK_PROVIDER_BASIC_DISPATCH* Dispatch;

  if (InterlockedDecrement(&SocketUsers) > 0) return;
  Dispatch = (const WSK_PROVIDER_BASIC_DISPATCH*)Socket->Dispatch;
  IoReuseIrp(SocketIrp, STATUS_UNSUCCESSFUL);
  IoSetCompletionRoutine(SocketIrp, SocketComplete, &Completed, TRUE, TRUE, TRUE);
  Dispatch->WskCloseSocket(Socket, SocketIrp);
}

VOID GiveUpSocket(VOID) {
  if (InterlockedExchange(&SocketGivenUp, TRUE) == FALSE) LeaveSocket();
}

static NTSTATUS ReadPort(PUNICODE_STRING RegistryPath, PUSHORT Port) {
  WCHAR Path[256] = {0}; /* RegistryPath need not end with a NUL. */
  ULONG Value = 0;
  RTL_QUERY_REGISTRY_TABLE Query[2];
  NTSTATUS Status;

  if (RegistryPath->Length >= sizeof(Path)) return STATUS_OBJECT_NAME_INVALID;
  RtlCopyMemory(Path, RegistryPath->Buffer, RegistryPath->Length);
  RtlZeroMemory(Query, sizeof(Query));
  Query[0].Flags =
      RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED | RTL_QUERY_REGISTRY_TYPECHECK;
  Query[0].Name = (PWSTR)L"Port";
  Query[0].EntryContext = &Value;
  Query[0].DefaultType = REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;

  Status = RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, Path, Query, NULL, NULL);
  if (!NT_SUCCESS(Status)) return Status;
  if (Value == 0 || Value > 0xffff) return STATUS_INVALID_PARAMETER;
  *Port = (USHORT)Value;
  return STATUS_SUCCESS;
}

static NTSTATUS Connect(USHORT Port) {
  SOCKADDR_IN Local;
  SOCKADDR_IN Remote;
  NTSTATUS Status;

  RtlZeroMemory(&Local, sizeof(Local)); /* Any address, any port. */
  RtlZeroMemory(&Remote, sizeof(Remote));
  Local.sin_family = AF_INET;
  Remote.sin_family = AF_INET;
  Remote.sin_port = RtlUshortByteSwap(Port);
  Remote.sin_addr.s_addr = RtlUlongByteSwap(INADDR_LOOPBACK);

  IoSetCompletionRoutine(SocketIrp, SocketComplete, &Completed, TRUE, TRUE, TRUE);
  Status = Wsk.Dispatch->WskSocketConnect(Wsk.Client, SOCK_STREAM, IPPROTO_TCP, (PSOCKADDR)&Local,
                                          (PSOCKADDR)&Remote, 0, NULL, &ConnectionDispatch, NULL,
                                          NULL, NULL, SocketIrp);
  KeWaitForSingleObject(&Completed, Executive, KernelMode, FALSE, NULL);
  if (Status == STATUS_PENDING) Status = SocketIrp->IoStatus.Status;
  if (!NT_SUCCESS(Status)) return Status;

  Socket = (PWSK_SOCKET)SocketIrp->IoStatus.Information;
  SocketUsers = 2;
  return STATUS_SUCCESS;
}

static NTSTATUS EnableEvents(VOID) {
  const WSK_PROVIDER_BASIC_DISPATCH* Dispatch =
      (const WSK_PROVIDER_BASIC_DISPATCH*)Socket->Dispatch;
  WSK_EVENT_CALLBACK_CONTROL Control;

  Control.NpiId = &NPI_WSK_INTERFACE_ID;
  Control.EventMask = WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT;
  return Dispatch->WskControlSocket(Socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                    sizeof(Control), &Control, 0, NULL, NULL, NULL);
}

/* The IRP of ReceiveData is queued before the events are enabled, so the first bytes are its. */
static NTSTATUS StartReceiving(VOID) {
  NTSTATUS Status = ReceiveData(Socket, &DataBuffer);

  if (NT_SUCCESS(Status)) Status = EnableEvents();
  return Status;
}

static NTSTATUS AllocateMemory(VOID) {
  KeInitializeEvent(&Completed, SynchronizationEvent, FALSE);
  SocketIrp = IoAllocateIrp(1, FALSE);
  DataBuffer.Mdl = IoAllocateMdl(Data, sizeof(Data), FALSE, FALSE, NULL);
  DataBuffer.Offset = 0;
  DataBuffer.Length = sizeof(Data);
  if (SocketIrp == NULL || DataBuffer.Mdl == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  MmBuildMdlForNonPagedPool(DataBuffer.Mdl);
  return STATUS_SUCCESS;
}

static VOID FreeMemory(VOID) {
  if (SocketIrp != NULL) IoFreeIrp(SocketIrp);
  if (DataBuffer.Mdl != NULL) IoFreeMdl(DataBuffer.Mdl);
}

static NTSTATUS BecomeClient(VOID) {
  WSK_CLIENT_NPI ClientNpi = {NULL, &ClientDispatch};
  NTSTATUS Status = WskRegister(&ClientNpi, &Registration);

  if (!NT_SUCCESS(Status)) return Status;
  Status = WskCaptureProviderNPI(&Registration, 10000, &Wsk);
  if (!NT_SUCCESS(Status)) WskDeregister(&Registration);
  return Status;
}

static VOID StopBeingClient(VOID) {
  WskReleaseProviderNPI(&Registration);
  WskDeregister(&Registration);
}

/* Waits until the socket is closed: all of its IRPs are complete then, and no callback runs. */
static VOID Disconnect(VOID) {
  GiveUpSocket();
  KeWaitForSingleObject(&Completed, Executive, KernelMode, FALSE, NULL);
  DbgPrint("receiving_page: %Iu bytes by WskReceive, %Iu by WskReceiveEvent, hash %08x\n",
           Received[ByReceive], Received[ByReceiveEvent], Hash);
}

VOID Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  Disconnect();
  StopBeingClient();
  FreeMemory();
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  USHORT Port = 0;
  NTSTATUS Status = ReadPort(RegistryPath, &Port);

  if (!NT_SUCCESS(Status)) return Status;
  Status = AllocateMemory();
  if (NT_SUCCESS(Status)) Status = BecomeClient();
  if (!NT_SUCCESS(Status)) {
    FreeMemory();
    return Status;
  }
  Status = Connect(Port);
  if (NT_SUCCESS(Status)) {
    Status = StartReceiving();
    LeaveSocket();
    if (!NT_SUCCESS(Status)) Disconnect();
  }
  if (!NT_SUCCESS(Status)) {
    StopBeingClient();
    FreeMemory();
    return Status;
  }
  DriverObject->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
