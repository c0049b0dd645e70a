// ntstrsafe.h's functions on counted strings, RtlUnicodeString...; rtl_safe_string.cc has those on
// zero-terminated ones, rtl_safe.h what both do to a buffer.
#include "nt/rtl_safe.h"

using namespace wskrun::nt;

namespace {

constexpr std::size_t kWholeText = NTSTRSAFE_UNICODE_STRING_MAX_CCH;

// Where text goes, and what the Ex forms ask and want to know.
struct Target {
  PUNICODE_STRING string;
  PUNICODE_STRING remaining = nullptr;
  ULONG flags = 0;
};

bool is_valid(const UNICODE_STRING& string) {
  if (string.Length % sizeof(WCHAR) != 0 || string.MaximumLength % sizeof(WCHAR) != 0) return false;
  if (string.Length > string.MaximumLength) return false;
  return string.Buffer != nullptr || string.MaximumLength == 0;
}

template <typename Source>
NTSTATUS put(const Target& target, SafeWrite kind, const Source& source) {
  if ((target.flags & ~STRSAFE_UNICODE_STRING_VALID_FLAGS) != 0) return STATUS_INVALID_PARAMETER;
  if (target.string == nullptr && (target.flags & STRSAFE_IGNORE_NULLS) == 0) {
    return STATUS_INVALID_PARAMETER;
  }
  UNICODE_STRING nowhere = {};
  UNICODE_STRING& string = target.string == nullptr ? nowhere : *target.string;
  if (!is_valid(string)) return STATUS_INVALID_PARAMETER;
  const SafeRoom<char16_t> room = {string.Buffer, string.MaximumLength, 0};
  const SafeOutcome outcome =
      apply_flags(room, kind, target.flags,
                  write_text(room, string.Length / sizeof(WCHAR), kind, target.flags, source));
  string.Length = static_cast<USHORT>(outcome.length * sizeof(WCHAR));
  if (target.remaining != nullptr && outcome.status != STATUS_INVALID_PARAMETER) {
    *target.remaining = {0, static_cast<USHORT>(string.MaximumLength - string.Length),
                         string.Buffer == nullptr ? nullptr : string.Buffer + outcome.length};
  }
  return outcome.status;
}

NTSTATUS copy(const Target& target, PCWSTR source, std::size_t limit = kWholeText) {
  return put(target, SafeWrite::kCopy, terminated_source(source, limit, kWholeText, target.flags));
}

NTSTATUS copy(const Target& target, PCUNICODE_STRING source, std::size_t limit = kWholeText) {
  return put(target, SafeWrite::kCopy, counted_source(source, limit, target.flags));
}

NTSTATUS append(const Target& target, PCWSTR source, std::size_t limit = kWholeText) {
  return put(target, SafeWrite::kAppend,
             terminated_source(source, limit, kWholeText, target.flags));
}

NTSTATUS append(const Target& target, PCUNICODE_STRING source, std::size_t limit = kWholeText) {
  return put(target, SafeWrite::kAppend, counted_source(source, limit, target.flags));
}

NTSTATUS print(const Target& target, PCWSTR text, va_list arguments) {
  return put(target, SafeWrite::kPrint, printed_source(text, arguments, target.flags));
}

}  // namespace

extern "C" {

NTSTATUS RtlUnicodeStringInit(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc) {
  return RtlUnicodeStringInitEx(DestinationString, pszSrc, 0);
}

NTSTATUS RtlUnicodeStringInitEx(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                DWORD dwFlags) {
  if ((dwFlags & ~STRSAFE_IGNORE_NULLS) != 0) return STATUS_INVALID_PARAMETER;
  if (DestinationString == nullptr) {
    const bool nothing = pszSrc == nullptr && dwFlags != 0;
    return nothing ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
  }
  *DestinationString = {};
  if (pszSrc == nullptr) return STATUS_SUCCESS;
  const std::size_t length = length_within(pszSrc, kWholeText);
  if (length == kWholeText) return STATUS_INVALID_PARAMETER;
  const std::size_t size_bytes = length * sizeof(WCHAR);
  *DestinationString = {static_cast<USHORT>(size_bytes),
                        static_cast<USHORT>(size_bytes + sizeof(WCHAR)), const_cast<PWSTR>(pszSrc)};
  return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringValidate(PCUNICODE_STRING SourceString) {
  return RtlUnicodeStringValidateEx(SourceString, 0);
}

NTSTATUS RtlUnicodeStringValidateEx(PCUNICODE_STRING SourceString, DWORD dwFlags) {
  if ((dwFlags & ~STRSAFE_IGNORE_NULLS) != 0) return STATUS_INVALID_PARAMETER;
  const bool valid = SourceString == nullptr ? dwFlags != 0 : is_valid(*SourceString);
  return valid ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS RtlUnicodeStringCopy(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString) {
  return copy({DestinationString}, SourceString);
}

NTSTATUS RtlUnicodeStringCopyString(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc) {
  return copy({DestinationString}, pszSrc);
}

NTSTATUS RtlUnicodeStringCopyEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                PUNICODE_STRING RemainingString, DWORD dwFlags) {
  return copy({DestinationString, RemainingString, dwFlags}, SourceString);
}

NTSTATUS RtlUnicodeStringCopyStringEx(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                      PUNICODE_STRING RemainingString, DWORD dwFlags) {
  return copy({DestinationString, RemainingString, dwFlags}, pszSrc);
}

NTSTATUS RtlUnicodeStringCbCopyN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                 size_t cbToCopy) {
  return copy({DestinationString}, SourceString, cbToCopy / sizeof(WCHAR));
}

NTSTATUS RtlUnicodeStringCchCopyN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                  size_t cchToCopy) {
  return copy({DestinationString}, SourceString, cchToCopy);
}

