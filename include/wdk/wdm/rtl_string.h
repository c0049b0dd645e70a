/*
 * rtl_string.h: counted strings: initialise, copy, compare, convert. The safe functions on
 * zero-terminated strings are in ntstrsafe.h.
 */
#pragma once

#include <wdm/types.h>

EXTERN_C_START

NTSYSAPI VOID RtlInitString(_Out_ PSTRING DestinationString, _In_opt_ PCSZ SourceString);
NTSYSAPI VOID RtlInitAnsiString(_Out_ PANSI_STRING DestinationString, _In_opt_ PCSZ SourceString);
NTSYSAPI NTSTATUS RtlInitAnsiStringEx(_Out_ PANSI_STRING DestinationString,
                                      _In_opt_ PCSZ SourceString);
NTSYSAPI VOID RtlInitUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                   _In_opt_ PCWSTR SourceString);
NTSYSAPI NTSTATUS RtlInitUnicodeStringEx(_Out_ PUNICODE_STRING DestinationString,
                                         _In_opt_ PCWSTR SourceString);
NTSYSAPI VOID RtlInitUTF8String(_Out_ PUTF8_STRING DestinationString, _In_opt_ PCSZ SourceString);

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
NTSYSAPI VOID RtlCopyString(_Out_ PSTRING DestinationString, _In_opt_ const STRING* SourceString);
NTSYSAPI VOID RtlCopyUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                   _In_opt_ PCUNICODE_STRING SourceString);
NTSYSAPI NTSTATUS RtlAppendUnicodeToString(_Inout_ PUNICODE_STRING Destination,
                                           _In_opt_ PCWSTR Source);
NTSYSAPI NTSTATUS RtlAppendUnicodeStringToString(_Inout_ PUNICODE_STRING Destination,
                                                 _In_ PCUNICODE_STRING Source);

/* Compare. */
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
NTSYSAPI NTSTATUS RtlHashUnicodeString(_In_ PCUNICODE_STRING String, _In_ BOOLEAN CaseInSensitive,
                                       _In_ ULONG HashAlgorithm, _Out_ PULONG HashValue);

#define HASH_STRING_ALGORITHM_DEFAULT 0
#define HASH_STRING_ALGORITHM_X65599 1

/* Case. */
NTSYSAPI WCHAR RtlUpcaseUnicodeChar(_In_ WCHAR SourceCharacter);
NTSYSAPI WCHAR RtlDowncaseUnicodeChar(_In_ WCHAR SourceCharacter);
NTSYSAPI NTSTATUS RtlUpcaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                         _In_ PCUNICODE_STRING SourceString,
                                         _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI CHAR RtlUpperChar(_In_ CHAR Character);
NTSYSAPI VOID RtlUpperString(_Inout_ PSTRING DestinationString, _In_ const STRING* SourceString);

/* Convert. ANSI is UTF-8 here. */
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
NTSYSAPI ULONG RtlxAnsiStringToUnicodeSize(_In_ PCANSI_STRING AnsiString);
NTSYSAPI ULONG RtlxUnicodeStringToAnsiSize(_In_ PCUNICODE_STRING UnicodeString);
NTSYSAPI NTSTATUS RtlUTF8ToUnicodeN(_Out_opt_ PWSTR UnicodeStringDestination,
                                    _In_ ULONG UnicodeStringMaxByteCount,
                                    _Out_opt_ PULONG UnicodeStringActualByteCount,
                                    _In_ PCCH UTF8StringSource, _In_ ULONG UTF8StringByteCount);
NTSYSAPI NTSTATUS RtlUnicodeToUTF8N(_Out_opt_ PCHAR UTF8StringDestination,
                                    _In_ ULONG UTF8StringMaxByteCount,
                                    _Out_opt_ PULONG UTF8StringActualByteCount,
                                    _In_ PCWCH UnicodeStringSource,
                                    _In_ ULONG UnicodeStringByteCount);
NTSYSAPI NTSTATUS RtlUnicodeStringToInteger(_In_ PCUNICODE_STRING String, _In_opt_ ULONG Base,
                                            _Out_ PULONG Value);
NTSYSAPI NTSTATUS RtlIntegerToUnicodeString(_In_ ULONG Value, _In_opt_ ULONG Base,
                                            _Inout_ PUNICODE_STRING String);
NTSYSAPI NTSTATUS RtlInt64ToUnicodeString(_In_ ULONGLONG Value, _In_opt_ ULONG Base,
                                          _Inout_ PUNICODE_STRING String);
NTSYSAPI NTSTATUS RtlCharToInteger(_In_ PCSZ String, _In_opt_ ULONG Base, _Out_ PULONG Value);
#define RtlAnsiStringToUnicodeSize(AnsiString) RtlxAnsiStringToUnicodeSize(AnsiString)
#define RtlUnicodeStringToAnsiSize(UnicodeString) RtlxUnicodeStringToAnsiSize(UnicodeString)
#define RtlIntPtrToUnicodeString(Value, Base, String) RtlInt64ToUnicodeString(Value, Base, String)

/* Free what a conversion allocated. */
NTSYSAPI VOID RtlFreeUnicodeString(_Inout_ PUNICODE_STRING UnicodeString);
NTSYSAPI VOID RtlFreeAnsiString(_Inout_ PANSI_STRING AnsiString);
NTSYSAPI VOID RtlFreeUTF8String(_Inout_ PUTF8_STRING utf8String);

EXTERN_C_END
