// Publishing buffers, and finding them again by number.
#include "net/uring/buffer_ring.h"

#include <sys/mman.h>

#include <bit>
#include <cerrno>

#include "base/check.h"
#include "net/uring/features.h"

namespace wskrun::net {
namespace {

std::uint16_t number_of(const io_uring_cqe& cqe) {
  return static_cast<std::uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
}

}  // namespace

BufferRing::~BufferRing() {
  if (ring_ != nullptr) ::munmap(ring_, ring_bytes_);
}

Error BufferRing::set_up(io_uring& ring, BufferPool& pool, unsigned most, bool incremental) {
  const unsigned entries = std::bit_ceil(most);
  const std::size_t bytes = entries * sizeof(io_uring_buf);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return Error(errno);
  ring_ = static_cast<io_uring_buf_ring*>(memory);
  ring_bytes_ = bytes;
  pool_ = &pool;
  most_ = most;
  mask_ = io_uring_buf_ring_mask(entries);
  buffers_.resize(entries);
  for (unsigned number = entries; number-- > 0;) {
    numbers_.push_back(static_cast<std::uint16_t>(number));
  }
  io_uring_buf_ring_init(ring_);
  return register_buffer_ring(ring, ring_, entries, group_, incremental);
}

void BufferRing::tear_down() {
  for (PoolBuffer*& buffer : buffers_) {
    if (PoolBuffer* held = std::exchange(buffer, nullptr)) held->release();
  }
  with_kernel_ = 0;
}

void BufferRing::refill() {
  int added = 0;
  while (with_kernel_ < most_) {
    PoolBuffer* buffer = pool_->take();
    if (buffer == nullptr) break;
    const std::uint16_t number = numbers_.back();
    numbers_.pop_back();
    buffers_[number] = buffer;
    ++with_kernel_;
    add(number, added++);
  }
  if (added != 0) io_uring_buf_ring_advance(ring_, added);
}

void BufferRing::add(std::uint16_t number, int offset) {
  const std::span<std::byte> memory = buffers_[number]->memory();
  io_uring_buf_ring_add(ring_, memory.data(), static_cast<unsigned>(memory.size()), number, mask_,
                        offset);
}

std::span<std::byte> BufferRing::received(const io_uring_cqe& cqe) const {
  if ((cqe.flags & IORING_CQE_F_BUFFER) == 0 || cqe.res < 0) return {};
  return buffers_[number_of(cqe)]->memory().first(static_cast<std::size_t>(cqe.res));
}

void BufferRing::put_back(const io_uring_cqe& cqe) {
  add(number_of(cqe), 0);
  io_uring_buf_ring_advance(ring_, 1);
}

Chunk BufferRing::take(const io_uring_cqe& cqe) {
  if ((cqe.flags & IORING_CQE_F_BUFFER) == 0) return Chunk();
  const std::uint16_t number = number_of(cqe);
  PoolBuffer* buffer = buffers_[number];
  CHECK(buffer != nullptr);
  Chunk chunk = cqe.res > 0 ? buffer->cut(static_cast<std::size_t>(cqe.res)) : Chunk();
  if ((cqe.flags & kCqeBufferMore) == 0) {
    // The kernel is done with it; the chunks in it hold it from here on.
    buffers_[number] = nullptr;
    numbers_.push_back(number);
    --with_kernel_;
    buffer->release();
  }
  return chunk;
}

}  // namespace wskrun::net
