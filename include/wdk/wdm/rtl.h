/*
 * rtl.h: memory, byte order, time, random numbers, version, run-once; the strings are in
 * rtl_string.h, the bitmaps in rtl_bitmap.h, the tables in rtl_table.h, the registry in zw.h.
 */
#pragma once

#include <wdm/crt.h>
#include <wdm/ke.h>
#include <wdm/rtl_bitmap.h>
#include <wdm/rtl_string.h>
#include <wdm/rtl_table.h>

EXTERN_C_START

/* Memory. */

/*
 * RtlCopyMemory: copy, move (regions may overlap), fill and zero Length bytes; RtlEqualMemory
 * compares.
 *
 * IRQL     any, for resident memory
 * Page     ddi/wdm/nf-wdm-rtlcopymemory
 */
#define RtlCopyMemory(Destination, Source, Length) \
  __builtin_memcpy((Destination), (Source), (Length))
#define RtlMoveMemory(Destination, Source, Length) \
  __builtin_memmove((Destination), (Source), (Length))
#define RtlFillMemory(Destination, Length, Fill) __builtin_memset((Destination), (Fill), (Length))
#define RtlZeroMemory(Destination, Length) __builtin_memset((Destination), 0, (Length))
#define RtlEqualMemory(Source1, Source2, Length) \
  (__builtin_memcmp((Source1), (Source2), (Length)) == 0)
#define RtlCopyBytes RtlCopyMemory
#define RtlZeroBytes RtlZeroMemory
#define RtlFillBytes RtlFillMemory
#define RtlCopyMemoryNonTemporal RtlCopyMemory
#define RtlFillMemoryNonTemporal RtlFillMemory
#define RtlPrefetchMemoryNonTemporal(Source, Length) __builtin_prefetch((const void*)(Source))
#define CopyMemory RtlCopyMemory
#define MoveMemory RtlMoveMemory
#define FillMemory RtlFillMemory
#define ZeroMemory RtlZeroMemory

/*
 * RtlCompareMemory: compare two blocks.
 *
 * IRQL     any, for resident memory
 * Returns  How many bytes from the start are equal; Length when all are.
 * Page     ddi/wdm/nf-wdm-rtlcomparememory
 */
NTSYSAPI SIZE_T RtlCompareMemory(_In_ const VOID* Source1, _In_ const VOID* Source2,
                                 _In_ SIZE_T Length);

/*
 * RtlSecureZeroMemory: zero memory that nobody reads any more; the compiler may not drop this.
 *
 * IRQL     any, for resident memory
 * Returns  ptr.
 * Page     ddi/wdm/nf-wdm-rtlsecurezeromemory
 */
WDK_INLINE PVOID RtlSecureZeroMemory(_Out_ PVOID ptr, _In_ SIZE_T cnt) {
  __builtin_memset(ptr, 0, cnt);
  __asm__ __volatile__("" : : "r"(ptr) : "memory");
  return ptr;
}

/*
 * RtlIsZeroMemory: whether all bytes are 0. RtlConstantTimeEqualMemory: RtlEqualMemory that takes
 * as long whatever the bytes are.
 *
 * IRQL     any, for resident memory
 * Page     ddi/wdm/nf-wdm-rtlconstanttimeequalmemory
 */
WDK_INLINE BOOLEAN RtlIsZeroMemory(_In_ PVOID Buffer, _In_ SIZE_T Length) {
  SIZE_T i;

  for (i = 0; i < Length; ++i) {
    if (((PUCHAR)Buffer)[i] != 0) return FALSE;
  }
  return TRUE;
}
WDK_INLINE BOOLEAN RtlConstantTimeEqualMemory(_In_ const VOID* v1, _In_ const VOID* v2,
                                              _In_ ULONG len) {
  UCHAR difference = 0;
  ULONG i;

  for (i = 0; i < len; ++i) {
    difference = (UCHAR)(difference | (((const UCHAR*)v1)[i] ^ ((const UCHAR*)v2)[i]));
  }
  return difference == 0;
}

/*
 * RtlCompareMemoryUlong: how many bytes from the start repeat the pattern; RtlFillMemoryUlong
 * writes it. Length is in bytes, a multiple of the pattern's.
 *
 * IRQL     any, for resident memory
 * Page     ddi/ntifs/nf-ntifs-rtlcomparememoryulong
 */
NTSYSAPI SIZE_T RtlCompareMemoryUlong(_In_ PVOID Source, _In_ SIZE_T Length, _In_ ULONG Pattern);
NTSYSAPI VOID RtlFillMemoryUlong(_Out_ PVOID Destination, _In_ SIZE_T Length, _In_ ULONG Pattern);
NTSYSAPI VOID RtlFillMemoryUlonglong(_Out_ PVOID Destination, _In_ SIZE_T Length,
                                     _In_ ULONGLONG Pattern);

