// ERESOURCE: who gets in beside whom, who goes first, recursion, other owners.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "nt/test_threads.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

// A resource, and the critical region its functions want, for the thread of the test.
class ExResource : public testing::Test {
 protected:
  ExResource() {
    KeEnterCriticalRegion();
    EXPECT_EQ(ExInitializeResourceLite(&resource_), STATUS_SUCCESS);
  }
  ~ExResource() override {
    EXPECT_EQ(ExDeleteResourceLite(&resource_), STATUS_SUCCESS);
    KeLeaveCriticalRegion();
    EXPECT_EQ(probe::mistakes(), mistakes_before_);
  }

  // Runs `body` on another thread, inside a critical region.
  template <typename Body>
  static std::thread on_thread(Body body) {
    return std::thread([body] {
      KeEnterCriticalRegion();
      body();
      KeLeaveCriticalRegion();
    });
  }

  template <typename Body>
  static void elsewhere(Body body) {
    on_thread(body).join();
  }

  void await_writers(ULONG count) {
    for (unsigned round = 0; ExGetExclusiveWaiterCount(&resource_) != count; ++round) {
      sched::pause(round);
    }
  }
  void await_readers(ULONG count) {
    for (unsigned round = 0; ExGetSharedWaiterCount(&resource_) != count; ++round) {
      sched::pause(round);
    }
  }

  // A writer that has begun to wait; join it once the resource is free.
  std::thread waiting_writer() {
    std::thread writer = on_thread([this] {
      EXPECT_TRUE(ExAcquireResourceExclusiveLite(&resource_, TRUE));
      ExReleaseResourceLite(&resource_);
    });
    await_writers(1);
    return writer;
  }

  const std::uint64_t mistakes_before_ = probe::mistakes();
  ERESOURCE resource_;
};

using ExResourceDeathTest = ExResource;

TEST_F(ExResource, AWriterIsAlone) {
  EXPECT_TRUE(ExAcquireResourceExclusiveLite(&resource_, FALSE));
  EXPECT_TRUE(ExIsResourceAcquiredExclusiveLite(&resource_));
  elsewhere([this] {
    EXPECT_FALSE(ExIsResourceAcquiredExclusiveLite(&resource_));
    EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource_), 0u);
    EXPECT_FALSE(ExAcquireResourceExclusiveLite(&resource_, FALSE));
    EXPECT_FALSE(ExAcquireResourceSharedLite(&resource_, FALSE));
    EXPECT_FALSE(ExAcquireSharedStarveExclusive(&resource_, FALSE));
    EXPECT_FALSE(ExAcquireSharedWaitForExclusive(&resource_, FALSE));
  });
  ExReleaseResourceLite(&resource_);
  EXPECT_EQ(ExIsResourceAcquiredLite(&resource_), 0u);
}

TEST_F(ExResource, TheOwnerTakesItAgainTheSameWay) {
  EXPECT_TRUE(ExAcquireResourceExclusiveLite(&resource_, FALSE));
  EXPECT_TRUE(ExAcquireResourceExclusiveLite(&resource_, FALSE));
  EXPECT_TRUE(ExAcquireResourceSharedLite(&resource_, FALSE));
  EXPECT_TRUE(ExAcquireSharedWaitForExclusive(&resource_, FALSE));
  EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource_), 4u);
  EXPECT_TRUE(ExIsResourceAcquiredExclusiveLite(&resource_));
  for (int i = 0; i < 3; ++i) ExReleaseResourceLite(&resource_);
  elsewhere([this] { EXPECT_FALSE(ExAcquireResourceSharedLite(&resource_, FALSE)); });
  ExReleaseResourceLite(&resource_);
  elsewhere([this] {
    EXPECT_TRUE(ExAcquireResourceSharedLite(&resource_, FALSE));
    ExReleaseResourceLite(&resource_);
  });
}

