// ntstrsafe.h's functions on counted strings.
#include <gtest/gtest.h>
#include <ntstrsafe.h>

#include <string>

#include "nt/rtl_string.h"

namespace wskrun::nt {
namespace {

// Four characters, and one behind them that nobody may touch.
struct Counted {
  static constexpr USHORT kRoom = 4 * sizeof(WCHAR);

  bool guarded() const { return units[4] == u'!'; }

  WCHAR units[5] = {u'#', u'#', u'#', u'#', u'!'};
  UNICODE_STRING string = {0, kRoom, units};
};

UNICODE_STRING wide(const char16_t* text) {
  UNICODE_STRING string;
  RtlInitUnicodeString(&string, text);
  return string;
}

TEST(RtlSafeUnicodeString, PointsAtAText) {
  UNICODE_STRING string;
  const char16_t* const text = u"abc";
  EXPECT_EQ(RtlUnicodeStringInit(&string, text), STATUS_SUCCESS);
  EXPECT_EQ(string.Length, 6);
  EXPECT_EQ(string.MaximumLength, 8);
  EXPECT_EQ(string.Buffer, text);
  EXPECT_EQ(RtlUnicodeStringInit(&string, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(string.Buffer, nullptr);
  EXPECT_EQ(RtlUnicodeStringInit(nullptr, text), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlUnicodeStringInitEx(nullptr, nullptr, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
  EXPECT_EQ(RtlUnicodeStringInitEx(nullptr, text, STRSAFE_IGNORE_NULLS), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlUnicodeStringInitEx(&string, text, STRSAFE_NO_TRUNCATION), STATUS_INVALID_PARAMETER);
}

TEST(RtlSafeUnicodeString, RefusesATextThatIsTooLongForItsLengths) {
  const std::u16string longest(NTSTRSAFE_UNICODE_STRING_MAX_CCH - 1, u'x');
  UNICODE_STRING string;
  EXPECT_EQ(RtlUnicodeStringInit(&string, longest.c_str()), STATUS_SUCCESS);
  EXPECT_EQ(string.MaximumLength, 65534);
  EXPECT_EQ(RtlUnicodeStringInit(&string, (longest + u'x').c_str()), STATUS_INVALID_PARAMETER);
}

TEST(RtlSafeUnicodeString, KnowsValidStrings) {
  WCHAR units[4];
  const UNICODE_STRING good[] = {{0, 0, nullptr}, {0, 8, units}, {8, 8, units}, {0, 0, units}};
  for (const UNICODE_STRING& string : good) {
    EXPECT_EQ(RtlUnicodeStringValidate(&string), STATUS_SUCCESS);
  }
  const UNICODE_STRING bad[] = {{1, 8, units}, {2, 7, units}, {8, 6, units}, {0, 2, nullptr}};
  for (const UNICODE_STRING& string : bad) {
    EXPECT_EQ(RtlUnicodeStringValidate(&string), STATUS_INVALID_PARAMETER);
  }
  EXPECT_EQ(RtlUnicodeStringValidate(nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlUnicodeStringValidateEx(nullptr, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
  EXPECT_EQ(RtlUnicodeStringValidateEx(&good[0], STRSAFE_NO_TRUNCATION), STATUS_INVALID_PARAMETER);
}

TEST(RtlSafeUnicodeString, CopiesWithoutAZero) {
  Counted out;
  EXPECT_EQ(RtlUnicodeStringCopyString(&out.string, u"ab"), STATUS_SUCCESS);
  EXPECT_EQ(view_of(out.string), u"ab");
  EXPECT_EQ(out.units[2], u'#');
  EXPECT_EQ(RtlUnicodeStringCopyString(&out.string, u"abcd"), STATUS_SUCCESS);
  EXPECT_EQ(view_of(out.string), u"abcd");
  const UNICODE_STRING source = wide(u"vwxyz");
  EXPECT_EQ(RtlUnicodeStringCopy(&out.string, &source), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(view_of(out.string), u"vwxy");
  EXPECT_TRUE(out.guarded());
}

TEST(RtlSafeUnicodeString, AppendsUntilItIsFull) {
  Counted out;
  const UNICODE_STRING source = wide(u"abc");
  EXPECT_EQ(RtlUnicodeStringCat(&out.string, &source), STATUS_SUCCESS);
  EXPECT_EQ(RtlUnicodeStringCatString(&out.string, u"de"), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(view_of(out.string), u"abcd");
  EXPECT_EQ(RtlUnicodeStringCatString(&out.string, u""), STATUS_SUCCESS);
  EXPECT_EQ(RtlUnicodeStringCatString(&out.string, u"e"), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(view_of(out.string), u"abcd");
  EXPECT_TRUE(out.guarded());
}

TEST(RtlSafeUnicodeString, LimitsWhatItTakesFromASource) {
  Counted out;
  const UNICODE_STRING source = wide(u"abcdef");
  EXPECT_EQ(RtlUnicodeStringCchCopyN(&out.string, &source, 2), STATUS_SUCCESS);
  EXPECT_EQ(view_of(out.string), u"ab");
  EXPECT_EQ(RtlUnicodeStringCbCatN(&out.string, &source, 3), STATUS_SUCCESS);
  EXPECT_EQ(view_of(out.string), u"aba");
  EXPECT_EQ(RtlUnicodeStringCchCatStringN(&out.string, u"xyz", 1), STATUS_SUCCESS);
  EXPECT_EQ(view_of(out.string), u"abax");
  EXPECT_EQ(RtlUnicodeStringCbCopyStringN(&out.string, u"xyz", 4), STATUS_SUCCESS);
  EXPECT_EQ(view_of(out.string), u"xy");
  EXPECT_EQ(RtlUnicodeStringCchCopyN(&out.string, &source, NTSTRSAFE_UNICODE_STRING_MAX_CCH + 1),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlUnicodeStringCchCatStringN(&out.string, u"z", NTSTRSAFE_UNICODE_STRING_MAX_CCH + 1),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(view_of(out.string), u"xy");
}

TEST(RtlSafeUnicodeString, RefusesWhatIsNoString) {
  Counted out;
  const UNICODE_STRING odd = {1, 2, out.units};
  EXPECT_EQ(RtlUnicodeStringCopy(&out.string, &odd), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlUnicodeStringCopy(&out.string, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlUnicodeStringCopyString(&out.string, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlUnicodeStringCopyString(nullptr, u"a"), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlUnicodeStringPrintf(&out.string, nullptr), STATUS_INVALID_PARAMETER);
  UNICODE_STRING no_room = {};
  EXPECT_EQ(RtlUnicodeStringCopyString(&no_room, u"a"), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlUnicodeStringCopyString(&no_room, u""), STATUS_SUCCESS);
  EXPECT_EQ(out.units[0], u'#');
}

TEST(RtlSafeUnicodeString, Prints) {
  Counted out;
  EXPECT_EQ(RtlUnicodeStringPrintf(&out.string, u"%lu%S", 12u, "ab"), STATUS_SUCCESS);
  EXPECT_EQ(view_of(out.string), u"12ab");
  EXPECT_EQ(RtlUnicodeStringPrintf(&out.string, u"%s", u"vwxyz"), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(view_of(out.string), u"vwxy");
  EXPECT_TRUE(out.guarded());
  EXPECT_EQ(RtlUnicodeStringPrintfEx(&out.string, nullptr, STRSAFE_NO_TRUNCATION, u"%d", 12345),
            STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(view_of(out.string), u"vwxy");
}

TEST(RtlSafeUnicodeString, HandsOutWhatRemains) {
  Counted out;
  UNICODE_STRING rest;
  EXPECT_EQ(RtlUnicodeStringCopyStringEx(&out.string, u"a", &rest, 0), STATUS_SUCCESS);
  EXPECT_EQ(rest.Buffer, out.units + 1);
  EXPECT_EQ(rest.Length, 0);
  EXPECT_EQ(rest.MaximumLength, 6);
  EXPECT_EQ(RtlUnicodeStringPrintfEx(&rest, &rest, 0, u"%d", 23), STATUS_SUCCESS);
  EXPECT_EQ(rest.MaximumLength, 2);
  EXPECT_EQ(std::u16string(out.units, 4), u"a23#");
}

TEST(RtlSafeUnicodeString, DoesWhatTheFlagsSay) {
  Counted out;
  EXPECT_EQ(RtlUnicodeStringCopyStringEx(&out.string, u"ab", nullptr, STRSAFE_FILL_BYTE(0xAB)),
            STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(out.units, 4), u"ab\xABAB\xABAB");
  EXPECT_EQ(RtlUnicodeStringCatStringEx(&out.string, u"cde", nullptr, STRSAFE_NO_TRUNCATION),
            STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(view_of(out.string), u"ab");
  EXPECT_EQ(RtlUnicodeStringCopyStringEx(&out.string, u"abcde", nullptr, STRSAFE_NO_TRUNCATION),
            STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(out.string.Length, 0);
  EXPECT_EQ(
      RtlUnicodeStringCopyStringEx(&out.string, u"abcde", nullptr, STRSAFE_ZERO_LENGTH_ON_FAILURE),
      STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(out.string.Length, 0);
  EXPECT_EQ(RtlUnicodeStringCopyStringEx(&out.string, u"abcde", nullptr, STRSAFE_FAILURE_BYTE(1)),
            STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(std::u16string(out.units, 4), std::u16string(4, u'\x101'));
  EXPECT_TRUE(out.guarded());
  EXPECT_EQ(RtlUnicodeStringCopyEx(nullptr, nullptr, nullptr, STRSAFE_IGNORE_NULLS),
            STATUS_SUCCESS);
  EXPECT_EQ(RtlUnicodeStringCopyStringEx(nullptr, u"a", nullptr, STRSAFE_IGNORE_NULLS),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlUnicodeStringCopyStringEx(&out.string, u"a", nullptr, 0x2000),
            STATUS_INVALID_PARAMETER);
}

}  // namespace
}  // namespace wskrun::nt
