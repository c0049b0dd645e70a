/*
 * ksocket.c: WSK's calls made to wait. Each socket has two IRPs with an event each, used again for
 * every call: one for receiving and accepting, one for all else.
 */
#include "ksocket.h"

#define POOL_TAG 'kcSK'

/* An IRP, and what its thread waits for. */
typedef struct _CALL {
  PIRP Irp;
  KEVENT Done;
} CALL, *PCALL;

struct _KSOCKET {
  PWSK_SOCKET Wsk;
  ADDRESS_FAMILY Family;
  USHORT Type;
  BOOLEAN Bound;
  CALL In;
  CALL Out;
};

static struct {
  WSK_REGISTRATION Registration;
  WSK_PROVIDER_NPI Npi;
  PKEVENT Stop;
} Provider;

static const WSK_CLIENT_DISPATCH ClientDispatch = {MAKE_WSK_VERSION(1, 0), 0, NULL};

/* The tables of the three kinds of sockets; each begins with the functions that all have. */
#define BASIC(Socket) ((const WSK_PROVIDER_BASIC_DISPATCH*)(Socket)->Wsk->Dispatch)
#define CONNECTION(Socket) ((const WSK_PROVIDER_CONNECTION_DISPATCH*)(Socket)->Wsk->Dispatch)
#define LISTENER(Socket) ((const WSK_PROVIDER_LISTEN_DISPATCH*)(Socket)->Wsk->Dispatch)
#define DATAGRAM(Socket) ((const WSK_PROVIDER_DATAGRAM_DISPATCH*)(Socket)->Wsk->Dispatch)

/* ---- calls that wait ------------------------------------------------------------------------ */

