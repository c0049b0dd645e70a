// GUIDs as text, "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}".
#include <cstring>

#include "nt/rtl_string.h"

using namespace wskrun::nt;

namespace {

constexpr std::u16string_view kForm = u"{00000000-0000-0000-0000-000000000000}";
constexpr char16_t kDigits[] = u"0123456789ABCDEF";

// The GUID's bytes in the order in which their digits are written.
constexpr unsigned kOrder[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

int digit_of(char16_t unit) {
  if (unit >= u'0' && unit <= u'9') return unit - u'0';
  if (unit >= u'A' && unit <= u'F') return unit - u'A' + 10;
  if (unit >= u'a' && unit <= u'f') return unit - u'a' + 10;
  return -1;
}

}  // namespace

extern "C" {

// Allocates the text; RtlFreeUnicodeString frees it.
NTSTATUS RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString) {
  UCHAR bytes[sizeof(GUID)];
  std::memcpy(bytes, &Guid, sizeof bytes);
  constexpr auto kBytes = static_cast<USHORT>(kForm.size() * sizeof(WCHAR));
  auto* text =
      static_cast<PWCH>(allocate_string(kBytes + sizeof(WCHAR), __builtin_return_address(0)));
  if (text == nullptr) return STATUS_NO_MEMORY;
  unsigned digit = 0;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    text[i] = kForm[i];
    if (kForm[i] != u'0') continue;
    const unsigned byte = bytes[kOrder[digit / 2]];
    text[i] = kDigits[digit % 2 == 0 ? byte >> 4 : byte & 15];
    ++digit;
  }
  text[kForm.size()] = 0;
  *GuidString = {kBytes, static_cast<USHORT>(kBytes + sizeof(WCHAR)), text};
  return STATUS_SUCCESS;
}

NTSTATUS RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID* Guid) {
  const std::u16string_view text = view_of(*GuidString);
  if (text.size() != kForm.size()) return STATUS_INVALID_PARAMETER;
  UCHAR bytes[sizeof(GUID)] = {};
  unsigned digit = 0;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] != u'0') {
      if (text[i] != kForm[i]) return STATUS_INVALID_PARAMETER;
      continue;
    }
    const int value = digit_of(text[i]);
    if (value < 0) return STATUS_INVALID_PARAMETER;
    UCHAR& byte = bytes[kOrder[digit / 2]];
    byte = static_cast<UCHAR>(byte << 4 | value);
    ++digit;
  }
  std::memcpy(Guid, bytes, sizeof bytes);
  return STATUS_SUCCESS;
}

}  // extern "C"
