// What two things cost on this machine that every server pays for: a system call, and waking a
// thread on the other processor. Without them figures of two machines cannot be compared.
#pragma once

#include <chrono>

namespace bench {

// A system call that does nothing.
std::chrono::duration<double, std::nano> system_call_cost();

// From one thread's write to an eventfd until the other, asleep on its own processor, goes on.
std::chrono::duration<double, std::nano> wake_up_cost(int processor, int other_processor);

}  // namespace bench
