// ntstrsafe.h's functions on zero-terminated strings: statuses, what is then in the destination,
// and the flags.
#include <gtest/gtest.h>
#include <ntstrsafe.h>

#include <cstring>
#include <string>

namespace wskrun::nt {
namespace {

constexpr char kUntouched = '#';

// A destination, and a byte behind it that nobody may touch.
struct Narrow {
  static constexpr std::size_t kRoom = 8;

  Narrow() { std::memset(bytes, kUntouched, sizeof bytes); }

  std::string text() const { return std::string(bytes); }
  std::string whole() const { return std::string(bytes, kRoom); }
  bool guarded() const { return bytes[kRoom] == kUntouched; }

  char bytes[kRoom + 1];
};

struct CopyRow {
  const char* source;
  std::size_t room;
  NTSTATUS status;
  const char* text;
};

TEST(RtlSafeString, CopiesAndCuts) {
  constexpr CopyRow kRows[] = {
      {"", 8, STATUS_SUCCESS, ""},
      {"abc", 8, STATUS_SUCCESS, "abc"},
      {"abcdefg", 8, STATUS_SUCCESS, "abcdefg"},
      {"abcdefgh", 8, STATUS_BUFFER_OVERFLOW, "abcdefg"},
      {"abc", 1, STATUS_BUFFER_OVERFLOW, ""},
      {"", 1, STATUS_SUCCESS, ""},
  };
  for (const CopyRow& row : kRows) {
    Narrow bytes;
    EXPECT_EQ(RtlStringCbCopyA(bytes.bytes, row.room, row.source), row.status) << row.source;
    EXPECT_EQ(bytes.text(), row.text);
    EXPECT_TRUE(bytes.guarded());
    Narrow units;
    EXPECT_EQ(RtlStringCchCopyA(units.bytes, row.room, row.source), row.status) << row.source;
    EXPECT_EQ(units.text(), row.text);
    EXPECT_TRUE(units.guarded());
  }
}

TEST(RtlSafeString, RefusesWhatIsNoDestinationOrNoSource) {
  Narrow out;
  EXPECT_EQ(RtlStringCbCopyA(out.bytes, 0, "a"), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCbCopyA(nullptr, 8, "a"), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCbCopyA(out.bytes, 8, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCbCopyA(out.bytes, std::size_t{NTSTRSAFE_MAX_CCH} + 1, "a"),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCchCopyA(out.bytes, SIZE_MAX, "a"), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCbCopyNA(out.bytes, 8, "a", SIZE_MAX), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCbCopyExA(out.bytes, 8, "a", nullptr, nullptr, 0x2000),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCbPrintfA(out.bytes, 8, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(out.whole(), "########");
}

TEST(RtlSafeString, CountsBytesOrCharacters) {
  WCHAR wide[4] = {};
  EXPECT_EQ(RtlStringCchCopyW(wide, 4, u"abc"), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(wide), u"abc");
  EXPECT_EQ(RtlStringCbCopyW(wide, 8, u"xyz"), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(wide), u"xyz");
  EXPECT_EQ(RtlStringCbCopyW(wide, 7, u"abc"), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(std::u16string(wide), u"ab");
  EXPECT_EQ(RtlStringCbCopyW(wide, 1, u"abc"), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCchCopyW(wide, SIZE_MAX, u"a"), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(std::u16string(wide), u"ab");
}

TEST(RtlSafeString, LimitsWhatItTakesFromASource) {
  const char unterminated[3] = {'a', 'b', 'c'};
  Narrow out;
  EXPECT_EQ(RtlStringCbCopyNA(out.bytes, 8, unterminated, 3), STATUS_SUCCESS);
  EXPECT_EQ(out.text(), "abc");
  EXPECT_EQ(RtlStringCchCatNA(out.bytes, 8, unterminated, 2), STATUS_SUCCESS);
  EXPECT_EQ(out.text(), "abcab");
  EXPECT_EQ(RtlStringCchCatNA(out.bytes, 8, unterminated, 3), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(out.text(), "abcabab");
  EXPECT_EQ(RtlStringCbCopyNA(out.bytes, 8, "xy", 100), STATUS_SUCCESS);
  EXPECT_EQ(out.text(), "xy");
  EXPECT_EQ(RtlStringCbCopyNA(out.bytes, 8, "xy", 0), STATUS_SUCCESS);
  EXPECT_EQ(out.text(), "");
  WCHAR wide[8];
  EXPECT_EQ(RtlStringCbCopyNW(wide, sizeof wide, u"abcd", 5), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(wide), u"ab");
  EXPECT_EQ(RtlStringCbCatNW(wide, sizeof wide, u"cdef", 4), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(wide), u"abcd");
}

TEST(RtlSafeString, AppendsAndCuts) {
  Narrow out;
  EXPECT_EQ(RtlStringCbCatA(out.bytes, 8, "a"), STATUS_INVALID_PARAMETER);  // No zero in it.
  EXPECT_EQ(out.whole(), "########");
  out.bytes[0] = 0;
  EXPECT_EQ(RtlStringCbCatA(out.bytes, 8, "abcd"), STATUS_SUCCESS);
  EXPECT_EQ(RtlStringCchCatA(out.bytes, 8, "efg"), STATUS_SUCCESS);
  EXPECT_EQ(out.text(), "abcdefg");
  EXPECT_EQ(RtlStringCchCatA(out.bytes, 8, ""), STATUS_SUCCESS);
  EXPECT_EQ(RtlStringCchCatA(out.bytes, 8, "h"), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(out.text(), "abcdefg");
  EXPECT_TRUE(out.guarded());
}

TEST(RtlSafeString, PrintsInTheLanguageOfNt) {
  char narrow[64];
  EXPECT_EQ(RtlStringCbPrintfA(narrow, sizeof narrow, "%lx %I64u %S", 0xC0000005u, 0xFFFFFFFFFFull,
                               u"wide"),
            STATUS_SUCCESS);
  EXPECT_EQ(std::string(narrow), "c0000005 1099511627775 wide");
  WCHAR wide[64];
  UNICODE_STRING counted = {4, 4, const_cast<PWSTR>(u"ab")};
  EXPECT_EQ(RtlStringCchPrintfW(wide, 64, u"%s %wZ %S %08lX", u"wide", &counted, "narrow", 0xABCu),
            STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(wide), u"wide ab narrow 00000ABC");
  Narrow out;
  EXPECT_EQ(RtlStringCchPrintfA(out.bytes, 8, "%d", 123456789), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(out.text(), "1234567");
  EXPECT_TRUE(out.guarded());
}

NTSTATUS print_twice(char* out, std::size_t room, const char* text, ...) {
  va_list arguments;
  va_start(arguments, text);
  char* end = nullptr;
  std::size_t left = 0;
  NTSTATUS status = RtlStringCchVPrintfExA(out, room, &end, &left, 0, text, arguments);
  if (NT_SUCCESS(status)) status = RtlStringCbVPrintfA(end, left, text, arguments);
  va_end(arguments);
  return status;
}

TEST(RtlSafeString, PrintsAVaListAgain) {
  char out[16];
  EXPECT_EQ(print_twice(out, sizeof out, "%d-", 7), STATUS_SUCCESS);
  EXPECT_EQ(std::string(out), "7-7-");
}

TEST(RtlSafeString, TellsTheEndAndWhatIsLeft) {
  Narrow out;
  char* end = nullptr;
  std::size_t left = 99;
  EXPECT_EQ(RtlStringCbCopyExA(out.bytes, 8, "abc", &end, &left, 0), STATUS_SUCCESS);
  EXPECT_EQ(end, out.bytes + 3);
  EXPECT_EQ(left, 5u);
  EXPECT_EQ(RtlStringCbCatExA(out.bytes, 8, "defghi", &end, &left, 0), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(end, out.bytes + 7);
  EXPECT_EQ(left, 1u);
  left = 99;
  EXPECT_EQ(RtlStringCbCatExA(out.bytes, 8, nullptr, &end, &left, 0), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(left, 99u);
  WCHAR wide[8];
  WCHAR* wide_end = nullptr;
  EXPECT_EQ(RtlStringCbPrintfExW(wide, 15, &wide_end, &left, 0, u"%u", 42u), STATUS_SUCCESS);
  EXPECT_EQ(wide_end, wide + 2);
  EXPECT_EQ(left, 11u);
  EXPECT_EQ(RtlStringCchPrintfExW(wide, 8, &wide_end, &left, 0, u"%u", 42u), STATUS_SUCCESS);
  EXPECT_EQ(left, 6u);
}

TEST(RtlSafeString, TakesNullWhereAsked) {
  Narrow out;
  char* end = out.bytes;
  std::size_t left = 99;
  EXPECT_EQ(RtlStringCbCopyExA(out.bytes, 8, nullptr, &end, &left, STRSAFE_IGNORE_NULLS),
            STATUS_SUCCESS);
  EXPECT_EQ(out.text(), "");
  EXPECT_EQ(left, 8u);
  EXPECT_EQ(RtlStringCbCopyExA(nullptr, 0, "", &end, &left, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
  EXPECT_EQ(end, nullptr);
  EXPECT_EQ(left, 0u);
  EXPECT_EQ(RtlStringCbCopyExA(nullptr, 0, "a", &end, &left, STRSAFE_IGNORE_NULLS),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCbCopyExA(out.bytes, 0, "a", &end, &left, STRSAFE_IGNORE_NULLS),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCbCopyExA(nullptr, 8, "", &end, &left, STRSAFE_IGNORE_NULLS),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCbPrintfExA(out.bytes, 8, &end, &left, STRSAFE_IGNORE_NULLS, nullptr),
            STATUS_SUCCESS);
  EXPECT_EQ(RtlStringCbCatExA(nullptr, 0, nullptr, nullptr, nullptr, STRSAFE_IGNORE_NULLS),
            STATUS_SUCCESS);
}

struct FlagRow {
  const char* source;
  DWORD flags;
  NTSTATUS status;
  std::string whole;  // All eight characters of a destination that held "ab".
};

TEST(RtlSafeString, DoesWhatTheFlagsSayWhenItCopies) {
  const FlagRow rows[] = {
      {"xyz", STRSAFE_FILL_BYTE('.'), STATUS_SUCCESS, std::string("xyz\0....", 8)},
      {"xyz", STRSAFE_FAILURE_BYTE('.'), STATUS_SUCCESS, std::string("xyz\0####", 8)},
      {"0123456789", STRSAFE_FILL_BYTE('.'), STATUS_BUFFER_OVERFLOW, std::string("0123456\0", 8)},
      {"0123456789", STRSAFE_FAILURE_BYTE('.'), STATUS_BUFFER_OVERFLOW,
       std::string(".......\0", 8)},
      {"0123456789", STRSAFE_NULL_ON_FAILURE, STATUS_BUFFER_OVERFLOW,
       std::string("\000123456\0", 8)},
      {"0123456789", STRSAFE_NO_TRUNCATION, STATUS_BUFFER_OVERFLOW, std::string("\0b\0#####", 8)},
      {"0123456789", STRSAFE_NO_TRUNCATION | STRSAFE_FAILURE_BYTE('.'), STATUS_BUFFER_OVERFLOW,
       std::string(".......\0", 8)},
      {"0123456", STRSAFE_NO_TRUNCATION, STATUS_SUCCESS, std::string("0123456\0", 8)},
      {nullptr, STRSAFE_FAILURE_BYTE('.'), STATUS_INVALID_PARAMETER, std::string(".......\0", 8)},
      {nullptr, STRSAFE_NULL_ON_FAILURE, STATUS_INVALID_PARAMETER, std::string("\0b\0#####", 8)},
  };
  for (const FlagRow& row : rows) {
    Narrow out;
    out.bytes[0] = 'a';
    out.bytes[1] = 'b';
    out.bytes[2] = 0;
    const NTSTATUS status =
        RtlStringCbCopyExA(out.bytes, 8, row.source, nullptr, nullptr, row.flags);
    EXPECT_EQ(status, row.status) << std::hex << row.flags;
    EXPECT_EQ(out.whole(), row.whole) << std::hex << row.flags;
    EXPECT_TRUE(out.guarded());
  }
}

TEST(RtlSafeString, LeavesWhatWasThereWhenNoTruncationIsAsked) {
  Narrow out;
  std::size_t left = 0;
  ASSERT_EQ(RtlStringCbCopyA(out.bytes, 8, "abc"), STATUS_SUCCESS);
  EXPECT_EQ(RtlStringCbCatExA(out.bytes, 8, "defgh", nullptr, &left, STRSAFE_NO_TRUNCATION),
            STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(out.text(), "abc");
  EXPECT_EQ(left, 5u);
  EXPECT_EQ(
      RtlStringCbPrintfExA(out.bytes, 8, nullptr, nullptr, STRSAFE_NO_TRUNCATION, "%d", 123456789),
      STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(out.text(), "abc");
  EXPECT_EQ(RtlStringCbPrintfExA(out.bytes, 8, nullptr, nullptr, STRSAFE_NO_TRUNCATION, "%d", 1),
            STATUS_SUCCESS);
  EXPECT_EQ(out.text(), "1");
}

TEST(RtlSafeString, EmptiesOrFillsAnUnterminatedDestinationWhenAsked) {
  Narrow out;
  EXPECT_EQ(RtlStringCbCatExA(out.bytes, 8, "a", nullptr, nullptr, STRSAFE_FAILURE_BYTE('.')),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(out.text(), ".......");
  EXPECT_TRUE(out.guarded());
}

TEST(RtlSafeString, FillsWideTextByteByByte) {
  WCHAR wide[4] = {u'#', u'#', u'#', u'#'};
  EXPECT_EQ(RtlStringCchCopyExW(wide, 4, u"a", nullptr, nullptr, STRSAFE_FILL_BYTE(0xAB)),
            STATUS_SUCCESS);
  EXPECT_EQ(wide[1], 0);
  EXPECT_EQ(wide[2], 0xABAB);
  EXPECT_EQ(wide[3], 0xABAB);
}

TEST(RtlSafeString, MeasuresWithinALimit) {
  std::size_t length = 99;
  EXPECT_EQ(RtlStringCbLengthA("abc", 4, &length), STATUS_SUCCESS);
  EXPECT_EQ(length, 3u);
  EXPECT_EQ(RtlStringCbLengthA("abc", 3, &length), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(length, 0u);
  EXPECT_EQ(RtlStringCchLengthW(u"abc", NTSTRSAFE_MAX_CCH, &length), STATUS_SUCCESS);
  EXPECT_EQ(length, 3u);
  EXPECT_EQ(RtlStringCbLengthW(u"abc", 8, &length), STATUS_SUCCESS);
  EXPECT_EQ(length, 6u);
  EXPECT_EQ(RtlStringCbLengthW(u"abc", 7, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCchLengthA("abc", 4, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(RtlStringCchLengthA(nullptr, 4, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCchLengthA("abc", std::size_t{NTSTRSAFE_MAX_CCH} + 1, nullptr),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlUnalignedStringCbLengthW(u"ab", 6, &length), STATUS_SUCCESS);
  EXPECT_EQ(length, 4u);
  EXPECT_EQ(RtlUnalignedStringCchLengthW(u"ab", 2, &length), STATUS_INVALID_PARAMETER);
}

TEST(RtlSafeString, CopiesCountedStrings) {
  WCHAR text[] = {u'a', u'b', u'c', u'd'};
  UNICODE_STRING counted = {8, 8, text};
  WCHAR out[8];
  EXPECT_EQ(RtlStringCchCopyUnicodeString(out, 5, &counted), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(out), u"abcd");
  EXPECT_EQ(RtlStringCbCopyUnicodeString(out, 6, &counted), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(std::u16string(out), u"ab");
  std::size_t left = 0;
  EXPECT_EQ(RtlStringCbCopyUnicodeStringEx(out, sizeof out, nullptr, nullptr, &left,
                                           STRSAFE_IGNORE_NULLS),
            STATUS_SUCCESS);
  EXPECT_EQ(left, sizeof out);
  EXPECT_EQ(RtlStringCchCopyUnicodeStringEx(out, 8, &counted, nullptr, &left, 0), STATUS_SUCCESS);
  EXPECT_EQ(left, 4u);
  counted.Length = 10;
  EXPECT_EQ(RtlStringCchCopyUnicodeString(out, 8, &counted), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlStringCchCopyUnicodeString(out, 8, nullptr), STATUS_INVALID_PARAMETER);
}

}  // namespace
}  // namespace wskrun::nt
