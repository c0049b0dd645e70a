// The checks and the way out that both control functions share.
#include "wsk/control.h"

#include "probe/mistake.h"

namespace wskrun::wsk {
namespace {

bool fits(SIZE_T wanted, SIZE_T size, const VOID* buffer) {
  const bool right = wanted == kOneOrFour ? size == sizeof(UCHAR) || size == sizeof(ULONG)
                                          : wanted == kAnySize || size == wanted;
  if (!right) return false;
  return size == 0 || buffer != nullptr;
}

}  // namespace

NTSTATUS check_shape(const ControlShape& shape, const ControlBuffers& buffers, bool has_irp,
                     const void* handle, const char* name) {
  const char* wrong = nullptr;
  if (!fits(shape.input_size, buffers.input_size, buffers.input))
    wrong = "InputSize or InputBuffer";
  if (!fits(shape.output_size, buffers.output_size, buffers.output)) {
    wrong = "OutputSize or OutputBuffer";
  }
  if (shape.irp == IrpRule::kRequired && !has_irp) wrong = "Irp: it needs one";
  if (shape.irp == IrpRule::kForbidden && has_irp) wrong = "Irp: it must be NULL";
  if (wrong == nullptr) return STATUS_SUCCESS;
  probe::mistake(handle, "%s on %p: wrong %s", name, handle, wrong);
  return STATUS_INVALID_PARAMETER;
}

NTSTATUS finish_control(Request* request, const ControlBuffers& buffers, NTSTATUS status,
                        SIZE_T bytes) {
  if (status == STATUS_PENDING) return status;
  const bool tells_size = NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW;
  if (buffers.output_size_returned != nullptr && tells_size) *buffers.output_size_returned = bytes;
  if (request == nullptr) return status;
  return finish(*request, status, NT_SUCCESS(status) ? bytes : 0);
}

NTSTATUS check_event_control(const WSK_EVENT_CALLBACK_CONTROL& control, ULONG known,
                             const void* handle) {
  if (control.NpiId == nullptr || !IsEqualGUID(*control.NpiId, NPI_WSK_INTERFACE_ID)) {
    probe::mistake(handle, "event callbacks of %p: NpiId must point to NPI_WSK_INTERFACE_ID",
                   handle);
    return STATUS_NOT_SUPPORTED;
  }
  if ((control.EventMask & ~known) == 0) return STATUS_SUCCESS;
  probe::mistake(handle, "event callbacks of %p: 0x%X are no events of it", handle,
                 control.EventMask & ~known);
  return STATUS_INVALID_PARAMETER;
}

}  // namespace wskrun::wsk
