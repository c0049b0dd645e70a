#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "nt/irql.h"
#include "nt/test_threads.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

TEST(KeEvent, NotificationEventStaysSignalled) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  EXPECT_EQ(poll(&event), STATUS_TIMEOUT);
  EXPECT_EQ(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 0);
  EXPECT_EQ(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 1);
  EXPECT_EQ(poll(&event), STATUS_SUCCESS);
  EXPECT_EQ(poll(&event), STATUS_SUCCESS);
  EXPECT_EQ(KeResetEvent(&event), 1);
  EXPECT_EQ(KeReadStateEvent(&event), 0);
}

TEST(KeEvent, SynchronizationEventReleasesOneWaitPerSet) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, TRUE);
  EXPECT_EQ(poll(&event), STATUS_SUCCESS);
  EXPECT_EQ(poll(&event), STATUS_TIMEOUT);
}

TEST(KeEvent, SetOfASynchronizationEventWakesExactlyOneOfManyWaiters) {
  constexpr unsigned kWaiters = 4;
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  std::atomic<unsigned> woken{0};
  std::thread setter([&] {
    for (unsigned left = kWaiters; left > 0; --left) {
      await_waiters(event.Header, left);
      EXPECT_EQ(woken.load(), kWaiters - left);
      EXPECT_EQ(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 0);
      EXPECT_EQ(KeReadStateEvent(&event), 0);
      while (woken.load() != kWaiters - left + 1) sched::yield();
    }
  });
  run_threads(kWaiters, [&](unsigned) {
    EXPECT_EQ(wait_for(&event), STATUS_SUCCESS);
    ++woken;
  });
  setter.join();
}

TEST(KeEvent, SetOfANotificationEventWakesAllWaiters) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  std::thread setter([&] {
    await_waiters(event.Header, 4);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
  });
  run_threads(4, [&](unsigned) { EXPECT_EQ(wait_for(&event), STATUS_SUCCESS); });
  setter.join();
}

// The classic completion routine: the waiter's frame holds the event and goes at once.
TEST(KeEvent, MayVanishTheMomentItsWaiterWakes) {
  constexpr int kRounds = 20'000;
  std::atomic<KEVENT*> handed_over{nullptr};
  std::thread setter([&] {
    for (int i = 0; i < kRounds; ++i) {
      KEVENT* event;
      while ((event = handed_over.exchange(nullptr)) == nullptr) sched::yield();
      KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    auto event = std::make_unique<KEVENT>();
    KeInitializeEvent(event.get(), i % 2 == 0 ? NotificationEvent : SynchronizationEvent, FALSE);
    handed_over = event.get();
    ASSERT_EQ(wait_for(event.get()), STATUS_SUCCESS);
    event.reset();
  }
  setter.join();
}

// What one thread wrote before KeSetEvent, the other reads after its wait: TSan watches.
TEST(KeEvent, OrdersMemoryBetweenSetterAndWaiter) {
  constexpr int kRounds = 20'000;
  KEVENT ping;
  KEVENT pong;
  KeInitializeEvent(&ping, SynchronizationEvent, FALSE);
  KeInitializeEvent(&pong, SynchronizationEvent, FALSE);
  int value = 0;
  std::thread other([&] {
    for (int i = 0; i < kRounds; ++i) {
      wait_for(&ping);
      ++value;
      KeSetEvent(&pong, IO_NO_INCREMENT, FALSE);
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    ++value;
    KeSetEvent(&ping, IO_NO_INCREMENT, FALSE);
    wait_for(&pong);
  }
  other.join();
  EXPECT_EQ(value, 2 * kRounds);
}

TEST(KeEvent, SetAboveDispatchLevelIsReportedAndDone) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  const auto mistakes = probe::mistakes();
  {
    IrqlScope high(HIGH_LEVEL);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
  }
  EXPECT_EQ(probe::mistakes(), mistakes + 1);
  EXPECT_EQ(KeReadStateEvent(&event), 1);
}

TEST(KeEventDeathTest, UseWithoutInitialisationIsNamed) {
  KEVENT event = {};
  EXPECT_DEATH(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), "never initialised");
}

}  // namespace
}  // namespace wskrun::nt
