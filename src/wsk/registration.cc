// The WskRegister family: a client of the Network Module Registrar on behalf of a driver that does
// not want to be one itself. subsystem.cc is the provider at the other end.
#include <wsk.h>

#include <optional>
#include <vector>

#include "base/mutex.h"
#include "base/ref_ptr.h"
#include "nt/irql.h"
#include "probe/mistake.h"
#include "wsk/client.h"

namespace wskrun::wsk {
namespace {

// What ReservedRegistrationContext of a WSK_REGISTRATION points to.
class Registration : public base::RefCounted<Registration> {
 public:
  explicit Registration(const WSK_CLIENT_DISPATCH* dispatch) : dispatch_(dispatch) {
    KeInitializeEvent(&changed_, NotificationEvent, FALSE);
  }

  NTSTATUS start() { return NmrRegisterClient(&kModule, this, &nmr_client_); }
  // Refuses captures from now on and waits until nothing of the client is left (N-025). False if
  // that has been done or is being done already.
  bool stop();

  NTSTATUS capture(ULONG timeout_ms, WSK_PROVIDER_NPI& npi);
  bool release_capture();  // False: there is none.
  NTSTATUS query(WSK_PROVIDER_CHARACTERISTICS& versions);

 private:
  // What the NMR calls.
  static NTSTATUS NTAPI attach_provider(HANDLE binding, PVOID registration,
                                        PNPI_REGISTRATION_INSTANCE provider_instance);
  static NTSTATUS NTAPI detach_provider(PVOID registration);
  static const NPI_CLIENT_CHARACTERISTICS kModule;

  // STATUS_DEVICE_NOT_READY: nobody offers the NPI (yet).
  NTSTATUS try_capture_locked(WSK_PROVIDER_NPI& npi) REQUIRES(mutex_);

  const WSK_CLIENT_DISPATCH* const dispatch_;
  HANDLE nmr_client_ = nullptr;
  KEVENT changed_;  // Set whenever a blocked capture may have something to return.

