// Control: what WskControlSocket (options.cc) and WskControlClient (client_control.cc) have in
// common: buffers, sizes, an IRP that some codes need and others forbid, and the one way out.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <cstdint>
#include <cstring>

#include "wsk/request.h"

namespace wskrun::wsk {

struct ControlBuffers {
  SIZE_T input_size;
  const VOID* input;
  SIZE_T output_size;
  PVOID output;
  SIZE_T* output_size_returned;  // Or null.
};

enum class IrpRule : std::uint8_t { kForbidden, kRequired, kEither };

constexpr SIZE_T kAnySize = ~SIZE_T{0};
constexpr SIZE_T kOneOrFour = kAnySize - 1;  // A number: UCHAR or ULONG.

// How a code is called: its IRP and the exact sizes of its buffers.
struct ControlShape {
  IrpRule irp;
  SIZE_T input_size;
  SIZE_T output_size;
};

// STATUS_SUCCESS, or STATUS_INVALID_PARAMETER after saying what is wrong. `handle` is the socket or
// client, `name` the code's.
NTSTATUS check_shape(const ControlShape& shape, const ControlBuffers& buffers, bool has_irp,
                     const void* handle, const char* name);

// What `buffers.input` holds, checked for its size before. Drivers need not align it.
template <typename T>
T input_of(const ControlBuffers& buffers) {
  T value;
  std::memcpy(&value, buffers.input, sizeof value);
  return value;
}

// Ends a control call: `bytes` is what was returned, or for STATUS_BUFFER_OVERFLOW what it takes.
// With STATUS_PENDING the request, if any, stays with whoever kept it.
NTSTATUS finish_control(Request* request, const ControlBuffers& buffers, NTSTATUS status,
                        SIZE_T bytes);

// STATUS_SUCCESS where the structure concerns WSK's own events and no event beyond `known`.
NTSTATUS check_event_control(const WSK_EVENT_CALLBACK_CONTROL& control, ULONG known,
                             const void* handle);

}  // namespace wskrun::wsk
