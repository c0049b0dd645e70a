// UTF-8 and UTF-16, character by character. What is malformed becomes U+FFFD, one for each byte or
// unit that begins nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wskrun::nt {

inline constexpr char32_t kReplacement = 0xFFFD;

// One character at the front of a text.
struct Decoded {
  char32_t character;
  std::size_t units;  // How many bytes, or 16-bit units, it takes: 1 to 4.
  bool valid;         // False: `character` is kReplacement.
};

// `size` is at least 1.
Decoded decode(const char* text, std::size_t size);
Decoded decode(const char16_t* text, std::size_t size);

// Returns how many units were written: at most 4 bytes, 2 units.
std::size_t encode(char32_t character, char* out);
std::size_t encode(char32_t character, char16_t* out);

// Every surrogate has its other half.
bool is_well_formed(std::u16string_view text);

std::u16string to_utf16(std::string_view text);
std::string to_utf8(std::u16string_view text);

}  // namespace wskrun::nt
