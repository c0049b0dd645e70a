// Running totals for people to look at (`wskrun --stats`). Each thread counts in its own block and
// the reader adds the blocks up, so counting shares no cache line between processors.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace wskrun::probe {

enum class Counter : std::size_t {
  kConnectionsOpened,
  kConnectionsClosed,
  kBytesReceived,
  kBytesSent,
  kCallbacks,  // WSK event callbacks into the driver
  kIrpsCompleted,
  kCount_,
};

using Totals = std::array<std::uint64_t, static_cast<std::size_t>(Counter::kCount_)>;

namespace detail {
struct CounterBlock {
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Counter::kCount_)> values{};
};
CounterBlock& thread_block();
}  // namespace detail

inline void count(Counter counter, std::uint64_t amount = 1) {
  static thread_local detail::CounterBlock& block = detail::thread_block();
  auto& value = block.values[static_cast<std::size_t>(counter)];
  value.store(value.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

// The sums since the process started. Any thread.
Totals totals();

}  // namespace wskrun::probe
