/*
 * link.c: the connection to the server.
 *
 * Two threads share the socket. One sends: a header and, of a write, the caller's own memory behind
 * it in one MDL chain. The other connects, receives, and connects again when the server is lost. It
 * reads a reply's header, and then a read's bytes straight into the caller's memory, through a
 * partial MDL. The socket belongs to this thread; before it closes it, it makes sure that the
 * sender is not in it and cannot come back.
 */
#include "blockclient.h"

#define SAY(...) DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_TRACE_LEVEL, __VA_ARGS__)
#define TRASH_BYTES 4096 /* At a time, of what nobody wants any more. */

/* A WSK call that its thread waits for; its IRP is used again and again. */
typedef struct _CALL {
  PIRP Irp;
  KEVENT Done;
} CALL, *PCALL;

static struct {
  LINK_SETTINGS Settings;
  WSK_REGISTRATION Registration;
  WSK_PROVIDER_NPI Wsk;
  PWSK_SOCKET Socket; /* The sender's only between CutPiece and PieceSent. */
  const WSK_PROVIDER_CONNECTION_DISPATCH* Dispatch;

  KEVENT Stop;       /* Both threads shall end. */
  KEVENT Wake;       /* There may be something to send. */
  KEVENT SenderIdle; /* The sender is not in the socket. */
  PETHREAD Sender;
  PETHREAD Receiver;

  CALL SendCall;
  BLOCK_REQUEST SendHeader;
  PMDL SendHeaderMdl;
  PMDL SendDataMdl; /* Partial: a piece of the caller's memory. */
  CALL ReceiveCall;
  union {
    BLOCK_GREETING Greeting;
    BLOCK_REPLY Reply;
  } ReceiveHeader;
  PMDL ReceiveHeaderMdl;
  PMDL ReceiveDataMdl; /* Partial. */
  PUCHAR Trash;
  PMDL TrashMdl;

  KSPIN_LOCK MediumLock; /* Guards the two below. */
  ULONGLONG Size;
  ULONG BlockSize;
} Link;

/* ---- calls ---------------------------------------------------------------------------------- */

static NTSTATUS NTAPI CallCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP BeginCall(PCALL Call) {
  IoReuseIrp(Call->Irp, STATUS_UNSUCCESSFUL);
  KeClearEvent(&Call->Done);
  IoSetCompletionRoutine(Call->Irp, CallCompleted, &Call->Done, TRUE, TRUE, TRUE);
  return Call->Irp;
}

