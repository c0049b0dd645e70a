// What a driver calls on a listening socket: begin the request, check the arguments, hand over to
// ListenSocket. A call that ends here has completed its IRP.
#include "probe/mistake.h"
#include "wsk/arguments.h"
#include "wsk/dispatch.h"
#include "wsk/listen.h"

namespace wskrun::wsk {
namespace {

// The socket is a stream socket that does not listen.
NTSTATUS refuse_no_listener(PWSK_SOCKET handle, PIRP irp, const char* operation) {
  Request* request = begin(irp, operation, Socket::of(handle));
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  return finish(*request, STATUS_INVALID_DEVICE_STATE);
}

}  // namespace

NTSTATUS WSKAPI listen_bind(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, ULONG Flags, PIRP Irp) {
  ListenSocket& socket = ListenSocket::of(Socket);
  Request* request = begin(Irp, "WskBind", socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  const NTSTATUS status = check_reserved(Socket, "WskBind", Flags);
  if (!NT_SUCCESS(status)) return finish(*request, status);
  const auto address = address_for(Socket, socket.family(), "WskBind", LocalAddress);
  if (!address) return finish(*request, STATUS_INVALID_PARAMETER);
  return socket.bind(*request, *address);
}

NTSTATUS WSKAPI listen_accept(PWSK_SOCKET ListenSocket, ULONG Flags, PVOID AcceptSocketContext,
                              const WSK_CLIENT_CONNECTION_DISPATCH* AcceptSocketDispatch,
                              PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress, PIRP Irp) {
  wsk::ListenSocket* const socket = wsk::ListenSocket::find(ListenSocket);
  if (socket == nullptr) return refuse_no_listener(ListenSocket, Irp, "WskAccept");
  auto* request = begin<AcceptRequest>(Irp, "WskAccept", *socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  const NTSTATUS status = check_reserved(ListenSocket, "WskAccept", Flags);
  if (!NT_SUCCESS(status)) return finish(*request, status);
  request->context = AcceptSocketContext;
  request->dispatch = AcceptSocketDispatch;
  request->local_address = LocalAddress;
  request->remote_address = RemoteAddress;
  request->called_from = call_site;
  return socket->accept(*request);
}

NTSTATUS WSKAPI listen_inspect_complete(PWSK_SOCKET ListenSocket, PWSK_INSPECT_ID InspectID,
                                        WSK_INSPECT_ACTION Action, PIRP Irp) {
  wsk::ListenSocket& socket = wsk::ListenSocket::of(ListenSocket);
  Request* request = begin(Irp, "WskInspectComplete", socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  if (InspectID == nullptr || (Action != WskInspectAccept && Action != WskInspectReject)) {
    probe::mistake(ListenSocket,
                   "WskInspectComplete(%p) takes an InspectID and WskInspectAccept or "
                   "WskInspectReject",
                   static_cast<void*>(ListenSocket));
    return finish(*request, STATUS_INVALID_PARAMETER);
  }
  return socket.inspect_complete(*request, *InspectID, Action);
}

NTSTATUS WSKAPI listen_get_local_address(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, PIRP Irp) {
  ListenSocket& socket = ListenSocket::of(Socket);
  Request* request = begin(Irp, "WskGetLocalAddress", socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  if (LocalAddress == nullptr) return finish(*request, STATUS_INVALID_PARAMETER);
  return socket.get_local_address(*request, LocalAddress);
}

}  // namespace wskrun::wsk
