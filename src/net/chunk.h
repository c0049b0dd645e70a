// Chunk: a piece of received memory, shared without a copy. The last holder of a buffer gives it
// back to its pool, from whatever thread that is. buffer_pool.h says where buffers come from.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "base/check.h"

namespace wskrun::net {

// Memory that a transport received into; many chunks may lie in one buffer.
class ReceiveBuffer {
 public:
  void add_ref() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) recycle();
  }

 protected:
  ~ReceiveBuffer() = default;
  virtual void recycle() = 0;  // Nobody holds it any more. Any thread.

  std::atomic<unsigned> references_{0};
};

class Chunk {
 public:
  Chunk() = default;  // Empty: in StreamSink::received it says that the peer sends no more.
  // Takes over one reference to `buffer`.
  Chunk(ReceiveBuffer* buffer, std::byte* data, std::size_t size)
      : buffer_(buffer), data_(data), size_(size) {}
  Chunk(Chunk&& other) noexcept
      : buffer_(std::exchange(other.buffer_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Chunk& operator=(Chunk&& other) noexcept {
    Chunk taken(std::move(other));
    std::swap(buffer_, taken.buffer_);
    std::swap(data_, taken.data_);
    std::swap(size_, taken.size_);
    return *this;
  }
  ~Chunk() {
    if (buffer_ != nullptr) buffer_->release();
  }

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Another view of the same memory; both hold the buffer.
  Chunk share() const {
    if (buffer_ != nullptr) buffer_->add_ref();
    return Chunk(buffer_, data_, size_);
  }
  // A view of the first `bytes` only.
  Chunk share_first(std::size_t bytes) const {
    CHECK(bytes <= size_);
    Chunk first = share();
    first.size_ = bytes;
    return first;
  }
  void remove_prefix(std::size_t bytes) {
    CHECK(bytes <= size_);
    data_ += bytes;
    size_ -= bytes;
  }

 private:
  ReceiveBuffer* buffer_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace wskrun::net
