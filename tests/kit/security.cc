// Building lists of entries, and the two codes of WskControlClient.
#include "kit/security.h"

#include <cstring>
#include <stdexcept>

namespace wskrun::tests {

Descriptor::Descriptor() {
  if (RtlCreateAcl(&acl_, sizeof memory_, ACL_REVISION) != STATUS_SUCCESS ||
      RtlCreateSecurityDescriptor(&descriptor_, SECURITY_DESCRIPTOR_REVISION) != STATUS_SUCCESS ||
      RtlSetDaclSecurityDescriptor(&descriptor_, TRUE, &acl_, FALSE) != STATUS_SUCCESS) {
    throw std::runtime_error("cannot make a security descriptor");
  }
}

ACE_HEADER& Descriptor::add(NtSid sid, ACCESS_MASK mask) {
  const std::size_t before = sizeof(ACL) + acl_.AceCount * (8 + sizeof sid);
  if (RtlAddAccessAllowedAce(&acl_, ACL_REVISION, mask, &sid) != STATUS_SUCCESS) {
    throw std::runtime_error("cannot add to an access control list");
  }
  return reinterpret_cast<ACE_HEADER&>(memory_[before]);
}

Descriptor& Descriptor::allow(NtSid sid, ACCESS_MASK mask) {
  add(sid, mask);
  return *this;
}

Descriptor& Descriptor::deny(NtSid sid, ACCESS_MASK mask) {
  add(sid, mask).AceType = ACCESS_DENIED_ACE_TYPE;
  return *this;
}

NTSTATUS cache_descriptor(const WSK_PROVIDER_DISPATCH& provider, PWSK_CLIENT client,
                          PSECURITY_DESCRIPTOR uncached, PSECURITY_DESCRIPTOR& cached) {
  return provider.WskControlClient(client, WSK_CACHE_SD, sizeof uncached, &uncached, sizeof cached,
                                   &cached, nullptr, nullptr);
}

NTSTATUS release_descriptor(const WSK_PROVIDER_DISPATCH& provider, PWSK_CLIENT client,
                            PSECURITY_DESCRIPTOR cached) {
  return provider.WskControlClient(client, WSK_RELEASE_SD, sizeof cached, &cached, 0, nullptr,
                                   nullptr, nullptr);
}

Cached::Cached(const WSK_PROVIDER_DISPATCH& provider, PWSK_CLIENT client,
               PSECURITY_DESCRIPTOR uncached)
    : provider_(provider), client_(client) {
  if (cache_descriptor(provider, client, uncached, cached_) != STATUS_SUCCESS) {
    throw std::runtime_error("WSK_CACHE_SD failed");
  }
}

Cached::~Cached() {
  if (cached_ != nullptr) static_cast<void>(release_descriptor(provider_, client_, cached_));
}

void Cached::release() {
  if (release_descriptor(provider_, client_, std::exchange(cached_, nullptr)) != STATUS_SUCCESS) {
    throw std::runtime_error("WSK_RELEASE_SD failed");
  }
}

}  // namespace wskrun::tests
