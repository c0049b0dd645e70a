// NT's due times, for waits and timers.
#pragma once

#include <wdm.h>

#include <cstdint>

namespace wskrun::nt {

// `time` as an interrupt time: negative is relative to `now`, positive a system time (taken over
// once: a clock set later does not move it), 0 is `now`. Never before `now`; never overflows.
std::int64_t due_time_100ns(LARGE_INTEGER time, std::int64_t now);

}  // namespace wskrun::nt
