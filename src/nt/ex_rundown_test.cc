#include <gtest/gtest.h>

#include <atomic>

#include "nt/test_threads.h"

namespace wskrun::nt {
namespace {

TEST(ExRundown, RefusesEveryoneOnceRunDown) {
  EX_RUNDOWN_REF reference;
  ExInitializeRundownProtection(&reference);
  EXPECT_TRUE(ExAcquireRundownProtection(&reference));
  ExReleaseRundownProtection(&reference);
  ExWaitForRundownProtectionRelease(&reference);
  EXPECT_FALSE(ExAcquireRundownProtection(&reference));
  ExWaitForRundownProtectionRelease(&reference);  // Again: returns at once.
  ExReInitializeRundownProtection(&reference);
  EXPECT_TRUE(ExAcquireRundownProtectionEx(&reference, 3));
  ExReleaseRundownProtectionEx(&reference, 3);
  ExRundownCompleted(&reference);
  EXPECT_FALSE(ExAcquireRundownProtection(&reference));
}

TEST(ExRundown, WaitLastsUntilTheLastHolderLeaves) {
  EX_RUNDOWN_REF reference;
  ExInitializeRundownProtection(&reference);
  ASSERT_TRUE(ExAcquireRundownProtectionEx(&reference, 2));
  std::atomic<bool> over{false};
  std::thread waiter([&] {
    ExWaitForRundownProtectionRelease(&reference);
    over = true;
  });
  while (ExAcquireRundownProtection(&reference)) ExReleaseRundownProtection(&reference);
  ExReleaseRundownProtection(&reference);
  EXPECT_FALSE(over);
  ExReleaseRundownProtection(&reference);
  waiter.join();
  EXPECT_TRUE(over);
}

TEST(ExRundown, NobodyIsInsideAfterTheWait) {
  for (int round = 0; round < 300; ++round) {
    EX_RUNDOWN_REF reference;
    ExInitializeRundownProtection(&reference);
    std::atomic<int> entered{0};
    int inside = 0;  // Written with protection by one thread only, read after rundown.
    std::thread user([&] {
      while (ExAcquireRundownProtection(&reference)) {
        ++inside;
        ++entered;
        ExReleaseRundownProtection(&reference);
      }
    });
    while (entered < 10) sched::yield();
    ExWaitForRundownProtectionRelease(&reference);
    EXPECT_EQ(inside, entered.load());
    user.join();
  }
}

TEST(ExRundownDeathTest, ReleasingMoreThanWasTakenStops) {
  EX_RUNDOWN_REF reference;
  ExInitializeRundownProtection(&reference);
  EXPECT_DEATH(ExReleaseRundownProtection(&reference), "released more often");
}

}  // namespace
}  // namespace wskrun::nt
