// The load generator's io_uring: operations go out, their ends come in, receives fill its buffers.
// What is done with them is the actors' business: connection.h and the files in bench/loads.
#pragma once

#include <liburing.h>

#include <chrono>
#include <memory>
#include <span>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

// Starts operations, and is told of each one's end. It stays where it is until all have ended: its
// address is their name.
class Actor {
 public:
  virtual void ended(unsigned operation, const io_uring_cqe& cqe) = 0;

 protected:
  ~Actor() = default;
};

// Throws std::runtime_error when the kernel refuses something.
class Ring {
 public:
  static constexpr unsigned kOperations = 8;  // An actor's operations are 0 to 7.

  Ring();
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // An operation for the caller to fill by io_uring_prep_*.
  io_uring_sqe& prepare(Actor& actor, unsigned operation);

  // Receives into the ring's buffers, again and again, until the end of the stream.
  void prepare_receive(Actor& actor, unsigned operation, int fd);
  // Makes it end.
  void cancel(Actor& actor, unsigned operation);
  // What such a receive got. The bytes stay until give_back.
  std::span<const char> received(const io_uring_cqe& cqe) const;
  void give_back(const io_uring_cqe& cqe);

  // Hands over what was prepared, waits until something ends, but not longer than `patience`, and
  // tells the actors.
  void turn(nanoseconds patience);

 private:
  void tell(const io_uring_cqe& cqe);

  io_uring ring_{};
  io_uring_buf_ring* buffer_ring_ = nullptr;
  std::vector<char> buffers_;
};

}  // namespace bench