TEST_F(ExResource, AReaderDoesNotBecomeAWriter) {
  EXPECT_TRUE(ExAcquireResourceSharedLite(&resource_, FALSE));
  EXPECT_FALSE(ExAcquireResourceExclusiveLite(&resource_, FALSE));
  ExReleaseResourceLite(&resource_);
}

TEST_F(ExResource, ManyReadersAreInsideTogether) {
  constexpr unsigned kReaders = 20;  // More than the table has room for at first.
  std::atomic<unsigned> inside{0};
  run_threads(kReaders, [&](unsigned) {
    KeEnterCriticalRegion();
    EXPECT_TRUE(ExAcquireResourceSharedLite(&resource_, TRUE));
    EXPECT_TRUE(ExAcquireResourceSharedLite(&resource_, TRUE));
    ++inside;
    for (unsigned round = 0; inside < kReaders; ++round) sched::pause(round);
    EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource_), 2u);
    ExReleaseResourceLite(&resource_);
    ExReleaseResourceLite(&resource_);
    KeLeaveCriticalRegion();
  });
  EXPECT_TRUE(ExAcquireResourceExclusiveLite(&resource_, FALSE));
  ExReleaseResourceLite(&resource_);
}

TEST_F(ExResource, AWaitingWriterGoesBeforeNewReadersOnly) {
  EXPECT_TRUE(ExAcquireResourceSharedLite(&resource_, FALSE));
  std::thread writer = waiting_writer();
  elsewhere([this] {
    EXPECT_FALSE(ExAcquireResourceSharedLite(&resource_, FALSE));
    EXPECT_FALSE(ExAcquireSharedWaitForExclusive(&resource_, FALSE));
    EXPECT_TRUE(ExAcquireSharedStarveExclusive(&resource_, FALSE));
    ExReleaseResourceLite(&resource_);
  });
  EXPECT_TRUE(ExAcquireResourceSharedLite(&resource_, FALSE));  // Has it already.
  ExReleaseResourceLite(&resource_);
  EXPECT_FALSE(ExAcquireSharedWaitForExclusive(&resource_, FALSE));
  ExReleaseResourceLite(&resource_);
  writer.join();
}

TEST_F(ExResource, AReaderThatWaitsForWritersIsReleasedByAnother) {
  EXPECT_TRUE(ExAcquireResourceSharedLite(&resource_, FALSE));
  std::thread writer = waiting_writer();
  const ERESOURCE_THREAD self = ExGetCurrentResourceThread();
  std::thread helper = on_thread([this, self] {
    await_readers(1);
    ExReleaseResourceForThreadLite(&resource_, self);
  });
  EXPECT_TRUE(ExAcquireSharedWaitForExclusive(&resource_, TRUE));
  writer.join();
  helper.join();
  EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource_), 1u);
  ExReleaseResourceLite(&resource_);
}

TEST_F(ExResource, ConvertingLetsTheReadersInButNoWriter) {
  EXPECT_TRUE(ExAcquireResourceExclusiveLite(&resource_, FALSE));
  std::thread reader = on_thread([this] {
    EXPECT_TRUE(ExAcquireResourceSharedLite(&resource_, TRUE));
    ExReleaseResourceLite(&resource_);
  });
  await_readers(1);
  std::thread writer = waiting_writer();
  ExConvertExclusiveToSharedLite(&resource_);
  reader.join();
  EXPECT_FALSE(ExIsResourceAcquiredExclusiveLite(&resource_));
  EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource_), 1u);
  EXPECT_EQ(ExGetExclusiveWaiterCount(&resource_), 1u);
  ExReleaseResourceLite(&resource_);
  writer.join();
}

TEST_F(ExResource, AnOwnerPointerIsReleasedFromAnyThread) {
  alignas(8) static int owner;
  auto* const pointer = reinterpret_cast<PVOID>(reinterpret_cast<ULONG_PTR>(&owner) | 3);
  EXPECT_TRUE(ExAcquireResourceExclusiveLite(&resource_, FALSE));
  ExSetResourceOwnerPointer(&resource_, pointer);
  EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource_), 0u);
  EXPECT_FALSE(ExAcquireResourceSharedLite(&resource_, FALSE));
  elsewhere([this, pointer] {
    ExReleaseResourceForThreadLite(&resource_, reinterpret_cast<ERESOURCE_THREAD>(pointer));
  });
  EXPECT_TRUE(ExAcquireResourceSharedLite(&resource_, FALSE));
  ExReleaseResourceLite(&resource_);
}