  base::Mutex mutex_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool version_refused_ GUARDED_BY(mutex_) = false;
  std::optional<WSK_PROVIDER_CHARACTERISTICS> versions_ GUARDED_BY(mutex_);
  WSK_PROVIDER_NPI npi_ GUARDED_BY(mutex_) = {};  // Client is NULL while there is none.
  // One for each capture that was not released. While they are held the provider does not let the
  // client detach, so detach_provider() has nothing to wait for.
  std::vector<base::RefPtr<Client>> captures_ GUARDED_BY(mutex_);
};

constexpr NPI_MODULEID kModuleId = {
    .Length = sizeof(NPI_MODULEID),
    .Type = MIT_GUID,
    .Guid = {0x1d9f6c02, 0x83b7, 0x45aa, {0xb1, 0x4e, 0x0c, 0x66, 0x5f, 0x92, 0xd8, 0x13}},
};

constexpr NPI_CLIENT_CHARACTERISTICS Registration::kModule = {
    .Version = 0,
    .Length = sizeof(NPI_CLIENT_CHARACTERISTICS),
    .ClientAttachProvider = attach_provider,
    .ClientDetachProvider = detach_provider,
    .ClientCleanupBindingContext = nullptr,
    .ClientRegistrationInstance = {.Version = 0,
                                   .Size = sizeof(NPI_REGISTRATION_INSTANCE),
                                   .NpiId = &NPI_WSK_INTERFACE_ID,
                                   .ModuleId = &kModuleId,
                                   .Number = 0,
                                   .NpiSpecificCharacteristics = nullptr},
};

NTSTATUS NTAPI Registration::attach_provider(HANDLE binding, PVOID registration,
                                             PNPI_REGISTRATION_INSTANCE provider_instance) {
  auto& self = *static_cast<Registration*>(registration);
  WSK_PROVIDER_NPI npi = {};
  const VOID* provider_dispatch = nullptr;
  const NTSTATUS status =
      NmrClientAttachProvider(binding, &self, self.dispatch_, &npi.Client, &provider_dispatch);
  npi.Dispatch = static_cast<const WSK_PROVIDER_DISPATCH*>(provider_dispatch);
  base::MutexLock lock(self.mutex_);
  self.versions_ = *static_cast<const WSK_PROVIDER_CHARACTERISTICS*>(
      provider_instance->NpiSpecificCharacteristics);
  self.version_refused_ = status == STATUS_NOINTERFACE;
  if (status == STATUS_SUCCESS) self.npi_ = npi;
  lock.unlock();
  KeSetEvent(&self.changed_, IO_NO_INCREMENT, FALSE);
  return status;
}

NTSTATUS NTAPI Registration::detach_provider(PVOID registration) {
  auto& self = *static_cast<Registration*>(registration);
  base::MutexLock lock(self.mutex_);
  self.npi_ = {};
  self.versions_.reset();
  return STATUS_SUCCESS;
}

bool Registration::stop() {
  base::MutexLock lock(mutex_);
  if (stopping_) return false;
  stopping_ = true;
  lock.unlock();
  KeSetEvent(&changed_, IO_NO_INCREMENT, FALSE);
  CHECK(NmrDeregisterClient(nmr_client_) == STATUS_PENDING);
  CHECK(NmrWaitForClientDeregisterComplete(nmr_client_) == STATUS_SUCCESS);
  return true;
}

NTSTATUS Registration::try_capture_locked(WSK_PROVIDER_NPI& npi) {
  if (stopping_) return STATUS_DEVICE_NOT_READY;
  if (npi_.Client == nullptr)
    return version_refused_ ? STATUS_NOINTERFACE : STATUS_DEVICE_NOT_READY;
  captures_.push_back(Client::from_handle(npi_.Client));
  npi = npi_;
  return STATUS_SUCCESS;
}

NTSTATUS Registration::capture(ULONG timeout_ms, WSK_PROVIDER_NPI& npi) {
  constexpr LONGLONG k100nsPerMs = 10'000;
  const auto deadline_100ns =
      static_cast<LONGLONG>(KeQueryInterruptTime()) + timeout_ms * k100nsPerMs;
  for (;;) {
    base::MutexLock lock(mutex_);
    const NTSTATUS status = try_capture_locked(npi);
    if (status != STATUS_DEVICE_NOT_READY || stopping_ || timeout_ms == WSK_NO_WAIT) return status;
    KeClearEvent(&changed_);
    lock.unlock();
    LARGE_INTEGER wait_100ns;  // Negative: from now on.
    wait_100ns.QuadPart = static_cast<LONGLONG>(KeQueryInterruptTime()) - deadline_100ns;
    const bool forever = timeout_ms == WSK_INFINITE_WAIT;
    if (!forever && wait_100ns.QuadPart >= 0) return STATUS_DEVICE_NOT_READY;
    KeWaitForSingleObject(&changed_, Executive, KernelMode, FALSE, forever ? nullptr : &wait_100ns);
  }
}

bool Registration::release_capture() {
  base::RefPtr<Client> released;  // Let go when the lock is: that may end the detachment.
  base::MutexLock lock(mutex_);
  if (captures_.empty()) return false;
  released = std::move(captures_.back());
  captures_.pop_back();
  lock.unlock();
  return true;
}

NTSTATUS Registration::query(WSK_PROVIDER_CHARACTERISTICS& versions) {
  base::MutexLock lock(mutex_);
  if (!versions_) return STATUS_DEVICE_NOT_READY;
  versions = *versions_;
  return STATUS_SUCCESS;
}

// The driver's WSK_REGISTRATION guards the pointer to its registration by its own spin lock.
class ContextLock {
 public:
  explicit ContextLock(WSK_REGISTRATION& registration) : registration_(registration) {
    KeAcquireSpinLock(&registration_.ReservedRegistrationLock, &irql_);
  }
  ~ContextLock() { KeReleaseSpinLock(&registration_.ReservedRegistrationLock, irql_); }
  ContextLock(const ContextLock&) = delete;
  ContextLock& operator=(const ContextLock&) = delete;

