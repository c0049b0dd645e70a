// EpollLoop: a loop that sleeps in epoll_wait. Everything is registered once, edge-triggered; each
// stream remembers what it may still read and write.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <span>

#include "net/event_loop.h"
#include "net/unique_fd.h"

namespace wskrun::net {

// What an epoll event leads to.
class EpollHandler {
 public:
  virtual void on_event(std::uint32_t events) = 0;

 protected:
  ~EpollHandler() = default;
};

class EpollLoop final : public EventLoop {
 public:
  EpollLoop(unsigned index, const TransportOptions& options);

  // Reports on `fd` until it is closed. Loop thread.
  Error watch(int fd, std::uint32_t events, EpollHandler& handler);
  // For one that outlives its handler.
  void stop_watching(int fd);
  // From now on reports other events on it; what has happened already, too.
  Error watch_instead(int fd, std::uint32_t events, EpollHandler& handler);
  // Room to join the iovecs of several sends, until the next call of anyone. Loop thread.
  std::span<iovec> iovec_scratch() { return iovec_scratch_; }

 private:
  Error set_up() override;
  void tear_down() override;
  void wait(std::optional<std::chrono::nanoseconds> timeout) override;
  void interrupt() override;

  UniqueFd epoll_;
  UniqueFd wakeup_;  // An eventfd.
  std::array<iovec, 256> iovec_scratch_;
};

}  // namespace wskrun::net
