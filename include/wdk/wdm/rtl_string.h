/*
 * rtl_string.h: counted strings: initialise, copy, compare, convert. The safe functions on
 * zero-terminated strings are in ntstrsafe.h.
 */
#pragma once

#include <wdm/types.h>

EXTERN_C_START

/*
 * RtlInitString: let a counted string point to a zero-terminated one, which is not copied. NULL
 * gives an empty string without buffer.
 *
 * IRQL     <= DISPATCH_LEVEL for resident memory
 * Returns  The Ex forms: STATUS_SUCCESS; STATUS_NAME_TOO_LONG. The others cut what is longer than
 *          65535 bytes with its zero.
 * Page     ddi/wdm/nf-wdm-rtlinitstring
 */
NTSYSAPI VOID RtlInitString(_Out_ PSTRING DestinationString, _In_opt_ PCSZ SourceString);
NTSYSAPI VOID RtlInitAnsiString(_Out_ PANSI_STRING DestinationString, _In_opt_ PCSZ SourceString);
NTSYSAPI NTSTATUS RtlInitAnsiStringEx(_Out_ PANSI_STRING DestinationString,
                                      _In_opt_ PCSZ SourceString);
NTSYSAPI NTSTATUS RtlInitStringEx(_Out_ PSTRING DestinationString, _In_opt_ PCSZ SourceString);
NTSYSAPI NTSTATUS RtlInitUTF8StringEx(_Out_ PUTF8_STRING DestinationString,
                                      _In_opt_ PCSZ SourceString);
NTSYSAPI VOID RtlInitUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                   _In_opt_ PCWSTR SourceString);
NTSYSAPI NTSTATUS RtlInitUnicodeStringEx(_Out_ PUNICODE_STRING DestinationString,
                                         _In_opt_ PCWSTR SourceString);
NTSYSAPI VOID RtlInitUTF8String(_Out_ PUTF8_STRING DestinationString, _In_opt_ PCSZ SourceString);

/*
 * RtlInitEmptyUnicodeString: an empty string with room.
 *
 *   BufferSize  In bytes.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-rtlinitemptyunicodestring
 */
WDK_INLINE VOID RtlInitEmptyUnicodeString(_Out_ PUNICODE_STRING UnicodeString, _In_ PWCHAR Buffer,
                                          _In_ USHORT BufferSize) {
  UnicodeString->Length = 0;
  UnicodeString->MaximumLength = BufferSize;
  UnicodeString->Buffer = Buffer;
}

WDK_INLINE VOID RtlInitEmptyAnsiString(_Out_ PANSI_STRING AnsiString, _In_ PCHAR Buffer,
                                       _In_ USHORT BufferSize) {
  AnsiString->Length = 0;
  AnsiString->MaximumLength = BufferSize;
  AnsiString->Buffer = Buffer;
}

/* Copy and append. */

/*
 * RtlCopyString: copy as much as MaximumLength holds.
 *
 * IRQL     any for resident memory
 * Page     ddi/ntddk/nf-ntddk-rtlcopystring
 */
NTSYSAPI VOID RtlCopyString(_Out_ PSTRING DestinationString, _In_opt_ const STRING* SourceString);
NTSYSAPI VOID RtlCopyUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                   _In_opt_ PCUNICODE_STRING SourceString);

/*
 * RtlAppendUnicodeToString: append all of it or nothing.
 *
 * IRQL     <= DISPATCH_LEVEL for resident memory
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_TOO_SMALL.
 * Page     ddi/wdm/nf-wdm-rtlappendunicodetostring
 */
NTSYSAPI NTSTATUS RtlAppendUnicodeToString(_Inout_ PUNICODE_STRING Destination,
                                           _In_opt_ PCWSTR Source);
NTSYSAPI NTSTATUS RtlAppendUnicodeStringToString(_Inout_ PUNICODE_STRING Destination,
                                                 _In_ PCUNICODE_STRING Source);
NTSYSAPI NTSTATUS RtlAppendStringToString(_Inout_ PSTRING Destination, _In_ const STRING* Source);

/*
 * RtlCreateUnicodeString: a copy in allocated memory, with its zero; RtlFreeUnicodeString frees it.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  TRUE: done.
 * Page     ddi/ntifs/nf-ntifs-rtlcreateunicodestring
 */
NTSYSAPI BOOLEAN RtlCreateUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                        _In_ PCWSTR SourceString);

/* Compare. */

/*
 * RtlCompareString: compare, character by character.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  Compare: below, equal to or above 0. Equal: TRUE when they are. Prefix: TRUE when
 *          String2 starts with String1.
 * Page     ddi/ntddk/nf-ntddk-rtlcomparestring
 */
NTSYSAPI LONG RtlCompareString(_In_ const STRING* String1, _In_ const STRING* String2,
                               _In_ BOOLEAN CaseInSensitive);
