// Control codes of sockets.
#include <algorithm>
#include <cstddef>
#include <vector>

#include "net/local_addresses.h"
#include "probe/mistake.h"
#include "wsk/arguments.h"
#include "wsk/connection.h"
#include "wsk/datagram.h"
#include "wsk/options.h"
#include "wsk/sockaddr.h"

namespace wskrun::wsk {
namespace {

// ---- this host's addresses

// A SOCKET_ADDRESS_LIST, and behind it the SOCKADDRs that it points to.
NTSTATUS query_addresses(ControlCall& call) {
  const std::vector<net::Address> addresses = net::local_addresses(call.socket.family());
  const std::size_t count = addresses.size();
  const std::size_t each =
      call.socket.family() == net::Family::kIpv4 ? sizeof(SOCKADDR_IN) : sizeof(SOCKADDR_IN6);
  const std::size_t head = offsetof(SOCKET_ADDRESS_LIST, Address) +
                           std::max<std::size_t>(count, 1) * sizeof(SOCKET_ADDRESS);
  call.bytes = head + count * each;
  if (call.buffers.output_size < call.bytes) return STATUS_BUFFER_OVERFLOW;
  auto* const list = static_cast<SOCKET_ADDRESS_LIST*>(call.buffers.output);
  auto* next = static_cast<std::byte*>(call.buffers.output) + head;
  list->iAddressCount = static_cast<INT>(count);
  for (std::size_t i = 0; i < count; ++i, next += each) {
    auto* const sockaddr = reinterpret_cast<SOCKADDR*>(next);
    store_address(addresses[i], sockaddr);
    list->Address[i] = {sockaddr, static_cast<INT>(each)};
  }
  return STATUS_SUCCESS;
}

// The request is of the driver's socket, whose part may do the rest.
NTSTATUS await_address_change(ControlCall& call) {
  return static_cast<Socket*>(call.request->owner)->wait_for_address_change(*call.request);
}

// No connection has ever passed through a filter that redirects connections, for there is none.
NTSTATUS not_redirected(ControlCall&) {
  return STATUS_NOT_FOUND;
}

// ---- connections

template <NTSTATUS (ConnectionSocket::*get)(SIZE_T&) const>
NTSTATUS query_backlog(ControlCall& call) {
  SIZE_T bytes = 0;
  const NTSTATUS status = (static_cast<ConnectionSocket&>(call.socket).*get)(bytes);
  return NT_SUCCESS(status) ? return_bytes(call, &bytes, sizeof bytes) : status;
}

NTSTATUS set_silent_mode(ControlCall& call) {
  return static_cast<ConnectionSocket&>(call.socket).silence(*call.request);
}

// There is but one path over Linux' loopback, and it is the fast one (K-046).
NTSTATUS refuse_fast_path(ControlCall& call) {
  return call.buffers.input_size == sizeof(BOOLEAN) || call.buffers.input_size == sizeof(ULONG)
             ? STATUS_NOT_SUPPORTED
             : STATUS_INVALID_BUFFER_SIZE;
}

// There are no extension interfaces, and so no events of theirs either (EXT-003, EXT-010).
NTSTATUS register_extension(ControlCall&) {
  return STATUS_NOT_SUPPORTED;
}

// Only of a socket that was accepted in conditional accept mode (K-037).
NTSTATUS query_inspect_id(ControlCall& call) {
  const WSK_INSPECT_ID* inspected = static_cast<ConnectionSocket&>(call.socket).inspected();
  if (inspected == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
  return return_bytes(call, inspected, sizeof *inspected);
}

// ---- where a datagram socket sends to

// The SOCKADDR in the input; nothing clears what was set before.
template <NTSTATUS (DatagramSocket::*set)(std::optional<net::Address>)>
NTSTATUS set_fixed_address(ControlCall& call) {
  auto& socket = static_cast<DatagramSocket&>(call.socket);
  if (call.buffers.input_size == 0) return (socket.*set)(std::nullopt);
  const SIZE_T size =
      socket.family() == net::Family::kIpv4 ? sizeof(SOCKADDR_IN) : sizeof(SOCKADDR_IN6);
  if (call.buffers.input_size < size) {
    probe::mistake(socket.handle(), "a fixed address of %p takes a SOCKADDR of its family",
                   socket.handle());
    return STATUS_INVALID_PARAMETER;
  }
  const auto address = address_for(socket.handle(), socket.family(), "WskControlSocket",
                                   static_cast<const SOCKADDR*>(call.buffers.input));
  return address ? (socket.*set)(address) : STATUS_INVALID_PARAMETER;
}

// ---- the rows

constexpr ControlShape kGetSize = {IrpRule::kRequired, 0, sizeof(SIZE_T)};
constexpr ControlShape kNoBuffers = {IrpRule::kRequired, 0, 0};
constexpr ControlShape kAddressList = {IrpRule::kForbidden, 0, kAnySize};
constexpr ControlShape kWfpQuery = {IrpRule::kRequired, 0, kAnySize};
constexpr ControlShape kSockaddr = {IrpRule::kRequired, kAnySize, 0};
constexpr ControlShape kAnyInput = {IrpRule::kRequired, kAnySize, 0};
constexpr ControlShape kExtension = {IrpRule::kForbidden, sizeof(WSK_EXTENSION_CONTROL_IN),
                                     sizeof(WSK_EXTENSION_CONTROL_OUT)};
constexpr ControlShape kInspectId = {IrpRule::kForbidden, 0, sizeof(WSK_INSPECT_ID)};

constexpr ControlRow row(ULONG code, const char* name, unsigned categories, ControlShape shape,
                         NTSTATUS (*run)(ControlCall&), When when = When::kAlways,
                         Request::Kind kind = Request::Kind::kOther) {
  return {WskIoctl, 0, code, name, categories, when, shape, run, kind};
}

constexpr ControlRow at_passive_level(ControlRow row) {
  row.highest_irql = PASSIVE_LEVEL;
  return row;
}

constexpr ControlRow kRows[] = {
    row(SIO_WSK_REGISTER_EXTENSION, "SIO_WSK_REGISTER_EXTENSION", kOnAll, kExtension,
        register_extension),
    at_passive_level(row(SIO_ADDRESS_LIST_QUERY, "SIO_ADDRESS_LIST_QUERY", kOnAll, kAddressList,
                         query_addresses)),
    at_passive_level(row(SIO_ADDRESS_LIST_CHANGE, "SIO_ADDRESS_LIST_CHANGE", kOnAll, kNoBuffers,
                         await_address_change, When::kAlways, Request::Kind::kNotification)),
    row(SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, "SIO_WSK_QUERY_IDEAL_SEND_BACKLOG", kOnConnected,
        kGetSize, query_backlog<&ConnectionSocket::get_ideal_send_backlog>, When::kConnected),
    row(SIO_WSK_QUERY_RECEIVE_BACKLOG, "SIO_WSK_QUERY_RECEIVE_BACKLOG", kOnConnected, kGetSize,
        query_backlog<&ConnectionSocket::get_receive_backlog>, When::kConnected),
    row(SIO_WSK_SET_TCP_SILENT_MODE, "SIO_WSK_SET_TCP_SILENT_MODE", kOnConnected, kNoBuffers,
        set_silent_mode, When::kConnected, Request::Kind::kSilence),
    at_passive_level(
        row(SIO_LOOPBACK_FAST_PATH, "SIO_LOOPBACK_FAST_PATH", kOnTcp, kAnyInput, refuse_fast_path)),
    row(SIO_WSK_SET_REMOTE_ADDRESS, "SIO_WSK_SET_REMOTE_ADDRESS", kOnDatagram, kSockaddr,
        set_fixed_address<&DatagramSocket::set_remote_address>),
    row(SIO_WSK_SET_SENDTO_ADDRESS, "SIO_WSK_SET_SENDTO_ADDRESS", kOnDatagram, kSockaddr,
        set_fixed_address<&DatagramSocket::set_sendto_address>),
    at_passive_level(row(SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS,
                         "SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS", kOnConnected, kWfpQuery,
                         not_redirected, When::kConnected)),
    at_passive_level(row(SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT,
                         "SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT", kOnConnected, kWfpQuery,
                         not_redirected, When::kConnected)),
    row(SIO_WSK_QUERY_INSPECT_ID, "SIO_WSK_QUERY_INSPECT_ID", kOnConnection, kInspectId,
        query_inspect_id),
};

}  // namespace

std::span<const ControlRow> ioctl_rows() {
  return kRows;
}

}  // namespace wskrun::wsk
