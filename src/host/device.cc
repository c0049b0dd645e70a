// host.h's functions on devices and requests. nt/io_file.h is the I/O manager they ask.
#include "host/device.h"

#include <limits.h>

#include <algorithm>

#include <fmt/format.h>

#include "host/error.h"
#include "host/runtime.h"
#include "nt/io_name.h"
#include "nt/utf.h"

using namespace wskrun;

namespace {

// An IRP has 32 bits for a length; of what is longer, only so much is offered.
ULONG length_of(std::size_t size) {
  return size <= MAXULONG ? static_cast<ULONG>(size) : MAXULONG;
}

// The driver is still to be asked, which takes its time: not under the lock.
std::unique_ptr<wskrun_device> take_out(wskrun_device& device) {
  base::MutexLock lock(device.runtime->devices_mutex);
  auto& open = device.runtime->devices;
  const auto found = std::find_if(open.begin(), open.end(),
                                  [&](const auto& each) { return each.get() == &device; });
  std::unique_ptr<wskrun_device> taken = std::move(*found);
  open.erase(found);
  return taken;
}

wskrun_request* start(wskrun_device& device, const nt::IoCall& call) {
  return new wskrun_request{device.file->start(call)};
}

}  // namespace

wskrun_device* wskrun_device_open(wskrun_runtime* runtime, const char* name, wskrun_error* error) {
  const std::u16string path = nt::path_of_user_name(nt::to_utf16(name));
  auto device = std::make_unique<wskrun_device>();
  device->runtime = runtime;
  const NTSTATUS status =
      nt::OpenFile::open(path, GENERIC_READ | GENERIC_WRITE, UserMode, device->file);
  if (!NT_SUCCESS(status)) {
    host::fail(error, WSKRUN_OPEN_FAILED, status,
               fmt::format("opening {}: {}", name, host::status_text(status)));
    return nullptr;
  }
  host::succeed(error, status);
  base::MutexLock lock(runtime->devices_mutex);
  return runtime->devices.emplace_back(std::move(device)).get();
}

void wskrun_device_close(wskrun_device* device) {
  if (device == nullptr) return;
  const std::unique_ptr<wskrun_device> closed = take_out(*device);
}

wskrun_request* wskrun_device_read(wskrun_device* device, void* buffer, size_t size,
                                   int64_t offset) {
  return start(
      *device,
      {.major = IRP_MJ_READ, .output = buffer, .output_bytes = length_of(size), .offset = offset});
}

wskrun_request* wskrun_device_write(wskrun_device* device, const void* buffer, size_t size,
                                    int64_t offset) {
  return start(
      *device,
      {.major = IRP_MJ_WRITE, .input = buffer, .input_bytes = length_of(size), .offset = offset});
}

wskrun_request* wskrun_device_ioctl(wskrun_device* device, uint32_t control_code, const void* input,
                                    size_t input_size, void* output, size_t output_size) {
  return start(*device, {.major = IRP_MJ_DEVICE_CONTROL,
                         .input = input,
                         .input_bytes = length_of(input_size),
                         .output = output,
                         .output_bytes = length_of(output_size),
                         .control_code = control_code});
}

int wskrun_request_wait(wskrun_request* request, unsigned timeout_ms) {
  LARGE_INTEGER timeout = {.QuadPart = -10'000LL * timeout_ms};
  return request->request->wait(timeout_ms == UINT_MAX ? nullptr : &timeout) ? 1 : 0;
}

void wskrun_request_cancel(wskrun_request* request) {
  request->request->cancel();
}

int32_t wskrun_request_end(wskrun_request* request, size_t* information) {
  const std::unique_ptr<wskrun_request> ended(request);
  request->request->wait(nullptr);
  if (information != nullptr) *information = request->request->information();
  return request->request->status();
}
