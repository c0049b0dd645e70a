// DescriptorCache: the copies of security descriptors that drivers get from WSK (WSK_CACHE_SD,
// SO_WSK_SECURITY) and give back (WSK_RELEASE_SD). Which socket has which is in socket.h.
#pragma once

#include <wdm.h>

#include <cstdint>
#include <map>
#include <vector>

#include "base/mutex.h"
#include "base/ref_ptr.h"
#include "nt/ledger.h"
#include "nt/se_descriptor.h"

namespace wskrun::wsk {

// One copy. The cache has it until the driver gives it back, sockets as long as they like.
class CachedDescriptor : public base::RefCounted<CachedDescriptor> {
 public:
  explicit CachedDescriptor(const nt::DescriptorParts& parts);

  PSECURITY_DESCRIPTOR handle() { return memory_.data(); }  // What the driver knows it by.
  nt::DescriptorParts parts() const { return parts_; }

 private:
  std::vector<std::uint64_t> memory_;
  const nt::DescriptorParts parts_;  // In that memory.
  nt::LedgerEntry ledger_;           // While the driver has it.

  friend class DescriptorCache;
};

// Any thread, any IRQL.
class DescriptorCache {
 public:
  DescriptorCache() = default;
  ~DescriptorCache();  // Drops what drivers have not given back.
  DescriptorCache(const DescriptorCache&) = delete;
  DescriptorCache& operator=(const DescriptorCache&) = delete;

  // A copy for the driver, which `asked_by`, a place in it, has to answer for.
  PSECURITY_DESCRIPTOR add(const nt::DescriptorParts& parts, const void* asked_by) EXCLUDES(mutex_);
  // The copy behind a handle that the driver has not given back; else empty.
  base::RefPtr<CachedDescriptor> find(PSECURITY_DESCRIPTOR handle) EXCLUDES(mutex_);
  // The driver gives it back. False: it has no such copy.
  bool remove(PSECURITY_DESCRIPTOR handle) EXCLUDES(mutex_);

 private:
  base::Mutex mutex_;
  std::map<PSECURITY_DESCRIPTOR, base::RefPtr<CachedDescriptor>> held_ GUARDED_BY(mutex_);
};

}  // namespace wskrun::wsk
