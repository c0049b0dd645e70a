// Options of level SOL_SOCKET.
#include <utility>

#include "probe/mistake.h"
#include "wsk/arguments.h"
#include "wsk/listen.h"
#include "wsk/options.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

// ---- events

ULONG known_events(Category category) {
  switch (category) {
    case Category::kListen:
      return kListenEvents;
    case Category::kConnection:
      return kConnectionEvents;
    case Category::kDatagram:
      return kDatagramEvents;
    case Category::kStream:  // Has no state to enable one in.
      return kAllEvents;
    case Category::kBasic:
      return 0;
  }
  return 0;
}

NTSTATUS switch_events(ControlCall& call) {
  const auto control = input_of<WSK_EVENT_CALLBACK_CONTROL>(call.buffers);
  const void* handle = call.socket.handle();
  const NTSTATUS status = check_event_control(
      control, known_events(call.socket.category()) | WSK_EVENT_DISABLE, handle);
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

// ---- sharing addresses

// SO_REUSEADDR and SO_EXCLUSIVEADDRUSE exclude each other.
NTSTATUS switch_sharing(ControlCall& call, Sharing which) {
  const bool wanted = input_of<ULONG>(call.buffers) != 0;
  const Sharing before = call.socket.sharing();
  if (before != Sharing::kDefault && before != which) {
    return wanted ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
  }
  call.socket.set_sharing(wanted ? which : Sharing::kDefault);
  return STATUS_SUCCESS;
}

// The kernel is told as well: sockets of other processes may be meant.
NTSTATUS set_reuse(ControlCall& call) {
  const NTSTATUS status = switch_sharing(call, Sharing::kReuse);
  if (!NT_SUCCESS(status)) return status;
  const ULONG shared = call.socket.sharing() == Sharing::kReuse ? 1 : 0;
  return call.socket.set_option(net::SocketOption::kShareAddress, shared);
}

NTSTATUS set_exclusive(ControlCall& call) {
  return switch_sharing(call, Sharing::kExclusive);
}

template <Sharing which>
NTSTATUS get_sharing(ControlCall& call) {
  return return_value(call, call.socket.sharing() == which ? 1 : 0);
}

NTSTATUS set_security(ControlCall& call) {
  base::RefPtr<CachedDescriptor> descriptor;
  const NTSTATUS status =
      find_descriptor(call.socket.subsystem(), input_of<PSECURITY_DESCRIPTOR>(call.buffers),
                      "SO_WSK_SECURITY", descriptor);
  if (NT_SUCCESS(status)) call.socket.set_descriptor(std::move(descriptor));
  return status;
}

NTSTATUS get_security(ControlCall& call) {
  PSECURITY_DESCRIPTOR const copy =
      call.socket.subsystem().descriptors().add(call.socket.descriptor()->parts(), call_site);
  return return_bytes(call, &copy, sizeof copy);
}

// ---- conditional accept, which a stream socket has no function for (T-014)

NTSTATUS set_conditional(ControlCall& call) {
  if (call.is_stream) return STATUS_NOT_SUPPORTED;
  auto& listener = static_cast<ListenSocket&>(call.socket);
  return listener.set_conditional_accept(input_of<ULONG>(call.buffers) != 0);
}

NTSTATUS get_conditional(ControlCall& call) {
  if (call.is_stream) return STATUS_NOT_SUPPORTED;
  return return_value(call, static_cast<ListenSocket&>(call.socket).conditional_accept() ? 1 : 0);
}

// ---- the rows

using Option = net::SocketOption;

constexpr ControlShape kSetEvents = {IrpRule::kEither, sizeof(WSK_EVENT_CALLBACK_CONTROL), 0};
constexpr ControlShape kSetPointer = {IrpRule::kRequired, sizeof(PVOID), 0};
constexpr ControlShape kGetPointer = {IrpRule::kRequired, 0, sizeof(PVOID)};
constexpr unsigned kWithSecurity = kOnListen | kOnConnection | kOnDatagram;
constexpr ULONG kExclusive = static_cast<ULONG>(SO_EXCLUSIVEADDRUSE);

constexpr ControlRow set(ULONG code, const char* name, unsigned categories,
                         NTSTATUS (*run)(ControlCall&), When when = When::kAlways,
                         ControlShape shape = kSetUlong) {
  return {WskSetOption, SOL_SOCKET, code, name, categories, when, shape, run};
}

constexpr ControlRow get(ULONG code, const char* name, unsigned categories,
                         NTSTATUS (*run)(ControlCall&), ControlShape shape = kGetUlong) {
  return {WskGetOption, SOL_SOCKET, code, name, categories, When::kAlways, shape, run};
}

constexpr ControlRow kRows[] = {
    set(SO_WSK_EVENT_CALLBACK, "SO_WSK_EVENT_CALLBACK", kOnAll, switch_events, When::kAlways,
        kSetEvents),

    set(SO_REUSEADDR, "SO_REUSEADDR", kOnTransport, set_reuse, When::kBeforeBind),
    get(SO_REUSEADDR, "SO_REUSEADDR", kOnTransport, get_sharing<Sharing::kReuse>),
    set(kExclusive, "SO_EXCLUSIVEADDRUSE", kOnTransport, set_exclusive, When::kBeforeBind),
    get(kExclusive, "SO_EXCLUSIVEADDRUSE", kOnTransport, get_sharing<Sharing::kExclusive>),
    set(SO_WSK_SECURITY, "SO_WSK_SECURITY", kWithSecurity, set_security, When::kBeforeBind,
        kSetPointer),
    get(SO_WSK_SECURITY, "SO_WSK_SECURITY", kWithSecurity, get_security, kGetPointer),

    set(SO_KEEPALIVE, "SO_KEEPALIVE", kOnTcp, set_flag<Option::kKeepAlive>),
    get(SO_KEEPALIVE, "SO_KEEPALIVE", kOnTcp, get_number<Option::kKeepAlive>),
    set(SO_RCVBUF, "SO_RCVBUF", kOnTransport, set_number<Option::kReceiveBuffer>),
    get(SO_RCVBUF, "SO_RCVBUF", kOnTransport, get_number<Option::kReceiveBuffer>),
    set(SO_SNDBUF, "SO_SNDBUF", kOnTransport, set_number<Option::kSendBuffer>),
    get(SO_SNDBUF, "SO_SNDBUF", kOnTransport, get_number<Option::kSendBuffer>),
    set(SO_BROADCAST, "SO_BROADCAST", kOnDatagram, set_flag<Option::kBroadcast>),
    get(SO_BROADCAST, "SO_BROADCAST", kOnDatagram, get_number<Option::kBroadcast>),
    set(SO_CONDITIONAL_ACCEPT, "SO_CONDITIONAL_ACCEPT", kOnListen | kOnStream, set_conditional,
        When::kBeforeBind),
    get(SO_CONDITIONAL_ACCEPT, "SO_CONDITIONAL_ACCEPT", kOnListen | kOnStream, get_conditional),
};

}  // namespace

std::span<const ControlRow> socket_option_rows() {
  return kRows;
}

}  // namespace wskrun::wsk
