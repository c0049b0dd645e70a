// Waiting: KeWaitForSingleObject, KeWaitForMultipleObjects, KeDelayExecutionThread. Which wait a
// signal ends is ke_dispatcher's business; how a thread sleeps is sched's.
#include "nt/ke_wait.h"

#include "base/check.h"
#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/ke_dispatcher.h"
#include "nt/ke_processor.h"
#include "nt/ke_queue.h"
#include "nt/sched.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

constexpr std::int64_t kNow = INT64_MIN;  // A time to wait until that has always come.

// When a wait ends at the latest; kNow for one that may take no time.
std::int64_t end_of_wait(const LARGE_INTEGER* timeout) {
  if (timeout == nullptr) return sched::kNever;
  if (timeout->QuadPart == 0) return kNow;
  const std::int64_t now = sched::interrupt_time_100ns();
  const std::int64_t due = due_time_100ns(*timeout, now);
  return due == now ? kNow : due;
}

// The calling thread is about to sleep. On Windows a processor that does so at DISPATCH_LEVEL is
// lost; a loop thread that sleeps at PASSIVE_LEVEL holds up every socket that it serves.
void check_may_block(const char* function, const void* object) {
  const KIRQL irql = current_irql();
  if (irql >= DISPATCH_LEVEL) {
    bug_check({IRQL_NOT_LESS_OR_EQUAL,
               {parameter(object), irql, 0, parameter(__builtin_return_address(0))}},
              "%s(%p) has to wait at IRQL %u: a deadlock on Windows. Event callbacks, completion "
              "routines, DPCs and holders of spin locks must not wait; use a work item",
              function, object, irql);
  }
  if (own_processor() != kNoProcessor) {
    probe::mistake(object,
                   "%s(%p) waits inside an event callback or completion routine; what it waits for "
                   "may need this thread. Use a work item",
                   function, object);
  }
}

// Tells who asked to know that the thread sleeps, and its queue.
class BlockScope {
 public:
  explicit BlockScope(Thread& thread)
      : thread_(thread), worked_for_queue_(thread.has_queue_turn), on_block_(thread.on_block) {
    if (worked_for_queue_) pause_queue_work(thread_);
    if (on_block_ != nullptr) on_block_(true);
  }
  ~BlockScope() {
    if (on_block_ != nullptr) on_block_(false);
    if (worked_for_queue_) resume_queue_work(thread_);
  }
  BlockScope(const BlockScope&) = delete;
  BlockScope& operator=(const BlockScope&) = delete;

 private:
  Thread& thread_;
  const bool worked_for_queue_;
  void (*const on_block_)(bool begins);
};

// Tries to end the wait at once; else hangs it into its objects unless it may not take any time.
bool begin_wait(Thread& self, std::int64_t due, const char* function) {
  Wait& wait = self.wait;
  DispatcherLock lock;
  for (ULONG i = 0; i < wait.count; ++i) {
    check_header(*static_cast<DISPATCHER_HEADER*>(wait.blocks[i].Object), function);
  }
  if (wait.type == WaitAll) {
    if (all_signaled(wait, self)) {
      satisfy_all(wait, self);
      wait.status = STATUS_WAIT_0;
      return true;
    }
  } else {
    for (ULONG i = 0; i < wait.count; ++i) {
      auto& header = *static_cast<DISPATCHER_HEADER*>(wait.blocks[i].Object);
      if (!is_signaled(header, self)) continue;
      satisfy(header, self);
      wait.status = STATUS_WAIT_0 + i;
      return true;
    }
  }
  wait.status = STATUS_TIMEOUT;
  if (due == kNow) return true;
  link_wait(wait);
  return false;
}

// The time has come; true if nothing ended the wait before.
bool withdraw(Thread& self) {
  DispatcherLock lock;
  if (!self.wait.active) return false;
  unlink_wait(self.wait);
  self.wait.status = STATUS_TIMEOUT;
  return true;
}

NTSTATUS wait_for(Thread& self, PVOID* objects, std::int64_t due, const char* function) {
  Wait& wait = self.wait;
  for (ULONG i = 0; i < wait.count; ++i) {
    KWAIT_BLOCK& block = wait.blocks[i];
    block.Object = objects[i];
    block.Thread = &self;
    block.WaitKey = static_cast<USHORT>(i);
  }
  if (begin_wait(self, due, function)) return wait.status;
  check_may_block(function, objects[0]);
  BlockScope blocked(self);
  // A signaller that ended the wait in the last moment has a permit on its way: take it, or the
  // next wait would.
  if (!self.parker.park_until(due) && !withdraw(self)) self.parker.park();
  return wait.status;
}

}  // namespace

std::int64_t due_time_100ns(LARGE_INTEGER time, std::int64_t now) {
  std::int64_t ahead = 0;
  if (time.QuadPart > 0) {
    ahead = time.QuadPart - sched::system_time_100ns();
  } else if (__builtin_sub_overflow(std::int64_t{0}, time.QuadPart, &ahead)) {
    return sched::kNever;
  }
  std::int64_t due;
  if (ahead <= 0) return now;
  return __builtin_add_overflow(now, ahead, &due) ? sched::kNever : due;
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

// Nothing alerts a thread or sends it APCs here, so Alertable and WaitMode change nothing.

NTSTATUS KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                               BOOLEAN Alertable, PLARGE_INTEGER Timeout) {
  (void)WaitReason, (void)WaitMode, (void)Alertable;
  Thread& self = current_thread();
  self.wait = {.blocks = self.own_blocks, .count = 1, .type = WaitAny};
  return wait_for(self, &Object, end_of_wait(Timeout), __func__);
}

NTSTATUS KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
                                  KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                  BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                  PKWAIT_BLOCK WaitBlockArray) {
  (void)WaitReason, (void)WaitMode, (void)Alertable;
  const ULONG limit = WaitBlockArray == nullptr ? THREAD_WAIT_OBJECTS : MAXIMUM_WAIT_OBJECTS;
  if (Count == 0 || Count > limit) {
    bug_check({kMaximumWaitObjectsExceeded, {Count, limit, 0, 0}},
              "KeWaitForMultipleObjects for %u objects; at most %u%s", Count, limit,
              WaitBlockArray == nullptr ? " without a WaitBlockArray" : "");
  }
  Thread& self = current_thread();
  self.wait = {.blocks = WaitBlockArray == nullptr ? self.own_blocks : WaitBlockArray,
               .count = Count,
               .type = WaitType};
  return wait_for(self, Object, end_of_wait(Timeout), __func__);
}

NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                PLARGE_INTEGER Interval) {
  (void)WaitMode, (void)Alertable;
  check_may_block(__func__, Interval);
  const std::int64_t due = end_of_wait(Interval);
  if (due == kNow) {
    sched::yield();
  } else {
    Thread& self = current_thread();
    BlockScope blocked(self);
    CHECK(!self.parker.park_until(due));  // Nobody unparks who waits for nothing.
  }
  return STATUS_SUCCESS;
}

}  // extern "C"
