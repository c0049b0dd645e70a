// Rundown protection: many may hold an object, one waits until all have let go and none can take it
// again. EX_RUNDOWN_REF is one word: twice the number of holders, or, once somebody waits, the
// address of the waiter's frame with bit 0 set.
#include <atomic>

#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/sched.h"

static_assert(sizeof(EX_RUNDOWN_REF) == sizeof(void*));

struct _EX_RUNDOWN_REF_CACHE_AWARE {
  EX_RUNDOWN_REF reference;
};

namespace wskrun::nt {
namespace {

constexpr ULONG_PTR kRunDown = EX_RUNDOWN_ACTIVE;  // Nobody gets in any more.
constexpr ULONG_PTR kOne = EX_RUNDOWN_COUNT_INC;   // One holder.

// The waiter's, on its stack. The holder that brings `holders` to zero wakes it, last of all.
struct RundownWait {
  std::atomic<ULONG_PTR> holders;
  KEVENT all_gone;
};

std::atomic_ref<ULONG_PTR> word_of(PEX_RUNDOWN_REF reference) {
  return std::atomic_ref<ULONG_PTR>(const_cast<ULONG_PTR&>(reference->Count));
}

BOOLEAN acquire(PEX_RUNDOWN_REF reference, ULONG count) {
  auto word = word_of(reference);
  ULONG_PTR value = word.load(std::memory_order_relaxed);
  do {
    if ((value & kRunDown) != 0) return FALSE;
  } while (!word.compare_exchange_weak(value, value + count * kOne, std::memory_order_acquire,
                                       std::memory_order_relaxed));
  return TRUE;
}

void release_to_waiter(ULONG_PTR value, ULONG count) {
  auto* wait = reinterpret_cast<RundownWait*>(value & ~kRunDown);
  if (wait->holders.fetch_sub(count, std::memory_order_acq_rel) != count) return;
  KeSetEvent(&wait->all_gone, IO_NO_INCREMENT, FALSE);
}

void release(PEX_RUNDOWN_REF reference, ULONG count) {
  auto word = word_of(reference);
  ULONG_PTR value = word.load(std::memory_order_acquire);
  do {
    if ((value & kRunDown) != 0 && value != kRunDown) return release_to_waiter(value, count);
    if (value == kRunDown || value < count * kOne) {
      bug_check({REFERENCE_BY_POINTER, {0, parameter(reference), 0, 0}},
                "ExReleaseRundownProtection(%p): released more often than acquired",
                static_cast<void*>(reference));
    }
  } while (!word.compare_exchange_weak(value, value - count * kOne, std::memory_order_release,
                                       std::memory_order_acquire));
}

// Another thread waits already and will leave kRunDown behind. Windows does not say what happens
// then; two waiters are rare enough to poll.
void wait_for_other_waiter(std::atomic_ref<ULONG_PTR> word) {
  for (unsigned round = 0; word.load(std::memory_order_acquire) != kRunDown; ++round) {
    sched::pause(round);
  }
}

void wait_for_release(PEX_RUNDOWN_REF reference) {
  auto word = word_of(reference);
  RundownWait wait;
  KeInitializeEvent(&wait.all_gone, NotificationEvent, FALSE);
  ULONG_PTR value = word.load(std::memory_order_relaxed);
  ULONG_PTR next;
  do {
    if ((value & kRunDown) != 0) return wait_for_other_waiter(word);
    wait.holders.store(value / kOne, std::memory_order_relaxed);
    next = value == 0 ? kRunDown : reinterpret_cast<ULONG_PTR>(&wait) | kRunDown;
  } while (!word.compare_exchange_weak(value, next, std::memory_order_acq_rel,
                                       std::memory_order_relaxed));
  if (value == 0) return;
  KeWaitForSingleObject(&wait.all_gone, Executive, KernelMode, FALSE, nullptr);
  word.store(kRunDown, std::memory_order_release);  // The frame goes; nobody holds its address.
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

VOID ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef) {
  RunRef->Count = 0;
}

VOID ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef) {
  word_of(RunRef).store(0, std::memory_order_release);
}

BOOLEAN ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef) {
  return acquire(RunRef, 1);
}

BOOLEAN ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count) {
  return acquire(RunRef, Count);
}

VOID ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef) {
  release(RunRef, 1);
}

VOID ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count) {
  release(RunRef, Count);
}

VOID ExRundownCompleted(PEX_RUNDOWN_REF RunRef) {
  word_of(RunRef).store(kRunDown, std::memory_order_release);
}

VOID ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef) {
  require_irql_at_most(APC_LEVEL, __func__);
  wait_for_release(RunRef);
}

// The cache-aware kind. Windows has a counter for each processor; here one word serves them all.

SIZE_T ExSizeOfRundownProtectionCacheAware(VOID) {
  return sizeof(_EX_RUNDOWN_REF_CACHE_AWARE);
}

VOID ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                             SIZE_T RunRefSize) {
  (void)RunRefSize;  // What the function above says.
  ExInitializeRundownProtection(&RunRefCacheAware->reference);
}

PEX_RUNDOWN_REF_CACHE_AWARE ExAllocateCacheAwareRundownProtection(POOL_TYPE PoolType,
                                                                  ULONG PoolTag) {
  auto* const made = static_cast<PEX_RUNDOWN_REF_CACHE_AWARE>(
      ExAllocatePoolWithTag(PoolType, sizeof(_EX_RUNDOWN_REF_CACHE_AWARE), PoolTag));
  if (made != nullptr) ExInitializeRundownProtection(&made->reference);
  return made;
}

VOID ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  ExFreePool(RunRefCacheAware);
}

VOID ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  ExReInitializeRundownProtection(&RunRefCacheAware->reference);
}

BOOLEAN ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  return ExAcquireRundownProtection(&RunRefCacheAware->reference);
}

BOOLEAN ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                               ULONG Count) {
  return ExAcquireRundownProtectionEx(&RunRefCacheAware->reference, Count);
}

VOID ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  ExReleaseRundownProtection(&RunRefCacheAware->reference);
}

VOID ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                            ULONG Count) {
  ExReleaseRundownProtectionEx(&RunRefCacheAware->reference, Count);
}

VOID ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  ExWaitForRundownProtectionRelease(&RunRefCacheAware->reference);
}

VOID ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  ExRundownCompleted(&RunRefCacheAware->reference);
}

}  // extern "C"
