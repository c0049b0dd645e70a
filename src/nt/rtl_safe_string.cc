// ntstrsafe.h's functions on zero-terminated strings, RtlStringCb... and RtlStringCch...;
// rtl_safe_unicode.cc has those on counted ones, rtl_safe.h what both do to a buffer.
#include "nt/rtl_safe.h"

using namespace wskrun::nt;

namespace {

constexpr std::size_t kWholeText = NTSTRSAFE_MAX_CCH;

// Where text goes, what the Ex forms ask about it and what they want to know.
template <typename Char>
struct Target {
  SafeRoom<Char> room;
  std::size_t step;  // Bytes in which sizes are counted: 1, or those of a character.
  Char** end;
  std::size_t* remaining;
  ULONG flags;
};

template <typename Char>
Target<Char> bytes(Char* text, std::size_t size, Char** end = nullptr,
                   std::size_t* remaining = nullptr, ULONG flags = 0) {
  return {{text, size, 1}, 1, end, remaining, flags};
}

// More than a string may have stays more than that.
template <typename Char>
Target<Char> units(Char* text, std::size_t size, Char** end = nullptr,
                   std::size_t* remaining = nullptr, ULONG flags = 0) {
  const std::size_t bounded = std::min<std::size_t>(size, NTSTRSAFE_MAX_CCH + 1ull);
  return {{text, bounded * sizeof(Char), 1}, sizeof(Char), end, remaining, flags};
}

template <typename Char>
bool is_valid(const Target<Char>& target) {
  const SafeRoom<Char>& room = target.room;
  if ((target.flags & ~STRSAFE_VALID_FLAGS) != 0 || room.units() > NTSTRSAFE_MAX_CCH) return false;
  if ((target.flags & STRSAFE_IGNORE_NULLS) == 0) return room.text != nullptr && room.units() != 0;
  return room.text != nullptr || room.size_bytes == 0;
}

template <typename Char>
void report(const Target<Char>& target, std::size_t length) {
  const SafeRoom<Char>& room = target.room;
  if (target.end != nullptr) *target.end = room.text == nullptr ? nullptr : room.text + length;
  if (target.remaining != nullptr) {
    *target.remaining = (room.size_bytes - length * sizeof(Char)) / target.step;
  }
}

template <typename Char, typename Source>
NTSTATUS put(const Target<Char>& target, SafeWrite kind, const Source& source) {
  if (!is_valid(target)) return STATUS_INVALID_PARAMETER;
  const SafeRoom<Char>& room = target.room;
  const bool append = kind == SafeWrite::kAppend;
  const std::size_t old_length = append ? length_within(room.text, room.units()) : 0;
  const bool lacks_zero = append && room.units() != 0 && old_length == room.units();
  const SafeOutcome outcome =
      apply_flags(room, kind, target.flags,
                  lacks_zero ? SafeOutcome{STATUS_INVALID_PARAMETER, 0}
                             : write_text(room, old_length, kind, target.flags, source));
  if (outcome.status != STATUS_INVALID_PARAMETER) report(target, outcome.length);
  return outcome.status;
}

template <typename Char>
NTSTATUS copy(const Target<Char>& target, const Char* source, std::size_t limit = kWholeText) {
  return put(target, SafeWrite::kCopy,
             terminated_source(source, limit, NTSTRSAFE_MAX_CCH, target.flags));
}

NTSTATUS copy(const Target<char16_t>& target, PCUNICODE_STRING source) {
  return put(target, SafeWrite::kCopy,
             counted_source(source, NTSTRSAFE_UNICODE_STRING_MAX_CCH, target.flags));
}

template <typename Char>
NTSTATUS append(const Target<Char>& target, const Char* source, std::size_t limit = kWholeText) {
  return put(target, SafeWrite::kAppend,
             terminated_source(source, limit, NTSTRSAFE_MAX_CCH, target.flags));
}

template <typename Char>
NTSTATUS print(const Target<Char>& target, const Char* text, va_list arguments) {
  return put(target, SafeWrite::kPrint, printed_source(text, arguments, target.flags));
}

// `step`: bytes in which the length is counted.
template <typename Char>
NTSTATUS measure(const Char* text, std::size_t limit, std::size_t step, std::size_t* length) {
  if (length != nullptr) *length = 0;
  if (text == nullptr || limit > NTSTRSAFE_MAX_CCH) return STATUS_INVALID_PARAMETER;
  const std::size_t found = length_within(text, limit);
  if (found == limit) return STATUS_INVALID_PARAMETER;
  if (length != nullptr) *length = found * step;
  return STATUS_SUCCESS;
}

}  // namespace

