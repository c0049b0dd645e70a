// KQUEUE: threads wait for entries, and only so many work on entries at a time. A thread belongs to
// the queue that it asked last; it has a turn from when it gets an entry until it asks again or
// sleeps. A queue that was run down has MaximumCount 0, and every wait for it ends at once.
#include "nt/ke_queue.h"

#include <type_traits>

#include "nt/irql.h"
#include "nt/ke_processor.h"

static_assert(sizeof(KQUEUE) == 64 && std::is_trivially_destructible_v<KQUEUE>);

namespace wskrun::nt {
namespace {

const KQUEUE& queue_of(const DISPATCHER_HEADER& header) {
  return *CONTAINING_RECORD(&header, const KQUEUE, Header);
}

KQUEUE& queue_of(DISPATCHER_HEADER& header) {
  return *CONTAINING_RECORD(&header, KQUEUE, Header);
}

bool is_run_down(const KQUEUE& queue) {
  return queue.MaximumCount == 0;
}

void take_turn(Thread& thread) {
  thread.has_queue_turn = true;
  thread.queue->CurrentCount = thread.queue->CurrentCount + 1;
}

// Another thread may have it.
void give_turn_back(DispatcherLock& lock, Thread& thread) {
  if (thread.queue == nullptr || !thread.has_queue_turn) return;
  thread.has_queue_turn = false;
  thread.queue->CurrentCount = thread.queue->CurrentCount - 1;
  wake_waiters(lock, thread.queue->Header);
}

void join_queue(DispatcherLock& lock, Thread& thread, KQUEUE& queue) {
  if (thread.queue == &queue) return give_turn_back(lock, thread);
  leave_queue(lock, thread);
  thread.queue = &queue;
  InsertTailList(&queue.ThreadListHead, &thread.queue_entry_of_thread);
}

LONG insert(KQUEUE& queue, LIST_ENTRY& entry, bool at_head, const char* function) {
  require_irql_at_most(DISPATCH_LEVEL, function);
  DispatcherLock lock;
  check_header(queue.Header, function);
  if (at_head) {
    InsertHeadList(&queue.EntryListHead, &entry);
  } else {
    InsertTailList(&queue.EntryListHead, &entry);
  }
  const LONG before = queue.Header.SignalState++;
  wake_waiters(lock, queue.Header);
  return before;
}

PLIST_ENTRY as_pointer(NTSTATUS status) {
  return reinterpret_cast<PLIST_ENTRY>(static_cast<LONG_PTR>(status));
}

}  // namespace

bool queue_has_turn(const DISPATCHER_HEADER& header) {
  const KQUEUE& queue = queue_of(header);
  return is_run_down(queue) || queue.CurrentCount < queue.MaximumCount;
}

void take_entry(DISPATCHER_HEADER& header, Thread& thread) {
  KQUEUE& queue = queue_of(header);
  thread.queue_entry = nullptr;
  if (is_run_down(queue)) return;
  thread.queue_entry = RemoveHeadList(&queue.EntryListHead);
  --header.SignalState;
  if (thread.queue == &queue) take_turn(thread);
}

void leave_queue(DispatcherLock& lock, Thread& thread) {
  if (thread.queue == nullptr) return;
  give_turn_back(lock, thread);
  RemoveEntryList(&thread.queue_entry_of_thread);
  thread.queue = nullptr;
}

void pause_queue_work(Thread& thread) {
  if (!thread.has_queue_turn) return;
  DispatcherLock lock;
  give_turn_back(lock, thread);
}

void resume_queue_work(Thread& thread) {
  DispatcherLock lock;
  if (thread.queue != nullptr) take_turn(thread);  // Even if that is one too many for a while.
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

VOID KeInitializeQueue(PRKQUEUE Queue, ULONG Count) {
  *Queue = {};
  initialize_header(Queue->Header, kQueueObject, sizeof *Queue, 0);
  InitializeListHead(&Queue->EntryListHead);
  InitializeListHead(&Queue->ThreadListHead);
  Queue->MaximumCount = Count != 0 ? Count : processor_count();
}

LONG KeInsertQueue(PRKQUEUE Queue, PLIST_ENTRY Entry) {
  return insert(*Queue, *Entry, false, __func__);
}

LONG KeInsertHeadQueue(PRKQUEUE Queue, PLIST_ENTRY Entry) {
  return insert(*Queue, *Entry, true, __func__);
}

PLIST_ENTRY KeRemoveQueue(PRKQUEUE Queue, KPROCESSOR_MODE WaitMode, PLARGE_INTEGER Timeout) {
  Thread& self = current_thread();
  {
    DispatcherLock lock;
    check_header(Queue->Header, __func__);
    if (!is_run_down(*Queue)) join_queue(lock, self, *Queue);
  }
  const NTSTATUS status = KeWaitForSingleObject(Queue, WrQueue, WaitMode, FALSE, Timeout);
  if (status != STATUS_SUCCESS) return as_pointer(status);
  return self.queue_entry != nullptr ? self.queue_entry : as_pointer(STATUS_ABANDONED);
}

LONG KeReadStateQueue(PRKQUEUE Queue) {
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  DispatcherLock lock;
  check_header(Queue->Header, __func__);
  return Queue->Header.SignalState;
}

PLIST_ENTRY KeRundownQueue(PRKQUEUE Queue) {
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  DispatcherLock lock;
  check_header(Queue->Header, __func__);
  Queue->MaximumCount = 0;
  Queue->Header.SignalState = 1;
  wake_waiters(lock, Queue->Header);
  while (!IsListEmpty(&Queue->ThreadListHead)) {
    leave_queue(lock,
                *CONTAINING_RECORD(Queue->ThreadListHead.Flink, Thread, queue_entry_of_thread));
  }
  if (IsListEmpty(&Queue->EntryListHead)) return nullptr;
  LIST_ENTRY* const first = Queue->EntryListHead.Flink;
  RemoveEntryList(&Queue->EntryListHead);
  InitializeListHead(&Queue->EntryListHead);
  return first;
}

}  // extern "C"
