// The IRP as Microsoft's page "Using IRPs with Winsock Kernel Functions" has it.
#include "kit/irp_call.h"

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

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
  called_by_ = std::this_thread::get_id();
  IoSetCompletionRoutine(irp_, on_complete, this, TRUE, TRUE, TRUE);
  const NTSTATUS returned = call(irp_);
  completed_in_call_ = completed();
  returned_ = returned;
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

const CompletionMode& completion_mode() {
  static const CompletionMode mode = [] {
    const char* set = std::getenv("WSKRUN_TEST_COMPLETION");
    const std::string text = set != nullptr ? set : "natural";
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) return CompletionMode{text, 0};
    return CompletionMode{text.substr(0, colon), std::stoull(text.substr(colon + 1))};
  }();
  return mode;
}

bool calls_end_naturally() {
  return completion_mode().name == "natural";
}

bool IrpCall::returned_as(NTSTATUS natural) const {
  if (returned_ == natural) return true;
  const std::string& mode = completion_mode().name;
  const bool may_end_later = mode == "pending" || mode == "random";
  const bool may_end_at_once = mode == "inline" || mode == "random";
  if (returned_ == STATUS_PENDING) return may_end_later;
  return natural == STATUS_PENDING && may_end_at_once;
}

bool IrpCall::completed() const {
  return KeReadStateEvent(const_cast<PKEVENT>(&event_)) != 0;
}

int IrpCall::completions() const {
  return ReadAcquire(&completions_);
}

Completed IrpCall::wait() {
  wait_for_event(event_, "the completion of an IRP");
  // Somewhere else the call may not have returned yet.
  if (called_by_ != std::this_thread::get_id()) return completed_;
  // Whatever the call: what it returned and what its IRP says agree (G-01, G-02).
  EXPECT_EQ(pending_returned_, returned_ == STATUS_PENDING);
  if (returned_ != STATUS_PENDING) {
    EXPECT_EQ(returned_, completed_.status);
    EXPECT_TRUE(completed_in_call_);
  }
  return completed_;
}

}  // namespace wskrun::tests
