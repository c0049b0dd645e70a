// Socket: what all categories share: the handle the driver holds, who it belongs to, its users and
// its end. connection.h and listen.h have what makes a category.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <atomic>
#include <memory>

#include "base/block_cache.h"
#include "base/mutex.h"
#include "base/ref_ptr.h"
#include "net/address_watch.h"
#include "net/transport.h"
#include "nt/ledger.h"
#include "wsk/address_table.h"
#include "wsk/client.h"
#include "wsk/descriptor_cache.h"
#include "wsk/events.h"
#include "wsk/request.h"

namespace wskrun::wsk {

enum class Category : std::uint8_t { kBasic, kListen, kConnection, kDatagram, kStream };

// Life: users_ counts the open socket and every request in flight. WskCloseSocket ends what is in
// flight; when the last user is gone, the socket is freed and the close IRP completes. Nobody
// waits: the open socket's own use ends on the loop that runs the callbacks, after all of them.
class Socket : public RequestOwner, public base::Recycled, private net::Task {
 public:
  static Socket& of(PWSK_SOCKET handle);

  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  PWSK_SOCKET wsk_socket() { return &handle_.api; }
  // What does the work behind the driver's handle: the socket itself, or for a stream socket what
  // it has become.
  virtual Socket& acting() { return *this; }
  Client& client() const { return *client_; }
  Category category() const { return category_; }
  net::Family family() const { return family_; }

  // WskCloseSocket.
  NTSTATUS close(Request& request);
  // Ends a socket that the driver never got.
  void discard();

  // SO_WSK_EVENT_CALLBACK, its structure and flags checked already (options.cc). Statuses as
  // EventSet::disable; STATUS_INVALID_DEVICE_STATE before the socket is bound or connected;
  // STATUS_INVALID_PARAMETER for an event without a callback.
  NTSTATUS enable_events(ULONG events);
  NTSTATUS disable_event(ULONG event, Request* request);

  // Options that the transport has, before and after binding (options.cc).
  virtual NTSTATUS set_option(net::SocketOption option, ULONG value) = 0;
  virtual NTSTATUS get_option(net::SocketOption option, ULONG& value) const = 0;
  virtual NTSTATUS change_membership(const net::GroupMembership& change);
  virtual bool is_bound() const = 0;

  // SIO_ADDRESS_LIST_CHANGE (address_changes.cc). STATUS_PENDING, or why it cannot wait.
  NTSTATUS wait_for_address_change(Request& request);

  // Who may have its local address, too (address_table.h). All of it is decided before it is bound;
  // the kind and, if the driver gave one, the first descriptor before the driver knows the socket.
  net::SocketKind kind() const { return kind_; }
  void set_kind(net::SocketKind kind) { kind_ = kind; }
  Sharing sharing() const { return whole_ != nullptr ? whole_->sharing() : sharing_.load(); }
  void set_sharing(Sharing sharing) { sharing_ = sharing; }
  base::RefPtr<CachedDescriptor> descriptor() const;
  void set_descriptor(base::RefPtr<CachedDescriptor> descriptor);
  // Lets another socket be bound to its address. Fails while it is closing.
  virtual NTSTATUS share_address() { return set_option(net::SocketOption::kShareAddress, 1); }
  // For AddressTable: binds it, whoever else is there; `local` is where.
  virtual NTSTATUS bind_endpoint(const net::Address& wanted, net::Address& local);

  // RequestOwner
  void on_cancel(Request& request) final;
  void request_begun() final { add_user(); }
  void request_ended() final { remove_user(); }
  const void* handle() const final { return whole_ != nullptr ? whole_->handle() : &handle_; }
  Subsystem& subsystem() const final { return client_->subsystem(); }

  // Keeps the socket in memory for a scope, whatever the driver does meanwhile.
  class Hold {
   public:
    explicit Hold(Socket& socket) : socket_(socket) { socket_.add_user(); }
    ~Hold() { socket_.remove_user(); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Socket& socket_;
  };

