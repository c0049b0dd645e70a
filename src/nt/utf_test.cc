// Which UTF-16 is well formed, and what becomes of the rest.
#include "nt/utf.h"

#include <gtest/gtest.h>

namespace wskrun::nt {
namespace {

TEST(Utf, AnySurrogateNeedsItsOtherHalf) {
  for (const auto* good : {u"", u"abc", u"b\u00fccher", u"\xD83D\xDE00", u"\xFFFE\xE000\xD7FF"}) {
    EXPECT_TRUE(is_well_formed(good));
  }
  for (const auto* bad :
       {u"\xD83D", u"\xDE00", u"a\xD83D", u"\xD83Dz", u"\xDE00\xD83D", u"\xD83D\xD83D\xDE00"}) {
    EXPECT_FALSE(is_well_formed(bad));
  }
}

TEST(Utf, ConvertsBothWaysAndMarksWhatIsMalformed) {
  EXPECT_EQ(to_utf8(u"b\u00fc\u20ac\xD83D\xDE00"), "b\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(to_utf16("b\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80"), u"b\u00fc\u20ac\xD83D\xDE00");
  EXPECT_EQ(to_utf8(u"\xD83Dz"), "\xEF\xBF\xBDz");
  EXPECT_EQ(to_utf16("\xFFz"), u"\uFFFDz");
}

}  // namespace
}  // namespace wskrun::nt
