// Buffered, direct and neither; and the parameters of each major function.
#include "nt/io_call.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "nt/mm_probe.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

enum class Passing { kBuffered, kDirect, kNeither };

constexpr ULONG kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

bool is_control(const IoCall& call) {
  return call.major == IRP_MJ_DEVICE_CONTROL || call.major == IRP_MJ_INTERNAL_DEVICE_CONTROL;
}

Passing passing_of_code(ULONG control_code) {
  switch (METHOD_FROM_CTL_CODE(control_code)) {
    case METHOD_NEITHER:
      return Passing::kNeither;
    case METHOD_BUFFERED:
      return Passing::kBuffered;
    default:
      return Passing::kDirect;
  }
}

Passing passing_of(const IoCall& call, const DEVICE_OBJECT& device) {
  if (is_control(call)) return passing_of_code(call.control_code);
  if ((device.Flags & DO_BUFFERED_IO) != 0) return Passing::kBuffered;
  return (device.Flags & DO_DIRECT_IO) != 0 ? Passing::kDirect : Passing::kNeither;
}

bool are_there(const IoCall& call) {
  return (call.input_bytes == 0 || memory_is_there(call.input, call.input_bytes, Access::kRead)) &&
         (call.output_bytes == 0 ||
          memory_is_there(call.output, call.output_bytes, Access::kWrite));
}

void pass_addresses(IRP& irp, const IoCall& call) {
  const bool has_output = call.output != nullptr || is_control(call);
  irp.UserBuffer = has_output ? call.output : const_cast<void*>(call.input);
}

NTSTATUS lock_pages(IRP& irp, void* buffer, ULONG size_bytes, const IoCall& call,
                    LOCK_OPERATION operation) {
  if (size_bytes == 0) return STATUS_SUCCESS;
  PMDL mdl = IoAllocateMdl(buffer, size_bytes, FALSE, FALSE, &irp);
  if (mdl == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  MmProbeAndLockPages(mdl, call.mode, operation);
  return STATUS_SUCCESS;
}

void fill_control(IO_STACK_LOCATION& location, const IoCall& call) {
  auto& control = location.Parameters.DeviceIoControl;
  control.IoControlCode = call.control_code;
  control.InputBufferLength = call.input_bytes;
  control.OutputBufferLength = call.output_bytes;
  if (passing_of_code(call.control_code) == Passing::kNeither) {
    control.Type3InputBuffer = const_cast<void*>(call.input);
  }
}

}  // namespace

void fill_next_location(IRP& irp, const IoCall& call) {
  IO_STACK_LOCATION& location = *IoGetNextIrpStackLocation(&irp);
  location.MajorFunction = call.major;
  auto& parameters = location.Parameters;
  switch (call.major) {
    case IRP_MJ_CREATE:
      parameters.Create.SecurityContext = call.security;
      parameters.Create.Options = call.security->FullCreateOptions;
      parameters.Create.ShareAccess = kShareAll;
      break;
    case IRP_MJ_READ:
      parameters.Read.Length = call.output_bytes;
      parameters.Read.ByteOffset.QuadPart = call.offset;
      break;
    case IRP_MJ_WRITE:
      parameters.Write.Length = call.input_bytes;
      parameters.Write.ByteOffset.QuadPart = call.offset;
      break;
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
      fill_control(location, call);
      break;
    default:
      break;
  }
}

void CallBuffers::FreeMemory::operator()(void* memory) const {
  std::free(memory);
}

NTSTATUS CallBuffers::pass(IRP& irp, const DEVICE_OBJECT& device) {
  const Passing passing = passing_of(call_, device);
  if (passing == Passing::kNeither) {
    pass_addresses(irp, call_);
    return STATUS_SUCCESS;
  }
  if (!are_there(call_)) return STATUS_ACCESS_VIOLATION;
  return passing == Passing::kBuffered ? pass_buffered(irp) : pass_direct(irp);
}

// One buffer for both directions: the driver reads the input before it writes the output.
NTSTATUS CallBuffers::pass_buffered(IRP& irp) {
  irp.UserBuffer = call_.output;
  const std::size_t size_bytes = std::max(call_.input_bytes, call_.output_bytes);
  if (size_bytes == 0) return STATUS_SUCCESS;
  system_buffer_.reset(std::malloc(size_bytes));
  if (system_buffer_ == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  if (call_.input_bytes != 0) std::memcpy(system_buffer_.get(), call_.input, call_.input_bytes);
  irp.AssociatedIrp.SystemBuffer = system_buffer_.get();
  irp.Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
  if (call_.output_bytes != 0) irp.Flags |= IRP_INPUT_OPERATION;
  return STATUS_SUCCESS;
}

NTSTATUS CallBuffers::pass_direct(IRP& irp) {
  if (call_.major == IRP_MJ_WRITE) {
    return lock_pages(irp, const_cast<void*>(call_.input), call_.input_bytes, call_, IoReadAccess);
  }
  LOCK_OPERATION operation = IoWriteAccess;
  if (is_control(call_)) {
    const NTSTATUS status = pass_input_buffered(irp);
    if (!NT_SUCCESS(status)) return status;
    if (METHOD_FROM_CTL_CODE(call_.control_code) == METHOD_IN_DIRECT) operation = IoReadAccess;
  }
  return lock_pages(irp, call_.output, call_.output_bytes, call_, operation);
}

NTSTATUS CallBuffers::pass_input_buffered(IRP& irp) {
  if (call_.input_bytes == 0) return STATUS_SUCCESS;
  system_buffer_.reset(std::malloc(call_.input_bytes));
  if (system_buffer_ == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  std::memcpy(system_buffer_.get(), call_.input, call_.input_bytes);
  irp.AssociatedIrp.SystemBuffer = system_buffer_.get();
  irp.Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
  return STATUS_SUCCESS;
}

// An error leaves the caller's buffer as it was; a warning does not.
void CallBuffers::copy_out(IRP& irp) {
  if ((irp.Flags & IRP_INPUT_OPERATION) == 0 || NT_ERROR(irp.IoStatus.Status)) return;
  ULONG_PTR size_bytes = irp.IoStatus.Information;
  if (size_bytes > call_.output_bytes) {
    probe::mistake(&irp,
                   "IRP %p was completed with IoStatus.Information %zu, but the buffer has %u "
                   "bytes: Windows would copy what lies behind it to the caller",
                   static_cast<void*>(&irp), static_cast<std::size_t>(size_bytes),
                   call_.output_bytes);
    size_bytes = call_.output_bytes;
  }
  std::memcpy(call_.output, system_buffer_.get(), size_bytes);
}

void CallBuffers::release(IRP& irp) {
  while (PMDL mdl = irp.MdlAddress) {
    irp.MdlAddress = mdl->Next;
    if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0) MmUnlockPages(mdl);
    IoFreeMdl(mdl);
  }
}

}  // namespace wskrun::nt
