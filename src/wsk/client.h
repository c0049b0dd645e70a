// Client: what a PWSK_CLIENT points to, one for each binding of a driver to WSK.
// registration.cc makes the binding; socket.h is what a client owns.
#pragma once

#include <wsk.h>

#include <atomic>

#include "base/list.h"
#include "base/mutex.h"
#include "base/ref_ptr.h"
#include "wsk/request.h"

namespace wskrun::wsk {

class Subsystem;

// Whoever may still need the client holds a reference: a call into a function of
// WSK_PROVIDER_DISPATCH while it runs, an IRP given to such a function until it completes, a socket
// until it is freed, a captured NPI until it is released. The binding itself is one more; when it
// was told to detach and the last of the others goes, the detachment completes (N-025, N-053).
class Client final : public RequestOwner {
 public:
  // The binding owns the object. The driver's WSK_CLIENT_DISPATCH is not kept: its WskClientEvent
  // would be called for events that do not exist (E-044).
  Client(Subsystem& subsystem, HANDLE nmr_binding);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The client behind a driver's handle, held. Empty for NULL, for a handle that never was one and
  // for a client that has been detached. Any IRQL.
  static base::RefPtr<Client> from_handle(PWSK_CLIENT handle);
  PWSK_CLIENT wsk_client() { return this; }

  // Any thread, no lock held: the last release() calls into the NMR.
  void add_ref();
  void release();

  // The binding is to end: cancels what waits here. True when nobody held the client any more, else
  // the last release() calls NmrProviderDetachClientComplete. Once.
  bool begin_detach() EXCLUDES(mutex_);

  // Adds to the events that WSK enables on every socket. False once there was a socket (E-039).
  bool add_static_events(ULONG events);
  // For each new socket, accepted ones too: the static events. They cannot change any more.
  ULONG freeze_static_events();
  bool has_had_socket() const;

  // Keeps a request until the list of transports changes, which it never does here, or until it is
  // cancelled, by IoCancelIrp or by the detachment. STATUS_PENDING, or what to finish it with.
  NTSTATUS await_transport_change(Request& request) EXCLUDES(mutex_);

  // RequestOwner, for requests that belong to no socket.
  void on_cancel(Request& request) override;
  void request_begun() override { add_ref(); }
  void request_ended() override { release(); }
  const void* handle() const override { return this; }
  Subsystem& subsystem() const override { return subsystem_; }

 private:
  bool try_add_ref();
  void cancel_notifications() EXCLUDES(mutex_);

  Subsystem& subsystem_;
  const HANDLE nmr_binding_;
  std::atomic<unsigned> references_{1};  // 1: the binding's own.
  std::atomic<ULONG> static_events_{0};  // With kFrozen once there was a socket.
  base::Link link_;                      // In the list of all clients.

  base::Mutex mutex_;
  bool detaching_ GUARDED_BY(mutex_) = false;
  RequestQueue notifications_ GUARDED_BY(mutex_);

  friend class ClientList;
};

}  // namespace wskrun::wsk
