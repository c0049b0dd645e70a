#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "nt/executive.h"
#include "nt/irql.h"
#include "nt/ke_dispatcher.h"
#include "nt/ke_dpc.h"
#include "nt/ke_processor.h"
#include "nt/test_threads.h"

namespace wskrun::nt {
namespace {

// A thread that is a processor, as the host wires a loop thread.
class TestProcessor final : public ProcessorWaker {
 public:
  explicit TestProcessor(unsigned index) : thread_([this, index] { loop(index); }) {
    while (!ready_) sched::yield();
  }
  ~TestProcessor() {
    stop_ = true;
    parker_.unpark();
    thread_.join();
  }

  void wake_processor(unsigned) override { parker_.unpark(); }

 private:
  void loop(unsigned index) {
    enter_processor(index, *this);
    EXPECT_EQ(KeGetCurrentIrql(), delivery_level());
    ready_ = true;
    while (!stop_) {
      parker_.park();
      run_dpcs();
    }
    leave_processor();
  }

  sched::Parker parker_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

struct Runs {
  std::atomic<int> count{0};
  std::atomic<unsigned> processor{kNoProcessor};
  std::atomic<bool> at_dispatch{true};

  static void on_dpc(PKDPC, PVOID context, PVOID, PVOID) {
    auto* runs = static_cast<Runs*>(context);
    ++runs->count;
    runs->processor = own_processor();
    if (KeGetCurrentIrql() != DISPATCH_LEVEL) runs->at_dispatch = false;
  }
};

bool has_waiter(KEVENT& event) {
  const DispatcherLock lock;
  return !IsListEmpty(&event.Header.WaitListHead);
}

TEST(KeDpc, OnTheOnlyProcessorAWokenThreadRunsWhenTheLevelDrops) {
  Executive executive({.processor_count = 1});
  const TestProcessor processor(0);
  struct Shared {
    KEVENT event;
    std::atomic<bool> is_awake{false};
    std::atomic<bool> was_awake_in_dpc{false};
  } shared;
  KeInitializeEvent(&shared.event, NotificationEvent, FALSE);
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) {
        auto* seen = static_cast<Shared*>(context);
        KeSetEvent(&seen->event, IO_NO_INCREMENT, FALSE);
        for (int i = 0; i < 100; ++i) sched::yield();
        seen->was_awake_in_dpc = seen->is_awake.load();
      },
      &shared);
  KeSetTargetProcessorDpc(&dpc, 0);
  std::thread waiter([&] {
    KeWaitForSingleObject(&shared.event, ::Executive, KernelMode, FALSE, nullptr);
    shared.is_awake = true;
  });
  while (!has_waiter(shared.event)) sched::yield();
  KeInsertQueueDpc(&dpc, nullptr, nullptr);
  waiter.join();
  EXPECT_FALSE(shared.was_awake_in_dpc);
}

TEST(KeDpc, RunsAtDispatchLevelWithItsArguments) {
  Executive executive;
  static void* seen[3];
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](PKDPC, PVOID context, PVOID argument1, PVOID argument2) {
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        seen[0] = context;
        seen[1] = argument1;
        seen[2] = argument2;
      },
      &executive);
  EXPECT_TRUE(KeInsertQueueDpc(&dpc, &dpc, &seen));
  KeFlushQueuedDpcs();
  EXPECT_EQ(seen[0], &executive);
  EXPECT_EQ(seen[1], &dpc);
  EXPECT_EQ(seen[2], &seen);
}

TEST(KeDpc, RunsOnTheTargetedProcessor) {
  Executive executive({.processor_count = 2});
  TestProcessor zero(0);
  TestProcessor one(1);
  for (unsigned target = 0; target < 2; ++target) {
    Runs runs;
    KDPC dpc;
    KeInitializeDpc(&dpc, Runs::on_dpc, &runs);
    KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(target));
    EXPECT_TRUE(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    KeFlushQueuedDpcs();
    EXPECT_EQ(runs.count, 1);
    EXPECT_EQ(runs.processor, target);
    EXPECT_TRUE(runs.at_dispatch);
  }
}

TEST(KeDpc, IsInTheQueueOnlyOnce) {
  Executive executive({.processor_count = 1});
  TestProcessor processor(0);
  static std::atomic<bool> started;
  static std::atomic<bool> hold;
  started = false;
  hold = true;
  KDPC first;
  KeInitializeDpc(
      &first,
      [](PKDPC, PVOID, PVOID, PVOID) {
        started = true;
        while (hold) sched::yield();
      },
      nullptr);
  Runs runs;
  KDPC second;
  KeInitializeDpc(&second, Runs::on_dpc, &runs);
  KeInsertQueueDpc(&first, nullptr, nullptr);
  while (!started) sched::yield();                          // The processor is busy now.
  EXPECT_TRUE(KeInsertQueueDpc(&first, nullptr, nullptr));  // A running DPC may be queued again.
  EXPECT_TRUE(KeInsertQueueDpc(&second, nullptr, nullptr));
  EXPECT_FALSE(KeInsertQueueDpc(&second, nullptr, nullptr));
  EXPECT_TRUE(KeRemoveQueueDpc(&second));
  EXPECT_FALSE(KeRemoveQueueDpc(&second));
  EXPECT_TRUE(KeInsertQueueDpc(&second, nullptr, nullptr));
  hold = false;
  KeFlushQueuedDpcs();
  EXPECT_EQ(runs.count, 1);
}

