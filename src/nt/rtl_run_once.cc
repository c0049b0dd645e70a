// Run-once initialisation. The one word holds a state in its low bits and above them either the
// context, once done, or the first of the threads that wait, linked through their stacks.
#include <wdm.h>

#include <atomic>

#include "nt/irql.h"
#include "nt/sched.h"
#include "nt/upcall.h"

using namespace wskrun::nt;

namespace {

enum State : ULONG_PTR { kNew = 0, kRunning = 1, kDone = 2, kAsync = 3 };
constexpr ULONG_PTR kStateMask = (1u << RTL_RUN_ONCE_CTX_RESERVED_BITS) - 1;
constexpr ULONG kFlags = RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC | RTL_RUN_ONCE_INIT_FAILED;

struct Waiter {
  Waiter* next = nullptr;
  sched::Parker parker;
};
static_assert(alignof(Waiter) > kStateMask);

ULONG_PTR load(const RTL_RUN_ONCE& once) {
  return reinterpret_cast<ULONG_PTR>(__atomic_load_n(&once.Ptr, __ATOMIC_ACQUIRE));
}

bool replace(RTL_RUN_ONCE& once, ULONG_PTR old, ULONG_PTR wanted) {
  PVOID expected = reinterpret_cast<PVOID>(old);
  return __atomic_compare_exchange_n(&once.Ptr, &expected, reinterpret_cast<PVOID>(wanted), false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

void give_context(ULONG_PTR word, PVOID* context) {
  if (context != nullptr) *context = reinterpret_cast<PVOID>(word & ~kStateMask);
}

void wait_for_change(RTL_RUN_ONCE& once, ULONG_PTR seen) {
  Waiter self;
  self.next = reinterpret_cast<Waiter*>(seen & ~kStateMask);
  if (replace(once, seen, reinterpret_cast<ULONG_PTR>(&self) | kRunning)) self.parker.park();
}

void wake_all(ULONG_PTR word) {
  for (auto* waiter = reinterpret_cast<Waiter*>(word & ~kStateMask); waiter != nullptr;) {
    Waiter* next = waiter->next;
    waiter->parker.unpark();  // From here on the waiter's frame may be gone.
    waiter = next;
  }
}

}  // namespace

extern "C" {

void RtlRunOnceInitialize(PRTL_RUN_ONCE RunOnce) {
  RunOnce->Ptr = nullptr;
}

// STATUS_PENDING: the caller initialises, then calls RtlRunOnceComplete.
NTSTATUS RtlRunOnceBeginInitialize(PRTL_RUN_ONCE RunOnce, ULONG Flags, PVOID* Context) {
  require_irql_at_most(APC_LEVEL, "RtlRunOnceBeginInitialize");
  if ((Flags & ~(kFlags & ~RTL_RUN_ONCE_INIT_FAILED)) != 0) return STATUS_INVALID_PARAMETER_2;
  const bool async = (Flags & RTL_RUN_ONCE_ASYNC) != 0;
  const bool check_only = (Flags & RTL_RUN_ONCE_CHECK_ONLY) != 0;
  if (async && check_only) return STATUS_INVALID_PARAMETER_2;
  for (;;) {
    const ULONG_PTR word = load(*RunOnce);
    const ULONG_PTR state = word & kStateMask;
    if (state == kDone) {
      give_context(word, Context);
      return STATUS_SUCCESS;
    }
    if (check_only) return STATUS_UNSUCCESSFUL;
    if (state == kNew) {
      if (replace(*RunOnce, word, async ? kAsync : kRunning)) return STATUS_PENDING;
    } else if (async != (state == kAsync)) {
      return STATUS_INVALID_PARAMETER;  // Both ways at once.
    } else if (async) {
      return STATUS_PENDING;  // Several may try; the first to complete wins.
    } else {
      wait_for_change(*RunOnce, word);
    }
  }
}

NTSTATUS RtlRunOnceComplete(PRTL_RUN_ONCE RunOnce, ULONG Flags, PVOID Context) {
  const bool async = (Flags & RTL_RUN_ONCE_ASYNC) != 0;
  const bool failed = (Flags & RTL_RUN_ONCE_INIT_FAILED) != 0;
  const auto context = reinterpret_cast<ULONG_PTR>(Context);
  if ((Flags & ~(kFlags & ~RTL_RUN_ONCE_CHECK_ONLY)) != 0 || (async && failed)) {
    return STATUS_INVALID_PARAMETER_2;
  }
  if ((context & kStateMask) != 0 || (failed && context != 0)) return STATUS_INVALID_PARAMETER_3;
  for (;;) {
    const ULONG_PTR word = load(*RunOnce);
    const ULONG_PTR state = word & kStateMask;
    if (state != (async ? kAsync : kRunning)) {
      return async && state == kDone ? STATUS_OBJECT_NAME_COLLISION : STATUS_UNSUCCESSFUL;
    }
    if (!replace(*RunOnce, word, failed ? ULONG_PTR{kNew} : context | kDone)) continue;
    if (!async) wake_all(word);
    return STATUS_SUCCESS;
  }
}

NTSTATUS RtlRunOnceExecuteOnce(PRTL_RUN_ONCE RunOnce, PRTL_RUN_ONCE_INIT_FN InitFn, PVOID Parameter,
                               PVOID* Context) {
  const NTSTATUS status = RtlRunOnceBeginInitialize(RunOnce, 0, Context);
  if (status != STATUS_PENDING) return status;
  PVOID context = nullptr;
  const bool initialized = upcall("RunOnceInit", InitFn, RunOnce, Parameter, &context) != 0;
  RtlRunOnceComplete(RunOnce, initialized ? 0 : RTL_RUN_ONCE_INIT_FAILED,
                     initialized ? context : nullptr);
  if (!initialized) return STATUS_UNSUCCESSFUL;
  if (Context != nullptr) *Context = context;
  return STATUS_SUCCESS;
}

}  // extern "C"
