// KEVENT. It lies in the driver's memory and nobody ever destroys it, so it owns nothing: no file
// descriptor, no heap block, no mutex. Waiters are linked through wait blocks of their own.
#include <type_traits>
#include <utility>

#include "nt/irql.h"
#include "nt/ke_dispatcher.h"

static_assert(sizeof(KEVENT) == 24 && std::is_trivially_destructible_v<KEVENT>);

using namespace wskrun::nt;

extern "C" {

VOID KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State) {
  const UCHAR kind =
      Type == NotificationEvent ? kEventNotificationObject : kEventSynchronizationObject;
  initialize_header(Event->Header, kind, sizeof *Event, State ? 1 : 0);
}

LONG KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait) {
  (void)Increment;  // Threads have no NT priority here; see docs/differences.md.
  // Wait: the caller waits next. It saves Windows a turn of its own lock, here there is none.
  require_irql_at_most(Wait ? APC_LEVEL : DISPATCH_LEVEL, __func__);
  DispatcherLock lock;
  check_header(Event->Header, __func__);
  const LONG previous = std::exchange(Event->Header.SignalState, 1);
  if (previous == 0) wake_waiters(lock, Event->Header);
  return previous;
}

LONG KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait) {
  (void)Increment;
  require_irql_at_most(Wait ? APC_LEVEL : DISPATCH_LEVEL, __func__);
  DispatcherLock lock;
  check_header(Event->Header, __func__);
  const LONG previous = std::exchange(Event->Header.SignalState, 1);
  if (previous == 0) wake_waiters(lock, Event->Header);
  Event->Header.SignalState = 0;
  return previous;
}

LONG KeResetEvent(PRKEVENT Event) {
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  DispatcherLock lock;
  check_header(Event->Header, __func__);
  return std::exchange(Event->Header.SignalState, 0);
}

VOID KeClearEvent(PRKEVENT Event) {
  KeResetEvent(Event);
}

LONG KeReadStateEvent(PRKEVENT Event) {
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  DispatcherLock lock;
  check_header(Event->Header, __func__);
  return Event->Header.SignalState;
}

}  // extern "C"
