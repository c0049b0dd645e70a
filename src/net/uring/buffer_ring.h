// BufferRing: the buffers of one of the loop's pools that lie with the kernel, ready to be received
// into. The pool keeps the rest, and the chunks hold what has been filled.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <span>
#include <vector>

#include "net/buffer_pool.h"
#include "net/error.h"

namespace wskrun::net {

class BufferRing {
 public:
  // `group`: by which requests name it.
  explicit BufferRing(std::uint16_t group) : group_(group) {}
  ~BufferRing();
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;

  // Before anything else. `most`: how many buffers may lie with the kernel.
  Error set_up(io_uring& ring, BufferPool& pool, unsigned most, bool incremental);
  // After the kernel's ring has gone: gives the buffers back to the pool.
  void tear_down();

  // Hands as many buffers to the kernel as it may have. No system call.
  void refill();
  bool empty() const { return with_kernel_ == 0; }
  std::uint16_t group() const { return group_; }
  // What a completion received; empty where it received nothing.
  Chunk take(const io_uring_cqe& cqe);
  // Where buffers are not filled bit by bit: only looks at what was received. take() or put_back(),
  // which hands the buffer to the kernel again, must follow.
  std::span<std::byte> received(const io_uring_cqe& cqe) const;
  void put_back(const io_uring_cqe& cqe);

 private:
  void add(std::uint16_t number, int offset);

  const std::uint16_t group_;
  io_uring_buf_ring* ring_ = nullptr;
  std::size_t ring_bytes_ = 0;
  BufferPool* pool_ = nullptr;
  unsigned most_ = 0;
  int mask_ = 0;
  std::vector<PoolBuffer*> buffers_;    // By their number; nullptr: not with the kernel.
  std::vector<std::uint16_t> numbers_;  // Those that are free.
  unsigned with_kernel_ = 0;
};

}  // namespace wskrun::net
