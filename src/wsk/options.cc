// WskControlSocket: a table of options and control codes, and what is behind those that are there.
// client_control.cc is the same for a client.
#include <algorithm>
#include <iterator>

#include "probe/mistake.h"
#include "wsk/control.h"
#include "wsk/dispatch.h"
#include "wsk/socket.h"

namespace wskrun::wsk {
namespace {

// The categories a row is for.
constexpr unsigned on(Category category) {
  return 1u << static_cast<unsigned>(category);
}
constexpr unsigned kNowhere = 0;  // Only for categories that do not exist yet.
constexpr unsigned kListen = on(Category::kListen);
constexpr unsigned kConnection = on(Category::kConnection);
constexpr unsigned kEverywhere = kListen | kConnection;

enum class When : std::uint8_t { kAlways, kBeforeBind };

struct ControlCall {
  Socket& socket;
  const ControlBuffers& buffers;
  Request* request;  // Null without an IRP.
  SIZE_T bytes = 0;  // Returned to the driver.
};

struct ControlRow {
  WSK_CONTROL_SOCKET_TYPE type;
  ULONG level;  // Of an option.
  ULONG code;
  const char* name;
  unsigned categories;
  When when;
  ControlShape shape;
  NTSTATUS (*run)(ControlCall& call);
};

// ---- events

NTSTATUS switch_events(ControlCall& call) {
  const auto control = input_of<WSK_EVENT_CALLBACK_CONTROL>(call.buffers);
  const ULONG known =
      call.socket.category() == Category::kListen ? kListenEvents : kConnectionEvents;
  const void* handle = call.socket.handle();
  const NTSTATUS status = check_event_control(control, known | WSK_EVENT_DISABLE, handle);
  if (!NT_SUCCESS(status)) return status;
  const ULONG events = control.EventMask & ~WSK_EVENT_DISABLE;
  const bool disable = events != control.EventMask;
  if (!disable && events != 0) return call.socket.enable_events(events);
  if (disable && events != 0 && (events & (events - 1)) == 0) {
    return call.socket.disable_event(events, call.request);
  }
  probe::mistake(handle, "SO_WSK_EVENT_CALLBACK on %p: name %s", handle,
                 disable ? "exactly one event with WSK_EVENT_DISABLE" : "an event to enable");
  return STATUS_INVALID_PARAMETER;
}

// ---- options of the transport

NTSTATUS return_value(ControlCall& call, ULONG value) {
  std::memcpy(call.buffers.output, &value, sizeof value);
  call.bytes = sizeof value;
  return STATUS_SUCCESS;
}

// SO_REUSEADDR and SO_EXCLUSIVEADDRUSE exclude each other.
NTSTATUS set_reuse(ControlCall& call) {
  const ULONG wanted = input_of<ULONG>(call.buffers) != 0 ? 1 : 0;
  if (wanted != 0 && call.socket.exclusive_address()) return STATUS_INVALID_PARAMETER;
  return call.socket.set_option(net::SocketOption::kShareAddress, wanted);
}

NTSTATUS set_exclusive(ControlCall& call) {
  const bool wanted = input_of<ULONG>(call.buffers) != 0;
  ULONG reuse = 0;
  const NTSTATUS status = call.socket.get_option(net::SocketOption::kShareAddress, reuse);
  if (!NT_SUCCESS(status)) return status;
  if (wanted && reuse != 0) return STATUS_INVALID_PARAMETER;
  call.socket.set_exclusive_address(wanted);
  return STATUS_SUCCESS;
}

NTSTATUS get_exclusive(ControlCall& call) {
  return return_value(call, call.socket.exclusive_address() ? 1 : 0);
}

template <net::SocketOption option>
NTSTATUS set_flag(ControlCall& call) {
  return call.socket.set_option(option, input_of<ULONG>(call.buffers) != 0 ? 1 : 0);
}

template <net::SocketOption option>
NTSTATUS set_size(ControlCall& call) {
  return call.socket.set_option(option, input_of<ULONG>(call.buffers));
}

template <net::SocketOption option>
NTSTATUS get_value(ControlCall& call) {
  ULONG value = 0;
  const NTSTATUS status = call.socket.get_option(option, value);
  return NT_SUCCESS(status) ? return_value(call, value) : status;
}

// ---- the table

NTSTATUS not_implemented(ControlCall&) {
  return STATUS_NOT_IMPLEMENTED;
}

// No connection has ever passed through a filter that redirects connections, for there is none.
NTSTATUS not_redirected(ControlCall&) {
  return STATUS_NOT_FOUND;
}

constexpr ControlShape kSetEvents = {IrpRule::kEither, sizeof(WSK_EVENT_CALLBACK_CONTROL), 0};
constexpr ControlShape kSetUlong = {IrpRule::kRequired, sizeof(ULONG), 0};
constexpr ControlShape kGetUlong = {IrpRule::kRequired, 0, sizeof(ULONG)};
constexpr ControlShape kSetPointer = {IrpRule::kRequired, sizeof(PVOID), 0};
constexpr ControlShape kGetPointer = {IrpRule::kRequired, 0, sizeof(PVOID)};
constexpr ControlShape kGetSize = {IrpRule::kRequired, 0, sizeof(SIZE_T)};
constexpr ControlShape kNoBuffers = {IrpRule::kRequired, 0, 0};
constexpr ControlShape kAddressList = {IrpRule::kForbidden, 0, kAnySize};
constexpr ControlShape kWfpQuery = {IrpRule::kRequired, 0, kAnySize};
constexpr ControlShape kAnyShape = {IrpRule::kEither, kAnySize, kAnySize};

using Option = net::SocketOption;
constexpr ULONG kExclusive = static_cast<ULONG>(SO_EXCLUSIVEADDRUSE);
constexpr ULONG kNoLevel = 0;

// A code without a row is not supported. K-013 has the order: category, then sizes and IRP, then
// state.
constexpr ControlRow kRows[] = {
    {WskSetOption, SOL_SOCKET, SO_WSK_EVENT_CALLBACK, "SO_WSK_EVENT_CALLBACK", kEverywhere,
     When::kAlways, kSetEvents, switch_events},

    {WskSetOption, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", kEverywhere, When::kBeforeBind,
     kSetUlong, set_reuse},
    {WskGetOption, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", kEverywhere, When::kAlways, kGetUlong,
     get_value<Option::kShareAddress>},
    {WskSetOption, SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE", kEverywhere, When::kAlways, kSetUlong,
     set_flag<Option::kKeepAlive>},
    {WskGetOption, SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE", kEverywhere, When::kAlways, kGetUlong,
     get_value<Option::kKeepAlive>},
    {WskSetOption, SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF", kEverywhere, When::kAlways, kSetUlong,
     set_size<Option::kReceiveBuffer>},
    {WskGetOption, SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF", kEverywhere, When::kAlways, kGetUlong,
     get_value<Option::kReceiveBuffer>},
    {WskSetOption, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", kEverywhere, When::kBeforeBind,
     kSetUlong, set_flag<Option::kIpv6Only>},
    {WskGetOption, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", kEverywhere, When::kAlways, kGetUlong,
     get_value<Option::kIpv6Only>},

    {WskSetOption, SOL_SOCKET, kExclusive, "SO_EXCLUSIVEADDRUSE", kEverywhere, When::kBeforeBind,
     kSetUlong, set_exclusive},
    {WskGetOption, SOL_SOCKET, kExclusive, "SO_EXCLUSIVEADDRUSE", kEverywhere, When::kAlways,
     kGetUlong, get_exclusive},
    {WskSetOption, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, "SO_CONDITIONAL_ACCEPT", kListen,
     When::kBeforeBind, kSetUlong, not_implemented},
    {WskGetOption, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, "SO_CONDITIONAL_ACCEPT", kListen,
     When::kAlways, kGetUlong, not_implemented},
    {WskSetOption, SOL_SOCKET, SO_WSK_SECURITY, "SO_WSK_SECURITY", kEverywhere, When::kBeforeBind,
     kSetPointer, not_implemented},
    {WskGetOption, SOL_SOCKET, SO_WSK_SECURITY, "SO_WSK_SECURITY", kEverywhere, When::kAlways,
     kGetPointer, not_implemented},
    {WskSetOption, IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY", kEverywhere, When::kAlways, kSetUlong,
     not_implemented},
    {WskSetOption, SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST", kNowhere, When::kAlways, kSetUlong,
     nullptr},
    {WskGetOption, SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST", kNowhere, When::kAlways, kGetUlong,
     nullptr},

    {WskIoctl, kNoLevel, SIO_ADDRESS_LIST_QUERY, "SIO_ADDRESS_LIST_QUERY", kEverywhere,
     When::kAlways, kAddressList, not_implemented},
    {WskIoctl, kNoLevel, SIO_ADDRESS_LIST_CHANGE, "SIO_ADDRESS_LIST_CHANGE", kEverywhere,
     When::kAlways, kNoBuffers, not_implemented},
    {WskIoctl, kNoLevel, SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, "SIO_WSK_QUERY_IDEAL_SEND_BACKLOG",
     kConnection, When::kAlways, kGetSize, not_implemented},
    {WskIoctl, kNoLevel, SIO_WSK_QUERY_RECEIVE_BACKLOG, "SIO_WSK_QUERY_RECEIVE_BACKLOG",
     kConnection, When::kAlways, kGetSize, not_implemented},
    {WskIoctl, kNoLevel, SIO_WSK_SET_TCP_SILENT_MODE, "SIO_WSK_SET_TCP_SILENT_MODE", kConnection,
     When::kAlways, kNoBuffers, not_implemented},
    {WskIoctl, kNoLevel, SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS,
     "SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS", kConnection, When::kAlways, kWfpQuery,
     not_redirected},
    {WskIoctl, kNoLevel, SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT,
     "SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT", kConnection, When::kAlways, kWfpQuery,
     not_redirected},
    // No socket was accepted in conditional accept mode (K-037).
    {WskIoctl, kNoLevel, SIO_WSK_QUERY_INSPECT_ID, "SIO_WSK_QUERY_INSPECT_ID", kNowhere,
     When::kAlways, kAnyShape, nullptr},
    {WskIoctl, kNoLevel, SIO_WSK_SET_REMOTE_ADDRESS, "SIO_WSK_SET_REMOTE_ADDRESS", kNowhere,
     When::kAlways, kAnyShape, nullptr},
    {WskIoctl, kNoLevel, SIO_WSK_SET_SENDTO_ADDRESS, "SIO_WSK_SET_SENDTO_ADDRESS", kNowhere,
     When::kAlways, kAnyShape, nullptr},
};

const ControlRow* find_row(WSK_CONTROL_SOCKET_TYPE type, ULONG level, ULONG code) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows), [=](const ControlRow& each) {
    return each.type == type && each.code == code && (type == WskIoctl || each.level == level);
  });
  return row == std::end(kRows) ? nullptr : row;
}

