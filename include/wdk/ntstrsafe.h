/*
 * ntstrsafe.h: string functions that know the size of their destination. RtlStringCb... counts it
 * in bytes, RtlStringCch... in characters; A is narrow, W is UTF-16; both end their text with a
 * zero. RtlUnicodeString... writes counted strings and no zero. wdm/rtl_string.h has the older
 * functions on counted strings.
 *
 * They share these statuses:
 *
 *   STATUS_SUCCESS            All of the text is in the destination.
 *   STATUS_BUFFER_OVERFLOW    There is room for a part, and that part is there. A warning:
 *                             NT_SUCCESS is false.
 *   STATUS_INVALID_PARAMETER  A pointer is NULL; the destination has no room at all, is larger than
 *                             NTSTRSAFE_MAX_CCH characters, or is to be appended to and has no zero
 *                             in it; a flag does not exist; a counted string is not valid. Nothing
 *                             is written.
 *
 * The Ex forms take flags, with a fill byte in the lowest eight bits:
 *
 *   STRSAFE_IGNORE_NULLS      NULL is an empty source, and a destination for empty text, of size 0.
 *   STRSAFE_FILL_BEHIND_NULL  After success, what lies behind the text (and its zero) is filled.
 *   STRSAFE_FILL_ON_FAILURE   After a failure the whole destination is filled; its last character
 *                             becomes zero.
 *   STRSAFE_NULL_ON_FAILURE   After a failure the destination is the empty string.
 *   STRSAFE_NO_TRUNCATION     Text that does not fit is not written: copying leaves an empty
 *                             string, appending and printing leave what was there.
 *
 * and tell where the text ends and how much room is left there, its zero's included; only after
 * STATUS_SUCCESS and STATUS_BUFFER_OVERFLOW. Source and destination must not overlap.
 */
#pragma once

#include <stdarg.h>

#include <ntdef.h>
#include <ntstatus.h>

typedef char *NTSTRSAFE_PSTR, *STRSAFE_LPSTR;
typedef const char *NTSTRSAFE_PCSTR, *STRSAFE_LPCSTR;
typedef WCHAR *NTSTRSAFE_PWSTR, *STRSAFE_LPWSTR;
typedef const WCHAR *NTSTRSAFE_PCWSTR, *STRSAFE_LPCWSTR;
typedef const WCHAR UNALIGNED* NTSTRSAFE_PCUWSTR;

#define NTSTRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(WCHAR))
#define STRSAFE_MAX_CCH NTSTRSAFE_MAX_CCH
#define STRSAFE_MAX_LENGTH NTSTRSAFE_MAX_LENGTH

#define STRSAFE_IGNORE_NULLS 0x00000100
#define STRSAFE_FILL_BEHIND_NULL 0x00000200
#define STRSAFE_FILL_ON_FAILURE 0x00000400
#define STRSAFE_NULL_ON_FAILURE 0x00000800
#define STRSAFE_NO_TRUNCATION 0x00001000
/* Their names where strings are counted. */
#define STRSAFE_FILL_BEHIND STRSAFE_FILL_BEHIND_NULL
#define STRSAFE_ZERO_LENGTH_ON_FAILURE STRSAFE_NULL_ON_FAILURE
#define STRSAFE_VALID_FLAGS                                                                 \
  (0x000000FF | STRSAFE_IGNORE_NULLS | STRSAFE_FILL_BEHIND_NULL | STRSAFE_FILL_ON_FAILURE | \
   STRSAFE_NULL_ON_FAILURE | STRSAFE_NO_TRUNCATION)
#define STRSAFE_UNICODE_STRING_VALID_FLAGS STRSAFE_VALID_FLAGS

/* A fill byte with its flag. */
#define STRSAFE_FILL_BYTE(x) ((DWORD)(((x)&0x000000FF) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(x) ((DWORD)(((x)&0x000000FF) | STRSAFE_FILL_ON_FAILURE))
#define STRSAFE_GET_FILL_PATTERN(dwFlags) ((int)((dwFlags)&0x000000FF))

EXTERN_C_START

