#include <gtest/gtest.h>

#include <array>
#include <atomic>

#include "nt/irql.h"
#include "nt/ke_processor.h"
#include "nt/test_threads.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

struct Events {
  explicit Events(EVENT_TYPE type) {
    for (unsigned i = 0; i < 3; ++i) {
      KeInitializeEvent(&event[i], type, FALSE);
      object[i] = &event[i];
    }
  }
  NTSTATUS wait(WAIT_TYPE type, PLARGE_INTEGER timeout) {
    return KeWaitForMultipleObjects(3, object, type, Executive, KernelMode, FALSE, timeout,
                                    nullptr);
  }
  void set(unsigned i) { KeSetEvent(&event[i], IO_NO_INCREMENT, FALSE); }

  KEVENT event[3];
  PVOID object[3];
};

TEST(KeWait, WaitAnyTellsTheFirstSignalledObjectAndConsumesOnlyIt) {
  Events events(SynchronizationEvent);
  events.set(1);
  events.set(2);
  EXPECT_EQ(events.wait(WaitAny, nullptr), STATUS_WAIT_1);
  EXPECT_EQ(events.wait(WaitAny, nullptr), STATUS_WAIT_2);
  LARGE_INTEGER now = in_ms(0);
  EXPECT_EQ(events.wait(WaitAny, &now), STATUS_TIMEOUT);
}

TEST(KeWait, WaitAllConsumesNothingUntilItCanConsumeAll) {
  Events events(SynchronizationEvent);
  LARGE_INTEGER now = in_ms(0);
  events.set(0);
  events.set(2);
  EXPECT_EQ(events.wait(WaitAll, &now), STATUS_TIMEOUT);
  EXPECT_EQ(KeReadStateEvent(&events.event[0]), 1);
  events.set(1);
  EXPECT_EQ(events.wait(WaitAll, &now), STATUS_WAIT_0);
  for (KEVENT& event : events.event) EXPECT_EQ(KeReadStateEvent(&event), 0);
}

TEST(KeWait, WaitAllDoesNotHoldBackAnObjectFromOthers) {
  Events events(SynchronizationEvent);
  std::thread all([&] { EXPECT_EQ(events.wait(WaitAll, nullptr), STATUS_WAIT_0); });
  await_waiters(events.event[0].Header, 1);
  std::thread one([&] { EXPECT_EQ(wait_for(&events.event[0]), STATUS_SUCCESS); });
  await_waiters(events.event[0].Header, 2);
  events.set(0);  // The first in line cannot use it yet.
  one.join();
  events.set(0);
  events.set(1);
  events.set(2);
  all.join();
}

TEST(KeWait, TimesOutAndLeavesTheObject) {
  Events events(NotificationEvent);
  LARGE_INTEGER soon = in_ms(5);
  const ULONGLONG start = KeQueryInterruptTime();
  EXPECT_EQ(events.wait(WaitAny, &soon), STATUS_TIMEOUT);
  EXPECT_GE(KeQueryInterruptTime() - start, 50'000u);
  await_waiters(events.event[0].Header, 0);
}

TEST(KeWait, PositiveTimeoutIsASystemTime) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  LARGE_INTEGER due;
  KeQuerySystemTime(&due);
  due.QuadPart += 50'000;
  EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &due), STATUS_TIMEOUT);
  LARGE_INTEGER now;
  KeQuerySystemTime(&now);
  EXPECT_GE(now.QuadPart, due.QuadPart);
  due.QuadPart = 1;  // Long past.
  EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &due), STATUS_TIMEOUT);
}

TEST(KeWait, HugeRelativeTimeoutsNeverCome) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  std::thread setter([&] {
    await_waiters(event.Header, 1);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
  });
  LARGE_INTEGER never;
  never.QuadPart = INT64_MIN;
  EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &never), STATUS_SUCCESS);
  setter.join();
}

// Signals and timeouts meet; each signal must end exactly one wait, and no permit may be left over
// to end a later one.
TEST(KeWait, TimeoutsRacingWithSignalsLoseNoSignal) {
  constexpr int kSignals = 3'000;
  KSEMAPHORE semaphore;
  KeInitializeSemaphore(&semaphore, 0, MAXLONG);
  std::atomic<int> taken{0};
  std::thread signaller([&] {
    for (int i = 0; i < kSignals; ++i) {
      KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE);
      for (int spin = 0; spin < i % 50; ++spin) sched::pause(0);
    }
  });
  run_threads(3, [&](unsigned) {
    LARGE_INTEGER timeout;
    timeout.QuadPart = -100;  // 10 us.
    while (taken.load() < kSignals) {
      const NTSTATUS status =
          KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, &timeout);
      if (status == STATUS_SUCCESS) ++taken;
    }
  });
  signaller.join();
  EXPECT_EQ(taken.load(), kSignals);
  EXPECT_EQ(KeReadStateSemaphore(&semaphore), 0);
}

TEST(KeWait, ManyObjectsNeedAndUseTheCallersWaitBlocks) {
  std::array<KEVENT, MAXIMUM_WAIT_OBJECTS> events;
  std::array<PVOID, MAXIMUM_WAIT_OBJECTS> objects;
  std::array<KWAIT_BLOCK, MAXIMUM_WAIT_OBJECTS> blocks;
  for (unsigned i = 0; i < events.size(); ++i) {
    KeInitializeEvent(&events[i], SynchronizationEvent, FALSE);
    objects[i] = &events[i];
  }
  std::thread setter([&] {
    await_waiters(events.back().Header, 1);
    KeSetEvent(&events.back(), IO_NO_INCREMENT, FALSE);
  });
  EXPECT_EQ(KeWaitForMultipleObjects(objects.size(), objects.data(), WaitAny, Executive, KernelMode,
                                     FALSE, nullptr, blocks.data()),
            STATUS_WAIT_63);
  setter.join();
}

TEST(KeWait, DelayLastsAtLeastAsLongAsAsked) {
  LARGE_INTEGER interval = in_ms(3);
  const ULONGLONG start = KeQueryInterruptTime();
  EXPECT_EQ(KeDelayExecutionThread(KernelMode, FALSE, &interval), STATUS_SUCCESS);
  EXPECT_GE(KeQueryInterruptTime() - start, 30'000u);
}

TEST(KeWait, PollAtDispatchLevelIsAllowed) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  IrqlScope dispatch(DISPATCH_LEVEL);
  EXPECT_EQ(poll(&event), STATUS_TIMEOUT);
}

TEST(KeWait, WaitOnAProcessorThreadIsReported) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  LARGE_INTEGER soon = in_ms(1);
  const auto mistakes = probe::mistakes();
  set_own_processor(0);
  EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &soon), STATUS_TIMEOUT);
  set_own_processor(kNoProcessor);
  EXPECT_EQ(probe::mistakes(), mistakes + 1);
}

TEST(KeWaitDeathTest, BlockingAtDispatchLevelStopsWithTheReason) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  EXPECT_DEATH(
      {
        set_irql(DISPATCH_LEVEL);
        wait_for(&event);
      },
      "IRQL_NOT_LESS_OR_EQUAL.*\n.*has to wait at IRQL 2");
}

TEST(KeWaitDeathTest, MoreThanThreeObjectsWithoutBlocksStop) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  PVOID objects[4] = {&event, &event, &event, &event};
  EXPECT_DEATH(
      KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, nullptr, nullptr),
      "MAXIMUM_WAIT_OBJECTS_EXCEEDED");
}

}  // namespace
}  // namespace wskrun::nt
