#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "nt/executive.h"
#include "nt/ledger.h"
#include "nt/test_threads.h"

namespace wskrun::nt {
namespace {

struct KeTimer : testing::Test {
  Executive executive;
};

bool in_ledger(const void* object) {
  for (const LedgerEntry& entry : ledger_entries()) {
    if (entry.holding == Holding::kTimer && entry.object == object) return true;
  }
  return false;
}

TEST_F(KeTimer, ExpiresNotBeforeItsTimeAndStaysSignalled) {
  KTIMER timer;
  KeInitializeTimer(&timer);
  const ULONGLONG start = KeQueryInterruptTime();
  EXPECT_FALSE(KeSetTimer(&timer, in_ms(3), nullptr));
  EXPECT_FALSE(KeReadStateTimer(&timer));
  EXPECT_EQ(wait_for(&timer), STATUS_SUCCESS);
  EXPECT_GE(KeQueryInterruptTime() - start, 30'000u);
  EXPECT_EQ(poll(&timer), STATUS_SUCCESS);
}

TEST_F(KeTimer, SynchronizationTimerEndsOneWait) {
  KTIMER timer;
  KeInitializeTimerEx(&timer, SynchronizationTimer);
  KeSetTimer(&timer, in_ms(1), nullptr);
  EXPECT_EQ(wait_for(&timer), STATUS_SUCCESS);
  EXPECT_EQ(poll(&timer), STATUS_TIMEOUT);
}

TEST_F(KeTimer, CancelTellsWhetherItWasSet) {
  KTIMER timer;
  KeInitializeTimer(&timer);
  EXPECT_FALSE(KeCancelTimer(&timer));
  KeSetTimer(&timer, in_ms(60'000), nullptr);
  EXPECT_TRUE(in_ledger(&timer));
  EXPECT_TRUE(KeSetTimer(&timer, in_ms(60'000), nullptr));
  EXPECT_TRUE(KeCancelTimer(&timer));
  EXPECT_FALSE(KeCancelTimer(&timer));
  EXPECT_FALSE(in_ledger(&timer));
  EXPECT_FALSE(KeReadStateTimer(&timer));
}

TEST_F(KeTimer, PastTimesExpireInsideTheCall) {
  KTIMER timer;
  KeInitializeTimer(&timer);
  KeSetTimer(&timer, in_ms(0), nullptr);
  EXPECT_TRUE(KeReadStateTimer(&timer));
  LARGE_INTEGER long_ago;
  long_ago.QuadPart = 1;
  KeSetTimer(&timer, long_ago, nullptr);
  EXPECT_TRUE(KeReadStateTimer(&timer));
  EXPECT_FALSE(KeCancelTimer(&timer));
}

TEST_F(KeTimer, TakesASystemTime) {
  KTIMER timer;
  KeInitializeTimer(&timer);
  LARGE_INTEGER due;
  KeQuerySystemTime(&due);
  due.QuadPart += 20'000;
  KeSetTimer(&timer, due, nullptr);
  EXPECT_EQ(wait_for(&timer), STATUS_SUCCESS);
  LARGE_INTEGER now;
  KeQuerySystemTime(&now);
  EXPECT_GE(now.QuadPart, due.QuadPart);
}

TEST_F(KeTimer, QueuesItsDpcBeforeItCanBeSeenExpired) {
  std::atomic<int> runs{0};
  KDPC dpc;
  KeInitializeDpc(
      &dpc, [](PKDPC, PVOID count, PVOID, PVOID) { ++*static_cast<std::atomic<int>*>(count); },
      &runs);
  KTIMER timer;
  KeInitializeTimer(&timer);
  for (int i = 1; i <= 100; ++i) {
    LARGE_INTEGER due;
    due.QuadPart = -i;
    KeSetTimer(&timer, due, &dpc);
    wait_for(&timer);
    KeFlushQueuedDpcs();
    ASSERT_EQ(runs, i);
  }
}

TEST_F(KeTimer, PeriodicTimerRepeatsUntilCancelled) {
  struct Turns {
    std::atomic<int> count{0};
    KEVENT third;
  } turns;
  KeInitializeEvent(&turns.third, NotificationEvent, FALSE);
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) {
        auto* seen = static_cast<Turns*>(context);
        if (++seen->count == 3) KeSetEvent(&seen->third, 0, FALSE);
      },
      &turns);
  KTIMER timer;
  KeInitializeTimer(&timer);
  KeSetTimerEx(&timer, in_ms(1), 1, &dpc);
  wait_for(&turns.third);
  EXPECT_TRUE(KeCancelTimer(&timer));
  KeFlushQueuedDpcs();
  const int count = turns.count;
  EXPECT_EQ(wait_for(&timer), STATUS_SUCCESS);  // Its signal outlives the cancel.
  EXPECT_EQ(turns.count, count);
}

TEST_F(KeTimer, ExpireInTheOrderOfTheirTimes) {
  constexpr int kTimers = 200;
  static std::vector<int> order;
  order.clear();
  struct Each {
    KTIMER timer;
    KDPC dpc;
  };
  std::vector<Each> all(kTimers);
  KEVENT last;
  KeInitializeEvent(&last, NotificationEvent, FALSE);
  static PKEVENT last_event;
  last_event = &last;
  for (int i = 0; i < kTimers; ++i) {
    KeInitializeTimer(&all[i].timer);
    KeInitializeDpc(
        &all[i].dpc,
        [](PKDPC, PVOID number, PVOID, PVOID) {
          order.push_back(static_cast<int>(reinterpret_cast<std::intptr_t>(number)));
          if (order.size() == kTimers) KeSetEvent(last_event, 0, FALSE);
        },
        reinterpret_cast<void*>(static_cast<std::intptr_t>(i)));
  }
  // False where it took longer than the first one's time: that would show nothing.
  const auto set_all = [&] {
    LARGE_INTEGER first, now;
    KeQuerySystemTimePrecise(&first);
    first.QuadPart += 50 * 10'000;
    for (int i = kTimers - 1; i >= 0; --i) {  // Set backwards: each is the new first.
      LARGE_INTEGER due;
      due.QuadPart = first.QuadPart + i * 10'000;
      KeSetTimer(&all[i].timer, due, &all[i].dpc);
    }
    KeQuerySystemTimePrecise(&now);
    return now.QuadPart < first.QuadPart;
  };
  while (!set_all()) {
    for (Each& each : all) KeCancelTimer(&each.timer);
    KeFlushQueuedDpcs();
    order.clear();
    KeClearEvent(&last);
  }
  wait_for(&last);
  for (int i = 0; i < kTimers; ++i) ASSERT_EQ(order[i], i);
}

TEST_F(KeTimer, SetAndCancelRaceWithExpiry) {
  constexpr int kRounds = 3'000;
  std::atomic<int> runs{0};
  int expected = 0;
  KDPC dpc;
  KeInitializeDpc(
      &dpc, [](PKDPC, PVOID count, PVOID, PVOID) { ++*static_cast<std::atomic<int>*>(count); },
      &runs);
  KTIMER timer;
  KeInitializeTimer(&timer);
  for (int i = 0; i < kRounds; ++i) {
    LARGE_INTEGER due;
    due.QuadPart = -(i % 300);
    KeSetTimer(&timer, due, &dpc);
    for (int spin = 0; spin < i % 100; ++spin) sched::pause(0);
    if (!KeCancelTimer(&timer)) {
      KeFlushQueuedDpcs();
      ++expected;
    }
    ASSERT_EQ(runs, expected);
  }
}

TEST(KeTimerAtStop, TimersStillSetAreForgotten) {
  KTIMER timer;
  KeInitializeTimer(&timer);
  {
    Executive executive;
    KeSetTimer(&timer, in_ms(60'000), nullptr);
  }
  EXPECT_FALSE(in_ledger(&timer));
  EXPECT_FALSE(KeCancelTimer(&timer));
}

}  // namespace
}  // namespace wskrun::nt
