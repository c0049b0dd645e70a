// Mutex: a short lock inside the runtime, annotated for clang's thread safety analysis. It counts
// the locks a thread holds, so that a call into the driver can prove that it holds none.
#pragma once

#include <atomic>
#include <mutex>

#include "base/check.h"

#if defined(__SANITIZE_THREAD__)
#define WSKRUN_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WSKRUN_THREAD_SANITIZER 1
#endif
#endif

#if defined(__clang__)
#define WSKRUN_TSA(x) __attribute__((x))
#else
#define WSKRUN_TSA(x)
#endif
#define GUARDED_BY(m) WSKRUN_TSA(guarded_by(m))
#define REQUIRES(...) WSKRUN_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) WSKRUN_TSA(locks_excluded(__VA_ARGS__))

namespace wskrun::base {

// Locks of this runtime that the calling thread holds now.
inline thread_local int locks_held = 0;

inline void assert_no_lock_held() {
  CHECK(locks_held == 0);
}

// Of four bytes, where pthread's has forty and each connection two locks; and taken in line. Under
// ThreadSanitizer std::mutex stands in, which it knows: it finds locks taken in opposite orders.
class SmallMutex {
 public:
  void lock() {
    int expected = kFree;
    if (!state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire)) wait();
  }
  void unlock() {
    if (state_.exchange(kFree, std::memory_order_release) == kWanted) wake_one();
  }

 private:
  enum : int { kFree, kHeld, kWanted };  // Wanted: held, and somebody may sleep.

  void wait();
  void wake_one();

  std::atomic<int> state_{kFree};
};

#ifdef WSKRUN_THREAD_SANITIZER
using PlainMutex = std::mutex;
#else
using PlainMutex = SmallMutex;
#endif

class WSKRUN_TSA(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() WSKRUN_TSA(acquire_capability()) {
    mutex_.lock();
    ++locks_held;
  }
  void unlock() WSKRUN_TSA(release_capability()) {
    --locks_held;
    mutex_.unlock();
  }

 private:
  PlainMutex mutex_;
};

// Holds `mutex` for a scope; unlock() gives it back early, lock() takes it again.
class WSKRUN_TSA(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) WSKRUN_TSA(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() WSKRUN_TSA(release_capability()) {
    if (held_) mutex_.unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() WSKRUN_TSA(release_capability()) {
    held_ = false;
    mutex_.unlock();
  }
  void lock() WSKRUN_TSA(acquire_capability()) {
    mutex_.lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

}  // namespace wskrun::base