NTSYSAPI BOOLEAN RtlEqualString(_In_ const STRING* String1, _In_ const STRING* String2,
                                _In_ BOOLEAN CaseInSensitive);
NTSYSAPI BOOLEAN RtlPrefixString(_In_ const STRING* String1, _In_ const STRING* String2,
                                 _In_ BOOLEAN CaseInSensitive);
NTSYSAPI LONG RtlCompareUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                      _In_ BOOLEAN CaseInSensitive);
NTSYSAPI BOOLEAN RtlEqualUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                       _In_ BOOLEAN CaseInSensitive);
NTSYSAPI BOOLEAN RtlPrefixUnicodeString(_In_ PCUNICODE_STRING String1,
                                        _In_ PCUNICODE_STRING String2,
                                        _In_ BOOLEAN CaseInSensitive);

/*
 * RtlHashUnicodeString: a hash of the string.
 *
 * IRQL     <= APC_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: no such algorithm.
 * Page     ddi/wdm/nf-wdm-rtlhashunicodestring
 */
NTSYSAPI NTSTATUS RtlHashUnicodeString(_In_ PCUNICODE_STRING String, _In_ BOOLEAN CaseInSensitive,
                                       _In_ ULONG HashAlgorithm, _Out_ PULONG HashValue);

#define HASH_STRING_ALGORITHM_DEFAULT 0
#define HASH_STRING_ALGORITHM_X65599 1

/* Case. */

/*
 * RtlUpcaseUnicodeChar: the character's other case, if it has one.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-rtlupcaseunicodechar
 */
NTSYSAPI WCHAR RtlUpcaseUnicodeChar(_In_ WCHAR SourceCharacter);
NTSYSAPI WCHAR RtlDowncaseUnicodeChar(_In_ WCHAR SourceCharacter);

/*
 * RtlUpcaseUnicodeString: copy in upper or in lower case.
 *
 *   AllocateDestinationString  TRUE: allocate the buffer; RtlFreeUnicodeString frees it.
 *
 * IRQL     <= APC_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW: no room; STATUS_NO_MEMORY.
 * Page     ddi/ntddk/nf-ntddk-rtlupcaseunicodestring
 */
NTSYSAPI NTSTATUS RtlUpcaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                         _In_ PCUNICODE_STRING SourceString,
                                         _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS RtlDowncaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                           _In_ PCUNICODE_STRING SourceString,
                                           _In_ BOOLEAN AllocateDestinationString);

/*
 * RtlUpperChar: the upper-case letter; RtlUpperString copies a string so, as far as there is room.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/ntddk/nf-ntddk-rtlupperchar
 */
NTSYSAPI CHAR RtlUpperChar(_In_ CHAR Character);
NTSYSAPI VOID RtlUpperString(_Inout_ PSTRING DestinationString, _In_ const STRING* SourceString);

/* Convert. ANSI is UTF-8 here. */

/*
 * RtlAnsiStringToUnicodeString: convert. ANSI means UTF-8 here.
 *
 *   AllocateDestinationString  TRUE: allocate the buffer; the Free function of its kind frees it.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW: no room; STATUS_NO_MEMORY;
 *          STATUS_INVALID_PARAMETER_2: too long for a counted string.
 * Page     ddi/wdm/nf-wdm-rtlansistringtounicodestring
 */