NTSTATUS RtlUnicodeStringCbCopyStringN(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                       size_t cbToCopy) {
  return copy({DestinationString}, pszSrc, cbToCopy / sizeof(WCHAR));
}

NTSTATUS RtlUnicodeStringCchCopyStringN(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                        size_t cchToCopy) {
  return copy({DestinationString}, pszSrc, cchToCopy);
}

NTSTATUS RtlUnicodeStringCbCopyNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                   size_t cbToCopy, PUNICODE_STRING RemainingString,
                                   DWORD dwFlags) {
  return copy({DestinationString, RemainingString, dwFlags}, SourceString,
              cbToCopy / sizeof(WCHAR));
}

NTSTATUS RtlUnicodeStringCchCopyNEx(PUNICODE_STRING DestinationString,
                                    PCUNICODE_STRING SourceString, size_t cchToCopy,
                                    PUNICODE_STRING RemainingString, DWORD dwFlags) {
  return copy({DestinationString, RemainingString, dwFlags}, SourceString, cchToCopy);
}

NTSTATUS RtlUnicodeStringCbCopyStringNEx(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                         size_t cbToCopy, PUNICODE_STRING RemainingString,
                                         DWORD dwFlags) {
  return copy({DestinationString, RemainingString, dwFlags}, pszSrc, cbToCopy / sizeof(WCHAR));
}

NTSTATUS RtlUnicodeStringCchCopyStringNEx(PUNICODE_STRING DestinationString,
                                          NTSTRSAFE_PCWSTR pszSrc, size_t cchToCopy,
                                          PUNICODE_STRING RemainingString, DWORD dwFlags) {
  return copy({DestinationString, RemainingString, dwFlags}, pszSrc, cchToCopy);
}

NTSTATUS RtlUnicodeStringCat(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString) {
  return append({DestinationString}, SourceString);
}

NTSTATUS RtlUnicodeStringCatString(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc) {
  return append({DestinationString}, pszSrc);
}

NTSTATUS RtlUnicodeStringCatEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                               PUNICODE_STRING RemainingString, DWORD dwFlags) {
  return append({DestinationString, RemainingString, dwFlags}, SourceString);
}

NTSTATUS RtlUnicodeStringCatStringEx(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                     PUNICODE_STRING RemainingString, DWORD dwFlags) {
  return append({DestinationString, RemainingString, dwFlags}, pszSrc);
}

NTSTATUS RtlUnicodeStringCbCatN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                size_t cbToAppend) {
  return append({DestinationString}, SourceString, cbToAppend / sizeof(WCHAR));
}

NTSTATUS RtlUnicodeStringCchCatN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                 size_t cchToAppend) {
  return append({DestinationString}, SourceString, cchToAppend);
}

NTSTATUS RtlUnicodeStringCbCatStringN(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                      size_t cbToAppend) {
  return append({DestinationString}, pszSrc, cbToAppend / sizeof(WCHAR));
}

NTSTATUS RtlUnicodeStringCchCatStringN(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                       size_t cchToAppend) {
  return append({DestinationString}, pszSrc, cchToAppend);
}

NTSTATUS RtlUnicodeStringCbCatNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                  size_t cbToAppend, PUNICODE_STRING RemainingString,
                                  DWORD dwFlags) {
  return append({DestinationString, RemainingString, dwFlags}, SourceString,
                cbToAppend / sizeof(WCHAR));
}

NTSTATUS RtlUnicodeStringCchCatNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                   size_t cchToAppend, PUNICODE_STRING RemainingString,
                                   DWORD dwFlags) {
  return append({DestinationString, RemainingString, dwFlags}, SourceString, cchToAppend);
}

NTSTATUS RtlUnicodeStringCbCatStringNEx(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                        size_t cbToAppend, PUNICODE_STRING RemainingString,
                                        DWORD dwFlags) {
  return append({DestinationString, RemainingString, dwFlags}, pszSrc, cbToAppend / sizeof(WCHAR));
}

NTSTATUS RtlUnicodeStringCchCatStringNEx(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                         size_t cchToAppend, PUNICODE_STRING RemainingString,
                                         DWORD dwFlags) {
  return append({DestinationString, RemainingString, dwFlags}, pszSrc, cchToAppend);
}

NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszFormat,
                                ...) {
  va_list arguments;
  va_start(arguments, pszFormat);
  const NTSTATUS status = print({DestinationString}, pszFormat, arguments);
  va_end(arguments);
  return status;
}

NTSTATUS RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszFormat,
                                 va_list argList) {
  return print({DestinationString}, pszFormat, argList);
}

NTSTATUS RtlUnicodeStringPrintfEx(PUNICODE_STRING DestinationString,
                                  PUNICODE_STRING RemainingString, DWORD dwFlags,
                                  NTSTRSAFE_PCWSTR pszFormat, ...) {
  va_list arguments;
  va_start(arguments, pszFormat);
  const NTSTATUS status =
      print({DestinationString, RemainingString, dwFlags}, pszFormat, arguments);
  va_end(arguments);
  return status;
}

NTSTATUS RtlUnicodeStringVPrintfEx(PUNICODE_STRING DestinationString,
                                   PUNICODE_STRING RemainingString, DWORD dwFlags,
                                   NTSTRSAFE_PCWSTR pszFormat, va_list argList) {
  return print({DestinationString, RemainingString, dwFlags}, pszFormat, argList);
}

}  // extern "C"
