// Who holds which copy.
#include "wsk/descriptor_cache.h"

#include <utility>

namespace wskrun::wsk {
namespace {

std::vector<std::uint64_t> copy_of(const nt::DescriptorParts& parts) {
  const std::size_t words = (nt::copy_size(parts) + sizeof(std::uint64_t) - 1) / 8;
  std::vector<std::uint64_t> memory(words);
  nt::write_copy(parts, memory.data());
  return memory;
}

}  // namespace

CachedDescriptor::CachedDescriptor(const nt::DescriptorParts& parts)
    : memory_(copy_of(parts)), parts_(*nt::parts_of(memory_.data())) {}

DescriptorCache::~DescriptorCache() {
  for (const auto& [handle, descriptor] : held_) nt::ledger_remove(descriptor->ledger_);
}

PSECURITY_DESCRIPTOR DescriptorCache::add(const nt::DescriptorParts& parts, const void* asked_by) {
  auto descriptor = base::RefPtr<CachedDescriptor>::adopt(new CachedDescriptor(parts));
  PSECURITY_DESCRIPTOR const handle = descriptor->handle();
  nt::ledger_add(descriptor->ledger_, nt::Holding::kSecurityDescriptor, handle,
                 nt::copy_size(parts), 0, asked_by);
  base::MutexLock lock(mutex_);
  held_.emplace(handle, std::move(descriptor));
  return handle;
}

base::RefPtr<CachedDescriptor> DescriptorCache::find(PSECURITY_DESCRIPTOR handle) {
  base::MutexLock lock(mutex_);
  const auto found = held_.find(handle);
  return found == held_.end() ? base::RefPtr<CachedDescriptor>() : found->second;
}

bool DescriptorCache::remove(PSECURITY_DESCRIPTOR handle) {
  base::MutexLock lock(mutex_);
  const auto found = held_.find(handle);
  if (found == held_.end()) return false;
  nt::ledger_remove(found->second->ledger_);
  held_.erase(found);
  return true;
}

}  // namespace wskrun::wsk
