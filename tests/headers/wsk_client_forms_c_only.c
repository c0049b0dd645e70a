/*
 * The ways in which C drivers in the field fill their tables and reach WSK's. Compiling without a
 * warning is the test; wsk_client_forms.cpp has the ways of C++.
 */
#include <ntddk.h>

#include <wsk.h>

#ifndef __cplusplus

DRIVER_INITIALIZE DriverEntry;
IO_COMPLETION_ROUTINE SignalEvent;

static NTSTATUS WSKAPI
OnAccept(_In_opt_ PVOID SocketContext, _In_ ULONG Flags, _In_ PSOCKADDR LocalAddress,
         _In_ PSOCKADDR RemoteAddress, _In_opt_ PWSK_SOCKET AcceptSocket,
         _Outptr_result_maybenull_ PVOID* AcceptSocketContext,
         _Outptr_result_maybenull_ CONST WSK_CLIENT_CONNECTION_DISPATCH** AcceptSocketDispatch);
static NTSTATUS WSKAPI OnReceive(PVOID SocketContext, ULONG Flags,
                                 PWSK_DATA_INDICATION DataIndication, SIZE_T BytesIndicated,
                                 SIZE_T* BytesAccepted);
static NTSTATUS WSKAPI OnDisconnect(PVOID SocketContext, ULONG Flags);
static NTSTATUS WSKAPI OnReceiveFrom(PVOID SocketContext, ULONG Flags,
                                     PWSK_DATAGRAM_INDICATION DataIndication);

/* By position: the documented order of the members counts. */
const WSK_CLIENT_DISPATCH g_ClientDispatch = {MAKE_WSK_VERSION(1, 0), 0, NULL};
const WSK_CLIENT_LISTEN_DISPATCH g_ListenDispatch = {OnAccept, NULL, NULL};
const WSK_CLIENT_CONNECTION_DISPATCH g_ConnectionDispatch = {OnReceive, OnDisconnect, NULL};
/* By name. */
const WSK_CLIENT_DATAGRAM_DISPATCH g_DatagramDispatch = {.WskReceiveFromEvent = OnReceiveFrom};
const WSK_CLIENT_STREAM_DISPATCH g_StreamDispatch = {.Listen = &g_ListenDispatch,
                                                     .Connect = &g_ConnectionDispatch};

/* A socket whose Dispatch has a type, laid over WSK_SOCKET. */
typedef struct _WSK_DATAGRAM_SOCKET {
  const WSK_PROVIDER_DATAGRAM_DISPATCH* Dispatch;
} WSK_DATAGRAM_SOCKET, *PWSK_DATAGRAM_SOCKET;

WSK_REGISTRATION g_Registration;
WSK_PROVIDER_NPI g_Wsk;

static NTSTATUS OnAccept(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress,
                         PSOCKADDR RemoteAddress, PWSK_SOCKET AcceptSocket,
                         PVOID* AcceptSocketContext,
                         CONST WSK_CLIENT_CONNECTION_DISPATCH** AcceptSocketDispatch) {
  UNREFERENCED_PARAMETER(Flags);
  UNREFERENCED_PARAMETER(LocalAddress);
  if (AcceptSocket == NULL || RemoteAddress->sa_family != AF_INET6 ||
      IN6_IS_ADDR_V4MAPPED(&((PSOCKADDR_IN6)RemoteAddress)->sin6_addr)) {
    return STATUS_REQUEST_NOT_ACCEPTED;
  }
  *AcceptSocketContext = SocketContext;
  *AcceptSocketDispatch = &g_ConnectionDispatch;
  return STATUS_SUCCESS;
}

static NTSTATUS OnReceive(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                          SIZE_T BytesIndicated, SIZE_T* BytesAccepted) {
  UNREFERENCED_PARAMETER(SocketContext);
  if (DataIndication == NULL) return STATUS_SUCCESS;
  if (Flags & WSK_FLAG_RELEASE_ASAP) return STATUS_DATA_NOT_ACCEPTED;
  *BytesAccepted = BytesIndicated;
  return STATUS_SUCCESS;
}

static NTSTATUS OnDisconnect(PVOID SocketContext, ULONG Flags) {
  UNREFERENCED_PARAMETER(SocketContext);
  return (Flags & WSK_FLAG_ABORTIVE) ? STATUS_CONNECTION_RESET : STATUS_SUCCESS;
}

/* Lets one list go and keeps the next, by writing Next, as two drivers do. */
static NTSTATUS OnReceiveFrom(PVOID SocketContext, ULONG Flags,
                              PWSK_DATAGRAM_INDICATION DataIndication) {
  PWSK_DATAGRAM_SOCKET Socket = (PWSK_DATAGRAM_SOCKET)SocketContext;
  UNREFERENCED_PARAMETER(Flags);
  while (DataIndication != NULL) {
    PWSK_DATAGRAM_INDICATION Next = DataIndication->Next;
    DataIndication->Next = NULL;
    Socket->Dispatch->WskRelease((PWSK_SOCKET)Socket, DataIndication);
    DataIndication = Next;
  }
  return STATUS_PENDING;
}

