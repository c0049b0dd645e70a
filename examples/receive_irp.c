/*
 * receive_irp: receives by WskReceive, with an IRP that the driver allocated and a completion
 * routine, as the documentation's page shows. It serves one connection after the other, from one
 * thread, and prints how many bytes each brought and their sum.
 *
 *   wskrun receive_irp.so                    listens on a free port of 127.0.0.1 and says which
 *   wskrun --param Port=7777 receive_irp.so  listens on that one
 *   wskrun --param Connect=127.0.0.1 --param Port=7777 receive_irp.so
 *                                            connects there instead, once
 *
 * All calls on a socket are made by that thread, so none can be under way when it closes it. Only
 * the completion routine runs elsewhere.
 *
 * Page: network/receiving-data-over-a-connection-oriented-socket
 */
#include "client.h"

#define RECEIVE_BYTES 16384

static KEVENT StopEvent; /* Signalled by DriverUnload, never reset. */
static PETHREAD Thread;
static SOCKADDR_IN Address; /* Where to listen, or whom to connect to. */
static BOOLEAN Connects;
static PWSK_SOCKET Listener;

/* ---- receiving ------------------------------------------------------------------------------ */

/* A receive and its buffer. Used again and again: the IRP is allocated once. */
typedef struct _RECEIVE {
  PIRP Irp;
  KEVENT Completed;
  PMDL Mdl;
  UCHAR* Data;
  NTSTATUS Status; /* How it ended, after Completed. */
  SIZE_T Bytes;
} RECEIVE, *PRECEIVE;

static VOID FreeReceive(PRECEIVE Receive) {
  if (Receive->Irp != NULL) IoFreeIrp(Receive->Irp);
  if (Receive->Mdl != NULL) IoFreeMdl(Receive->Mdl);
  if (Receive->Data != NULL) ExFreePoolWithTag(Receive->Data, POOL_TAG);
}

