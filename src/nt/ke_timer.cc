// KTIMER: an object that becomes signalled at a time, once or periodically, and may queue a DPC
// then. Timers that are set lie in one map ordered by time, and one thread waits for the first.
#include "nt/ke_timer.h"

#include <wdm.h>

#include <atomic>
#include <map>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "nt/irql.h"
#include "nt/ke_dispatcher.h"
#include "nt/ke_dpc.h"
#include "nt/ke_wait.h"
#include "nt/ledger.h"
#include "nt/sched.h"

static_assert(sizeof(KTIMER) == 64 && std::is_trivially_destructible_v<KTIMER>);

namespace wskrun::nt {
namespace {

constexpr std::int64_t kUnitsPerMs = 10'000;
constexpr unsigned kBatch = 64;  // Timers that expire under one hold of the dispatcher lock.

// The dispatcher lock guards all of it but the parker.
class TimerQueue {
 public:
  bool contains(KTIMER& timer) const { return timers_.count(key(timer)) != 0; }

  void insert(KTIMER& timer, std::int64_t due, const void* set_by) {
    timer.DueTime.QuadPart = static_cast<ULONGLONG>(due);
    LedgerEntry& entry = timers_[key(timer)];
    ledger_add(entry, Holding::kTimer, &timer, sizeof timer, 0, set_by);
  }

  // False: it was not set.
  bool remove(KTIMER& timer) {
    const auto found = timers_.find(key(timer));
    if (found == timers_.end()) return false;
    ledger_remove(found->second);
    timers_.erase(found);
    return true;
  }

  void clear() {
    for (auto& [key, entry] : timers_) ledger_remove(entry);
    timers_.clear();
  }

  std::int64_t next_due() const {
    return timers_.empty() ? sched::kNever : timers_.begin()->first.first;
  }

  KTIMER& first() { return *timers_.begin()->first.second; }

  // Gives a timer that is set another time.
  void move(KTIMER& timer, std::int64_t due) {
    auto node = timers_.extract(key(timer));
    timer.DueTime.QuadPart = static_cast<ULONGLONG>(due);
    node.key() = key(timer);
    timers_.insert(std::move(node));
  }

  sched::Parker parker;  // The thread's.
  std::atomic<bool> stopping{false};
  sched::ThreadToken token{};

 private:
  using Key = std::pair<std::int64_t, KTIMER*>;
  static Key key(KTIMER& timer) {
    return {static_cast<std::int64_t>(timer.DueTime.QuadPart), &timer};
  }

  std::map<Key, LedgerEntry> timers_;
};

TimerQueue& timer_queue() {
  static auto* const instance = new TimerQueue;  // Drivers' threads may use it until the very end.
  return *instance;
}

void signal(DispatcherLock& lock, KTIMER& timer) {
  timer.Header.SignalState = 1;
  wake_waiters(lock, timer.Header);
  // Under the lock: who finds the timer expired may count on KeFlushQueuedDpcs.
  if (timer.Dpc != nullptr) queue_dpc(*timer.Dpc, nullptr, nullptr);
}

// The time of a periodic timer's next turn. Turns that were missed altogether are not made up for.
std::int64_t next_turn(std::int64_t due, ULONG period_ms, std::int64_t now) {
  const std::int64_t period = period_ms * kUnitsPerMs;
  return due + period > now ? due + period : now + period;
}

// Returns when the next timer is due.
std::int64_t expire_due_timers() {
  TimerQueue& queue = timer_queue();
  DispatcherLock lock;
  const std::int64_t now = sched::interrupt_time_100ns();
  for (unsigned i = 0; i < kBatch && queue.next_due() <= now; ++i) {
    KTIMER& timer = queue.first();
    if (timer.Period != 0) {
      queue.move(timer, next_turn(queue.next_due(), timer.Period, now));
    } else {
      queue.remove(timer);
    }
    signal(lock, timer);
  }
  return queue.next_due();
}

void run_timer_thread(void*) {
  TimerQueue& queue = timer_queue();
  while (!queue.stopping.load(std::memory_order_relaxed)) {
    queue.parker.park_until(expire_due_timers());
  }
}

BOOLEAN set_timer(KTIMER& timer, LARGE_INTEGER due_time, ULONG period_ms, KDPC* dpc,
                  const void* set_by) {
  require_irql_at_most(DISPATCH_LEVEL, "KeSetTimer");
  TimerQueue& queue = timer_queue();
  bool first;
  bool was_set;
  {
    DispatcherLock lock;
    check_header(timer.Header, "KeSetTimer");
    was_set = queue.remove(timer);
    timer.Header.SignalState = 0;
    timer.Dpc = dpc;
    timer.Period = period_ms;
    const std::int64_t now = sched::interrupt_time_100ns();
    std::int64_t due = due_time_100ns(due_time, now);
    if (due <= now) {
      signal(lock, timer);
      if (period_ms != 0) due = now + period_ms * kUnitsPerMs;
    }
    if (due > now) queue.insert(timer, due, set_by);
    first = queue.next_due() == due;
  }
  if (first) queue.parker.unpark();
  return was_set;
}

}  // namespace

bool timer_is_set(KTIMER& timer) {
  DispatcherLock lock;
  return timer_queue().contains(timer);
}

void start_timer_thread() {
  TimerQueue& queue = timer_queue();
  queue.stopping.store(false, std::memory_order_relaxed);
  CHECK(sched::start_thread("timer", run_timer_thread, nullptr, queue.token));
}

void stop_timer_thread() {
  TimerQueue& queue = timer_queue();
  queue.stopping.store(true, std::memory_order_relaxed);
  queue.parker.unpark();
  sched::join_thread(queue.token);
  DispatcherLock lock;
  queue.clear();
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

VOID KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type) {
  const UCHAR kind =
      Type == NotificationTimer ? kTimerNotificationObject : kTimerSynchronizationObject;
  *Timer = {};
  initialize_header(Timer->Header, kind, sizeof *Timer, 0);
}

VOID KeInitializeTimer(PKTIMER Timer) {
  KeInitializeTimerEx(Timer, NotificationTimer);
}

BOOLEAN KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc) {
  return set_timer(*Timer, DueTime, 0, Dpc, __builtin_return_address(0));
}

BOOLEAN KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc) {
  const ULONG period_ms = Period > 0 ? static_cast<ULONG>(Period) : 0;
  return set_timer(*Timer, DueTime, period_ms, Dpc, __builtin_return_address(0));
}

BOOLEAN KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period,
                              ULONG TolerableDelay, PKDPC Dpc) {
  (void)TolerableDelay;  // Leave to be late, which nothing here needs.
  return set_timer(*Timer, DueTime, Period, Dpc, __builtin_return_address(0));
}

BOOLEAN KeCancelTimer(PKTIMER Timer) {
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  DispatcherLock lock;
  check_header(Timer->Header, __func__);
  return timer_queue().remove(*Timer);
}

BOOLEAN KeReadStateTimer(PKTIMER Timer) {
  DispatcherLock lock;
  check_header(Timer->Header, __func__);
  return Timer->Header.SignalState != 0;
}

}  // extern "C"
