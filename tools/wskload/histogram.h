// Latencies in buckets that grow with the value, so that a percentile over any number of messages
// costs a fixed 16 KiB and is right to within two percent.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace wskload {

using Nanoseconds = std::chrono::nanoseconds;

class Histogram {
 public:
  void add(Nanoseconds latency) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
    ++counts_[bucket_of(std::min(value, kLargest))];
    ++total_;
  }

  void merge(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
  }

  std::uint64_t total() const { return total_; }

  // The value that `share` (0..1) of all latencies do not exceed; zero while there are none.
  Nanoseconds percentile(double share) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= rank && seen > 0) return Nanoseconds(upper_end(i));
    }
    return Nanoseconds(0);
  }

 private:
  // Each power of two is cut into 64 equal steps; below 64 ns every value has its own bucket.
  static constexpr unsigned kStepBits = 6;
  static constexpr std::uint64_t kSteps = std::uint64_t{1} << kStepBits;
  static constexpr unsigned kLargestBits = 36;  // 68 seconds
  static constexpr std::uint64_t kLargest = (std::uint64_t{1} << kLargestBits) - 1;
  static constexpr std::size_t kBuckets = (kLargestBits - kStepBits + 1) << kStepBits;

  static constexpr std::size_t bucket_of(std::uint64_t value) {
    if (value < kSteps) return value;
    const unsigned shift = std::bit_width(value) - 1 - kStepBits;
    return (shift << kStepBits) + (value >> shift);
  }
  static constexpr std::int64_t upper_end(std::size_t bucket) {
    if (bucket < kSteps) return static_cast<std::int64_t>(bucket);
    const auto shift = (bucket >> kStepBits) - 1;
    const auto step = (bucket & (kSteps - 1)) + kSteps;
    return static_cast<std::int64_t>(((step + 1) << shift) - 1);
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace wskload
