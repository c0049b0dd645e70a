// WskControlClient: a table of codes, and what is behind those that are there. options.cc is the
// same for a socket.
#include <algorithm>
#include <array>
#include <iterator>

#include "wsk/arguments.h"
#include "wsk/client.h"
#include "wsk/control.h"
#include "wsk/dispatch.h"
#include "wsk/events.h"

namespace wskrun::wsk {
namespace {

// Every combination that WskSocket takes.
constexpr std::array kTransports = {
    WSK_TRANSPORT{.Version = 0,
                  .SocketType = SOCK_STREAM,
                  .Protocol = IPPROTO_TCP,
                  .AddressFamily = AF_INET,
                  .ProviderId = {0xe70f1aa0,
                                 0xab8b,
                                 0x11cf,
                                 {0x8c, 0xa3, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92}}},
    WSK_TRANSPORT{.Version = 0,
                  .SocketType = SOCK_STREAM,
                  .Protocol = IPPROTO_TCP,
                  .AddressFamily = AF_INET6,
                  .ProviderId = {0xf9eab0c0,
                                 0x26d4,
                                 0x11d0,
                                 {0xbb, 0xbf, 0x00, 0xaa, 0x00, 0x6c, 0x34, 0xe4}}},
};

NTSTATUS query_transports(Client&, const ControlBuffers& buffers, SIZE_T& bytes) {
  bytes = sizeof kTransports;
  if (buffers.output_size < bytes) return STATUS_BUFFER_OVERFLOW;
  std::memcpy(buffers.output, kTransports.data(), bytes);
  return STATUS_SUCCESS;
}

NTSTATUS set_static_events(Client& client, const ControlBuffers& buffers, SIZE_T&) {
  const auto control = input_of<WSK_EVENT_CALLBACK_CONTROL>(buffers);
  const NTSTATUS status = check_event_control(control, kAllEvents, client.handle());
  if (!NT_SUCCESS(status)) return status;
  return client.add_static_events(control.EventMask) ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

// TDI is obsolete: there is neither a TDI transport to map to nor a TDI filter to bypass (CL-018).
NTSTATUS without_effect(Client&, const ControlBuffers&, SIZE_T&) {
  return STATUS_SUCCESS;
}

NTSTATUS not_implemented(Client&, const ControlBuffers&, SIZE_T&) {
  return STATUS_NOT_IMPLEMENTED;
}

struct ControlRow {
  ULONG code;
  const char* name;
  ControlShape shape;
  NTSTATUS (*run)(Client& client, const ControlBuffers& buffers, SIZE_T& bytes);
};

constexpr ControlRow kRows[] = {
    {WSK_TRANSPORT_LIST_QUERY,
     "WSK_TRANSPORT_LIST_QUERY",
     {IrpRule::kForbidden, 0, kAnySize},
     query_transports},
    {WSK_TRANSPORT_LIST_CHANGE,
     "WSK_TRANSPORT_LIST_CHANGE",
     {IrpRule::kRequired, 0, 0},
     not_implemented},
    {WSK_CACHE_SD,
     "WSK_CACHE_SD",
     {IrpRule::kForbidden, sizeof(PSECURITY_DESCRIPTOR), sizeof(PSECURITY_DESCRIPTOR)},
     not_implemented},
    {WSK_RELEASE_SD,
     "WSK_RELEASE_SD",
     {IrpRule::kForbidden, sizeof(PSECURITY_DESCRIPTOR), 0},
     not_implemented},
    {WSK_SET_STATIC_EVENT_CALLBACKS,
     "WSK_SET_STATIC_EVENT_CALLBACKS",
     {IrpRule::kForbidden, sizeof(WSK_EVENT_CALLBACK_CONTROL), 0},
     set_static_events},
    {WSK_TDI_DEVICENAME_MAPPING,
     "WSK_TDI_DEVICENAME_MAPPING",
     {IrpRule::kForbidden, sizeof(WSK_TDI_MAP_INFO), 0},
     without_effect},
    {WSK_TDI_BEHAVIOR, "WSK_TDI_BEHAVIOR", {IrpRule::kForbidden, sizeof(ULONG), 0}, without_effect},
};

}  // namespace

NTSTATUS WSKAPI control_client(PWSK_CLIENT Client, ULONG ControlCode, SIZE_T InputSize,
                               PVOID InputBuffer, SIZE_T OutputSize, PVOID OutputBuffer,
                               SIZE_T* OutputSizeReturned, PIRP Irp) {
  base::RefPtr<wsk::Client> client;
  NTSTATUS status = find_client(Client, "WskControlClient", client);
  if (!NT_SUCCESS(status)) return status;
  Request* request = Irp != nullptr ? begin(Irp, "WskControlClient", *client) : nullptr;
  const ControlBuffers buffers = {InputSize, InputBuffer, OutputSize, OutputBuffer,
                                  OutputSizeReturned};
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                 [=](const ControlRow& each) { return each.code == ControlCode; });
  SIZE_T bytes = 0;
  status = STATUS_NOT_SUPPORTED;
  if (row != std::end(kRows)) {
    status = check_shape(row->shape, buffers, request != nullptr, Client, row->name);
    if (NT_SUCCESS(status)) status = row->run(*client, buffers, bytes);
  }
  return finish_control(request, buffers, status, bytes);
}

}  // namespace wskrun::wsk
