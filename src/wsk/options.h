// Options: what WskControlSocket knows, a row for each option and control code. Three files have
// the rows: socket_options.cc (level SOL_SOCKET), protocol_options.cc (IP, IPv6, TCP, UDP) and
// ioctls.cc. options.cc finds the row and checks the call against it.
#pragma once

#include <span>

#include "wsk/control.h"
#include "wsk/socket.h"

namespace wskrun::wsk {

// The categories a row is for.
constexpr unsigned on(Category category) {
  return 1u << static_cast<unsigned>(category);
}
constexpr unsigned kOnBasic = on(Category::kBasic);
constexpr unsigned kOnListen = on(Category::kListen);
constexpr unsigned kOnConnection = on(Category::kConnection);
constexpr unsigned kOnDatagram = on(Category::kDatagram);
constexpr unsigned kOnStream = on(Category::kStream);
constexpr unsigned kOnConnected = kOnConnection | kOnStream;
constexpr unsigned kOnTcp = kOnListen | kOnConnected;
constexpr unsigned kOnTransport = kOnTcp | kOnDatagram;  // Which has a socket of the transport.
constexpr unsigned kOnAll = kOnTransport | kOnBasic;

enum class When : std::uint8_t {
  kAlways,
  kBeforeBind,
  kConnected,  // The row is a connection's, which a stream socket may be or not.
};

struct ControlCall {
  Socket& socket;  // That acts for the driver's.
  const ControlBuffers& buffers;
  Request* request;  // Null without an IRP.
  bool is_stream;    // The driver's is a stream socket.
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
  Request::Kind kind = Request::Kind::kOther;  // Of the request, where it may stay.
  KIRQL highest_irql = DISPATCH_LEVEL;
};

std::span<const ControlRow> socket_option_rows();
std::span<const ControlRow> protocol_option_rows();
std::span<const ControlRow> ioctl_rows();

constexpr ControlShape kSetUlong = {IrpRule::kRequired, sizeof(ULONG), 0};
constexpr ControlShape kGetUlong = {IrpRule::kRequired, 0, sizeof(ULONG)};

// ---- for the rows

NTSTATUS return_bytes(ControlCall& call, const void* value, SIZE_T size);
inline NTSTATUS return_value(ControlCall& call, ULONG value) {
  return return_bytes(call, &value, sizeof value);
}

// A number of one byte or four, as drivers pass flags.
ULONG number_of(const ControlBuffers& buffers);

template <net::SocketOption option>
NTSTATUS set_flag(ControlCall& call) {
  return call.socket.set_option(option, number_of(call.buffers) != 0 ? 1 : 0);
}

template <net::SocketOption option>
NTSTATUS set_number(ControlCall& call) {
  return call.socket.set_option(option, number_of(call.buffers));
}

template <net::SocketOption option>
NTSTATUS get_number(ControlCall& call) {
  ULONG value = 0;
  const NTSTATUS status = call.socket.get_option(option, value);
  return NT_SUCCESS(status) ? return_value(call, value) : status;
}

}  // namespace wskrun::wsk
