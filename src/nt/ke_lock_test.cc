// Mutexes, semaphores and spin locks: exclusion, order of memory, and what misuse comes to.
#include <gtest/gtest.h>

#include "nt/irql.h"
#include "nt/test_threads.h"

namespace wskrun::nt {
namespace {

constexpr int kRounds = 10'000;
constexpr unsigned kThreads = 4;

TEST(KeMutex, ExcludesAndMayBeTakenAgainByItsOwner) {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  int value = 0;
  run_threads(kThreads, [&](unsigned) {
    for (int i = 0; i < kRounds; ++i) {
      wait_for(&mutex);
      wait_for(&mutex);
      ++value;
      EXPECT_NE(KeReleaseMutex(&mutex, FALSE), 0);
      EXPECT_EQ(KeReleaseMutex(&mutex, FALSE), 0);
    }
  });
  EXPECT_EQ(value, kRounds * static_cast<int>(kThreads));
  EXPECT_EQ(KeReadStateMutex(&mutex), 1);
}

TEST(KeMutex, OwnerRunsInACriticalRegion) {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  EXPECT_FALSE(KeAreApcsDisabled());
  wait_for(&mutex);
  EXPECT_TRUE(KeAreApcsDisabled());
  EXPECT_FALSE(KeAreAllApcsDisabled());
  KeReleaseMutex(&mutex, FALSE);
  EXPECT_FALSE(KeAreApcsDisabled());
}

TEST(KeMutex, AnotherThreadHasToWait) {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  wait_for(&mutex);
  std::thread([&] { EXPECT_EQ(poll(&mutex), STATUS_TIMEOUT); }).join();
  KeReleaseMutex(&mutex, FALSE);
}

TEST(KeMutexDeathTest, OnlyTheOwnerReleases) {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  EXPECT_DEATH(KeReleaseMutex(&mutex, FALSE), "THREAD_NOT_MUTEX_OWNER");
}

TEST(KeMutexDeathTest, AThreadDoesNotEndOwningOne) {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  EXPECT_DEATH(std::thread([&] { wait_for(&mutex); }).join(), "THREAD_TERMINATE_HELD_MUTEX");
}

TEST(KeSemaphore, LetsThroughAsManyAsItCounts) {
  KSEMAPHORE semaphore;
  KeInitializeSemaphore(&semaphore, 2, 3);
  EXPECT_EQ(poll(&semaphore), STATUS_SUCCESS);
  EXPECT_EQ(poll(&semaphore), STATUS_SUCCESS);
  EXPECT_EQ(poll(&semaphore), STATUS_TIMEOUT);
  EXPECT_EQ(KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 3, FALSE), 0);
  EXPECT_EQ(KeReadStateSemaphore(&semaphore), 3);
}

TEST(KeSemaphore, ReleaseOfManyWakesThatMany) {
  KSEMAPHORE semaphore;
  KeInitializeSemaphore(&semaphore, 0, 10);
  std::thread releaser([&] {
    await_waiters(semaphore.Header, 3);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 2, FALSE);
    await_waiters(semaphore.Header, 1);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE);
  });
  run_threads(3, [&](unsigned) { EXPECT_EQ(wait_for(&semaphore), STATUS_SUCCESS); });
  releaser.join();
  EXPECT_EQ(KeReadStateSemaphore(&semaphore), 0);
}

TEST(KeSemaphoreDeathTest, BeyondItsLimitItStops) {
  KSEMAPHORE semaphore;
  KeInitializeSemaphore(&semaphore, 1, 1);
  EXPECT_DEATH(KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE), "exceed the limit of 1");
}

TEST(KeSpinLock, ExcludesAndRaisesTheLevel) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  int value = 0;
  run_threads(kThreads, [&](unsigned thread) {
    for (int i = 0; i < kRounds; ++i) {
      if (thread % 2 == 0) {
        KIRQL before;
        KeAcquireSpinLock(&lock, &before);
        ASSERT_EQ(before, PASSIVE_LEVEL);
        ASSERT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        ++value;
        KeReleaseSpinLock(&lock, before);
      } else {
        KLOCK_QUEUE_HANDLE handle;
        KeAcquireInStackQueuedSpinLock(&lock, &handle);
        ++value;
        KeReleaseInStackQueuedSpinLock(&handle);
      }
      ASSERT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }
  });
  EXPECT_EQ(value, kRounds * static_cast<int>(kThreads));
}

TEST(KeSpinLock, TryFailsWhileItIsHeld) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  IrqlScope dispatch(DISPATCH_LEVEL);
  EXPECT_TRUE(KeTryToAcquireSpinLockAtDpcLevel(&lock));
  EXPECT_FALSE(KeTestSpinLock(&lock));
  std::thread([&] {
    IrqlScope also(DISPATCH_LEVEL);
    EXPECT_FALSE(KeTryToAcquireSpinLockAtDpcLevel(&lock));
  }).join();
  KeReleaseSpinLockFromDpcLevel(&lock);
  EXPECT_TRUE(KeTestSpinLock(&lock));
}

TEST(KeSpinLockDeathTest, TakingItTwiceStops) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  KIRQL before;
  KeAcquireSpinLock(&lock, &before);
  KIRQL again;
  EXPECT_DEATH(KeAcquireSpinLock(&lock, &again), "SPIN_LOCK_ALREADY_OWNED");
  KeReleaseSpinLock(&lock, before);
}

TEST(KeSpinLockDeathTest, ReleasingWhatOneDoesNotHoldStops) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  EXPECT_DEATH(KeReleaseSpinLock(&lock, PASSIVE_LEVEL), "SPIN_LOCK_NOT_OWNED");
}

TEST(KeIrqlDeathTest, RaisingToALowerAndLoweringToAHigherLevelStop) {
  EXPECT_DEATH(KeLowerIrql(DISPATCH_LEVEL), "IRQL_NOT_LESS_OR_EQUAL");
  IrqlScope dispatch(DISPATCH_LEVEL);
  EXPECT_DEATH(KfRaiseIrql(APC_LEVEL), "IRQL_NOT_GREATER_OR_EQUAL");
}

}  // namespace
}  // namespace wskrun::nt
