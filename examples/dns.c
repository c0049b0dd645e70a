/*
 * dns: asks a name server for the addresses of a host, over UDP, and prints them. It shows a
 * datagram socket with IRPs: WskSendTo, WskReceiveFrom with a limit of time, and
 * SIO_WSK_SET_REMOTE_ADDRESS, by which WSK drops what others than the server send.
 *
 *   wskrun --param Name=host.example dns.so                  asks 127.0.0.1, port 53
 *   wskrun --param Name=host.example --param Server=192.0.2.1 --param Port=5353 dns.so
 *
 * WSK resolves names by itself, too (WskGetAddressInfo). This asks in its own words.
 *
 * Pages: ddi/wsk/nc-wsk-pfn_wsk_send_to, ddi/wsk/nc-wsk-pfn_wsk_receive_from
 */
#include "client.h"

#define MESSAGE_BYTES 512 /* The most that a name server sends over UDP unless asked for more. */
#define NAME_CHARACTERS 254
#define TRIES 3
#define PATIENCE (1000 * 10000) /* For each try: a second, in units of 100 ns. */

/* As the protocol has them (RFC 1035, 3596). */
#define TYPE_A 1
#define TYPE_AAAA 28
#define CLASS_IN 1
#define HEADER_BYTES 12
#define FLAG_RESPONSE 0x80 /* In the third byte. */
#define FLAG_RECURSE 0x01
#define CODE_NO_SUCH_NAME 3 /* In the low half of the fourth. */

static KEVENT StopEvent; /* Signalled by DriverUnload, never reset. */
static PETHREAD Thread;
static SOCKADDR_IN Server;
static CHAR Name[NAME_CHARACTERS];
static PWSK_SOCKET Socket;

/* One message at a time, out or in. */
static UCHAR Message[MESSAGE_BYTES];
static PMDL MessageMdl;

/* ---- the messages --------------------------------------------------------------------------- */

static USHORT ReadUshort(const UCHAR* Bytes) {
  return (USHORT)(Bytes[0] << 8 | Bytes[1]);
}

static VOID WriteUshort(UCHAR* Bytes, USHORT Value) {
  Bytes[0] = (UCHAR)(Value >> 8);
  Bytes[1] = (UCHAR)Value;
}

/* The name as labels, each after its length. 0: it is not a name. */
static SIZE_T WriteName(UCHAR* Bytes) {
  UCHAR* length = Bytes; /* Of the label that is being written. */
  UCHAR* end = Bytes + 1;
  const CHAR* from;
  *length = 0;
  for (from = Name; *from != '\0'; ++from) {
    if (*from != '.') {
      *end++ = (UCHAR)*from;
      if (++*length > 63) return 0;
    } else if (*length == 0) {
      return 0;
    } else {
      length = end++;
      *length = 0;
    }
  }
  if (*length != 0) *end++ = 0; /* The root's empty label; a dot at the end has written it. */
  return (SIZE_T)(end - Bytes);
}

/* The bytes of a question in Message, 0 when it cannot be asked. */
static SIZE_T WriteQuestion(USHORT Id, USHORT Type) {
  SIZE_T size;
  RtlZeroMemory(Message, HEADER_BYTES);
  WriteUshort(Message, Id);
  Message[2] = FLAG_RECURSE;
  WriteUshort(Message + 4, 1); /* Questions. */
  size = WriteName(Message + HEADER_BYTES);
  if (size == 0) return 0;
  size += HEADER_BYTES;
  WriteUshort(Message + size, Type);
  WriteUshort(Message + size + 2, CLASS_IN);
  return size + 4;
}

/* Where the name that begins at At ends, Size when the message ends before. */
static SIZE_T SkipName(SIZE_T At, SIZE_T Size) {
  while (At < Size && Message[At] != 0) {
    if (Message[At] >= 0xC0) return min(At + 2, Size); /* The rest was written before. */
    At += 1 + (SIZE_T)Message[At];
  }
  return min(At + 1, Size);
}