/*
 * RtlStoreUlong: write a number to where it is not aligned; RtlRetrieveUlong reads one to
 * *DestinationAddress.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-rtlstoreulong
 */
#define WDK_STORE(type, address, value)                        \
  do {                                                         \
    const type wdk_value = (type)(value);                      \
    __builtin_memcpy((address), &wdk_value, sizeof wdk_value); \
  } while (0)
#define RtlStoreUshort(ADDRESS, VALUE) WDK_STORE(USHORT, ADDRESS, VALUE)
#define RtlStoreUlong(ADDRESS, VALUE) WDK_STORE(ULONG, ADDRESS, VALUE)
#define RtlStoreUlonglong(ADDRESS, VALUE) WDK_STORE(ULONGLONG, ADDRESS, VALUE)
#define RtlStoreUlongPtr(ADDRESS, VALUE) WDK_STORE(ULONG_PTR, ADDRESS, VALUE)
#define RtlRetrieveUshort(DEST_ADDRESS, SRC_ADDRESS) \
  ((void)__builtin_memcpy((DEST_ADDRESS), (SRC_ADDRESS), sizeof(USHORT)))
#define RtlRetrieveUlong(DEST_ADDRESS, SRC_ADDRESS) \
  ((void)__builtin_memcpy((DEST_ADDRESS), (SRC_ADDRESS), sizeof(ULONG)))

/* Numbers of other widths, and LUIDs. Pages ddi/wdm/nf-wdm-rtlconvertlongtolargeinteger and so on.
 */
WDK_INLINE LARGE_INTEGER RtlConvertLongToLargeInteger(_In_ LONG SignedInteger) {
  LARGE_INTEGER result;

  result.QuadPart = SignedInteger;
  return result;
}
WDK_INLINE LARGE_INTEGER RtlConvertUlongToLargeInteger(_In_ ULONG UnsignedInteger) {
  LARGE_INTEGER result;

  result.QuadPart = UnsignedInteger;
  return result;
}
WDK_INLINE LUID RtlConvertLongToLuid(_In_ LONG Long) {
  LUID luid;

  luid.LowPart = (ULONG)Long;
  luid.HighPart = Long < 0 ? -1 : 0;
  return luid;
}
WDK_INLINE LUID RtlConvertUlongToLuid(_In_ ULONG Ulong) {
  LUID luid;

  luid.LowPart = Ulong;
  luid.HighPart = 0;
  return luid;
}
#define RtlEqualLuid(L1, L2) ((L1)->LowPart == (L2)->LowPart && (L1)->HighPart == (L2)->HighPart)
#define RtlIsZeroLuid(L1) ((BOOLEAN)(((L1)->LowPart | (L1)->HighPart) == 0))
#define RtlCopyLuid(DestinationLuid, SourceLuid) ((void)(*(DestinationLuid) = *(SourceLuid)))

/* Byte order. */

/*
 * RtlUshortByteSwap: turn the bytes round, between network order and this processor's.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-rtlushortbyteswap
 */
#define RtlUshortByteSwap(_x) __builtin_bswap16((USHORT)(_x))
#define RtlUlongByteSwap(_x) ((ULONG)__builtin_bswap32((ULONG)(_x)))
#define RtlUlonglongByteSwap(_x) ((ULONGLONG)__builtin_bswap64((ULONGLONG)(_x)))
#define _byteswap_ushort RtlUshortByteSwap
#define _byteswap_ulong RtlUlongByteSwap
#define _byteswap_uint64 RtlUlonglongByteSwap

/* Time. */
typedef struct _TIME_FIELDS {
  CSHORT Year;
  CSHORT Month;
  CSHORT Day;
  CSHORT Hour;
  CSHORT Minute;
  CSHORT Second;
  CSHORT Milliseconds;
  CSHORT Weekday;
} TIME_FIELDS, *PTIME_FIELDS;

C_ASSERT(sizeof(TIME_FIELDS) == 16);

/*
 * RtlTimeToTimeFields: split a system time (100 ns units since 1601) into year, month, ...;
 * RtlTimeFieldsToTime puts it together.
 *
 * IRQL     any
 * Returns  TimeFieldsToTime: FALSE when there is no such date.
 * Page     ddi/wdm/nf-wdm-rtltimetotimefields
 */
NTSYSAPI VOID RtlTimeToTimeFields(_In_ PLARGE_INTEGER Time, _Out_ PTIME_FIELDS TimeFields);
NTSYSAPI BOOLEAN RtlTimeFieldsToTime(_In_ PTIME_FIELDS TimeFields, _Out_ PLARGE_INTEGER Time);

