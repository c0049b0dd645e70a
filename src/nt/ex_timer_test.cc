// EX_TIMER: expiry, callbacks, and the end of a timer.
#include <gtest/gtest.h>

#include <atomic>

#include "nt/executive.h"
#include "nt/ledger.h"
#include "nt/test_threads.h"

namespace wskrun::nt {
namespace {

constexpr LONGLONG kUnitsPerMs = 10'000;

bool in_ledger(const void* object) {
  for (const LedgerEntry& entry : ledger_entries()) {
    if (entry.object == object) return true;
  }
  return false;
}

struct ExTimer : testing::Test {
  ExTimer() {
    KeInitializeEvent(&called, SynchronizationEvent, FALSE);
    KeInitializeEvent(&deleted, NotificationEvent, FALSE);
    ExInitializeDeleteTimerParameters(&parameters);
    parameters.DeleteCallback = on_delete;
    parameters.DeleteContext = this;
  }

  static VOID on_expiry(PEX_TIMER timer, PVOID context) {
    auto& self = *static_cast<ExTimer*>(context);
    EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    EXPECT_EQ(timer, self.timer);
    ++self.calls;
    if (self.deletes_itself) {
      EXPECT_FALSE(ExDeleteTimer(timer, TRUE, FALSE, &self.parameters));
    }
    KeSetEvent(&self.called, IO_NO_INCREMENT, FALSE);
  }

  static VOID on_delete(PVOID context) {
    auto& self = *static_cast<ExTimer*>(context);
    EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ++self.deletions;
    KeSetEvent(&self.deleted, IO_NO_INCREMENT, FALSE);
  }

  void allocate(ULONG attributes) {
    timer = ExAllocateTimer(on_expiry, this, attributes);
    ASSERT_NE(timer, nullptr);
  }

  Executive executive;
  PEX_TIMER timer = nullptr;
  EXT_DELETE_PARAMETERS parameters;
  KEVENT called;
  KEVENT deleted;
  std::atomic<int> calls{0};
  std::atomic<int> deletions{0};
  bool deletes_itself = false;
};

TEST_F(ExTimer, CallsAndSignalsWhenItExpires) {
  allocate(EX_TIMER_NOTIFICATION);
  EXPECT_TRUE(in_ledger(timer));
  EXPECT_FALSE(ExSetTimer(timer, -kUnitsPerMs, 0, nullptr));
  EXPECT_EQ(wait_for(timer), STATUS_SUCCESS);
  EXPECT_EQ(wait_for(&called), STATUS_SUCCESS);
  EXPECT_EQ(poll(timer), STATUS_SUCCESS);
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(ExDeleteTimer(timer, TRUE, TRUE, &parameters));
  EXPECT_EQ(deletions, 1);
  EXPECT_FALSE(in_ledger(timer));
}

TEST_F(ExTimer, WithoutCallbackItIsWaitedFor) {
  timer = ExAllocateTimer(nullptr, nullptr, 0);
  ExSetTimer(timer, -kUnitsPerMs, 0, nullptr);
  EXPECT_EQ(wait_for(timer), STATUS_SUCCESS);
  EXPECT_EQ(poll(timer), STATUS_TIMEOUT);  // It ended one wait.
  EXPECT_FALSE(ExDeleteTimer(timer, TRUE, TRUE, nullptr));
}

TEST_F(ExTimer, PeriodicExpiresAgainUntilItIsCancelled) {
  allocate(EX_TIMER_HIGH_RESOLUTION);
  ExSetTimer(timer, -1, kUnitsPerMs / 2, nullptr);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wait_for(&called), STATUS_SUCCESS);
  EXPECT_TRUE(ExCancelTimer(timer, nullptr));
  EXPECT_FALSE(ExCancelTimer(timer, nullptr));
  EXPECT_FALSE(ExDeleteTimer(timer, TRUE, TRUE, nullptr));
}

TEST_F(ExTimer, DeletingTellsWhetherItWasSet) {
  allocate(0);
  EXPECT_FALSE(ExSetTimer(timer, -60'000 * kUnitsPerMs, 0, nullptr));
  EXPECT_TRUE(ExSetTimer(timer, -60'000 * kUnitsPerMs, 0, nullptr));
  EXPECT_TRUE(ExDeleteTimer(timer, TRUE, TRUE, &parameters));
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(deletions, 1);
}

TEST_F(ExTimer, MayGoWhenItHasExpired) {
  allocate(0);
  ExSetTimer(timer, -kUnitsPerMs, kUnitsPerMs, nullptr);
  EXPECT_FALSE(ExDeleteTimer(timer, FALSE, FALSE, &parameters));
  EXPECT_EQ(wait_for(&deleted), STATUS_SUCCESS);
  EXPECT_GE(calls, 1);
  KeFlushQueuedDpcs();
}

TEST_F(ExTimer, ACallbackMayDeleteIt) {
  deletes_itself = true;
  allocate(0);
  ExSetTimer(timer, -1, 0, nullptr);
  EXPECT_EQ(wait_for(&deleted), STATUS_SUCCESS);
  EXPECT_EQ(calls, 1);
  KeFlushQueuedDpcs();
}

TEST_F(ExTimer, NoCallbackRunsAfterTheEnd) {
  for (int round = 0; round < 200; ++round) {
    allocate(0);
    ExSetTimer(timer, -1, 0, nullptr);
    if (round % 3 == 0) wait_for(timer);
    ExDeleteTimer(timer, TRUE, TRUE, &parameters);
    EXPECT_EQ(deletions, round + 1);
    timer = nullptr;  // A callback would compare with it.
  }
  KeFlushQueuedDpcs();
}

using ExTimerDeathTest = ExTimer;

TEST_F(ExTimerDeathTest, ContradictionsStop) {
  EXPECT_DEATH(ExAllocateTimer(nullptr, nullptr, EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE),
               "TIMER_OR_DPC_INVALID");
  allocate(EX_TIMER_HIGH_RESOLUTION);
  EXPECT_DEATH(ExSetTimer(timer, 1, 0, nullptr), "TIMER_OR_DPC_INVALID");
  EXPECT_DEATH(ExDeleteTimer(timer, FALSE, TRUE, nullptr), "TIMER_OR_DPC_INVALID");
  ExDeleteTimer(timer, TRUE, TRUE, nullptr);
}

}  // namespace
}  // namespace wskrun::nt
