// The client's references and static events, and the list that tells a live client from a pointer
// that is none.
#include "wsk/client.h"

#include <netioddk.h>

#include "base/check.h"
#include "base/mutex.h"

namespace wskrun::wsk {

// Drivers hand in what they please as their client, so a handle is looked for before it is used.
// There are as many clients as drivers have registered: a handful.
class ClientList {
 public:
  void add(Client& client) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    clients_.push_back(client);
  }
  void remove(Client& client) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    clients_.remove(client);
  }
  base::RefPtr<Client> find(PWSK_CLIENT handle) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    for (Client* client = clients_.front(); client != nullptr; client = clients_.next(*client)) {
      if (client->wsk_client() == handle && client->try_add_ref()) {
        return base::RefPtr<Client>::adopt(client);
      }
    }
    return {};
  }

 private:
  base::Mutex mutex_;
  base::List<Client, &Client::link_> clients_ GUARDED_BY(mutex_);
};

namespace {

// Marks in static_events_ that there was a socket; no event has this bit.
constexpr ULONG kFrozen = 0x1;

ClientList& clients() {
  static ClientList* const instance = new ClientList;  // Drivers may call until the very end.
  return *instance;
}

}  // namespace

Client::Client(Subsystem& subsystem, HANDLE nmr_binding)
    : subsystem_(subsystem), nmr_binding_(nmr_binding) {
  clients().add(*this);
}

Client::~Client() {
  clients().remove(*this);
}

base::RefPtr<Client> Client::from_handle(PWSK_CLIENT handle) {
  return clients().find(handle);
}

void Client::add_ref() {
  references_.fetch_add(1, std::memory_order_relaxed);
}

void Client::release() {
  // The binding's reference goes first, in begin_detach(), so this is the end of a detachment. The
  // NMR may free the client before it returns.
  const HANDLE binding = nmr_binding_;
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    NmrProviderDetachClientComplete(binding);
  }
}

bool Client::begin_detach() {
  cancel_notifications();
  return references_.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

// Like add_ref, but a client whose detachment has completed stays so.
bool Client::try_add_ref() {
  unsigned seen = references_.load(std::memory_order_relaxed);
  while (seen != 0) {
    if (references_.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

bool Client::add_static_events(ULONG events) {
  ULONG seen = static_events_.load(std::memory_order_relaxed);
  while ((seen & kFrozen) == 0) {
    if (static_events_.compare_exchange_weak(seen, seen | events, std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

ULONG Client::freeze_static_events() {
  return static_events_.fetch_or(kFrozen, std::memory_order_relaxed) & ~kFrozen;
}

bool Client::has_had_socket() const {
  return (static_events_.load(std::memory_order_relaxed) & kFrozen) != 0;
}

// ---- notifications

NTSTATUS Client::await_transport_change(Request& request) {
  base::MutexLock lock(mutex_);
  if (detaching_) return STATUS_CANCELLED;
  mark_pending(request);
  if (make_cancellable(request)) {
    notifications_.push_back(request);
    return STATUS_PENDING;
  }
  lock.unlock();
  finish(request, STATUS_CANCELLED);
  return STATUS_PENDING;
}

void Client::cancel_notifications() {
  RequestQueue cancelled;
  {
    base::MutexLock lock(mutex_);
    detaching_ = true;
    while (Request* request = notifications_.pop_front()) {
      if (claim(*request, STATUS_CANCELLED, 0)) cancelled.push_back(*request);
    }
  }
  while (Request* request = cancelled.pop_front()) finish(*request, STATUS_CANCELLED);
}

void Client::on_cancel(Request& request) {
  cancel_queued(request, mutex_);
}

}  // namespace wskrun::wsk
