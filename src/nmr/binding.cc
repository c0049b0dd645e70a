// Attaches a client to a provider and takes them apart again, and the functions of the NMR that
// take a binding handle. registry.cc has those that take a module's handle.
#include "nmr/binding.h"

#include "nmr/registry.h"
#include "nt/irql.h"
#include "nt/upcall.h"
#include "probe/mistake.h"

namespace wskrun::nmr {

using base::MutexLock;
using base::RefPtr;

Binding::Binding(Registry& registry, HANDLE handle, RefPtr<Module> client, RefPtr<Module> provider)
    : registry_(registry), handle_(handle) {
  ++client->bindings;
  ++provider->bindings;
  client_.module = std::move(client);
  provider_.module = std::move(provider);
}

bool Binding::involves(const Module& module) const {
  return client_.module.get() == &module || provider_.module.get() == &module;
}

void Binding::offer() {
  const Module& client = *client_.module;
  MutexLock lock(registry_.mutex);
  const bool wanted = !client.deregistering && !provider_.module->deregistering;
  lock.unlock();
  if (wanted) {
    nt::upcall("ClientAttachProvider", client.client->ClientAttachProvider, handle_, client.context,
               &provider_.module->instance);
  }
  lock.lock();
  offer_open_ = false;
  const Step next = after_attachment_locked();
  lock.unlock();
  take(next);
}

NTSTATUS Binding::attach(PVOID client_context, const VOID* client_dispatch, PVOID* provider_context,
                         const VOID** provider_dispatch) {
  MutexLock lock(registry_.mutex);
  if (state_ != State::kOffered || !offer_open_) return STATUS_INVALID_PARAMETER;
  if (client_.module->deregistering || provider_.module->deregistering) return STATUS_NOINTERFACE;
  state_ = State::kAttaching;
  lock.unlock();
  const NTSTATUS status =
      ask_provider(client_context, client_dispatch, provider_context, provider_dispatch);
  lock.lock();
  state_ = status == STATUS_SUCCESS ? State::kAttached : State::kOffered;
  const Step next = after_attachment_locked();
  lock.unlock();
  take(next);
  return status;
}

NTSTATUS Binding::ask_provider(PVOID client_context, const VOID* client_dispatch,
                               PVOID* provider_context, const VOID** provider_dispatch) {
  const Module& provider = *provider_.module;
  *provider_context = nullptr;
  *provider_dispatch = nullptr;
  const NTSTATUS status =
      nt::upcall("ProviderAttachClient", provider.provider->ProviderAttachClient, handle_,
                 provider.context, &client_.module->instance, client_context, client_dispatch,
                 provider_context, provider_dispatch);
  if (status == STATUS_SUCCESS) {
    client_.context = client_context;
    provider_.context = *provider_context;
  }
  return status;
}

// The offer or the attachment inside it has ended; the one that ends last decides how it goes on.
// Detaching waits for this, since before it the client may not know yet that it is attached.
Binding::Step Binding::after_attachment_locked() {
  if (offer_open_ || state_ == State::kAttaching) return Step::kNone;
  if (state_ == State::kOffered) return Step::kEnd;
  const bool wanted = !client_.module->deregistering && !provider_.module->deregistering;
  return !wanted && begin_detach_locked() ? Step::kDetach : Step::kNone;
}

bool Binding::begin_detach_locked() {
  if (state_ != State::kAttached || offer_open_) return false;
  state_ = State::kDetaching;
  return true;
}

void Binding::detach() {
  detach_returned(Role::kClient,
                  nt::upcall("ClientDetachProvider", client_.module->client->ClientDetachProvider,
                             client_.context));
  detach_returned(Role::kProvider,
                  nt::upcall("ProviderDetachClient",
                             provider_.module->provider->ProviderDetachClient, provider_.context));
}

void Binding::detach_returned(Role role, NTSTATUS status) {
  MutexLock lock(registry_.mutex);
  side(role).returned = true;
  side(role).pending = status == STATUS_PENDING;
  const Step next = after_detachment_locked();
  lock.unlock();
  take(next);
}

void Binding::detach_complete(Role role) {
  MutexLock lock(registry_.mutex);
  Side& mine = side(role);
  const bool awaited =
      state_ == State::kDetaching && !mine.completed && (mine.pending || !mine.returned);
  if (awaited) mine.completed = true;
  const Step next = awaited ? after_detachment_locked() : Step::kNone;
  lock.unlock();
  if (!awaited) {
    probe::mistake(handle_, "the detachment of binding %p is not pending on this side", handle_);
  }
  take(next);
}

Binding::Step Binding::after_detachment_locked() {
  if (!client_.detached() || !provider_.detached()) return Step::kNone;
  state_ = State::kGone;
  return Step::kCleanUp;
}

void Binding::take(Step step) {
  if (step == Step::kDetach) detach();
  if (step == Step::kCleanUp) clean_up();
  if (step == Step::kCleanUp || step == Step::kEnd) end();
}

void Binding::clean_up() {
  if (const auto cleanup = client_.module->client->ClientCleanupBindingContext) {
    nt::upcall("ClientCleanupBindingContext", cleanup, client_.context);
  }
  if (const auto cleanup = provider_.module->provider->ProviderCleanupBindingContext) {
    nt::upcall("ProviderCleanupBindingContext", cleanup, provider_.context);
  }
}

// The binding is over, and with it perhaps the deregistration of its modules.
void Binding::end() {
  const RefPtr<Binding> self = RefPtr<Binding>::share(this);  // The registry's may be the last.
  MutexLock lock(registry_.mutex);
  registry_.bindings.erase(handle_);
  const bool client_gone = client_.module->drop_binding_locked();
  const bool provider_gone = provider_.module->drop_binding_locked();
  lock.unlock();
  if (client_gone) KeSetEvent(&client_.module->deregistered, IO_NO_INCREMENT, FALSE);
  if (provider_gone) KeSetEvent(&provider_.module->deregistered, IO_NO_INCREMENT, FALSE);
}

namespace {

// The binding behind a driver's handle; empty for a handle that is not one, or no longer.
RefPtr<Binding> find_binding(HANDLE handle) {
  MutexLock lock(registry().mutex);
  const auto found = registry().bindings.find(handle);
  return found == registry().bindings.end() ? RefPtr<Binding>() : found->second;
}

void complete_detachment(HANDLE handle, Role role, const char* function) {
  nt::require_irql_at_most(DISPATCH_LEVEL, function);
  const RefPtr<Binding> binding = find_binding(handle);
  if (!binding) return probe::mistake(handle, "%s: %p is not a binding", function, handle);
  binding->detach_complete(role);
}

}  // namespace
}  // namespace wskrun::nmr

using namespace wskrun;

extern "C" NTSTATUS NTAPI NmrClientAttachProvider(HANDLE NmrBindingHandle,
                                                  PVOID ClientBindingContext,
                                                  const VOID* ClientDispatch,
                                                  PVOID* ProviderBindingContext,
                                                  const VOID** ProviderDispatch) {
  nt::require_irql_at_most(PASSIVE_LEVEL, "NmrClientAttachProvider");
  const auto binding = nmr::find_binding(NmrBindingHandle);
  if (!binding || ProviderBindingContext == nullptr || ProviderDispatch == nullptr) {
    return STATUS_INVALID_PARAMETER;
  }
  return binding->attach(ClientBindingContext, ClientDispatch, ProviderBindingContext,
                         ProviderDispatch);
}

extern "C" VOID NTAPI NmrClientDetachProviderComplete(HANDLE NmrBindingHandle) {
  nmr::complete_detachment(NmrBindingHandle, nmr::Role::kClient, "NmrClientDetachProviderComplete");
}

extern "C" VOID NTAPI NmrProviderDetachClientComplete(HANDLE NmrBindingHandle) {
  nmr::complete_detachment(NmrBindingHandle, nmr::Role::kProvider,
                           "NmrProviderDetachClientComplete");
}
