// WskControlSocket: finding the row and checking the call. client_control.cc is the same for a
// client.
#include "wsk/options.h"

#include <algorithm>

#include "nt/irql.h"
#include "wsk/dispatch.h"

namespace wskrun::wsk {
namespace {

const ControlRow* find_in(std::span<const ControlRow> rows, WSK_CONTROL_SOCKET_TYPE type,
                          ULONG level, ULONG code) {
  const auto row = std::find_if(rows.begin(), rows.end(), [=](const ControlRow& each) {
    return each.type == type && each.code == code && (type == WskIoctl || each.level == level);
  });
  return row == rows.end() ? nullptr : &*row;
}

const ControlRow* find_row(WSK_CONTROL_SOCKET_TYPE type, ULONG level, ULONG code) {
  if (type == WskIoctl) return find_in(ioctl_rows(), type, level, code);
  return find_in(level == SOL_SOCKET ? socket_option_rows() : protocol_option_rows(), type, level,
                 code);
}

// K-013 has the order: category, then sizes and IRP, then state.
NTSTATUS run_row(const ControlRow& row, ControlCall& call) {
  nt::require_irql_at_most(row.highest_irql, row.name);
  const Category category = call.is_stream ? Category::kStream : call.socket.category();
  if ((row.categories & on(category)) == 0) return STATUS_INVALID_DEVICE_REQUEST;
  const NTSTATUS status =
      check_shape(row.shape, call.buffers, call.request != nullptr, call.socket.handle(), row.name);
  if (!NT_SUCCESS(status)) return status;
  if (row.when == When::kBeforeBind && call.socket.is_bound()) return STATUS_INVALID_DEVICE_STATE;
  if (row.when == When::kConnected && call.socket.category() != Category::kConnection) {
    return STATUS_INVALID_DEVICE_STATE;
  }
  return row.run(call);
}

// A notification is of the driver's socket, whatever that becomes; the rest is of what acts.
Request* begin_control(PIRP irp, Socket& socket, const ControlRow* row) {
  if (irp == nullptr) return nullptr;
  const Request::Kind kind = row != nullptr ? row->kind : Request::Kind::kOther;
  auto* request = new Request(kind);
  bind_request(*request, irp, "WskControlSocket",
               kind == Request::Kind::kNotification ? socket : socket.acting());
  return request;
}

}  // namespace

NTSTATUS return_bytes(ControlCall& call, const void* value, SIZE_T size) {
  std::memcpy(call.buffers.output, value, size);
  call.bytes = size;
  return STATUS_SUCCESS;
}

ULONG number_of(const ControlBuffers& buffers) {
  return buffers.input_size == sizeof(UCHAR) ? input_of<UCHAR>(buffers) : input_of<ULONG>(buffers);
}

// A code without a row is not supported.
NTSTATUS WSKAPI control_socket(PWSK_SOCKET Socket, WSK_CONTROL_SOCKET_TYPE RequestType,
                               ULONG ControlCode, ULONG Level, SIZE_T InputSize, PVOID InputBuffer,
                               SIZE_T OutputSize, PVOID OutputBuffer, SIZE_T* OutputSizeReturned,
                               PIRP Irp) {
  wsk::Socket& socket = wsk::Socket::of(Socket);
  const bool valid = RequestType >= WskSetOption && RequestType < WskControlMax;
  const ControlRow* row = valid ? find_row(RequestType, Level, ControlCode) : nullptr;
  Request* request = begin_control(Irp, socket, row);
  const ControlBuffers buffers = {InputSize, InputBuffer, OutputSize, OutputBuffer,
                                  OutputSizeReturned};
  ControlCall call = {socket.acting(), buffers, request, socket.category() == Category::kStream};
  NTSTATUS status = valid ? STATUS_NOT_SUPPORTED : STATUS_INVALID_PARAMETER;
  if (row != nullptr) status = run_row(*row, call);
  return finish_control(request, buffers, status, call.bytes);
}

}  // namespace wskrun::wsk
