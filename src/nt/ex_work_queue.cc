// Worker threads. A few run at a time; when those sleep inside the driver others take their place,
// so that work items which wait for each other do not starve.
#include "nt/ex_work_queue.h"

#include <algorithm>
#include <memory>

#include "base/list.h"
#include "base/log.h"
#include "base/mutex.h"
#include "nt/ke_bugcheck.h"
#include "nt/ke_processor.h"
#include "nt/ps_thread.h"
#include "nt/sched.h"
#include "nt/upcall.h"

namespace wskrun::nt {
namespace {

constexpr unsigned kMaxWorkers = 256;
constexpr unsigned kMinRunning = 4;  // How many may run however few the processors are.
constexpr LONGLONG kStopTimeout100ns = 10 * 10'000'000;

class WorkQueue;

struct Worker {
  explicit Worker(WorkQueue* its_queue) : queue(its_queue) {}

  WorkQueue* const queue;
  sched::ThreadToken token{};
  base::Link link;
};

struct Work {
  PWORKER_THREAD_ROUTINE routine;
  void* parameter;
};

void run(const Work& work) {
  if (work.routine == run_io_work_item) return run_io_work_item(work.parameter);
  upcall("WorkerRoutine", work.routine, work.parameter);
}

class WorkQueue {
 public:
  WorkQueue() {
    InitializeListHead(&items_);
    KeInitializeSemaphore(&calls_, 0, MAXLONG);
    KeInitializeEvent(&all_ended_, NotificationEvent, TRUE);
  }

  void start() {
    base::MutexLock lock(mutex_);
    stopping_ = false;
    running_limit_ = std::max(kMinRunning, processor_count());
  }

  void stop() {
    call_all_home();
    LARGE_INTEGER timeout;
    timeout.QuadPart = -kStopTimeout100ns;
    if (KeWaitForSingleObject(&all_ended_, Executive, KernelMode, FALSE, &timeout) ==
        STATUS_TIMEOUT) {
      base::log(base::LogLevel::kWarning,
                "a work item of the driver does not return; its thread is left behind");
    }
    while (Worker* worker = pop_ended()) {
      sched::join_thread(worker->token);
      delete worker;
    }
  }

  bool insert(WORK_QUEUE_ITEM& item) {
    base::MutexLock lock(mutex_);
    if (item.List.Flink != nullptr) return false;
    InsertTailList(&items_, &item.List);
    if (idle_ != 0) {
      call_one_locked();
    } else {
      start_worker_if_needed_locked();
    }
    return true;
  }

  bool contains(const WORK_QUEUE_ITEM& item) {
    base::MutexLock lock(mutex_);
    return item.List.Flink != nullptr;
  }

  // A worker goes to sleep inside the driver, or wakes there.
  void worker_blocks(bool begins) {
    base::MutexLock lock(mutex_);
    running_ += begins ? -1 : 1;
    if (begins) start_worker_if_needed_locked();
  }

 private:
  static void on_block(bool begins);

  static void worker_main(void* context) {
    Worker& self = *static_cast<Worker*>(context);
    Work work;
    while (self.queue->take(self, work)) {
      current_thread().on_block = on_block;
      run(work);
      current_thread().on_block = nullptr;
    }
  }

  // The worker's next work; waits for it. False: the worker is to end.
  bool take(Worker& self, Work& work) {
    for (;;) {
      {
        base::MutexLock lock(mutex_);
        if (pop_locked(work)) return true;
        --running_;
        if (stopping_) {
          end_locked(self);
          return false;
        }
        ++idle_;
      }
      KeWaitForSingleObject(&calls_, Executive, KernelMode, FALSE, nullptr);
    }
  }

  bool pop_locked(Work& work) REQUIRES(mutex_) {
    if (IsListEmpty(&items_)) return false;
    auto* item = CONTAINING_RECORD(RemoveHeadList(&items_), WORK_QUEUE_ITEM, List);
    item->List.Flink = nullptr;  // It may be queued again, or be gone, from here on.
    work = {item->WorkerRoutine, item->Parameter};
    return true;
  }

  void call_one_locked() REQUIRES(mutex_) {
    --idle_;
    ++running_;
    KeReleaseSemaphore(&calls_, IO_NO_INCREMENT, 1, FALSE);
  }

  void call_all_home() {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    while (idle_ != 0) call_one_locked();
  }

  void start_worker_if_needed_locked() REQUIRES(mutex_) {
    if (IsListEmpty(&items_) || idle_ != 0 || running_ >= static_cast<int>(running_limit_)) return;
    if (workers_ == kMaxWorkers) return;
    auto worker = std::make_unique<Worker>(this);
    if (!sched::start_thread("worker", worker_main, worker.get(), worker->token)) {
      return base::log(base::LogLevel::kError, "the system has no thread for a work item");
    }
    worker.release();  // Freed when it is joined.
    ++workers_;
    ++running_;
    KeClearEvent(&all_ended_);
  }

  void end_locked(Worker& worker) REQUIRES(mutex_) {
    ended_.push_back(worker);
    if (--workers_ == 0) KeSetEvent(&all_ended_, IO_NO_INCREMENT, FALSE);
  }

  Worker* pop_ended() {
    base::MutexLock lock(mutex_);
    return ended_.pop_front();
  }

  base::Mutex mutex_;
  LIST_ENTRY items_ GUARDED_BY(mutex_);
  base::List<Worker, &Worker::link> ended_ GUARDED_BY(mutex_);
  unsigned running_limit_ GUARDED_BY(mutex_) = kMinRunning;
  unsigned workers_ GUARDED_BY(mutex_) = 0;
  unsigned idle_ GUARDED_BY(mutex_) = 0;  // Those that wait, and are not called yet.
  int running_ GUARDED_BY(mutex_) = 0;    // Those that neither wait nor sleep inside the driver.
  bool stopping_ GUARDED_BY(mutex_) = true;
  KSEMAPHORE calls_;  // Lets idle workers go on.
  KEVENT all_ended_;
};

WorkQueue& work_queue() {
  static auto* const instance = new WorkQueue;  // A thread left behind may still use it.
  return *instance;
}

void WorkQueue::on_block(bool begins) {
  work_queue().worker_blocks(begins);
}

}  // namespace

bool queue_work_item(WORK_QUEUE_ITEM& item) {
  return work_queue().insert(item);
}

bool is_work_item_queued(const WORK_QUEUE_ITEM& item) {
  return work_queue().contains(item);
}

void start_workers() {
  work_queue().start();
}

void stop_workers() {
  work_queue().stop();
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" VOID ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType) {
  (void)QueueType;  // One pool serves all; threads have no NT priority here.
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  if (queue_work_item(*WorkItem)) return;
  bug_check({WORKER_INVALID, {1, parameter(WorkItem), 0, 0}},
            "ExQueueWorkItem(%p): the item is queued already, or was not set up with "
            "ExInitializeWorkItem",
            static_cast<void*>(WorkItem));
}