TEST(KeDpc, HighImportanceGoesFirst) {
  Executive executive({.processor_count = 1});
  static std::vector<int> order;
  order.clear();
  KDPC dpcs[3];
  for (int i = 0; i < 3; ++i) {
    KeInitializeDpc(
        &dpcs[i],
        [](PKDPC, PVOID number, PVOID, PVOID) {
          order.push_back(static_cast<int>(reinterpret_cast<std::intptr_t>(number)));
        },
        reinterpret_cast<void*>(static_cast<std::intptr_t>(i)));
  }
  KeSetImportanceDpc(&dpcs[2], HighImportance);
  struct NoWaker final : ProcessorWaker {
    void wake_processor(unsigned) override {}
  } waker;
  enter_processor(0, waker);
  for (KDPC& dpc : dpcs) KeInsertQueueDpc(&dpc, nullptr, nullptr);
  run_dpcs();
  leave_processor();
  EXPECT_EQ(order, (std::vector<int>{2, 0, 1}));
}

TEST(KeDpc, WhatALeavingProcessorHasQueuedStillRuns) {
  Executive executive({.processor_count = 1});
  Runs runs;
  KDPC dpc;
  KeInitializeDpc(&dpc, Runs::on_dpc, &runs);
  struct NoWaker final : ProcessorWaker {
    void wake_processor(unsigned) override {}
  } waker;
  enter_processor(0, waker);
  KeInsertQueueDpc(&dpc, nullptr, nullptr);
  leave_processor();
  KeFlushQueuedDpcs();
  EXPECT_EQ(runs.count, 1);
}

TEST(KeDpc, ARequeueingDpcDoesNotHoldTheProcessor) {
  Executive executive({.processor_count = 1});
  struct CountingWaker final : ProcessorWaker {
    void wake_processor(unsigned) override { ++wakes; }
    int wakes = 0;
  } waker;
  static int runs;
  runs = 0;
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](PKDPC self, PVOID, PVOID, PVOID) {
        ++runs;
        KeInsertQueueDpc(self, nullptr, nullptr);
      },
      nullptr);
  enter_processor(0, waker);
  KeInsertQueueDpc(&dpc, nullptr, nullptr);
  run_dpcs();  // Returns, having asked for another turn.
  EXPECT_GT(runs, 0);
  EXPECT_EQ(waker.wakes, 1);
  EXPECT_TRUE(KeRemoveQueueDpc(&dpc));
  leave_processor();
}

TEST(KeProcessor, AThreadCountsAsOneOfTheProcessorItAsksFor) {
  Executive executive({.processor_count = 4});
  EXPECT_EQ(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), 4u);
  EXPECT_EQ(KeQueryActiveProcessors(), 0xFu);
  EXPECT_LT(KeGetCurrentProcessorNumber(), 4u);
  const KAFFINITY before = KeSetSystemAffinityThreadEx(1 << 2);
  EXPECT_EQ(KeGetCurrentProcessorNumber(), 2u);
  KeRevertToUserAffinityThreadEx(before);
  PROCESSOR_NUMBER number;
  EXPECT_EQ(KeGetProcessorNumberFromIndex(4, &number), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(KeGetProcessorNumberFromIndex(3, &number), STATUS_SUCCESS);
  EXPECT_EQ(KeGetProcessorIndexFromNumber(&number), 3u);
}

TEST(KeDpc, InsertionsFromManyThreadsAreEachRunOnce) {
  Executive executive({.processor_count = 2});
  TestProcessor zero(0);
  TestProcessor one(1);
  constexpr unsigned kThreads = 4;
  constexpr int kRounds = 2'000;
  Runs runs[kThreads];
  std::atomic<int> inserted{0};
  KDPC dpcs[kThreads];
  for (unsigned i = 0; i < kThreads; ++i) KeInitializeDpc(&dpcs[i], Runs::on_dpc, &runs[i]);
  run_threads(kThreads, [&](unsigned thread) {
    for (int i = 0; i < kRounds; ++i) {
      KDPC& dpc = dpcs[(thread + i) % kThreads];
      if (KeInsertQueueDpc(&dpc, nullptr, nullptr)) ++inserted;
      if (i % 7 == 0 && KeRemoveQueueDpc(&dpc)) --inserted;
    }
  });
  KeFlushQueuedDpcs();
  int run = 0;
  for (Runs& each : runs) run += each.count;
  EXPECT_EQ(run, inserted.load());
}

}  // namespace
}  // namespace wskrun::nt
