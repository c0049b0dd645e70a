// The bytes that every connection sends: endless, the same at the same place, with a prime period,
// so that bytes that are lost, doubled or in another connection never go unnoticed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace wskload {

class Pattern {
 public:
  Pattern() : bytes_(2 * kPeriod) {
    std::uint64_t state = 0x9e3779b97f4a7c15;
    for (std::size_t i = 0; i < kPeriod; ++i) {
      state ^= state << 13, state ^= state >> 7, state ^= state << 17;
      bytes_[i] = bytes_[i + kPeriod] = static_cast<char>(state >> 32);
    }
  }

  // Up to a period of the bytes from `position` on, in one piece.
  std::span<const char> at(std::uint64_t position, std::uint64_t length) const {
    return {bytes_.data() + position % kPeriod,
            static_cast<std::size_t>(length < kPeriod ? length : kPeriod)};
  }

  // How many of `received`, which begins at `position`, come before the first wrong one.
  std::size_t matching(std::uint64_t position, std::span<const char> received) const {
    std::size_t done = 0;
    while (done < received.size()) {
      const auto expected = at(position + done, received.size() - done);
      const auto actual = received.subspan(done, expected.size());
      if (std::memcmp(expected.data(), actual.data(), expected.size()) != 0) {
        const auto wrong = std::mismatch(expected.begin(), expected.end(), actual.begin());
        return done + static_cast<std::size_t>(wrong.first - expected.begin());
      }
      done += expected.size();
    }
    return done;
  }

 private:
  static constexpr std::size_t kPeriod = 65521;

  std::vector<char> bytes_;  // Two periods, so that one lies in one piece from anywhere.
};

}  // namespace wskload
