// BufferPool: the memory that one loop receives into. Big buffers, shared by the loop's streams and
// by the chunks that lie in them; slabs are added up to a bound and kept. Reserve is what a single
// stream may still use once the pool has reached its bound.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/list.h"
#include "base/mpsc_queue.h"
#include "base/ref_ptr.h"
#include "net/chunk.h"
#include "net/transport.h"

namespace wskrun::net {

class BufferPool;

// A buffer of a pool. Whoever holds its last reference gives it back, from any thread.
class PoolBuffer final : public ReceiveBuffer {
 public:
  PoolBuffer(BufferPool& pool, std::span<std::byte> memory) : pool_(pool), memory_(memory) {}

  // Loop thread only.
  std::span<std::byte> memory() const { return memory_; }
  std::span<std::byte> tail() const { return memory_.subspan(used_); }
  // The first `bytes` of the tail as a chunk, which holds this buffer.
  Chunk cut(std::size_t bytes);
  // Only the caller holds it: nobody reads what lies in it any more.
  bool sole_holder() const { return references_.load(std::memory_order_acquire) == 1; }
  void rewind() { used_ = 0; }
  void skip(std::size_t bytes) { used_ += bytes; }

  PoolBuffer* next = nullptr;  // The pool's, while it is free.

 private:
  void recycle() override;

  BufferPool& pool_;
  const std::span<std::byte> memory_;
  std::size_t used_ = 0;
};

// A stream that found no memory.
class MemoryWaiter {
 public:
  virtual void on_memory() = 0;  // There may be some again. Loop thread, outside endpoint calls.
  base::Link memory_link;

 protected:
  ~MemoryWaiter() = default;
};

class BufferPool {
 public:
  struct Shape {
    std::size_t buffer_bytes = std::size_t{64} << 10;
    std::size_t total_bytes = 0;  // Rounded up to two buffers at least.
  };
  // Frees the pool; while somebody still holds memory of it, the last of them does. Nobody may be
  // giving memory back at that moment.
  struct Retire {
    void operator()(BufferPool* pool) const;
  };
  using Owner = std::unique_ptr<BufferPool, Retire>;
  static Owner create(Loop& loop, const Shape& shape);

  // The calling thread is the loop's, for all pools of it.
  static void attach_thread(const Loop& loop);

  // Loop thread only, down to `under_pressure`.

  // A whole buffer with one reference, the caller's; nullptr at the bound.
  PoolBuffer* take();
  bool has_free();
  // Where to receive next: what is left of the current buffer, or a new one. Empty at the bound.
  std::span<std::byte> space();
  Chunk filled(std::size_t bytes);  // The first bytes of space() have been received.
  // A copy of `bytes`, packed beside others. Not longer than a buffer, and only with has_free().
  Chunk copy(std::span<const std::byte> bytes);
  // How many whole buffers could be taken now, up to `most`.
  std::size_t count_free(std::size_t most);
  std::size_t buffer_bytes() const { return buffer_bytes_; }
  std::size_t total_bytes() const { return buffer_bytes_ * most_buffers_; }  // The bound.

  // on_memory() is called once when memory has come back, to this pool or to any of its reserves.
  // Who waits longest hears first, and a bounded number in each turn.
  void wait_for_memory(MemoryWaiter& waiter);
  void stop_waiting(MemoryWaiter& waiter);
  bool can_serve_waiting();
  void serve_waiting();

  // Three quarters of the bound are held, or somebody waits. Any thread.
  bool under_pressure() const { return pressure_.load(std::memory_order_relaxed); }

 private:
  friend class PoolBuffer;
  friend class Reserve;

  struct Unmap {
    std::size_t bytes;
    void operator()(void* memory) const;
  };
  using Slab = std::unique_ptr<void, Unmap>;
  using Waiters = base::List<MemoryWaiter, &MemoryWaiter::memory_link>;

  BufferPool(Loop& loop, const Shape& shape);
  ~BufferPool() = default;

  bool grow();
  void collect_returned();
  void push_free(PoolBuffer& buffer);
  void update_pressure();
  bool came_back_after_retirement();  // Any thread.
  void returned(PoolBuffer& buffer);  // Any thread.
  void reserve_returned();            // Any thread.
  void tell_waiting();                // Any thread.

  Loop& loop_;
  const std::size_t buffer_bytes_;
  const std::size_t most_buffers_;
  std::vector<Slab> slabs_;
  std::deque<PoolBuffer> buffers_;
  PoolBuffer* free_ = nullptr;
  std::size_t free_count_ = 0;
  PoolBuffer* current_ = nullptr;
  Waiters waiters_;
  std::size_t waiting_ = 0;   // How many they are.
  std::size_t to_serve_ = 0;  // How many of them, from the front, have yet to hear of memory.

  base::MpscQueue<PoolBuffer> returned_;  // By other threads.
  std::atomic<bool> somebody_waits_{false};
  std::atomic<bool> reserve_came_back_{false};
  std::atomic<std::size_t> reserve_chunks_{0};
  std::atomic<bool> pressure_{false};
  std::atomic<std::size_t> held_after_retirement_{0};
};

// Memory of one stream on the heap, a bounded amount. It lives until its last chunk has gone.
class Reserve : public base::RefCounted<Reserve> {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{64} << 10;

  explicit Reserve(BufferPool& pool) : pool_(pool) {}

  std::size_t room() const;
  // A chunk with a copy of `bytes`, which are not more than room(). Loop thread.
  Chunk copy(std::span<const std::byte> bytes);

 private:
  class Buffer;

  BufferPool& pool_;
  std::atomic<std::size_t> held_{0};
};

}  // namespace wskrun::net