/* Waits for the call; when the driver is to stop, not any longer than a cancelled one takes. */
static NTSTATUS EndCall(PCALL Call, NTSTATUS Returned, BOOLEAN MayStop) {
  if (Returned == STATUS_PENDING) {
    if (MayStop) {
      PVOID events[2] = {&Call->Done, &Link.Stop};
      NTSTATUS ended =
          KeWaitForMultipleObjects(2, events, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
      if (ended == STATUS_WAIT_1) IoCancelIrp(Call->Irp);
    }
    KeWaitForSingleObject(&Call->Done, Executive, KernelMode, FALSE, NULL);
  }
  return Call->Irp->IoStatus.Status;
}

static BOOLEAN IsStopping(VOID) {
  return KeReadStateEvent(&Link.Stop) != 0;
}

/* ---- sending -------------------------------------------------------------------------------- */

static VOID AbortSocket(PCALL Call) {
  PIRP irp = BeginCall(Call);
  EndCall(Call, Link.Dispatch->WskDisconnect(Link.Socket, NULL, WSK_FLAG_ABORTIVE, irp), FALSE);
}

static NTSTATUS Send(const OUTGOING* Outgoing) {
  const ULONG length = Outgoing->Request.Length;
  WSK_BUF buffer = {Link.SendHeaderMdl, 0, sizeof(Link.SendHeader)};
  PIRP irp = BeginCall(&Link.SendCall);
  NTSTATUS status;
  Link.SendHeader = Outgoing->Request;
  if (Outgoing->Request.Operation == BLOCK_WRITE) {
    PMDL memory = Outgoing->Transfer->Mdl;
    IoBuildPartialMdl(memory, Link.SendDataMdl,
                      (PUCHAR)MmGetMdlVirtualAddress(memory) + Outgoing->Offset, length);
    Link.SendHeaderMdl->Next = Link.SendDataMdl;
    buffer.Length += length;
  }
  status = EndCall(&Link.SendCall,
                   Link.Dispatch->WskSend(Link.Socket, &buffer, WSK_FLAG_NODELAY, irp), FALSE);
  if (Link.SendHeaderMdl->Next != NULL) {
    Link.SendHeaderMdl->Next = NULL;
    MmPrepareMdlForReuse(Link.SendDataMdl);
  }
  return status;
}

/* FALSE: there is nothing to send, for now. */
static BOOLEAN SendNext(VOID) {
  OUTGOING outgoing;
  BOOLEAN cut;
  KeClearEvent(&Link.SenderIdle); /* Before CutPiece asks whether the socket is still there. */
  cut = CutPiece(&outgoing);
  if (cut) {
    /* Half a request is the end of the connection; the receiver then sees to the rest. */
    if (!NT_SUCCESS(Send(&outgoing))) AbortSocket(&Link.SendCall);
    PieceSent(&outgoing);
  }
  KeSetEvent(&Link.SenderIdle, IO_NO_INCREMENT, FALSE);
  return cut;
}

static VOID NTAPI SenderThread(PVOID StartContext) {
  PVOID events[2] = {&Link.Stop, &Link.Wake};
  UNREFERENCED_PARAMETER(StartContext);
  while (KeWaitForMultipleObjects(2, events, WaitAny, Executive, KernelMode, FALSE, NULL, NULL) ==
         STATUS_WAIT_1) {
    while (SendNext()) continue;
  }
  PsTerminateSystemThread(STATUS_SUCCESS);
}

VOID WakeSender(VOID) {
  KeSetEvent(&Link.Wake, IO_NO_INCREMENT, FALSE);
}

/* ---- receiving ------------------------------------------------------------------------------ */

/* All of it, or an error; the end of the stream is one. */
static NTSTATUS Receive(PMDL Mdl, SIZE_T Length) {
  WSK_BUF buffer = {Mdl, 0, Length};
  PIRP irp = BeginCall(&Link.ReceiveCall);
  NTSTATUS status =
      EndCall(&Link.ReceiveCall,
              Link.Dispatch->WskReceive(Link.Socket, &buffer, WSK_FLAG_WAITALL, irp), TRUE);
  if (!NT_SUCCESS(status)) return status;
  return irp->IoStatus.Information == Length ? STATUS_SUCCESS : STATUS_CONNECTION_DISCONNECTED;
}

static NTSTATUS ReceiveIntoTrash(ULONG Length) {
  NTSTATUS status = STATUS_SUCCESS;
  while (NT_SUCCESS(status) && Length > 0) {
    const ULONG size = min(Length, TRASH_BYTES);
    status = Receive(Link.TrashMdl, size);
    Length -= size;
  }
  return status;
}

static NTSTATUS ReceiveBytesOf(PPIECE Piece) {
  PTRANSFER transfer = Piece->Transfer;
  NTSTATUS status;
  if (!AcquireMemory(transfer)) return ReceiveIntoTrash(Piece->Length);
  IoBuildPartialMdl(transfer->Mdl, Link.ReceiveDataMdl,
                    (PUCHAR)MmGetMdlVirtualAddress(transfer->Mdl) + Piece->Offset, Piece->Length);
  status = Receive(Link.ReceiveDataMdl, Piece->Length);
  MmPrepareMdlForReuse(Link.ReceiveDataMdl);
  ReleaseMemory(transfer);
  return status;
}

/* An error says that the connection cannot go on. */
static NTSTATUS ReceiveReply(VOID) {
  const BLOCK_REPLY* reply = &Link.ReceiveHeader.Reply;
  BOOLEAN succeeded;
  PPIECE piece;
  NTSTATUS status = Receive(Link.ReceiveHeaderMdl, sizeof(*reply));
  if (!NT_SUCCESS(status)) return status;
  if (reply->Magic != BLOCK_MAGIC_REPLY) return STATUS_INVALID_NETWORK_RESPONSE;
  piece = TakePiece(reply->Id);
  if (piece == NULL) return STATUS_INVALID_NETWORK_RESPONSE;
  succeeded = reply->Result == BLOCK_RESULT_OK;
  if (succeeded && piece->Transfer->Operation == BLOCK_READ) status = ReceiveBytesOf(piece);
  if (!NT_SUCCESS(status)) {
    EndPiece(piece, STATUS_CONNECTION_DISCONNECTED);
    return status;
  }
  EndPiece(piece, succeeded ? STATUS_SUCCESS : STATUS_IO_DEVICE_ERROR);
  WakeSender(); /* One more may be out. */
  return STATUS_SUCCESS;
}

/* ---- connecting ----------------------------------------------------------------------------- */

static NTSTATUS Connect(VOID) {
  SOCKADDR_IN any = {0};
  PIRP irp = BeginCall(&Link.ReceiveCall);
  NTSTATUS status;
  any.sin_family = AF_INET;
  status = EndCall(&Link.ReceiveCall,
                   Link.Wsk.Dispatch->WskSocketConnect(
                       Link.Wsk.Client, SOCK_STREAM, IPPROTO_TCP, (PSOCKADDR)&any,
                       (PSOCKADDR)&Link.Settings.Server, 0, NULL, NULL, NULL, NULL, NULL, irp),
                   TRUE);
  if (!NT_SUCCESS(status)) return status;
  Link.Socket = (PWSK_SOCKET)irp->IoStatus.Information;
  Link.Dispatch = Link.Socket->Dispatch;
  return STATUS_SUCCESS;
}

static VOID CloseSocket(VOID) {
  PIRP irp = BeginCall(&Link.ReceiveCall);
  EndCall(&Link.ReceiveCall, Link.Dispatch->WskCloseSocket(Link.Socket, irp), FALSE);
  Link.Socket = NULL;
}

static NTSTATUS ReceiveGreeting(VOID) {
  const BLOCK_GREETING* greeting = &Link.ReceiveHeader.Greeting;
  NTSTATUS status = Receive(Link.ReceiveHeaderMdl, sizeof(*greeting));
  KIRQL irql;
  if (!NT_SUCCESS(status)) return status;
  if (greeting->Magic != BLOCK_MAGIC_GREETING || greeting->BlockSize == 0 ||
      MaxPieceSize() % greeting->BlockSize != 0 || greeting->Size % greeting->BlockSize != 0) {
    return STATUS_INVALID_NETWORK_RESPONSE;
  }
  KeAcquireSpinLock(&Link.MediumLock, &irql);
  Link.Size = greeting->Size;
  Link.BlockSize = greeting->BlockSize;
  KeReleaseSpinLock(&Link.MediumLock, irql);
  return STATUS_SUCCESS;
}

VOID QueryMedium(PULONGLONG Size, PULONG BlockSize) {
  KIRQL irql;
  KeAcquireSpinLock(&Link.MediumLock, &irql);
  *Size = Link.Size;
  *BlockSize = Link.BlockSize;
  KeReleaseSpinLock(&Link.MediumLock, irql);
}

/* Works for the IRPs until the server is lost or the driver stops. */
static NTSTATUS Serve(VOID) {
  NTSTATUS status = ReceiveGreeting();
  if (!NT_SUCCESS(status)) return status;
  AcceptTransfers(TRUE);
  SAY("connected\n");
  do {
    status = ReceiveReply();
  } while (NT_SUCCESS(status));
  return status;
}

/* In this order: no new sends, the one under way ends, the IRPs end, and nobody is in the socket.
 */
static VOID Disconnect(NTSTATUS Status) {
  AcceptTransfers(FALSE);
  AbortSocket(&Link.ReceiveCall);
  KeWaitForSingleObject(&Link.SenderIdle, Executive, KernelMode, FALSE, NULL);
  SAY("the server is lost: 0x%08X\n", Status);
  FailAll(STATUS_CONNECTION_DISCONNECTED);
  CloseSocket();
}

static VOID NTAPI ReceiverThread(PVOID StartContext) {
  LARGE_INTEGER pause;
  UNREFERENCED_PARAMETER(StartContext);
  pause.QuadPart = -10000LL * Link.Settings.RetryMilliseconds;
  while (!IsStopping()) {
    if (NT_SUCCESS(Connect())) Disconnect(Serve());
    KeWaitForSingleObject(&Link.Stop, Executive, KernelMode, FALSE, &pause);
  }
  PsTerminateSystemThread(STATUS_SUCCESS);
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static PMDL DescribeOwnMemory(PVOID Memory, ULONG Size) {
  PMDL mdl = IoAllocateMdl(Memory, Size, FALSE, FALSE, NULL);
  if (mdl != NULL) MmBuildMdlForNonPagedPool(mdl);
  return mdl;
}

/* Large enough for a piece wherever in a page it begins. */
static PMDL AllocatePartialMdl(VOID) {
  return IoAllocateMdl(NULL, MaxPieceSize() + PAGE_SIZE, FALSE, FALSE, NULL);
}

static NTSTATUS AllocateMemory(VOID) {
  KeInitializeEvent(&Link.SendCall.Done, NotificationEvent, FALSE);
  KeInitializeEvent(&Link.ReceiveCall.Done, NotificationEvent, FALSE);
  Link.SendCall.Irp = IoAllocateIrp(1, FALSE);
  Link.ReceiveCall.Irp = IoAllocateIrp(1, FALSE);
  Link.SendHeaderMdl = DescribeOwnMemory(&Link.SendHeader, sizeof(Link.SendHeader));
  Link.ReceiveHeaderMdl = DescribeOwnMemory(&Link.ReceiveHeader, sizeof(Link.ReceiveHeader));
  Link.SendDataMdl = AllocatePartialMdl();
  Link.ReceiveDataMdl = AllocatePartialMdl();
  Link.Trash = ExAllocatePool2(POOL_FLAG_NON_PAGED, TRASH_BYTES, POOL_TAG);
  if (Link.Trash != NULL) Link.TrashMdl = DescribeOwnMemory(Link.Trash, TRASH_BYTES);
  if (Link.SendCall.Irp == NULL || Link.ReceiveCall.Irp == NULL || Link.SendHeaderMdl == NULL ||
      Link.ReceiveHeaderMdl == NULL || Link.SendDataMdl == NULL || Link.ReceiveDataMdl == NULL ||
      Link.TrashMdl == NULL) {
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  return STATUS_SUCCESS;
}

static VOID FreeMemory(VOID) {
  PMDL mdls[] = {Link.SendHeaderMdl, Link.ReceiveHeaderMdl, Link.SendDataMdl, Link.ReceiveDataMdl,
                 Link.TrashMdl};
  ULONG i;
  for (i = 0; i < RTL_NUMBER_OF(mdls); ++i) {
    if (mdls[i] != NULL) IoFreeMdl(mdls[i]);
  }
  if (Link.Trash != NULL) ExFreePoolWithTag(Link.Trash, POOL_TAG);
  if (Link.SendCall.Irp != NULL) IoFreeIrp(Link.SendCall.Irp);
  if (Link.ReceiveCall.Irp != NULL) IoFreeIrp(Link.ReceiveCall.Irp);
}

static NTSTATUS StartThread(PKSTART_ROUTINE Routine, PETHREAD* Thread) {
  HANDLE handle;
  NTSTATUS status =
      PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, NULL);
  if (!NT_SUCCESS(status)) return status;
  status = ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, (PVOID*)Thread,
                                     NULL);
  NT_ASSERT(NT_SUCCESS(status)); /* The handle is ours. */
  ZwClose(handle);
  return STATUS_SUCCESS;
}

static VOID JoinThread(PETHREAD Thread) {
  if (Thread == NULL) return;
  KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
  ObDereferenceObject(Thread);
}

static NTSTATUS StartThreads(VOID) {
  NTSTATUS status = StartThread(SenderThread, &Link.Sender);
  if (NT_SUCCESS(status)) status = StartThread(ReceiverThread, &Link.Receiver);
  return status;
}

VOID StopLink(VOID) {
  KeSetEvent(&Link.Stop, IO_NO_INCREMENT, FALSE);
  JoinThread(Link.Receiver); /* It needs the sender to come to rest, so it is waited for first. */
  JoinThread(Link.Sender);
  WskReleaseProviderNPI(&Link.Registration);
  WskDeregister(&Link.Registration);
  FreeMemory();
}

static const WSK_CLIENT_DISPATCH ClientDispatch = {MAKE_WSK_VERSION(1, 0), 0, NULL};

NTSTATUS StartLink(const LINK_SETTINGS* Settings) {
  WSK_CLIENT_NPI client = {NULL, &ClientDispatch};
  NTSTATUS status;
  Link.Settings = *Settings;
  KeInitializeSpinLock(&Link.MediumLock);
  KeInitializeEvent(&Link.Stop, NotificationEvent, FALSE);
  KeInitializeEvent(&Link.Wake, SynchronizationEvent, FALSE);
  KeInitializeEvent(&Link.SenderIdle, NotificationEvent, TRUE);
  status = AllocateMemory();
  if (NT_SUCCESS(status)) status = WskRegister(&client, &Link.Registration);
  if (!NT_SUCCESS(status)) {
    FreeMemory();
    return status;
  }
  status = WskCaptureProviderNPI(&Link.Registration, 1000, &Link.Wsk);
  if (!NT_SUCCESS(status)) {
    WskDeregister(&Link.Registration);
    FreeMemory();
    return status;
  }
  status = StartThreads();
  if (!NT_SUCCESS(status)) StopLink();
  return status;
}
