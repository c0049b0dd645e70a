// Registry: who offers and who asks for which network programming interface (NPI). It brings the
// two together; binding.h attaches a pair and takes it apart again.
#pragma once

#include <netioddk.h>

#include <cstddef>
#include <cstdint>
#include <map>

#include "base/mutex.h"
#include "base/ref_ptr.h"
#include "nmr/binding.h"

namespace wskrun::nmr {

// A registered client or provider. What the driver registered stays in the driver's memory until
// deregistration is complete. The part that changes belongs to the registry's mutex.
struct Module : base::RefCounted<Module> {
  Module(const NPI_CLIENT_CHARACTERISTICS& characteristics, PVOID module_context);
  Module(const NPI_PROVIDER_CHARACTERISTICS& characteristics, PVOID module_context);

  // True: that was the last one, and deregistration is complete.
  bool drop_binding_locked() { return --bindings == 0 && deregistering; }

  const Role role;
  const NPI_CLIENT_CHARACTERISTICS* const client;      // Of a client, else nullptr.
  const NPI_PROVIDER_CHARACTERISTICS* const provider;  // Of a provider, else nullptr.
  const NPI_REGISTRATION_INSTANCE& instance;
  const PVOID context;

  bool deregistering = false;
  std::size_t bindings = 0;  // From the offer until both sides were cleaned up.
  KEVENT deregistered;       // Set when it is deregistering and its last binding is gone.
};

struct Registry {
  base::Mutex mutex;
  // By handle, which is the order of registration. A handle is never used a second time, so a
  // stale one is known for what it is.
  std::map<HANDLE, base::RefPtr<Module>> modules GUARDED_BY(mutex);
  std::map<HANDLE, base::RefPtr<Binding>> bindings GUARDED_BY(mutex);

  HANDLE next_handle_locked() REQUIRES(mutex);

 private:
  ULONG_PTR last_handle_ GUARDED_BY(mutex) = 0;
};

Registry& registry();

}  // namespace wskrun::nmr
