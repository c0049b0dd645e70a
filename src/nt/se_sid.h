// SIDs: reading them, and the ones that the runtime knows by itself.
#pragma once

#include <wdm.h>

#include <cstddef>

namespace wskrun::nt {

// A SID of `count` sub-authorities, laid out as SID.
template <std::size_t count>
struct FixedSid {
  UCHAR revision = SID_REVISION;
  UCHAR sub_authority_count = count;
  SID_IDENTIFIER_AUTHORITY authority;
  ULONG sub_authorities[count];
};

inline constexpr FixedSid<1> kEveryone = {.authority = {SECURITY_WORLD_SID_AUTHORITY},
                                          .sub_authorities = {SECURITY_WORLD_RID}};
inline constexpr FixedSid<1> kAuthenticatedUsers = {
    .authority = {SECURITY_NT_AUTHORITY}, .sub_authorities = {SECURITY_AUTHENTICATED_USER_RID}};
inline constexpr FixedSid<1> kSystem = {.authority = {SECURITY_NT_AUTHORITY},
                                        .sub_authorities = {SECURITY_LOCAL_SYSTEM_RID}};
inline constexpr FixedSid<2> kAdministrators = {
    .authority = {SECURITY_NT_AUTHORITY},
    .sub_authorities = {SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS}};

constexpr std::size_t sid_size(std::size_t sub_authority_count) {
  return sizeof(SID) - sizeof(ULONG) + sub_authority_count * sizeof(ULONG);
}
static_assert(sizeof kSystem == sid_size(1) && sizeof kAdministrators == sid_size(2));

bool is_valid(const SID& sid);
std::size_t size_of(const SID& sid);
// Both valid.
bool are_equal(const SID& one, const SID& other);

}  // namespace wskrun::nt
