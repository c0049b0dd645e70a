// Fast and guarded mutexes, push locks, reader-writer spin locks.
#include <gtest/gtest.h>

#include <atomic>

#include "nt/irql.h"
#include "nt/test_threads.h"

namespace wskrun::nt {
namespace {

constexpr unsigned kThreads = 4;
constexpr int kRounds = 5'000;

TEST(ExFastMutex, ExcludesAndRaisesToApcLevel) {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  int value = 0;
  run_threads(kThreads, [&](unsigned) {
    for (int i = 0; i < kRounds; ++i) {
      ExAcquireFastMutex(&mutex);
      ASSERT_EQ(KeGetCurrentIrql(), APC_LEVEL);
      ++value;
      ExReleaseFastMutex(&mutex);
      ASSERT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }
  });
  EXPECT_EQ(value, kRounds * static_cast<int>(kThreads));
}

TEST(ExFastMutex, TryFailsWhileItIsOwned) {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  ASSERT_TRUE(ExTryToAcquireFastMutex(&mutex));
  std::thread([&] { EXPECT_FALSE(ExTryToAcquireFastMutex(&mutex)); }).join();
  ExReleaseFastMutex(&mutex);
}

TEST(ExFastMutex, GuardedFormKeepsTheLevelAndEntersAGuardedRegion) {
  KGUARDED_MUTEX mutex;
  KeInitializeGuardedMutex(&mutex);
  KeAcquireGuardedMutex(&mutex);
  EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
  EXPECT_TRUE(KeAreAllApcsDisabled());
  KeReleaseGuardedMutex(&mutex);
  EXPECT_FALSE(KeAreAllApcsDisabled());
}

TEST(ExFastMutexDeathTest, TakingItTwiceStops) {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  ExAcquireFastMutex(&mutex);
  EXPECT_DEATH(ExAcquireFastMutex(&mutex), "MUTEX_ALREADY_OWNED");
  ExReleaseFastMutex(&mutex);
}

TEST(ExFastMutexDeathTest, OnlyTheOwnerReleases) {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  EXPECT_DEATH(ExReleaseFastMutex(&mutex), "THREAD_NOT_MUTEX_OWNER");
}

// Writers change two numbers together; readers must never see them apart.
struct Pair {
  int first = 0;
  int second = 0;
};

TEST(ExPushLock, WritersExcludeAllReadersOnlyWriters) {
  EX_PUSH_LOCK lock;
  ExInitializePushLock(&lock);
  Pair pair;
  run_threads(kThreads, [&](unsigned thread) {
    for (int i = 0; i < kRounds; ++i) {
      if (thread == 0 || i % 5 == 0) {
        ExAcquirePushLockExclusive(&lock);
        ++pair.first;
        if (i % 100 == 0) sched::yield();
        ++pair.second;
        ExReleasePushLockExclusive(&lock);
      } else {
        ExAcquirePushLockShared(&lock);
        ASSERT_EQ(pair.first, pair.second);
        ExReleasePushLockShared(&lock);
      }
    }
  });
  EXPECT_EQ(pair.first, kRounds + (static_cast<int>(kThreads) - 1) * kRounds / 5);
  EXPECT_EQ(lock, 0u);
}

TEST(ExPushLock, ReadersAreInsideTogether) {
  EX_PUSH_LOCK lock;
  ExInitializePushLock(&lock);
  std::atomic<unsigned> inside{0};
  run_threads(2, [&](unsigned) {
    ExAcquirePushLockShared(&lock);
    ++inside;
    for (unsigned round = 0; inside < 2; ++round) sched::pause(round);
    ExReleasePushLock(&lock);
  });
}

TEST(ExSpinLock, WritersExcludeAllReadersOnlyWriters) {
  EX_SPIN_LOCK lock = ALLOC_EX_SPIN_LOCK;
  Pair pair;
  run_threads(kThreads, [&](unsigned thread) {
    for (int i = 0; i < kRounds; ++i) {
      if (thread == 0) {
        const KIRQL before = ExAcquireSpinLockExclusive(&lock);
        ++pair.first;
        ++pair.second;
        ExReleaseSpinLockExclusive(&lock, before);
      } else {
        const KIRQL before = ExAcquireSpinLockShared(&lock);
        ASSERT_EQ(pair.first, pair.second);
        ExReleaseSpinLockShared(&lock, before);
      }
    }
  });
  EXPECT_EQ(pair.first, kRounds);
  EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

TEST(ExSpinLock, OnlyALoneReaderBecomesAWriter) {
  EX_SPIN_LOCK lock = ALLOC_EX_SPIN_LOCK;
  IrqlScope dispatch(DISPATCH_LEVEL);
  ExAcquireSpinLockSharedAtDpcLevel(&lock);
  EXPECT_TRUE(ExTryAcquireSpinLockSharedAtDpcLevel(&lock));
  EXPECT_FALSE(ExTryConvertSharedSpinLockExclusive(&lock));
  ExReleaseSpinLockSharedFromDpcLevel(&lock);
  EXPECT_TRUE(ExTryConvertSharedSpinLockExclusive(&lock));
  EXPECT_FALSE(ExTryAcquireSpinLockSharedAtDpcLevel(&lock));
  ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
  EXPECT_TRUE(ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock));
  ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
}

TEST(ExSpinLockDeathTest, ReleasingWhatNobodyHoldsStops) {
  EX_SPIN_LOCK lock = ALLOC_EX_SPIN_LOCK;
  EXPECT_DEATH(ExReleaseSpinLockExclusive(&lock, PASSIVE_LEVEL), "SPIN_LOCK_NOT_OWNED");
  EXPECT_DEATH(ExReleaseSpinLockShared(&lock, PASSIVE_LEVEL), "SPIN_LOCK_NOT_OWNED");
}

}  // namespace
}  // namespace wskrun::nt
