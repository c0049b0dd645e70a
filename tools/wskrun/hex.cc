#include "hex.h"

#include <cctype>
#include <charconv>

#include <fmt/format.h>

namespace {

constexpr std::size_t kBytesPerLine = 16;

std::string dump_line(std::size_t offset, std::string_view bytes) {
  std::string digits, text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    digits += fmt::format("{}{:02x}", i == kBytesPerLine / 2 ? "  " : " ", byte);
    text += byte >= 0x20 && byte < 0x7F ? bytes[i] : '.';
  }
  return fmt::format("{:08x} {:<49}  |{}|\n", offset, digits, text);
}

}  // namespace

std::optional<std::vector<char>> parse_hex(std::string_view text) {
  std::vector<char> bytes;
  while (true) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
      text.remove_prefix(1);
    }
    if (text.empty()) return bytes;
    if (text.size() < 2) return std::nullopt;
    unsigned char byte = 0;
    const auto result = std::from_chars(text.data(), text.data() + 2, byte, 16);
    if (result.ec != std::errc() || result.ptr != text.data() + 2) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
    text.remove_prefix(2);
  }
}

std::string dump_hex(std::string_view bytes) {
  std::string dump;
  for (std::size_t offset = 0; offset < bytes.size(); offset += kBytesPerLine) {
    dump += dump_line(offset, bytes.substr(offset, kBytesPerLine));
  }
  return dump;
}
