// The access check, the system's token and its default descriptor.
#include "nt/se_access.h"

#include "nt/block.h"
#include "nt/irql.h"
#include "nt/se_acl.h"
#include "nt/se_sid.h"

namespace wskrun::nt {
namespace {

constexpr std::uint32_t kDescriptorTag = 'dSeS';

constexpr GENERIC_MAPPING kFileMapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE,
                                          FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};

template <std::size_t count>
const SID& as_sid(const FixedSid<count>& sid) {
  return reinterpret_cast<const SID&>(sid);
}

// The user and the groups of the system's token.
bool is_of_system(const SID& sid) {
  return are_equal(sid, as_sid(kSystem)) || are_equal(sid, as_sid(kAdministrators)) ||
         are_equal(sid, as_sid(kEveryone)) || are_equal(sid, as_sid(kAuthenticatedUsers));
}

ACCESS_MASK mapped(ACCESS_MASK mask, const GENERIC_MAPPING& mapping) {
  if ((mask & GENERIC_READ) != 0) mask |= mapping.GenericRead;
  if ((mask & GENERIC_WRITE) != 0) mask |= mapping.GenericWrite;
  if ((mask & GENERIC_EXECUTE) != 0) mask |= mapping.GenericExecute;
  if ((mask & GENERIC_ALL) != 0) mask |= mapping.GenericAll;
  return mask & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
}

template <std::size_t count>
struct FixedEntry {
  ACE_HEADER header = {ACCESS_ALLOWED_ACE_TYPE, 0, sizeof(FixedEntry)};
  ACCESS_MASK mask;
  FixedSid<count> sid;
};

// What an object gets that the system makes without saying more.
struct DefaultDacl {
  ACL list = {ACL_REVISION, 0, sizeof(DefaultDacl), 2, 0};
  FixedEntry<1> system = {.mask = GENERIC_ALL, .sid = kSystem};
  FixedEntry<2> administrators = {.mask = GENERIC_READ | GENERIC_EXECUTE | READ_CONTROL,
                                  .sid = kAdministrators};
};

constexpr DefaultDacl kDefaultDacl;
static_assert(sizeof kDefaultDacl == sizeof(ACL) + sizeof(FixedEntry<1>) + sizeof(FixedEntry<2>));

const DescriptorParts kDefaultParts = {
    .control = SE_DACL_PRESENT | SE_DACL_DEFAULTED | SE_OWNER_DEFAULTED | SE_GROUP_DEFAULTED,
    .owner = &as_sid(kAdministrators),
    .group = &as_sid(kSystem),
    .sacl = nullptr,
    .dacl = &kDefaultDacl.list};

void map_entries(const ACL& list, const GENERIC_MAPPING& mapping) {
  const ACE_HEADER* entry = first_entry(list);
  for (unsigned i = 0; i < list.AceCount; ++i, entry = next_entry(entry)) {
    if (!has_sid(*entry)) continue;
    auto& writable = *reinterpret_cast<ACCESS_ALLOWED_ACE*>(const_cast<ACE_HEADER*>(entry));
    writable.Mask = mapped(writable.Mask, mapping);
  }
}

}  // namespace

bool grants_system(const DescriptorParts& descriptor, ACCESS_MASK desired) {
  if (descriptor.dacl == nullptr) return true;
  ACCESS_MASK wanted = mapped(desired, kFileMapping);
  const ACE_HEADER* header = first_entry(*descriptor.dacl);
  for (unsigned i = 0; i < descriptor.dacl->AceCount; ++i, header = next_entry(header)) {
    if (!has_sid(*header) || (header->AceFlags & INHERIT_ONLY_ACE) != 0) continue;
    const auto& entry = *reinterpret_cast<const ACCESS_ALLOWED_ACE*>(header);
    if (!is_of_system(sid_of(entry))) continue;
    const ACCESS_MASK mask = mapped(entry.Mask, kFileMapping);
    if (header->AceType == ACCESS_DENIED_ACE_TYPE && (mask & wanted) != 0) return false;
    if (header->AceType == ACCESS_ALLOWED_ACE_TYPE) wanted &= ~mask;
    if (wanted == 0) return true;
  }
  return false;
}

}  // namespace wskrun::nt

using namespace wskrun;

extern "C" {

PGENERIC_MAPPING IoGetFileObjectGenericMapping(VOID) {
  static GENERIC_MAPPING mapping = nt::kFileMapping;
  return &mapping;
}

VOID SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext) {
  nt::require_irql_at_most(PASSIVE_LEVEL, "SeCaptureSubjectContext");
  static char token;  // Only its address is ever used.
  *SubjectContext = {nullptr, SecurityAnonymous, &token, nullptr};
}

VOID SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext) {
  nt::require_irql_at_most(PASSIVE_LEVEL, "SeReleaseSubjectContext");
  *SubjectContext = {};
}

NTSTATUS SeAssignSecurity(PSECURITY_DESCRIPTOR ParentDescriptor,
                          PSECURITY_DESCRIPTOR ExplicitDescriptor,
                          PSECURITY_DESCRIPTOR* NewDescriptor, BOOLEAN IsDirectoryObject,
                          PSECURITY_SUBJECT_CONTEXT SubjectContext, PGENERIC_MAPPING GenericMapping,
                          ULONG PoolType) {
  // Nothing is inherited, there is one subject, and the pool is documented to be ignored.
  (void)ParentDescriptor, (void)IsDirectoryObject, (void)SubjectContext, (void)PoolType;
  nt::require_irql_at_most(PASSIVE_LEVEL, "SeAssignSecurity");
  const auto parts =
      ExplicitDescriptor != nullptr ? nt::parts_of(ExplicitDescriptor) : nt::kDefaultParts;
  if (!parts) return STATUS_INVALID_SECURITY_DESCR;
  void* memory = nt::allocate_block({.holding = nt::Holding::kPool,
                                     .size_bytes = nt::copy_size(*parts),
                                     .tag = nt::kDescriptorTag,
                                     .allocated_by = __builtin_return_address(0),
                                     .zeroed = false});
  if (memory == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  nt::write_copy(*parts, memory);
  if (const ACL* dacl = nt::parts_of(memory)->dacl) nt::map_entries(*dacl, *GenericMapping);
  *NewDescriptor = memory;
  return STATUS_SUCCESS;
}

NTSTATUS SeDeassignSecurity(PSECURITY_DESCRIPTOR* SecurityDescriptor) {
  nt::require_irql_at_most(PASSIVE_LEVEL, "SeDeassignSecurity");
  if (*SecurityDescriptor != nullptr) ExFreePoolWithTag(*SecurityDescriptor, nt::kDescriptorTag);
  *SecurityDescriptor = nullptr;
  return STATUS_SUCCESS;
}

}  // extern "C"