NTSYSAPI NTSTATUS RtlAnsiStringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                               _In_ PCANSI_STRING SourceString,
                                               _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS RtlUnicodeStringToAnsiString(_Inout_ PANSI_STRING DestinationString,
                                               _In_ PCUNICODE_STRING SourceString,
                                               _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS RtlUTF8StringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                               _In_ PUTF8_STRING SourceString,
                                               _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS RtlUnicodeStringToUTF8String(_Inout_ PUTF8_STRING DestinationString,
                                               _In_ PCUNICODE_STRING SourceString,
                                               _In_ BOOLEAN AllocateDestinationString);

/*
 * RtlxAnsiStringToUnicodeSize: bytes a conversion needs, its zero included.
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wdm/nf-wdm-rtlxansistringtounicodesize
 */
NTSYSAPI ULONG RtlxAnsiStringToUnicodeSize(_In_ PCANSI_STRING AnsiString);
NTSYSAPI ULONG RtlxUnicodeStringToAnsiSize(_In_ PCUNICODE_STRING UnicodeString);

/*
 * RtlUTF8ToUnicodeN: convert between UTF-8 and UTF-16 in the caller's buffers; no zero is added.
 * With no destination only the size is computed.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_SOME_NOT_MAPPED: invalid parts became U+FFFD;
 *          STATUS_BUFFER_TOO_SMALL: cut; STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER_4.
 * Page     ddi/wdm/nf-wdm-rtlutf8tounicoden
 */
NTSYSAPI NTSTATUS RtlUTF8ToUnicodeN(_Out_opt_ PWSTR UnicodeStringDestination,
                                    _In_ ULONG UnicodeStringMaxByteCount,
                                    _Out_opt_ PULONG UnicodeStringActualByteCount,
                                    _In_ PCCH UTF8StringSource, _In_ ULONG UTF8StringByteCount);
NTSYSAPI NTSTATUS RtlUnicodeToUTF8N(_Out_opt_ PCHAR UTF8StringDestination,
                                    _In_ ULONG UTF8StringMaxByteCount,
                                    _Out_opt_ PULONG UTF8StringActualByteCount,
                                    _In_ PCWCH UnicodeStringSource,
                                    _In_ ULONG UnicodeStringByteCount);

/*
 * RtlMultiByteToUnicodeN: the same for ANSI, cut without a word where there is no room. The OEM
 * character set is UTF-8 here, too.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS.
 * Page     ddi/ntifs/nf-ntifs-rtlmultibytetounicoden
 */
NTSYSAPI NTSTATUS RtlMultiByteToUnicodeN(_Out_ PWCH UnicodeString,
                                         _In_ ULONG MaxBytesInUnicodeString,
                                         _Out_opt_ PULONG BytesInUnicodeString,
                                         _In_ const CHAR* MultiByteString,
                                         _In_ ULONG BytesInMultiByteString);
NTSYSAPI NTSTATUS RtlUnicodeToMultiByteN(_Out_ PCHAR MultiByteString,
                                         _In_ ULONG MaxBytesInMultiByteString,
                                         _Out_opt_ PULONG BytesInMultiByteString,
                                         _In_ PCWCH UnicodeString, _In_ ULONG BytesInUnicodeString);
NTSYSAPI NTSTATUS RtlMultiByteToUnicodeSize(_Out_ PULONG BytesInUnicodeString,
                                            _In_ const CHAR* MultiByteString,
                                            _In_ ULONG BytesInMultiByteString);
NTSYSAPI NTSTATUS RtlUnicodeToMultiByteSize(_Out_ PULONG BytesInMultiByteString,
                                            _In_ PCWCH UnicodeString,
                                            _In_ ULONG BytesInUnicodeString);
#define RtlOemStringToUnicodeString RtlAnsiStringToUnicodeString
#define RtlUnicodeStringToOemString RtlUnicodeStringToAnsiString
#define RtlOemToUnicodeN RtlMultiByteToUnicodeN
#define RtlUnicodeToOemN RtlUnicodeToMultiByteN
#define RtlFreeOemString RtlFreeAnsiString

/*
 * RtlUnicodeStringToInteger: read a number: a sign, then 0x, 0o or 0b unless Base (2, 8, 10, 16)
 * says it; stops at what is no digit.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: no such Base.
 * Page     ddi/wdm/nf-wdm-rtlunicodestringtointeger
 */
NTSYSAPI NTSTATUS RtlUnicodeStringToInteger(_In_ PCUNICODE_STRING String, _In_opt_ ULONG Base,
                                            _Out_ PULONG Value);

/*
 * RtlIntegerToUnicodeString: write a number, with its zero.
 *
 *   Base  2, 8, 10, 16; 0 means 10.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW: no room; STATUS_INVALID_PARAMETER: no such Base.
 * Page     ddi/wdm/nf-wdm-rtlintegertounicodestring
 */
NTSYSAPI NTSTATUS RtlIntegerToUnicodeString(_In_ ULONG Value, _In_opt_ ULONG Base,
                                            _Inout_ PUNICODE_STRING String);
NTSYSAPI NTSTATUS RtlInt64ToUnicodeString(_In_ ULONGLONG Value, _In_opt_ ULONG Base,
                                          _Inout_ PUNICODE_STRING String);

/*
 * RtlCharToInteger: RtlUnicodeStringToInteger for a zero-terminated string.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER.
 * Page     ddi/ntddk/nf-ntddk-rtlchartointeger
 */
NTSYSAPI NTSTATUS RtlCharToInteger(_In_ PCSZ String, _In_opt_ ULONG Base, _Out_ PULONG Value);
#define RtlAnsiStringToUnicodeSize(AnsiString) RtlxAnsiStringToUnicodeSize(AnsiString)
#define RtlUnicodeStringToAnsiSize(UnicodeString) RtlxUnicodeStringToAnsiSize(UnicodeString)
#define RtlIntPtrToUnicodeString(Value, Base, String) RtlInt64ToUnicodeString(Value, Base, String)

/* Free what a conversion allocated. */

/*
 * RtlFreeUnicodeString: free what a conversion allocated, and clear the string.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-rtlfreeunicodestring
 */
NTSYSAPI VOID RtlFreeUnicodeString(_Inout_ PUNICODE_STRING UnicodeString);
NTSYSAPI VOID RtlFreeAnsiString(_Inout_ PANSI_STRING AnsiString);
NTSYSAPI VOID RtlFreeUTF8String(_Inout_ PUTF8_STRING utf8String);

EXTERN_C_END
