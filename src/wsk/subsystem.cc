// The provider's side of the Network Module Registrar: who may attach, and what it gets.
#include "wsk/subsystem.h"

#include <utility>

#include "base/check.h"
#include "wsk/client.h"
#include "wsk/dispatch.h"
#include "wsk/transport_list.h"

extern "C" const NPIID NPI_WSK_INTERFACE_ID = {
    0x2227e803, 0x8d8b, 0x11d4, {0xab, 0xad, 0x00, 0x90, 0x27, 0x71, 0x9e, 0x09}};

namespace wskrun::wsk {
namespace {

constexpr WSK_PROVIDER_CHARACTERISTICS kVersions = {
    .HighestVersion = MAKE_WSK_VERSION(1, 1),
    .LowestVersion = MAKE_WSK_VERSION(1, 0),
};

constexpr NPI_MODULEID kModuleId = {
    .Length = sizeof(NPI_MODULEID),
    .Type = MIT_GUID,
    .Guid = {0x7b0e5d11, 0x60c4, 0x4f2e, {0x9d, 0x3a, 0x52, 0x1c, 0xe8, 0x07, 0xb4, 0x66}},
};

constexpr ACL kNobody = {ACL_REVISION, 0, sizeof(ACL), 0, 0};
constexpr nt::DescriptorParts kSharedWithNobody = {.control = SE_DACL_PRESENT | SE_DACL_DEFAULTED,
                                                   .owner = nullptr,
                                                   .group = nullptr,
                                                   .sacl = nullptr,
                                                   .dacl = &kNobody};

}  // namespace

constexpr NPI_PROVIDER_CHARACTERISTICS Subsystem::kModule = {
    .Version = 0,
    .Length = sizeof(NPI_PROVIDER_CHARACTERISTICS),
    .ProviderAttachClient = attach_client,
    .ProviderDetachClient = detach_client,
    .ProviderCleanupBindingContext = cleanup_client,
    .ProviderRegistrationInstance = {.Version = 0,
                                     .Size = sizeof(NPI_REGISTRATION_INSTANCE),
                                     .NpiId = &NPI_WSK_INTERFACE_ID,
                                     .ModuleId = &kModuleId,
                                     .Number = 0,
                                     .NpiSpecificCharacteristics = &kVersions},
};

Subsystem::Subsystem(net::Transport& transport, const Settings& settings)
    : transport_(transport),
      settings_(settings),
      endings_(settings.completion, settings.completion_seed),
      transports_(list_transports(transport)),
      default_descriptor_(
          base::RefPtr<CachedDescriptor>::adopt(new CachedDescriptor(kSharedWithNobody))) {
  const CompletionMode mode = settings.completion;
  inline_calls.store(mode == CompletionMode::kInline || mode == CompletionMode::kRandom,
                     std::memory_order_relaxed);
}

Subsystem::~Subsystem() {
  CHECK(nmr_provider_ == nullptr);
  inline_calls.store(false, std::memory_order_relaxed);
}

NTSTATUS Subsystem::start() {
  CHECK(nmr_provider_ == nullptr);
  return NmrRegisterProvider(&kModule, this, &nmr_provider_);
}

bool Subsystem::stop() {
  if (nmr_provider_ == nullptr) return true;  // Never offered.
  if (!std::exchange(stopping_, true)) {
    CHECK(NmrDeregisterProvider(nmr_provider_) == STATUS_PENDING);
  }
  if (clients_.load(std::memory_order_acquire) != 0) return false;
  CHECK(NmrWaitForProviderDeregisterComplete(nmr_provider_) == STATUS_SUCCESS);
  nmr_provider_ = nullptr;
  return true;
}

NTSTATUS NTAPI Subsystem::attach_client(HANDLE binding, PVOID subsystem,
                                        PNPI_REGISTRATION_INSTANCE client_instance,
                                        PVOID client_context, const VOID* client_dispatch,
                                        PVOID* provider_context, const VOID** provider_dispatch) {
  (void)client_instance;  // Who the client is makes no difference.
  (void)client_context;   // It is for WskClientEvent, which has no events to tell.
  if (client_dispatch == nullptr) return STATUS_INVALID_PARAMETER;
  const USHORT version = static_cast<const WSK_CLIENT_DISPATCH*>(client_dispatch)->Version;
  if (version < kVersions.LowestVersion || version > kVersions.HighestVersion) {
    return STATUS_NOINTERFACE;
  }
  auto& self = *static_cast<Subsystem*>(subsystem);
  auto* client = new Client(self, binding);
  self.clients_.fetch_add(1, std::memory_order_relaxed);
  *provider_context = client->wsk_client();
  *provider_dispatch = &kProviderDispatch;  // Version 1.1, which holds all of 1.0.
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI Subsystem::detach_client(PVOID client) {
  return static_cast<Client*>(client)->begin_detach() ? STATUS_SUCCESS : STATUS_PENDING;
}

VOID NTAPI Subsystem::cleanup_client(PVOID client) {
  auto* gone = static_cast<Client*>(client);
  Subsystem& self = gone->subsystem();
  delete gone;
  self.clients_.fetch_sub(1, std::memory_order_release);
}

}  // namespace wskrun::wsk