 protected:
  Socket(base::RefPtr<Client> client, Category category, net::Family family,
         const void* provider_dispatch, PVOID context, const void* created_by);
  // A part of another socket, which the driver knows by the handle of the whole. The whole is held
  // until the part has ended.
  Socket(Socket& whole, Category category, const void* provider_dispatch, PVOID context);
  virtual ~Socket();

  // WskBind, its arguments checked.
  NTSTATUS bind_to(const net::Address& address);

  // on_cancel() for the requests of the category's functions.
  virtual void cancel(Request& request) = 0;
  // Ends what is in flight; closing_ is set already. drop_open_user() once nothing more will be
  // delivered: from closed(), or at once where there is no endpoint. No lock held.
  virtual void begin_close() = 0;

  // May the driver switch events now? STATUS_SUCCESS, or why not.
  virtual NTSTATUS may_control_events_locked() const REQUIRES(mutex_) = 0;
  // The events that the driver's dispatch table has a callback for. Reads that table: a driver that
  // enables no event may have given a wild pointer.
  virtual ULONG callbacks_locked() const REQUIRES(mutex_) = 0;
  // Of those that are enabled, the ones that cannot be disabled again on this socket.
  virtual ULONG permanent_events() const { return 0; }
  // Events were enabled: deliver what waits for them. No lock held.
  virtual void on_events_enabled() = 0;

  // Delivers what waits for the driver: completions and callbacks. On the socket's loop.
  virtual void deliver() {}
  // Has deliver() run soon.
  void post_delivery_locked(net::Loop& loop) REQUIRES(mutex_);

  // A callback has returned: finishes the requests that waited for it to disable its event.
  void end_event_call();

  void add_user() { users_.fetch_add(1, std::memory_order_relaxed); }
  void remove_user() {
    if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) end();
  }
  void drop_open_user() { remove_user(); }

  PVOID context_locked() const REQUIRES(mutex_) { return context_; }
  void set_context_locked(PVOID context) REQUIRES(mutex_) { context_ = context; }

  // What a part is a part of; else null.
  Socket* whole() const { return whole_; }

  mutable base::Mutex mutex_;
  bool closing_ GUARDED_BY(mutex_) = false;

 private:
  // What the driver's PWSK_SOCKET points to.
  struct Handle {
    WSK_SOCKET api;
    Socket* socket;
  };

  // The calls that wait for a change of addresses, and who tells of one. Guarded by mutex_.
  struct AddressChanges final : net::AddressWatchSink {
    explicit AddressChanges(Socket& owner) : socket(owner) {}
    void addresses_changed() override;
    void watch_closed() override;

    Socket& socket;
    net::AddressWatch* watch = nullptr;
    RequestQueue waiting;
  };

  void end_address_changes(NTSTATUS status);
  void close_address_watch();
  void end();

  bool has_address_ = false;  // In the table of addresses. Set while a request holds the socket.
  bool delivery_posted_ GUARDED_BY(mutex_) = false;
  const Category category_;
  const net::Family family_;
  net::SocketKind kind_ = net::SocketKind::kStream;
  std::atomic<Sharing> sharing_{Sharing::kDefault};
  std::atomic<unsigned> users_{1};
  base::RefPtr<Client> client_;
  Socket* const whole_ = nullptr;
  Handle handle_;
  PVOID context_ GUARDED_BY(mutex_);
  // From here to events_ no message touches anything.
  nt::LedgerEntry ledger_;
  base::RefPtr<CachedDescriptor> descriptor_ GUARDED_BY(mutex_);        // Empty: the default.
  std::unique_ptr<AddressChanges> address_changes_ GUARDED_BY(mutex_);  // Since first asked for.
  Request* close_request_ = nullptr;  // Set once, before the last user goes.

 protected:
  EventSet events_ GUARDED_BY(mutex_);
};

}  // namespace wskrun::wsk
