// EX_PUSH_LOCK: a reader-writer lock in one word whose waiters sleep. The word has no room for a
// list, so those who sleep hang in one list of the runtime, each with the lock it waits for; who
// never has to sleep never sees that list.
#include <wdm.h>

#include <atomic>

#include "base/list.h"
#include "base/mutex.h"
#include "nt/irql.h"
#include "nt/ke_bugcheck.h"

static_assert(sizeof(EX_PUSH_LOCK) == sizeof(void*));

namespace wskrun::nt {
namespace {

constexpr ULONG_PTR kExclusive = 1;
constexpr ULONG_PTR kWaiters = 2;  // Somebody sleeps: newcomers sleep too, and the lock's last
                                   // holder wakes them all.
constexpr ULONG_PTR kShared = 4;   // One who holds it shared.

struct Sleeper {
  explicit Sleeper(PEX_PUSH_LOCK its_lock) : lock(its_lock) {
    KeInitializeEvent(&wake, NotificationEvent, FALSE);
  }

  PEX_PUSH_LOCK const lock;
  KEVENT wake;
  base::Link link;
};

struct Sleepers {
  base::Mutex mutex;
  base::List<Sleeper, &Sleeper::link> list GUARDED_BY(mutex);
};

Sleepers& sleepers() {
  static auto* const instance = new Sleepers;
  return *instance;
}

std::atomic_ref<ULONG_PTR> word_of(PEX_PUSH_LOCK lock) {
  return std::atomic_ref<ULONG_PTR>(*lock);
}

// Adds `amount` unless the word has one of the bits of `hindrance`.
bool try_acquire(PEX_PUSH_LOCK lock, ULONG_PTR amount, ULONG_PTR hindrance) {
  auto word = word_of(lock);
  ULONG_PTR value = word.load(std::memory_order_relaxed);
  while ((value & hindrance) == 0) {
    if (word.compare_exchange_weak(value, value + amount, std::memory_order_acquire,
                                   std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

// Asks for a wake-up. False: the lock came free meanwhile. Needs the sleepers' mutex, under which
// kWaiters is cleared.
bool announce_waiter(PEX_PUSH_LOCK lock) {
  auto word = word_of(lock);
  ULONG_PTR value = word.load(std::memory_order_relaxed);
  while (value != 0) {
    if (word.compare_exchange_weak(value, value | kWaiters, std::memory_order_relaxed)) return true;
  }
  return false;
}

void acquire(PEX_PUSH_LOCK lock, ULONG_PTR amount, ULONG_PTR hindrance) {
  while (!try_acquire(lock, amount, hindrance)) {
    Sleeper self(lock);
    {
      base::MutexLock guard(sleepers().mutex);
      if (!announce_waiter(lock)) continue;
      sleepers().list.push_back(self);
    }
    KeWaitForSingleObject(&self.wake, WrPushLock, KernelMode, FALSE, nullptr);
  }
}

// The caller was the last holder, and somebody sleeps.
void free_and_wake(PEX_PUSH_LOCK lock) {
  base::MutexLock guard(sleepers().mutex);
  word_of(lock).store(0, std::memory_order_release);
  auto& list = sleepers().list;
  for (Sleeper* sleeper = list.front(); sleeper != nullptr;) {
    Sleeper& each = *sleeper;
    sleeper = list.next(each);
    if (each.lock != lock) continue;
    list.remove(each);
    KeSetEvent(&each.wake, IO_NO_INCREMENT, FALSE);
  }
}

void release(PEX_PUSH_LOCK lock, ULONG_PTR amount) {
  auto word = word_of(lock);
  ULONG_PTR value = word.load(std::memory_order_relaxed);
  do {
    const bool held = amount == kExclusive ? (value & kExclusive) != 0 : value >= kShared;
    if (!held) {
      bug_check({SPIN_LOCK_NOT_OWNED, {parameter(lock), 0, 0, 0}},
                "push lock %p is released but nobody holds it so", static_cast<void*>(lock));
    }
    if (value == (amount | kWaiters)) return free_and_wake(lock);
  } while (!word.compare_exchange_weak(value, value - amount, std::memory_order_release,
                                       std::memory_order_relaxed));
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

VOID ExInitializePushLock(PEX_PUSH_LOCK PushLock) {
  *PushLock = 0;
}

VOID ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags) {
  (void)Flags;  // They only tune how Windows waits.
  require_irql_at_most(APC_LEVEL, __func__);
  acquire(PushLock, kExclusive, ~ULONG_PTR{0});
}

VOID ExAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags) {
  (void)Flags;
  require_irql_at_most(APC_LEVEL, __func__);
  acquire(PushLock, kShared, kExclusive | kWaiters);
}

VOID ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags) {
  (void)Flags;
  release(PushLock, kExclusive);
}

VOID ExReleasePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags) {
  (void)Flags;
  release(PushLock, kShared);
}

VOID ExReleasePushLockEx(PEX_PUSH_LOCK PushLock, ULONG Flags) {
  (void)Flags;
  const bool exclusive = (word_of(PushLock).load(std::memory_order_relaxed) & kExclusive) != 0;
  release(PushLock, exclusive ? kExclusive : kShared);
}

}  // extern "C"