extern "C" {

NTSTATUS RtlStringCbCopyA(NTSTRSAFE_PSTR pszDest, size_t cbDest, NTSTRSAFE_PCSTR pszSrc) {
  return copy(bytes(pszDest, cbDest), pszSrc);
}

NTSTATUS RtlStringCbCopyW(NTSTRSAFE_PWSTR pszDest, size_t cbDest, NTSTRSAFE_PCWSTR pszSrc) {
  return copy(bytes(pszDest, cbDest), pszSrc);
}

NTSTATUS RtlStringCchCopyA(NTSTRSAFE_PSTR pszDest, size_t cchDest, NTSTRSAFE_PCSTR pszSrc) {
  return copy(units(pszDest, cchDest), pszSrc);
}

NTSTATUS RtlStringCchCopyW(NTSTRSAFE_PWSTR pszDest, size_t cchDest, NTSTRSAFE_PCWSTR pszSrc) {
  return copy(units(pszDest, cchDest), pszSrc);
}

NTSTATUS RtlStringCbCopyExA(NTSTRSAFE_PSTR pszDest, size_t cbDest, NTSTRSAFE_PCSTR pszSrc,
                            NTSTRSAFE_PSTR* ppszDestEnd, size_t* pcbRemaining, DWORD dwFlags) {
  return copy(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), pszSrc);
}

NTSTATUS RtlStringCbCopyExW(NTSTRSAFE_PWSTR pszDest, size_t cbDest, NTSTRSAFE_PCWSTR pszSrc,
                            NTSTRSAFE_PWSTR* ppszDestEnd, size_t* pcbRemaining, DWORD dwFlags) {
  return copy(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), pszSrc);
}

NTSTATUS RtlStringCchCopyExA(NTSTRSAFE_PSTR pszDest, size_t cchDest, NTSTRSAFE_PCSTR pszSrc,
                             NTSTRSAFE_PSTR* ppszDestEnd, size_t* pcchRemaining, DWORD dwFlags) {
  return copy(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), pszSrc);
}

NTSTATUS RtlStringCchCopyExW(NTSTRSAFE_PWSTR pszDest, size_t cchDest, NTSTRSAFE_PCWSTR pszSrc,
                             NTSTRSAFE_PWSTR* ppszDestEnd, size_t* pcchRemaining, DWORD dwFlags) {
  return copy(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), pszSrc);
}

NTSTATUS RtlStringCbCopyNA(NTSTRSAFE_PSTR pszDest, size_t cbDest, NTSTRSAFE_PCSTR pszSrc,
                           size_t cbToCopy) {
  return copy(bytes(pszDest, cbDest), pszSrc, cbToCopy / sizeof(char));
}

NTSTATUS RtlStringCbCopyNW(NTSTRSAFE_PWSTR pszDest, size_t cbDest, NTSTRSAFE_PCWSTR pszSrc,
                           size_t cbToCopy) {
  return copy(bytes(pszDest, cbDest), pszSrc, cbToCopy / sizeof(char16_t));
}

NTSTATUS RtlStringCchCopyNA(NTSTRSAFE_PSTR pszDest, size_t cchDest, NTSTRSAFE_PCSTR pszSrc,
                            size_t cchToCopy) {
  return copy(units(pszDest, cchDest), pszSrc, cchToCopy);
}

