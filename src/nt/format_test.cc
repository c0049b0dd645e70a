// NT's format language: each row is a directive, its argument and what Windows prints.
#include "nt/format.h"

#include <gtest/gtest.h>
#include <wdm.h>

#include <string>

#include "nt/utf.h"

namespace wskrun::nt {
namespace {

// Not checked by the compiler: that is the point of a language of our own.
std::string text_of(const char* directive, ...) {
  char buffer[256];
  va_list arguments;
  va_start(arguments, directive);
  const std::size_t length = format(buffer, sizeof buffer, directive, arguments);
  va_end(arguments);
  return std::string(buffer, length);
}

std::u16string wide_text_of(const char16_t* directive, ...) {
  char16_t buffer[256];
  va_list arguments;
  va_start(arguments, directive);
  const std::size_t length = format(buffer, std::size(buffer), directive, arguments);
  va_end(arguments);
  return std::u16string(buffer, length);
}

template <typename Argument>
struct Row {
  const char* directive;
  Argument argument;
  const char* expected;
};

template <typename Argument, std::size_t kCount>
void check(const Row<Argument> (&rows)[kCount]) {
  for (const auto& row : rows) EXPECT_EQ(text_of(row.directive, row.argument), row.expected);
}

TEST(Format, Integers) {
  check<int>({
      {"%d", -42, "-42"},
      {"%i", 42, "42"},
      {"%+d", 42, "+42"},
      {"% d", 42, " 42"},
      {"%5d|", -42, "  -42|"},
      {"%-5d|", -42, "-42  |"},
      {"%05d", -42, "-0042"},
      {"%.4d", -42, "-0042"},
      {"%8.4d|", 42, "    0042|"},
      {"%08.4d|", 42, "    0042|"},
      {"%.0d|", 0, "|"},
      {"%d", 0, "0"},
      {"%d", -2147483647 - 1, "-2147483648"},
      {"%u", -1, "4294967295"},
      {"%x", 0xBEEF, "beef"},
      {"%X", 0xBEEF, "BEEF"},
      {"%#x", 0xBEEF, "0xbeef"},
      {"%#X", 0xBEEF, "0XBEEF"},
      {"%#x", 0, "0"},
      {"%#010x", 0xBEEF, "0x0000beef"},
      {"%08lX", -0x3FFFFF4B, "C00000B5"},
      {"%o", 8, "10"},
      {"%#o", 8, "010"},
      {"%ld", -1, "-1"},  // `l` is 32 bits.
      {"%lu", -1, "4294967295"},
      {"%I32d", -1, "-1"},
      {"%hd", 0x18000, "-32768"},
      {"%hu", -1, "65535"},
      {"%hhx", -1, "ff"},
      {"%hhd", 255, "-1"},
  });
}

TEST(Format, WideIntegers) {
  check<long long>({
      {"%I64d", -1, "-1"},
      {"%I64u", -1, "18446744073709551615"},
      {"%I64x", 0x123456789abcdef0, "123456789abcdef0"},
      {"%#I64X", 0xab, "0XAB"},
      {"%lld", INT64_MIN, "-9223372036854775808"},
      {"%llu", 5, "5"},
      {"%Iu", 0x100000000, "4294967296"},
      {"%IX", 0x1FFFFFFFF, "1FFFFFFFF"},
      {"%Id", -2, "-2"},
      {"%zu", 7, "7"},
      {"%jd", -7, "-7"},
      {"%td", -7, "-7"},
      {"%016I64x", 0xab, "00000000000000ab"},
  });
}

TEST(Format, Pointers) {
  EXPECT_EQ(text_of("%p", reinterpret_cast<void*>(0xfffff80412345abc)), "FFFFF80412345ABC");
  EXPECT_EQ(text_of("%p", nullptr), "0000000000000000");
  EXPECT_EQ(text_of("%20p|", reinterpret_cast<void*>(1)), "    0000000000000001|");
}

TEST(Format, Strings) {
  check<const char*>({
      {"%s", "abc", "abc"},
      {"%5s|", "abc", "  abc|"},
      {"%-5s|", "abc", "abc  |"},
      {"%.2s|", "abc", "ab|"},
      {"%hs", "abc", "abc"},
      {"%s", nullptr, "(null)"},
      {"%.3s", nullptr, "(nu"},
  });
  check<const char16_t*>({
      {"%S", u"abc", "abc"},
      {"%ws", u"Stra\u00dfe",
       "Stra\xC3\x9F"
       "e"},
      {"%ls", u"abc", "abc"},
      {"%.1ws", u"abc", "a"},
      {"%5ws|", u"\u20ac", "  \xE2\x82\xAC|"},
      {"%S", u"\U0001F600", "\xF0\x9F\x98\x80"},
  });
  EXPECT_EQ(text_of("%.*s|%*d", 2, "abc", -4, 7), "ab|7   ");
}

TEST(Format, CountedStrings) {
  char16_t wide[] = {u'a', u'b', u'c', u'!'};  // Not terminated.
  UNICODE_STRING unicode = {6, 8, wide};
  UNICODE_STRING empty = {0, 0, nullptr};
  char narrow[] = {'x', 'y', '!'};
  STRING ansi = {2, 3, narrow};
  EXPECT_EQ(text_of("%wZ", &unicode), "abc");
  EXPECT_EQ(text_of("%lZ", &unicode), "abc");
  EXPECT_EQ(text_of("%Z", &ansi), "xy");
  EXPECT_EQ(text_of("%hZ", &ansi), "xy");
  EXPECT_EQ(text_of("%5wZ|%-5Z|", &unicode, &ansi), "  abc|xy   |");
  EXPECT_EQ(text_of("%.2wZ", &unicode), "ab");
  EXPECT_EQ(text_of("%wZ", &empty), "(null)");
  EXPECT_EQ(text_of("%wZ", nullptr), "(null)");
}

TEST(Format, Characters) {
  EXPECT_EQ(text_of("%c%C%3c|%-3c|", 'a', u'\u00e4', 'b', 'c'), "a\xC3\xA4  b|c  |");
  EXPECT_EQ(text_of("%wc%hc", u'\u20ac', 'h'),
            "\xE2\x82\xAC"
            "h");
}

TEST(Format, WideFormatsReadWideText) {
  UNICODE_STRING unicode = {4, 4, const_cast<char16_t*>(u"uv")};
  EXPECT_EQ(wide_text_of(u"%s|%S|%hs|%ws|%wZ", u"wide", "n\xC3\xA4rrow", "h", u"w", &unicode),
            u"wide|n\u00e4rrow|h|w|uv");
  EXPECT_EQ(wide_text_of(u"%-4d|%c|%C", 7, u'\u20ac', 'c'), u"7   |\u20ac|c");
}

TEST(Format, WhatIsNoDirectiveStandsForItself) {
  EXPECT_EQ(text_of("100%% %y %"), "100% y %");
  EXPECT_EQ(text_of("%5.1f %d", 1.5, 7), "%5.1f 7");  // No floating point in kernel mode.
  int written = -1;
  EXPECT_EQ(text_of("a%nb", &written), "ab");
  EXPECT_EQ(written, -1);
}

std::size_t format_into(char* buffer, std::size_t capacity, const char* directive, ...) {
  va_list arguments;
  va_start(arguments, directive);
  const std::size_t length = format(buffer, capacity, directive, arguments);
  va_end(arguments);
  return length;
}

TEST(Format, KeepsToItsBufferAndCountsTheRest) {
  char buffer[8] = "zzzzzzz";
  EXPECT_EQ(format_into(buffer, 4, "%s-%d", "abc", 12345), 9u);
  EXPECT_EQ(std::string(buffer, 7), "abc-zzz");
  EXPECT_EQ(format_into(nullptr, 0, "%999999999d", 1), 65535u);
}

TEST(Utf, ReplacesWhatIsMalformed) {
  EXPECT_EQ(decode("\xC0\x80", 2).character, kReplacement);          // Too long a form.
  EXPECT_EQ(decode("\xED\xA0\x80", 3).character, kReplacement);      // A surrogate.
  EXPECT_EQ(decode("\xF4\x90\x80\x80", 4).character, kReplacement);  // Behind the last one.
  EXPECT_EQ(decode("\xE2\x82", 2).units, 1u);                        // Cut off.
  EXPECT_EQ(decode(u"\xDC00", 1).valid, false);
  EXPECT_EQ(decode(u"\xD83D", 1).valid, false);
  const Decoded pair = decode(u"\U0001F600", 2);
  EXPECT_EQ(pair.character, U'\U0001F600');
  EXPECT_EQ(pair.units, 2u);
}

TEST(Utf, ComesBackFromBothForms) {
  for (const char32_t character :
       {U'a', U'\u07ff', U'\u0800', U'\uffff', U'\U00010000', U'\U0010ffff'}) {
    char narrow[4];
    const std::size_t bytes = encode(character, narrow);
    EXPECT_EQ(decode(narrow, bytes).character, character);
    char16_t wide[2];
    const std::size_t units = encode(character, wide);
    EXPECT_EQ(decode(wide, units).character, character);
  }
}

}  // namespace
}  // namespace wskrun::nt
