/*
 * ntstrsafe.h, ntintsafe.h, ip2string.h and the annotation words as drivers use them, in one file
 * that only has to compile, in C++ too.
 */
#include <ntifs.h>

#include <kernelspecs.h>
#include <mstcpip.h>
#include <ntintsafe.h>
#include <ntstrsafe.h>
#include <specstrings.h>

NTSTATUS Describe(_In_ PUNICODE_STRING Name, _In_ SIZE_T Count, _In_ const IN6_ADDR* Address);
INT Receive(_Out_writes_bytes_to_(Size, return ) __out_data_source(NETWORK) CHAR* Buffer, INT Size);

static NTSTATUS Print(_Out_writes_(Count) NTSTRSAFE_PWSTR Text, SIZE_T Count,
                      _In_z_ _Printf_format_string_ NTSTRSAFE_PCWSTR Format, ...) {
  NTSTATUS status;
  va_list arguments;

  va_start(arguments, Format);
  status = RtlStringCchVPrintfW(Text, Count, Format, arguments);
  va_end(arguments);
  return status;
}

NTSTATUS Describe(PUNICODE_STRING Name, SIZE_T Count, const IN6_ADDR* Address) {
  CHAR narrow[INET6_ADDRSTRLEN];
  WCHAR wide[64];
  PSTR end;
  size_t left;
  ULONG length = RTL_NUMBER_OF(narrow);
  ULONG size = 0;
  USHORT words = 0;
  NTSTATUS status;
  DECLARE_UNICODE_STRING_SIZE(name, 32);

  __nop();
  if (!NT_SUCCESS(status = RtlSIZETToULong(Count, &size))) return status;
  if (!NT_SUCCESS(status = RtlULongMult(size, sizeof(WCHAR), &size))) return status;
  if (!NT_SUCCESS(status = RtlULongToUShort(size, &words))) return status;
  status = RtlIpv6AddressToStringExA(Address, 0, RtlUshortByteSwap(80), narrow, &length);
  if (status != STATUS_SUCCESS) return status;
  status =
      RtlStringCbPrintfExA(narrow, sizeof(narrow), &end, &left,
                           STRSAFE_NULL_ON_FAILURE | STRSAFE_FILL_BYTE(0), "%wZ %hu", Name, words);
  if (NT_SUCCESS(status)) status = RtlStringCbCatA(narrow, sizeof(narrow), "!");
  if (NT_SUCCESS(status)) status = Print(wide, _countof(wide), L"%S %s", narrow, L"wide");
  if (NT_SUCCESS(status)) status = RtlUnicodeStringPrintf(&name, L"%ws", wide);
  if (NT_SUCCESS(status)) status = RtlUnicodeStringCatString(&name, L"\\Device");
  return status;
}

INT Receive(CHAR* Buffer, INT Size) {
  return Size > 0 ? Buffer[0] : 0;
}
