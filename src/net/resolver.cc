// The pool of threads behind the resolver.
#include "net/resolver.h"

#include <pthread.h>

#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "net/signals_blocked.h"

namespace wskrun::net {
namespace {

// A lookup may take as long as all DNS servers together take not to answer, and one that was
// cancelled takes no less. So many may, before others have to wait for them.
constexpr std::size_t kMaxThreads = 16;

}  // namespace

// Every thread holds a reference, and so does the resolver: what outlives the latter is this.
class Resolver::Pool final : public base::RefCounted<Pool> {
 public:
  void start(Query& query, Loop& loop);
  void cancel(Query& query);
  // The threads end. Those inside a lookup are left behind.
  void stop();

 private:
  struct Worker {
    explicit Worker(Pool& its_pool) : pool(base::RefPtr<Pool>::share(&its_pool)) {}

    const base::RefPtr<Pool> pool;
    pthread_t thread{};
    bool is_looking_up = false;
    Query* query = nullptr;  // Who waits for its lookup; null: nobody any more.
    base::Link link;
  };

  static void* run_worker(void* worker);
  void work(Worker& self);
  Query* next_locked(base::MutexLock& lock) REQUIRES(mutex_);
  bool have_thread_locked() REQUIRES(mutex_);
  bool start_thread_locked() REQUIRES(mutex_);
  void end_locked(Query& query, Error error) REQUIRES(mutex_);
  Worker& worker_of_locked(const Query& query) REQUIRES(mutex_);

  base::Mutex mutex_;
  std::condition_variable_any wake_;
  base::List<Query, &Query::link_> queue_ GUARDED_BY(mutex_);
  std::size_t queued_ GUARDED_BY(mutex_) = 0;
  base::List<Worker, &Worker::link> workers_ GUARDED_BY(mutex_);
  std::size_t threads_ GUARDED_BY(mutex_) = 0;
  std::size_t idle_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

void Resolver::Pool::start(Query& query, Loop& loop) {
  base::MutexLock lock(mutex_);
  query.loop_ = &loop;
  if (query.state_ == Query::State::kCancelled) return end_locked(query, Error(ECANCELED));
  CHECK(query.state_ == Query::State::kNew);
  if (!have_thread_locked()) return end_locked(query, Error(ENOMEM));
  query.state_ = Query::State::kQueued;
  queue_.push_back(query);
  ++queued_;
  wake_.notify_one();
}

void Resolver::Pool::cancel(Query& query) {
  base::MutexLock lock(mutex_);
  switch (query.state_) {
    case Query::State::kNew:
      query.state_ = Query::State::kCancelled;
      return;
    case Query::State::kQueued:
      queue_.remove(query);
      --queued_;
      return end_locked(query, Error(ECANCELED));
    case Query::State::kRunning:
      worker_of_locked(query).query = nullptr;
      return end_locked(query, Error(ECANCELED));
    case Query::State::kCancelled:
    case Query::State::kEnded:
      return;
  }
}

void Resolver::Pool::stop() {
  std::vector<pthread_t> ending;
  {
    base::MutexLock lock(mutex_);
    CHECK(queue_.empty());
    stopping_ = true;
    for (Worker* each = workers_.front(); each != nullptr; each = workers_.next(*each)) {
      CHECK(each->query == nullptr);
      if (each->is_looking_up) {
        ::pthread_detach(each->thread);
      } else {
        ending.push_back(each->thread);
      }
    }
  }
  wake_.notify_all();
  for (const pthread_t thread : ending) CHECK(::pthread_join(thread, nullptr) == 0);
}

// Is there a thread that will come to one more query?
bool Resolver::Pool::have_thread_locked() {
  const bool all_are_taken = idle_ <= queued_;
  if (all_are_taken && threads_ < kMaxThreads && start_thread_locked()) ++threads_;
  return threads_ != 0;
}

bool Resolver::Pool::start_thread_locked() {
  auto worker = std::make_unique<Worker>(*this);
  const SignalsBlocked inherited_by_the_thread;
  if (::pthread_create(&worker->thread, nullptr, run_worker, worker.get()) != 0) return false;
  workers_.push_back(*worker.release());  // The thread's now.
  return true;
}

void* Resolver::Pool::run_worker(void* worker) {
  ::pthread_setname_np(::pthread_self(), "wskrun-names");
  const std::unique_ptr<Worker> self(static_cast<Worker*>(worker));
  self->pool->work(*self);
  return nullptr;
}

void Resolver::Pool::work(Worker& self) {
  base::MutexLock lock(mutex_);
  while (Query* query = next_locked(lock)) {
    const base::RefPtr<Lookup> lookup = query->lookup_;
    query->state_ = Query::State::kRunning;
    self.query = query;
    self.is_looking_up = true;
    lock.unlock();
    const Error error = lookup->run();
    lock.lock();
    self.is_looking_up = false;
    if (self.query != nullptr) end_locked(*std::exchange(self.query, nullptr), error);
  }
  workers_.remove(self);
}

// Waits for it. Null: the thread is to end.
Query* Resolver::Pool::next_locked(base::MutexLock& lock) {
  while (!stopping_ && queue_.empty()) {
    ++idle_;
    wake_.wait(lock);
    --idle_;
  }
  if (stopping_) return nullptr;
  --queued_;
  return queue_.pop_front();
}

// The query may be gone when this returns.
void Resolver::Pool::end_locked(Query& query, Error error) {
  query.state_ = Query::State::kEnded;
  query.error_ = error;
  query.loop_->post(query);
}

Resolver::Pool::Worker& Resolver::Pool::worker_of_locked(const Query& query) {
  Worker* worker = workers_.front();
  while (worker->query != &query) worker = workers_.next(*worker);
  return *worker;
}

Query::Query(base::RefPtr<Lookup> lookup) : lookup_(std::move(lookup)) {
  run = [](Task& task) {
    auto& query = static_cast<Query&>(task);
    query.answered(query.error_);
  };
}

Resolver::Resolver() : pool_(base::RefPtr<Pool>::adopt(new Pool)) {}

Resolver::~Resolver() {
  pool_->stop();
}

void Resolver::start(Query& query, Loop& loop) {
  pool_->start(query, loop);
}

void Resolver::cancel(Query& query) {
  pool_->cancel(query);
}

}  // namespace wskrun::net
