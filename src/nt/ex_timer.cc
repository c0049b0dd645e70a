// EX_TIMER: a KTIMER that the runtime allocates, with a DPC that calls the driver at each expiry.
// All DPCs of a timer go to one processor, so they run one after the other: the one that ends the
// timer comes behind every expiry.
#include <wdm.h>

#include <algorithm>
#include <new>
#include <utility>

#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/ke_processor.h"
#include "nt/ke_timer.h"
#include "nt/ledger.h"
#include "nt/upcall.h"

struct _EX_TIMER {
  KTIMER timer;  // First: it is what threads wait for.
  KDPC expiry;
  KDPC end;
  PEXT_CALLBACK callback;
  PVOID context;
  ULONG attributes;

  KSPIN_LOCK lock;         // Guards what follows.
  bool ends_after_expiry;  // Deleted while it was set, and not cancelled.
  PEXT_DELETE_CALLBACK delete_callback;
  PVOID delete_context;
  PKEVENT ended;  // Who waits for the end, or nullptr.

  wskrun::nt::LedgerEntry ledger;
};

namespace wskrun::nt {
namespace {

constexpr LONGLONG kUnitsPerMs = 10'000;

class TimerLock {
 public:
  explicit TimerLock(EX_TIMER& timer)
      : lock_(&timer.lock), irql_(KeAcquireSpinLockRaiseToDpc(lock_)) {}
  ~TimerLock() { KeReleaseSpinLock(lock_, irql_); }
  TimerLock(const TimerLock&) = delete;
  TimerLock& operator=(const TimerLock&) = delete;

 private:
  PKSPIN_LOCK const lock_;
  const KIRQL irql_;
};

// True once: the timer was to end when it has expired.
bool take_end_after_expiry(EX_TIMER& timer) {
  TimerLock lock(timer);
  return std::exchange(timer.ends_after_expiry, false);
}

VOID on_expiry(PKDPC, PVOID context, PVOID, PVOID) {
  EX_TIMER& timer = *static_cast<PEX_TIMER>(context);
  // First: a callback that deletes the timer has its own end on the way.
  const bool ends = take_end_after_expiry(timer);
  if (timer.callback != nullptr) {
    upcall("ExTimerCallback", timer.callback, &timer, timer.context);
  }
  if (!ends) return;
  KeCancelTimer(&timer.timer);  // A periodic one is set again.
  KeInsertQueueDpc(&timer.end, nullptr, nullptr);
}

VOID on_end(PKDPC, PVOID context, PVOID, PVOID) {
  auto* const timer = static_cast<PEX_TIMER>(context);
  if (timer->delete_callback != nullptr) {
    upcall("ExTimerDeleteCallback", timer->delete_callback, timer->delete_context);
  }
  PKEVENT const ended = timer->ended;
  ledger_remove(timer->ledger);
  delete timer;
  if (ended != nullptr) KeSetEvent(ended, IO_NO_INCREMENT, FALSE);
}

[[noreturn]] void refuse(const void* timer, const char* function, const char* why) {
  bug_check({TIMER_OR_DPC_INVALID, {0, parameter(timer), 0, 0}}, "%s(%p): %s", function, timer,
            why);
}

void initialize_dpc(KDPC& dpc, PKDEFERRED_ROUTINE routine, EX_TIMER& timer) {
  KeInitializeDpc(&dpc, routine, &timer);
  KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(current_processor()));
}

// KTIMER counts whole milliseconds; a shorter period is one.
LONG period_ms(LONGLONG period) {
  return static_cast<LONG>(std::min<LONGLONG>((period + kUnitsPerMs - 1) / kUnitsPerMs, MAXLONG));
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

PEX_TIMER ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes) {
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  constexpr ULONG kExclusive = EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE;
  if ((Attributes & kExclusive) == kExclusive) {
    refuse(nullptr, __func__, "EX_TIMER_HIGH_RESOLUTION and EX_TIMER_NO_WAKE exclude each other");
  }
  auto* const timer = new (std::nothrow) EX_TIMER{};
  if (timer == nullptr) return nullptr;
  const bool stays = (Attributes & EX_TIMER_NOTIFICATION) != 0;
  KeInitializeTimerEx(&timer->timer, stays ? NotificationTimer : SynchronizationTimer);
  initialize_dpc(timer->expiry, on_expiry, *timer);
  initialize_dpc(timer->end, on_end, *timer);
  timer->callback = Callback;
  timer->context = CallbackContext;
  timer->attributes = Attributes;
  ledger_add(timer->ledger, Holding::kTimer, timer, sizeof *timer, 0, __builtin_return_address(0));
  return timer;
}

BOOLEAN ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period,
                   PEXT_SET_PARAMETERS Parameters) {
  (void)Parameters;  // Leave to be late, which nothing here needs.
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  if ((Timer->attributes & EX_TIMER_HIGH_RESOLUTION) != 0 && DueTime >= 0) {
    refuse(Timer, __func__, "a timer of high resolution takes a relative time, which is negative");
  }
  LARGE_INTEGER due;
  due.QuadPart = DueTime;
  return KeSetTimerEx(&Timer->timer, due, period_ms(Period), &Timer->expiry);
}

BOOLEAN ExCancelTimer(PEX_TIMER Timer, PEXT_CANCEL_PARAMETERS Parameters) {
  (void)Parameters;  // NULL.
  return KeCancelTimer(&Timer->timer);
}

BOOLEAN ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait,
                      PEXT_DELETE_PARAMETERS Parameters) {
  require_irql_at_most(Wait ? APC_LEVEL : DISPATCH_LEVEL, __func__);
  if (Wait && !Cancel) refuse(Timer, __func__, "Wait needs Cancel");
  KEVENT ended;
  KeInitializeEvent(&ended, NotificationEvent, FALSE);
  BOOLEAN cancelled = FALSE;
  bool ends_now;
  {
    TimerLock lock(*Timer);
    if (Parameters != nullptr) {
      Timer->delete_callback = Parameters->DeleteCallback;
      Timer->delete_context = Parameters->DeleteContext;
    }
    if (Wait) Timer->ended = &ended;
    if (Cancel) cancelled = KeCancelTimer(&Timer->timer);
    ends_now = Cancel || !timer_is_set(Timer->timer);
    Timer->ends_after_expiry = !ends_now;
  }
  if (ends_now) KeInsertQueueDpc(&Timer->end, nullptr, nullptr);
  if (Wait) KeWaitForSingleObject(&ended, Executive, KernelMode, FALSE, nullptr);
  return cancelled;
}

}  // extern "C"
