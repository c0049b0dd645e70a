// WskControlClient: a table of codes, and what is behind each. options.cc is the same for a socket.
#include <algorithm>
#include <iterator>

#include "nt/irql.h"
#include "probe/mistake.h"
#include "wsk/arguments.h"
#include "wsk/client.h"
#include "wsk/control.h"
#include "wsk/dispatch.h"
#include "wsk/events.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

struct ClientCall {
  Client& client;
  const ControlBuffers& buffers;
  Request* request;  // Null without an IRP.
  SIZE_T bytes = 0;  // Returned to the driver, or what it takes.
};

// ---- transports

NTSTATUS query_transports(ClientCall& call) {
  const std::vector<WSK_TRANSPORT>& list = call.client.subsystem().transports();
  call.bytes = list.size() * sizeof list[0];
  if (call.buffers.output_size < call.bytes) return STATUS_BUFFER_OVERFLOW;
  if (!list.empty()) std::memcpy(call.buffers.output, list.data(), call.bytes);
  return STATUS_SUCCESS;
}

NTSTATUS await_transport_change(ClientCall& call) {
  return call.client.await_transport_change(*call.request);
}

// ---- security descriptors

NTSTATUS cache_descriptor(ClientCall& call) {
  const auto uncached = input_of<PSECURITY_DESCRIPTOR>(call.buffers);
  const auto parts = nt::parts_of(uncached);
  if (!parts) {
    probe::mistake(call.client.handle(), "WSK_CACHE_SD on %p: %p is no valid security descriptor",
                   call.client.handle(), uncached);
    return STATUS_INVALID_SECURITY_DESCR;
  }
  PSECURITY_DESCRIPTOR const cached = call.client.subsystem().descriptors().add(*parts, call_site);
  std::memcpy(call.buffers.output, &cached, sizeof cached);
  return STATUS_SUCCESS;
}

NTSTATUS release_descriptor(ClientCall& call) {
  const auto cached = input_of<PSECURITY_DESCRIPTOR>(call.buffers);
  if (call.client.subsystem().descriptors().remove(cached)) return STATUS_SUCCESS;
  probe::mistake(
      call.client.handle(),
      "WSK_RELEASE_SD on %p: %p is no cached security descriptor, or was released before",
      call.client.handle(), cached);
  return STATUS_INVALID_PARAMETER;
}

// ---- what is for the time before the first socket

NTSTATUS check_is_early(const ClientCall& call, const char* name) {
  if (!call.client.has_had_socket()) return STATUS_SUCCESS;
  probe::mistake(call.client.handle(), "%s on %p comes after the client's first socket", name,
                 call.client.handle());
  return STATUS_INVALID_DEVICE_STATE;
}

NTSTATUS set_static_events(ClientCall& call) {
  const auto control = input_of<WSK_EVENT_CALLBACK_CONTROL>(call.buffers);
  const NTSTATUS status = check_event_control(control, kAllEvents, call.client.handle());
  if (!NT_SUCCESS(status)) return status;
  if (call.client.add_static_events(control.EventMask)) return STATUS_SUCCESS;
  return check_is_early(call, "WSK_SET_STATIC_EVENT_CALLBACKS");
}

// There is no TDI. A mapping is for combinations without a transport of WSK's own, which have no
// other here, so those fail in WskSocket whether they are mapped or not; and no filter of TDI's has
// to be passed by (CL-018).

bool is_valid(const WSK_TDI_MAP_INFO& info) {
  if (info.ElementCount == 0) return true;
  if (info.Map == nullptr) return false;
  return std::all_of(info.Map, info.Map + info.ElementCount,
                     [](const WSK_TDI_MAP& each) { return each.TdiDeviceName != nullptr; });
}

NTSTATUS map_tdi_devices(ClientCall& call) {
  const auto& info = *static_cast<const WSK_TDI_MAP_INFO*>(call.buffers.input);
  if (is_valid(info)) return check_is_early(call, "WSK_TDI_DEVICENAME_MAPPING");
  probe::mistake(call.client.handle(),
                 "WSK_TDI_DEVICENAME_MAPPING on %p: Map must have ElementCount elements, each with "
                 "a TdiDeviceName",
                 call.client.handle());
  return STATUS_INVALID_PARAMETER;
}

