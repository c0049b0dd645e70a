#include "base/mutex.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace wskrun::base {
namespace {

TEST(SmallMutex, LetsOneInAtATime) {
  constexpr int kThreads = 8;
  constexpr int kTimes = 20'000;
  SmallMutex mutex;
  int inside = 0;
  long long total = 0;
  bool alone = true;
  const auto work = [&] {
    for (int i = 0; i < kTimes; ++i) {
      mutex.lock();
      alone = alone && ++inside == 1;
      ++total;
      --inside;
      mutex.unlock();
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(alone);
  EXPECT_EQ(total, 1LL * kThreads * kTimes);
}

// The holder sleeps while the others come, so that they sleep, too; each must be woken.
TEST(SmallMutex, WakesEveryoneWhoSleeps) {
  constexpr int kThreads = 4;
  for (int round = 0; round < 50; ++round) {
    SmallMutex mutex;
    std::atomic<int> came{0};
    int passed = 0;
    mutex.lock();
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        came.fetch_add(1);
        mutex.lock();
        ++passed;
        mutex.unlock();
      });
    }
    while (came.load() < kThreads) std::this_thread::yield();
    mutex.unlock();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(passed, kThreads);
  }
}

}  // namespace
}  // namespace wskrun::base
