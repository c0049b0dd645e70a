// Chooses which waits a signalled object ends. See ke_dispatcher.h.
#include "nt/ke_dispatcher.h"

#include <utility>

#include "base/check.h"
#include "nt/ke_bugcheck.h"
#include "nt/ke_mutex.h"
#include "nt/ke_processor.h"
#include "nt/ke_queue.h"

namespace wskrun::nt {
namespace {

base::Mutex& dispatcher_mutex() {
  static base::Mutex* const instance = new base::Mutex;  // Foreign threads may outlive statics.
  return *instance;
}

Thread& thread_of_block(const KWAIT_BLOCK& block) {
  return thread_of(block.Thread);
}

DISPATCHER_HEADER& header_of_block(const KWAIT_BLOCK& block) {
  return *static_cast<DISPATCHER_HEADER*>(block.Object);
}

// The object of `block` is signalled: ends the wait that the block belongs to, if that is enough.
void try_end_wait(DispatcherLock& lock, KWAIT_BLOCK& block) {
  Thread& thread = thread_of_block(block);
  if (thread.wait.type == WaitAny) {
    satisfy(header_of_block(block), thread);
    lock.end_wait(thread, STATUS_WAIT_0 + block.WaitKey);
  } else if (all_signaled(thread.wait, thread)) {
    satisfy_all(thread.wait, thread);
    lock.end_wait(thread, STATUS_WAIT_0);
  }
}

bool has_signal(const DISPATCHER_HEADER& header) {
  return header.SignalState > 0 && (header.Type != kQueueObject || queue_has_turn(header));
}

// The next block of another thread: ending a wait unlinks all blocks of its thread.
LIST_ENTRY* next_of_another_thread(LIST_ENTRY& head, LIST_ENTRY* entry) {
  const auto* thread = CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry)->Thread;
  do {
    entry = entry->Flink;
  } while (entry != &head &&
           CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry)->Thread == thread);
  return entry;
}

// The threads that this processor's level keeps from running.
thread_local Thread* ready_threads = nullptr;

// The calling thread stands for the only processor there is, at a level where no other thread can
// run on it.
bool is_only_processor() {
  return own_processor() != kNoProcessor && processor_count() == 1 &&
         delivery_level() >= DISPATCH_LEVEL;
}

void make_ready(Thread* threads) {
  Thread* last = threads;
  while (last->next_woken != nullptr) last = last->next_woken;
  last->next_woken = std::exchange(ready_threads, threads);
}

void let_run(Thread* threads) {
  while (threads != nullptr) {
    Thread& thread = *std::exchange(threads, threads->next_woken);
    thread.parker.unpark();  // From here on the thread may end and its record vanish.
  }
}

}  // namespace

void run_ready_threads() {
  let_run(std::exchange(ready_threads, nullptr));
}

DispatcherLock::DispatcherLock() {
  dispatcher_mutex().lock();
}

DispatcherLock::~DispatcherLock() {
  dispatcher_mutex().unlock();
  if (woken_ == nullptr) return;
  is_only_processor() ? make_ready(woken_) : let_run(woken_);
}

void DispatcherLock::end_wait(Thread& thread, NTSTATUS status) {
  CHECK(thread.wait.active);
  unlink_wait(thread.wait);
  thread.wait.status = status;
  thread.next_woken = std::exchange(woken_, &thread);
}

void initialize_header(DISPATCHER_HEADER& header, UCHAR type, ULONG size_bytes, LONG signal_state) {
  header = {};
  header.Type = type;
  header.Size = static_cast<UCHAR>(size_bytes / sizeof(LONG));
  header.SignalState = signal_state;
  InitializeListHead(&header.WaitListHead);
}

void check_header(const DISPATCHER_HEADER& header, const char* function) {
  if (header.WaitListHead.Flink != nullptr) return;
  // What following the null link comes to.
  bug_check({IRQL_NOT_LESS_OR_EQUAL, {0, DISPATCH_LEVEL, 1, parameter(&header)}},
            "%s(%p): the object was never initialised (KeInitializeEvent and the like)", function,
            static_cast<const void*>(&header));
}

bool is_signaled(const DISPATCHER_HEADER& header, const Thread& thread) {
  if (has_signal(header)) return true;
  return header.Type == kMutantObject && owns_mutex(header, thread);
}

bool all_signaled(const Wait& wait, const Thread& thread) {
  for (ULONG i = 0; i < wait.count; ++i) {
    if (!is_signaled(header_of_block(wait.blocks[i]), thread)) return false;
  }
  return true;
}

void satisfy(DISPATCHER_HEADER& header, Thread& thread) {
  switch (header.Type) {
    case kEventSynchronizationObject:
    case kTimerSynchronizationObject:
      header.SignalState = 0;
      return;
    case kSemaphoreObject:
      --header.SignalState;
      return;
    case kMutantObject:
      return take_mutex(header, thread);
    case kQueueObject:
      return take_entry(header, thread);
    default:
      return;  // Notification events, timers and threads stay signalled.
  }
}

void satisfy_all(const Wait& wait, Thread& thread) {
  for (ULONG i = 0; i < wait.count; ++i) satisfy(header_of_block(wait.blocks[i]), thread);
}

void wake_waiters(DispatcherLock& lock, DISPATCHER_HEADER& header) {
  LIST_ENTRY& head = header.WaitListHead;
  for (LIST_ENTRY* entry = head.Flink; entry != &head && has_signal(header);) {
    KWAIT_BLOCK& block = *CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry);
    entry = next_of_another_thread(head, entry);
    try_end_wait(lock, block);
  }
}

void link_wait(Wait& wait) {
  for (ULONG i = 0; i < wait.count; ++i) {
    KWAIT_BLOCK& block = wait.blocks[i];
    InsertTailList(&header_of_block(block).WaitListHead, &block.WaitListEntry);
  }
  wait.active = true;
}

void unlink_wait(Wait& wait) {
  for (ULONG i = 0; i < wait.count; ++i) RemoveEntryList(&wait.blocks[i].WaitListEntry);
  wait.active = false;
}

}  // namespace wskrun::nt
