// Remove locks: IoCount is one for the device itself and one for each holder. Who waits gives back
// the device's and its own; who brings the count to zero wakes it.
#include <atomic>

#include "nt/irql.h"
#include "probe/mistake.h"

using namespace wskrun;
using namespace wskrun::nt;

namespace {

std::atomic_ref<LONG> count_of(PIO_REMOVE_LOCK lock) {
  return std::atomic_ref<LONG>(const_cast<LONG&>(lock->Common.IoCount));
}

std::atomic_ref<BOOLEAN> removed(PIO_REMOVE_LOCK lock) {
  return std::atomic_ref<BOOLEAN>(lock->Common.Removed);
}

// How many are left. A waiter may end the lock's life as soon as it is woken.
LONG release(PIO_REMOVE_LOCK lock, const char* function) {
  const LONG left = count_of(lock).fetch_sub(1) - 1;
  if (left < 0) {
    probe::mistake(lock, "%s(%p): released more often than acquired", function,
                   static_cast<void*>(lock));
  }
  if (left == 0) KeSetEvent(&lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
  return left;
}

}  // namespace

extern "C" {

VOID IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes,
                              ULONG HighWatermark, ULONG RemlockSize) {
  // Only Windows' Driver Verifier reads them.
  (void)AllocateTag, (void)MaxLockedMinutes, (void)HighWatermark, (void)RemlockSize;
  Lock->Common.Removed = FALSE;
  Lock->Common.IoCount = 1;
  KeInitializeEvent(&Lock->Common.RemoveEvent, SynchronizationEvent, FALSE);
}

NTSTATUS IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line,
                               ULONG RemlockSize) {
  (void)Tag, (void)File, (void)Line, (void)RemlockSize;
  require_irql_at_most(DISPATCH_LEVEL, "IoAcquireRemoveLock");
  count_of(RemoveLock).fetch_add(1);
  if (!removed(RemoveLock).load()) return STATUS_SUCCESS;
  release(RemoveLock, "IoAcquireRemoveLock");
  return STATUS_DELETE_PENDING;
}

VOID IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize) {
  (void)Tag, (void)RemlockSize;
  require_irql_at_most(DISPATCH_LEVEL, "IoReleaseRemoveLock");
  release(RemoveLock, "IoReleaseRemoveLock");
}

VOID IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize) {
  (void)Tag, (void)RemlockSize;
  require_irql_at_most(PASSIVE_LEVEL, "IoReleaseRemoveLockAndWait");
  removed(RemoveLock).store(TRUE);
  release(RemoveLock, "IoReleaseRemoveLockAndWait");
  if (release(RemoveLock, "IoReleaseRemoveLockAndWait") <= 0) return;
  KeWaitForSingleObject(&RemoveLock->Common.RemoveEvent, Executive, KernelMode, FALSE, nullptr);
}

}  // extern "C"