NTSTATUS RtlStringCchCopyNW(NTSTRSAFE_PWSTR pszDest, size_t cchDest, NTSTRSAFE_PCWSTR pszSrc,
                            size_t cchToCopy) {
  return copy(units(pszDest, cchDest), pszSrc, cchToCopy);
}

NTSTATUS RtlStringCbCopyNExA(NTSTRSAFE_PSTR pszDest, size_t cbDest, NTSTRSAFE_PCSTR pszSrc,
                             size_t cbToCopy, NTSTRSAFE_PSTR* ppszDestEnd, size_t* pcbRemaining,
                             DWORD dwFlags) {
  return copy(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), pszSrc,
              cbToCopy / sizeof(char));
}

NTSTATUS RtlStringCbCopyNExW(NTSTRSAFE_PWSTR pszDest, size_t cbDest, NTSTRSAFE_PCWSTR pszSrc,
                             size_t cbToCopy, NTSTRSAFE_PWSTR* ppszDestEnd, size_t* pcbRemaining,
                             DWORD dwFlags) {
  return copy(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), pszSrc,
              cbToCopy / sizeof(char16_t));
}

NTSTATUS RtlStringCchCopyNExA(NTSTRSAFE_PSTR pszDest, size_t cchDest, NTSTRSAFE_PCSTR pszSrc,
                              size_t cchToCopy, NTSTRSAFE_PSTR* ppszDestEnd, size_t* pcchRemaining,
                              DWORD dwFlags) {
  return copy(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), pszSrc, cchToCopy);
}

NTSTATUS RtlStringCchCopyNExW(NTSTRSAFE_PWSTR pszDest, size_t cchDest, NTSTRSAFE_PCWSTR pszSrc,
                              size_t cchToCopy, NTSTRSAFE_PWSTR* ppszDestEnd, size_t* pcchRemaining,
                              DWORD dwFlags) {
  return copy(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), pszSrc, cchToCopy);
}

NTSTATUS RtlStringCbCatA(NTSTRSAFE_PSTR pszDest, size_t cbDest, NTSTRSAFE_PCSTR pszSrc) {
  return append(bytes(pszDest, cbDest), pszSrc);
}

NTSTATUS RtlStringCbCatW(NTSTRSAFE_PWSTR pszDest, size_t cbDest, NTSTRSAFE_PCWSTR pszSrc) {
  return append(bytes(pszDest, cbDest), pszSrc);
}

NTSTATUS RtlStringCchCatA(NTSTRSAFE_PSTR pszDest, size_t cchDest, NTSTRSAFE_PCSTR pszSrc) {
  return append(units(pszDest, cchDest), pszSrc);
}

NTSTATUS RtlStringCchCatW(NTSTRSAFE_PWSTR pszDest, size_t cchDest, NTSTRSAFE_PCWSTR pszSrc) {
  return append(units(pszDest, cchDest), pszSrc);
}

NTSTATUS RtlStringCbCatExA(NTSTRSAFE_PSTR pszDest, size_t cbDest, NTSTRSAFE_PCSTR pszSrc,
                           NTSTRSAFE_PSTR* ppszDestEnd, size_t* pcbRemaining, DWORD dwFlags) {
  return append(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), pszSrc);
}

NTSTATUS RtlStringCbCatExW(NTSTRSAFE_PWSTR pszDest, size_t cbDest, NTSTRSAFE_PCWSTR pszSrc,
                           NTSTRSAFE_PWSTR* ppszDestEnd, size_t* pcbRemaining, DWORD dwFlags) {
  return append(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), pszSrc);
}

NTSTATUS RtlStringCchCatExA(NTSTRSAFE_PSTR pszDest, size_t cchDest, NTSTRSAFE_PCSTR pszSrc,
                            NTSTRSAFE_PSTR* ppszDestEnd, size_t* pcchRemaining, DWORD dwFlags) {
  return append(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), pszSrc);
}

