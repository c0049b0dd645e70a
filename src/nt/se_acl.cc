// Access control lists, and the WDK's functions on them.
#include "nt/se_acl.h"

#include <cstring>

#include "nt/se_sid.h"

namespace wskrun::nt {
namespace {

constexpr std::size_t kSidOffset = FIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart);

bool is_known_revision(ULONG revision) {
  return revision >= ACL_REVISION && revision <= ACL_REVISION_DS;
}

bool is_valid_entry(const ACE_HEADER& entry, std::size_t room) {
  if (room < sizeof entry || entry.AceSize < sizeof entry) return false;
  if (entry.AceSize > room || entry.AceSize % sizeof(ULONG) != 0) return false;
  if (!has_sid(entry)) return true;
  if (entry.AceSize < kSidOffset + sid_size(0)) return false;
  const SID& sid = sid_of(reinterpret_cast<const ACCESS_ALLOWED_ACE&>(entry));
  return is_valid(sid) && kSidOffset + size_of(sid) <= entry.AceSize;
}

// Where the next entry would be added; null if the entries go beyond the list.
ACE_HEADER* end_of(ACL& list) {
  const auto* const begin = reinterpret_cast<const char*>(&list);
  const ACE_HEADER* entry = first_entry(list);
  for (unsigned i = 0; i < list.AceCount; ++i) {
    const std::size_t used = reinterpret_cast<const char*>(entry) - begin;
    if (used > list.AclSize || !is_valid_entry(*entry, list.AclSize - used)) return nullptr;
    entry = next_entry(entry);
  }
  return const_cast<ACE_HEADER*>(entry);
}

}  // namespace

const SID& sid_of(const ACCESS_ALLOWED_ACE& entry) {
  return reinterpret_cast<const SID&>(entry.SidStart);
}

bool has_sid(const ACE_HEADER& entry) {
  return entry.AceType <= SYSTEM_AUDIT_ACE_TYPE;
}

const ACE_HEADER* first_entry(const ACL& list) {
  return reinterpret_cast<const ACE_HEADER*>(&list + 1);
}

const ACE_HEADER* next_entry(const ACE_HEADER* entry) {
  return reinterpret_cast<const ACE_HEADER*>(reinterpret_cast<const char*>(entry) + entry->AceSize);
}

bool is_valid(const ACL& list) {
  return is_known_revision(list.AclRevision) && list.AclSize >= sizeof list &&
         end_of(const_cast<ACL&>(list)) != nullptr;
}

}  // namespace wskrun::nt

using namespace wskrun;

extern "C" {

NTSTATUS RtlCreateAcl(PACL Acl, ULONG AclLength, ULONG AclRevision) {
  constexpr ULONG kLongest = 0xFFFC;
  if (AclLength < sizeof(ACL)) return STATUS_BUFFER_TOO_SMALL;
  if (AclLength > kLongest || !nt::is_known_revision(AclRevision)) return STATUS_INVALID_PARAMETER;
  const auto size = static_cast<USHORT>(AclLength & ~3u);
  *Acl = {static_cast<UCHAR>(AclRevision), 0, size, 0, 0};
  return STATUS_SUCCESS;
}

NTSTATUS RtlAddAccessAllowedAce(PACL Acl, ULONG AceRevision, ACCESS_MASK AccessMask, PSID Sid) {
  if (!RtlValidSid(Sid)) return STATUS_INVALID_SID;
  if (!nt::is_known_revision(AceRevision)) return STATUS_UNKNOWN_REVISION;
  if (!nt::is_valid(*Acl)) return STATUS_INVALID_ACL;
  ACE_HEADER* const end = nt::end_of(*Acl);
  const std::size_t used = reinterpret_cast<char*>(end) - reinterpret_cast<char*>(Acl);
  const std::size_t size = nt::kSidOffset + RtlLengthSid(Sid);
  if (used + size > Acl->AclSize) return STATUS_ALLOTTED_SPACE_EXCEEDED;
  auto* entry = reinterpret_cast<ACCESS_ALLOWED_ACE*>(end);
  entry->Header = {ACCESS_ALLOWED_ACE_TYPE, 0, static_cast<USHORT>(size)};
  entry->Mask = AccessMask;
  std::memcpy(&entry->SidStart, Sid, RtlLengthSid(Sid));
  ++Acl->AceCount;
  return STATUS_SUCCESS;
}

}  // extern "C"
