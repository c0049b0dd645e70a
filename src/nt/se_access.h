// Access: whom a security descriptor lets in. There is one security context, that of the system:
// drivers run as it, and nobody impersonates.
#pragma once

#include "nt/se_descriptor.h"

namespace wskrun::nt {

// The DACL grants the system all of `desired`, the rights of a file. Its entries count in their
// order; generic rights in them stand for what they mean for files. Entries of other kinds than
// allow and deny say nothing.
bool grants_system(const DescriptorParts& descriptor, ACCESS_MASK desired);

}  // namespace wskrun::nt
