// EventLog: what callbacks saw, and a way to wait for it. Callbacks run at DISPATCH_LEVEL on loop
// threads; the test waits in its own thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>

namespace wskrun::tests {

class EventLog {
 public:
  // Changes what the log guards and wakes who waits.
  template <typename Change>
  auto note(Change change) {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
    return change();
  }

  template <typename Look>
  auto look(Look look) const {
    std::lock_guard lock(mutex_);
    return look();
  }

  // Waits until `fact` holds; throws when a minute passes.
  template <typename Fact>
  void wait(const char* what, Fact fact) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::minutes(1), fact)) {
      throw std::runtime_error(std::string("does not come: ") + what);
    }
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace wskrun::tests
