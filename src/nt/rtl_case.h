// Upper and lower case of single 16-bit units, for comparisons without case. Covers Latin, Greek,
// Cyrillic and Armenian; Windows' table has more scripts. Nothing else changes.
#pragma once

#include <string>
#include <string_view>

namespace wskrun::nt {

char16_t upcase(char16_t unit);
char16_t downcase(char16_t unit);
std::u16string upcased(std::u16string_view text);

}  // namespace wskrun::nt
