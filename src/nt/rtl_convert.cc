// Conversions between narrow and wide strings, and between strings and numbers. Narrow text is
// UTF-8 throughout; Windows has a code page there.
#include <algorithm>
#include <cstring>
#include <string>

#include "nt/rtl_string.h"
#include "nt/utf.h"

using namespace wskrun::nt;

namespace {

// Text converted whole, and whether all of it meant something.
template <typename Char>
struct Converted {
  std::basic_string<Char> text;
  bool all_mapped = true;
};

template <typename To, typename From>
Converted<To> convert(std::basic_string_view<From> source) {
  Converted<To> converted;
  while (!source.empty()) {
    const Decoded next = decode(source.data(), source.size());
    To units[4];
    converted.text.append(units, encode(next.character, units));
    converted.all_mapped &= next.valid;
    source.remove_prefix(next.units);
  }
  return converted;
}

// Where a conversion into a counted string goes.
struct Target {
  bool allocate;
  bool keep_what_fits;  // In place of nothing, when the buffer is too small.
  const void* caller;
};

// Writes the text and a zero behind it, for which there must be room.
template <typename String, typename Char>
NTSTATUS put(String& string, const std::basic_string<Char>& text, const Target& target) {
  constexpr std::size_t kLongest = UNICODE_STRING_MAX_BYTES;
  const std::size_t with_zero = (text.size() + 1) * sizeof(Char);
  if (with_zero > kLongest) return STATUS_INVALID_PARAMETER_2;
  if (target.allocate) {
    auto* buffer = static_cast<Char*>(allocate_string(with_zero, target.caller));
    if (buffer == nullptr) return STATUS_NO_MEMORY;
    string = {0, static_cast<USHORT>(with_zero), buffer};
  }
  std::size_t units = text.size();
  const std::size_t room = string.MaximumLength / sizeof(Char);
  const bool fits = units < room;
  if (!fits) {
    if (!target.keep_what_fits || room == 0) return STATUS_BUFFER_OVERFLOW;
    units = room - 1;
  }
  std::memcpy(string.Buffer, text.data(), units * sizeof(Char));
  string.Buffer[units] = 0;
  string.Length = static_cast<USHORT>(units * sizeof(Char));
  return fits ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

// The ...N functions: no terminator; the length that is needed is always told. A character that
// does not fit whole is left out.
template <typename To, typename From>
NTSTATUS convert_into(To* destination, ULONG room_bytes, ULONG* actual_bytes,
                      std::basic_string_view<From> source) {
  const Converted<To> converted = convert<To>(source);
  const std::size_t needed = converted.text.size() * sizeof(To);
  if (actual_bytes != nullptr) *actual_bytes = static_cast<ULONG>(needed);
  const NTSTATUS mapped = converted.all_mapped ? STATUS_SUCCESS : STATUS_SOME_NOT_MAPPED;
  if (destination == nullptr) return actual_bytes != nullptr ? mapped : STATUS_INVALID_PARAMETER;
  std::basic_string_view<To> rest = converted.text;
  std::size_t units = 0;
  while (!rest.empty()) {
    const std::size_t next = decode(rest.data(), rest.size()).units;
    if ((units + next) * sizeof(To) > room_bytes) break;
    units += next;
    rest.remove_prefix(next);
  }
  std::memcpy(destination, converted.text.data(), units * sizeof(To));
  if (rest.empty()) return mapped;
  if (actual_bytes != nullptr) *actual_bytes = static_cast<ULONG>(units * sizeof(To));
  return STATUS_BUFFER_TOO_SMALL;
}

// The ANSI forms of it do not say that something is cut or unknown.
template <typename To, typename From>
NTSTATUS convert_what_fits(To* destination, ULONG room_bytes, ULONG* actual_bytes,
                           std::basic_string_view<From> source) {
  ULONG converted_bytes = 0;
  convert_into(destination, room_bytes, &converted_bytes, source);
  if (actual_bytes != nullptr) *actual_bytes = converted_bytes;
  return STATUS_SUCCESS;
}

std::u16string_view wide_text(PCWCH text, ULONG size_bytes) {
  return {text, size_bytes / sizeof(WCHAR)};
}

bool is_base(ULONG base) {
  return base == 0 || base == 2 || base == 8 || base == 10 || base == 16;
}

// Takes "0x", "0o" or "0b" off the text and returns the base it means.
template <typename Char>
ULONG take_base(std::basic_string_view<Char>& text) {
  if (text.size() < 2 || text[0] != '0') return 10;
  const ULONG base = text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : text[1] == 'b' ? 2 : 10;
  if (base != 10) text.remove_prefix(2);
  return base;
}

ULONG digit_of(ULONG unit) {
  if (unit >= '0' && unit <= '9') return unit - '0';
  if (unit >= 'A' && unit <= 'F') return unit - 'A' + 10;
  if (unit >= 'a' && unit <= 'f') return unit - 'a' + 10;
  return MAXULONG;
}

// Blanks, a sign, digits; what comes after them does not matter, and what is too large wraps.
template <typename Char>
NTSTATUS to_integer(std::basic_string_view<Char> text, ULONG base, ULONG& value) {
  if (!is_base(base)) return STATUS_INVALID_PARAMETER;
  while (!text.empty() && text.front() > 0 && text.front() <= ' ') text.remove_prefix(1);
  const bool negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  if (base == 0) base = take_base(text);
  ULONG sum = 0;
  for (; !text.empty(); text.remove_prefix(1)) {
    const ULONG digit = digit_of(static_cast<ULONG>(text.front()));
    if (digit >= base) break;
    sum = sum * base + digit;
  }
  value = negative ? 0 - sum : sum;
  return STATUS_SUCCESS;
}

NTSTATUS from_integer(ULONGLONG value, ULONG base, UNICODE_STRING& string) {
  if (!is_base(base)) return STATUS_INVALID_PARAMETER;
  if (base == 0) base = 10;
  char16_t digits[64];
  char16_t* first = digits + 64;
  do {
    *--first = u"0123456789ABCDEF"[value % base];
    value /= base;
  } while (value != 0);
  const auto length = static_cast<USHORT>((digits + 64 - first) * sizeof(char16_t));
  if (length > string.MaximumLength) return STATUS_BUFFER_OVERFLOW;
  std::memcpy(string.Buffer, first, length);
  string.Length = length;
  if (length + sizeof(char16_t) <= string.MaximumLength) string.Buffer[length / 2] = 0;
  return STATUS_SUCCESS;
}

}  // namespace

extern "C" {

NTSTATUS RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString, PCANSI_STRING SourceString,
                                      BOOLEAN AllocateDestinationString) {
  return put(*DestinationString, to_utf16(view_of(*SourceString)),
             {AllocateDestinationString != FALSE, false, __builtin_return_address(0)});
}

NTSTATUS RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString, PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString) {
  return put(*DestinationString, to_utf8(view_of(*SourceString)),
             {AllocateDestinationString != FALSE, true, __builtin_return_address(0)});
}

