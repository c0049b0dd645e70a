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

}  // namespace wskrun::tests