/*
 * RtlTimeToSecondsSince1970: to and from whole seconds since 1970 or 1980.
 *
 * IRQL     <= APC_LEVEL
 * Returns  FALSE: does not fit into 32 bits.
 * Page     ddi/ntifs/nf-ntifs-rtltimetosecondssince1970
 */
NTSYSAPI BOOLEAN RtlTimeToSecondsSince1970(_In_ PLARGE_INTEGER Time, _Out_ PULONG ElapsedSeconds);
NTSYSAPI VOID RtlSecondsSince1970ToTime(_In_ ULONG ElapsedSeconds, _Out_ PLARGE_INTEGER Time);
NTSYSAPI BOOLEAN RtlTimeToSecondsSince1980(_In_ PLARGE_INTEGER Time, _Out_ PULONG ElapsedSeconds);
NTSYSAPI VOID RtlSecondsSince1980ToTime(_In_ ULONG ElapsedSeconds, _Out_ PLARGE_INTEGER Time);

/* Random numbers; not for secrets. */

/*
 * RtlRandom: the next number of a sequence, 0 to MAXLONG - 1; not for secrets.
 *
 *   Seed  State of the sequence; updated.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/ntifs/nf-ntifs-rtlrandom
 */
NTSYSAPI ULONG RtlRandom(_Inout_ PULONG Seed);
NTSYSAPI ULONG RtlRandomEx(_Inout_ PULONG Seed);
NTSYSAPI ULONG RtlUniform(_Inout_ PULONG Seed);

/* Run once. */
typedef union _RTL_RUN_ONCE {
  PVOID Ptr;
} RTL_RUN_ONCE, *PRTL_RUN_ONCE;

#define RTL_RUN_ONCE_INIT \
  { 0 }
#define RTL_RUN_ONCE_CHECK_ONLY 0x00000001
#define RTL_RUN_ONCE_ASYNC 0x00000002
#define RTL_RUN_ONCE_INIT_FAILED 0x00000004
#define RTL_RUN_ONCE_CTX_RESERVED_BITS 2

/*
 * RTL_RUN_ONCE_INIT_FN: the work to be done once.
 *
 * IRQL     <= APC_LEVEL
 * Returns  Nonzero: done, and *Context (its two low bits clear) is kept. 0: failed, may be tried
 *          again.
 * Page     ddi/ntddk/nc-ntddk-rtl_run_once_init_fn
 */
_Function_class_(RTL_RUN_ONCE_INIT_FN) typedef ULONG NTAPI
    RTL_RUN_ONCE_INIT_FN(_Inout_ PRTL_RUN_ONCE RunOnce, _Inout_opt_ PVOID Parameter,
                         _Inout_opt_ PVOID* Context);
typedef RTL_RUN_ONCE_INIT_FN* PRTL_RUN_ONCE_INIT_FN;

/*
 * RtlRunOnceInitialize: prepare a RTL_RUN_ONCE at run time; RTL_RUN_ONCE_INIT does so at compile
 * time.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/ntddk/nf-ntddk-rtlrunonceinitialize
 */
NTSYSAPI VOID RtlRunOnceInitialize(_Out_ PRTL_RUN_ONCE RunOnce);

/*
 * RtlRunOnceExecuteOnce: run InitFn unless it has succeeded before; others wait meanwhile.
 *
 *   Context  Set to what InitFn stored, when not NULL.
 *
 * IRQL     <= APC_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_UNSUCCESSFUL: InitFn failed.
 * Page     ddi/ntddk/nf-ntddk-rtlrunonceexecuteonce
 */
NTSYSAPI NTSTATUS RtlRunOnceExecuteOnce(_Inout_ PRTL_RUN_ONCE RunOnce,
                                        _In_ PRTL_RUN_ONCE_INIT_FN InitFn,
                                        _Inout_opt_ PVOID Parameter, _Out_opt_ PVOID* Context);

/*
 * RtlRunOnceBeginInitialize: the two halves of it, for who does not want a routine;
 * RtlRunOnceComplete ends what this began.
 *
 *   Flags  RTL_RUN_ONCE_ASYNC, RTL_RUN_ONCE_CHECK_ONLY, or 0.
 *
 * IRQL     <= APC_LEVEL
 * Returns  STATUS_SUCCESS: done already. STATUS_PENDING: do it now, then complete.
 *          STATUS_UNSUCCESSFUL: not done, only checked.
 * Page     ddi/ntddk/nf-ntddk-rtlrunoncebegininitialize
 */
NTSYSAPI NTSTATUS RtlRunOnceBeginInitialize(_Inout_ PRTL_RUN_ONCE RunOnce, _In_ ULONG Flags,
                                            _Out_opt_ PVOID* Context);
NTSYSAPI NTSTATUS RtlRunOnceComplete(_Inout_ PRTL_RUN_ONCE RunOnce, _In_ ULONG Flags,
                                     _In_opt_ PVOID Context);

