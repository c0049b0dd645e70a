// WskSocket and WskSocketConnect: a socket of the category that the driver asks for.
#include <cerrno>
#include <memory>
#include <utility>

#include "wsk/arguments.h"
#include "wsk/basic.h"
#include "wsk/connection.h"
#include "wsk/datagram.h"
#include "wsk/dispatch.h"
#include "wsk/listen.h"
#include "wsk/sockaddr.h"
#include "wsk/status.h"
#include "wsk/stream.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

constexpr ULONG kCategoryFlags = WSK_FLAG_LISTEN_SOCKET | WSK_FLAG_CONNECTION_SOCKET |
                                 WSK_FLAG_DATAGRAM_SOCKET | WSK_FLAG_STREAM_SOCKET;

// A kind of socket that WskSocket makes (C-006).
struct Combination {
  ULONG category;
  USHORT type;
  bool any_protocol;
  ULONG protocol;
  net::SocketKind kind;
};

constexpr Combination kCombinations[] = {
    {WSK_FLAG_BASIC_SOCKET, SOCK_STREAM, false, IPPROTO_TCP, net::SocketKind::kStream},
    {WSK_FLAG_BASIC_SOCKET, SOCK_DGRAM, false, IPPROTO_UDP, net::SocketKind::kDatagram},
    {WSK_FLAG_BASIC_SOCKET, SOCK_RAW, true, 0, net::SocketKind::kRaw},
    {WSK_FLAG_LISTEN_SOCKET, SOCK_STREAM, false, IPPROTO_TCP, net::SocketKind::kStream},
    {WSK_FLAG_CONNECTION_SOCKET, SOCK_STREAM, false, IPPROTO_TCP, net::SocketKind::kStream},
    {WSK_FLAG_STREAM_SOCKET, SOCK_STREAM, false, IPPROTO_TCP, net::SocketKind::kStream},
    {WSK_FLAG_DATAGRAM_SOCKET, SOCK_DGRAM, false, IPPROTO_UDP, net::SocketKind::kDatagram},
    {WSK_FLAG_DATAGRAM_SOCKET, SOCK_RAW, true, 0, net::SocketKind::kRaw},
};

constexpr ULONG kHighestProtocol = 255;

bool is(const Combination& each, ULONG category, USHORT type, ULONG protocol) {
  const bool right = each.any_protocol ? protocol <= kHighestProtocol : protocol == each.protocol;
  return each.category == category && each.type == type && right;
}

// What WskSocket was asked for (C-003..C-007).
NTSTATUS find_combination(ULONG flags, const std::optional<net::Family>& family, USHORT type,
                          ULONG protocol, const Combination*& found) {
  const bool one_at_most = (flags & (flags - 1)) == 0;
  if ((flags & ~kCategoryFlags) != 0 || !one_at_most) return STATUS_INVALID_PARAMETER;
  if (!family) return STATUS_NOT_SUPPORTED;
  for (const Combination& each : kCombinations) {
    if (!is(each, flags, type, protocol)) continue;
    found = &each;
    return STATUS_SUCCESS;
  }
  return STATUS_NOT_SUPPORTED;
}

std::unique_ptr<net::Socket> new_transport_socket(Client& client, const net::SocketSpec& spec,
                                                  NTSTATUS& status) {
  net::Error error;
  std::unique_ptr<net::Socket> socket = client.subsystem().transport().create_socket(spec, error);
  status = socket != nullptr ? STATUS_SUCCESS : status_of(error);
  return socket;
}

// Stays empty where the driver gives none.
NTSTATUS descriptor_for(Client& client, PSECURITY_DESCRIPTOR cached, const char* operation,
                        base::RefPtr<CachedDescriptor>& descriptor) {
  if (cached == nullptr) return STATUS_SUCCESS;
  return find_descriptor(client.subsystem(), cached, operation, descriptor);
}

// Windows makes a listening socket for UDP, too, and says at WskBind that it is none.
bool is_listening_udp(const Client& client, ULONG flags, USHORT type, ULONG protocol) {
  return client.subsystem().settings().compat == Compat::kWindows &&
         flags == WSK_FLAG_LISTEN_SOCKET && type == SOCK_DGRAM && protocol == IPPROTO_UDP;
}

}  // namespace

