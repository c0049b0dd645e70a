// Thread records: what KeGetCurrentThread points to, on whatever thread it is called. How threads
// wait is ke_wait.cc's, how they run sched's; ps_system_thread.cc makes the driver's own.
#include "nt/ps_thread.h"

#include <new>

#include "base/check.h"
#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/ke_dispatcher.h"
#include "nt/ke_mutex.h"
#include "nt/ke_processor.h"
#include "nt/ke_queue.h"
#include "nt/ob_object.h"

namespace wskrun::nt {
namespace {

using ThreadBox = ObjectBox<Thread>;

void destroy_thread(void* body) {
  delete ThreadBox::of(body);
}

_OBJECT_TYPE thread_type = {"Thread", destroy_thread};
POBJECT_TYPE thread_type_pointer = &thread_type;

std::uint32_t next_thread_id() {
  static std::atomic<std::uint32_t> last{4};  // The first ones are the system process's.
  return last.fetch_add(4, std::memory_order_relaxed) + 4;
}

thread_local Thread* this_thread = nullptr;

// Gives a thread that the runtime did not start its record, for as long as it runs.
struct ForeignThread {
  ForeignThread() {
    Thread* const made = make_thread();
    CHECK(made != nullptr);
    become_thread(*made);
  }
  ~ForeignThread() {
    Thread& thread = *this_thread;
    check_may_end(thread);
    signal_end(thread);
    this_thread = nullptr;
    dereference_object(&thread);
  }
};

}  // namespace

Thread::Thread() : id(next_thread_id()), ideal_processor(id / 4 % processor_count()) {
  initialize_header(header, kThreadObject, sizeof header, 0);
  InitializeListHead(&owned_mutexes);
}

Thread* make_thread() {
  auto* box = new (std::nothrow) ThreadBox(&thread_type);
  return box == nullptr ? nullptr : &box->body;
}

Thread& current_thread() {
  if (this_thread == nullptr) {
    static thread_local ForeignThread foreign;
    CHECK(this_thread != nullptr);  // Else it has ended already.
  }
  return *this_thread;
}

void become_thread(Thread& thread) {
  this_thread = &thread;
  thread.native_id.store(sched::native_thread_id(), std::memory_order_release);
}

void check_may_end(const Thread& thread) {
  check_no_mutex_owned(thread);
  if (thread.critical_regions == 0 && thread.guarded_regions == 0) return;
  bug_check({KERNEL_APC_PENDING_DURING_EXIT,
             {0, static_cast<ULONG_PTR>(-thread.critical_regions), current_irql(), 0}},
            "the thread ended inside a critical or guarded region that it did not leave");
}

void signal_end(Thread& thread) {
  DispatcherLock lock;
  leave_queue(lock, thread);
  thread.header.SignalState = 1;
  wake_waiters(lock, thread.header);
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

POBJECT_TYPE* PsThreadType = &thread_type_pointer;

PKTHREAD KeGetCurrentThread(VOID) {
  return ke_thread(current_thread());
}

KPRIORITY KeQueryPriorityThread(PKTHREAD Thread) {
  return thread_of(Thread).priority;
}

// Kept for the driver to read; Linux schedules all threads alike. See docs/differences.md.
KPRIORITY KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority) {
  return thread_of(Thread).priority.exchange(Priority);
}

LONG KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment) {
  return thread_of(Thread).priority.exchange(kNormalPriority + Increment) - kNormalPriority;
}

}  // extern "C"
