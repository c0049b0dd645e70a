// IoCall: a request before it is an IRP, and what the I/O manager makes of it: the stack location,
// and the buffers in the way that the device or the control code says. io_user_request.h has
// programs' requests, io_build.cc those that drivers have made for them.
#pragma once

#include <wdm.h>

#include <cstdint>
#include <memory>

namespace wskrun::nt {

// What is asked for. The buffers stay as they are until the request is complete.
struct IoCall {
  UCHAR major = IRP_MJ_READ;
  const void* input = nullptr;  // IRP_MJ_WRITE, IRP_MJ_(INTERNAL_)DEVICE_CONTROL
  ULONG input_bytes = 0;
  void* output = nullptr;  // IRP_MJ_READ, IRP_MJ_(INTERNAL_)DEVICE_CONTROL
  ULONG output_bytes = 0;
  ULONG control_code = 0;                   // IRP_MJ_(INTERNAL_)DEVICE_CONTROL
  std::int64_t offset = 0;                  // IRP_MJ_READ, IRP_MJ_WRITE
  PIO_SECURITY_CONTEXT security = nullptr;  // IRP_MJ_CREATE
  KPROCESSOR_MODE mode = UserMode;          // Who asks.
};

// The request's next stack location, but for its file.
void fill_next_location(IRP& irp, const IoCall& call);

// CallBuffers: the buffers of one IRP, from before it is sent until it is complete.
class CallBuffers {
 public:
  explicit CallBuffers(const IoCall& call) : call_(call) {}
  CallBuffers(const CallBuffers&) = delete;
  CallBuffers& operator=(const CallBuffers&) = delete;

  // For an IRP that goes to `device`. STATUS_ACCESS_VIOLATION: they are not there.
  // STATUS_INSUFFICIENT_RESOURCES. After either release() is still to be called.
  NTSTATUS pass(IRP& irp, const DEVICE_OBJECT& device);
  // Of a complete IRP: the caller gets the output, unless the status is an error.
  void copy_out(IRP& irp);
  // Takes the MDLs off the IRP.
  void release(IRP& irp);

 private:
  struct FreeMemory {
    void operator()(void* memory) const;
  };

  NTSTATUS pass_buffered(IRP& irp);
  NTSTATUS pass_direct(IRP& irp);
  NTSTATUS pass_input_buffered(IRP& irp);

  const IoCall call_;
  std::unique_ptr<void, FreeMemory> system_buffer_;
};

}  // namespace wskrun::nt
