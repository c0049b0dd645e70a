// A loop's turn: serve events, run tasks, call the hooks; and the sleep that no post can miss.
#include "net/event_loop.h"

#include <pthread.h>

#include <algorithm>
#include <future>
#include <string>

#include "base/check.h"
#include "net/signals_blocked.h"

namespace wskrun::net {
namespace {

thread_local const EventLoop* current_loop = nullptr;

}  // namespace

Timer::~Timer() {
  if (loop_ != nullptr) loop_->cancel_timer(*this);
}

EventLoop::EventLoop(unsigned index, const TransportOptions& options,
                     const BufferPool::Shape& buffers, std::size_t datagram_bytes)
    : index_(index), hooks_(options.hooks) {
  BufferPool::Shape shape = buffers;
  if (shape.buffer_bytes < datagram_bytes) {
    const std::size_t part = shape.total_bytes / 4;
    shape.total_bytes -= part;
    large_buffers_ =
        BufferPool::create(*this, {.buffer_bytes = datagram_bytes, .total_bytes = part});
  }
  buffers_ = BufferPool::create(*this, shape);
}

EventLoop::~EventLoop() {
  CHECK(!thread_.joinable());
}

Error EventLoop::start() {
  std::promise<Error> outcome;
  std::future<Error> ready = outcome.get_future();
  const SignalsBlocked inherited_by_the_thread;
  thread_ = std::thread([this, &outcome] {
    current_loop = this;
    BufferPool::attach_thread(*this);
    pthread_setname_np(pthread_self(), ("wskrun-loop" + std::to_string(index_)).c_str());
    const Error error = set_up();
    outcome.set_value(error);
    if (error.ok()) run();
  });
  const Error error = ready.get();
  if (!error.ok()) thread_.join();
  return error;
}

void EventLoop::stop() {
  stopping_.store(true);
  wake();
  thread_.join();
}

void EventLoop::run() {
  if (hooks_ != nullptr) hooks_->loop_started(index_);
  while (!stopping_.load()) turn();
  run_tasks();
  CHECK(endpoints_.load() == 0);
  if (hooks_ != nullptr) hooks_->loop_stopping(index_);
  tear_down();
}

void EventLoop::turn() {
  if (hooks_ != nullptr) hooks_->about_to_wait(index_);
  wait(time_to_sleep());
  asleep_.store(false, std::memory_order_relaxed);
  fire_timers();
  run_tasks();
  buffers_->serve_waiting();
  if (large_buffers_) large_buffers_->serve_waiting();
  if (hooks_ != nullptr) hooks_->turn_ended(index_);
  // What the hooks asked of endpoints goes to the kernel with the rest of this turn.
  run_tasks();
}

// Runs what is ready now; what these tasks post waits for the next round, so that events are never
// kept waiting by a task that posts itself.
void EventLoop::run_tasks() {
  collect_tasks();
  Task* ready = std::exchange(first_, nullptr);
  last_ = nullptr;
  while (ready != nullptr) {
    Task* task = ready;
    ready = task->next;
    task->run(*task);
  }
}

void EventLoop::post(Task& task) {
  if (is_current()) {
    collect_tasks();  // They were posted before this one.
    append(task);
    return;
  }
  if (posted_.push(task)) interrupt_if_asleep();
}

void EventLoop::wake() {
  woken_.store(true);
  if (!is_current()) interrupt_if_asleep();
}

void EventLoop::interrupt_if_asleep() {
  if (asleep_.load() && asleep_.exchange(false)) interrupt();
}

void EventLoop::append(Task& task) {
  task.next = nullptr;
  (last_ == nullptr ? first_ : last_->next) = &task;
  last_ = &task;
}

void EventLoop::collect_tasks() {
  if (posted_.empty()) return;
  for (Task* task = posted_.take_all(); task != nullptr;) {
    Task* next = task->next;
    append(*task);
    task = next;
  }
}

bool EventLoop::is_current() const {
  return current_loop == this;
}

// First says that it sleeps, then looks once more: a poster either sees the first or is seen by
// the second.
std::optional<std::chrono::nanoseconds> EventLoop::time_to_sleep() {
  asleep_.store(true);
  if (must_stay_awake()) {
    asleep_.store(false, std::memory_order_relaxed);
    return std::chrono::nanoseconds(0);
  }
  if (timers_.empty()) return std::nullopt;
  const auto left = timers_.begin()->first - LoopClock::now();
  return std::max<std::chrono::nanoseconds>(left, std::chrono::nanoseconds(0));
}

LoopResident::LoopResident(EventLoop& loop) : home_(loop) {
  run = [](Task& task) { static_cast<LoopResident&>(task).service(); };
}

bool EventLoop::must_stay_awake() {
  const bool asked = woken_.exchange(false);
  return asked || first_ != nullptr || !posted_.empty() || stopping_.load() ||
         buffers_->can_serve_waiting() || (large_buffers_ && large_buffers_->can_serve_waiting());
}

void EventLoop::set_timer(Timer& timer, std::chrono::milliseconds delay) {
  CHECK(is_current() && timer.loop_ == nullptr);
  timer.loop_ = this;
  timer.position_ = timers_.emplace(LoopClock::now() + delay, &timer);
}

void EventLoop::cancel_timer(Timer& timer) {
  CHECK(is_current());
  if (timer.loop_ == nullptr) return;
  timers_.erase(timer.position_);
  timer.loop_ = nullptr;
}

void EventLoop::fire_timers() {
  if (timers_.empty()) return;
  const auto now = LoopClock::now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Timer& due = *timers_.begin()->second;
    cancel_timer(due);
    due.on_timer();
  }
}

}  // namespace wskrun::net
