// The queue of work items and the threads that work it off. io_work_item.cc has the form that
// drivers mostly use.
#pragma once

#include <wdm.h>

namespace wskrun::nt {

// The item's memory is the driver's again when its routine is called. False: it is queued already.
bool queue_work_item(WORK_QUEUE_ITEM& item);
bool is_work_item_queued(const WORK_QUEUE_ITEM& item);

void start_workers();
// Works off what is queued, then joins the threads.
void stop_workers();

// The routine of the WORK_QUEUE_ITEM inside an IO_WORKITEM; `parameter` is the latter.
void run_io_work_item(void* parameter);

}  // namespace wskrun::nt
