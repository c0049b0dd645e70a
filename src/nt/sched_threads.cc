// sched over Linux threads: futexes, pthreads and the system's clocks.
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "nt/sched.h"

namespace wskrun::nt::sched {
namespace {

constexpr std::int64_t kUnitsPerSecond = 10'000'000;
constexpr std::int64_t kNsPerUnit = 100;
constexpr std::int64_t kSecondsFrom1601To1970 = 11'644'473'600;

// What Parker::state_ holds.
constexpr std::int32_t kSleeping = -1;
constexpr std::int32_t kEmpty = 0;
constexpr std::int32_t kPermit = 1;

std::int64_t read_clock_100ns(clockid_t clock) {
  timespec now;
  CHECK(clock_gettime(clock, &now) == 0);
  return now.tv_sec * kUnitsPerSecond + now.tv_nsec / kNsPerUnit;
}

timespec to_timespec(std::int64_t time_100ns) {
  return {.tv_sec = time_100ns / kUnitsPerSecond,
          .tv_nsec = time_100ns % kUnitsPerSecond * kNsPerUnit};
}

// Sleeps while *word is `expected`, at most until `due`; may return early. False: it is due.
bool futex_wait(const void* word, std::int32_t expected, const timespec* due) {
  const long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected,
                              due, nullptr, FUTEX_BITSET_MATCH_ANY);
  return result == 0 || errno != ETIMEDOUT;
}

// Takes a while, for the first thread of a process above all.
Stack find_own_stack() {
  pthread_attr_t attributes;
  CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0);
  void* low = nullptr;
  std::size_t size_bytes = 0;
  CHECK(pthread_attr_getstack(&attributes, &low, &size_bytes) == 0);
  pthread_attr_destroy(&attributes);
  const auto address = reinterpret_cast<std::uintptr_t>(low);
  return {address, address + size_bytes};
}

struct Start {
  const char* name;
  void (*entry)(void* context);
  void* context;
};

void* run_thread(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  pthread_setname_np(pthread_self(), start->name);
  start->entry(start->context);
  return nullptr;
}

}  // namespace

std::int64_t interrupt_time_100ns() {
  return read_clock_100ns(CLOCK_MONOTONIC);
}

std::int64_t system_time_100ns() {
  return read_clock_100ns(CLOCK_REALTIME) + kSecondsFrom1601To1970 * kUnitsPerSecond;
}

void Parker::park() {
  CHECK(park_until(kNever));
}

bool Parker::park_until(std::int64_t due_100ns) {
  // A permit becomes kEmpty and is taken; kEmpty becomes kSleeping.
  if (state_.fetch_sub(1, std::memory_order_acquire) == kPermit) return true;
  const timespec due = to_timespec(due_100ns < 0 ? 0 : due_100ns);
  while (futex_wait(&state_, kSleeping, due_100ns == kNever ? nullptr : &due)) {
    std::int32_t permit = kPermit;
    if (state_.compare_exchange_strong(permit, kEmpty, std::memory_order_acquire,
                                       std::memory_order_relaxed)) {
      return true;
    }
  }
  return state_.exchange(kEmpty, std::memory_order_acquire) == kPermit;
}

void Parker::unpark() {
  const void* word = &state_;
  if (state_.exchange(kPermit, std::memory_order_release) != kSleeping) return;
  // The address is only a key here: should its memory be in other use by now, somebody wakes for
  // nothing and goes back to sleep.
  syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, nullptr, nullptr, 0);
}

void pause(unsigned round) {
  constexpr unsigned kSpins = 64;
  constexpr unsigned kYields = 64;
  if (round < kSpins) {
    __builtin_ia32_pause();
  } else if (round < kSpins + kYields) {
    sched_yield();
  } else {  // The holder has lost its processor to others; do not fight for it.
    const timespec nap = {.tv_sec = 0, .tv_nsec = 50'000};
    nanosleep(&nap, nullptr);
  }
}

void yield() {
  sched_yield();
}

bool start_thread(const char* name, void (*entry)(void* context), void* context,
                  ThreadToken& token) {
  auto start = std::make_unique<Start>(Start{name, entry, context});
  pthread_t thread;
  if (pthread_create(&thread, nullptr, run_thread, start.get()) != 0) return false;
  start.release();  // The thread's now.
  token = static_cast<ThreadToken>(thread);
  return true;
}

void join_thread(ThreadToken token) {
  CHECK(pthread_join(static_cast<pthread_t>(token), nullptr) == 0);
}

Stack own_stack() {
  thread_local const Stack stack = find_own_stack();
  return stack;
}

int native_thread_id() {
  return gettid();
}

void name_thread(int native_id, const char* name) {
  // pthread_setname_np needs a thread that is surely there.
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/comm", native_id);
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  const ssize_t written = write(file, name, std::strlen(name));
  (void)written;  // The thread may just have ended.
  close(file);
}

unsigned processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

}  // namespace wskrun::nt::sched