NTSTATUS RtlStringCchCatExW(NTSTRSAFE_PWSTR pszDest, size_t cchDest, NTSTRSAFE_PCWSTR pszSrc,
                            NTSTRSAFE_PWSTR* ppszDestEnd, size_t* pcchRemaining, DWORD dwFlags) {
  return append(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), pszSrc);
}

NTSTATUS RtlStringCbCatNA(NTSTRSAFE_PSTR pszDest, size_t cbDest, NTSTRSAFE_PCSTR pszSrc,
                          size_t cbToAppend) {
  return append(bytes(pszDest, cbDest), pszSrc, cbToAppend / sizeof(char));
}

NTSTATUS RtlStringCbCatNW(NTSTRSAFE_PWSTR pszDest, size_t cbDest, NTSTRSAFE_PCWSTR pszSrc,
                          size_t cbToAppend) {
  return append(bytes(pszDest, cbDest), pszSrc, cbToAppend / sizeof(char16_t));
}

NTSTATUS RtlStringCchCatNA(NTSTRSAFE_PSTR pszDest, size_t cchDest, NTSTRSAFE_PCSTR pszSrc,
                           size_t cchToAppend) {
  return append(units(pszDest, cchDest), pszSrc, cchToAppend);
}

NTSTATUS RtlStringCchCatNW(NTSTRSAFE_PWSTR pszDest, size_t cchDest, NTSTRSAFE_PCWSTR pszSrc,
                           size_t cchToAppend) {
  return append(units(pszDest, cchDest), pszSrc, cchToAppend);
}

NTSTATUS RtlStringCbCatNExA(NTSTRSAFE_PSTR pszDest, size_t cbDest, NTSTRSAFE_PCSTR pszSrc,
                            size_t cbToAppend, NTSTRSAFE_PSTR* ppszDestEnd, size_t* pcbRemaining,
                            DWORD dwFlags) {
  return append(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), pszSrc,
                cbToAppend / sizeof(char));
}

NTSTATUS RtlStringCbCatNExW(NTSTRSAFE_PWSTR pszDest, size_t cbDest, NTSTRSAFE_PCWSTR pszSrc,
                            size_t cbToAppend, NTSTRSAFE_PWSTR* ppszDestEnd, size_t* pcbRemaining,
                            DWORD dwFlags) {
  return append(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), pszSrc,
                cbToAppend / sizeof(char16_t));
}

NTSTATUS RtlStringCchCatNExA(NTSTRSAFE_PSTR pszDest, size_t cchDest, NTSTRSAFE_PCSTR pszSrc,
                             size_t cchToAppend, NTSTRSAFE_PSTR* ppszDestEnd, size_t* pcchRemaining,
                             DWORD dwFlags) {
  return append(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), pszSrc, cchToAppend);
}

NTSTATUS RtlStringCchCatNExW(NTSTRSAFE_PWSTR pszDest, size_t cchDest, NTSTRSAFE_PCWSTR pszSrc,
                             size_t cchToAppend, NTSTRSAFE_PWSTR* ppszDestEnd,
                             size_t* pcchRemaining, DWORD dwFlags) {
  return append(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), pszSrc, cchToAppend);
}

NTSTATUS RtlStringCbPrintfA(NTSTRSAFE_PSTR pszDest, size_t cbDest, NTSTRSAFE_PCSTR pszFormat, ...) {
  va_list arguments;
  va_start(arguments, pszFormat);
  const NTSTATUS status = print(bytes(pszDest, cbDest), pszFormat, arguments);
  va_end(arguments);
  return status;
}

NTSTATUS RtlStringCbPrintfW(NTSTRSAFE_PWSTR pszDest, size_t cbDest, NTSTRSAFE_PCWSTR pszFormat,
                            ...) {
  va_list arguments;
  va_start(arguments, pszFormat);
  const NTSTATUS status = print(bytes(pszDest, cbDest), pszFormat, arguments);
  va_end(arguments);
  return status;
}

