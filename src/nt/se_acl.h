// Access control lists: reading their entries. se_access.h says what the entries come to.
#pragma once

#include <wdm.h>

#include <cstddef>

namespace wskrun::nt {

// An entry of one of the kinds that grant, deny or audit: a mask for a SID.
const SID& sid_of(const ACCESS_ALLOWED_ACE& entry);
// The SID is there to be asked for.
bool has_sid(const ACE_HEADER& entry);

// The entries lie within the list, and their SIDs within them.
bool is_valid(const ACL& list);
inline std::size_t size_of(const ACL& list) {
  return list.AclSize;
}

const ACE_HEADER* first_entry(const ACL& list);
const ACE_HEADER* next_entry(const ACE_HEADER* entry);

}  // namespace wskrun::nt