NTSTATUS RtlUTF8StringToUnicodeString(PUNICODE_STRING DestinationString, PUTF8_STRING SourceString,
                                      BOOLEAN AllocateDestinationString) {
  const auto converted = convert<char16_t>(view_of(*SourceString));
  const NTSTATUS status =
      put(*DestinationString, converted.text,
          {AllocateDestinationString != FALSE, false, __builtin_return_address(0)});
  return NT_SUCCESS(status) && !converted.all_mapped ? STATUS_SOME_NOT_MAPPED : status;
}

NTSTATUS RtlUnicodeStringToUTF8String(PUTF8_STRING DestinationString, PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString) {
  const auto converted = convert<char>(view_of(*SourceString));
  const NTSTATUS status =
      put(*DestinationString, converted.text,
          {AllocateDestinationString != FALSE, false, __builtin_return_address(0)});
  return NT_SUCCESS(status) && !converted.all_mapped ? STATUS_SOME_NOT_MAPPED : status;
}

ULONG RtlxAnsiStringToUnicodeSize(PCANSI_STRING AnsiString) {
  return static_cast<ULONG>((to_utf16(view_of(*AnsiString)).size() + 1) * sizeof(WCHAR));
}

ULONG RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString) {
  return static_cast<ULONG>(to_utf8(view_of(*UnicodeString)).size() + 1);
}

NTSTATUS RtlUTF8ToUnicodeN(PWSTR UnicodeStringDestination, ULONG UnicodeStringMaxByteCount,
                           PULONG UnicodeStringActualByteCount, PCCH UTF8StringSource,
                           ULONG UTF8StringByteCount) {
  if (UTF8StringSource == nullptr) return STATUS_INVALID_PARAMETER_4;
  return convert_into(UnicodeStringDestination, UnicodeStringMaxByteCount,
                      UnicodeStringActualByteCount,
                      std::string_view(UTF8StringSource, UTF8StringByteCount));
}

NTSTATUS RtlUnicodeToUTF8N(PCHAR UTF8StringDestination, ULONG UTF8StringMaxByteCount,
                           PULONG UTF8StringActualByteCount, PCWCH UnicodeStringSource,
                           ULONG UnicodeStringByteCount) {
  if (UnicodeStringSource == nullptr) return STATUS_INVALID_PARAMETER_4;
  if (UnicodeStringByteCount % sizeof(WCHAR) != 0) return STATUS_INVALID_PARAMETER_5;
  return convert_into(
      UTF8StringDestination, UTF8StringMaxByteCount, UTF8StringActualByteCount,
      std::u16string_view(UnicodeStringSource, UnicodeStringByteCount / sizeof(WCHAR)));
}

NTSTATUS RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString,
                                PULONG BytesInUnicodeString, const CHAR* MultiByteString,
                                ULONG BytesInMultiByteString) {
  return convert_what_fits(UnicodeString, MaxBytesInUnicodeString, BytesInUnicodeString,
                           std::string_view(MultiByteString, BytesInMultiByteString));
}

NTSTATUS RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                ULONG BytesInUnicodeString) {
  return convert_what_fits(MultiByteString, MaxBytesInMultiByteString, BytesInMultiByteString,
                           wide_text(UnicodeString, BytesInUnicodeString));
}

NTSTATUS RtlMultiByteToUnicodeSize(PULONG BytesInUnicodeString, const CHAR* MultiByteString,
                                   ULONG BytesInMultiByteString) {
  const std::string_view text(MultiByteString, BytesInMultiByteString);
  *BytesInUnicodeString = static_cast<ULONG>(to_utf16(text).size() * sizeof(WCHAR));
  return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeToMultiByteSize(PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                   ULONG BytesInUnicodeString) {
  *BytesInMultiByteString =
      static_cast<ULONG>(to_utf8(wide_text(UnicodeString, BytesInUnicodeString)).size());
  return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value) {
  const std::u16string_view text = view_of(*String);
  return text.empty() ? STATUS_INVALID_PARAMETER : to_integer(text, Base, *Value);
}

NTSTATUS RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value) {
  return to_integer(std::string_view(String), Base, *Value);
}

NTSTATUS RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String) {
  return from_integer(Value, Base, *String);
}

NTSTATUS RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String) {
  return from_integer(Value, Base, *String);
}

}  // extern "C"
