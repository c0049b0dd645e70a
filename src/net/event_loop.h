// EventLoop: what the loops of uring and epoll share: the thread, posted tasks, timers, hooks, and
// when to sleep. How it sleeps and what it hears then is the backend's (wait(), interrupt()).
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "base/mpsc_queue.h"
#include "base/mutex.h"
#include "net/buffer_pool.h"
#include "net/transport.h"

namespace wskrun::net {

using LoopClock = std::chrono::steady_clock;

class EventLoop;

// A call at a later time. Only the loop's thread may touch it. Cancelled when destroyed.
class Timer {
 public:
  virtual void on_timer() = 0;  // Not set any more; may be set again.
  bool is_set() const { return loop_ != nullptr; }

 protected:
  Timer() = default;
  ~Timer();

 private:
  friend class EventLoop;
  EventLoop* loop_ = nullptr;  // Set while it waits.
  std::multimap<LoopClock::time_point, Timer*>::iterator position_;
};

class EventLoop : public Loop {
 public:
  virtual ~EventLoop();

  // Starts the thread and waits until it can serve. After an error the loop can only be destroyed.
  Error start();
  // Ends the thread, having run every task posted so far. No endpoint may be left.
  void stop();

  void post(Task& task) final;
  void wake() final;
  bool is_current() const final;
  unsigned index() const final { return index_; }

  // Loop thread only.
  void set_timer(Timer& timer, std::chrono::milliseconds delay);
  void cancel_timer(Timer& timer);
  BufferPool& buffers() { return *buffers_; }
  // Whose buffers hold the largest datagram.
  BufferPool& datagram_buffers() { return large_buffers_ ? *large_buffers_ : *buffers_; }
  // Any thread.
  bool under_memory_pressure() const {
    return buffers_->under_pressure() || (large_buffers_ && large_buffers_->under_pressure());
  }

  // How many endpoints live here: none may when it stops. Any thread.
  unsigned endpoints() const { return endpoints_.load(std::memory_order_relaxed); }
  void endpoint_opened() { endpoints_.fetch_add(1, std::memory_order_relaxed); }
  void endpoint_closed() { endpoints_.fetch_sub(1, std::memory_order_relaxed); }

 protected:
  // `datagram_bytes`: what the largest datagram needs in a buffer.
  EventLoop(unsigned index, const TransportOptions& options, const BufferPool::Shape& buffers,
            std::size_t datagram_bytes = kLargestDatagram);

  // On the loop's thread, before and after everything else.
  virtual Error set_up() = 0;
  virtual void tear_down() = 0;
  // Hands over what endpoints asked of the kernel, waits for events and serves them. Waits no
  // longer than `timeout`; without one, until something happens.
  virtual void wait(std::optional<std::chrono::nanoseconds> timeout) = 0;
  // Ends the sleep that wait() is in or about to enter. Any thread.
  virtual void interrupt() = 0;

 private:
  void run();
  void turn();
  void run_tasks();
  void fire_timers();
  void collect_tasks();
  void append(Task& task);
  bool must_stay_awake();
  std::optional<std::chrono::nanoseconds> time_to_sleep();
  void interrupt_if_asleep();

  const unsigned index_;
  LoopHooks* const hooks_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<unsigned> endpoints_{0};

  base::MpscQueue<Task> posted_;     // By other threads.
  std::atomic<bool> woken_{false};   // wake() asks for a turn.
  std::atomic<bool> asleep_{false};  // Whoever changes it to false must interrupt().
  Task* first_ = nullptr;            // Ready to run, in order. The loop's own.
  Task* last_ = nullptr;
  std::multimap<LoopClock::time_point, Timer*> timers_;
  BufferPool::Owner buffers_;
  BufferPool::Owner large_buffers_;  // Where the others are too small for datagrams.
};

// What lives on a loop: any thread may ask something of it, its loop serves what was asked.
class LoopResident : private Task {
 protected:
  explicit LoopResident(EventLoop& loop);
  ~LoopResident() = default;

  // Notes a wish with `change`, called under mutex_, and has service() run soon. Any thread. Does
  // not touch this object any more once service() may have seen the wish.
  template <typename Change>
  void ask(Change change) EXCLUDES(mutex_) {
    bool first = false;
    {
      base::MutexLock lock(mutex_);
      change();
      first = !std::exchange(asked_, true);
    }
    if (first) home_.post(*this);
  }
  bool asked() EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return asked_;
  }

  // On the loop, outside every endpoint call. Begins with take_wishes_locked() and what was noted.
  virtual void service() = 0;
  // What is asked from now on brings service() again.
  void take_wishes_locked() REQUIRES(mutex_) { asked_ = false; }

  EventLoop& home_;
  base::Mutex mutex_;

 private:
  bool asked_ GUARDED_BY(mutex_) = false;  // The task is posted: *this must not go away.
};

}  // namespace wskrun::net
