// What a driver calls on a datagram socket: begin the request, check the arguments, hand over to
// DatagramSocket. A call that ends here has completed its IRP.
#include "nt/irql.h"
#include "probe/mistake.h"
#include "wsk/arguments.h"
#include "wsk/datagram.h"
#include "wsk/dispatch.h"

namespace wskrun::wsk {
namespace {

// The address and the control information of a send.
NTSTATUS read_destination(const DatagramSocket& socket, const char* operation,
                          const SOCKADDR* remote, ULONG control_length, const CMSGHDR* control,
                          SendToRequest& request) {
  if (remote != nullptr) {
    const auto address = address_for(socket.handle(), socket.family(), operation, remote);
    if (!address) return STATUS_INVALID_PARAMETER;
    request.op.remote = *address;
    request.has_remote = true;
  }
  const NTSTATUS status = control_length != 0 && control == nullptr
                              ? STATUS_INVALID_PARAMETER
                              : read_control_info(control, control_length, request.op.info);
  if (!NT_SUCCESS(status)) {
    probe::mistake(socket.handle(),
                   "%s(%p): ControlInfo must hold ControlInfoLength bytes of CMSGHDR objects that "
                   "can be sent",
                   operation, socket.handle());
  }
  return status;
}

NTSTATUS check_list(const DatagramSocket& socket, const WSK_BUF_LIST* list) {
  if (list == nullptr) return check_buffer(socket.handle(), "WskSendMessages", nullptr);
  for (const WSK_BUF_LIST* each = list; each != nullptr; each = each->Next) {
    const NTSTATUS status = check_buffer(socket.handle(), "WskSendMessages", &each->Buffer);
    if (!NT_SUCCESS(status)) return status;
  }
  return STATUS_SUCCESS;
}

}  // namespace

NTSTATUS WSKAPI datagram_bind(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, ULONG Flags, PIRP Irp) {
  DatagramSocket& socket = DatagramSocket::of(Socket);
  Request* request = begin(Irp, "WskBind", socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  const NTSTATUS status = check_reserved(Socket, "WskBind", Flags);
  if (!NT_SUCCESS(status)) return finish(*request, status);
  const auto address = address_for(Socket, socket.family(), "WskBind", LocalAddress);
  if (!address) return finish(*request, STATUS_INVALID_PARAMETER);
  return socket.bind(*request, *address);
}

NTSTATUS WSKAPI datagram_send_to(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags,
                                 PSOCKADDR RemoteAddress, ULONG ControlInfoLength,
                                 PCMSGHDR ControlInfo, PIRP Irp) {
  DatagramSocket& socket = DatagramSocket::of(Socket);
  auto* request = begin<SendToRequest>(Irp, "WskSendTo", socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  NTSTATUS status = check_reserved(Socket, "WskSendTo", Flags);
  if (NT_SUCCESS(status)) status = check_buffer(Socket, "WskSendTo", Buffer);
  if (NT_SUCCESS(status)) {
    status = read_destination(socket, "WskSendTo", RemoteAddress, ControlInfoLength, ControlInfo,
                              *request);
  }
  if (!NT_SUCCESS(status)) return finish(*request, status);
  request->describe(*Buffer);
  return socket.send(*request);
}

NTSTATUS WSKAPI datagram_send_messages(PWSK_SOCKET Socket, PWSK_BUF_LIST BufferList, ULONG Flags,
                                       PSOCKADDR RemoteAddress, ULONG ControlInfoLength,
                                       PCMSGHDR ControlInfo, PIRP Irp) {
  DatagramSocket& socket = DatagramSocket::of(Socket);
  auto* request = begin<SendToRequest>(Irp, "WskSendMessages", socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  NTSTATUS status = check_reserved(Socket, "WskSendMessages", Flags);
  if (NT_SUCCESS(status)) status = check_list(socket, BufferList);
  if (NT_SUCCESS(status)) {
    status = read_destination(socket, "WskSendMessages", RemoteAddress, ControlInfoLength,
                              ControlInfo, *request);
  }
  if (!NT_SUCCESS(status)) return finish(*request, status);
  request->describe(*BufferList);
  return socket.send(*request);
}

NTSTATUS WSKAPI datagram_receive_from(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags,
                                      PSOCKADDR RemoteAddress, PULONG ControlLength,
                                      PCMSGHDR ControlInfo, PULONG ControlFlags, PIRP Irp) {
  DatagramSocket& socket = DatagramSocket::of(Socket);
  auto* request = begin<ReceiveFromRequest>(Irp, "WskReceiveFrom", socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  NTSTATUS status = check_reserved(Socket, "WskReceiveFrom", Flags);
  if (NT_SUCCESS(status)) status = check_buffer(Socket, "WskReceiveFrom", Buffer);
  if (!NT_SUCCESS(status)) return finish(*request, status);
  request->cursor = BufferCursor(*Buffer);
  request->remote_address = RemoteAddress;
  request->control_length = ControlLength;
  request->control_info = ControlInfo;
  request->control_flags = ControlFlags;
  return socket.receive(*request);
}

NTSTATUS WSKAPI datagram_release(PWSK_SOCKET Socket, PWSK_DATAGRAM_INDICATION DatagramIndication) {
  nt::require_irql_at_most(DISPATCH_LEVEL, "WskRelease");
  return DatagramSocket::of(Socket).release(DatagramIndication);
}

NTSTATUS WSKAPI datagram_get_local_address(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, PIRP Irp) {
  DatagramSocket& socket = DatagramSocket::of(Socket);
  Request* request = begin(Irp, "WskGetLocalAddress", socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  if (LocalAddress == nullptr) return finish(*request, STATUS_INVALID_PARAMETER);
  return socket.get_local_address(*request, LocalAddress);
}

}  // namespace wskrun::wsk
