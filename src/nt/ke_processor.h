// Which threads stand for processors. A loop thread does, from enter_processor() to
// leave_processor(); every other thread only borrows a number.
#pragma once

#include <wdm.h>

namespace wskrun::nt {

inline constexpr unsigned kNoProcessor = ~0u;

// How many processors the driver sees; fixed while the executive runs.
unsigned processor_count();
void set_processor_count(unsigned count);
KAFFINITY all_processors();  // A bit for each.

// The IRQL of a processor's thread outside DPCs: there it calls the driver's event callbacks and
// completion routines.
KIRQL delivery_level();
void set_delivery_level(KIRQL level);

// The processor that the calling thread stands for, or kNoProcessor.
unsigned own_processor();
void set_own_processor(unsigned processor);

// The same, with a number for other threads too: always the same one for a thread.
unsigned current_processor();

}  // namespace wskrun::nt
