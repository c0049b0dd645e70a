// Queues of DPCs, one per processor. See ke_dpc.h.
#include "nt/ke_dpc.h"

#include <atomic>

#include "base/check.h"
#include "base/mutex.h"
#include "nt/irql.h"
#include "nt/ke_dispatcher.h"
#include "nt/ke_processor.h"
#include "nt/sched.h"
#include "nt/upcall.h"

namespace wskrun::nt {
namespace {

constexpr UCHAR kDpcObject = 19;
constexpr UCHAR kThreadedDpcObject = 24;
constexpr USHORT kAnyProcessor = 0;  // KDPC::Number; otherwise the processor's index plus one.
constexpr unsigned kBatch = 64;      // DPCs of one turn.

// What a DPC is about to be called with; the object itself is the driver's again by then.
struct Call {
  KDPC* dpc;
  PKDEFERRED_ROUTINE routine;
  void* context;
  void* argument1;
  void* argument2;
};

// KDPC::DpcData is the queue that holds the DPC, nullptr when none does. It changes under that
// queue's lock only.
std::atomic_ref<void*> queue_field(KDPC& dpc) {
  return std::atomic_ref<void*>(dpc.DpcData);
}

class DpcQueue {
 public:
  void open(unsigned index, ProcessorWaker& waker) {
    base::MutexLock lock(mutex_);
    CHECK(waker_ == nullptr);
    index_ = index;
    waker_ = &waker;
    if (first_ != nullptr) waker.wake_processor(index);
  }

  // What is left goes to `heir`, if there is one; else it is forgotten.
  void close(DpcQueue* heir) {
    base::MutexLock lock(mutex_);
    waker_ = nullptr;
    while (KDPC* dpc = pop_locked()) {
      queue_field(*dpc).store(nullptr, std::memory_order_release);
      if (heir != nullptr) heir->insert(*dpc, dpc->SystemArgument1, dpc->SystemArgument2);
    }
  }

  enum class Inserted { kYes, kAlreadyQueued, kClosed };

  Inserted insert(KDPC& dpc, void* argument1, void* argument2) {
    base::MutexLock lock(mutex_);
    if (waker_ == nullptr) return Inserted::kClosed;
    void* none = nullptr;
    if (!queue_field(dpc).compare_exchange_strong(none, this, std::memory_order_acq_rel,
                                                  std::memory_order_acquire)) {
      return Inserted::kAlreadyQueued;
    }
    dpc.SystemArgument1 = argument1;
    dpc.SystemArgument2 = argument2;
    const bool was_empty = first_ == nullptr;
    link_locked(dpc);
    // The processor itself looks at the end of its turn.
    if (was_empty && own_processor() != index_) waker_->wake_processor(index_);
    return Inserted::kYes;
  }

  // False: the DPC is not in this queue (any more).
  bool remove(KDPC& dpc) {
    base::MutexLock lock(mutex_);
    if (queue_field(dpc).load(std::memory_order_acquire) != this) return false;
    SINGLE_LIST_ENTRY** link = &first_;
    SINGLE_LIST_ENTRY* previous = nullptr;
    while (*link != &dpc.DpcListEntry) {
      previous = *link;
      link = &previous->Next;
    }
    *link = dpc.DpcListEntry.Next;
    if (last_ == &dpc.DpcListEntry) last_ = previous;
    has_some_.store(first_ != nullptr, std::memory_order_relaxed);
    queue_field(dpc).store(nullptr, std::memory_order_release);
    return true;
  }

  bool take(Call& call) {
    if (!has_some_.load(std::memory_order_seq_cst)) return false;
    base::MutexLock lock(mutex_);
    KDPC* dpc = pop_locked();
    if (dpc == nullptr) return false;
    call = {dpc, dpc->DeferredRoutine, dpc->DeferredContext, dpc->SystemArgument1,
            dpc->SystemArgument2};
    queue_field(*dpc).store(nullptr, std::memory_order_release);
    return true;
  }

