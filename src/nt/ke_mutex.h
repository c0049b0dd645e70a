// KMUTEX as the dispatcher and the end of a thread see it.
#pragma once

#include <wdm.h>

#include "nt/ps_thread.h"

namespace wskrun::nt {

// `header` must be a mutex's. Both need the dispatcher lock.
bool owns_mutex(const DISPATCHER_HEADER& header, const Thread& thread);
void take_mutex(DISPATCHER_HEADER& header, Thread& thread);

// The thread is about to end: Windows stops when it still owns a mutex, and so does this.
void check_no_mutex_owned(const Thread& thread);

}  // namespace wskrun::nt
