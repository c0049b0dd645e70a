// EventSet: which event callbacks of one socket are enabled, which one is running, and who waits
// for it to return after disabling it. The socket decides what is legal and makes the calls.
#pragma once

#include <wsk.h>

#include "wsk/request.h"

namespace wskrun::wsk {

// What each category of socket can enable (E-006..E-008).
constexpr ULONG kConnectionEvents =
    WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT | WSK_EVENT_SEND_BACKLOG;
constexpr ULONG kListenEvents =
    WSK_EVENT_ACCEPT | kConnectionEvents;  // The latter to be inherited.
constexpr ULONG kDatagramEvents = WSK_EVENT_RECEIVE_FROM;
constexpr ULONG kAllEvents = kListenEvents | kDatagramEvents;
// WskInspectEvent and WskAbortEvent, which have no number in the interface: enabled for good by
// conditional accept.
constexpr ULONG kInspectEvents = 0x1;

// The callbacks of one socket are serial: at most one runs at a time, whatever its event. The
// socket's lock guards the set.
class EventSet {
 public:
  ULONG enabled() const { return enabled_; }
  bool enabled(ULONG event) const { return (enabled_ & event) != 0; }

  void enable(ULONG events) { enabled_ |= events; }
  // For static events, and for those that a listener hands on: nothing disables them (E-032,
  // E-040).
  void enable_for_good(ULONG events);

  // Disables one event; no new call of its callback begins.
  //   STATUS_SUCCESS        It is disabled, or was before. The request, if any, is to be finished.
  //   STATUS_PENDING        Its callback is running; end_call() gives the request back.
  //   STATUS_EVENT_PENDING  Its callback is running and there is no request.
  //   STATUS_NOT_SUPPORTED  It is enabled for good. The request, if any, is to be finished.
  // Marks the request pending where it keeps it.
  NTSTATUS disable(ULONG event, Request* request);

  // Disables an event inside its own callback, which is not worth waiting for. False: it is enabled
  // for good and stays so.
  bool suspend(ULONG event);

  // The callback of `event` is about to be called. False: it is not enabled, do not call it.
  bool begin_call(ULONG event);
  // It returned. Moves the requests that waited for that to `disabled`: finish each with
  // STATUS_SUCCESS once the lock is dropped.
  void end_call(RequestQueue& disabled);

 private:
  RequestQueue disables_;  // Of the running event.
  ULONG enabled_ = 0;
  ULONG for_good_ = 0;
  ULONG running_ = 0;  // The event whose callback is running, or 0.
};

}  // namespace wskrun::wsk
