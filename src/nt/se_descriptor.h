// Security descriptors: reading them in either form, and copies in one piece. se_access.h decides
// whom one lets in.
#pragma once

#include <wdm.h>

#include <cstddef>
#include <optional>

namespace wskrun::nt {

// The parts of a descriptor, each null where there is none.
struct DescriptorParts {
  SECURITY_DESCRIPTOR_CONTROL control = 0;
  const SID* owner = nullptr;
  const SID* group = nullptr;
  const ACL* sacl = nullptr;
  const ACL* dacl = nullptr;  // Also null: it is there and lets everybody in.
};

// Nothing where it is not well formed. The parts stay where they are.
std::optional<DescriptorParts> parts_of(PSECURITY_DESCRIPTOR descriptor);

// A self-relative copy: how long it is, and writing it, to memory as aligned as a pointer.
std::size_t copy_size(const DescriptorParts& parts);
void write_copy(const DescriptorParts& parts, void* memory);

}  // namespace wskrun::nt
