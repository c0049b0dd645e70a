// Counted strings: initialising, copying, comparing, freeing. rtl_convert.cc converts them.
#include "nt/rtl_string.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "nt/block.h"
#include "nt/rtl_case.h"

namespace wskrun::nt {

void* allocate_string(std::size_t size_bytes, const void* caller) {
  return allocate_block({.holding = Holding::kPool,
                         .size_bytes = size_bytes,
                         .tag = 'grtS',
                         .allocated_by = caller,
                         .zeroed = false});
}

namespace {

constexpr std::size_t kLongestWide = UNICODE_STRING_MAX_BYTES - sizeof(WCHAR);
constexpr std::size_t kLongestNarrow = 0xFFFE;

// Points the string at terminated text of `size_bytes`; too long a text is cut to `longest`.
template <typename String, typename Char>
void point_at(String& string, const Char* text, std::size_t size_bytes, std::size_t longest) {
  const std::size_t length = std::min(size_bytes, longest);
  string.Length = static_cast<USHORT>(length);
  string.MaximumLength = static_cast<USHORT>(length + sizeof(Char));
  string.Buffer = const_cast<Char*>(text);
}

std::size_t size_bytes_of(PCWSTR text) {
  return std::u16string_view(text).size() * sizeof(WCHAR);
}

char fold(char character) {
  return RtlUpperChar(character);
}
char16_t fold(char16_t unit) {
  return upcase(unit);
}

// The difference of the first characters that differ, or of the lengths in bytes.
template <typename Char>
LONG compare(std::basic_string_view<Char> left, std::basic_string_view<Char> right,
             bool ignore_case) {
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    const Char a = ignore_case ? fold(left[i]) : left[i];
    const Char b = ignore_case ? fold(right[i]) : right[i];
    if (a != b)
      return static_cast<LONG>(std::make_unsigned_t<Char>(a)) -
             static_cast<LONG>(std::make_unsigned_t<Char>(b));
  }
  return static_cast<LONG>(left.size() * sizeof(Char)) -
         static_cast<LONG>(right.size() * sizeof(Char));
}

template <typename Char>
bool is_prefix(std::basic_string_view<Char> prefix, std::basic_string_view<Char> text,
               bool ignore_case) {
  return prefix.size() <= text.size() &&
         compare(prefix, text.substr(0, prefix.size()), ignore_case) == 0;
}

NTSTATUS append(UNICODE_STRING& string, const void* source, std::size_t size_bytes) {
  if (string.Length + size_bytes > string.MaximumLength) return STATUS_BUFFER_TOO_SMALL;
  std::memmove(reinterpret_cast<char*>(string.Buffer) + string.Length, source, size_bytes);
  string.Length = static_cast<USHORT>(string.Length + size_bytes);
  if (string.Length + sizeof(WCHAR) <= string.MaximumLength) {
    string.Buffer[string.Length / sizeof(WCHAR)] = 0;
  }
  return STATUS_SUCCESS;
}

// `allocated_by`: who the destination's buffer is allocated for, nullptr when it is there.
NTSTATUS transform(UNICODE_STRING& destination, const UNICODE_STRING& source,
                   char16_t (*change)(char16_t), const void* allocated_by) {
  if (allocated_by != nullptr) {
    void* buffer = allocate_string(source.Length, allocated_by);
    if (buffer == nullptr) return STATUS_NO_MEMORY;
    destination = {0, source.Length, static_cast<PWCH>(buffer)};
  }
  if (source.Length > destination.MaximumLength) return STATUS_BUFFER_OVERFLOW;
  const std::u16string_view text = view_of(source);
  std::transform(text.begin(), text.end(), destination.Buffer, change);
  destination.Length = source.Length;
  return STATUS_SUCCESS;
}

template <typename String>
void free_string(String& string) {
  if (string.Buffer != nullptr) ExFreePool(string.Buffer);
  string = {};
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

void RtlInitString(PSTRING DestinationString, PCSZ SourceString) {
  *DestinationString = {};
  if (SourceString == nullptr) return;
  point_at(*DestinationString, SourceString, std::strlen(SourceString), kLongestNarrow);
}

void RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString) {
  RtlInitString(DestinationString, SourceString);
}

void RtlInitUTF8String(PUTF8_STRING DestinationString, PCSZ SourceString) {
  RtlInitString(DestinationString, SourceString);
}

NTSTATUS RtlInitAnsiStringEx(PANSI_STRING DestinationString, PCSZ SourceString) {
  *DestinationString = {};
  if (SourceString != nullptr && std::strlen(SourceString) > kLongestNarrow) {
    return STATUS_NAME_TOO_LONG;
  }
  RtlInitString(DestinationString, SourceString);
  return STATUS_SUCCESS;
}

NTSTATUS RtlInitStringEx(PSTRING DestinationString, PCSZ SourceString) {
  return RtlInitAnsiStringEx(DestinationString, SourceString);
}

NTSTATUS RtlInitUTF8StringEx(PUTF8_STRING DestinationString, PCSZ SourceString) {
  return RtlInitAnsiStringEx(DestinationString, SourceString);
}

void RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
  *DestinationString = {};
  if (SourceString == nullptr) return;
  point_at(*DestinationString, SourceString, size_bytes_of(SourceString), kLongestWide);
}

