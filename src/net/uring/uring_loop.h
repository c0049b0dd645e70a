// UringLoop: a loop with a ring of its own. What streams ask of the kernel during a turn goes out
// with the one system call that also waits for completions.
#pragma once

#include <liburing.h>

#include <array>
#include <cstdint>
#include <span>

#include "net/event_loop.h"
#include "net/unique_fd.h"
#include "net/uring/buffer_ring.h"
#include "net/uring/features.h"

namespace wskrun::net {

// Whom completions go to. `operation` is its own number for what it asked, 0 to 7.
class alignas(8) CompletionHandler {
 public:
  virtual void on_completion(unsigned operation, const io_uring_cqe& cqe) = 0;

 protected:
  ~CompletionHandler() = default;
};

// Which of a handler's operations the kernel has.
class OperationSet {
 public:
  bool has(unsigned operation) const { return (bits_ >> operation & 1) != 0; }
  bool empty() const { return bits_ == 0; }
  void add(unsigned operation) { bits_ |= static_cast<std::uint8_t>(1u << operation); }
  void remove(unsigned operation) { bits_ &= static_cast<std::uint8_t>(~(1u << operation)); }

 private:
  std::uint8_t bits_ = 0;
};

class UringLoop final : public EventLoop {
 public:
  UringLoop(unsigned index, const TransportOptions& options);

  // Loop thread only. A request is filled in with io_uring_prep_*, which must come before
  // address().
  io_uring_sqe& next_request();
  static void address(io_uring_sqe& request, CompletionHandler& handler, unsigned operation);
  // Completes the operation with ECANCELED unless it completes otherwise. One by one: the kernel
  // finds an operation by its name, but what a descriptor has it looks for among all of the ring.
  void cancel(CompletionHandler& handler, unsigned operation);

  // Sends `batch`, which lies in send_scratch() or in memory that lasts as long as the send.
  void request_send(int fd, std::span<iovec> batch, CompletionHandler& handler, unsigned operation);
  // Room to join iovecs in.
  std::span<iovec> send_scratch();

  BufferRing& buffer_ring() { return buffer_ring_; }
  // Filled by those who receive from it.
  BufferRing& datagram_ring() { return datagram_ring_; }
  // Handlers are being told; tasks run when all have been.
  bool is_serving() const { return is_serving_; }

 private:
  struct Plan {
    UringFeatures features;
    Error error;
  };
  static Plan make_plan(const TransportOptions& options);
  UringLoop(unsigned index, const TransportOptions& options, const Plan& plan);

  Error set_up() override;
  Error set_up_buffers();
  void tear_down() override;
  void wait(std::optional<std::chrono::nanoseconds> timeout) override;
  void interrupt() override;

  int enter(std::optional<std::chrono::nanoseconds> timeout);
  void submit();
  void forget_submitted();
  void serve_completions();
  void await_wakeup();

  const Plan plan_;
  io_uring ring_{};
  BufferRing buffer_ring_{0};
  BufferRing datagram_ring_{1};
  UniqueFd wakeup_;  // An eventfd that the ring reads.
  std::uint64_t wakes_ = 0;
  bool is_serving_ = false;

  // What requests point to until the kernel has seen them.
  static constexpr std::size_t kIovecs = 4096;
  static constexpr std::size_t kLeastScratch = 64;
  static constexpr std::size_t kMessages = 256;
  std::array<iovec, kIovecs> iovecs_;
  std::size_t iovecs_used_ = 0;
  std::array<msghdr, kMessages> messages_;
  std::size_t messages_used_ = 0;
};

}  // namespace wskrun::net
