// Subsystem: the WSK provider of a running runtime, over its transport. The host starts and stops
// it; clients come to it through the Network Module Registrar (registration.cc).
#pragma once

#include <wsk.h>

#include <atomic>
#include <vector>

#include "net/resolver.h"
#include "net/transport.h"
#include "wsk/address_table.h"
#include "wsk/completion.h"
#include "wsk/descriptor_cache.h"
#include "wsk/settings.h"

namespace wskrun::wsk {

class Subsystem {
 public:
  explicit Subsystem(net::Transport& transport, const Settings& settings = {});
  ~Subsystem();  // Not while started.
  Subsystem(const Subsystem&) = delete;
  Subsystem& operator=(const Subsystem&) = delete;

  // Offers WSK to everyone who asks for it, now or later. PASSIVE_LEVEL. Once.
  NTSTATUS start();

  // Takes the offer back and tells every client. PASSIVE_LEVEL. False: a driver still holds a
  // client (a socket, an IRP, a captured NPI), so this object and the transport must stay until
  // another stop() says true.
  bool stop();

  net::Transport& transport() const { return transport_; }
  net::Resolver& resolver() { return resolver_; }
  const Settings& settings() const { return settings_; }
  Ending next_ending() { return endings_.next(); }
  // The kernel has them or not, for as long as it runs.
  const std::vector<WSK_TRANSPORT>& transports() const { return transports_; }
  DescriptorCache& descriptors() { return descriptors_; }
  // Of a socket that was given none: lets nobody share its address (SEC-001).
  const base::RefPtr<CachedDescriptor>& default_descriptor() const { return default_descriptor_; }
  AddressTable& addresses() { return addresses_; }

 private:
  // What the NMR calls.
  static NTSTATUS NTAPI attach_client(HANDLE binding, PVOID subsystem,
                                      PNPI_REGISTRATION_INSTANCE client_instance,
                                      PVOID client_context, const VOID* client_dispatch,
                                      PVOID* provider_context, const VOID** provider_dispatch);
  static NTSTATUS NTAPI detach_client(PVOID client);
  static VOID NTAPI cleanup_client(PVOID client);
  static const NPI_PROVIDER_CHARACTERISTICS kModule;

  net::Transport& transport_;
  net::Resolver resolver_;
  const Settings settings_;
  EndingChoice endings_;
  const std::vector<WSK_TRANSPORT> transports_;
  DescriptorCache descriptors_;
  const base::RefPtr<CachedDescriptor> default_descriptor_;
  AddressTable addresses_;
  HANDLE nmr_provider_ = nullptr;
  bool stopping_ = false;
  std::atomic<unsigned> clients_{0};
};

}  // namespace wskrun::wsk