/*
 * RtlStringCbCopyA: copy a string.
 *
 *   cbDest  Size of the destination in bytes, its zero included.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbcopya
 */
NTSYSAPI NTSTATUS RtlStringCbCopyA(_Out_writes_bytes_(cbDest) NTSTRSAFE_PSTR pszDest,
                                   _In_ size_t cbDest, _In_ NTSTRSAFE_PCSTR pszSrc);
NTSYSAPI NTSTATUS RtlStringCbCopyW(_Out_writes_bytes_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                   _In_ size_t cbDest, _In_ NTSTRSAFE_PCWSTR pszSrc);
NTSYSAPI NTSTATUS RtlStringCchCopyA(_Out_writes_(cchDest) NTSTRSAFE_PSTR pszDest,
                                    _In_ size_t cchDest, _In_ NTSTRSAFE_PCSTR pszSrc);
NTSYSAPI NTSTATUS RtlStringCchCopyW(_Out_writes_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                    _In_ size_t cchDest, _In_ NTSTRSAFE_PCWSTR pszSrc);

/*
 * RtlStringCbCopyExA: copy a string, with flags.
 *
 *   ppszDestEnd   Set to the zero that ends the text.
 *   pcbRemaining  Set to the bytes from there to the end of the destination.
 *   dwFlags       STRSAFE_xxx and a fill byte.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbcopyexa
 */
