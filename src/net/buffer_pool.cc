// Slabs, the free list, and the ways back into it.
#include "net/buffer_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"

namespace wskrun::net {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
// A smaller rest of a buffer is not worth a system call.
constexpr std::size_t kLeastSpace = std::size_t{8} << 10;
constexpr std::size_t kServedPerTurn = 64;  // Of those that wait for memory.

thread_local const Loop* loop_of_thread = nullptr;

std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

// Zeroed memory that starts on a huge page, so that the first touch of it is cheap.
std::byte* map_slab(std::size_t bytes) {
  void* whole = ::mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (whole == MAP_FAILED) return nullptr;
  const auto address = reinterpret_cast<std::size_t>(whole);
  auto* begin = static_cast<std::byte*>(whole) + (round_up(address, kHugePage) - address);
  const std::size_t before = static_cast<std::size_t>(begin - static_cast<std::byte*>(whole));
  if (before != 0) ::munmap(whole, before);
  if (before != kHugePage) ::munmap(begin + bytes, kHugePage - before);
  ::madvise(begin, bytes, MADV_HUGEPAGE);
  return begin;
}

}  // namespace

Chunk PoolBuffer::cut(std::size_t bytes) {
  CHECK(bytes <= memory_.size() - used_);
  std::byte* data = memory_.data() + used_;
  used_ += bytes;
  add_ref();
  return Chunk(this, data, bytes);
}

void PoolBuffer::recycle() {
  pool_.returned(*this);
}

BufferPool::Owner BufferPool::create(Loop& loop, const Shape& shape) {
  return Owner(new BufferPool(loop, shape));
}

BufferPool::BufferPool(Loop& loop, const Shape& shape)
    : loop_(loop),
      buffer_bytes_(shape.buffer_bytes),
      most_buffers_(std::max<std::size_t>(2, shape.total_bytes / shape.buffer_bytes)) {}

void BufferPool::Retire::operator()(BufferPool* pool) const {
  CHECK(pool->waiters_.empty());
  if (PoolBuffer* current = std::exchange(pool->current_, nullptr)) current->release();
  pool->collect_returned();
  const std::size_t held = pool->buffers_.size() - pool->free_count_ + pool->reserve_chunks_.load();
  if (held == 0) {
    delete pool;
  } else {
    pool->held_after_retirement_.store(held);
  }
}

// Something came back. True: the loop has gone, and with the last of it the pool goes too.
bool BufferPool::came_back_after_retirement() {
  if (held_after_retirement_.load(std::memory_order_acquire) == 0) return false;
  if (held_after_retirement_.fetch_sub(1) == 1) delete this;
  return true;
}

void BufferPool::attach_thread(const Loop& loop) {
  loop_of_thread = &loop;
}

PoolBuffer* BufferPool::take() {
  if (!has_free()) return nullptr;
  PoolBuffer* buffer = free_;
  free_ = buffer->next;
  --free_count_;
  update_pressure();
  buffer->rewind();
  buffer->add_ref();
  return buffer;
}

bool BufferPool::has_free() {
  collect_returned();
  return free_ != nullptr || grow();
}

std::span<std::byte> BufferPool::space() {
  if (current_ != nullptr && current_->sole_holder()) current_->rewind();
  if (current_ == nullptr || current_->tail().size() < kLeastSpace) {
    if (current_ != nullptr) current_->release();
    current_ = take();
  }
  return current_ == nullptr ? std::span<std::byte>() : current_->tail();
}

Chunk BufferPool::filled(std::size_t bytes) {
  return current_->cut(bytes);
}

Chunk BufferPool::copy(std::span<const std::byte> bytes) {
  if (bytes.empty()) return Chunk();
  if (current_ != nullptr && current_->sole_holder()) current_->rewind();
  if (current_ == nullptr || current_->tail().size() < bytes.size()) {
    if (current_ != nullptr) current_->release();
    current_ = take();
    CHECK(current_ != nullptr && bytes.size() <= buffer_bytes_);
  }
  std::memcpy(current_->tail().data(), bytes.data(), bytes.size());
  // The next one starts where a structure may.
  constexpr std::size_t kAlignment = 16;
  Chunk chunk = current_->cut(bytes.size());
  current_->skip(
      std::min(round_up(bytes.size(), kAlignment) - bytes.size(), current_->tail().size()));
  return chunk;
}

std::size_t BufferPool::count_free(std::size_t most) {
  collect_returned();
  while (free_count_ < most && grow()) continue;
  return std::min(most, free_count_);
}

// Adds one slab. False at the bound, and when the system has no memory.
bool BufferPool::grow() {
  const std::size_t count = std::min(most_buffers_ - buffers_.size(),
                                     std::max<std::size_t>(1, kHugePage / buffer_bytes_));
  if (count == 0) return false;
  const std::size_t bytes = round_up(count * buffer_bytes_, kHugePage);
  std::byte* memory = map_slab(bytes);
  if (memory == nullptr) return false;
  slabs_.emplace_back(memory, Unmap{bytes});
  for (std::size_t i = count; i-- > 0;) {
    buffers_.emplace_back(*this, std::span(memory + i * buffer_bytes_, buffer_bytes_));
    push_free(buffers_.back());
  }
  return true;
}

