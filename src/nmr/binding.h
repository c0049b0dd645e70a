// Binding: one client and one provider of the same NPI, from the offer until both have been
// detached and cleaned up. registry.h decides which pairs there are.
#pragma once

#include <netioddk.h>

#include <cstdint>

#include "base/mutex.h"
#include "base/ref_ptr.h"

namespace wskrun::nmr {

struct Module;
struct Registry;

enum class Role : std::uint8_t { kClient, kProvider };

// Everything here calls modules with no lock held; what changes belongs to the registry's mutex.
class Binding : public base::RefCounted<Binding> {
 public:
  // Counts in both modules from now on.
  Binding(Registry& registry, HANDLE handle, base::RefPtr<Module> client,
          base::RefPtr<Module> provider);

  bool involves(const Module& module) const;

  // Asks the client whether it wants the provider. PASSIVE_LEVEL, once.
  void offer();

  // The client wants it: asks the provider. What the outputs get is NULL after a failure.
  NTSTATUS attach(PVOID client_context, const VOID* client_dispatch, PVOID* provider_context,
                  const VOID** provider_dispatch);

  // A module has begun to deregister: true if it is now the caller who has to call detach().
  // Otherwise another module's deregistration does it, or the end of the offer.
  bool begin_detach_locked();
  void detach();

  // The side that answered its detach callback with STATUS_PENDING is done.
  void detach_complete(Role role);

 private:
  enum class State : std::uint8_t { kOffered, kAttaching, kAttached, kDetaching, kGone };

  struct Side {
    base::RefPtr<Module> module;
    PVOID context = nullptr;
    bool returned = false;   // From the detach callback,
    bool pending = false;    // with STATUS_PENDING.
    bool completed = false;  // The word that then has to follow; it may come first.

    bool detached() const { return returned && (!pending || completed); }
  };

  // What follows, decided under the lock and done without it.
  enum class Step : std::uint8_t { kNone, kDetach, kCleanUp, kEnd };

  Side& side(Role role) { return role == Role::kClient ? client_ : provider_; }
  NTSTATUS ask_provider(PVOID client_context, const VOID* client_dispatch, PVOID* provider_context,
                        const VOID** provider_dispatch);
  Step after_attachment_locked();
  Step after_detachment_locked();
  void take(Step step);
  void detach_returned(Role role, NTSTATUS status);
  void clean_up();
  void end();

  Registry& registry_;
  const HANDLE handle_;
  Side client_;
  Side provider_;
  State state_ = State::kOffered;
  bool offer_open_ = true;  // ClientAttachProvider has not returned yet.
};

}  // namespace wskrun::nmr