/* Version of Windows that the runtime stands for. */
typedef struct _OSVERSIONINFOW {
  ULONG dwOSVersionInfoSize;
  ULONG dwMajorVersion;
  ULONG dwMinorVersion;
  ULONG dwBuildNumber;
  ULONG dwPlatformId;
  WCHAR szCSDVersion[128];
} OSVERSIONINFOW, *POSVERSIONINFOW, *LPOSVERSIONINFOW, RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;

typedef struct _OSVERSIONINFOEXW {
  ULONG dwOSVersionInfoSize;
  ULONG dwMajorVersion;
  ULONG dwMinorVersion;
  ULONG dwBuildNumber;
  ULONG dwPlatformId;
  WCHAR szCSDVersion[128];
  USHORT wServicePackMajor;
  USHORT wServicePackMinor;
  USHORT wSuiteMask;
  UCHAR wProductType;
  UCHAR wReserved;
} OSVERSIONINFOEXW, *POSVERSIONINFOEXW, *LPOSVERSIONINFOEXW, RTL_OSVERSIONINFOEXW,
    *PRTL_OSVERSIONINFOEXW;

C_ASSERT(sizeof(OSVERSIONINFOW) == 276 && sizeof(OSVERSIONINFOEXW) == 284);

#define VER_PLATFORM_WIN32_NT 2
#define VER_NT_WORKSTATION 0x01
#define VER_NT_DOMAIN_CONTROLLER 0x02
#define VER_NT_SERVER 0x03
#define VER_MINORVERSION 0x01
#define VER_MAJORVERSION 0x02
#define VER_BUILDNUMBER 0x04
#define VER_PLATFORMID 0x08
#define VER_SERVICEPACKMINOR 0x10
#define VER_SERVICEPACKMAJOR 0x20
#define VER_SUITENAME 0x40
#define VER_PRODUCT_TYPE 0x80
#define VER_EQUAL 1
#define VER_GREATER 2
#define VER_GREATER_EQUAL 3
#define VER_LESS 4
#define VER_LESS_EQUAL 5

/*
 * RtlGetVersion: which Windows this is.
 *
 *   lpVersionInformation  dwOSVersionInfoSize says which of the two structures it is.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS.
 * Page     ddi/wdm/nf-wdm-rtlgetversion
 */
NTSYSAPI NTSTATUS RtlGetVersion(_Inout_ PRTL_OSVERSIONINFOW lpVersionInformation);

/*
 * RtlVerifyVersionInfo: compare with it, as VerSetConditionMask built the conditions.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS: they hold. STATUS_REVISION_MISMATCH: not. STATUS_INVALID_PARAMETER.
 * Page     ddi/wdm/nf-wdm-rtlverifyversioninfo
 */
NTSYSAPI NTSTATUS RtlVerifyVersionInfo(_In_ PRTL_OSVERSIONINFOEXW VersionInfo, _In_ ULONG TypeMask,
                                       _In_ ULONGLONG ConditionMask);
NTSYSAPI ULONGLONG VerSetConditionMask(_In_ ULONGLONG ConditionMask, _In_ ULONG TypeMask,
                                       _In_ UCHAR Condition);

/*
 * RtlIsNtDdiVersionAvailable: whether this is that Windows (an NTDDI_xxx without service pack) or
 * newer.
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wdm/nf-wdm-rtlisntddiversionavailable
 */
NTKERNELAPI BOOLEAN RtlIsNtDdiVersionAvailable(_In_ ULONG Version);

/* GUIDs as "{xxxxxxxx-...}". */

/*
 * RtlStringFromGUID: to the form "{01234567-89ab-...}"; RtlFreeUnicodeString frees it.
 * RtlGUIDFromString back.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INSUFFICIENT_RESOURCES; STATUS_INVALID_PARAMETER: not that form.
 * Page     ddi/wdm/nf-wdm-rtlstringfromguid
 */
NTSYSAPI NTSTATUS RtlStringFromGUID(_In_ REFGUID Guid, _Out_ PUNICODE_STRING GuidString);
NTSYSAPI NTSTATUS RtlGUIDFromString(_In_ PCUNICODE_STRING GuidString, _Out_ GUID* Guid);

/*
 * RtlNtStatusToDosError: the Win32 error for a status.
 *
 * IRQL     <= APC_LEVEL
 * Returns  The error (winerror.h); ERROR_MR_MID_NOT_FOUND when there is none.
 * Page     ddi/ntifs/nf-ntifs-rtlntstatustodoserror
 */
NTSYSAPI ULONG RtlNtStatusToDosError(_In_ NTSTATUS Status);
NTSYSAPI ULONG RtlNtStatusToDosErrorNoTeb(_In_ NTSTATUS Status);

EXTERN_C_END
