// The thread that expires timers.
#pragma once

namespace wskrun::nt {

void start_timer_thread();
// Timers still set are forgotten: no driver may be left that waits for them.
void stop_timer_thread();

}  // namespace wskrun::nt