void BufferPool::Unmap::operator()(void* memory) const {
  ::munmap(memory, bytes);
}

void BufferPool::push_free(PoolBuffer& buffer) {
  buffer.next = free_;  // Last in, first out: it is still in the cache.
  free_ = &buffer;
  ++free_count_;
}

void BufferPool::collect_returned() {
  if (returned_.empty()) return;
  for (PoolBuffer* buffer = returned_.take_all(); buffer != nullptr;) {
    PoolBuffer* next = buffer->next;
    push_free(*buffer);
    buffer = next;
  }
  update_pressure();
}

// Rises at three quarters of the bound, falls at one half.
void BufferPool::update_pressure() {
  const std::size_t held = buffers_.size() - free_count_;
  const bool before = under_pressure();
  const bool now =
      !waiters_.empty() || held * 4 >= most_buffers_ * 3 || (before && held * 2 > most_buffers_);
  if (now != before) pressure_.store(now, std::memory_order_relaxed);
}

void BufferPool::returned(PoolBuffer& buffer) {
  if (loop_of_thread == &loop_) {
    push_free(buffer);
    update_pressure();
    return;
  }
  if (came_back_after_retirement()) return;
  returned_.push(buffer);
  tell_waiting();
}

void BufferPool::reserve_returned() {
  if (came_back_after_retirement()) return;
  reserve_came_back_.store(true);
  if (loop_of_thread != &loop_) tell_waiting();
  reserve_chunks_.fetch_sub(1, std::memory_order_release);
}

// The loop collects what comes back when it needs it; only a stream that waits is worth a wake.
void BufferPool::tell_waiting() {
  if (somebody_waits_.load()) loop_.wake();
}

void BufferPool::wait_for_memory(MemoryWaiter& waiter) {
  if (waiter.memory_link.linked()) return;
  waiters_.push_back(waiter);
  ++waiting_;
  somebody_waits_.store(true);
  update_pressure();
}

void BufferPool::stop_waiting(MemoryWaiter& waiter) {
  if (!waiter.memory_link.linked()) return;
  Waiters::remove(waiter);
  --waiting_;
  to_serve_ = std::min(to_serve_, waiting_);
  somebody_waits_.store(!waiters_.empty());
  update_pressure();
}

bool BufferPool::can_serve_waiting() {
  return !waiters_.empty() && (to_serve_ > 0 || reserve_came_back_.load() || has_free());
}

void BufferPool::serve_waiting() {
  if (!can_serve_waiting()) return;
  // Whose memory it was is not known, and how much each wants neither.
  if (reserve_came_back_.exchange(false) || has_free()) to_serve_ = waiting_;
  for (std::size_t i = 0; i < kServedPerTurn && to_serve_ > 0; ++i) {
    MemoryWaiter& next = *waiters_.pop_front();
    --waiting_;
    --to_serve_;
    next.on_memory();  // It may wait again, behind all others.
  }
  somebody_waits_.store(!waiters_.empty());
  update_pressure();
}

// One chunk's memory, just as long as its bytes.
class Reserve::Buffer final : public ReceiveBuffer {
 public:
  static Buffer* create(Reserve& reserve, std::size_t bytes) {
    return new (::operator new(sizeof(Buffer) + bytes)) Buffer(reserve, bytes);
  }
  std::byte* data() { return reinterpret_cast<std::byte*>(this + 1); }

 private:
  Buffer(Reserve& reserve, std::size_t bytes)
      : reserve_(base::RefPtr<Reserve>::share(&reserve)), bytes_(sizeof(Buffer) + bytes) {
    add_ref();
    reserve.held_.fetch_add(bytes_, std::memory_order_relaxed);
    reserve.pool_.reserve_chunks_.fetch_add(1, std::memory_order_relaxed);
  }
  ~Buffer() = default;

  void recycle() override {
    const base::RefPtr<Reserve> reserve = std::move(reserve_);
    const std::size_t bytes = bytes_;
    this->~Buffer();
    ::operator delete(this);
    reserve->held_.fetch_sub(bytes, std::memory_order_release);
    reserve->pool_.reserve_returned();
  }

  base::RefPtr<Reserve> reserve_;
  const std::size_t bytes_;  // Its own included: a peer may send one byte at a time.
};

std::size_t Reserve::room() const {
  const std::size_t held = held_.load(std::memory_order_acquire) + sizeof(Buffer);
  return held < kMostBytes ? kMostBytes - held : 0;
}

Chunk Reserve::copy(std::span<const std::byte> bytes) {
  Buffer* buffer = Buffer::create(*this, bytes.size());
  std::memcpy(buffer->data(), bytes.data(), bytes.size());
  return Chunk(buffer, buffer->data(), bytes.size());
}

}  // namespace wskrun::net