NTSTATUS SignalEvent(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  if (Irp->PendingReturned) KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

/* The table's own WskCloseSocket, and Basic's. */
NTSTATUS CloseEachWay(PWSK_SOCKET Socket, PIRP Irp) {
  const WSK_PROVIDER_LISTEN_DISPATCH* Listen =
      (const WSK_PROVIDER_LISTEN_DISPATCH*)Socket->Dispatch;
  const WSK_PROVIDER_STREAM_DISPATCH* Stream = Socket->Dispatch;
  NTSTATUS Status =
      ((PWSK_PROVIDER_CONNECTION_DISPATCH)Socket->Dispatch)->WskCloseSocket(Socket, Irp);
  if (NT_SUCCESS(Status)) Status = Listen->WskCloseSocket(Socket, Irp);
  if (NT_SUCCESS(Status)) Status = Listen->Basic.WskCloseSocket(Socket, Irp);
  if (NT_SUCCESS(Status)) Status = Stream->WskCloseSocket(Socket, Irp);
  if (NT_SUCCESS(Status)) {
    Status = ((PWSK_PROVIDER_BASIC_DISPATCH)Socket->Dispatch)->WskCloseSocket(Socket, Irp);
  }
  return Status;
}

NTSTATUS SendAndReceive(PWSK_SOCKET Socket, PWSK_BUF Buffer, PIRP Irp) {
  PFN_WSK_RECEIVE WskReceive = ((PWSK_PROVIDER_CONNECTION_DISPATCH)Socket->Dispatch)->WskReceive;
  NTSTATUS Status = ((PWSK_PROVIDER_CONNECTION_DISPATCH)Socket->Dispatch)
                        ->WskSend(Socket, Buffer, WSK_FLAG_NODELAY, Irp);
  if (!NT_SUCCESS(Status)) return Status;
  return WskReceive(Socket, Buffer, WSK_FLAG_WAITALL, Irp);
}

NTSTATUS EnableEvents(PWSK_SOCKET Socket) {
  const WSK_PROVIDER_BASIC_DISPATCH* Dispatch = Socket->Dispatch;
  WSK_EVENT_CALLBACK_CONTROL Control;
  Control.NpiId = (PNPIID)&NPI_WSK_INTERFACE_ID;
  Control.EventMask = WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT;
  return Dispatch->WskControlSocket(Socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                    sizeof(Control), &Control, 0, NULL, NULL, NULL);
}

NTSTATUS ListenOnEveryAddress(PWSK_SOCKET Socket, PIRP Irp) {
  SOCKADDR_IN6 Address = {AF_INET6, 0x901f, 0, IN6ADDR_ANY_INIT, {0}};
  ULONG V6Only = 0;
  const WSK_PROVIDER_LISTEN_DISPATCH* Dispatch = Socket->Dispatch;
  NTSTATUS Status = Dispatch->WskControlSocket(Socket, WskSetOption, IPV6_V6ONLY, IPPROTO_IPV6,
                                               sizeof(V6Only), &V6Only, 0, NULL, NULL, Irp);
  if (!NT_SUCCESS(Status)) return Status;
  return Dispatch->WskBind(Socket, (PSOCKADDR)&Address, 0, Irp);
}

/* Ancillary data there and back. */
NTSTATUS SendFrom(PWSK_SOCKET Socket, PWSK_BUF Buffer, const IN_ADDR* From, PIRP Irp) {
  UCHAR Control[WSA_CMSG_SPACE(sizeof(IN_PKTINFO))];
  PCMSGHDR Head = (PCMSGHDR)Control;
  PIN_PKTINFO Info = (PIN_PKTINFO)WSA_CMSG_DATA(Head);
  Head->cmsg_len = WSA_CMSG_LEN(sizeof(IN_PKTINFO));
  Head->cmsg_level = IPPROTO_IP;
  Head->cmsg_type = IP_PKTINFO;
  Info->ipi_addr.S_un.S_un_b.s_b1 = From->S_un.S_un_b.s_b1;
  Info->ipi_addr.s_addr = From->s_addr;
  Info->ipi_ifindex = 0;
  return ((PWSK_DATAGRAM_SOCKET)Socket)
      ->Dispatch->WskSendTo(Socket, Buffer, 0, NULL, sizeof(Control), Head, Irp);
}

ULONG InterfaceOf(PWSK_DATAGRAM_INDICATION Indication) {
  WSAMSG Message = {0};
  LPWSACMSGHDR Head;
  Message.Control.buf = (CHAR*)Indication->ControlInfo;
  Message.Control.len = Indication->ControlInfoLength;
  for (Head = WSA_CMSG_FIRSTHDR(&Message); Head != NULL; Head = WSA_CMSG_NXTHDR(&Message, Head)) {
    if (Head->cmsg_level == IPPROTO_IPV6 && Head->cmsg_type == IPV6_PKTINFO) {
      return ((PIN6_PKTINFO)WSA_CMSG_DATA(Head))->ipi6_ifindex;
    }
  }
  return 0;
}

NTSTATUS Resolve(PUNICODE_STRING Name, PADDRINFOEXW* Result, PIRP Irp) {
  ADDRINFOEXW Hints = {0};
  Hints.ai_flags |= AI_CANONNAME;
  Hints.ai_family = AF_UNSPEC;
  Hints.ai_socktype = SOCK_STREAM;
  Hints.ai_protocol = IPPROTO_TCP;
  return g_Wsk.Dispatch->WskGetAddressInfo(g_Wsk.Client, Name, NULL, NS_ALL, NULL, &Hints, Result,
                                           NULL, NULL, Irp);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  WSK_CLIENT_NPI ClientNpi = {NULL, &g_ClientDispatch};
  NTSTATUS Status;
  UNREFERENCED_PARAMETER(DriverObject);
  UNREFERENCED_PARAMETER(RegistryPath);
  Status = WskRegister(&ClientNpi, &g_Registration);
  if (!NT_SUCCESS(Status)) return Status;
  Status = WskCaptureProviderNPI(&g_Registration, WSK_INFINITE_WAIT, &g_Wsk);
  if (!NT_SUCCESS(Status)) {
    WskDeregister(&g_Registration);
    return Status;
  }
  WskReleaseProviderNPI(&g_Registration);
  WskDeregister(&g_Registration);
  return STATUS_SUCCESS;
}
#endif
