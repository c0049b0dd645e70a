// Reading SDDL. The words for rights and for whom they are granted are two tables.
#include "nt/se_sddl.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "nt/se_descriptor.h"
#include "nt/utf.h"

namespace wskrun::nt {
namespace {

struct RightRow {
  std::string_view word;
  ACCESS_MASK mask;
};

constexpr RightRow kRights[] = {
    {"GA", GENERIC_ALL},  {"GR", GENERIC_READ}, {"GW", GENERIC_WRITE}, {"GX", GENERIC_EXECUTE},
    {"RC", READ_CONTROL}, {"SD", DELETE},       {"WD", WRITE_DAC},     {"WO", WRITE_OWNER},
};

struct SidRow {
  std::string_view word;
  std::string_view sid;
};

constexpr SidRow kSids[] = {
    {"SY", "S-1-5-18"},
    {"LS", "S-1-5-19"},
    {"NS", "S-1-5-20"},
    {"BA", "S-1-5-32-544"},
    {"BU", "S-1-5-32-545"},
    {"BG", "S-1-5-32-546"},
    {"AU", "S-1-5-11"},
    {"AN", "S-1-5-7"},
    {"IU", "S-1-5-4"},
    {"NU", "S-1-5-2"},
    {"WD", "S-1-1-0"},
    {"RC", "S-1-5-12"},
    {"UD", "S-1-5-84-0-0-0-0-0"},
};

struct Sid {
  alignas(SID) UCHAR bytes[SECURITY_MAX_SID_SIZE];
};

struct Entry {
  ACCESS_MASK mask;
  Sid sid;
};

// Takes `word` off the front of `text`, if it is there.
bool take(std::string_view& text, std::string_view word) {
  if (text.substr(0, word.size()) != word) return false;
  text.remove_prefix(word.size());
  return true;
}

template <typename Number>
bool take_number(std::string_view& text, Number& number, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

std::optional<ACCESS_MASK> take_rights(std::string_view& text) {
  ACCESS_MASK mask = 0;
  if (take(text, "0x")) {
    if (!take_number(text, mask, 16)) return std::nullopt;
    return mask;
  }
  while (!text.empty() && text.front() != ';') {
    const auto* row = std::find_if(std::begin(kRights), std::end(kRights),
                                   [&](const RightRow& each) { return take(text, each.word); });
    if (row == std::end(kRights)) return std::nullopt;
    mask |= row->mask;
  }
  return mask;
}

// "S-1-5-32-544": the revision, the authority and at least one value.
bool take_sid(std::string_view& text, Sid& sid) {
  UCHAR authority = 0;
  if (!take(text, "S-1-") || !take_number(text, authority, 10)) return false;
  ULONG values[SID_MAX_SUB_AUTHORITIES] = {};
  UCHAR count = 0;
  while (take(text, "-")) {
    if (count == SID_MAX_SUB_AUTHORITIES || !take_number(text, values[count++], 10)) return false;
  }
  if (count == 0) return false;
  SID_IDENTIFIER_AUTHORITY identifier = {{0, 0, 0, 0, 0, authority}};
  RtlInitializeSid(sid.bytes, &identifier, count);
  for (UCHAR i = 0; i < count; ++i) *RtlSubAuthoritySid(sid.bytes, i) = values[i];
  return true;
}

bool take_whom(std::string_view& text, Sid& sid) {
  for (const SidRow& row : kSids) {
    if (!take(text, row.word)) continue;
    std::string_view written = row.sid;
    return take_sid(written, sid);
  }
  return take_sid(text, sid);
}

bool take_entry(std::string_view& text, std::vector<Entry>& entries) {
  if (!take(text, "(A;;")) return false;
  const auto mask = take_rights(text);
  if (!mask.has_value() || !take(text, ";;;")) return false;
  Entry entry{.mask = *mask, .sid = {}};
  if (!take_whom(text, entry.sid) || !take(text, ")")) return false;
  entries.push_back(entry);
  return true;
}

std::vector<UCHAR> descriptor_with(std::vector<Entry>& entries) {
  const std::size_t entry_bytes = sizeof(ACCESS_ALLOWED_ACE) + SECURITY_MAX_SID_SIZE;
  std::vector<ULONG> list((sizeof(ACL) + entries.size() * entry_bytes) / sizeof(ULONG));
  auto* dacl = reinterpret_cast<PACL>(list.data());
  const auto list_bytes = static_cast<ULONG>(list.size() * sizeof(ULONG));
  if (!NT_SUCCESS(RtlCreateAcl(dacl, list_bytes, ACL_REVISION))) return {};
  for (Entry& entry : entries) {
    RtlAddAccessAllowedAce(dacl, ACL_REVISION, entry.mask, entry.sid.bytes);
  }
  const DescriptorParts parts = {.control = SE_DACL_PRESENT | SE_DACL_PROTECTED, .dacl = dacl};
  std::vector<UCHAR> descriptor(copy_size(parts));
  write_copy(parts, descriptor.data());
  return descriptor;
}

}  // namespace

std::vector<UCHAR> descriptor_of_sddl(std::u16string_view text) {
  const std::string narrow = to_utf8(text);
  std::string_view left = narrow;
  if (!take(left, "D:P")) return {};
  std::vector<Entry> entries;
  while (!left.empty()) {
    if (!take_entry(left, entries)) return {};
  }
  return descriptor_with(entries);
}

}  // namespace wskrun::nt
