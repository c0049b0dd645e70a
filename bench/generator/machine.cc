// Both are the fastest of several tries: what disturbs them only adds.
#include "generator/machine.h"

#include <sched.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;
using Cost = std::chrono::duration<double, std::nano>;

constexpr int kTries = 9;

void stay_on(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(processor), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) throw std::runtime_error("sched_setaffinity");
}

void signal(int event) {
  const std::uint64_t one = 1;
  if (write(event, &one, sizeof one) != sizeof one) throw std::runtime_error("write");
}

void await(int event) {
  std::uint64_t count = 0;
  if (read(event, &count, sizeof count) != sizeof count) throw std::runtime_error("read");
}

}  // namespace

Cost system_call_cost() {
  constexpr int kCalls = 20'000;
  auto best = Cost::max();
  for (int i = 0; i < kTries; ++i) {
    const auto begin = Clock::now();
    for (int call = 0; call < kCalls; ++call) syscall(SYS_getppid);
    best = std::min<Cost>(best, Cost(Clock::now() - begin) / kCalls);
  }
  return best;
}

Cost wake_up_cost(int processor, int other_processor) {
  constexpr int kRoundTrips = 1'000;
  const int there = eventfd(0, EFD_CLOEXEC);
  const int back = eventfd(0, EFD_CLOEXEC);
  std::thread other([&] {
    stay_on(other_processor);
    for (int i = 0; i < kTries * kRoundTrips; ++i) {
      await(there);
      signal(back);
    }
  });
  stay_on(processor);
  auto best = Cost::max();
  for (int i = 0; i < kTries; ++i) {
    const auto begin = Clock::now();
    for (int trip = 0; trip < kRoundTrips; ++trip) {
      signal(there);
      await(back);
    }
    best = std::min<Cost>(best, Cost(Clock::now() - begin) / (2 * kRoundTrips));
  }
  other.join();
  close(there);
  close(back);
  return best;
}

}  // namespace bench