NTSTATUS WSKAPI create_socket(PWSK_CLIENT Client, ADDRESS_FAMILY AddressFamily, USHORT SocketType,
                              ULONG Protocol, ULONG Flags, PVOID SocketContext,
                              const VOID* Dispatch, PEPROCESS OwningProcess, PETHREAD OwningThread,
                              PSECURITY_DESCRIPTOR SecurityDescriptor, PIRP Irp) {
  // They say who asks, when an address is shared: here always the system. See docs/differences.md.
  (void)OwningProcess, (void)OwningThread;
  base::RefPtr<wsk::Client> client;
  NTSTATUS status = check_call(Client, Irp, "WskSocket", client);
  if (!NT_SUCCESS(status)) return status;
  Request& request = *begin(Irp, "WskSocket", *client);

  base::RefPtr<CachedDescriptor> descriptor;
  status = descriptor_for(*client, SecurityDescriptor, "WskSocket", descriptor);
  if (!NT_SUCCESS(status)) return finish(request, status);
  const std::optional<net::Family> family = family_of(AddressFamily);
  const Combination* combination = nullptr;
  std::unique_ptr<net::Socket> transport_socket;
  if (!family || !is_listening_udp(*client, Flags, SocketType, Protocol)) {
    status = find_combination(Flags, family, SocketType, Protocol, combination);
    if (NT_SUCCESS(status) && Flags != WSK_FLAG_BASIC_SOCKET) {
      transport_socket = new_transport_socket(
          *client,
          {.family = *family, .kind = combination->kind, .protocol = static_cast<int>(Protocol)},
          status);
    }
    if (!NT_SUCCESS(status)) return finish(request, status);
  }

  client->freeze_static_events();
  Socket* socket = nullptr;
  switch (Flags) {
    case WSK_FLAG_BASIC_SOCKET:
      socket = new BasicSocket(std::move(client), *family, SocketContext, call_site);
      break;
    case WSK_FLAG_LISTEN_SOCKET:
      socket =
          new ListenSocket(std::move(client), std::move(transport_socket), *family, SocketContext,
                           static_cast<const WSK_CLIENT_LISTEN_DISPATCH*>(Dispatch), call_site);
      break;
    case WSK_FLAG_CONNECTION_SOCKET:
      socket = new ConnectionSocket(
          std::move(client), std::move(transport_socket), *family, SocketContext,
          static_cast<const WSK_CLIENT_CONNECTION_DISPATCH*>(Dispatch), call_site);
      break;
    case WSK_FLAG_STREAM_SOCKET:
      socket =
          new StreamSocket(std::move(client), std::move(transport_socket), *family, SocketContext,
                           static_cast<const WSK_CLIENT_STREAM_DISPATCH*>(Dispatch), call_site);
      break;
    default:
      socket =
          new DatagramSocket(std::move(client), std::move(transport_socket), *family, SocketContext,
                             static_cast<const WSK_CLIENT_DATAGRAM_DISPATCH*>(Dispatch), call_site);
      break;
  }
  if (combination != nullptr) socket->set_kind(combination->kind);
  socket->set_descriptor(std::move(descriptor));
  return finish(request, STATUS_SUCCESS, reinterpret_cast<ULONG_PTR>(socket->wsk_socket()));
}

NTSTATUS WSKAPI create_connected_socket(PWSK_CLIENT Client, USHORT SocketType, ULONG Protocol,
                                        PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                        ULONG Flags, PVOID SocketContext,
                                        const WSK_CLIENT_CONNECTION_DISPATCH* Dispatch,
                                        PEPROCESS OwningProcess, PETHREAD OwningThread,
                                        PSECURITY_DESCRIPTOR SecurityDescriptor, PIRP Irp) {
  (void)OwningProcess, (void)OwningThread;  // As in create_socket.
  base::RefPtr<wsk::Client> client;
  NTSTATUS status = check_call(Client, Irp, "WskSocketConnect", client);
  if (!NT_SUCCESS(status)) return status;

  const std::optional<net::Address> local = address_of(LocalAddress);
  const std::optional<net::Address> remote = address_of(RemoteAddress);
  status = local && remote && local->family == remote->family ? STATUS_SUCCESS
                                                              : STATUS_INVALID_PARAMETER;
  // Reserved, but drivers in the field pass WSK_FLAG_CONNECTION_SOCKET and Windows lets them.
  if ((Flags & ~ULONG{WSK_FLAG_CONNECTION_SOCKET}) != 0) status = STATUS_INVALID_PARAMETER;
  base::RefPtr<CachedDescriptor> descriptor;
  if (NT_SUCCESS(status)) {
    status = descriptor_for(*client, SecurityDescriptor, "WskSocketConnect", descriptor);
  }
  std::unique_ptr<net::Socket> tcp;
  const bool is_tcp = SocketType == SOCK_STREAM && Protocol == IPPROTO_TCP;
  if (NT_SUCCESS(status) && !is_tcp) status = STATUS_NOT_SUPPORTED;
  if (NT_SUCCESS(status)) {
    tcp = new_transport_socket(*client, {.family = local->family}, status);
  }
  if (!NT_SUCCESS(status)) {
    return finish(*begin(Irp, "WskSocketConnect", *client), status);
  }
  client->freeze_static_events();
  auto* socket = new ConnectionSocket(std::move(client), std::move(tcp), local->family,
                                      SocketContext, Dispatch, call_site);
  socket->set_descriptor(std::move(descriptor));
  auto* request = begin<ConnectRequest>(Irp, "WskSocketConnect", *socket);
  return socket->bind_and_connect(*request, *local, *remote);
}

}  // namespace wskrun::wsk
