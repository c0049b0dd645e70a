// What all objects that threads wait for share: the dispatcher lock, their signal state, and the
// lists of waiters. ke_wait.cc is the waiters' side; each object has its own file.
//
// An object lies in the driver's memory and owns nothing. Waiters hang in its list by wait blocks
// of their own. Once a waiter can see that its wait is over, neither it nor the thread that ended
// the wait touches the object again: the driver may already have reused its memory.
#pragma once

#include <wdm.h>

#include "base/mutex.h"
#include "nt/ps_thread.h"

namespace wskrun::nt {

// DISPATCHER_HEADER::Type, as on Windows.
enum : UCHAR {
  kEventNotificationObject = 0,
  kEventSynchronizationObject = 1,
  kMutantObject = 2,
  kQueueObject = 4,
  kSemaphoreObject = 5,
  kThreadObject = 6,
  kTimerNotificationObject = 8,
  kTimerSynchronizationObject = 9,
};

// Holds the one lock over all dispatcher objects, and lets the threads chosen by wake_waiters() run
// when it is given back; where the caller is the only processor, when that calls
// run_ready_threads(). Waking them one by one would only change threads to and fro: at
// DISPATCH_LEVEL they could not run on Windows either.
class DispatcherLock {
 public:
  DispatcherLock();
  ~DispatcherLock();
  DispatcherLock(const DispatcherLock&) = delete;
  DispatcherLock& operator=(const DispatcherLock&) = delete;

  // Ends the thread's wait; it runs once the lock is free.
  void end_wait(Thread& thread, NTSTATUS status);

 private:
  Thread* woken_ = nullptr;
};

// A processor's level drops: it has nothing to do for the moment.
void run_ready_threads();

void initialize_header(DISPATCHER_HEADER& header, UCHAR type, ULONG size_bytes, LONG signal_state);

// All functions from here on need the lock.

// Stops when the object was never initialised.
void check_header(const DISPATCHER_HEADER& header, const char* function);

// Would a wait of `thread` for this object end now? A mutex never keeps its owner waiting.
bool is_signaled(const DISPATCHER_HEADER& header, const Thread& thread);

bool all_signaled(const Wait& wait, const Thread& thread);

// What the end of a wait does to the object: consumes the signal of a synchronization object, takes
// a mutex.
void satisfy(DISPATCHER_HEADER& header, Thread& thread);
void satisfy_all(const Wait& wait, Thread& thread);

// The object has become signalled: ends the waits that this satisfies, first come first served.
void wake_waiters(DispatcherLock& lock, DISPATCHER_HEADER& header);

// Puts the wait's blocks into the objects' lists, and takes them out.
void link_wait(Wait& wait);
void unlink_wait(Wait& wait);

}  // namespace wskrun::nt