/* At DISPATCH_LEVEL or below. After KeSetEvent the call's thread may be gone, and Irp with it. */
static NTSTATUS NTAPI CallCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS InitializeCall(PCALL Call) {
  KeInitializeEvent(&Call->Done, SynchronizationEvent, FALSE);
  Call->Irp = IoAllocateIrp(1, FALSE);
  return Call->Irp != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID DeleteCall(PCALL Call) {
  if (Call->Irp != NULL) IoFreeIrp(Call->Irp);
}

static PIRP BeginCall(PCALL Call) {
  IoReuseIrp(Call->Irp, STATUS_UNSUCCESSFUL);
  KeClearEvent(&Call->Done); /* A call that ended at once has set it, and nobody waited. */
  IoSetCompletionRoutine(Call->Irp, CallCompleted, &Call->Done, TRUE, TRUE, TRUE);
  return Call->Irp;
}

static PLARGE_INTEGER TimeoutOf(ULONG Milliseconds, PLARGE_INTEGER Timeout) {
  if (Milliseconds == KS_FOREVER) return NULL;
  Timeout->QuadPart = -10000LL * Milliseconds; /* Negative: from now, in units of 100 ns. */
  return Timeout;
}

/*
 * The result of a call that returned `Returned`. Whoever waits too long cancels, and then waits
 * again: until the IRP is complete, WSK has the buffer. It may also succeed at the last moment.
 */
static NTSTATUS EndCall(PCALL Call, NTSTATUS Returned, ULONG Milliseconds) {
  PVOID events[2] = {&Call->Done, Provider.Stop};
  LARGE_INTEGER timeout;
  NTSTATUS ended, status;
  if (Returned != STATUS_PENDING) return Returned;

  ended = KeWaitForMultipleObjects(2, events, WaitAny, Executive, KernelMode, FALSE,
                                   TimeoutOf(Milliseconds, &timeout), NULL);
  if (ended != STATUS_WAIT_0) {
    IoCancelIrp(Call->Irp);
    KeWaitForSingleObject(&Call->Done, Executive, KernelMode, FALSE, NULL);
  }
  status = Call->Irp->IoStatus.Status;
  if (status == STATUS_CANCELLED && ended == STATUS_TIMEOUT) status = STATUS_IO_TIMEOUT;
  return status;
}

/* The same for calls that nothing cancels, since what they do has to be done. */
static NTSTATUS EndShortCall(PCALL Call, NTSTATUS Returned) {
  if (Returned != STATUS_PENDING) return Returned;
  KeWaitForSingleObject(&Call->Done, Executive, KernelMode, FALSE, NULL);
  return Call->Irp->IoStatus.Status;
}

/* ---- buffers -------------------------------------------------------------------------------- */

/* Makes WSK see the caller's memory. UnlockBuffer undoes it. */
static NTSTATUS LockBuffer(PVOID Buffer, ULONG Length, LOCK_OPERATION Operation, PWSK_BUF Locked) {
  NTSTATUS status = STATUS_SUCCESS;
  Locked->Offset = 0;
  Locked->Length = Length;
  Locked->Mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
  if (Locked->Mdl == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  __try {
    MmProbeAndLockPages(Locked->Mdl, KernelMode, Operation);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    status = GetExceptionCode();
  }
  if (!NT_SUCCESS(status)) IoFreeMdl(Locked->Mdl);
  return status;
}

static VOID UnlockBuffer(PWSK_BUF Locked) {
  MmUnlockPages(Locked->Mdl);
  IoFreeMdl(Locked->Mdl);
}

/* ---- the provider --------------------------------------------------------------------------- */

NTSTATUS KsStartup(PKEVENT Stop) {
  WSK_CLIENT_NPI client = {NULL, &ClientDispatch};
  NTSTATUS status = WskRegister(&client, &Provider.Registration);
  PAGED_CODE();
  if (!NT_SUCCESS(status)) return status;
  Provider.Stop = Stop;
  status = WskCaptureProviderNPI(&Provider.Registration, WSK_INFINITE_WAIT, &Provider.Npi);
  if (!NT_SUCCESS(status)) WskDeregister(&Provider.Registration);
  return status;
}

VOID KsCleanup(VOID) {
  PAGED_CODE();
  WskReleaseProviderNPI(&Provider.Registration);
  WskDeregister(&Provider.Registration);
}

NTSTATUS KsGetAddressInfo(PUNICODE_STRING Host, PUNICODE_STRING Service, PADDRINFOEXW* Addresses) {
  ADDRINFOEXW hints = {0};
  CALL call;
  NTSTATUS status = InitializeCall(&call);
  PAGED_CODE();
  if (!NT_SUCCESS(status)) return status;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_protocol = IPPROTO_TCP;
  status =
      Provider.Npi.Dispatch->WskGetAddressInfo(Provider.Npi.Client, Host, Service, NS_ALL, NULL,
                                               &hints, Addresses, NULL, NULL, BeginCall(&call));
  status = EndCall(&call, status, KS_FOREVER);
  DeleteCall(&call);
  return status;
}

VOID KsFreeAddressInfo(PADDRINFOEXW Addresses) {
  Provider.Npi.Dispatch->WskFreeAddressInfo(Provider.Npi.Client, Addresses);
}

/* ---- making and closing sockets ------------------------------------------------------------- */

static VOID FreeSocket(PKSOCKET Socket) {
  DeleteCall(&Socket->In);
  DeleteCall(&Socket->Out);
  ExFreePoolWithTag(Socket, POOL_TAG);
}

static PKSOCKET AllocateSocket(ADDRESS_FAMILY Family, USHORT Type) {
  PKSOCKET socket = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*socket), POOL_TAG);
  if (socket == NULL) return NULL;
  socket->Family = Family;
  socket->Type = Type;
  if (NT_SUCCESS(InitializeCall(&socket->In)) && NT_SUCCESS(InitializeCall(&socket->Out))) {
    return socket;
  }
  FreeSocket(socket);
  return NULL;
}

