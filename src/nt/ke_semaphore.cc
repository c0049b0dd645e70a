// KSEMAPHORE: a count of signals; every wait takes one.
#include <type_traits>

#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/ke_dispatcher.h"

static_assert(sizeof(KSEMAPHORE) == 32 && std::is_trivially_destructible_v<KSEMAPHORE>);

using namespace wskrun::nt;

extern "C" {

VOID KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit) {
  initialize_header(Semaphore->Header, kSemaphoreObject, sizeof *Semaphore, Count);
  Semaphore->Limit = Limit;
}

LONG KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment,
                        BOOLEAN Wait) {
  (void)Increment;  // Threads have no NT priority here; see docs/differences.md.
  require_irql_at_most(Wait ? APC_LEVEL : DISPATCH_LEVEL, __func__);
  DispatcherLock lock;
  check_header(Semaphore->Header, __func__);
  const LONG previous = Semaphore->Header.SignalState;
  LONG count = 0;
  if (Adjustment <= 0 || __builtin_add_overflow(previous, Adjustment, &count) ||
      count > Semaphore->Limit) {
    // Windows raises this as an exception, which a driver without a handler does not survive.
    bug_check({KMODE_EXCEPTION_NOT_HANDLED,
               {static_cast<ULONG>(STATUS_SEMAPHORE_LIMIT_EXCEEDED), parameter(Semaphore), 0, 0}},
              "KeReleaseSemaphore(%p): %d and %d more exceed the limit of %d",
              static_cast<void*>(Semaphore), previous, Adjustment, Semaphore->Limit);
  }
  Semaphore->Header.SignalState = count;
  if (previous == 0) wake_waiters(lock, Semaphore->Header);
  return previous;
}

LONG KeReadStateSemaphore(PRKSEMAPHORE Semaphore) {
  DispatcherLock lock;
  check_header(Semaphore->Header, __func__);
  return Semaphore->Header.SignalState;
}

}  // extern "C"
