// The IRP as Microsoft's page "Using IRPs with Winsock Kernel Functions" has it.
#include "kit/irp_call.h"

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include <wskrun/host.h>

namespace wskrun::tests {

std::ostream& operator<<(std::ostream& out, const Completed& completed) {
  const char* name = wskrun_status_name(completed.status);
  if (name != nullptr) {
    out << name;
  } else {
    out << std::hex << completed.status << std::dec;
  }
  return out << ", " << completed.information;
}

void wait_for_event(KEVENT& event, const char* what) {
  LARGE_INTEGER limit;
  limit.QuadPart = -600'000'000LL;  // A minute.
  const NTSTATUS status = KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &limit);
  if (status != STATUS_SUCCESS) throw std::runtime_error(std::string("does not come: ") + what);
}

IrpCall::IrpCall() : irp_(IoAllocateIrp(1, FALSE)) {
  if (irp_ == nullptr) throw std::bad_alloc();
  KeInitializeEvent(&event_, NotificationEvent, FALSE);
}

IrpCall::~IrpCall() {
  if (used_ && !completed()) {
    std::cerr << "a test ends with an IRP that has not completed\n";
    std::abort();
  }
  IoFreeIrp(irp_);
}

IrpCall& IrpCall::start(const std::function<NTSTATUS(PIRP)>& call) {
  if (used_) {
    wait();
    IoReuseIrp(irp_, STATUS_UNSUCCESSFUL);
    KeClearEvent(&event_);
    completions_ = 0;
  }
  used_ = true;
  IoSetCompletionRoutine(irp_, on_complete, this, TRUE, TRUE, TRUE);
  returned_ = call(irp_);
  return *this;
}

NTSTATUS IrpCall::on_complete(PDEVICE_OBJECT, PIRP irp, PVOID context) {
  auto& call = *static_cast<IrpCall*>(context);
  call.completed_ = {irp->IoStatus.Status, irp->IoStatus.Information};
  call.pending_returned_ = irp->PendingReturned;
  call.irql_ = KeGetCurrentIrql();
  InterlockedIncrement(&call.completions_);
  if (call.action_) call.action_();
  KeSetEvent(&call.event_, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

bool IrpCall::completed() const {
  return KeReadStateEvent(const_cast<PKEVENT>(&event_)) != 0;
}

int IrpCall::completions() const {
  return ReadAcquire(&completions_);
}

Completed IrpCall::wait() {
  wait_for_event(event_, "the completion of an IRP");
  return completed_;
}

}  // namespace wskrun::tests
