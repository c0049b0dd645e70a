// What a driver calls on a connection-oriented socket: begin the request, check the arguments, hand
// over to ConnectionSocket. A call that ends here has completed its IRP.
#include "nt/irql.h"
#include "probe/mistake.h"
#include "wsk/arguments.h"
#include "wsk/connection.h"
#include "wsk/dispatch.h"
#include "wsk/sockaddr.h"

namespace wskrun::wsk {
namespace {

constexpr SIZE_T kMostFirstBytes = 65535;

NTSTATUS check_receive_flags(PWSK_SOCKET socket, PWSK_BUF buffer, ULONG flags) {
  constexpr ULONG kKnown = WSK_FLAG_WAITALL | WSK_FLAG_DRAIN;
  if ((flags & ~kKnown) != 0) return STATUS_NOT_SUPPORTED;
  if ((flags & WSK_FLAG_DRAIN) == 0) return STATUS_SUCCESS;
  if ((flags & WSK_FLAG_WAITALL) == 0 && buffer != nullptr && buffer->Length == 0) {
    return STATUS_SUCCESS;
  }
  probe::mistake(
      socket, "WskReceive(%p): WSK_FLAG_DRAIN takes a buffer of Length 0 and no WSK_FLAG_WAITALL",
      static_cast<void*>(socket));
  return STATUS_INVALID_PARAMETER;
}

// The socket is a stream socket that is not connected: listening, or neither.
NTSTATUS refuse_no_connection(PWSK_SOCKET handle, PIRP irp, const char* operation) {
  Request* request = begin(irp, operation, Socket::of(handle));
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  return finish(*request, STATUS_INVALID_DEVICE_STATE);
}

}  // namespace

NTSTATUS WSKAPI connection_bind(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, ULONG Flags, PIRP Irp) {
  ConnectionSocket* const socket = ConnectionSocket::find(Socket);
  if (socket == nullptr) return refuse_no_connection(Socket, Irp, "WskBind");
  Request* request = begin(Irp, "WskBind", *socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  const NTSTATUS status = check_reserved(Socket, "WskBind", Flags);
  if (!NT_SUCCESS(status)) return finish(*request, status);
  const std::optional<net::Address> address =
      address_for(Socket, socket->family(), "WskBind", LocalAddress);
  if (!address) return finish(*request, STATUS_INVALID_PARAMETER);
  return socket->bind(*request, *address);
}

NTSTATUS WSKAPI connection_connect(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress, ULONG Flags,
                                   PIRP Irp) {
  ConnectionSocket* const socket = ConnectionSocket::find_to_connect(Socket);
  if (socket == nullptr) return refuse_no_connection(Socket, Irp, "WskConnect");
  auto* request = begin<ConnectRequest>(Irp, "WskConnect", *socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  const NTSTATUS status = check_reserved(Socket, "WskConnect", Flags);
  if (!NT_SUCCESS(status)) return finish(*request, status);
  const std::optional<net::Address> address =
      address_for(Socket, socket->family(), "WskConnect", RemoteAddress);
  if (!address) return finish(*request, STATUS_INVALID_PARAMETER);
  return socket->connect(*request, *address);
}

NTSTATUS WSKAPI connection_get_local_address(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, PIRP Irp) {
  ConnectionSocket* const socket = ConnectionSocket::find(Socket);
  if (socket == nullptr) return refuse_no_connection(Socket, Irp, "WskGetLocalAddress");
  Request* request = begin(Irp, "WskGetLocalAddress", *socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  if (LocalAddress == nullptr) return finish(*request, STATUS_INVALID_PARAMETER);
  return socket->get_local_address(*request, LocalAddress);
}

NTSTATUS WSKAPI connection_get_remote_address(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress,
                                              PIRP Irp) {
  ConnectionSocket* const socket = ConnectionSocket::find(Socket);
  if (socket == nullptr) return refuse_no_connection(Socket, Irp, "WskGetRemoteAddress");
  Request* request = begin(Irp, "WskGetRemoteAddress", *socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  if (RemoteAddress == nullptr) return finish(*request, STATUS_INVALID_PARAMETER);
  return socket->get_remote_address(*request, RemoteAddress);
}

NTSTATUS WSKAPI connection_send(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PIRP Irp) {
  ConnectionSocket* const socket = ConnectionSocket::find(Socket);
  if (socket == nullptr) return refuse_no_connection(Socket, Irp, "WskSend");
  auto* request = begin<SendRequest>(Irp, "WskSend", *socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  if ((Flags & ~ULONG{WSK_FLAG_NODELAY}) != 0) return finish(*request, STATUS_NOT_SUPPORTED);
  const NTSTATUS status = check_buffer(Socket, "WskSend", Buffer);
  if (!NT_SUCCESS(status)) return finish(*request, status);
  request->describe(*Buffer, (Flags & WSK_FLAG_NODELAY) != 0);
  return socket->send(*request);
}

NTSTATUS WSKAPI connection_receive(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PIRP Irp) {
  ConnectionSocket* const socket = ConnectionSocket::find(Socket);
  if (socket == nullptr) return refuse_no_connection(Socket, Irp, "WskReceive");
  auto* request = begin<ReceiveRequest>(Irp, "WskReceive", *socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  NTSTATUS status = check_receive_flags(Socket, Buffer, Flags);
  if (NT_SUCCESS(status)) status = check_buffer(Socket, "WskReceive", Buffer);
  if (!NT_SUCCESS(status)) return finish(*request, status);
  request->cursor = BufferCursor(*Buffer);
  request->wait_all = (Flags & WSK_FLAG_WAITALL) != 0;
  request->drain = (Flags & WSK_FLAG_DRAIN) != 0;
  return socket->receive(*request);
}

NTSTATUS WSKAPI connection_disconnect(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PIRP Irp) {
  ConnectionSocket* const socket = ConnectionSocket::find(Socket);
  if (socket == nullptr) return refuse_no_connection(Socket, Irp, "WskDisconnect");
  auto* request = begin<DisconnectRequest>(Irp, "WskDisconnect", *socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  if ((Flags & ~ULONG{WSK_FLAG_ABORTIVE}) != 0) return finish(*request, STATUS_NOT_SUPPORTED);
  if ((Flags & WSK_FLAG_ABORTIVE) != 0) {
    if (Buffer == nullptr) return socket->abort(*request);
    probe::mistake(Socket, "WskDisconnect(%p): WSK_FLAG_ABORTIVE sends no last Buffer; pass NULL",
                   static_cast<void*>(Socket));
    return finish(*request, STATUS_INVALID_PARAMETER);
  }
  if (Buffer != nullptr) {
    const NTSTATUS status = check_buffer(Socket, "WskDisconnect", Buffer);
    if (!NT_SUCCESS(status)) return finish(*request, status);
    request->describe(*Buffer, false);
  }
  return socket->disconnect(*request);
}

NTSTATUS WSKAPI connection_release(PWSK_SOCKET Socket, PWSK_DATA_INDICATION DataIndication) {
  nt::require_irql_at_most(DISPATCH_LEVEL, "WskRelease");
  ConnectionSocket* const socket = ConnectionSocket::find(Socket);
  return socket != nullptr ? socket->release(DataIndication) : STATUS_INVALID_DEVICE_STATE;
}

// Flags, then the buffer's size, then the state (G-67).
NTSTATUS WSKAPI connection_connect_ex(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress, PWSK_BUF Buffer,
                                      ULONG Flags, PIRP Irp) {
  wsk::Socket& whole = wsk::Socket::of(Socket);
  if (Irp == nullptr) return refuse_null_irp("WskConnectEx", Socket);
  NTSTATUS status = check_reserved(Socket, "WskConnectEx", Flags);
  if (NT_SUCCESS(status) && Buffer != nullptr) {
    status = Buffer->Length > kMostFirstBytes ? STATUS_BUFFER_OVERFLOW
                                              : check_buffer(Socket, "WskConnectEx", Buffer);
  }
  const auto address = address_for(Socket, whole.family(), "WskConnectEx", RemoteAddress);
  if (status == STATUS_SUCCESS && !address) status = STATUS_INVALID_PARAMETER;
  if (status != STATUS_SUCCESS) return finish(*begin(Irp, "WskConnectEx", whole), status);
  ConnectionSocket* const socket = ConnectionSocket::find_to_connect(Socket);
  if (socket == nullptr) return refuse_no_connection(Socket, Irp, "WskConnectEx");
  auto* request = begin<ConnectRequest>(Irp, "WskConnectEx", *socket);
  if (Buffer != nullptr) request->describe(*Buffer, false);
  return socket->connect(*request, *address);
}

// The two below are reserved members of the table: Windows' own answer is not documented (G-53).
NTSTATUS WSKAPI connection_send_ex(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags,
                                   ULONG ControlInfoLength, PCMSGHDR ControlInfo, PIRP Irp) {
  (void)Buffer, (void)Flags, (void)ControlInfoLength, (void)ControlInfo;
  Request* request = begin(Irp, "WskSendEx", wsk::Socket::of(Socket));
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  return finish(*request, STATUS_NOT_SUPPORTED);
}

NTSTATUS WSKAPI connection_receive_ex(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags,
                                      PULONG ControlInfoLength, PCMSGHDR ControlInfo,
                                      PULONG ControlFlags, PIRP Irp) {
  (void)Buffer, (void)Flags, (void)ControlInfoLength, (void)ControlInfo, (void)ControlFlags;
  Request* request = begin(Irp, "WskReceiveEx", wsk::Socket::of(Socket));
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  return finish(*request, STATUS_NOT_SUPPORTED);
}

}  // namespace wskrun::wsk
