/*
 * socket.c: datagram sockets, and the calls on them that a thread waits for.
 */
#include "tunnel.h"

static WSK_REGISTRATION Registration;
static WSK_PROVIDER_NPI Wsk;
static const WSK_CLIENT_DISPATCH ClientDispatch = {MAKE_WSK_VERSION(1, 0), 0, NULL};

NTSTATUS StartWsk(VOID) {
  WSK_CLIENT_NPI client = {NULL, &ClientDispatch};
  NTSTATUS status = WskRegister(&client, &Registration);
  if (!NT_SUCCESS(status)) return status;
  status = WskCaptureProviderNPI(&Registration, 1000, &Wsk);
  if (!NT_SUCCESS(status)) WskDeregister(&Registration);
  return status;
}

VOID StopWsk(VOID) {
  WskReleaseProviderNPI(&Registration);
  WskDeregister(&Registration);
}

/* ---- waiting -------------------------------------------------------------------------------- */

/* Only a call that returned STATUS_PENDING is waited for, so only then is there an event to set. */
static NTSTATUS NTAPI CallCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  if (Irp->PendingReturned) KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP BeginCall(PIRP Irp, PKEVENT Done) {
  KeInitializeEvent(Done, NotificationEvent, FALSE);
  IoReuseIrp(Irp, STATUS_UNSUCCESSFUL);
  IoSetCompletionRoutine(Irp, CallCompleted, Done, TRUE, TRUE, TRUE);
  return Irp;
}

static NTSTATUS EndCall(PIRP Irp, PKEVENT Done, NTSTATUS Returned) {
  if (Returned != STATUS_PENDING) return Returned;
  KeWaitForSingleObject(Done, Executive, KernelMode, FALSE, NULL);
  return Irp->IoStatus.Status;
}

static NTSTATUS Control(PENDPOINT Endpoint, WSK_CONTROL_SOCKET_TYPE Type, ULONG Code, ULONG Level,
                        PVOID Input, SIZE_T InputSize) {
  KEVENT done;
  PIRP irp = BeginCall(Endpoint->Irp, &done);
  return EndCall(irp, &done,
                 Endpoint->Dispatch->WskControlSocket(Endpoint->Socket, Type, Code, Level,
                                                      InputSize, Input, 0, NULL, NULL, irp));
}

/* ---- opening and closing -------------------------------------------------------------------- */

static NTSTATUS Create(PENDPOINT Endpoint, ADDRESS_FAMILY Family, PVOID Context,
                       const WSK_CLIENT_DATAGRAM_DISPATCH* Events) {
  KEVENT done;
  PIRP irp = BeginCall(Endpoint->Irp, &done);
  NTSTATUS status = EndCall(
      irp, &done,
      Wsk.Dispatch->WskSocket(Wsk.Client, Family, SOCK_DGRAM, IPPROTO_UDP, WSK_FLAG_DATAGRAM_SOCKET,
                              Context, Events, NULL, NULL, NULL, irp));
  if (!NT_SUCCESS(status)) return status;
  Endpoint->Socket = (PWSK_SOCKET)irp->IoStatus.Information;
  Endpoint->Dispatch = Endpoint->Socket->Dispatch;
  return STATUS_SUCCESS;
}

static NTSTATUS Bind(PENDPOINT Endpoint, ADDRESS_FAMILY Family, USHORT Port) {
  SOCKADDR_INET any;
  KEVENT done;
  PIRP irp;
  if (Family == AF_INET6) {
    ULONG off = 0; /* Windows' sockets of IPv6 are for IPv6 only, unless one says this. */
    NTSTATUS status = Control(Endpoint, WskSetOption, IPV6_V6ONLY, IPPROTO_IPV6, &off, sizeof(off));
    if (!NT_SUCCESS(status)) return status;
  }
  RtlZeroMemory(&any, sizeof(any));
  any.si_family = Family;
  any.Ipv4.sin_port = RtlUshortByteSwap(Port); /* At the same place in IPv6. */
  irp = BeginCall(Endpoint->Irp, &done);
  return EndCall(irp, &done,
                 Endpoint->Dispatch->WskBind(Endpoint->Socket, (PSOCKADDR)&any, 0, irp));
}

NTSTATUS OpenEndpoint(PENDPOINT Endpoint, ADDRESS_FAMILY Family, USHORT Port, PVOID Context,
                      const WSK_CLIENT_DATAGRAM_DISPATCH* Events) {
  NTSTATUS status;
  RtlZeroMemory(Endpoint, sizeof(*Endpoint));
  Endpoint->Irp = IoAllocateIrp(1, FALSE);
  if (Endpoint->Irp == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  status = Create(Endpoint, Family, Context, Events);
  if (NT_SUCCESS(status)) status = Bind(Endpoint, Family, Port);
  if (!NT_SUCCESS(status)) CloseEndpoint(Endpoint);
  return status;
}

VOID CloseEndpoint(PENDPOINT Endpoint) {
  KEVENT done;
  if (Endpoint->Socket != NULL) {
    PIRP irp = BeginCall(Endpoint->Irp, &done);
    EndCall(irp, &done, Endpoint->Dispatch->WskCloseSocket(Endpoint->Socket, irp));
  }
  IoFreeIrp(Endpoint->Irp);
  RtlZeroMemory(Endpoint, sizeof(*Endpoint));
}

/* ---- options -------------------------------------------------------------------------------- */

NTSTATUS FixRemote(PENDPOINT Endpoint, const SOCKADDR_INET* Remote) {
  const SIZE_T size = Remote->si_family == AF_INET ? sizeof(Remote->Ipv4) : sizeof(Remote->Ipv6);
  return Control(Endpoint, WskIoctl, SIO_WSK_SET_REMOTE_ADDRESS, 0, (PVOID)Remote, size);
}

NTSTATUS WantPacketInfo(PENDPOINT Endpoint) {
  ULONG on = 1;
  NTSTATUS status = Control(Endpoint, WskSetOption, IPV6_PKTINFO, IPPROTO_IPV6, &on, sizeof(on));
  if (!NT_SUCCESS(status)) return status;
  return Control(Endpoint, WskSetOption, IP_PKTINFO, IPPROTO_IP, &on, sizeof(on));
}

NTSTATUS GetPort(PENDPOINT Endpoint, PUSHORT Port) {
  SOCKADDR_INET address;
  KEVENT done;
  PIRP irp = BeginCall(Endpoint->Irp, &done);
  NTSTATUS status =
      EndCall(irp, &done,
              Endpoint->Dispatch->WskGetLocalAddress(Endpoint->Socket, (PSOCKADDR)&address, irp));
  if (NT_SUCCESS(status)) *Port = RtlUshortByteSwap(address.Ipv4.sin_port);
  return status;
}

NTSTATUS EnableEvents(PENDPOINT Endpoint, BOOLEAN Enable) {
  WSK_EVENT_CALLBACK_CONTROL control;
  control.NpiId = &NPI_WSK_INTERFACE_ID;
  control.EventMask = WSK_EVENT_RECEIVE_FROM | (Enable ? 0 : WSK_EVENT_DISABLE);
  /* Disabling pends until a callback that is under way has returned. */
  return Control(Endpoint, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET, &control,
                 sizeof(control));
}