NTSTATUS RtlStringCchPrintfA(NTSTRSAFE_PSTR pszDest, size_t cchDest, NTSTRSAFE_PCSTR pszFormat,
                             ...) {
  va_list arguments;
  va_start(arguments, pszFormat);
  const NTSTATUS status = print(units(pszDest, cchDest), pszFormat, arguments);
  va_end(arguments);
  return status;
}

NTSTATUS RtlStringCchPrintfW(NTSTRSAFE_PWSTR pszDest, size_t cchDest, NTSTRSAFE_PCWSTR pszFormat,
                             ...) {
  va_list arguments;
  va_start(arguments, pszFormat);
  const NTSTATUS status = print(units(pszDest, cchDest), pszFormat, arguments);
  va_end(arguments);
  return status;
}

NTSTATUS RtlStringCbPrintfExA(NTSTRSAFE_PSTR pszDest, size_t cbDest, NTSTRSAFE_PSTR* ppszDestEnd,
                              size_t* pcbRemaining, DWORD dwFlags, NTSTRSAFE_PCSTR pszFormat, ...) {
  va_list arguments;
  va_start(arguments, pszFormat);
  const NTSTATUS status =
      print(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), pszFormat, arguments);
  va_end(arguments);
  return status;
}

NTSTATUS RtlStringCbPrintfExW(NTSTRSAFE_PWSTR pszDest, size_t cbDest, NTSTRSAFE_PWSTR* ppszDestEnd,
                              size_t* pcbRemaining, DWORD dwFlags, NTSTRSAFE_PCWSTR pszFormat,
                              ...) {
  va_list arguments;
  va_start(arguments, pszFormat);
  const NTSTATUS status =
      print(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), pszFormat, arguments);
  va_end(arguments);
  return status;
}

NTSTATUS RtlStringCchPrintfExA(NTSTRSAFE_PSTR pszDest, size_t cchDest, NTSTRSAFE_PSTR* ppszDestEnd,
                               size_t* pcchRemaining, DWORD dwFlags, NTSTRSAFE_PCSTR pszFormat,
                               ...) {
  va_list arguments;
  va_start(arguments, pszFormat);
  const NTSTATUS status =
      print(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), pszFormat, arguments);
  va_end(arguments);
  return status;
}

NTSTATUS RtlStringCchPrintfExW(NTSTRSAFE_PWSTR pszDest, size_t cchDest,
                               NTSTRSAFE_PWSTR* ppszDestEnd, size_t* pcchRemaining, DWORD dwFlags,
                               NTSTRSAFE_PCWSTR pszFormat, ...) {
  va_list arguments;
  va_start(arguments, pszFormat);
  const NTSTATUS status =
      print(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), pszFormat, arguments);
  va_end(arguments);
  return status;
}

NTSTATUS RtlStringCbVPrintfA(NTSTRSAFE_PSTR pszDest, size_t cbDest, NTSTRSAFE_PCSTR pszFormat,
                             va_list argList) {
  return print(bytes(pszDest, cbDest), pszFormat, argList);
}

NTSTATUS RtlStringCbVPrintfW(NTSTRSAFE_PWSTR pszDest, size_t cbDest, NTSTRSAFE_PCWSTR pszFormat,
                             va_list argList) {
  return print(bytes(pszDest, cbDest), pszFormat, argList);
}

NTSTATUS RtlStringCchVPrintfA(NTSTRSAFE_PSTR pszDest, size_t cchDest, NTSTRSAFE_PCSTR pszFormat,
                              va_list argList) {
  return print(units(pszDest, cchDest), pszFormat, argList);
}

NTSTATUS RtlStringCchVPrintfW(NTSTRSAFE_PWSTR pszDest, size_t cchDest, NTSTRSAFE_PCWSTR pszFormat,
                              va_list argList) {
  return print(units(pszDest, cchDest), pszFormat, argList);
}

NTSTATUS RtlStringCbVPrintfExA(NTSTRSAFE_PSTR pszDest, size_t cbDest, NTSTRSAFE_PSTR* ppszDestEnd,
                               size_t* pcbRemaining, DWORD dwFlags, NTSTRSAFE_PCSTR pszFormat,
                               va_list argList) {
  return print(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), pszFormat, argList);
}

