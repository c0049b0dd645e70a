/*
 * event, for datagrams: WskReceiveFromEvent, whose datagrams ask for answers (bench/loads/udp.cc),
 * which WskSendTo sends.
 *
 * bench: event udp
 */
#include "client.h"

#define ANSWER_BYTES (64 * 1024)

typedef struct _ANSWER {
  SLIST_ENTRY Link;
  PIRP Irp;
} ANSWER, *PANSWER;

static PWSK_SOCKET Socket;
static SLIST_HEADER IdleAnswers;
static PVOID Bytes;
static PMDL Mdl;

static NTSTATUS NTAPI Answered(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  IoReuseIrp(Irp, STATUS_SUCCESS);
  InterlockedPushEntrySList(&IdleAnswers, &((PANSWER)Context)->Link);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static PANSWER TakeAnswer(VOID) {
  PSLIST_ENTRY link = InterlockedPopEntrySList(&IdleAnswers);
  PANSWER answer;
  if (link != NULL) return CONTAINING_RECORD(link, ANSWER, Link);
  answer = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*answer), POOL_TAG);
  if (answer == NULL) return NULL;
  answer->Irp = IoAllocateIrp(1, FALSE);
  if (answer->Irp != NULL) return answer;
  ExFreePoolWithTag(answer, POOL_TAG);
  return NULL;
}

static VOID Answer(PSOCKADDR To, ULONG Count, ULONG Size) {
  const WSK_PROVIDER_DATAGRAM_DISPATCH* dispatch = Socket->Dispatch;
  WSK_BUF buffer = {Mdl, 0, Size};
  for (; Count > 0; --Count) {
    PANSWER answer = TakeAnswer();
    if (answer == NULL) return; /* Datagrams may be lost. */
    IoSetCompletionRoutine(answer->Irp, Answered, answer, TRUE, TRUE, TRUE);
    dispatch->WskSendTo(Socket, &buffer, 0, To, 0, NULL, answer->Irp);
  }
}

static NTSTATUS WSKAPI ReceiveFromEvent(PVOID SocketContext, ULONG Flags,
                                        PWSK_DATAGRAM_INDICATION DataIndication) {
  UNREFERENCED_PARAMETER(SocketContext);
  UNREFERENCED_PARAMETER(Flags);
  for (; DataIndication != NULL; DataIndication = DataIndication->Next) {
    const WSK_BUF* buffer = &DataIndication->Buffer;
    const UCHAR* asked;
    if (buffer->Length < 4) continue;
    asked = MmGetSystemAddressForMdlSafe(buffer->Mdl, NormalPagePriority | MdlMappingNoExecute);
    if (asked == NULL) continue;
    asked += buffer->Offset;
    Answer(DataIndication->RemoteAddress, asked[0] | asked[1] << 8, asked[2] | asked[3] << 8);
  }
  return STATUS_SUCCESS;
}

static const WSK_CLIENT_DATAGRAM_DISPATCH Events = {ReceiveFromEvent};

static NTSTATUS EnableEvents(VOID) {
  WSK_EVENT_CALLBACK_CONTROL control;
  control.NpiId = &NPI_WSK_INTERFACE_ID;
  control.EventMask = WSK_EVENT_RECEIVE_FROM;
  return Wsk.Dispatch->WskControlClient(Wsk.Client, WSK_SET_STATIC_EVENT_CALLBACKS, sizeof(control),
                                        &control, 0, NULL, NULL, NULL);
}

static NTSTATUS CreateSocket(VOID) {
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status = FinishCall(
      &call,
      Wsk.Dispatch->WskSocket(Wsk.Client, AF_INET, SOCK_DGRAM, IPPROTO_UDP,
                              WSK_FLAG_DATAGRAM_SOCKET, NULL, &Events, NULL, NULL, NULL, call.Irp),
      NULL);
  if (NT_SUCCESS(status)) Socket = (PWSK_SOCKET)call.Information;
  return status;
}

static NTSTATUS BindSocket(VOID) {
  const WSK_PROVIDER_DATAGRAM_DISPATCH* dispatch = Socket->Dispatch;
  SOCKADDR_IN address = MakeAddress(LoopbackAddress(), 0);
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status = FinishCall(&call, dispatch->WskBind(Socket, (PSOCKADDR)&address, 0, call.Irp), NULL);
  if (!NT_SUCCESS(status)) return status;

  status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status =
      FinishCall(&call, dispatch->WskGetLocalAddress(Socket, (PSOCKADDR)&address, call.Irp), NULL);
  if (NT_SUCCESS(status)) SayAddress("listening on", &address);
  return status;
}

static NTSTATUS Start(VOID) {
  NTSTATUS status = EnableEvents();
  if (NT_SUCCESS(status)) status = CreateSocket();
  if (!NT_SUCCESS(status)) return status;
  status = BindSocket();
  if (!NT_SUCCESS(status)) CloseSocket(Socket);
  return status;
}

static NTSTATUS AllocateBytes(VOID) {
  Bytes = ExAllocatePool2(POOL_FLAG_NON_PAGED, ANSWER_BYTES, POOL_TAG);
  if (Bytes == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  Mdl = IoAllocateMdl(Bytes, ANSWER_BYTES, FALSE, FALSE, NULL);
  if (Mdl == NULL) {
    ExFreePoolWithTag(Bytes, POOL_TAG);
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  MmBuildMdlForNonPagedPool(Mdl);
  return STATUS_SUCCESS;
}

static VOID FreeBytes(VOID) {
  IoFreeMdl(Mdl);
  ExFreePoolWithTag(Bytes, POOL_TAG);
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  PSLIST_ENTRY link;
  UNREFERENCED_PARAMETER(DriverObject);
  CloseSocket(Socket); /* Every answer is over when this returns. */
  StopWsk();
  while ((link = InterlockedPopEntrySList(&IdleAnswers)) != NULL) {
    PANSWER answer = CONTAINING_RECORD(link, ANSWER, Link);
    IoFreeIrp(answer->Irp);
    ExFreePoolWithTag(answer, POOL_TAG);
  }
  FreeBytes();
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  NTSTATUS status = AllocateBytes();
  UNREFERENCED_PARAMETER(RegistryPath);
  if (!NT_SUCCESS(status)) return status;
  InitializeSListHead(&IdleAnswers);
  status = StartWsk();
  if (NT_SUCCESS(status)) {
    status = Start();
    if (!NT_SUCCESS(status)) StopWsk();
  }
  if (!NT_SUCCESS(status)) {
    FreeBytes();
    return status;
  }
  DriverObject->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
