/*
 * multicast: joins an IPv6 group, says a word to it, and prints what is said there, also by itself.
 * It shows a datagram socket with WskReceiveFromEvent and the options of multicast.
 *
 *   wskrun --param Say=hello multicast.so
 *   wskrun --param Say=hello --param Interface=2 --param Port=5151 multicast.so
 *
 * Interface is an index as `ip link` counts; without it the system chooses. The group is
 * ff02::4711, which no router passes on.
 *
 * Page: network/receiving-data-over-a-datagram-socket
 */
#include "client.h"

#define WORD_BYTES 64

static IN6_ADDR Group = {{{0xFF, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x47, 0x11}}};
static PWSK_SOCKET Socket;
static CHAR Word[WORD_BYTES]; /* What this one says. */

/* ---- hearing -------------------------------------------------------------------------------- */

/* The first bytes of a datagram, as text; they may lie in several MDLs. */
static VOID CopyText(const WSK_BUF* Buffer, CHAR Text[WORD_BYTES]) {
  SIZE_T left = min(Buffer->Length, WORD_BYTES - 1), offset = Buffer->Offset, copied = 0;
  PMDL mdl;
  for (mdl = Buffer->Mdl; mdl != NULL && left > 0; mdl = mdl->Next) {
    const CHAR* bytes = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute);
    const SIZE_T size = min(MmGetMdlByteCount(mdl) - offset, left);
    if (bytes == NULL) break;
    RtlCopyMemory(Text + copied, bytes + offset, size);
    copied += size;
    left -= size;
    offset = 0;
  }
  Text[copied] = '\0';
}

static USHORT Piece(const IN6_ADDR* Address, ULONG Index) {
  return RtlUshortByteSwap(Address->u.Word[Index]);
}

static VOID SayDatagram(const WSK_DATAGRAM_INDICATION* Datagram) {
  const SOCKADDR_IN6* from = (const SOCKADDR_IN6*)Datagram->RemoteAddress;
  const IN6_ADDR* address = &from->sin6_addr;
  CHAR text[WORD_BYTES];
  CopyText(&Datagram->Buffer, text);
  SAY("heard '%s' from [%x:%x:%x:%x:%x:%x:%x:%x]:%u\n", text, Piece(address, 0), Piece(address, 1),
      Piece(address, 2), Piece(address, 3), Piece(address, 4), Piece(address, 5), Piece(address, 6),
      Piece(address, 7), RtlUshortByteSwap(from->sin6_port));
}

/* At DISPATCH_LEVEL, or lower: it must not wait. */
static NTSTATUS WSKAPI ReceiveFromEvent(PVOID SocketContext, ULONG Flags,
                                        PWSK_DATAGRAM_INDICATION Datagrams) {
  UNREFERENCED_PARAMETER(SocketContext);
  UNREFERENCED_PARAMETER(Flags);
  if (Datagrams == NULL) {
    SAY("the socket is dead\n"); /* It is closed when the driver is unloaded. */
    return STATUS_SUCCESS;
  }
  for (; Datagrams != NULL; Datagrams = Datagrams->Next) SayDatagram(Datagrams);
  return STATUS_SUCCESS; /* Nothing is kept: the list is WSK's again. */
}

static const WSK_CLIENT_DATAGRAM_DISPATCH Events = {ReceiveFromEvent};

/* ---- the socket ----------------------------------------------------------------------------- */

static NTSTATUS SetOption(ULONG Level, ULONG Option, PVOID Value, SIZE_T Size) {
  const WSK_PROVIDER_BASIC_DISPATCH* dispatch = Socket->Dispatch;
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  return FinishCall(&call,
                    dispatch->WskControlSocket(Socket, WskSetOption, Option, Level, Size, Value, 0,
                                               NULL, NULL, call.Irp),
                    NULL);
}

static NTSTATUS Bind(USHORT Port) {
  const WSK_PROVIDER_DATAGRAM_DISPATCH* dispatch = Socket->Dispatch;
  SOCKADDR_IN6 any = {0};
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  any.sin6_family = AF_INET6;
  any.sin6_port = RtlUshortByteSwap(Port);
  return FinishCall(&call, dispatch->WskBind(Socket, (PSOCKADDR)&any, 0, call.Irp), NULL);
}

