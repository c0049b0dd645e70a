// Control codes of sockets.
#include "probe/mistake.h"
#include "wsk/arguments.h"
#include "wsk/connection.h"
#include "wsk/datagram.h"
#include "wsk/options.h"
#include "wsk/sockaddr.h"

namespace wskrun::wsk {
namespace {

NTSTATUS not_implemented(ControlCall&) {
  return STATUS_NOT_IMPLEMENTED;
}

// No connection has ever passed through a filter that redirects connections, for there is none.
NTSTATUS not_redirected(ControlCall&) {
  return STATUS_NOT_FOUND;
}

// Only of a socket that was accepted in conditional accept mode (K-037).
NTSTATUS query_inspect_id(ControlCall& call) {
  const auto& inspected = static_cast<ConnectionSocket&>(call.socket).inspected();
  if (!inspected) return STATUS_INVALID_DEVICE_REQUEST;
  return return_bytes(call, &*inspected, sizeof *inspected);
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
constexpr ControlShape kInspectId = {IrpRule::kForbidden, 0, sizeof(WSK_INSPECT_ID)};

constexpr ControlRow row(ULONG code, const char* name, unsigned categories, ControlShape shape,
                         NTSTATUS (*run)(ControlCall&), When when = When::kAlways) {
  return {WskIoctl, 0, code, name, categories, when, shape, run};
}

constexpr ControlRow kRows[] = {
    row(SIO_ADDRESS_LIST_QUERY, "SIO_ADDRESS_LIST_QUERY", kOnAll, kAddressList, not_implemented),
    row(SIO_ADDRESS_LIST_CHANGE, "SIO_ADDRESS_LIST_CHANGE", kOnAll, kNoBuffers, not_implemented),
    row(SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, "SIO_WSK_QUERY_IDEAL_SEND_BACKLOG", kOnConnected,
        kGetSize, not_implemented, When::kConnected),
    row(SIO_WSK_QUERY_RECEIVE_BACKLOG, "SIO_WSK_QUERY_RECEIVE_BACKLOG", kOnConnection, kGetSize,
        not_implemented),
    row(SIO_WSK_SET_TCP_SILENT_MODE, "SIO_WSK_SET_TCP_SILENT_MODE", kOnConnection, kNoBuffers,
        not_implemented),
    row(SIO_WSK_SET_REMOTE_ADDRESS, "SIO_WSK_SET_REMOTE_ADDRESS", kOnDatagram, kSockaddr,
        set_fixed_address<&DatagramSocket::set_remote_address>),
    row(SIO_WSK_SET_SENDTO_ADDRESS, "SIO_WSK_SET_SENDTO_ADDRESS", kOnDatagram, kSockaddr,
        set_fixed_address<&DatagramSocket::set_sendto_address>),
    row(SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS, "SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS",
        kOnConnected, kWfpQuery, not_redirected, When::kConnected),
    row(SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT, "SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT",
        kOnConnected, kWfpQuery, not_redirected, When::kConnected),
    row(SIO_WSK_QUERY_INSPECT_ID, "SIO_WSK_QUERY_INSPECT_ID", kOnConnection, kInspectId,
        query_inspect_id),
};

}  // namespace

std::span<const ControlRow> ioctl_rows() {
  return kRows;
}

}  // namespace wskrun::wsk
