// What a driver calls on a stream socket beside the functions of what it has become, which are
// connection_calls.cc's and listen_calls.cc's.
#include "wsk/arguments.h"
#include "wsk/dispatch.h"
#include "wsk/stream.h"

namespace wskrun::wsk {

NTSTATUS WSKAPI stream_bind(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, ULONG Flags, PIRP Irp) {
  StreamSocket& socket = StreamSocket::of(Socket);
  Request* request = begin(Irp, "WskBind", socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  const NTSTATUS status = check_reserved(Socket, "WskBind", Flags);
  if (!NT_SUCCESS(status)) return finish(*request, status);
  const auto address = address_for(Socket, socket.family(), "WskBind", LocalAddress);
  if (!address) return finish(*request, STATUS_INVALID_PARAMETER);
  return socket.bind(*request, *address);
}

NTSTATUS WSKAPI stream_listen(PWSK_SOCKET Socket, PIRP Irp) {
  StreamSocket& socket = StreamSocket::of(Socket);
  Request* request = begin(Irp, "WskListen", socket);
  return request != nullptr ? socket.listen(*request) : STATUS_INVALID_PARAMETER;
}

NTSTATUS WSKAPI stream_get_local_address(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, PIRP Irp) {
  StreamSocket& socket = StreamSocket::of(Socket);
  Request* request = begin(Irp, "WskGetLocalAddress", socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  if (LocalAddress == nullptr) return finish(*request, STATUS_INVALID_PARAMETER);
  return socket.get_local_address(*request, LocalAddress);
}

}  // namespace wskrun::wsk