static NTSTATUS AllocateReceive(PRECEIVE Receive) {
  RtlZeroMemory(Receive, sizeof(*Receive));
  Receive->Irp = IoAllocateIrp(1, FALSE); /* One stack location, for WSK. */
  Receive->Data = ExAllocatePool2(POOL_FLAG_NON_PAGED, RECEIVE_BYTES, POOL_TAG);
  if (Receive->Data != NULL) {
    Receive->Mdl = IoAllocateMdl(Receive->Data, RECEIVE_BYTES, FALSE, FALSE, NULL);
  }
  if (Receive->Irp == NULL || Receive->Mdl == NULL) {
    FreeReceive(Receive);
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  MmBuildMdlForNonPagedPool(Receive->Mdl); /* Locked for as long as the memory is there. */
  return STATUS_SUCCESS;
}

/* Runs when the receive is over, maybe at DISPATCH_LEVEL, maybe before WskReceive has returned. */
static NTSTATUS NTAPI ReceiveCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  PRECEIVE receive = (PRECEIVE)Context;
  UNREFERENCED_PARAMETER(DeviceObject); /* NULL: no device was involved. */
  receive->Status = Irp->IoStatus.Status;
  receive->Bytes = Irp->IoStatus.Information; /* Bytes, when the status is a success. */
  /* The thread goes on from here, and with it the IRP: it may be used anew before this returns. */
  KeSetEvent(&receive->Completed, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED; /* The IRP is ours: the I/O manager lets go of it. */
}

/* Receives once. Ends early, with STATUS_CANCELLED, when the driver is to stop. */
static NTSTATUS ReceiveSome(PWSK_SOCKET Socket, PRECEIVE Receive) {
  const WSK_PROVIDER_CONNECTION_DISPATCH* dispatch = Socket->Dispatch;
  WSK_BUF buffer = {Receive->Mdl, 0, RECEIVE_BYTES};   /* WSK reads it during the call only. */
  PVOID events[2] = {&StopEvent, &Receive->Completed}; /* Stop counts more. */

  IoReuseIrp(Receive->Irp, STATUS_SUCCESS); /* Also takes the completion routine away. */
  KeInitializeEvent(&Receive->Completed, NotificationEvent, FALSE);
  IoSetCompletionRoutine(Receive->Irp, ReceiveCompleted, Receive, TRUE, TRUE, TRUE);
  /* Whatever this returns, ReceiveCompleted is called: the return value tells nothing more. */
  dispatch->WskReceive(Socket, &buffer, 0, Receive->Irp);
  if (KeWaitForMultipleObjects(2, events, WaitAny, Executive, KernelMode, FALSE, NULL, NULL) ==
      STATUS_WAIT_0) {
    IoCancelIrp(Receive->Irp); /* Nobody frees it but us, so it is still there. */
    KeWaitForSingleObject(&Receive->Completed, Executive, KernelMode, FALSE, NULL);
  }
  return Receive->Status;
}

/* Until the peer ends (zero bytes), the connection breaks, or the driver is to stop. */
static NTSTATUS ReceiveAll(PWSK_SOCKET Socket) {
  ULONGLONG bytes = 0, sum = 0;
  RECEIVE receive;
  NTSTATUS status = AllocateReceive(&receive);
  if (!NT_SUCCESS(status)) return status;
  for (;;) {
    SIZE_T i;
    status = ReceiveSome(Socket, &receive);
    if (!NT_SUCCESS(status) || receive.Bytes == 0) break;
    for (i = 0; i < receive.Bytes; ++i) sum += receive.Data[i];
    bytes += receive.Bytes;
  }
  FreeReceive(&receive);
  SAY("received %I64u bytes, their sum is %I64u, the end is 0x%08X\n", bytes, sum, status);
  return status;
}

/* ---- connections ---------------------------------------------------------------------------- */

static VOID Serve(PWSK_SOCKET Socket) {
  const WSK_PROVIDER_CONNECTION_DISPATCH* dispatch = Socket->Dispatch;
  WSK_CALL call;
  /* The peer has ended; so do we, or the close would be a reset. */
  if (NT_SUCCESS(ReceiveAll(Socket)) && NT_SUCCESS(PrepareCall(&call))) {
    FinishCall(&call, dispatch->WskDisconnect(Socket, NULL, 0, call.Irp), &StopEvent);
  }
  CloseSocket(Socket);
}

static NTSTATUS Accept(PWSK_SOCKET* Socket) {
  const WSK_PROVIDER_LISTEN_DISPATCH* dispatch = Listener->Dispatch;
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  /* No context and no callbacks: this driver receives by IRP alone. */
  status = FinishCall(&call, dispatch->WskAccept(Listener, 0, NULL, NULL, NULL, NULL, call.Irp),
                      &StopEvent);
  if (NT_SUCCESS(status)) *Socket = (PWSK_SOCKET)call.Information;
  return status;
}

static NTSTATUS Connect(PWSK_SOCKET* Socket) {
  SOCKADDR_IN any = {0};
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  any.sin_family = AF_INET; /* Any address, any port. */
  status = FinishCall(&call,
                      Wsk.Dispatch->WskSocketConnect(Wsk.Client, SOCK_STREAM, IPPROTO_TCP,
                                                     (PSOCKADDR)&any, (PSOCKADDR)&Address, 0, NULL,
                                                     NULL, NULL, NULL, NULL, call.Irp),
                      &StopEvent);
  if (NT_SUCCESS(status)) *Socket = (PWSK_SOCKET)call.Information;
  return status;
}

static VOID NTAPI Run(PVOID Context) {
  PWSK_SOCKET socket;
  NTSTATUS status;
  UNREFERENCED_PARAMETER(Context);
  if (Connects) {
    status = Connect(&socket);
    if (NT_SUCCESS(status)) Serve(socket);
  } else {
    while (NT_SUCCESS(status = Accept(&socket))) {
      Serve(socket);
      if (KeReadStateEvent(&StopEvent) != 0) break;
    }
  }
  if (!NT_SUCCESS(status) && status != STATUS_CANCELLED) SAY("ended by 0x%08X\n", status);
  PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS BindListener(VOID) {
  const WSK_PROVIDER_LISTEN_DISPATCH* dispatch = Listener->Dispatch;
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status = FinishCall(&call, dispatch->WskBind(Listener, (PSOCKADDR)&Address, 0, call.Irp), NULL);
  if (!NT_SUCCESS(status)) return status;

  status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status = FinishCall(&call, dispatch->WskGetLocalAddress(Listener, (PSOCKADDR)&Address, call.Irp),
                      NULL);
  if (NT_SUCCESS(status)) SayAddress("listening on", &Address);
  return status;
}

static NTSTATUS StartListener(VOID) {
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status = FinishCall(
      &call,
      Wsk.Dispatch->WskSocket(Wsk.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET,
                              NULL, NULL, NULL, NULL, NULL, call.Irp),
      NULL);
  if (!NT_SUCCESS(status)) return status;
  Listener = (PWSK_SOCKET)call.Information;
  status = BindListener();
  if (!NT_SUCCESS(status)) CloseSocket(Listener);
  return status;
}

/* ---- the driver ----------------------------------------------------------------------------- */

static NTSTATUS Start(VOID) {
  NTSTATUS status;
  if (!Connects) {
    status = StartListener();
    if (!NT_SUCCESS(status)) return status;
  }
  status = StartThread(Run, &Thread);
  if (!NT_SUCCESS(status) && !Connects) CloseSocket(Listener);
  return status;
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  KeSetEvent(&StopEvent, IO_NO_INCREMENT, FALSE);
  WaitForThread(Thread);
  if (!Connects) CloseSocket(Listener);
  StopWsk();
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  const USHORT port = (USHORT)ReadNumber(RegistryPath, L"Port", 0);
  IN_ADDR peer;
  NTSTATUS status = StartWsk();
  if (!NT_SUCCESS(status)) return status;
  Connects = ReadIpv4Address(RegistryPath, L"Connect", &peer);
  Address = MakeAddress(Connects ? peer : LoopbackAddress(), port);
  KeInitializeEvent(&StopEvent, NotificationEvent, FALSE);
  status = Start();
  if (!NT_SUCCESS(status)) {
    StopWsk();
    return status;
  }
  DriverObject->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
