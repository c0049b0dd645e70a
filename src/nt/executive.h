// The executive's own threads: timers, DPCs that no processor runs, work items. One executive lives
// at a time; a process may have many, one after the other. Objects that need no thread of their own
// (events, waits, spin locks) work without one.
#pragma once

#include <wdm.h>

namespace wskrun::nt {

struct ExecutiveOptions {
  unsigned processor_count = 0;           // What drivers see; 0: as many as the process may use.
  KIRQL delivery_level = DISPATCH_LEVEL;  // Where processors call the driver's events and
                                          // completion routines; or PASSIVE_LEVEL.
};

class Executive {
 public:
  explicit Executive(const ExecutiveOptions& options = {});
  // Runs the DPCs and work items that are queued, forgets timers, joins every thread. Processors
  // must have left. A driver's thread that still runs is left alone.
  ~Executive();
  Executive(const Executive&) = delete;
  Executive& operator=(const Executive&) = delete;
};

}  // namespace wskrun::nt
