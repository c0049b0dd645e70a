// FAST_MUTEX and KGUARDED_MUTEX, which are one structure: a lock for PASSIVE_LEVEL and APC_LEVEL
// whose waiters sleep. A fast mutex raises its owner to APC_LEVEL, a guarded mutex puts it into a
// guarded region, the Unsafe forms leave that to the caller.
#include <wdm.h>

#include <atomic>

#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/ps_thread.h"

namespace wskrun::nt {
namespace {

// FAST_MUTEX::Count: 1 is free, 0 owned, -n owned with n waiters. Who gives it back hands it to a
// waiter through the event.
std::atomic_ref<LONG> count_of(FAST_MUTEX& mutex) {
  return std::atomic_ref<LONG>(const_cast<LONG&>(mutex.Count));
}

std::atomic_ref<PVOID> owner_of(FAST_MUTEX& mutex) {
  return std::atomic_ref<PVOID>(mutex.Owner);
}

void acquire(FAST_MUTEX& mutex, const char* function) {
  require_irql_at_most(APC_LEVEL, function);
  Thread& self = current_thread();
  if (owner_of(mutex).load(std::memory_order_relaxed) == &self) {
    bug_check({MUTEX_ALREADY_OWNED, {parameter(&mutex), parameter(&self), 0, 0}},
              "%s(%p): the calling thread owns the mutex already and would wait for itself",
              function, static_cast<void*>(&mutex));
  }
  if (count_of(mutex).fetch_sub(1, std::memory_order_acquire) != FM_LOCK_BIT) {
    std::atomic_ref<ULONG>(mutex.Contention).fetch_add(1, std::memory_order_relaxed);
    KeWaitForSingleObject(&mutex.Event, WrFastMutex, KernelMode, FALSE, nullptr);
  }
  owner_of(mutex).store(&self, std::memory_order_relaxed);
}

BOOLEAN try_acquire(FAST_MUTEX& mutex, const char* function) {
  require_irql_at_most(APC_LEVEL, function);
  LONG free = FM_LOCK_BIT;
  if (!count_of(mutex).compare_exchange_strong(free, 0, std::memory_order_acquire,
                                               std::memory_order_relaxed)) {
    return FALSE;
  }
  owner_of(mutex).store(&current_thread(), std::memory_order_relaxed);
  return TRUE;
}

void release(FAST_MUTEX& mutex, const char* function) {
  if (owner_of(mutex).load(std::memory_order_relaxed) != &current_thread()) {
    bug_check({THREAD_NOT_MUTEX_OWNER, {parameter(&mutex), parameter(&current_thread()), 0, 0}},
              "%s(%p): the calling thread does not own the mutex", function,
              static_cast<void*>(&mutex));
  }
  owner_of(mutex).store(nullptr, std::memory_order_relaxed);
  const LONG before = count_of(mutex).fetch_add(1, std::memory_order_release);
  if (before != 0) KeSetEvent(&mutex.Event, IO_NO_INCREMENT, FALSE);
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

VOID ExAcquireFastMutex(PFAST_MUTEX FastMutex) {
  acquire(*FastMutex, __func__);
  FastMutex->OldIrql = set_irql(APC_LEVEL);
}

VOID ExReleaseFastMutex(PFAST_MUTEX FastMutex) {
  const auto before = static_cast<KIRQL>(FastMutex->OldIrql);
  release(*FastMutex, __func__);
  KeLowerIrql(before);
}

BOOLEAN ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex) {
  if (!try_acquire(*FastMutex, __func__)) return FALSE;
  FastMutex->OldIrql = set_irql(APC_LEVEL);
  return TRUE;
}

VOID ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex) {
  acquire(*FastMutex, __func__);
}

VOID ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex) {
  release(*FastMutex, __func__);
}

VOID KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex) {
  ExInitializeFastMutex(Mutex);
}

VOID KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex) {
  KeEnterGuardedRegion();
  acquire(*Mutex, __func__);
}

VOID KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex) {
  release(*Mutex, __func__);
  KeLeaveGuardedRegion();
}

BOOLEAN KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex) {
  KeEnterGuardedRegion();
  if (try_acquire(*Mutex, __func__)) return TRUE;
  KeLeaveGuardedRegion();
  return FALSE;
}

VOID KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex) {
  acquire(*Mutex, __func__);
}

VOID KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex) {
  release(*Mutex, __func__);
}

}  // extern "C"
