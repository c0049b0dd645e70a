// Counted strings and their conversions.
#include "nt/rtl_string.h"

#include <gtest/gtest.h>

#include <string>

#include "nt/ledger.h"

namespace wskrun::nt {
namespace {

UNICODE_STRING wide(const char16_t* text) {
  UNICODE_STRING string;
  RtlInitUnicodeString(&string, text);
  return string;
}

ANSI_STRING narrow(const char* text) {
  ANSI_STRING string;
  RtlInitAnsiString(&string, text);
  return string;
}

template <std::size_t kUnits>
struct WideBuffer {
  WCHAR units[kUnits] = {};
  UNICODE_STRING string = {0, sizeof units, units};
};

TEST(RtlString, StandsForItsText) {
  const UNICODE_STRING string = wide(u"abc");
  EXPECT_EQ(string.Length, 6);
  EXPECT_EQ(string.MaximumLength, 8);
  const UNICODE_STRING none = wide(nullptr);
  EXPECT_EQ(none.Length, 0);
  EXPECT_EQ(none.MaximumLength, 0);
  EXPECT_EQ(none.Buffer, nullptr);
  EXPECT_EQ(narrow("abc").MaximumLength, 4);
}

TEST(RtlString, CutsOrRefusesWhatIsTooLong) {
  const std::u16string text(40000, u'x');
  EXPECT_EQ(wide(text.c_str()).Length, 0xFFFC);
  UNICODE_STRING string;
  EXPECT_EQ(RtlInitUnicodeStringEx(&string, text.c_str()), STATUS_NAME_TOO_LONG);
  EXPECT_EQ(RtlInitUnicodeStringEx(&string, u"ok"), STATUS_SUCCESS);
  const std::string bytes(70000, 'x');
  ANSI_STRING ansi;
  EXPECT_EQ(RtlInitAnsiStringEx(&ansi, bytes.c_str()), STATUS_NAME_TOO_LONG);
}

TEST(RtlString, CopiesWhatFits) {
  WideBuffer<3> buffer;
  const UNICODE_STRING source = wide(u"abcd");
  RtlCopyUnicodeString(&buffer.string, &source);
  EXPECT_EQ(view_of(buffer.string), u"abc");
  RtlCopyUnicodeString(&buffer.string, nullptr);
  EXPECT_EQ(buffer.string.Length, 0);
}

TEST(RtlString, AppendsAllOrNothing) {
  WideBuffer<5> buffer;
  EXPECT_EQ(RtlAppendUnicodeToString(&buffer.string, u"ab"), STATUS_SUCCESS);
  EXPECT_EQ(buffer.units[2], 0);
  const UNICODE_STRING more = wide(u"cde");
  EXPECT_EQ(RtlAppendUnicodeStringToString(&buffer.string, &more), STATUS_SUCCESS);
  EXPECT_EQ(view_of(buffer.string), u"abcde");
  EXPECT_EQ(RtlAppendUnicodeToString(&buffer.string, u"f"), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(view_of(buffer.string), u"abcde");
  EXPECT_EQ(RtlAppendUnicodeToString(&buffer.string, nullptr), STATUS_SUCCESS);
}

struct CompareRow {
  const char16_t* left;
  const char16_t* right;
  bool ignore_case;
  int order;
};

TEST(RtlString, Compares) {
  constexpr CompareRow kRows[] = {
      {u"abc", u"abc", false, 0},
      {u"abc", u"ABC", true, 0},
      {u"abc", u"ABC", false, 1},
      {u"ab", u"abc", false, -1},
      {u"", u"", true, 0},
      {u"\u00e4", u"\u00c4", true, 0},
      {u"\u0449", u"\u0429", true, 0},
      {u"\u03c9", u"\u03a9", true, 0},
      {u"\uff21", u"\uff41", true, 0},
      {u"[", u"{", true, -1},
  };
  for (const CompareRow& row : kRows) {
    const UNICODE_STRING left = wide(row.left);
    const UNICODE_STRING right = wide(row.right);
    const LONG order = RtlCompareUnicodeString(&left, &right, row.ignore_case);
    EXPECT_EQ((order > 0) - (order < 0), row.order) << &row - kRows;
    EXPECT_EQ(RtlEqualUnicodeString(&left, &right, row.ignore_case), row.order == 0);
  }
  const UNICODE_STRING prefix = wide(u"\\DEVICE");
  const UNICODE_STRING path = wide(u"\\Device\\Echo");
  EXPECT_TRUE(RtlPrefixUnicodeString(&prefix, &path, TRUE));
  EXPECT_FALSE(RtlPrefixUnicodeString(&prefix, &path, FALSE));
  EXPECT_FALSE(RtlPrefixUnicodeString(&path, &prefix, TRUE));
}

TEST(RtlString, ConvertsBothWays) {
  ANSI_STRING source = narrow("gr\xC3\xBC\xC3\x9F dich \xF0\x9F\x98\x80");
  UNICODE_STRING converted = {};
  ASSERT_EQ(RtlAnsiStringToUnicodeString(&converted, &source, TRUE), STATUS_SUCCESS);
  EXPECT_EQ(view_of(converted), u"gr\u00fc\u00df dich \U0001F600");
  EXPECT_EQ(converted.MaximumLength, converted.Length + 2);
  EXPECT_EQ(RtlxAnsiStringToUnicodeSize(&source), converted.MaximumLength);
  ANSI_STRING back = {};
  ASSERT_EQ(RtlUnicodeStringToAnsiString(&back, &converted, TRUE), STATUS_SUCCESS);
  EXPECT_EQ(view_of(back), view_of(source));
  EXPECT_EQ(back.Buffer[back.Length], '\0');
  const std::size_t held = ledger_entries().size();
  RtlFreeUnicodeString(&converted);
  RtlFreeAnsiString(&back);
  EXPECT_EQ(ledger_entries().size(), held - 2);
  EXPECT_EQ(converted.Buffer, nullptr);
  RtlFreeUnicodeString(&converted);  // Nothing is left to free.
}

TEST(RtlString, ConvertsIntoABufferWithRoomForTheZero) {
  WideBuffer<4> buffer;
  ANSI_STRING three = narrow("abc");
  ANSI_STRING four = narrow("abcd");
  EXPECT_EQ(RtlAnsiStringToUnicodeString(&buffer.string, &three, FALSE), STATUS_SUCCESS);
  EXPECT_EQ(RtlAnsiStringToUnicodeString(&buffer.string, &four, FALSE), STATUS_BUFFER_OVERFLOW);
  char bytes[3];
  ANSI_STRING small = {0, sizeof bytes, bytes};
  const UNICODE_STRING source = wide(u"abcd");
  EXPECT_EQ(RtlUnicodeStringToAnsiString(&small, &source, FALSE), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(view_of(small), "ab");
}

TEST(RtlString, TellsWhatCouldNotBeMapped) {
  WCHAR units[8];
  ULONG bytes = 0;
  EXPECT_EQ(RtlUTF8ToUnicodeN(units, sizeof units, &bytes, "a\xFFz", 3), STATUS_SOME_NOT_MAPPED);
  EXPECT_EQ(std::u16string(units, bytes / 2), u"a\uFFFDz");
  EXPECT_EQ(RtlUTF8ToUnicodeN(nullptr, 0, &bytes, "abc", 3), STATUS_SUCCESS);
  EXPECT_EQ(bytes, 6u);
  EXPECT_EQ(RtlUTF8ToUnicodeN(units, 4, &bytes, "abc", 3), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(bytes, 4u);
  // Half a pair or a character's first bytes alone are never written.
  EXPECT_EQ(RtlUTF8ToUnicodeN(units, 4, &bytes, "a\xF0\x9F\x98\x80", 5), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(bytes, 2u);
  char text[4];
  EXPECT_EQ(RtlUnicodeToUTF8N(text, 4, &bytes, u"ab\u20ac", 6), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(bytes, 2u);
  EXPECT_EQ(RtlUnicodeToUTF8N(text, 4, &bytes, u"a", 1), STATUS_INVALID_PARAMETER_5);
}

struct IntegerRow {
  const char16_t* text;
  ULONG base;
  ULONG value;
};

TEST(RtlString, ReadsIntegers) {
  constexpr IntegerRow kRows[] = {
      {u"42", 0, 42},  {u"0x2A", 0, 42}, {u"0b101", 0, 5},        {u"0o17", 0, 15},
      {u"2a", 16, 42}, {u"  +7", 10, 7}, {u"-1", 10, 0xFFFFFFFF}, {u"12ab", 10, 12},
      {u"abc", 10, 0}, {u"08", 0, 8},    {u"4294967297", 10, 1},  {u"777", 8, 511},
  };
  for (const IntegerRow& row : kRows) {
    const UNICODE_STRING text = wide(row.text);
    ULONG value = 99;
    EXPECT_EQ(RtlUnicodeStringToInteger(&text, row.base, &value), STATUS_SUCCESS);
    EXPECT_EQ(value, row.value) << &row - kRows;
  }
  ULONG value = 0;
  const UNICODE_STRING text = wide(u"1");
  EXPECT_EQ(RtlUnicodeStringToInteger(&text, 7, &value), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlCharToInteger("0xff", 0, &value), STATUS_SUCCESS);
  EXPECT_EQ(value, 255u);
}

TEST(RtlString, WritesIntegers) {
  WideBuffer<9> buffer;
  EXPECT_EQ(RtlIntegerToUnicodeString(0xDEADBEEF, 16, &buffer.string), STATUS_SUCCESS);
  EXPECT_EQ(view_of(buffer.string), u"DEADBEEF");
  EXPECT_EQ(RtlIntegerToUnicodeString(0, 0, &buffer.string), STATUS_SUCCESS);
  EXPECT_EQ(view_of(buffer.string), u"0");
  EXPECT_EQ(RtlInt64ToUnicodeString(MAXULONGLONG, 10, &buffer.string), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(RtlIntegerToUnicodeString(1, 3, &buffer.string), STATUS_INVALID_PARAMETER);
}

TEST(RtlString, ChangesCase) {
  UNICODE_STRING upper = {};
  const UNICODE_STRING source = wide(u"stra\u00dfe \u00ff");
  ASSERT_EQ(RtlUpcaseUnicodeString(&upper, &source, TRUE), STATUS_SUCCESS);
  EXPECT_EQ(view_of(upper), u"STRA\u00dfE \u0178");
  UNICODE_STRING lower = {};
  ASSERT_EQ(RtlDowncaseUnicodeString(&lower, &upper, TRUE), STATUS_SUCCESS);
  EXPECT_EQ(view_of(lower), u"stra\u00dfe \u00ff");
  lower.MaximumLength = 2;
  EXPECT_EQ(RtlDowncaseUnicodeString(&lower, &upper, FALSE), STATUS_BUFFER_OVERFLOW);
  RtlFreeUnicodeString(&lower);
  RtlFreeUnicodeString(&upper);
  EXPECT_EQ(RtlDowncaseUnicodeChar(u'\u0410'), u'\u0430');
  ULONG hash_lower = 0;
  ULONG hash_upper = 0;
  const UNICODE_STRING a = wide(u"Echo");
  const UNICODE_STRING b = wide(u"ECHO");
  RtlHashUnicodeString(&a, TRUE, HASH_STRING_ALGORITHM_X65599, &hash_lower);
  RtlHashUnicodeString(&b, TRUE, HASH_STRING_ALGORITHM_X65599, &hash_upper);
  EXPECT_EQ(hash_lower, hash_upper);
}

TEST(RtlStrings, AreCopiedAppendedAndInitialised) {
  UNICODE_STRING copy;
  ASSERT_TRUE(RtlCreateUnicodeString(&copy, u"echo"));
  EXPECT_EQ(view_of(copy), u"echo");
  EXPECT_EQ(copy.Buffer[4], 0);
  RtlFreeUnicodeString(&copy);

  CHAR buffer[6];
  STRING joined = {0, sizeof buffer, buffer};
  const STRING half = RTL_CONSTANT_STRING("abc");
  EXPECT_EQ(RtlAppendStringToString(&joined, &half), STATUS_SUCCESS);
  EXPECT_EQ(RtlAppendStringToString(&joined, &half), STATUS_SUCCESS);
  EXPECT_EQ(view_of(joined), "abcabc");
  EXPECT_EQ(RtlAppendStringToString(&joined, &half), STATUS_BUFFER_TOO_SMALL);

  STRING string;
  EXPECT_EQ(RtlInitStringEx(&string, "text"), STATUS_SUCCESS);
  EXPECT_EQ(view_of(string), "text");
  const std::string too_long(70'000, 'x');
  EXPECT_EQ(RtlInitUTF8StringEx(&string, too_long.c_str()), STATUS_NAME_TOO_LONG);
}

TEST(RtlStrings, AnsiBuffersAreConvertedAsFarAsTheyGo) {
  WCHAR wide[3];
  ULONG bytes = 0;
  EXPECT_EQ(RtlMultiByteToUnicodeN(wide, sizeof wide, &bytes, "\u00e4bcd", 5), STATUS_SUCCESS);
  EXPECT_EQ(bytes, sizeof wide);
  EXPECT_EQ(std::u16string_view(wide, 3), u"\u00e4bc");
  EXPECT_EQ(RtlMultiByteToUnicodeSize(&bytes, "\u00e4bcd", 5), STATUS_SUCCESS);
  EXPECT_EQ(bytes, 8u);
  CHAR narrow[2];
  EXPECT_EQ(RtlUnicodeToMultiByteN(narrow, sizeof narrow, &bytes, u"a\u00e4", 4), STATUS_SUCCESS);
  EXPECT_EQ(bytes, 1u);  // The second character has no room whole.
  EXPECT_EQ(RtlUnicodeToMultiByteSize(&bytes, u"a\u00e4", 4), STATUS_SUCCESS);
  EXPECT_EQ(bytes, 3u);
}

}  // namespace
}  // namespace wskrun::nt
