// Security descriptors as drivers make them, and the cached ones that a test has to give back.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <utility>
#include <vector>

namespace wskrun::tests {

// A SID of the NT authority, as short as most.
struct NtSid {
  UCHAR revision = SID_REVISION;
  UCHAR count = 1;
  SID_IDENTIFIER_AUTHORITY authority = SECURITY_NT_AUTHORITY;
  ULONG number;

  static NtSid system() { return {.number = SECURITY_LOCAL_SYSTEM_RID}; }
  static NtSid local_service() { return {.number = SECURITY_LOCAL_SERVICE_RID}; }
  static NtSid everyone() {
    return {.authority = SECURITY_WORLD_SID_AUTHORITY, .number = SECURITY_WORLD_RID};
  }
};

// An absolute descriptor with a DACL.
class Descriptor {
 public:
  Descriptor();  // Nobody is let in.
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  Descriptor& allow(NtSid sid, ACCESS_MASK mask = GENERIC_ALL);
  Descriptor& deny(NtSid sid, ACCESS_MASK mask = GENERIC_ALL);
  PSECURITY_DESCRIPTOR get() { return &descriptor_; }

 private:
  ACE_HEADER& add(NtSid sid, ACCESS_MASK mask);

  union {
    ACL acl_;
    char memory_[256];
  };
  SECURITY_DESCRIPTOR descriptor_;
};

// A descriptor that WSK cached.
class Cached {
 public:
  // Throws when WSK_CACHE_SD fails.
  Cached(const WSK_PROVIDER_DISPATCH& provider, PWSK_CLIENT client, PSECURITY_DESCRIPTOR uncached);
  // One that came from SO_WSK_SECURITY.
  static Cached adopt(const WSK_PROVIDER_DISPATCH& provider, PWSK_CLIENT client,
                      PSECURITY_DESCRIPTOR cached) {
    return Cached(provider, client, cached, 0);
  }
  ~Cached();  // Releases it.
  Cached(const Cached&) = delete;
  Cached& operator=(const Cached&) = delete;

  PSECURITY_DESCRIPTOR get() const { return cached_; }
  void release();  // Throws when WSK_RELEASE_SD fails.

 private:
  Cached(const WSK_PROVIDER_DISPATCH& provider, PWSK_CLIENT client, PSECURITY_DESCRIPTOR cached,
         int)
      : provider_(provider), client_(client), cached_(cached) {}

  const WSK_PROVIDER_DISPATCH& provider_;
  PWSK_CLIENT client_;
  PSECURITY_DESCRIPTOR cached_ = nullptr;
};

NTSTATUS cache_descriptor(const WSK_PROVIDER_DISPATCH& provider, PWSK_CLIENT client,
                          PSECURITY_DESCRIPTOR uncached, PSECURITY_DESCRIPTOR& cached);
NTSTATUS release_descriptor(const WSK_PROVIDER_DISPATCH& provider, PWSK_CLIENT client,
                            PSECURITY_DESCRIPTOR cached);

}  // namespace wskrun::tests