NTSTATUS RtlStringCbVPrintfExW(NTSTRSAFE_PWSTR pszDest, size_t cbDest, NTSTRSAFE_PWSTR* ppszDestEnd,
                               size_t* pcbRemaining, DWORD dwFlags, NTSTRSAFE_PCWSTR pszFormat,
                               va_list argList) {
  return print(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), pszFormat, argList);
}

NTSTATUS RtlStringCchVPrintfExA(NTSTRSAFE_PSTR pszDest, size_t cchDest, NTSTRSAFE_PSTR* ppszDestEnd,
                                size_t* pcchRemaining, DWORD dwFlags, NTSTRSAFE_PCSTR pszFormat,
                                va_list argList) {
  return print(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), pszFormat, argList);
}

NTSTATUS RtlStringCchVPrintfExW(NTSTRSAFE_PWSTR pszDest, size_t cchDest,
                                NTSTRSAFE_PWSTR* ppszDestEnd, size_t* pcchRemaining, DWORD dwFlags,
                                NTSTRSAFE_PCWSTR pszFormat, va_list argList) {
  return print(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), pszFormat, argList);
}

NTSTATUS RtlStringCbCopyUnicodeString(NTSTRSAFE_PWSTR pszDest, size_t cbDest,
                                      PCUNICODE_STRING SourceString) {
  return copy(bytes(pszDest, cbDest), SourceString);
}

NTSTATUS RtlStringCchCopyUnicodeString(NTSTRSAFE_PWSTR pszDest, size_t cchDest,
                                       PCUNICODE_STRING SourceString) {
  return copy(units(pszDest, cchDest), SourceString);
}

NTSTATUS RtlStringCbCopyUnicodeStringEx(NTSTRSAFE_PWSTR pszDest, size_t cbDest,
                                        PCUNICODE_STRING SourceString, NTSTRSAFE_PWSTR* ppszDestEnd,
                                        size_t* pcbRemaining, DWORD dwFlags) {
  return copy(bytes(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags), SourceString);
}

NTSTATUS RtlStringCchCopyUnicodeStringEx(NTSTRSAFE_PWSTR pszDest, size_t cchDest,
                                         PCUNICODE_STRING SourceString,
                                         NTSTRSAFE_PWSTR* ppszDestEnd, size_t* pcchRemaining,
                                         DWORD dwFlags) {
  return copy(units(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags), SourceString);
}

NTSTATUS RtlStringCbLengthA(NTSTRSAFE_PCSTR psz, size_t cbMax, size_t* pcbLength) {
  return measure(psz, cbMax / sizeof(char), sizeof(char), pcbLength);
}

NTSTATUS RtlStringCbLengthW(NTSTRSAFE_PCWSTR psz, size_t cbMax, size_t* pcbLength) {
  return measure(psz, cbMax / sizeof(char16_t), sizeof(char16_t), pcbLength);
}

NTSTATUS RtlUnalignedStringCbLengthW(const WCHAR UNALIGNED* psz, size_t cbMax, size_t* pcbLength) {
  return measure(psz, cbMax / sizeof(char16_t), sizeof(char16_t), pcbLength);
}

NTSTATUS RtlStringCchLengthA(NTSTRSAFE_PCSTR psz, size_t cchMax, size_t* pcchLength) {
  return measure(psz, cchMax, 1, pcchLength);
}

NTSTATUS RtlStringCchLengthW(NTSTRSAFE_PCWSTR psz, size_t cchMax, size_t* pcchLength) {
  return measure(psz, cchMax, 1, pcchLength);
}

NTSTATUS RtlUnalignedStringCchLengthW(const WCHAR UNALIGNED* psz, size_t cchMax,
                                      size_t* pcchLength) {
  return measure(psz, cchMax, 1, pcchLength);
}

}  // extern "C"
