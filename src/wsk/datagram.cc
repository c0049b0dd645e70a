// The life of a datagram socket, and what it is told to do.
#include "wsk/datagram.h"

#include <cstring>

#include "base/log.h"
#include "wsk/dispatch.h"
#include "wsk/sockaddr.h"
#include "wsk/status.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {

DatagramSocket::DatagramSocket(base::RefPtr<Client> client, std::unique_ptr<net::Socket> socket,
                               net::Family family, PVOID context,
                               const WSK_CLIENT_DATAGRAM_DISPATCH* dispatch, const void* created_by)
    : Socket(std::move(client), Category::kDatagram, family, &kDatagramDispatch, context,
             created_by),
      dispatch_(dispatch),
      socket_(std::move(socket)) {}

// ---- bind and addresses

NTSTATUS DatagramSocket::usable_locked() const {
  if (closing_ || endpoint_ == nullptr) return STATUS_INVALID_DEVICE_STATE;
  return dead_ ? STATUS_FILE_FORCED_CLOSED : STATUS_SUCCESS;
}

NTSTATUS DatagramSocket::bind_endpoint(const net::Address& wanted, net::Address& local) {
  base::MutexLock lock(mutex_);
  if (closing_ || endpoint_ != nullptr) return STATUS_INVALID_DEVICE_STATE;
  if (const net::Error error = socket_->bind(wanted); !error.ok()) return status_of(error);
  local = local_ = socket_->local_address();
  const ULONG statics = client().freeze_static_events() & WSK_EVENT_RECEIVE_FROM;
  if (statics != 0) events_.enable_for_good(statics & callbacks_locked());
  endpoint_ = &subsystem().transport().open_datagram(std::move(socket_), *this);
  adjust_flow_locked();
  return STATUS_SUCCESS;
}

NTSTATUS DatagramSocket::bind(Request& request, const net::Address& address) {
  return finish(request, bind_to(address));
}

NTSTATUS DatagramSocket::get_local_address(Request& request, PSOCKADDR output) {
  base::MutexLock lock(mutex_);
  const NTSTATUS status = usable_locked();
  const net::Address address = local_;
  lock.unlock();
  if (NT_SUCCESS(status)) store_address(address, output);
  return finish(request, status);
}

bool DatagramSocket::is_bound() const {
  base::MutexLock lock(mutex_);
  return endpoint_ != nullptr;
}

NTSTATUS DatagramSocket::set_remote_address(std::optional<net::Address> address) {
  base::MutexLock lock(mutex_);
  const NTSTATUS status = usable_locked();
  if (!NT_SUCCESS(status)) return status;
  fixed_remote_ = address;
  remote_set_last_ = address.has_value();
  return STATUS_SUCCESS;
}

NTSTATUS DatagramSocket::set_sendto_address(std::optional<net::Address> address) {
  base::MutexLock lock(mutex_);
  const NTSTATUS status = usable_locked();
  if (!NT_SUCCESS(status)) return status;
  fixed_sendto_ = address;
  remote_set_last_ = !address.has_value();
  return STATUS_SUCCESS;
}

// ---- options

NTSTATUS DatagramSocket::set_option(net::SocketOption option, ULONG value) {
  base::MutexLock lock(mutex_);
  if (closing_) return STATUS_INVALID_DEVICE_STATE;
  if (dead_) return STATUS_FILE_FORCED_CLOSED;
  return status_of(endpoint_ != nullptr ? endpoint_->set_option(option, value)
                                        : socket_->set_option(option, value));
}

NTSTATUS DatagramSocket::get_option(net::SocketOption option, ULONG& value) const {
  base::MutexLock lock(mutex_);
  if (closing_) return STATUS_INVALID_DEVICE_STATE;
  if (dead_) return STATUS_FILE_FORCED_CLOSED;
  return status_of(endpoint_ != nullptr ? endpoint_->get_option(option, value)
                                        : socket_->get_option(option, value));
}

NTSTATUS DatagramSocket::change_membership(const net::GroupMembership& change) {
  base::MutexLock lock(mutex_);
  if (closing_) return STATUS_INVALID_DEVICE_STATE;
  if (dead_) return STATUS_FILE_FORCED_CLOSED;
  return status_of(endpoint_ != nullptr ? endpoint_->change_membership(change)
                                        : socket_->change_membership(change));
}

std::uint32_t DatagramSocket::control_kinds() const {
  base::MutexLock lock(mutex_);
  return control_kinds_;
}

void DatagramSocket::set_control_kind(std::uint32_t kind, bool wanted) {
  base::MutexLock lock(mutex_);
  control_kinds_ = wanted ? control_kinds_ | kind : control_kinds_ & ~kind;
}

ULONG DatagramSocket::coalesced_limit() const {
  base::MutexLock lock(mutex_);
  return coalesced_limit_;
}

void DatagramSocket::set_coalesced_limit(ULONG bytes) {
  base::MutexLock lock(mutex_);
  coalesced_limit_ = bytes;
}

// ---- events

NTSTATUS DatagramSocket::may_control_events_locked() const {
  return usable_locked();
}

ULONG DatagramSocket::callbacks_locked() const {
  const bool there = dispatch_ != nullptr && dispatch_->WskReceiveFromEvent != nullptr;
  return there ? WSK_EVENT_RECEIVE_FROM : 0u;
}

void DatagramSocket::on_events_enabled() {
  {
    base::MutexLock lock(mutex_);
    if (!closing_) adjust_flow_locked();
  }
  deliver_soon();
}

// ---- the end

void DatagramSocket::failed(net::Error error) {
  base::log(base::LogLevel::kWarning, "datagram socket %p: %s; it receives no more", handle(),
            std::strerror(error.code()));
  {
    base::MutexLock lock(mutex_);
    dead_ = true;
  }
  deliver();
}

void DatagramSocket::begin_close() {
  RequestQueue cancelled;
  base::MutexLock lock(mutex_);
  while (Request* request = receives_.pop_front()) {
    if (claim(*request, STATUS_CANCELLED, 0)) cancelled.push_back(*request);
  }
  const bool bound = endpoint_ != nullptr;
  if (bound) endpoint_->close();
  lock.unlock();
  while (Request* request = cancelled.pop_front()) finish(*request, STATUS_CANCELLED);
  if (!bound) drop_open_user();
}

void DatagramSocket::closed() {
  {
    base::MutexLock lock(mutex_);
    report_kept_locked();
    endpoint_ = nullptr;
    queue_.clear();
  }
  drop_open_user();
}

// ---- cancellation

void DatagramSocket::cancel(Request& request) {
  if (request.kind != Request::Kind::kSend) return cancel_queued(request, mutex_);
  base::MutexLock lock(mutex_);
  if (admit_cancel(request)) {
    endpoint_->cancel_send(static_cast<SendToRequest&>(request).op);
    return;
  }
  lock.unlock();
  finish_decided(request);
}

}  // namespace wskrun::wsk
