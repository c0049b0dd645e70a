// SIO_ADDRESS_LIST_CHANGE: calls that wait for a change of this host's addresses.
#include "net/address_watch.h"
#include "wsk/socket.h"
#include "wsk/status.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {

NTSTATUS Socket::wait_for_address_change(Request& request) {
  base::MutexLock lock(mutex_);
  if (closing_) return STATUS_INVALID_DEVICE_STATE;
  if (!address_changes_) {
    auto changes = std::make_unique<AddressChanges>(*this);
    net::Error error;
    changes->watch = net::AddressWatch::open(subsystem().transport(), family(), *changes, error);
    if (changes->watch == nullptr) return status_of(error);
    address_changes_ = std::move(changes);
    add_user();  // Until watch_closed().
  }
  mark_pending(request);
  if (make_cancellable(request)) {
    address_changes_->waiting.push_back(request);
    return STATUS_PENDING;
  }
  lock.unlock();
  finish(request, STATUS_CANCELLED);
  return STATUS_PENDING;
}

void Socket::AddressChanges::addresses_changed() {
  socket.end_address_changes(STATUS_SUCCESS);
}

void Socket::AddressChanges::watch_closed() {
  socket.remove_user();
}

void Socket::end_address_changes(NTSTATUS status) {
  RequestQueue ended;
  {
    base::MutexLock lock(mutex_);
    if (!address_changes_) return;
    while (Request* request = address_changes_->waiting.pop_front()) {
      if (claim(*request, status, 0)) ended.push_back(*request);
    }
  }
  while (Request* request = ended.pop_front()) finish(*request, status);
}

void Socket::close_address_watch() {
  end_address_changes(STATUS_CANCELLED);
  base::MutexLock lock(mutex_);
  if (address_changes_) address_changes_->watch->close();
}

void Socket::on_cancel(Request& request) {
  if (request.kind != Request::Kind::kNotification) return cancel(request);
  cancel_queued(request, mutex_);
}

}  // namespace wskrun::wsk