NTSTATUS RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
  *DestinationString = {};
  if (SourceString != nullptr && size_bytes_of(SourceString) > kLongestWide) {
    return STATUS_NAME_TOO_LONG;
  }
  RtlInitUnicodeString(DestinationString, SourceString);
  return STATUS_SUCCESS;
}

// What does not fit is left out.
void RtlCopyString(PSTRING DestinationString, const STRING* SourceString) {
  DestinationString->Length = 0;
  if (SourceString == nullptr) return;
  const USHORT length = std::min(SourceString->Length, DestinationString->MaximumLength);
  if (length != 0) std::memmove(DestinationString->Buffer, SourceString->Buffer, length);
  DestinationString->Length = length;
}

void RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString) {
  DestinationString->Length = 0;
  if (SourceString == nullptr) return;
  append(*DestinationString, SourceString->Buffer,
         std::min(SourceString->Length, DestinationString->MaximumLength));
}

NTSTATUS RtlAppendStringToString(PSTRING Destination, const STRING* Source) {
  if (Destination->Length + Source->Length > Destination->MaximumLength) {
    return STATUS_BUFFER_TOO_SMALL;
  }
  std::memmove(Destination->Buffer + Destination->Length, Source->Buffer, Source->Length);
  Destination->Length = static_cast<USHORT>(Destination->Length + Source->Length);
  return STATUS_SUCCESS;
}

BOOLEAN RtlCreateUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
  const std::size_t size_bytes = size_bytes_of(SourceString);
  if (size_bytes > kLongestWide) return FALSE;
  const std::size_t with_zero = size_bytes + sizeof(WCHAR);
  void* const buffer = allocate_string(with_zero, __builtin_return_address(0));
  if (buffer == nullptr) return FALSE;
  std::memcpy(buffer, SourceString, with_zero);
  *DestinationString = {static_cast<USHORT>(size_bytes), static_cast<USHORT>(with_zero),
                        static_cast<PWCH>(buffer)};
  return TRUE;
}

NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source) {
  return Source == nullptr ? STATUS_SUCCESS : append(*Destination, Source, size_bytes_of(Source));
}

NTSTATUS RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source) {
  return append(*Destination, Source->Buffer, Source->Length);
}

LONG RtlCompareString(const STRING* String1, const STRING* String2, BOOLEAN CaseInSensitive) {
  return compare(view_of(*String1), view_of(*String2), CaseInSensitive);
}

BOOLEAN RtlEqualString(const STRING* String1, const STRING* String2, BOOLEAN CaseInSensitive) {
  return compare(view_of(*String1), view_of(*String2), CaseInSensitive) == 0;
}

BOOLEAN RtlPrefixString(const STRING* String1, const STRING* String2, BOOLEAN CaseInSensitive) {
  return is_prefix(view_of(*String1), view_of(*String2), CaseInSensitive);
}

LONG RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                             BOOLEAN CaseInSensitive) {
  return compare(view_of(*String1), view_of(*String2), CaseInSensitive);
}

BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                              BOOLEAN CaseInSensitive) {
  return compare(view_of(*String1), view_of(*String2), CaseInSensitive) == 0;
}

BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                               BOOLEAN CaseInSensitive) {
  return is_prefix(view_of(*String1), view_of(*String2), CaseInSensitive);
}

NTSTATUS RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive, ULONG HashAlgorithm,
                              PULONG HashValue) {
  if (HashAlgorithm > HASH_STRING_ALGORITHM_X65599) return STATUS_INVALID_PARAMETER;
  ULONG hash = 0;
  for (const char16_t unit : view_of(*String)) {
    hash = hash * 65599 + (CaseInSensitive ? upcase(unit) : unit);
  }
  *HashValue = hash;
  return STATUS_SUCCESS;
}

NTSTATUS RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                BOOLEAN AllocateDestinationString) {
  return transform(*DestinationString, *SourceString, upcase,
                   AllocateDestinationString ? __builtin_return_address(0) : nullptr);
}

NTSTATUS RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                  BOOLEAN AllocateDestinationString) {
  return transform(*DestinationString, *SourceString, downcase,
                   AllocateDestinationString ? __builtin_return_address(0) : nullptr);
}

CHAR RtlUpperChar(CHAR Character) {
  return Character >= 'a' && Character <= 'z' ? static_cast<CHAR>(Character - 'a' + 'A')
                                              : Character;
}

void RtlUpperString(PSTRING DestinationString, const STRING* SourceString) {
  RtlCopyString(DestinationString, SourceString);
  std::transform(DestinationString->Buffer, DestinationString->Buffer + DestinationString->Length,
                 DestinationString->Buffer, RtlUpperChar);
}

void RtlFreeUnicodeString(PUNICODE_STRING UnicodeString) {
  free_string(*UnicodeString);
}

void RtlFreeAnsiString(PANSI_STRING AnsiString) {
  free_string(*AnsiString);
}

void RtlFreeUTF8String(PUTF8_STRING utf8String) {
  free_string(*utf8String);
}

}  // extern "C"