static VOID SayAnswer(USHORT Type, const UCHAR* Data, USHORT Length) {
  if (Type == TYPE_A && Length == 4) {
    SAY("%s has %u.%u.%u.%u\n", Name, Data[0], Data[1], Data[2], Data[3]);
  }
  if (Type == TYPE_AAAA && Length == 16) {
    SAY("%s has %x:%x:%x:%x:%x:%x:%x:%x\n", Name, ReadUshort(Data), ReadUshort(Data + 2),
        ReadUshort(Data + 4), ReadUshort(Data + 6), ReadUshort(Data + 8), ReadUshort(Data + 10),
        ReadUshort(Data + 12), ReadUshort(Data + 14));
  }
}

/* Reads Size bytes, which came from the net: nothing in them is sure. */
static VOID SayAnswers(SIZE_T Size) {
  USHORT questions = ReadUshort(Message + 4), answers = ReadUshort(Message + 6);
  SIZE_T at = HEADER_BYTES;
  if ((Message[3] & 0x0F) == CODE_NO_SUCH_NAME) SAY("%s does not exist\n", Name);
  for (; questions > 0; --questions) at = min(SkipName(at, Size) + 4, Size);
  for (; answers > 0; --answers) {
    USHORT length;
    at = SkipName(at, Size);
    if (Size - at < 10) return;
    length = ReadUshort(Message + at + 8);
    if (Size - at - 10 < length) return;
    SayAnswer(ReadUshort(Message + at), Message + at + 10, length);
    at += 10 + (SIZE_T)length;
  }
}

static BOOLEAN IsAnswerTo(USHORT Id, SIZE_T Size) {
  return Size >= HEADER_BYTES && ReadUshort(Message) == Id && (Message[2] & FLAG_RESPONSE) != 0;
}

/* ---- asking --------------------------------------------------------------------------------- */

static NTSTATUS Send(SIZE_T Size) {
  const WSK_PROVIDER_DATAGRAM_DISPATCH* dispatch = Socket->Dispatch;
  WSK_BUF buffer = {MessageMdl, 0, Size};
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  /* No address: it goes to the socket's fixed one. */
  return FinishCall(&call, dispatch->WskSendTo(Socket, &buffer, 0, NULL, 0, NULL, call.Irp),
                    &StopEvent);
}

/* One datagram, or STATUS_CANCELLED when none comes in time or the driver is to stop. */
static NTSTATUS Receive(SIZE_T* Size) {
  const WSK_PROVIDER_DATAGRAM_DISPATCH* dispatch = Socket->Dispatch;
  WSK_BUF buffer = {MessageMdl, 0, MESSAGE_BYTES};
  LARGE_INTEGER limit;
  PVOID events[2];
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  limit.QuadPart = -PATIENCE; /* Negative: from now. */
  events[0] = &call.Completed;
  events[1] = &StopEvent;
  status = dispatch->WskReceiveFrom(Socket, &buffer, 0, NULL, NULL, NULL, NULL, call.Irp);
  if (status == STATUS_PENDING &&
      KeWaitForMultipleObjects(2, events, WaitAny, Executive, KernelMode, FALSE, &limit, NULL) !=
          STATUS_WAIT_0) {
    IoCancelIrp(call.Irp);
  }
  status = FinishCall(&call, status, NULL);
  *Size = call.Information;
  return status;
}

static NTSTATUS Ask(USHORT Type) {
  NTSTATUS status = STATUS_INVALID_PARAMETER;
  USHORT attempt;
  for (attempt = 0; attempt < TRIES && KeReadStateEvent(&StopEvent) == 0; ++attempt) {
    const USHORT id = (USHORT)(Type << 8 | attempt); /* A late answer to an earlier try is none. */
    SIZE_T size = WriteQuestion(id, Type);
    if (size == 0) break;
    status = Send(size);
    if (!NT_SUCCESS(status)) return status;
    do {
      status = Receive(&size);
    } while (NT_SUCCESS(status) && !IsAnswerTo(id, size));
    if (NT_SUCCESS(status)) {
      SayAnswers(size);
      return status;
    }
    if (status != STATUS_CANCELLED) return status;
  }
  return status;
}

