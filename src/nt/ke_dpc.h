// DPCs and the processors that run them. A loop thread of the transport becomes a processor; the
// executive's own thread runs what is queued for a processor that is not there (unit tests have
// none). ke_timer.cc queues the DPCs of timers.
#pragma once

#include <wdm.h>

namespace wskrun::nt {

inline constexpr unsigned kMaxProcessors = 64;  // A KAFFINITY's bits.

// Implemented by who owns the processors' threads.
class ProcessorWaker {
 public:
  // Makes the processor call run_dpcs() soon. Any thread, with a lock of this room held: it must
  // not wait and must not call back.
  virtual void wake_processor(unsigned index) = 0;

 protected:
  ~ProcessorWaker() = default;
};

// The calling thread is processor `index` from now on, at the executive's delivery level.
void enter_processor(unsigned index, ProcessorWaker& waker);
// At the end of each turn of the processor's thread: runs what is queued for it, a bounded number,
// at DISPATCH_LEVEL. Wakes the processor again when more is left.
void run_dpcs();
// The calling thread is no processor any more. DPCs left in its queue go to the executive's thread;
// the waker is not called again.
void leave_processor();

// KeInsertQueueDpc; needs no lock but may be called with the dispatcher lock held.
bool queue_dpc(KDPC& dpc, void* argument1, void* argument2);

// The executive's own thread for DPCs. Stopping it runs what is queued and forgets the rest.
void start_dpc_thread();
void stop_dpc_thread();

}  // namespace wskrun::nt
