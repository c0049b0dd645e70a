// Conditional accept: WskInspectEvent, WskInspectComplete, WskAbortEvent.
#include "nt/upcall.h"
#include "probe/counters.h"
#include "probe/mistake.h"
#include "wsk/dispatch.h"
#include "wsk/listen.h"
#include "wsk/sockaddr.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {

NTSTATUS ListenSocket::set_conditional_accept(bool conditional) {
  const bool callbacks = dispatch_ != nullptr && dispatch_->WskInspectEvent != nullptr &&
                         dispatch_->WskAbortEvent != nullptr;
  if (conditional && !callbacks) {
    probe::mistake(handle(),
                   "SO_CONDITIONAL_ACCEPT on %p, whose dispatch table has no WskInspectEvent or no "
                   "WskAbortEvent",
                   handle());
    return STATUS_INVALID_PARAMETER;
  }
  base::MutexLock lock(mutex_);
  if (closing_ || endpoint_ != nullptr) return STATUS_INVALID_DEVICE_STATE;
  conditional_ = conditional;
  return STATUS_SUCCESS;
}

bool ListenSocket::conditional_accept() const {
  base::MutexLock lock(mutex_);
  return conditional_;
}

std::optional<ListenSocket::Delivery> ListenSocket::next_inspection_locked() {
  if (const auto id = inspections_.next_abort()) {
    events_.begin_call(kInspectEvents);  // True, like below: nobody can disable them.
    return Delivery{.kind = Delivery::Kind::kAbort, .id = *id};
  }
  if (inspections_.none_arrived()) return std::nullopt;
  events_.begin_call(kInspectEvents);
  Delivery next{.kind = Delivery::Kind::kInspect};
  next.socket = inspections_.begin(next.id);
  return next;
}

// WskInspectEvent for one connection.
void ListenSocket::inspect(WSK_INSPECT_ID id, std::unique_ptr<net::Socket> socket) {
  SOCKADDR_STORAGE local;
  SOCKADDR_STORAGE remote;
  store_address(socket->local_address(), reinterpret_cast<PSOCKADDR>(&local));
  store_address(socket->remote_address(), reinterpret_cast<PSOCKADDR>(&remote));
  base::MutexLock lock(mutex_);
  PVOID const listener_context = context_locked();
  lock.unlock();

  probe::count(probe::Counter::kCallbacks);
  WSK_INSPECT_ID shown = id;  // The driver's for the time of the call.
  const WSK_INSPECT_ACTION action =
      nt::upcall("WskInspectEvent", dispatch_->WskInspectEvent, listener_context,
                 reinterpret_cast<PSOCKADDR>(&local), reinterpret_cast<PSOCKADDR>(&remote), &shown);
  const bool answered = action == WskInspectAccept || action == WskInspectPend;
  if (!answered && action != WskInspectReject) {
    probe::mistake(handle(), "WskInspectEvent returned %d: the connection is rejected", action);
  }
  lock.lock();
  settle_inspection_locked(id, action, std::move(socket));
  adjust_flow_locked();
  lock.unlock();
  end_event_call();
}

void ListenSocket::settle_inspection_locked(const WSK_INSPECT_ID& id, WSK_INSPECT_ACTION action,
                                            std::unique_ptr<net::Socket> socket) {
  if (const auto decision = inspections_.end(); action == WskInspectPend && decision) {
    action = *decision;  // Made on another thread before the callback returned.
  }
  if (closing_ || dead_) action = WskInspectReject;
  switch (action) {
    case WskInspectAccept:
      waiting_.push_back({std::move(socket), id});
      break;
    case WskInspectPend:
      add_user();  // Until it is admitted or dropped.
      inspections_.pend(
          *new PendedConnection(id, subsystem().transport(), std::move(socket), *this));
      break;
    default:
      socket->drop_connection();
      break;
  }
}

NTSTATUS ListenSocket::inspect_complete(Request& request, const WSK_INSPECT_ID& id,
                                        WSK_INSPECT_ACTION action) {
  base::MutexLock lock(mutex_);
  NTSTATUS status = usable_locked();
  if (NT_SUCCESS(status) && !conditional_) status = STATUS_INVALID_DEVICE_STATE;
  const bool known = NT_SUCCESS(status) && inspections_.decide(id, action);
  if (NT_SUCCESS(status) && !known) status = STATUS_INVALID_PARAMETER;
  if (known) adjust_flow_locked();
  lock.unlock();
  if (status == STATUS_INVALID_PARAMETER) {
    probe::mistake(handle(),
                   "WskInspectComplete(%p): no connection with this InspectID waits for a decision",
                   handle());
  }
  return finish(request, status);
}

void ListenSocket::call_abort_event(WSK_INSPECT_ID id) {
  base::MutexLock lock(mutex_);
  PVOID const listener_context = context_locked();
  lock.unlock();
  probe::count(probe::Counter::kCallbacks);
  nt::upcall("WskAbortEvent", dispatch_->WskAbortEvent, listener_context, &id);
  end_event_call();
}

// ---- pended connections

void ListenSocket::lost(PendedConnection& connection) {
  base::MutexLock lock(mutex_);
  if (!inspections_.lose(connection)) return;
  connection.drop();
  adjust_flow_locked();
  post_delivery_locked(endpoint_->loop());
}

void ListenSocket::admitted(PendedConnection& connection, std::unique_ptr<net::Socket> socket) {
  {
    base::MutexLock lock(mutex_);
    if (closing_) {
      if (socket != nullptr) socket->drop_connection();
    } else {
      if (socket != nullptr) {
        waiting_.push_back({std::move(socket), connection.id()});
      } else {
        inspections_.abort(connection.id());
      }
      adjust_flow_locked();
      post_delivery_locked(endpoint_->loop());
    }
  }
  remove_user();
}

}  // namespace wskrun::wsk