static VOID NTAPI Run(PVOID Context) {
  NTSTATUS status = Ask(TYPE_A);
  UNREFERENCED_PARAMETER(Context);
  if (NT_SUCCESS(status)) status = Ask(TYPE_AAAA);
  if (status == STATUS_CANCELLED) {
    SAY("the name server does not answer\n");
  } else if (!NT_SUCCESS(status)) {
    SAY("asking for '%s' failed with 0x%08X\n", Name, status);
  } else {
    SAY("that is all\n");
  }
  PsTerminateSystemThread(STATUS_SUCCESS);
}

/* ---- the driver ----------------------------------------------------------------------------- */

static NTSTATUS BindSocket(VOID) {
  const WSK_PROVIDER_DATAGRAM_DISPATCH* dispatch = Socket->Dispatch;
  SOCKADDR_IN any = {0};
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  any.sin_family = AF_INET; /* Any address, any port. */
  status = FinishCall(&call, dispatch->WskBind(Socket, (PSOCKADDR)&any, 0, call.Irp), NULL);
  if (!NT_SUCCESS(status)) return status;

  status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  return FinishCall(
      &call,
      dispatch->Basic.WskControlSocket(Socket, WskIoctl, SIO_WSK_SET_REMOTE_ADDRESS, 0,
                                       sizeof(Server), &Server, 0, NULL, NULL, call.Irp),
      NULL);
}

static NTSTATUS OpenSocket(VOID) {
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status = FinishCall(
      &call,
      Wsk.Dispatch->WskSocket(Wsk.Client, AF_INET, SOCK_DGRAM, IPPROTO_UDP,
                              WSK_FLAG_DATAGRAM_SOCKET, NULL, NULL, NULL, NULL, NULL, call.Irp),
      NULL);
  if (!NT_SUCCESS(status)) return status;
  Socket = (PWSK_SOCKET)call.Information;
  status = BindSocket();
  if (!NT_SUCCESS(status)) CloseSocket(Socket);
  return status;
}

static NTSTATUS Start(VOID) {
  NTSTATUS status;
  MessageMdl = IoAllocateMdl(Message, MESSAGE_BYTES, FALSE, FALSE, NULL);
  if (MessageMdl == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  MmBuildMdlForNonPagedPool(MessageMdl); /* A driver's own data is not paged, either. */
  status = OpenSocket();
  if (NT_SUCCESS(status)) {
    status = StartThread(Run, &Thread);
    if (!NT_SUCCESS(status)) CloseSocket(Socket);
  }
  if (!NT_SUCCESS(status)) IoFreeMdl(MessageMdl);
  return status;
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  KeSetEvent(&StopEvent, IO_NO_INCREMENT, FALSE);
  WaitForThread(Thread);
  CloseSocket(Socket);
  IoFreeMdl(MessageMdl);
  StopWsk();
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  const USHORT port = (USHORT)ReadNumber(RegistryPath, L"Port", 53);
  IN_ADDR server;
  NTSTATUS status;
  if (!ReadText(RegistryPath, L"Name", Name, sizeof(Name))) {
    SAY("which name? Name is missing, or is not of ASCII\n");
    return STATUS_INVALID_PARAMETER;
  }
  if (!ReadIpv4Address(RegistryPath, L"Server", &server)) server = LoopbackAddress();
  Server = MakeAddress(server, port);
  status = StartWsk();
  if (!NT_SUCCESS(status)) return status;
  KeInitializeEvent(&StopEvent, NotificationEvent, FALSE);
  status = Start();
  if (!NT_SUCCESS(status)) {
    StopWsk();
    return status;
  }
  DriverObject->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
