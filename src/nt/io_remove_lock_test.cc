// Remove locks: they let in until the device goes, and the wait ends with the last holder.
#include <wdm.h>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

TEST(RemoveLock, LetsNobodyInAfterTheWait) {
  IO_REMOVE_LOCK lock;
  IoInitializeRemoveLock(&lock, 'kcoL', 0, 0);
  EXPECT_EQ(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
  EXPECT_EQ(IoAcquireRemoveLock(&lock, nullptr), STATUS_SUCCESS);
  IoReleaseRemoveLock(&lock, nullptr);

  IoReleaseRemoveLockAndWait(&lock, &lock);

  EXPECT_EQ(IoAcquireRemoveLock(&lock, &lock), STATUS_DELETE_PENDING);
}

// No holder may see the device gone, however the releases and the wait meet.
TEST(RemoveLock, TheWaitEndsAfterTheLastHolder) {
  for (int round = 0; round < 40; ++round) {
    IO_REMOVE_LOCK lock;
    IoInitializeRemoveLock(&lock, 'kcoL', 0, 0);
    std::atomic<int> inside{0};
    std::atomic<bool> gone{false};
    std::atomic<int> began{0};
    std::vector<std::thread> holders;
    holders.reserve(3);
    for (int i = 0; i < 3; ++i) {
      holders.emplace_back([&] {
        ++began;
        while (IoAcquireRemoveLock(&lock, nullptr) == STATUS_SUCCESS) {
          ++inside;
          EXPECT_FALSE(gone);
          --inside;
          IoReleaseRemoveLock(&lock, nullptr);
        }
      });
    }
    while (began < 3) std::this_thread::yield();
    ASSERT_EQ(IoAcquireRemoveLock(&lock, nullptr), STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait(&lock, nullptr);
    EXPECT_EQ(inside, 0);
    gone = true;
    for (std::thread& holder : holders) holder.join();
  }
}

TEST(RemoveLock, ReleasedTooOftenIsReported) {
  IO_REMOVE_LOCK lock;
  IoInitializeRemoveLock(&lock, 'kcoL', 0, 0);
  IoReleaseRemoveLock(&lock, nullptr);
  const std::uint64_t before = probe::mistakes();
  IoReleaseRemoveLock(&lock, nullptr);
  EXPECT_EQ(probe::mistakes(), before + 1);
}

}  // namespace
}  // namespace wskrun::nt