 private:
  WSK_REGISTRATION& registration_;
  KIRQL irql_;
};

base::RefPtr<Registration> find(PWSK_REGISTRATION handle) {
  if (handle == nullptr) return {};
  ContextLock lock(*handle);
  return base::RefPtr<Registration>::share(
      static_cast<Registration*>(handle->ReservedRegistrationContext));
}

// Takes the registration out of the driver's memory.
base::RefPtr<Registration> take(WSK_REGISTRATION& handle) {
  ContextLock lock(handle);
  return base::RefPtr<Registration>::adopt(
      static_cast<Registration*>(std::exchange(handle.ReservedRegistrationContext, nullptr)));
}

}  // namespace
}  // namespace wskrun::wsk

using namespace wskrun;

extern "C" NTSTATUS WSKAPI WskRegister(PWSK_CLIENT_NPI WskClientNpi,
                                       PWSK_REGISTRATION WskRegistration) {
  nt::require_irql_at_most(PASSIVE_LEVEL, "WskRegister");
  if (WskClientNpi == nullptr || WskClientNpi->Dispatch == nullptr || WskRegistration == nullptr) {
    return STATUS_INVALID_PARAMETER;
  }
  auto registration =
      base::RefPtr<wsk::Registration>::adopt(new wsk::Registration(WskClientNpi->Dispatch));
  const NTSTATUS status = registration->start();
  if (status != STATUS_SUCCESS) return status;
  *WskRegistration = {};
  KeInitializeSpinLock(&WskRegistration->ReservedRegistrationLock);
  WskRegistration->ReservedRegistrationContext = registration.leak();
  return STATUS_SUCCESS;
}

extern "C" VOID WSKAPI WskDeregister(PWSK_REGISTRATION WskRegistration) {
  nt::require_irql_at_most(PASSIVE_LEVEL, "WskDeregister");
  const auto registration = wsk::find(WskRegistration);
  if (!registration || !registration->stop()) {
    return probe::mistake(WskRegistration, "WskDeregister(%p): it is not registered",
                          static_cast<void*>(WskRegistration));
  }
  wsk::take(*WskRegistration);
}

extern "C" NTSTATUS WSKAPI WskCaptureProviderNPI(PWSK_REGISTRATION WskRegistration,
                                                 ULONG WaitTimeout,
                                                 PWSK_PROVIDER_NPI WskProviderNpi) {
  nt::require_irql_at_most(WaitTimeout == WSK_NO_WAIT ? DISPATCH_LEVEL : PASSIVE_LEVEL,
                           "WskCaptureProviderNPI");
  if (WskProviderNpi == nullptr) return STATUS_INVALID_PARAMETER;
  const auto registration = wsk::find(WskRegistration);
  return registration ? registration->capture(WaitTimeout, *WskProviderNpi)
                      : STATUS_DEVICE_NOT_READY;
}

extern "C" VOID WSKAPI WskReleaseProviderNPI(PWSK_REGISTRATION WskRegistration) {
  nt::require_irql_at_most(DISPATCH_LEVEL, "WskReleaseProviderNPI");
  const auto registration = wsk::find(WskRegistration);
  if (!registration || !registration->release_capture()) {
    probe::mistake(WskRegistration, "WskReleaseProviderNPI(%p) without a captured NPI",
                   static_cast<void*>(WskRegistration));
  }
}

extern "C" NTSTATUS WSKAPI WskQueryProviderCharacteristics(
    PWSK_REGISTRATION WskRegistration, PWSK_PROVIDER_CHARACTERISTICS WskProviderCharacteristics) {
  nt::require_irql_at_most(DISPATCH_LEVEL, "WskQueryProviderCharacteristics");
  if (WskProviderCharacteristics == nullptr) return STATUS_INVALID_PARAMETER;
  const auto registration = wsk::find(WskRegistration);
  return registration ? registration->query(*WskProviderCharacteristics) : STATUS_DEVICE_NOT_READY;
}
