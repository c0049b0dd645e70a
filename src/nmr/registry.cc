// Registration, deregistration and the wait for its end. binding.cc has what happens to a pair in
// between.
#include "nmr/registry.h"

#include <vector>

#include "nt/irql.h"
#include "probe/mistake.h"

namespace wskrun::nmr {

using base::MutexLock;
using base::RefPtr;

Module::Module(const NPI_CLIENT_CHARACTERISTICS& characteristics, PVOID module_context)
    : role(Role::kClient),
      client(&characteristics),
      provider(nullptr),
      instance(characteristics.ClientRegistrationInstance),
      context(module_context) {
  KeInitializeEvent(&deregistered, NotificationEvent, FALSE);
}

Module::Module(const NPI_PROVIDER_CHARACTERISTICS& characteristics, PVOID module_context)
    : role(Role::kProvider),
      client(nullptr),
      provider(&characteristics),
      instance(characteristics.ProviderRegistrationInstance),
      context(module_context) {
  KeInitializeEvent(&deregistered, NotificationEvent, FALSE);
}

Registry& registry() {
  static Registry* const instance = new Registry;  // Modules may come and go until the very end.
  return *instance;
}

HANDLE Registry::next_handle_locked() {
  last_handle_ += 4;  // As every handle of NT, a multiple of four.
  return reinterpret_cast<HANDLE>(last_handle_);
}

namespace {

bool is_valid(const NPI_REGISTRATION_INSTANCE& instance) {
  return instance.Version == 0 && instance.Size >= sizeof instance && instance.NpiId != nullptr;
}

bool is_valid(const NPI_CLIENT_CHARACTERISTICS& module) {
  return module.Version == 0 && module.Length >= sizeof module &&
         module.ClientAttachProvider != nullptr && module.ClientDetachProvider != nullptr &&
         is_valid(module.ClientRegistrationInstance);
}

bool is_valid(const NPI_PROVIDER_CHARACTERISTICS& module) {
  return module.Version == 0 && module.Length >= sizeof module &&
         module.ProviderAttachClient != nullptr && module.ProviderDetachClient != nullptr &&
         is_valid(module.ProviderRegistrationInstance);
}

bool are_a_pair(const Module& one, const Module& other) {
  return one.role != other.role && IsEqualGUID(*one.instance.NpiId, *other.instance.NpiId);
}

// Enters the module and makes its bindings in one step, so that two modules that register at the
// same time meet exactly once.
std::vector<RefPtr<Binding>> enter(const RefPtr<Module>& module, HANDLE& handle) {
  std::vector<RefPtr<Binding>> made;
  Registry& all = registry();
  MutexLock lock(all.mutex);
  handle = all.next_handle_locked();
  for (const auto& [other_handle, other] : all.modules) {
    if (other->deregistering || !are_a_pair(*module, *other)) continue;
    const bool is_client = module->role == Role::kClient;
    const HANDLE binding_handle = all.next_handle_locked();
    made.push_back(RefPtr<Binding>::adopt(
        new Binding(all, binding_handle, is_client ? module : other, is_client ? other : module)));
    all.bindings.emplace(binding_handle, made.back());
  }
  all.modules.emplace(handle, module);
  return made;
}

template <typename Characteristics>
NTSTATUS register_module(const Characteristics* characteristics, PVOID context, PHANDLE handle,
                         const char* function) {
  nt::require_irql_at_most(PASSIVE_LEVEL, function);
  if (characteristics == nullptr || handle == nullptr || !is_valid(*characteristics)) {
    return STATUS_INVALID_PARAMETER;
  }
  const auto module = RefPtr<Module>::adopt(new Module(*characteristics, context));
  for (const RefPtr<Binding>& binding : enter(module, *handle)) binding->offer();
  return STATUS_SUCCESS;
}

RefPtr<Module> find_locked(HANDLE handle, Role role) REQUIRES(registry().mutex) {
  const auto found = registry().modules.find(handle);
  if (found == registry().modules.end() || found->second->role != role) return {};
  return found->second;
}

NTSTATUS deregister_module(HANDLE handle, Role role, const char* function) {
  nt::require_irql_at_most(DISPATCH_LEVEL, function);
  std::vector<RefPtr<Binding>> to_detach;
  MutexLock lock(registry().mutex);
  const RefPtr<Module> module = find_locked(handle, role);
  if (!module || module->deregistering) return STATUS_INVALID_PARAMETER;
  module->deregistering = true;
  const bool unbound = module->bindings == 0;
  for (const auto& [binding_handle, binding] : registry().bindings) {
    if (binding->involves(*module) && binding->begin_detach_locked()) to_detach.push_back(binding);
  }
  lock.unlock();
  for (const RefPtr<Binding>& binding : to_detach) binding->detach();
  if (unbound) KeSetEvent(&module->deregistered, IO_NO_INCREMENT, FALSE);
  return STATUS_PENDING;
}

NTSTATUS wait_for_module(HANDLE handle, Role role, const char* function) {
  nt::require_irql_at_most(APC_LEVEL, function);
  MutexLock lock(registry().mutex);
  const RefPtr<Module> module = find_locked(handle, role);
  if (!module || !module->deregistering) return STATUS_INVALID_PARAMETER;
  lock.unlock();
  const NTSTATUS status =
      KeWaitForSingleObject(&module->deregistered, Executive, KernelMode, FALSE, nullptr);
  if (status != STATUS_SUCCESS) return status;
  lock.lock();
  registry().modules.erase(handle);
  return STATUS_SUCCESS;
}

}  // namespace
}  // namespace wskrun::nmr

using namespace wskrun;

extern "C" NTSTATUS NTAPI NmrRegisterClient(PNPI_CLIENT_CHARACTERISTICS ClientCharacteristics,
                                            PVOID ClientContext, PHANDLE NmrClientHandle) {
  return nmr::register_module(ClientCharacteristics, ClientContext, NmrClientHandle,
                              "NmrRegisterClient");
}

extern "C" NTSTATUS NTAPI NmrRegisterProvider(PNPI_PROVIDER_CHARACTERISTICS ProviderCharacteristics,
                                              PVOID ProviderContext, PHANDLE NmrProviderHandle) {
  return nmr::register_module(ProviderCharacteristics, ProviderContext, NmrProviderHandle,
                              "NmrRegisterProvider");
}

extern "C" NTSTATUS NTAPI NmrDeregisterClient(HANDLE NmrClientHandle) {
  return nmr::deregister_module(NmrClientHandle, nmr::Role::kClient, "NmrDeregisterClient");
}

extern "C" NTSTATUS NTAPI NmrDeregisterProvider(HANDLE NmrProviderHandle) {
  return nmr::deregister_module(NmrProviderHandle, nmr::Role::kProvider, "NmrDeregisterProvider");
}

extern "C" NTSTATUS NTAPI NmrWaitForClientDeregisterComplete(HANDLE NmrClientHandle) {
  return nmr::wait_for_module(NmrClientHandle, nmr::Role::kClient,
                              "NmrWaitForClientDeregisterComplete");
}

extern "C" NTSTATUS NTAPI NmrWaitForProviderDeregisterComplete(HANDLE NmrProviderHandle) {
  return nmr::wait_for_module(NmrProviderHandle, nmr::Role::kProvider,
                              "NmrWaitForProviderDeregisterComplete");
}
