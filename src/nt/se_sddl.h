// Security descriptors written as text, in the subset of SDDL that device objects have: "D:P" and
// entries such as "(A;;GRGW;;;BA)".
#pragma once

#include <wdm.h>

#include <string_view>
#include <vector>

namespace wskrun::nt {

// The self-relative descriptor; empty where the text is none of a device's.
std::vector<UCHAR> descriptor_of_sddl(std::u16string_view text);

}  // namespace wskrun::nt
