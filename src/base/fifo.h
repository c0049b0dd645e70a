// Fifo: a queue in one piece of memory. A small one goes when the queue is empty, since a socket is
// idle mostly; a large one would be missed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "base/block_cache.h"

namespace wskrun::base {

template <typename T>
class Fifo {
 public:
  Fifo() = default;
  ~Fifo() {
    clear();
    if (block_ != nullptr) give_back();
  }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  bool empty() const { return size() == 0; }
  std::size_t size() const { return block_ == nullptr ? 0 : block_->end - block_->begin; }
  // Of a queue that is not empty.
  T& front() { return place(block_->begin); }

  void push_back(T item) {
    if (block_ == nullptr || block_->end == block_->capacity) make_room();
    new (&place(block_->end)) T(std::move(item));
    ++block_->end;
  }
  // Undoes pop_front().
  void push_front(T item) {
    if (block_ == nullptr || block_->begin == 0) make_room_before();
    --block_->begin;
    new (&place(block_->begin)) T(std::move(item));
  }
  T pop_front() {
    T& first = front();
    T item = std::move(first);
    std::destroy_at(&first);
    if (++block_->begin == block_->end) become_empty();
    return item;
  }
  void clear() {
    while (!empty()) pop_front();
  }

 private:
  static_assert(std::is_nothrow_move_constructible_v<T>);

  // Before the items.
  struct alignas(16) Block {
    std::uint32_t capacity;
    std::uint32_t begin;
    std::uint32_t end;
  };
  static constexpr std::uint32_t kFirstCapacity = 2;

  static std::size_t bytes_for(std::uint32_t capacity) {
    return sizeof(Block) + capacity * sizeof(T);
  }
  static T& place_in(Block& block, std::uint32_t index) {
    return *(reinterpret_cast<T*>(&block + 1) + index);
  }
  T& place(std::uint32_t index) { return place_in(*block_, index); }

  // Moves the items into a block of `capacity`, the first to `begin`.
  void move_to(std::uint32_t capacity, std::uint32_t begin) {
    auto* moved = new (take_block(bytes_for(capacity))) Block{capacity, begin, begin};
    if (block_ != nullptr) {
      for (std::uint32_t i = block_->begin; i < block_->end; ++i) {
        new (&place_in(*moved, moved->end++)) T(std::move(place(i)));
        std::destroy_at(&place(i));
      }
      give_back();
    }
    block_ = moved;
  }
  void make_room() {
    const auto count = static_cast<std::uint32_t>(size());
    if (count == 0 || block_->begin < count) {
      return move_to(std::max(kFirstCapacity, count * 2), 0);
    }
    for (std::uint32_t i = 0; i < count; ++i) {  // Half of the places are free, before the items.
      T& item = place(block_->begin + i);
      new (&place(i)) T(std::move(item));
      std::destroy_at(&item);
    }
    block_->begin = 0;
    block_->end = count;
  }
  void make_room_before() {
    const auto count = static_cast<std::uint32_t>(size());
    const std::uint32_t before = std::max(kFirstCapacity, count);
    move_to(before + count, before);
  }
  void become_empty() {
    if (bytes_for(block_->capacity) <= kLargestCachedBlock) return give_back();
    block_->begin = block_->end = 0;
  }
  void give_back() {
    give_block(block_, bytes_for(block_->capacity));
    block_ = nullptr;
  }

  Block* block_ = nullptr;
};

}  // namespace wskrun::base
