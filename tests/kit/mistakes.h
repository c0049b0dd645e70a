// What the runtime has reported that drivers did wrong.
#pragma once

#include <wskrun/host.h>

#include <cstdint>

namespace wskrun::tests {

// Reports since the process started.
inline std::uint64_t mistakes() {
  wskrun_statistics now{};
  wskrun_statistics_now(&now);
  return now.mistakes;
}

// The reports since it was made.
class Mistakes {
 public:
  std::uint64_t now() const { return mistakes() - before_; }

 private:
  const std::uint64_t before_ = mistakes();
};

}  // namespace wskrun::tests
