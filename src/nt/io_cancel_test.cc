// Cancelling IRPs: the routine, the lock it is called under, and the race with completion.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "kit/covers.h"
#include "nt/io_irp.h"
#include "nt/irql.h"

namespace wskrun::nt {
namespace {

using tests::covers;

NTSTATUS count_completion(PDEVICE_OBJECT, PIRP, PVOID context) {
  ++*static_cast<std::atomic<int>*>(context);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

PIRP make_irp(std::atomic<int>& completions) {
  PIRP irp = IoAllocateIrp(1, FALSE);
  IoSetCompletionRoutine(irp, count_completion, &completions, TRUE, TRUE, TRUE);
  take_irp(*irp, "WskTest");
  IoMarkIrpPending(irp);
  return irp;
}

void complete(PIRP irp, NTSTATUS status) {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = 0;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
}

KIRQL irql_in_routine = PASSIVE_LEVEL;

void on_cancel(PDEVICE_OBJECT, PIRP irp) {
  irql_in_routine = current_irql();
  IoReleaseCancelSpinLock(irp->CancelIrql);
  complete(irp, STATUS_CANCELLED);
}

TEST(Cancel, CallsTheRoutineAtDispatchLevelAndComesBackAtTheCallers) {
  covers("I-022");
  std::atomic<int> completions{0};
  PIRP irp = make_irp(completions);
  IoSetCancelRoutine(irp, on_cancel);

  EXPECT_TRUE(IoCancelIrp(irp));

  EXPECT_EQ(irql_in_routine, DISPATCH_LEVEL);
  EXPECT_EQ(current_irql(), PASSIVE_LEVEL);
  EXPECT_TRUE(irp->Cancel);
  EXPECT_EQ(irp->IoStatus.Status, STATUS_CANCELLED);
  EXPECT_EQ(completions, 1);
  IoFreeIrp(irp);
}

TEST(Cancel, WithoutARoutineOnlyMarksTheIrp) {
  std::atomic<int> completions{0};
  PIRP irp = make_irp(completions);

  EXPECT_FALSE(IoCancelIrp(irp));

  EXPECT_TRUE(irp_cancelled(*irp));
  EXPECT_EQ(current_irql(), PASSIVE_LEVEL);
  EXPECT_EQ(completions, 0);
  complete(irp, STATUS_CANCELLED);
  IoFreeIrp(irp);
}

TEST(Cancel, CallsTheRoutineOnce) {
  std::atomic<int> completions{0};
  PIRP irp = make_irp(completions);
  IoSetCancelRoutine(irp, on_cancel);
  EXPECT_TRUE(IoCancelIrp(irp));
  EXPECT_FALSE(IoCancelIrp(irp));
  EXPECT_EQ(completions, 1);
  IoFreeIrp(irp);
}

// A provider makes an IRP cancellable and later takes the routine off to complete it, while
// another thread cancels. Whoever gets the routine completes, so it happens exactly once.
TEST(Cancel, RacesWithCompletionAndOneWins) {
  covers("I-002", "I-022");
  constexpr int kRounds = 2000;
  for (int round = 0; round < kRounds; ++round) {
    std::atomic<int> completions{0};
    PIRP irp = make_irp(completions);
    std::thread canceller([irp] { IoCancelIrp(irp); });

    IoSetCancelRoutine(irp, on_cancel);
    const bool came_late = !irp_cancelled(*irp);
    if (came_late) std::this_thread::yield();
    if (IoSetCancelRoutine(irp, nullptr) != nullptr) {
      complete(irp, came_late ? STATUS_SUCCESS : STATUS_CANCELLED);
    }

    canceller.join();
    ASSERT_EQ(completions, 1);
    IoFreeIrp(irp);
  }
}

}  // namespace
}  // namespace wskrun::nt
