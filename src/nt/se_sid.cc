// SIDs, and the WDK's functions on them.
#include "nt/se_sid.h"

#include <cstring>

namespace wskrun::nt {

bool is_valid(const SID& sid) {
  return sid.Revision == SID_REVISION && sid.SubAuthorityCount <= SID_MAX_SUB_AUTHORITIES;
}

std::size_t size_of(const SID& sid) {
  return sid_size(sid.SubAuthorityCount);
}

bool are_equal(const SID& one, const SID& other) {
  return one.SubAuthorityCount == other.SubAuthorityCount &&
         std::memcmp(&one, &other, size_of(one)) == 0;
}

}  // namespace wskrun::nt

using namespace wskrun;

extern "C" {

NTSTATUS RtlInitializeSid(PSID Sid, PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                          UCHAR SubAuthorityCount) {
  if (SubAuthorityCount > SID_MAX_SUB_AUTHORITIES) return STATUS_INVALID_PARAMETER;
  auto& sid = *static_cast<SID*>(Sid);
  sid.Revision = SID_REVISION;
  sid.SubAuthorityCount = SubAuthorityCount;
  sid.IdentifierAuthority = *IdentifierAuthority;
  return STATUS_SUCCESS;
}

PULONG RtlSubAuthoritySid(PSID Sid, ULONG SubAuthority) {
  return &static_cast<SID*>(Sid)->SubAuthority[SubAuthority];
}

ULONG RtlLengthRequiredSid(ULONG SubAuthorityCount) {
  return static_cast<ULONG>(nt::sid_size(SubAuthorityCount));
}

ULONG RtlLengthSid(PSID Sid) {
  return static_cast<ULONG>(nt::size_of(*static_cast<const SID*>(Sid)));
}

BOOLEAN RtlValidSid(PSID Sid) {
  return Sid != nullptr && nt::is_valid(*static_cast<const SID*>(Sid));
}

BOOLEAN RtlEqualSid(PSID Sid1, PSID Sid2) {
  return nt::are_equal(*static_cast<const SID*>(Sid1), *static_cast<const SID*>(Sid2));
}

}  // extern "C"
