// Security descriptors, and the WDK's functions on them.
#include "nt/se_descriptor.h"

#include <cstring>

#include "nt/se_acl.h"
#include "nt/se_sid.h"

namespace wskrun::nt {
namespace {

// The two forms agree up to Control.
bool is_self_relative(PSECURITY_DESCRIPTOR descriptor) {
  return (static_cast<const SECURITY_DESCRIPTOR*>(descriptor)->Control & SE_SELF_RELATIVE) != 0;
}

template <typename Part>
const Part* part_at(const void* descriptor, ULONG offset) {
  if (offset == 0) return nullptr;
  return reinterpret_cast<const Part*>(static_cast<const char*>(descriptor) + offset);
}

DescriptorParts read_relative(const SECURITY_DESCRIPTOR_RELATIVE& descriptor) {
  return {.control = descriptor.Control,
          .owner = part_at<SID>(&descriptor, descriptor.Owner),
          .group = part_at<SID>(&descriptor, descriptor.Group),
          .sacl = part_at<ACL>(&descriptor, descriptor.Sacl),
          .dacl = part_at<ACL>(&descriptor, descriptor.Dacl)};
}

DescriptorParts read_absolute(const SECURITY_DESCRIPTOR& descriptor) {
  return {.control = descriptor.Control,
          .owner = static_cast<const SID*>(descriptor.Owner),
          .group = static_cast<const SID*>(descriptor.Group),
          .sacl = descriptor.Sacl,
          .dacl = descriptor.Dacl};
}

bool is_valid(const DescriptorParts& parts) {
  const auto absent_or_valid = [](const auto* part) {
    return part == nullptr || nt::is_valid(*part);
  };
  return absent_or_valid(parts.owner) && absent_or_valid(parts.group) &&
         absent_or_valid(parts.sacl) && absent_or_valid(parts.dacl);
}

// Every size is a multiple of four but an ACL's, which its maker chose.
constexpr std::size_t padded(std::size_t size) {
  return (size + 3) & ~std::size_t{3};
}

template <typename Part>
std::size_t size_of_part(const Part* part) {
  return part == nullptr ? 0 : padded(size_of(*part));
}

}  // namespace

std::optional<DescriptorParts> parts_of(PSECURITY_DESCRIPTOR descriptor) {
  if (descriptor == nullptr) return std::nullopt;
  const auto& absolute = *static_cast<const SECURITY_DESCRIPTOR*>(descriptor);
  if (absolute.Revision != SECURITY_DESCRIPTOR_REVISION) return std::nullopt;
  DescriptorParts parts =
      is_self_relative(descriptor)
          ? read_relative(*static_cast<const SECURITY_DESCRIPTOR_RELATIVE*>(descriptor))
          : read_absolute(absolute);
  if ((parts.control & SE_SACL_PRESENT) == 0) parts.sacl = nullptr;
  if ((parts.control & SE_DACL_PRESENT) == 0) parts.dacl = nullptr;
  if (!is_valid(parts)) return std::nullopt;
  return parts;
}

std::size_t copy_size(const DescriptorParts& parts) {
  return sizeof(SECURITY_DESCRIPTOR_RELATIVE) + size_of_part(parts.owner) +
         size_of_part(parts.group) + size_of_part(parts.sacl) + size_of_part(parts.dacl);
}

void write_copy(const DescriptorParts& parts, void* memory) {
  std::memset(memory, 0, copy_size(parts));
  std::size_t used = sizeof(SECURITY_DESCRIPTOR_RELATIVE);
  const auto append = [&](const auto* part) -> ULONG {
    if (part == nullptr) return 0;
    const std::size_t offset = used;
    std::memcpy(static_cast<char*>(memory) + offset, part, size_of(*part));
    used += padded(size_of(*part));
    return static_cast<ULONG>(offset);
  };
  auto& copy = *static_cast<SECURITY_DESCRIPTOR_RELATIVE*>(memory);
  copy.Revision = SECURITY_DESCRIPTOR_REVISION;
  copy.Control = static_cast<SECURITY_DESCRIPTOR_CONTROL>(parts.control | SE_SELF_RELATIVE);
  copy.Owner = append(parts.owner);
  copy.Group = append(parts.group);
  copy.Sacl = append(parts.sacl);
  copy.Dacl = append(parts.dacl);
}

}  // namespace wskrun::nt

using namespace wskrun;

extern "C" {

NTSTATUS RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Revision) {
  if (Revision != SECURITY_DESCRIPTOR_REVISION) return STATUS_UNKNOWN_REVISION;
  *static_cast<SECURITY_DESCRIPTOR*>(SecurityDescriptor) = {
      SECURITY_DESCRIPTOR_REVISION, 0, 0, nullptr, nullptr, nullptr, nullptr};
  return STATUS_SUCCESS;
}

NTSTATUS RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, BOOLEAN DaclPresent,
                                      PACL Dacl, BOOLEAN DaclDefaulted) {
  auto& descriptor = *static_cast<SECURITY_DESCRIPTOR*>(SecurityDescriptor);
  if (descriptor.Revision != SECURITY_DESCRIPTOR_REVISION) return STATUS_UNKNOWN_REVISION;
  if (nt::is_self_relative(SecurityDescriptor)) return STATUS_INVALID_SECURITY_DESCR;
  unsigned control = descriptor.Control & ~(SE_DACL_PRESENT | SE_DACL_DEFAULTED);
  if (DaclPresent) {
    control |= SE_DACL_PRESENT | (DaclDefaulted ? SE_DACL_DEFAULTED : 0);
    descriptor.Dacl = Dacl;
  }
  descriptor.Control = static_cast<SECURITY_DESCRIPTOR_CONTROL>(control);
  return STATUS_SUCCESS;
}

BOOLEAN RtlValidSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor) {
  return nt::parts_of(SecurityDescriptor).has_value();
}

ULONG RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor) {
  const auto parts = nt::parts_of(SecurityDescriptor);
  if (!parts) return 0;
  const bool relative = nt::is_self_relative(SecurityDescriptor);
  const std::size_t head =
      relative ? sizeof(SECURITY_DESCRIPTOR_RELATIVE) : sizeof(SECURITY_DESCRIPTOR);
  return static_cast<ULONG>(nt::copy_size(*parts) - sizeof(SECURITY_DESCRIPTOR_RELATIVE) + head);
}

}  // extern "C"
