// WskSocket and WskSocketConnect: a socket of the category that the driver asks for.
#include <cerrno>
#include <memory>

#include "wsk/arguments.h"
#include "wsk/connection.h"
#include "wsk/dispatch.h"
#include "wsk/listen.h"
#include "wsk/sockaddr.h"
#include "wsk/status.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

constexpr ULONG kCategoryFlags = WSK_FLAG_LISTEN_SOCKET | WSK_FLAG_CONNECTION_SOCKET |
                                 WSK_FLAG_DATAGRAM_SOCKET | WSK_FLAG_STREAM_SOCKET;

// What WskSocket was asked for, as far as its category goes (C-003..C-007).
NTSTATUS check_category(ULONG flags) {
  const bool one_at_most = (flags & (flags - 1)) == 0;
  if ((flags & ~kCategoryFlags) != 0 || !one_at_most) return STATUS_INVALID_PARAMETER;
  const bool there = flags == WSK_FLAG_CONNECTION_SOCKET || flags == WSK_FLAG_LISTEN_SOCKET;
  return there ? STATUS_SUCCESS : STATUS_NOT_IMPLEMENTED;
}

NTSTATUS check_tcp(const std::optional<net::Family>& family, USHORT type, ULONG protocol) {
  const bool tcp = family && type == SOCK_STREAM && protocol == IPPROTO_TCP;
  return tcp ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

std::unique_ptr<net::Socket> new_tcp_socket(Client& client, net::Family family, NTSTATUS& status) {
  net::Error error;
  std::unique_ptr<net::Socket> socket =
      client.subsystem().transport().create_socket({.family = family}, error);
  status = socket != nullptr ? STATUS_SUCCESS : status_of(error);
  return socket;
}

}  // namespace

NTSTATUS WSKAPI create_socket(PWSK_CLIENT Client, ADDRESS_FAMILY AddressFamily, USHORT SocketType,
                              ULONG Protocol, ULONG Flags, PVOID SocketContext,
                              const VOID* Dispatch, PEPROCESS OwningProcess, PETHREAD OwningThread,
                              PSECURITY_DESCRIPTOR SecurityDescriptor, PIRP Irp) {
  // One process, one user: there is nobody to check against. See docs/differences.md.
  (void)OwningProcess, (void)OwningThread, (void)SecurityDescriptor;
  base::RefPtr<wsk::Client> client;
  NTSTATUS status = check_call(Client, Irp, "WskSocket", client);
  if (!NT_SUCCESS(status)) return status;
  Request& request = *begin(Irp, "WskSocket", *client);

  const std::optional<net::Family> family = family_of(AddressFamily);
  status = check_category(Flags);
  if (NT_SUCCESS(status)) status = check_tcp(family, SocketType, Protocol);
  if (!NT_SUCCESS(status)) return finish(request, status);
  std::unique_ptr<net::Socket> tcp = new_tcp_socket(*client, *family, status);
  if (!NT_SUCCESS(status)) return finish(request, status);

  client->freeze_static_events();
  const void* created_by = call_site;
  Socket* socket;
  if (Flags == WSK_FLAG_LISTEN_SOCKET) {
    socket = new ListenSocket(std::move(client), std::move(tcp), *family, SocketContext,
                              static_cast<const WSK_CLIENT_LISTEN_DISPATCH*>(Dispatch), created_by);
  } else {
    socket = new ConnectionSocket(std::move(client), std::move(tcp), *family, SocketContext,
                                  static_cast<const WSK_CLIENT_CONNECTION_DISPATCH*>(Dispatch),
                                  created_by);
  }
  return finish(request, STATUS_SUCCESS, reinterpret_cast<ULONG_PTR>(socket->wsk_socket()));
}

NTSTATUS WSKAPI create_connected_socket(PWSK_CLIENT Client, USHORT SocketType, ULONG Protocol,
                                        PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                        ULONG Flags, PVOID SocketContext,
                                        const WSK_CLIENT_CONNECTION_DISPATCH* Dispatch,
                                        PEPROCESS OwningProcess, PETHREAD OwningThread,
                                        PSECURITY_DESCRIPTOR SecurityDescriptor, PIRP Irp) {
  (void)OwningProcess, (void)OwningThread, (void)SecurityDescriptor;  // As in create_socket.
  base::RefPtr<wsk::Client> client;
  NTSTATUS status = check_call(Client, Irp, "WskSocketConnect", client);
  if (!NT_SUCCESS(status)) return status;

  const std::optional<net::Address> local = address_of(LocalAddress);
  const std::optional<net::Address> remote = address_of(RemoteAddress);
  status = local && remote && local->family == remote->family ? STATUS_SUCCESS
                                                              : STATUS_INVALID_PARAMETER;
  // Reserved, but drivers in the field pass WSK_FLAG_CONNECTION_SOCKET and Windows lets them.
  if ((Flags & ~ULONG{WSK_FLAG_CONNECTION_SOCKET}) != 0) status = STATUS_INVALID_PARAMETER;
  std::unique_ptr<net::Socket> tcp;
  if (NT_SUCCESS(status)) status = check_tcp(local->family, SocketType, Protocol);
  if (NT_SUCCESS(status)) tcp = new_tcp_socket(*client, local->family, status);
  if (!NT_SUCCESS(status)) {
    return finish(*begin(Irp, "WskSocketConnect", *client), status);
  }
  client->freeze_static_events();
  auto* socket = new ConnectionSocket(std::move(client), std::move(tcp), local->family,
                                      SocketContext, Dispatch, call_site);
  auto* request = begin<ConnectRequest>(Irp, "WskSocketConnect", *socket);
  return socket->bind_and_connect(*request, *local, *remote);
}

}  // namespace wskrun::wsk