TEST_F(ExResource, RegionFormsEnterAndLeaveTheCriticalRegion) {
  std::thread([this] {
    ExEnterCriticalRegionAndAcquireResourceExclusive(&resource_);
    EXPECT_TRUE(KeAreApcsDisabled());
    EXPECT_TRUE(ExIsResourceAcquiredExclusiveLite(&resource_));
    ExReleaseResourceAndLeaveCriticalRegion(&resource_);
    EXPECT_FALSE(KeAreApcsDisabled());
    ExEnterCriticalRegionAndAcquireResourceShared(&resource_);
    EXPECT_FALSE(ExIsResourceAcquiredExclusiveLite(&resource_));
    EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource_), 1u);
    ExReleaseResourceAndLeaveCriticalRegion(&resource_);
  }).join();
}

TEST_F(ExResource, ReinitializingForgetsContention) {
  resource_.ContentionCount = 7;
  EXPECT_EQ(ExReinitializeResourceLite(&resource_), STATUS_SUCCESS);
  EXPECT_EQ(resource_.ContentionCount, 0u);
}

// Writers change two numbers together; readers must never see them apart.
TEST_F(ExResource, HoldsUnderContention) {
  constexpr unsigned kThreads = 4;
  constexpr int kRounds = 3'000;
  int first = 0, second = 0;
  std::atomic<int> writes{0};
  run_threads(kThreads, [&](unsigned thread) {
    KeEnterCriticalRegion();
    for (int i = 0; i < kRounds; ++i) {
      const int way = (i + static_cast<int>(thread)) % 4;
      if (way == 0) {
        ExAcquireResourceExclusiveLite(&resource_, TRUE);
        ++first;
        if (i % 64 == 0) sched::yield();
        ++second;
        ++writes;
        if (i % 3 == 0) ExConvertExclusiveToSharedLite(&resource_);
      } else if (way == 1) {
        ExAcquireSharedStarveExclusive(&resource_, TRUE);
      } else if (way == 2) {
        ExAcquireSharedWaitForExclusive(&resource_, TRUE);
      } else {
        ExAcquireResourceSharedLite(&resource_, TRUE);
        ExAcquireResourceSharedLite(&resource_, TRUE);
        ExReleaseResourceLite(&resource_);
      }
      ASSERT_EQ(first, second);
      ExReleaseResourceLite(&resource_);
    }
    KeLeaveCriticalRegion();
  });
  EXPECT_EQ(first, writes);
  EXPECT_EQ(ExGetExclusiveWaiterCount(&resource_) + ExGetSharedWaiterCount(&resource_), 0u);
}

TEST(ExResourceMistake, TakingItOutsideOfACriticalRegionIsReported) {
  ERESOURCE resource;
  ExInitializeResourceLite(&resource);
  const std::uint64_t before = probe::mistakes();
  EXPECT_TRUE(ExAcquireResourceSharedLite(&resource, TRUE));
  EXPECT_EQ(probe::mistakes(), before + 1);
  EXPECT_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
  EXPECT_EQ(probe::mistakes(), before + 2);  // Still held.
}

TEST_F(ExResourceDeathTest, ReleasingWhatOneDoesNotHoldStops) {
  EXPECT_DEATH(ExReleaseResourceLite(&resource_), "RESOURCE_NOT_OWNED");
  EXPECT_TRUE(ExAcquireResourceSharedLite(&resource_, FALSE));
  EXPECT_DEATH(ExConvertExclusiveToSharedLite(&resource_), "RESOURCE_NOT_OWNED");
  ExReleaseResourceLite(&resource_);
}

}  // namespace
}  // namespace wskrun::nt