NTSTATUS set_tdi_behavior(ClientCall& call) {
  const auto flags = input_of<ULONG>(call.buffers);
  if ((flags & ~ULONG{WSK_TDI_BEHAVIOR_BYPASS_TDI}) == 0) {
    return check_is_early(call, "WSK_TDI_BEHAVIOR");
  }
  probe::mistake(call.client.handle(), "WSK_TDI_BEHAVIOR on %p: 0x%X has no meaning",
                 call.client.handle(), flags);
  return STATUS_INVALID_PARAMETER;
}

// ---- the rows

struct Notification : Request {
  Notification() : Request(Kind::kNotification) {}
};

struct ClientRow {
  ULONG code;
  const char* name;
  ControlShape shape;
  NTSTATUS (*run)(ClientCall& call);
};

constexpr SIZE_T kPointer = sizeof(PSECURITY_DESCRIPTOR);

constexpr ClientRow kRows[] = {
    {WSK_TRANSPORT_LIST_QUERY,
     "WSK_TRANSPORT_LIST_QUERY",
     {IrpRule::kForbidden, 0, kAnySize},
     query_transports},
    {WSK_TRANSPORT_LIST_CHANGE,
     "WSK_TRANSPORT_LIST_CHANGE",
     {IrpRule::kRequired, 0, 0},
     await_transport_change},
    {WSK_CACHE_SD, "WSK_CACHE_SD", {IrpRule::kForbidden, kPointer, kPointer}, cache_descriptor},
    {WSK_RELEASE_SD, "WSK_RELEASE_SD", {IrpRule::kForbidden, kPointer, 0}, release_descriptor},
    {WSK_SET_STATIC_EVENT_CALLBACKS,
     "WSK_SET_STATIC_EVENT_CALLBACKS",
     {IrpRule::kForbidden, sizeof(WSK_EVENT_CALLBACK_CONTROL), 0},
     set_static_events},
    {WSK_TDI_DEVICENAME_MAPPING,
     "WSK_TDI_DEVICENAME_MAPPING",
     {IrpRule::kForbidden, sizeof(WSK_TDI_MAP_INFO), 0},
     map_tdi_devices},
    {WSK_TDI_BEHAVIOR,
     "WSK_TDI_BEHAVIOR",
     {IrpRule::kForbidden, sizeof(ULONG), 0},
     set_tdi_behavior},
};

const ClientRow* find_row(ULONG code) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                 [=](const ClientRow& each) { return each.code == code; });
  return row == std::end(kRows) ? nullptr : row;
}

Request* begin_control(ULONG code, PIRP irp, Client& client) {
  if (irp == nullptr) return nullptr;
  constexpr const char* kName = "WskControlClient";
  if (code == WSK_TRANSPORT_LIST_CHANGE) return begin<Notification>(irp, kName, client);
  return begin(irp, kName, client);
}

}  // namespace

// A code without a row is not supported.
NTSTATUS WSKAPI control_client(PWSK_CLIENT Client, ULONG ControlCode, SIZE_T InputSize,
                               PVOID InputBuffer, SIZE_T OutputSize, PVOID OutputBuffer,
                               SIZE_T* OutputSizeReturned, PIRP Irp) {
  if (Irp == nullptr) nt::require_irql_at_most(DISPATCH_LEVEL, "WskControlClient");
  base::RefPtr<wsk::Client> client;
  NTSTATUS status = find_client(Client, "WskControlClient", client);
  if (!NT_SUCCESS(status)) return status;
  Request* request = begin_control(ControlCode, Irp, *client);
  const ControlBuffers buffers = {InputSize, InputBuffer, OutputSize, OutputBuffer,
                                  OutputSizeReturned};
  ClientCall call = {*client, buffers, request};
  status = STATUS_NOT_SUPPORTED;
  if (const ClientRow* row = find_row(ControlCode)) {
    status = check_shape(row->shape, buffers, request != nullptr, Client, row->name);
    if (NT_SUCCESS(status)) status = row->run(call);
  }
  return finish_control(request, buffers, status, call.bytes);
}

}  // namespace wskrun::wsk
