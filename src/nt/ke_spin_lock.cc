// Spin locks. The word in the driver's memory is the lock: it holds the owner's thread, so that
// taking a lock twice and giving back what one does not own stop with the cause. Linux may take the
// processor away from a holder, so waiters spin for a bounded time and then let others run.
// Reader-writer spin locks are ex_spin_lock.cc.
#include <atomic>

#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/ps_thread.h"
#include "nt/sched.h"

static_assert(sizeof(KSPIN_LOCK) == sizeof(void*));

namespace wskrun::nt {
namespace {

std::atomic_ref<ULONG_PTR> word_of(PKSPIN_LOCK lock) {
  return std::atomic_ref<ULONG_PTR>(*lock);
}

bool try_acquire(PKSPIN_LOCK lock, ULONG_PTR self) {
  ULONG_PTR owner = 0;
  return word_of(lock).compare_exchange_strong(owner, self, std::memory_order_acquire,
                                               std::memory_order_relaxed);
}

void acquire(PKSPIN_LOCK lock) {
  const ULONG_PTR self = parameter(&current_thread());
  for (unsigned round = 0; !try_acquire(lock, self); ++round) {
    if (word_of(lock).load(std::memory_order_relaxed) == self) {
      bug_check({SPIN_LOCK_ALREADY_OWNED, {parameter(lock), 0, 0, 0}},
                "spin lock %p: the calling thread holds it already and would wait for itself",
                static_cast<void*>(lock));
    }
    sched::pause(round);
  }
}

void release(PKSPIN_LOCK lock) {
  if (word_of(lock).load(std::memory_order_relaxed) != parameter(&current_thread())) {
    bug_check({SPIN_LOCK_NOT_OWNED, {parameter(lock), 0, 0, 0}},
              "spin lock %p is released by a thread that does not hold it",
              static_cast<void*>(lock));
  }
  word_of(lock).store(0, std::memory_order_release);
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock) {
  require_irql_at_most(DISPATCH_LEVEL, "KeAcquireSpinLock");
  const KIRQL before = set_irql(DISPATCH_LEVEL);
  acquire(SpinLock);
  return before;
}

VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql) {
  release(SpinLock);
  KeLowerIrql(NewIrql);
}

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
  require_dispatch_level(__func__);
  acquire(SpinLock);
}

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock) {
  release(SpinLock);
}

BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
  require_dispatch_level(__func__);
  return try_acquire(SpinLock, parameter(&current_thread()));
}

BOOLEAN KeTestSpinLock(PKSPIN_LOCK SpinLock) {
  return word_of(SpinLock).load(std::memory_order_relaxed) == 0;
}

KIRQL KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock) {
  return KeAcquireSpinLockRaiseToDpc(SpinLock);
}

VOID KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql) {
  KeReleaseSpinLock(SpinLock, OldIrql);
}

// In-stack queued spin locks share the word with plain ones: without the queue of handles waiters
// are served in no order.

VOID KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle) {
  LockHandle->OldIrql = KeAcquireSpinLockRaiseToDpc(SpinLock);
  LockHandle->LockQueue.Next = nullptr;
  LockHandle->LockQueue.Lock = SpinLock;
}

VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle) {
  const KIRQL before = LockHandle->OldIrql;
  release(LockHandle->LockQueue.Lock);
  KeLowerIrql(before);
}

VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock,
                                              PKLOCK_QUEUE_HANDLE LockHandle) {
  require_dispatch_level(__func__);
  acquire(SpinLock);
  LockHandle->LockQueue.Next = nullptr;
  LockHandle->LockQueue.Lock = SpinLock;
}

VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle) {
  release(LockHandle->LockQueue.Lock);
}

}  // extern "C"
