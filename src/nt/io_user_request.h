// UserRequest: one request of a program to a device, as the I/O manager makes an IRP of it and
// takes it back. io_file.h has the open files that requests are made on.
#pragma once

#include <wdm.h>

#include <atomic>
#include <memory>

#include "nt/io_call.h"
#include "nt/io_irp.h"

namespace wskrun::nt {

class UserRequest final : private IrpOwner {
 public:
  // For the top of the device stack of `file`.
  UserRequest(FILE_OBJECT& file, const IoCall& call);
  ~UserRequest();  // Complete, or never sent.
  UserRequest(const UserRequest&) = delete;
  UserRequest& operator=(const UserRequest&) = delete;

  // Calls the driver. The request is complete when this returns, or will be. `held`, unless
  // nullptr, is released when it is, last of all.
  void send(PEX_RUNDOWN_REF held);
  // Completes the request without the driver; instead of send().
  void refuse(NTSTATUS status);

  // Waits until the request is complete, or so long: NT's relative time. False: it is not.
  bool wait(PLARGE_INTEGER timeout);
  void cancel();  // At any time in the life of the request.

  // Of a complete request.
  NTSTATUS status() const { return status_; }
  ULONG_PTR information() const { return information_; }

 private:
  struct FreeMemory {
    void operator()(void* memory) const;
  };

  NTSTATUS prepare();
  void take_back(IRP& irp) override;
  void note_pending(unsigned facts);
  void signal();

  FILE_OBJECT& file_;
  const PDEVICE_OBJECT device_;  // With a reference.
  const IoCall call_;
  std::unique_ptr<void, FreeMemory> irp_memory_;
  CallBuffers buffers_;
  const PIRP irp_;
  IO_STATUS_BLOCK status_block_{};
  PEX_RUNDOWN_REF held_ = nullptr;
  std::atomic<unsigned> facts_{0};
  KEVENT complete_;
  NTSTATUS status_ = STATUS_PENDING;
  ULONG_PTR information_ = 0;
};

}  // namespace wskrun::nt