NTSTATUS run_row(const ControlRow& row, ControlCall& call) {
  if ((row.categories & on(call.socket.category())) == 0) return STATUS_INVALID_DEVICE_REQUEST;
  const NTSTATUS status =
      check_shape(row.shape, call.buffers, call.request != nullptr, call.socket.handle(), row.name);
  if (!NT_SUCCESS(status)) return status;
  if (row.when == When::kBeforeBind && call.socket.is_bound()) return STATUS_INVALID_DEVICE_STATE;
  return row.run(call);
}

}  // namespace

NTSTATUS WSKAPI control_socket(PWSK_SOCKET Socket, WSK_CONTROL_SOCKET_TYPE RequestType,
                               ULONG ControlCode, ULONG Level, SIZE_T InputSize, PVOID InputBuffer,
                               SIZE_T OutputSize, PVOID OutputBuffer, SIZE_T* OutputSizeReturned,
                               PIRP Irp) {
  wsk::Socket& socket = wsk::Socket::of(Socket);
  Request* request = Irp != nullptr ? begin(Irp, "WskControlSocket", socket) : nullptr;
  const ControlBuffers buffers = {InputSize, InputBuffer, OutputSize, OutputBuffer,
                                  OutputSizeReturned};
  ControlCall call = {socket, buffers, request};
  NTSTATUS status = STATUS_INVALID_PARAMETER;
  if (RequestType >= WskSetOption && RequestType < WskControlMax) {
    const ControlRow* row = find_row(RequestType, Level, ControlCode);
    status = row != nullptr ? run_row(*row, call) : STATUS_NOT_SUPPORTED;
  }
  return finish_control(request, buffers, status, call.bytes);
}

}  // namespace wskrun::wsk
