// The thread that expires timers, and what else looks into their queue.
#pragma once

#include <wdm.h>

namespace wskrun::nt {

// It is set and has not expired.
bool timer_is_set(KTIMER& timer);

void start_timer_thread();
// Timers still set are forgotten: no driver may be left that waits for them.
void stop_timer_thread();

}  // namespace wskrun::nt
