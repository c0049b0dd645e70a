// EX_SPIN_LOCK: a spin lock that many may hold shared or one exclusively. Plain spin locks are
// ke_spin_lock.cc.
#include <wdm.h>

#include <atomic>

#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/sched.h"

static_assert(sizeof(EX_SPIN_LOCK) == 4);

namespace wskrun::nt {
namespace {

// The word: how many hold it shared, and a bit for who holds or wants it exclusively. That bit
// keeps new readers out, so that a writer's turn comes.
constexpr ULONG kExclusive = 0x8000'0000;

std::atomic_ref<ULONG> word_of(PEX_SPIN_LOCK lock) {
  return std::atomic_ref<ULONG>(reinterpret_cast<ULONG&>(const_cast<LONG&>(*lock)));
}

bool try_acquire_shared(PEX_SPIN_LOCK lock) {
  auto word = word_of(lock);
  ULONG value = word.load(std::memory_order_relaxed);
  while ((value & kExclusive) == 0) {
    if (word.compare_exchange_weak(value, value + 1, std::memory_order_acquire,
                                   std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

void acquire_shared(PEX_SPIN_LOCK lock) {
  for (unsigned round = 0; !try_acquire_shared(lock); ++round) sched::pause(round);
}

void acquire_exclusive(PEX_SPIN_LOCK lock) {
  auto word = word_of(lock);
  for (unsigned round = 0; (word.fetch_or(kExclusive, std::memory_order_acquire) & kExclusive) != 0;
       ++round) {
    sched::pause(round);
  }
  for (unsigned round = 0; word.load(std::memory_order_acquire) != kExclusive; ++round) {
    sched::pause(round);
  }
}

bool try_acquire_exclusive(PEX_SPIN_LOCK lock, ULONG held_before) {
  return word_of(lock).compare_exchange_strong(held_before, kExclusive, std::memory_order_acquire,
                                               std::memory_order_relaxed);
}

[[noreturn]] void not_owned(PEX_SPIN_LOCK lock, const char* how) {
  bug_check({SPIN_LOCK_NOT_OWNED, {parameter(lock), 0, 0, 0}},
            "spin lock %p is released %s but nobody holds it so",
            const_cast<void*>(static_cast<volatile void*>(lock)), how);
}

void release_shared(PEX_SPIN_LOCK lock) {
  const ULONG before = word_of(lock).fetch_sub(1, std::memory_order_release);
  if ((before & ~kExclusive) == 0) not_owned(lock, "shared");
}

void release_exclusive(PEX_SPIN_LOCK lock) {
  if (word_of(lock).exchange(0, std::memory_order_release) != kExclusive) {
    not_owned(lock, "exclusively");
  }
}

KIRQL raise(const char* function) {
  require_irql_at_most(DISPATCH_LEVEL, function);
  return set_irql(DISPATCH_LEVEL);
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

KIRQL ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock) {
  const KIRQL before = raise(__func__);
  acquire_shared(SpinLock);
  return before;
}

VOID ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql) {
  release_shared(SpinLock);
  KeLowerIrql(OldIrql);
}

KIRQL ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock) {
  const KIRQL before = raise(__func__);
  acquire_exclusive(SpinLock);
  return before;
}

VOID ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql) {
  release_exclusive(SpinLock);
  KeLowerIrql(OldIrql);
}

VOID ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  require_dispatch_level(__func__);
  acquire_shared(SpinLock);
}

VOID ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock) {
  release_shared(SpinLock);
}

VOID ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  require_dispatch_level(__func__);
  acquire_exclusive(SpinLock);
}

VOID ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock) {
  release_exclusive(SpinLock);
}

// Only the one who holds it shared, alone, can make it exclusive.
LOGICAL ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock) {
  return try_acquire_exclusive(SpinLock, 1);
}

LOGICAL ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  require_dispatch_level(__func__);
  return try_acquire_shared(SpinLock);
}

LOGICAL ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  require_dispatch_level(__func__);
  return try_acquire_exclusive(SpinLock, 0);
}

}  // extern "C"
