// IrpCall: one WSK call with an IRP of the test's own, its completion routine and what that saw.
#pragma once

#include <wdm.h>

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <thread>

namespace wskrun::tests {

// What a completed IRP says.
struct Completed {
  NTSTATUS status = STATUS_PENDING;
  ULONG_PTR information = 0;

  bool operator==(const Completed&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Completed& completed);
};

class IrpCall {
 public:
  IrpCall();
  ~IrpCall();  // The call must have completed, or never have been made.
  IrpCall(const IrpCall&) = delete;
  IrpCall& operator=(const IrpCall&) = delete;

  // Makes the call. The IRP is reused for a second one, once the first has completed.
  IrpCall& start(const std::function<NTSTATUS(PIRP)>& call);
  // Called in the completion routine, after it has noted what it saw.
  void on_completion(std::function<void()> action) { action_ = std::move(action); }

  NTSTATUS returned() const { return returned_; }
  // The call returned `natural`; or, where the run forces calls to end otherwise, what it may.
  bool returned_as(NTSTATUS natural) const;
  bool completed() const;
  // Waits for the completion; throws when it does not come within a minute.
  Completed wait();
  // How often the completion routine ran for this call.
  int completions() const;
  bool pending_returned() const { return pending_returned_; }
  KIRQL irql() const { return irql_; }
  PIRP irp() { return irp_; }

 private:
  static NTSTATUS on_complete(PDEVICE_OBJECT device, PIRP irp, PVOID context);

  PIRP irp_;
  KEVENT event_;
  volatile LONG completions_ = 0;
  NTSTATUS returned_ = STATUS_SUCCESS;
  Completed completed_;
  std::thread::id called_by_;
  bool completed_in_call_ = false;
  BOOLEAN pending_returned_ = FALSE;
  KIRQL irql_ = PASSIVE_LEVEL;
  bool used_ = false;
  std::function<void()> action_;
};

// How calls of this run end, from the environment variable WSKRUN_TEST_COMPLETION: "natural",
// "inline", "pending", or "random" or "random:7", which have a seed.
struct CompletionMode {
  std::string name;
  std::uint64_t seed = 0;
};
const CompletionMode& completion_mode();
// Calls end as they come, so that a test may expect the one or the other.
bool calls_end_naturally();

// Waits for a KEVENT of the test; throws when a minute passes.
void wait_for_event(KEVENT& event, const char* what);

}  // namespace wskrun::tests
