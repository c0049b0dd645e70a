// KQUEUE, towards the dispatcher: when a wait for one ends, and how many threads work for it.
#pragma once

#include <wdm.h>

#include "nt/ke_dispatcher.h"

namespace wskrun::nt {

// These need the dispatcher lock.

// There is an entry, and one more thread may work on one.
bool queue_has_turn(const DISPATCHER_HEADER& header);
// Gives the first entry to the thread.
void take_entry(DISPATCHER_HEADER& header, Thread& thread);
// The thread works for no queue any more.
void leave_queue(DispatcherLock& lock, Thread& thread);

// A thread that sleeps does not count among those that work for its queue. Only the thread itself;
// without the lock.
void pause_queue_work(Thread& thread);
void resume_queue_work(Thread& thread);

}  // namespace wskrun::nt
