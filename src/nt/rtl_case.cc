// Case as ranges: in a block, lower case letters lie a fixed distance behind upper case ones, or
// the two alternate.
#include "nt/rtl_case.h"

#include <wdm.h>

namespace wskrun::nt {
namespace {

struct Range {
  char16_t first_upper, last_upper;
  unsigned short distance;  // From an upper case letter to its lower case one.
  unsigned short step;      // 1: every unit of the range is upper case; 2: every other one.
};

constexpr Range kRanges[] = {
    {u'A', u'Z', 32, 1},
    {0x00C0, 0x00D6, 32, 1},  // Latin-1, around the multiplication sign.
    {0x00D8, 0x00DE, 32, 1},
    {0x0100, 0x012E, 1, 2},  // Latin Extended-A, without dotted and
                             // dotless i.
    {0x0132, 0x0136, 1, 2},
    {0x0139, 0x0147, 1, 2},
    {0x014A, 0x0176, 1, 2},
    {0x0179, 0x017D, 1, 2},
    {0x0388, 0x038A, 37, 1},  // Greek with tonos.
    {0x0391, 0x03A1, 32, 1},
    {0x03A3, 0x03AB, 32, 1},
    {0x0400, 0x040F, 80, 1},  // Cyrillic.
    {0x0410, 0x042F, 32, 1},
    {0x0460, 0x0480, 1, 2},
    {0x048A, 0x04BE, 1, 2},
    {0x04D0, 0x052E, 1, 2},
    {0x0531, 0x0556, 48, 1},  // Armenian.
    {0x1E00, 0x1E94, 1, 2},   // Latin Extended Additional.
    {0x1EA0, 0x1EFE, 1, 2},
    {0x2160, 0x216F, 16, 1},  // Roman numerals.
    {0x24B6, 0x24CF, 26, 1},  // Circled letters.
    {0xFF21, 0xFF3A, 32, 1},  // Full width.
};

bool lies_in(const Range& range, char16_t upper) {
  return upper >= range.first_upper && upper <= range.last_upper &&
         (upper - range.first_upper) % range.step == 0;
}

}  // namespace

char16_t upcase(char16_t unit) {
  if (unit < u'a') return unit;
  for (const Range& range : kRanges) {
    const auto upper = static_cast<char16_t>(unit - range.distance);
    if (unit >= range.distance && lies_in(range, upper)) return upper;
  }
  return unit == 0x00FF ? char16_t{0x0178} : unit;  // The one letter whose capital is elsewhere.
}

char16_t downcase(char16_t unit) {
  for (const Range& range : kRanges) {
    if (lies_in(range, unit)) return static_cast<char16_t>(unit + range.distance);
  }
  return unit == 0x0178 ? char16_t{0x00FF} : unit;
}

std::u16string upcased(std::u16string_view text) {
  std::u16string upper(text);
  for (char16_t& unit : upper) unit = upcase(unit);
  return upper;
}

}  // namespace wskrun::nt

extern "C" {

WCHAR RtlUpcaseUnicodeChar(WCHAR SourceCharacter) {
  return wskrun::nt::upcase(SourceCharacter);
}

WCHAR RtlDowncaseUnicodeChar(WCHAR SourceCharacter) {
  return wskrun::nt::downcase(SourceCharacter);
}

}  // extern "C"