  // There is more than one turn's worth.
  void wake_if_not_empty() {
    base::MutexLock lock(mutex_);
    if (first_ != nullptr && waker_ != nullptr) waker_->wake_processor(index_);
  }

 private:
  void link_locked(KDPC& dpc) REQUIRES(mutex_) {
    SINGLE_LIST_ENTRY& entry = dpc.DpcListEntry;
    if (dpc.Importance == HighImportance) {
      entry.Next = first_;
      first_ = &entry;
      if (last_ == nullptr) last_ = &entry;
    } else {
      entry.Next = nullptr;
      (last_ == nullptr ? first_ : last_->Next) = &entry;
      last_ = &entry;
    }
    has_some_.store(true, std::memory_order_seq_cst);
  }

  KDPC* pop_locked() REQUIRES(mutex_) {
    SINGLE_LIST_ENTRY* entry = first_;
    if (entry == nullptr) return nullptr;
    first_ = entry->Next;
    if (first_ == nullptr) last_ = nullptr;
    has_some_.store(first_ != nullptr, std::memory_order_relaxed);
    return CONTAINING_RECORD(entry, KDPC, DpcListEntry);
  }

  base::Mutex mutex_;
  SINGLE_LIST_ENTRY* first_ GUARDED_BY(mutex_) = nullptr;
  SINGLE_LIST_ENTRY* last_ GUARDED_BY(mutex_) = nullptr;
  std::atomic<bool> has_some_{false};                   // Spares an idle turn the lock.
  ProcessorWaker* waker_ GUARDED_BY(mutex_) = nullptr;  // nullptr: closed.
  unsigned index_ GUARDED_BY(mutex_) = kNoProcessor;
};

// One queue per processor, and the last for the executive's own thread.
constexpr unsigned kExecutive = kMaxProcessors;

DpcQueue& queue_of(unsigned index) {
  static auto* const queues = new DpcQueue[kMaxProcessors + 1];
  return queues[index];
}

// Where KeFlushQueuedDpcs has got to: a DPC of ours that passes through each queue.
struct Flush {
  std::atomic<unsigned> queues_left;
  KEVENT done;
};

void flush_passed(KDPC*, void* context, void*, void*) {
  auto* flush = static_cast<Flush*>(context);
  if (flush->queues_left.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  KeSetEvent(&flush->done, IO_NO_INCREMENT, FALSE);
}

void run(const Call& call) {
  if (call.routine == flush_passed) return flush_passed(call.dpc, call.context, nullptr, nullptr);
  upcall("DeferredRoutine", call.routine, call.dpc, call.context, call.argument1, call.argument2);
}

void run_queue(DpcQueue& queue) {
  Call call;
  for (unsigned i = 0; i < kBatch; ++i) {
    if (!queue.take(call)) return;
    IrqlScope dispatch(DISPATCH_LEVEL);
    run(call);
  }
  queue.wake_if_not_empty();
}

class DpcThread final : public ProcessorWaker {
 public:
  void start() {
    stopping_.store(false, std::memory_order_relaxed);
    CHECK(sched::start_thread(
        "dpc", [](void* self) { static_cast<DpcThread*>(self)->loop(); }, this, token_));
    queue_of(kExecutive).open(kExecutive, *this);
  }

  void stop() {
    stopping_.store(true, std::memory_order_relaxed);
    parker_.unpark();
    sched::join_thread(token_);
    queue_of(kExecutive).close(nullptr);
  }

  void wake_processor(unsigned) override { parker_.unpark(); }

 private:
  void loop() {
    while (!stopping_.load(std::memory_order_relaxed)) {
      parker_.park();
      run_queue(queue_of(kExecutive));
    }
  }

  sched::Parker parker_;
  std::atomic<bool> stopping_{false};
  sched::ThreadToken token_{};
};

DpcThread& dpc_thread() {
  static auto* const instance = new DpcThread;
  return *instance;
}

unsigned target_of(const KDPC& dpc) {
  if (dpc.Number != kAnyProcessor) return dpc.Number - 1u;
  return current_processor();
}

void initialize_dpc(KDPC& dpc, UCHAR type, PKDEFERRED_ROUTINE routine, void* context) {
  dpc = {};
  dpc.Type = type;
  dpc.Importance = MediumImportance;
  dpc.Number = kAnyProcessor;
  dpc.DeferredRoutine = routine;
  dpc.DeferredContext = context;
}

}  // namespace

void enter_processor(unsigned index, ProcessorWaker& waker) {
  CHECK(index < kMaxProcessors);
  set_own_processor(index);
  set_irql(delivery_level());
  queue_of(index).open(index, waker);
}

void run_dpcs() {
  CHECK(own_processor() != kNoProcessor);
  run_queue(queue_of(own_processor()));
  run_ready_threads();
}

void leave_processor() {
  queue_of(own_processor()).close(&queue_of(kExecutive));
  set_own_processor(kNoProcessor);
  set_irql(PASSIVE_LEVEL);
}

bool queue_dpc(KDPC& dpc, void* argument1, void* argument2) {
  using Inserted = DpcQueue::Inserted;
  Inserted inserted = queue_of(target_of(dpc)).insert(dpc, argument1, argument2);
  if (inserted == Inserted::kClosed) {
    inserted = queue_of(kExecutive).insert(dpc, argument1, argument2);
  }
  return inserted == Inserted::kYes;
}

void start_dpc_thread() {
  dpc_thread().start();
}

void stop_dpc_thread() {
  dpc_thread().stop();
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

VOID KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext) {
  initialize_dpc(*Dpc, kDpcObject, DeferredRoutine, DeferredContext);
}

// Windows runs threaded DPCs at PASSIVE_LEVEL or, where that is switched off, at DISPATCH_LEVEL;
// their routines must be ready for both. Here it is always DISPATCH_LEVEL.
VOID KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine,
                             PVOID DeferredContext) {
  initialize_dpc(*Dpc, kThreadedDpcObject, DeferredRoutine, DeferredContext);
}

BOOLEAN KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2) {
  return queue_dpc(*Dpc, SystemArgument1, SystemArgument2);
}

