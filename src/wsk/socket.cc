// The life and end of every socket.
#include "wsk/socket.h"

#include <cstddef>
#include <utility>

#include "probe/events.h"
#include "probe/mistake.h"
#include "wsk/dispatch.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

// Owns the close request while it completes: the socket itself is freed by then. It holds the
// client until the driver's completion routine has returned, so that WskDeregister waits for it.
class ClosedSocket final : public RequestOwner, public base::Recycled {
 public:
  ClosedSocket(base::RefPtr<Client> client, const void* handle)
      : client_(std::move(client)), handle_(handle) {}

  void on_cancel(Request&) override {}  // A close is never cancellable.
  void request_begun() override {}
  void request_ended() override { delete this; }
  const void* handle() const override { return handle_; }
  Subsystem& subsystem() const override { return client_->subsystem(); }

 private:
  base::RefPtr<Client> client_;
  const void* handle_;
};

const char* name_of(Category category) {
  switch (category) {
    case Category::kBasic:
      return "basic";
    case Category::kListen:
      return "listening";
    case Category::kConnection:
      return "connection-oriented";
    case Category::kDatagram:
      return "datagram";
    case Category::kStream:
      return "stream";
  }
  return "";
}

}  // namespace

Socket& Socket::of(PWSK_SOCKET handle) {
  return *reinterpret_cast<Handle*>(handle)->socket;
}

Socket::Socket(base::RefPtr<Client> client, Category category, net::Family family,
               const void* provider_dispatch, PVOID context, const void* created_by)
    : category_(category),
      family_(family),
      client_(std::move(client)),
      handle_{{provider_dispatch}, this},
      context_(context) {
  nt::ledger_add(ledger_, nt::Holding::kSocket, &handle_, sizeof(WSK_SOCKET), 0, created_by);
  probe::emit(
      {.fact = probe::Fact::kSocketCreated, .subject = &handle_, .text = name_of(category)});
}

Socket::Socket(Socket& whole, Category category, const void* provider_dispatch, PVOID context)
    : category_(category),
      family_(whole.family()),
      client_(base::RefPtr<Client>::share(&whole.client())),
      whole_(&whole),
      handle_{{provider_dispatch}, this},
      context_(context) {
  whole.add_user();
}

Socket::~Socket() {
  if (whole_ != nullptr) return;
  nt::ledger_remove(ledger_);
  probe::emit({.fact = probe::Fact::kSocketClosed, .subject = &handle_});
}

NTSTATUS Socket::close(Request& request) {
  {
    base::MutexLock lock(mutex_);
    if (closing_) {
      lock.unlock();
      probe::mistake(&handle_, "WskCloseSocket(%p) for a socket that is being closed already",
                     static_cast<void*>(&handle_));
      return finish(request, STATUS_INVALID_DEVICE_STATE);
    }
    closing_ = true;
  }
  mark_pending(request);
  close_request_ = &request;
  close_address_watch();
  begin_close();
  remove_user();  // The request's own use, since the close waits only for the others.
  return STATUS_PENDING;
}

void Socket::discard() {
  Hold hold(*this);  // Until begin_close() has returned.
  {
    base::MutexLock lock(mutex_);
    closing_ = true;
  }
  begin_close();
}

NTSTATUS Socket::enable_events(ULONG events) {
  {
    base::MutexLock lock(mutex_);
    if (closing_) return STATUS_INVALID_DEVICE_STATE;
    if (const NTSTATUS status = may_control_events_locked(); !NT_SUCCESS(status)) return status;
    if ((events & ~callbacks_locked()) != 0) return STATUS_INVALID_PARAMETER;
    events_.enable(events & ~permanent_events());
    events_.enable_for_good(events & permanent_events());
  }
  on_events_enabled();
  return STATUS_SUCCESS;
}

NTSTATUS Socket::disable_event(ULONG event, Request* request) {
  base::MutexLock lock(mutex_);
  if (closing_) return STATUS_INVALID_DEVICE_STATE;
  if (const NTSTATUS status = may_control_events_locked(); !NT_SUCCESS(status)) return status;
  return events_.disable(event, request);
}

void Socket::post_delivery_locked(net::Loop& loop) {
  if (std::exchange(delivery_posted_, true)) return;
  add_user();
  run = [](net::Task& task) {
    auto& self = static_cast<Socket&>(task);
    {
      base::MutexLock lock(self.mutex_);
      self.delivery_posted_ = false;
    }
    self.deliver();
    self.remove_user();
  };
  loop.post(*this);
}

base::RefPtr<CachedDescriptor> Socket::descriptor() const {
  if (whole_ != nullptr) return whole_->descriptor();
  base::MutexLock lock(mutex_);
  return descriptor_ ? descriptor_ : subsystem().default_descriptor();
}

void Socket::set_descriptor(base::RefPtr<CachedDescriptor> descriptor) {
  base::MutexLock lock(mutex_);
  descriptor_ = std::move(descriptor);
}

NTSTATUS Socket::bind_to(const net::Address& address) {
  const NTSTATUS status = subsystem().addresses().bind(*this, address);
  if (NT_SUCCESS(status)) has_address_ = true;
  const bool as_windows = subsystem().settings().compat == Compat::kWindows;
  return as_windows && status == STATUS_ADDRESS_ALREADY_EXISTS ? STATUS_ADDRESS_ALREADY_ASSOCIATED
                                                               : status;
}

NTSTATUS Socket::bind_endpoint(const net::Address&, net::Address&) {
  return STATUS_INVALID_DEVICE_REQUEST;  // There is no WskBind for it.
}

NTSTATUS Socket::change_membership(const net::GroupMembership&) {
  return STATUS_INVALID_DEVICE_REQUEST;  // Only datagrams come to groups.
}

void Socket::end_event_call() {
  RequestQueue disabled;
  {
    base::MutexLock lock(mutex_);
    events_.end_call(disabled);
  }
  finish_all(disabled);
}

void Socket::end() {
  Request* close = close_request_;
  base::RefPtr<Client> client = std::move(client_);
  const void* handle = &handle_;
  Socket* const whole = whole_;
  if (has_address_) client->subsystem().addresses().remove(*this);
  delete this;
  if (whole != nullptr) return whole->remove_user();
  if (close == nullptr) return;
  close->owner = new ClosedSocket(std::move(client), handle);
  finish(*close, STATUS_SUCCESS);
}

NTSTATUS WSKAPI close_socket(PWSK_SOCKET Socket, PIRP Irp) {
  wsk::Socket& socket = wsk::Socket::of(Socket);
  Request* request = begin(Irp, "WskCloseSocket", socket);
  if (request == nullptr) return STATUS_INVALID_PARAMETER;
  return socket.close(*request);
}

}  // namespace wskrun::wsk