static NTSTATUS CreateSocket(ADDRESS_FAMILY Family, USHORT Type, ULONG Flags, PKSOCKET* Socket) {
  PKSOCKET socket = AllocateSocket(Family, Type);
  const ULONG protocol = Type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
  NTSTATUS status;
  if (socket == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  status = Provider.Npi.Dispatch->WskSocket(Provider.Npi.Client, Family, Type, protocol, Flags,
                                            NULL, NULL, NULL, NULL, NULL, BeginCall(&socket->Out));
  status = EndShortCall(&socket->Out, status);
  if (!NT_SUCCESS(status)) {
    FreeSocket(socket);
    return status;
  }
  socket->Wsk = (PWSK_SOCKET)socket->Out.Irp->IoStatus.Information;
  *Socket = socket;
  return STATUS_SUCCESS;
}

NTSTATUS KsSocket(ADDRESS_FAMILY Family, USHORT Type, PKSOCKET* Socket) {
  PAGED_CODE();
  return CreateSocket(Family, Type,
                      Type == SOCK_STREAM ? WSK_FLAG_CONNECTION_SOCKET : WSK_FLAG_DATAGRAM_SOCKET,
                      Socket);
}

VOID KsClose(PKSOCKET Socket) {
  NTSTATUS status;
  PAGED_CODE();
  status = BASIC(Socket)->WskCloseSocket(Socket->Wsk, BeginCall(&Socket->Out));
  EndShortCall(&Socket->Out, status);
  FreeSocket(Socket);
}

/* ---- addresses ------------------------------------------------------------------------------ */

static NTSTATUS CallBind(PKSOCKET Socket, PSOCKADDR Local) {
  PIRP irp = BeginCall(&Socket->Out);
  if (Socket->Type == SOCK_DGRAM) return DATAGRAM(Socket)->WskBind(Socket->Wsk, Local, 0, irp);
  return CONNECTION(Socket)->WskBind(Socket->Wsk, Local, 0, irp);
}

NTSTATUS KsBind(PKSOCKET Socket, const SOCKADDR_INET* Local) {
  NTSTATUS status;
  PAGED_CODE();
  status = EndShortCall(&Socket->Out, CallBind(Socket, (PSOCKADDR)Local));
  if (NT_SUCCESS(status)) Socket->Bound = TRUE;
  return status;
}

/* WSK wants a local address before a connect and a send; programs need not care. */
static NTSTATUS BindIfNeeded(PKSOCKET Socket) {
  SOCKADDR_INET any;
  if (Socket->Bound) return STATUS_SUCCESS;
  RtlZeroMemory(&any, sizeof(any));
  any.si_family = Socket->Family;
  return KsBind(Socket, &any);
}

NTSTATUS KsConnect(PKSOCKET Socket, const SOCKADDR* Remote, ULONG Milliseconds) {
  NTSTATUS status = BindIfNeeded(Socket);
  PAGED_CODE();
  if (!NT_SUCCESS(status)) return status;
  status =
      CONNECTION(Socket)->WskConnect(Socket->Wsk, (PSOCKADDR)Remote, 0, BeginCall(&Socket->Out));
  return EndCall(&Socket->Out, status, Milliseconds);
}

static NTSTATUS BindListener(PKSOCKET Listener, SOCKADDR_INET* Local) {
  PSOCKADDR address = (PSOCKADDR)Local;
  NTSTATUS status =
      LISTENER(Listener)->WskBind(Listener->Wsk, address, 0, BeginCall(&Listener->Out));
  status = EndShortCall(&Listener->Out, status);
  if (!NT_SUCCESS(status)) return status;
  status =
      LISTENER(Listener)->WskGetLocalAddress(Listener->Wsk, address, BeginCall(&Listener->Out));
  return EndShortCall(&Listener->Out, status);
}

NTSTATUS KsListen(SOCKADDR_INET* Local, PKSOCKET* Socket) {
  PKSOCKET listener;
  NTSTATUS status = CreateSocket(Local->si_family, SOCK_STREAM, WSK_FLAG_LISTEN_SOCKET, &listener);
  PAGED_CODE();
  if (!NT_SUCCESS(status)) return status;
  status = BindListener(listener, Local); /* To bind is to listen. */
  if (NT_SUCCESS(status)) {
    *Socket = listener;
  } else {
    KsClose(listener);
  }
  return status;
}

NTSTATUS KsAccept(PKSOCKET Listener, ULONG Milliseconds, PKSOCKET* Socket) {
  /* Before there is a connection that could be lost for want of it. */
  PKSOCKET socket = AllocateSocket(Listener->Family, SOCK_STREAM);
  NTSTATUS status;
  PAGED_CODE();
  if (socket == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  status = LISTENER(Listener)->WskAccept(Listener->Wsk, 0, NULL, NULL, NULL, NULL,
                                         BeginCall(&Listener->In));
  status = EndCall(&Listener->In, status, Milliseconds);
  if (!NT_SUCCESS(status)) {
    FreeSocket(socket);
    return status;
  }
  socket->Wsk = (PWSK_SOCKET)Listener->In.Irp->IoStatus.Information;
  socket->Bound = TRUE;
  *Socket = socket;
  return STATUS_SUCCESS;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

NTSTATUS KsSend(PKSOCKET Socket, const VOID* Buffer, ULONG Length, ULONG Milliseconds,
                ULONG* Moved) {
  WSK_BUF buffer;
  NTSTATUS status = LockBuffer((PVOID)Buffer, Length, IoReadAccess, &buffer);
  PAGED_CODE();
  if (Moved != NULL) *Moved = 0;
  if (!NT_SUCCESS(status)) return status;
  status = CONNECTION(Socket)->WskSend(Socket->Wsk, &buffer, 0, BeginCall(&Socket->Out));
  status = EndCall(&Socket->Out, status, Milliseconds);
  if (Moved != NULL) *Moved = (ULONG)Socket->Out.Irp->IoStatus.Information;
  UnlockBuffer(&buffer);
  return status;
}

NTSTATUS KsReceive(PKSOCKET Socket, PVOID Buffer, ULONG Length, ULONG Flags, ULONG Milliseconds,
                   ULONG* Moved) {
  WSK_BUF buffer;
  NTSTATUS status = LockBuffer(Buffer, Length, IoWriteAccess, &buffer);
  PAGED_CODE();
  *Moved = 0;
  if (!NT_SUCCESS(status)) return status;
  status = CONNECTION(Socket)->WskReceive(Socket->Wsk, &buffer, Flags, BeginCall(&Socket->In));
  status = EndCall(&Socket->In, status, Milliseconds);
  *Moved = (ULONG)Socket->In.Irp->IoStatus.Information;
  UnlockBuffer(&buffer);
  return status;
}

NTSTATUS KsSendTo(PKSOCKET Socket, const VOID* Buffer, ULONG Length, const SOCKADDR* Remote) {
  WSK_BUF buffer;
  NTSTATUS status = BindIfNeeded(Socket);
  PAGED_CODE();
  if (!NT_SUCCESS(status)) return status;
  status = LockBuffer((PVOID)Buffer, Length, IoReadAccess, &buffer);
  if (!NT_SUCCESS(status)) return status;
  status = DATAGRAM(Socket)->WskSendTo(Socket->Wsk, &buffer, 0, (PSOCKADDR)Remote, 0, NULL,
                                       BeginCall(&Socket->Out));
  status = EndCall(&Socket->Out, status, KS_FOREVER);
  UnlockBuffer(&buffer);
  return status;
}

NTSTATUS KsShutdown(PKSOCKET Socket) {
  NTSTATUS status =
      CONNECTION(Socket)->WskDisconnect(Socket->Wsk, NULL, 0, BeginCall(&Socket->Out));
  PAGED_CODE();
  return EndCall(&Socket->Out, status, KS_FOREVER);
}