static NTSTATUS Join(ULONG Interface) {
  IPV6_MREQ membership;
  membership.ipv6mr_multiaddr = Group;
  membership.ipv6mr_interface = Interface;
  return SetOption(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &membership, sizeof(membership));
}

static NTSTATUS EnableEvents(VOID) {
  WSK_EVENT_CALLBACK_CONTROL control;
  control.NpiId = &NPI_WSK_INTERFACE_ID;
  control.EventMask = WSK_EVENT_RECEIVE_FROM;
  return SetOption(SOL_SOCKET, SO_WSK_EVENT_CALLBACK, &control, sizeof(control));
}

static NTSTATUS Prepare(USHORT Port, ULONG Interface) {
  ULONG on = 1;
  /* Several of these share the port; before the bind. */
  NTSTATUS status = SetOption(SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (NT_SUCCESS(status)) status = Bind(Port);
  if (NT_SUCCESS(status)) {
    status = SetOption(IPPROTO_IPV6, IPV6_MULTICAST_IF, &Interface, sizeof(Interface));
  }
  if (NT_SUCCESS(status)) status = Join(Interface);
  if (NT_SUCCESS(status)) status = EnableEvents();
  return status;
}

static NTSTATUS SayWord(USHORT Port) {
  const WSK_PROVIDER_DATAGRAM_DISPATCH* dispatch = Socket->Dispatch;
  const ULONG length = (ULONG)strlen(Word);
  SOCKADDR_IN6 to = {0};
  WSK_BUF buffer = {NULL, 0, length};
  WSK_CALL call;
  NTSTATUS status;
  if (length == 0) return STATUS_SUCCESS;
  buffer.Mdl = IoAllocateMdl(Word, length, FALSE, FALSE, NULL);
  if (buffer.Mdl == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  MmBuildMdlForNonPagedPool(buffer.Mdl); /* A driver's own data is not paged. */
  to.sin6_family = AF_INET6;
  to.sin6_port = RtlUshortByteSwap(Port);
  to.sin6_addr = Group;
  status = PrepareCall(&call);
  if (NT_SUCCESS(status)) {
    status = FinishCall(
        &call, dispatch->WskSendTo(Socket, &buffer, 0, (PSOCKADDR)&to, 0, NULL, call.Irp), NULL);
  }
  IoFreeMdl(buffer.Mdl);
  return status;
}

/* ---- the driver ----------------------------------------------------------------------------- */

static NTSTATUS Start(USHORT Port, ULONG Interface) {
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status = FinishCall(
      &call,
      Wsk.Dispatch->WskSocket(Wsk.Client, AF_INET6, SOCK_DGRAM, IPPROTO_UDP,
                              WSK_FLAG_DATAGRAM_SOCKET, NULL, &Events, NULL, NULL, NULL, call.Irp),
      NULL);
  if (!NT_SUCCESS(status)) return status;
  Socket = (PWSK_SOCKET)call.Information;
  status = Prepare(Port, Interface);
  if (NT_SUCCESS(status)) {
    SAY("in the group, port %u\n", Port);
    status = SayWord(Port);
  }
  if (!NT_SUCCESS(status)) CloseSocket(Socket);
  return status;
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  CloseSocket(Socket); /* After this no event comes. The group is left by it, too. */
  StopWsk();
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  const USHORT port = (USHORT)ReadNumber(RegistryPath, L"Port", 5151);
  const ULONG interface_index = ReadNumber(RegistryPath, L"Interface", 0);
  NTSTATUS status = StartWsk();
  if (!NT_SUCCESS(status)) return status;
  if (!ReadText(RegistryPath, L"Say", Word, sizeof(Word))) Word[0] = '\0';
  status = Start(port, interface_index);
  if (!NT_SUCCESS(status)) {
    StopWsk();
    return status;
  }
  DriverObject->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
