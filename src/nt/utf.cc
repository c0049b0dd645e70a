// Decoding after the Unicode standard's table of well-formed byte sequences.
#include "nt/utf.h"

namespace wskrun::nt {
namespace {

constexpr Decoded kMalformed{kReplacement, 1, false};

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

bool is_surrogate(char32_t character) {
  return character >= 0xD800 && character <= 0xDFFF;
}

// How many bytes a sequence has that begins so, 0 when none does.
std::size_t sequence_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

// Whether so many bytes are needed for it, and it is a character at all.
bool is_shortest_form(char32_t character, std::size_t length) {
  if (length == 3) return character >= 0x800 && !is_surrogate(character);
  if (length == 4) return character >= 0x10000 && character <= 0x10FFFF;
  return true;
}

template <typename To, typename From>
std::basic_string<To> convert(std::basic_string_view<From> text) {
  std::basic_string<To> converted;
  while (!text.empty()) {
    const Decoded next = decode(text.data(), text.size());
    To units[4];
    converted.append(units, encode(next.character, units));
    text.remove_prefix(next.units);
  }
  return converted;
}

}  // namespace

Decoded decode(const char* text, std::size_t size) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = sequence_length(first);
  if (length == 0 || length > size) return kMalformed;
  if (length == 1) return {first, 1, true};
  char32_t character = first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return kMalformed;
    character = (character << 6) | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  if (!is_shortest_form(character, length)) return kMalformed;
  return {character, length, true};
}

Decoded decode(const char16_t* text, std::size_t size) {
  const char32_t first = text[0];
  if (!is_surrogate(first)) return {first, 1, true};
  if (first >= 0xDC00 || size < 2) return kMalformed;
  const char32_t second = text[1];
  if (second < 0xDC00 || second > 0xDFFF) return kMalformed;
  return {0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00), 2, true};
}

std::size_t encode(char32_t character, char* out) {
  const auto continuation = [character](unsigned shift) {
    return static_cast<char>(0x80 | ((character >> shift) & 0x3F));
  };
  if (character < 0x80) {
    out[0] = static_cast<char>(character);
    return 1;
  }
  if (character < 0x800) {
    out[0] = static_cast<char>(0xC0 | (character >> 6));
    out[1] = continuation(0);
    return 2;
  }
  if (character < 0x10000) {
    out[0] = static_cast<char>(0xE0 | (character >> 12));
    out[1] = continuation(6);
    out[2] = continuation(0);
    return 3;
  }
  out[0] = static_cast<char>(0xF0 | (character >> 18));
  out[1] = continuation(12);
  out[2] = continuation(6);
  out[3] = continuation(0);
  return 4;
}

std::size_t encode(char32_t character, char16_t* out) {
  if (character < 0x10000) {
    out[0] = static_cast<char16_t>(character);
    return 1;
  }
  out[0] = static_cast<char16_t>(0xD800 + ((character - 0x10000) >> 10));
  out[1] = static_cast<char16_t>(0xDC00 + ((character - 0x10000) & 0x3FF));
  return 2;
}

bool is_well_formed(std::u16string_view text) {
  while (!text.empty()) {
    const Decoded next = decode(text.data(), text.size());
    if (!next.valid) return false;
    text.remove_prefix(next.units);
  }
  return true;
}

std::u16string to_utf16(std::string_view text) {
  return convert<char16_t>(text);
}

std::string to_utf8(std::u16string_view text) {
  return convert<char>(text);
}

}  // namespace wskrun::nt
