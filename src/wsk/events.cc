// The rules of enabling and disabling that need to know which callback is running.
#include "wsk/events.h"

namespace wskrun::wsk {

void EventSet::enable_for_good(ULONG events) {
  enabled_ |= events;
  for_good_ |= events;
}

NTSTATUS EventSet::disable(ULONG event, Request* request) {
  if ((for_good_ & event) != 0) return STATUS_NOT_SUPPORTED;
  enabled_ &= ~event;
  if (running_ != event) return STATUS_SUCCESS;
  if (request == nullptr) return STATUS_EVENT_PENDING;
  mark_pending(*request);
  disables_.push_back(*request);
  return STATUS_PENDING;
}

bool EventSet::suspend(ULONG event) {
  if ((for_good_ & event) != 0) return false;
  enabled_ &= ~event;
  return true;
}

bool EventSet::begin_call(ULONG event) {
  CHECK(running_ == 0);
  if (!enabled(event)) return false;
  running_ = event;
  return true;
}

void EventSet::end_call(RequestQueue& disabled) {
  CHECK(running_ != 0);
  running_ = 0;
  disabled.take(disables_);
}

}  // namespace wskrun::wsk