BOOLEAN KeRemoveQueueDpc(PRKDPC Dpc) {
  // A processor that leaves moves its DPCs to another queue: look again until it is one or none.
  while (void* queue = queue_field(*Dpc).load(std::memory_order_acquire)) {
    if (static_cast<DpcQueue*>(queue)->remove(*Dpc)) return TRUE;
  }
  return FALSE;
}

VOID KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance) {
  Dpc->Importance = static_cast<UCHAR>(Importance);
}

VOID KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number) {
  PROCESSOR_NUMBER number = {0, static_cast<UCHAR>(Number), 0};
  KeSetTargetProcessorDpcEx(Dpc, &number);
}

NTSTATUS KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber) {
  if (ProcNumber->Group != 0 || ProcNumber->Number >= processor_count()) {
    return STATUS_INVALID_PARAMETER;
  }
  Dpc->Number = static_cast<USHORT>(ProcNumber->Number + 1);
  return STATUS_SUCCESS;
}

VOID KeFlushQueuedDpcs(VOID) {
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  // A processor that asks cannot wait for itself; what it has queued it runs here and now.
  if (own_processor() != kNoProcessor) run_dpcs();
  Flush flush;
  KeInitializeEvent(&flush.done, NotificationEvent, FALSE);
  flush.queues_left.store(kMaxProcessors + 2, std::memory_order_relaxed);
  KDPC markers[kMaxProcessors + 1];
  for (unsigned i = 0; i <= kMaxProcessors; ++i) {
    initialize_dpc(markers[i], kDpcObject, flush_passed, &flush);
    const bool waits = i != own_processor() &&
                       queue_of(i).insert(markers[i], nullptr, nullptr) == DpcQueue::Inserted::kYes;
    if (!waits) flush.queues_left.fetch_sub(1, std::memory_order_relaxed);
  }
  flush_passed(nullptr, &flush, nullptr, nullptr);  // Our own share: all markers are on their way.
  KeWaitForSingleObject(&flush.done, Executive, KernelMode, FALSE, nullptr);
}

}  // extern "C"