NTSYSAPI NTSTATUS RtlStringCbCopyExA(_Out_writes_bytes_opt_(cbDest) NTSTRSAFE_PSTR pszDest,
                                     _In_ size_t cbDest, _In_opt_ NTSTRSAFE_PCSTR pszSrc,
                                     _Outptr_opt_result_maybenull_ NTSTRSAFE_PSTR* ppszDestEnd,
                                     _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlStringCbCopyExW(_Out_writes_bytes_opt_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                     _In_ size_t cbDest, _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                     _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                     _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlStringCchCopyExA(_Out_writes_opt_(cchDest) NTSTRSAFE_PSTR pszDest,
                                      _In_ size_t cchDest, _In_opt_ NTSTRSAFE_PCSTR pszSrc,
                                      _Outptr_opt_result_maybenull_ NTSTRSAFE_PSTR* ppszDestEnd,
                                      _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlStringCchCopyExW(_Out_writes_opt_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                      _In_ size_t cchDest, _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                      _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                      _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags);

/*
 * RtlStringCbCopyNA: copy at most cbToCopy bytes (cchToCopy characters) of a string, and a zero.
 * The source need not have one within them.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER: see above, or more
 *          than NTSTRSAFE_MAX_CCH characters are to be copied.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbcopyna
 */
NTSYSAPI NTSTATUS RtlStringCbCopyNA(_Out_writes_bytes_(cbDest) NTSTRSAFE_PSTR pszDest,
                                    _In_ size_t cbDest, _In_ NTSTRSAFE_PCSTR pszSrc,
                                    _In_ size_t cbToCopy);
NTSYSAPI NTSTATUS RtlStringCbCopyNW(_Out_writes_bytes_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                    _In_ size_t cbDest, _In_ NTSTRSAFE_PCWSTR pszSrc,
                                    _In_ size_t cbToCopy);
NTSYSAPI NTSTATUS RtlStringCchCopyNA(_Out_writes_(cchDest) NTSTRSAFE_PSTR pszDest,
                                     _In_ size_t cchDest, _In_ NTSTRSAFE_PCSTR pszSrc,
                                     _In_ size_t cchToCopy);
NTSYSAPI NTSTATUS RtlStringCchCopyNW(_Out_writes_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                     _In_ size_t cchDest, _In_ NTSTRSAFE_PCWSTR pszSrc,
                                     _In_ size_t cchToCopy);

/*
 * RtlStringCbCopyNExA: the same with flags.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbcopynexa
 */
NTSYSAPI NTSTATUS RtlStringCbCopyNExA(_Out_writes_bytes_opt_(cbDest) NTSTRSAFE_PSTR pszDest,
                                      _In_ size_t cbDest, _In_opt_ NTSTRSAFE_PCSTR pszSrc,
                                      _In_ size_t cbToCopy,
                                      _Outptr_opt_result_maybenull_ NTSTRSAFE_PSTR* ppszDestEnd,
                                      _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlStringCbCopyNExW(_Out_writes_bytes_opt_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                      _In_ size_t cbDest, _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                      _In_ size_t cbToCopy,
                                      _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                      _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlStringCchCopyNExA(_Out_writes_opt_(cchDest) NTSTRSAFE_PSTR pszDest,
                                       _In_ size_t cchDest, _In_opt_ NTSTRSAFE_PCSTR pszSrc,
                                       _In_ size_t cchToCopy,
                                       _Outptr_opt_result_maybenull_ NTSTRSAFE_PSTR* ppszDestEnd,
                                       _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlStringCchCopyNExW(_Out_writes_opt_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                       _In_ size_t cchDest, _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                       _In_ size_t cchToCopy,
                                       _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                       _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags);

/*
 * RtlStringCbCatA: append a string to the one in the destination.
 *
 *   cbDest  Size of the whole destination in bytes.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbcata
 */
NTSYSAPI NTSTATUS RtlStringCbCatA(_Inout_updates_bytes_(cbDest) NTSTRSAFE_PSTR pszDest,
                                  _In_ size_t cbDest, _In_ NTSTRSAFE_PCSTR pszSrc);
NTSYSAPI NTSTATUS RtlStringCbCatW(_Inout_updates_bytes_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                  _In_ size_t cbDest, _In_ NTSTRSAFE_PCWSTR pszSrc);
NTSYSAPI NTSTATUS RtlStringCchCatA(_Inout_updates_(cchDest) NTSTRSAFE_PSTR pszDest,
                                   _In_ size_t cchDest, _In_ NTSTRSAFE_PCSTR pszSrc);
NTSYSAPI NTSTATUS RtlStringCchCatW(_Inout_updates_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                   _In_ size_t cchDest, _In_ NTSTRSAFE_PCWSTR pszSrc);

/*
 * RtlStringCbCatExA: the same with flags.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbcatexa
 */
NTSYSAPI NTSTATUS RtlStringCbCatExA(_Inout_updates_bytes_opt_(cbDest) NTSTRSAFE_PSTR pszDest,
                                    _In_ size_t cbDest, _In_opt_ NTSTRSAFE_PCSTR pszSrc,
                                    _Outptr_opt_result_maybenull_ NTSTRSAFE_PSTR* ppszDestEnd,
                                    _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlStringCbCatExW(_Inout_updates_bytes_opt_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                    _In_ size_t cbDest, _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                    _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                    _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlStringCchCatExA(_Inout_updates_opt_(cchDest) NTSTRSAFE_PSTR pszDest,
                                     _In_ size_t cchDest, _In_opt_ NTSTRSAFE_PCSTR pszSrc,
                                     _Outptr_opt_result_maybenull_ NTSTRSAFE_PSTR* ppszDestEnd,
                                     _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlStringCchCatExW(_Inout_updates_opt_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                     _In_ size_t cchDest, _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                     _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                     _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags);

/*
 * RtlStringCbCatNA: append at most cbToAppend bytes (cchToAppend characters) of a string.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER: see above, or more
 *          than NTSTRSAFE_MAX_CCH characters are to be appended.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbcatna
 */
NTSYSAPI NTSTATUS RtlStringCbCatNA(_Inout_updates_bytes_(cbDest) NTSTRSAFE_PSTR pszDest,
                                   _In_ size_t cbDest, _In_ NTSTRSAFE_PCSTR pszSrc,
                                   _In_ size_t cbToAppend);
NTSYSAPI NTSTATUS RtlStringCbCatNW(_Inout_updates_bytes_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                   _In_ size_t cbDest, _In_ NTSTRSAFE_PCWSTR pszSrc,
                                   _In_ size_t cbToAppend);
NTSYSAPI NTSTATUS RtlStringCchCatNA(_Inout_updates_(cchDest) NTSTRSAFE_PSTR pszDest,
                                    _In_ size_t cchDest, _In_ NTSTRSAFE_PCSTR pszSrc,
                                    _In_ size_t cchToAppend);
NTSYSAPI NTSTATUS RtlStringCchCatNW(_Inout_updates_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                    _In_ size_t cchDest, _In_ NTSTRSAFE_PCWSTR pszSrc,
                                    _In_ size_t cchToAppend);

/*
 * RtlStringCbCatNExA: the same with flags.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbcatnexa
 */
NTSYSAPI NTSTATUS RtlStringCbCatNExA(_Inout_updates_bytes_opt_(cbDest) NTSTRSAFE_PSTR pszDest,
                                     _In_ size_t cbDest, _In_opt_ NTSTRSAFE_PCSTR pszSrc,
                                     _In_ size_t cbToAppend,
                                     _Outptr_opt_result_maybenull_ NTSTRSAFE_PSTR* ppszDestEnd,
                                     _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlStringCbCatNExW(_Inout_updates_bytes_opt_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                     _In_ size_t cbDest, _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                     _In_ size_t cbToAppend,
                                     _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                     _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlStringCchCatNExA(_Inout_updates_opt_(cchDest) NTSTRSAFE_PSTR pszDest,
                                      _In_ size_t cchDest, _In_opt_ NTSTRSAFE_PCSTR pszSrc,
                                      _In_ size_t cchToAppend,
                                      _Outptr_opt_result_maybenull_ NTSTRSAFE_PSTR* ppszDestEnd,
                                      _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlStringCchCatNExW(_Inout_updates_opt_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                      _In_ size_t cchDest, _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                      _In_ size_t cchToAppend,
                                      _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                      _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags);

/*
 * RtlStringCbPrintfA: print in NT's format language, which is DbgPrint's: %d, %u, %x and their l
 * forms take 32 bits, %I64d and %lld 64, %Iu the size of a pointer; %s is text of the
 * destination's kind, %S of the other; %wZ a UNICODE_STRING, %Z an ANSI_STRING.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbprintfa
 * Windows  Prints floating point; here the directive itself is written.
 */
NTSYSAPI NTSTATUS RtlStringCbPrintfA(_Out_writes_bytes_(cbDest) NTSTRSAFE_PSTR pszDest,
                                     _In_ size_t cbDest,
                                     _In_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat, ...);
NTSYSAPI NTSTATUS RtlStringCbPrintfW(_Out_writes_bytes_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                     _In_ size_t cbDest,
                                     _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, ...);
NTSYSAPI NTSTATUS RtlStringCchPrintfA(_Out_writes_(cchDest) NTSTRSAFE_PSTR pszDest,
                                      _In_ size_t cchDest,
                                      _In_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat, ...);
NTSYSAPI NTSTATUS RtlStringCchPrintfW(_Out_writes_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                      _In_ size_t cchDest,
                                      _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, ...);

/*
 * RtlStringCbPrintfExA: the same with flags. With STRSAFE_IGNORE_NULLS a NULL format is empty.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbprintfexa
 */
NTSYSAPI NTSTATUS RtlStringCbPrintfExA(_Out_writes_bytes_opt_(cbDest) NTSTRSAFE_PSTR pszDest,
                                       _In_ size_t cbDest,
                                       _Outptr_opt_result_maybenull_ NTSTRSAFE_PSTR* ppszDestEnd,
                                       _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags,
                                       _In_opt_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat,
                                       ...);
NTSYSAPI NTSTATUS RtlStringCbPrintfExW(_Out_writes_bytes_opt_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                       _In_ size_t cbDest,
                                       _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                       _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags,
                                       _In_opt_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat,
                                       ...);
NTSYSAPI NTSTATUS RtlStringCchPrintfExA(_Out_writes_opt_(cchDest) NTSTRSAFE_PSTR pszDest,
                                        _In_ size_t cchDest,
                                        _Outptr_opt_result_maybenull_ NTSTRSAFE_PSTR* ppszDestEnd,
                                        _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags,
                                        _In_opt_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat,
                                        ...);
NTSYSAPI NTSTATUS RtlStringCchPrintfExW(_Out_writes_opt_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                        _In_ size_t cchDest,
                                        _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                        _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags,
                                        _In_opt_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat,
                                        ...);

/*
 * RtlStringCbVPrintfA: print with the arguments in a va_list, which stays usable.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbvprintfa
 */
NTSYSAPI NTSTATUS RtlStringCbVPrintfA(_Out_writes_bytes_(cbDest) NTSTRSAFE_PSTR pszDest,
                                      _In_ size_t cbDest,
                                      _In_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat,
                                      _In_ va_list argList);
NTSYSAPI NTSTATUS RtlStringCbVPrintfW(_Out_writes_bytes_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                      _In_ size_t cbDest,
                                      _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat,
                                      _In_ va_list argList);
NTSYSAPI NTSTATUS RtlStringCchVPrintfA(_Out_writes_(cchDest) NTSTRSAFE_PSTR pszDest,
                                       _In_ size_t cchDest,
                                       _In_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat,
                                       _In_ va_list argList);
NTSYSAPI NTSTATUS RtlStringCchVPrintfW(_Out_writes_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                       _In_ size_t cchDest,
                                       _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat,
                                       _In_ va_list argList);

/*
 * RtlStringCbVPrintfExA: the same with flags.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbvprintfexa
 */
NTSYSAPI NTSTATUS RtlStringCbVPrintfExA(_Out_writes_bytes_opt_(cbDest) NTSTRSAFE_PSTR pszDest,
                                        _In_ size_t cbDest,
                                        _Outptr_opt_result_maybenull_ NTSTRSAFE_PSTR* ppszDestEnd,
                                        _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags,
                                        _In_opt_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat,
                                        _In_ va_list argList);
NTSYSAPI NTSTATUS RtlStringCbVPrintfExW(_Out_writes_bytes_opt_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                        _In_ size_t cbDest,
                                        _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                        _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags,
                                        _In_opt_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat,
                                        _In_ va_list argList);
NTSYSAPI NTSTATUS RtlStringCchVPrintfExA(_Out_writes_opt_(cchDest) NTSTRSAFE_PSTR pszDest,
                                         _In_ size_t cchDest,
                                         _Outptr_opt_result_maybenull_ NTSTRSAFE_PSTR* ppszDestEnd,
                                         _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags,
                                         _In_opt_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat,
                                         _In_ va_list argList);
NTSYSAPI NTSTATUS RtlStringCchVPrintfExW(_Out_writes_opt_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                         _In_ size_t cchDest,
                                         _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                         _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags,
                                         _In_opt_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat,
                                         _In_ va_list argList);

/*
 * RtlStringCbLengthA: the length of a string that ends within cbMax bytes (cchMax characters), its
 * zero included.
 *
 *   pcbLength  Set to the length without the zero, or to 0 when the function fails.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: psz is NULL, has no zero in there, or more
 *          than NTSTRSAFE_MAX_CCH characters were allowed.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcblengtha
 */
NTSYSAPI NTSTATUS RtlStringCbLengthA(_In_ NTSTRSAFE_PCSTR psz, _In_ size_t cbMax,
                                     _Out_opt_ size_t* pcbLength);
NTSYSAPI NTSTATUS RtlStringCbLengthW(_In_ NTSTRSAFE_PCWSTR psz, _In_ size_t cbMax,
                                     _Out_opt_ size_t* pcbLength);
NTSYSAPI NTSTATUS RtlUnalignedStringCbLengthW(_In_ const WCHAR UNALIGNED* psz, _In_ size_t cbMax,
                                              _Out_opt_ size_t* pcbLength);
NTSYSAPI NTSTATUS RtlStringCchLengthA(_In_ NTSTRSAFE_PCSTR psz, _In_ size_t cchMax,
                                      _Out_opt_ size_t* pcchLength);
NTSYSAPI NTSTATUS RtlStringCchLengthW(_In_ NTSTRSAFE_PCWSTR psz, _In_ size_t cchMax,
                                      _Out_opt_ size_t* pcchLength);
NTSYSAPI NTSTATUS RtlUnalignedStringCchLengthW(_In_ const WCHAR UNALIGNED* psz, _In_ size_t cchMax,
                                               _Out_opt_ size_t* pcchLength);

/*
 * RtlStringCbCopyUnicodeString: copy a counted string, and a zero.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbcopyunicodestring
 */
NTSYSAPI NTSTATUS RtlStringCbCopyUnicodeString(_Out_writes_bytes_(cbDest) NTSTRSAFE_PWSTR pszDest,
                                               _In_ size_t cbDest,
                                               _In_ PCUNICODE_STRING SourceString);
NTSYSAPI NTSTATUS RtlStringCchCopyUnicodeString(_Out_writes_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                                _In_ size_t cchDest,
                                                _In_ PCUNICODE_STRING SourceString);

/*
 * RtlStringCbCopyUnicodeStringEx: the same with flags.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlstringcbcopyunicodestringex
 */
NTSYSAPI NTSTATUS
RtlStringCbCopyUnicodeStringEx(_Out_writes_bytes_opt_(cbDest) NTSTRSAFE_PWSTR pszDest,
                               _In_ size_t cbDest, _In_opt_ PCUNICODE_STRING SourceString,
                               _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                               _Out_opt_ size_t* pcbRemaining, _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS
RtlStringCchCopyUnicodeStringEx(_Out_writes_opt_(cchDest) NTSTRSAFE_PWSTR pszDest,
                                _In_ size_t cchDest, _In_opt_ PCUNICODE_STRING SourceString,
                                _Outptr_opt_result_maybenull_ NTSTRSAFE_PWSTR* ppszDestEnd,
                                _Out_opt_ size_t* pcchRemaining, _In_ DWORD dwFlags);

/*
 * RtlUnicodeStringInit: let a counted string point to a zero-terminated one, which is not copied.
 * NULL gives an empty string without buffer.
 *
 *   dwFlags  STRSAFE_IGNORE_NULLS: DestinationString may be NULL when pszSrc is.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: DestinationString is NULL, or the string with
 *          its zero is longer than NTSTRSAFE_UNICODE_STRING_MAX_CCH.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlunicodestringinit
 */
NTSYSAPI NTSTATUS RtlUnicodeStringInit(_Out_ PUNICODE_STRING DestinationString,
                                       _In_opt_ NTSTRSAFE_PCWSTR pszSrc);
NTSYSAPI NTSTATUS RtlUnicodeStringInitEx(_Out_opt_ PUNICODE_STRING DestinationString,
                                         _In_opt_ NTSTRSAFE_PCWSTR pszSrc, _In_ DWORD dwFlags);

/*
 * RtlUnicodeStringValidate: whether the lengths of a counted string are even and within its buffer,
 * and a buffer is there if they are not 0.
 *
 *   dwFlags  STRSAFE_IGNORE_NULLS: SourceString may be NULL.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: it is not so.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlunicodestringvalidate
 */
NTSYSAPI NTSTATUS RtlUnicodeStringValidate(_In_ PCUNICODE_STRING SourceString);
NTSYSAPI NTSTATUS RtlUnicodeStringValidateEx(_In_opt_ PCUNICODE_STRING SourceString,
                                             _In_ DWORD dwFlags);

/*
 * RtlUnicodeStringCopy: copy a string into the buffer of a counted one, and set its Length. No zero
 * is written.
 *
 *   DestinationString  MaximumLength is the room.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlunicodestringcopy
 */
NTSYSAPI NTSTATUS RtlUnicodeStringCopy(_Out_ PUNICODE_STRING DestinationString,
                                       _In_ PCUNICODE_STRING SourceString);
NTSYSAPI NTSTATUS RtlUnicodeStringCopyString(_Out_ PUNICODE_STRING DestinationString,
                                             _In_ NTSTRSAFE_PCWSTR pszSrc);

/*
 * RtlUnicodeStringCopyEx: the same with flags.
 *
 *   RemainingString  Becomes the empty string that lies behind the text in the same buffer.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlunicodestringcopyex
 */
NTSYSAPI NTSTATUS RtlUnicodeStringCopyEx(_Out_opt_ PUNICODE_STRING DestinationString,
                                         _In_opt_ PCUNICODE_STRING SourceString,
                                         _Out_opt_ PUNICODE_STRING RemainingString,
                                         _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlUnicodeStringCopyStringEx(_Out_opt_ PUNICODE_STRING DestinationString,
                                               _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                               _Out_opt_ PUNICODE_STRING RemainingString,
                                               _In_ DWORD dwFlags);

/*
 * RtlUnicodeStringCbCopyN: copy at most cbToCopy bytes (cchToCopy characters) of a string.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER: see above, or more
 *          than NTSTRSAFE_UNICODE_STRING_MAX_CCH characters are to be copied.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlunicodestringcbcopyn
 */
NTSYSAPI NTSTATUS RtlUnicodeStringCbCopyN(_Out_ PUNICODE_STRING DestinationString,
                                          _In_ PCUNICODE_STRING SourceString, _In_ size_t cbToCopy);
NTSYSAPI NTSTATUS RtlUnicodeStringCchCopyN(_Out_ PUNICODE_STRING DestinationString,
                                           _In_ PCUNICODE_STRING SourceString,
                                           _In_ size_t cchToCopy);
NTSYSAPI NTSTATUS RtlUnicodeStringCbCopyStringN(_Out_ PUNICODE_STRING DestinationString,
                                                _In_ NTSTRSAFE_PCWSTR pszSrc, _In_ size_t cbToCopy);
NTSYSAPI NTSTATUS RtlUnicodeStringCchCopyStringN(_Out_ PUNICODE_STRING DestinationString,
                                                 _In_ NTSTRSAFE_PCWSTR pszSrc,
                                                 _In_ size_t cchToCopy);

/*
 * RtlUnicodeStringCbCopyNEx: the same with flags.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlunicodestringcbcopynex
 */
NTSYSAPI NTSTATUS RtlUnicodeStringCbCopyNEx(_Out_opt_ PUNICODE_STRING DestinationString,
                                            _In_opt_ PCUNICODE_STRING SourceString,
                                            _In_ size_t cbToCopy,
                                            _Out_opt_ PUNICODE_STRING RemainingString,
                                            _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlUnicodeStringCchCopyNEx(_Out_opt_ PUNICODE_STRING DestinationString,
                                             _In_opt_ PCUNICODE_STRING SourceString,
                                             _In_ size_t cchToCopy,
                                             _Out_opt_ PUNICODE_STRING RemainingString,
                                             _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlUnicodeStringCbCopyStringNEx(_Out_opt_ PUNICODE_STRING DestinationString,
                                                  _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                                  _In_ size_t cbToCopy,
                                                  _Out_opt_ PUNICODE_STRING RemainingString,
                                                  _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlUnicodeStringCchCopyStringNEx(_Out_opt_ PUNICODE_STRING DestinationString,
                                                   _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                                   _In_ size_t cchToCopy,
                                                   _Out_opt_ PUNICODE_STRING RemainingString,
                                                   _In_ DWORD dwFlags);

/*
 * RtlUnicodeStringCat: append a string to a counted one. No zero is written.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER: see above; a
 *          destination that is full already counts as one without room.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlunicodestringcat
 */
NTSYSAPI NTSTATUS RtlUnicodeStringCat(_Inout_ PUNICODE_STRING DestinationString,
                                      _In_ PCUNICODE_STRING SourceString);
NTSYSAPI NTSTATUS RtlUnicodeStringCatString(_Inout_ PUNICODE_STRING DestinationString,
                                            _In_ NTSTRSAFE_PCWSTR pszSrc);

/*
 * RtlUnicodeStringCatEx: the same with flags.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlunicodestringcatex
 */
NTSYSAPI NTSTATUS RtlUnicodeStringCatEx(_Inout_opt_ PUNICODE_STRING DestinationString,
                                        _In_opt_ PCUNICODE_STRING SourceString,
                                        _Out_opt_ PUNICODE_STRING RemainingString,
                                        _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlUnicodeStringCatStringEx(_Inout_opt_ PUNICODE_STRING DestinationString,
                                              _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                              _Out_opt_ PUNICODE_STRING RemainingString,
                                              _In_ DWORD dwFlags);

/*
 * RtlUnicodeStringCbCatN: append at most cbToAppend bytes (cchToAppend characters) of a string.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER: see above, or more
 *          than NTSTRSAFE_UNICODE_STRING_MAX_CCH characters are to be appended.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlunicodestringcbcatn
 */
NTSYSAPI NTSTATUS RtlUnicodeStringCbCatN(_Inout_ PUNICODE_STRING DestinationString,
                                         _In_ PCUNICODE_STRING SourceString,
                                         _In_ size_t cbToAppend);
NTSYSAPI NTSTATUS RtlUnicodeStringCchCatN(_Inout_ PUNICODE_STRING DestinationString,
                                          _In_ PCUNICODE_STRING SourceString,
                                          _In_ size_t cchToAppend);
NTSYSAPI NTSTATUS RtlUnicodeStringCbCatStringN(_Inout_ PUNICODE_STRING DestinationString,
                                               _In_ NTSTRSAFE_PCWSTR pszSrc,
                                               _In_ size_t cbToAppend);
NTSYSAPI NTSTATUS RtlUnicodeStringCchCatStringN(_Inout_ PUNICODE_STRING DestinationString,
                                                _In_ NTSTRSAFE_PCWSTR pszSrc,
                                                _In_ size_t cchToAppend);

/*
 * RtlUnicodeStringCbCatNEx: the same with flags.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlunicodestringcbcatnex
 */
NTSYSAPI NTSTATUS RtlUnicodeStringCbCatNEx(_Inout_opt_ PUNICODE_STRING DestinationString,
                                           _In_opt_ PCUNICODE_STRING SourceString,
                                           _In_ size_t cbToAppend,
                                           _Out_opt_ PUNICODE_STRING RemainingString,
                                           _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlUnicodeStringCchCatNEx(_Inout_opt_ PUNICODE_STRING DestinationString,
                                            _In_opt_ PCUNICODE_STRING SourceString,
                                            _In_ size_t cchToAppend,
                                            _Out_opt_ PUNICODE_STRING RemainingString,
                                            _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlUnicodeStringCbCatStringNEx(_Inout_opt_ PUNICODE_STRING DestinationString,
                                                 _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                                 _In_ size_t cbToAppend,
                                                 _Out_opt_ PUNICODE_STRING RemainingString,
                                                 _In_ DWORD dwFlags);
NTSYSAPI NTSTATUS RtlUnicodeStringCchCatStringNEx(_Inout_opt_ PUNICODE_STRING DestinationString,
                                                  _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                                  _In_ size_t cchToAppend,
                                                  _Out_opt_ PUNICODE_STRING RemainingString,
                                                  _In_ DWORD dwFlags);

/*
 * RtlUnicodeStringPrintf: print into a counted string, in the language of RtlStringCbPrintfW. No
 * zero is written.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlunicodestringprintf
 */
NTSYSAPI NTSTATUS RtlUnicodeStringPrintf(_Out_ PUNICODE_STRING DestinationString,
                                         _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat,
                                         ...);
NTSYSAPI NTSTATUS RtlUnicodeStringVPrintf(_Out_ PUNICODE_STRING DestinationString,
                                          _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat,
                                          _In_ va_list argList);

/*
 * RtlUnicodeStringPrintfEx: the same with flags.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntstrsafe/nf-ntstrsafe-rtlunicodestringprintfex
 */
NTSYSAPI NTSTATUS RtlUnicodeStringPrintfEx(
    _Out_opt_ PUNICODE_STRING DestinationString, _Out_opt_ PUNICODE_STRING RemainingString,
    _In_ DWORD dwFlags, _In_opt_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, ...);
NTSYSAPI NTSTATUS RtlUnicodeStringVPrintfEx(
    _Out_opt_ PUNICODE_STRING DestinationString, _Out_opt_ PUNICODE_STRING RemainingString,
    _In_ DWORD dwFlags, _In_opt_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat,
    _In_ va_list argList);

EXTERN_C_END
