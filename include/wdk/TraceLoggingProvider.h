/*
 * TraceLoggingProvider.h: events that say themselves what their fields are called and mean. Each is
 * a line of the log, "Provider.Event name=value ...", at the event's level.
 *
 * A field's macro takes the value, then a name, a description and a tag, which may all be left out:
 * the name is then the value's own text. TraceLoggingValue, for C++, finds the kind by itself. The
 * page of all of it is windows/win32/tracelogging in Microsoft's documentation.
 */
#pragma once

#include <wdm/etw.h>
#include <winmeta.h>

EXTERN_C_START

typedef struct _tlgProvider_t {
  REGHANDLE RegHandle; /* 0: not registered, so nothing is written. */
  PCSTR Name;
  GUID Id;
} const* TraceLoggingHProvider;

/* How a field's value is to be read. */
typedef enum _WDK_TL_KIND {
  WDK_TL_END,
  WDK_TL_OPTION, /* Says something about the event that a line does not show. */
  WDK_TL_LEVEL,
  WDK_TL_KEYWORD,
  WDK_TL_STRUCT, /* The next Count fields are its. */
  WDK_TL_SIGNED,
  WDK_TL_UNSIGNED,
  WDK_TL_HEX,
  WDK_TL_BOOLEAN,
  WDK_TL_FLOAT,
  WDK_TL_CHARACTER,
  WDK_TL_PORT, /* In network order. */
  WDK_TL_GUID,
  WDK_TL_IPV4_ADDRESS,
  WDK_TL_IPV6_ADDRESS,
  WDK_TL_SOCKET_ADDRESS,
  WDK_TL_TIME,
  WDK_TL_TEXT,
  WDK_TL_BINARY
} WDK_TL_KIND;

#define WDK_TL_ZERO_TERMINATED 0xFFFFFFFF

/* A field of an event. Data stays the caller's; it is read before TraceLoggingWrite returns. */
typedef struct _WDK_TL_FIELD {
  PCSTR Name;
  USHORT Kind;
  USHORT Size; /* Of one element, in bytes. */
  ULONG Count; /* Elements at Data. */
  union {
    ULONG64 Number;
    DOUBLE Float;
    const VOID* Data;
  } Value;
  BOOLEAN IsArray; /* The elements lie at Data; else a number lies in Value itself. */
} WDK_TL_FIELD;

WDK_INLINE WDK_TL_FIELD wdk_tl_number(PCSTR Name, WDK_TL_KIND Kind, USHORT Size, ULONG64 Number) {
  WDK_TL_FIELD field;

  field.Name = Name;
  field.Kind = (USHORT)Kind;
  field.Size = Size;
  field.Count = 1;
  field.Value.Number = Number;
  field.IsArray = FALSE;
  return field;
}

WDK_INLINE WDK_TL_FIELD wdk_tl_float(PCSTR Name, DOUBLE Value) {
  WDK_TL_FIELD field = wdk_tl_number(Name, WDK_TL_FLOAT, sizeof(DOUBLE), 0);

  field.Value.Float = Value;
  return field;
}

/* A text, an address, bytes: Count elements of Size bytes that are one value. */
WDK_INLINE WDK_TL_FIELD wdk_tl_data(PCSTR Name, WDK_TL_KIND Kind, USHORT Size, const VOID* Data,
                                    ULONG Count) {
  WDK_TL_FIELD field = wdk_tl_number(Name, Kind, Size, 0);

  field.Count = Count;
  field.Value.Data = Data;
  return field;
}

WDK_INLINE WDK_TL_FIELD wdk_tl_array(PCSTR Name, WDK_TL_KIND Kind, USHORT Size, const VOID* Data,
                                     ULONG Count) {
  WDK_TL_FIELD field = wdk_tl_data(Name, Kind, Size, Data, Count);

  field.IsArray = TRUE;
  return field;
}

WDK_INLINE WDK_TL_FIELD wdk_tl_unicode_string(PCSTR Name, PCUNICODE_STRING String) {
  return wdk_tl_data(Name, WDK_TL_TEXT, sizeof(WCHAR), String->Buffer,
                     String->Length / sizeof(WCHAR));
}

WDK_INLINE WDK_TL_FIELD wdk_tl_ansi_string(PCSTR Name, const STRING* String) {
  return wdk_tl_data(Name, WDK_TL_TEXT, sizeof(CHAR), String->Buffer, String->Length);
}

/*
 * Writes an event: what the macros below come to. Its fields follow as WDK_TL_FIELD, the last one
 * of kind WDK_TL_END.
 *
 * IRQL     any
 */
NTKERNELAPI VOID wdk_tl_write(TraceLoggingHProvider Provider, LPCGUID ActivityId,
                              LPCGUID RelatedActivityId, PCSTR Event, ...);

/*
 * TraceLoggingRegister: EtwRegister for a provider; TraceLoggingUnregister before the driver is
 * unloaded. What is written outside of the two goes nowhere.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS, or EtwRegister's.
 */
NTKERNELAPI NTSTATUS TraceLoggingRegisterEx(_In_ TraceLoggingHProvider hProvider,
                                            _In_opt_ PETWENABLECALLBACK pEnableCallback,
                                            _In_opt_ PVOID pCallbackContext);
NTKERNELAPI VOID TraceLoggingUnregister(_In_ TraceLoggingHProvider hProvider);
#define TraceLoggingRegister(hProvider) TraceLoggingRegisterEx((hProvider), NULL, NULL)
#define TraceLoggingProviderEnabled(hProvider, eventLevel, eventKeyword) \
  EtwProviderEnabled((hProvider)->RegHandle, (UCHAR)(eventLevel), (eventKeyword))
#define TraceLoggingProviderName(hProvider) ((hProvider)->Name)
#define TraceLoggingProviderId(hProvider) ((hProvider)->Id)

EXTERN_C_END

/*
 * TRACELOGGING_DEFINE_PROVIDER(handle, "Name", (0x.., ...), [options]): the provider, in one source
 * file; TRACELOGGING_DECLARE_PROVIDER(handle) for the others.
 */
#define TRACELOGGING_DECLARE_PROVIDER(handleVariable) \
  EXTERN_C const TraceLoggingHProvider handleVariable
#define TRACELOGGING_DEFINE_PROVIDER(handleVariable, providerName, providerId, ...)         \
  TRACELOGGING_DEFINE_PROVIDER_STORAGE(handleVariable##_storage, providerName, providerId); \
  TRACELOGGING_DECLARE_PROVIDER(handleVariable);                                            \
  const TraceLoggingHProvider handleVariable = &handleVariable##_storage
#define TRACELOGGING_DEFINE_PROVIDER_STORAGE(storageVariable, providerName, providerId, ...) \
  static struct _tlgProvider_t storageVariable = {0, providerName, WDK_TL_GUID_OF providerId}
#define WDK_TL_GUID_OF(l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
  {                                                               \
    l, w1, w2, {                                                  \
      b1, b2, b3, b4, b5, b6, b7, b8                              \
    }                                                             \
  }
#define TraceLoggingOptionGroup(...)

/* TraceLoggingWrite(handle, "Event", fields and options ...) */
#define TraceLoggingWrite(hProvider, eventName, ...) \
  TraceLoggingWriteActivity(hProvider, eventName, NULL, NULL __VA_OPT__(, ) __VA_ARGS__)
#define TraceLoggingWriteActivity(hProvider, eventName, pActivityId, pRelatedActivityId, ...) \
  wdk_tl_write((hProvider), (pActivityId), (pRelatedActivityId),                              \
               (eventName)__VA_OPT__(, ) __VA_ARGS__, wdk_tl_number(NULL, WDK_TL_END, 0, 0))

/* Options. An event without a level is verbose. */
#define TraceLoggingLevel(eventLevel) wdk_tl_number(NULL, WDK_TL_LEVEL, 1, (eventLevel))
#define TraceLoggingKeyword(eventKeyword) wdk_tl_number(NULL, WDK_TL_KEYWORD, 8, (eventKeyword))
#define WDK_TL_NO_FIELD wdk_tl_number(NULL, WDK_TL_OPTION, 0, 0)
#define TraceLoggingOpcode(eventOpcode) WDK_TL_NO_FIELD
#define TraceLoggingEventTag(eventTag) WDK_TL_NO_FIELD
#define TraceLoggingChannel(eventChannel) WDK_TL_NO_FIELD
#define TraceLoggingDescription(description) WDK_TL_NO_FIELD
#define TraceLoggingCustomAttribute(key, value) WDK_TL_NO_FIELD

/* The name that was given, or the text of the value. */
#define WDK_TL_PICK(first, ...) first
#define WDK_TL_NAME(text, ...) WDK_TL_PICK(__VA_ARGS__ __VA_OPT__(, ) text, 0)

/* Numbers. */
#define WDK_TL_INTEGER(kind, type, wide, text, value, ...) \
  wdk_tl_number(WDK_TL_NAME(text, ##__VA_ARGS__), kind, sizeof(type), (ULONG64)(wide)(type)(value))
#define WDK_TL_SIGNED_OF(type, text, value, ...) \
  WDK_TL_INTEGER(WDK_TL_SIGNED, type, LONG64, text, value, ##__VA_ARGS__)
#define WDK_TL_UNSIGNED_OF(type, text, value, ...) \
  WDK_TL_INTEGER(WDK_TL_UNSIGNED, type, ULONG64, text, value, ##__VA_ARGS__)
#define WDK_TL_HEX_OF(type, text, value, ...) \
  WDK_TL_INTEGER(WDK_TL_HEX, type, ULONG64, text, value, ##__VA_ARGS__)
#define TraceLoggingInt8(value, ...) WDK_TL_SIGNED_OF(INT8, #value, value, ##__VA_ARGS__)
#define TraceLoggingInt16(value, ...) WDK_TL_SIGNED_OF(INT16, #value, value, ##__VA_ARGS__)
#define TraceLoggingInt32(value, ...) WDK_TL_SIGNED_OF(INT32, #value, value, ##__VA_ARGS__)
#define TraceLoggingInt64(value, ...) WDK_TL_SIGNED_OF(INT64, #value, value, ##__VA_ARGS__)
#define TraceLoggingIntPtr(value, ...) WDK_TL_SIGNED_OF(INT_PTR, #value, value, ##__VA_ARGS__)
#define TraceLoggingLong(value, ...) WDK_TL_SIGNED_OF(LONG, #value, value, ##__VA_ARGS__)
#define TraceLoggingUInt8(value, ...) WDK_TL_UNSIGNED_OF(UINT8, #value, value, ##__VA_ARGS__)
#define TraceLoggingUInt16(value, ...) WDK_TL_UNSIGNED_OF(UINT16, #value, value, ##__VA_ARGS__)
#define TraceLoggingUInt32(value, ...) WDK_TL_UNSIGNED_OF(UINT32, #value, value, ##__VA_ARGS__)
#define TraceLoggingUInt64(value, ...) WDK_TL_UNSIGNED_OF(UINT64, #value, value, ##__VA_ARGS__)
#define TraceLoggingUIntPtr(value, ...) WDK_TL_UNSIGNED_OF(UINT_PTR, #value, value, ##__VA_ARGS__)
#define TraceLoggingULong(value, ...) WDK_TL_UNSIGNED_OF(ULONG, #value, value, ##__VA_ARGS__)
#define TraceLoggingPid(value, ...) WDK_TL_UNSIGNED_OF(UINT32, #value, value, ##__VA_ARGS__)
#define TraceLoggingTid(value, ...) WDK_TL_UNSIGNED_OF(UINT32, #value, value, ##__VA_ARGS__)
#define TraceLoggingWinError(value, ...) WDK_TL_UNSIGNED_OF(UINT32, #value, value, ##__VA_ARGS__)
#define TraceLoggingHexInt8(value, ...) WDK_TL_HEX_OF(UINT8, #value, value, ##__VA_ARGS__)
#define TraceLoggingHexInt16(value, ...) WDK_TL_HEX_OF(UINT16, #value, value, ##__VA_ARGS__)
#define TraceLoggingHexInt32(value, ...) WDK_TL_HEX_OF(UINT32, #value, value, ##__VA_ARGS__)
#define TraceLoggingHexInt64(value, ...) WDK_TL_HEX_OF(UINT64, #value, value, ##__VA_ARGS__)
#define TraceLoggingHexIntPtr(value, ...) WDK_TL_HEX_OF(UINT_PTR, #value, value, ##__VA_ARGS__)
#define TraceLoggingHexLong(value, ...) WDK_TL_HEX_OF(ULONG, #value, value, ##__VA_ARGS__)
#define TraceLoggingHexUInt8(value, ...) WDK_TL_HEX_OF(UINT8, #value, value, ##__VA_ARGS__)
#define TraceLoggingHexUInt16(value, ...) WDK_TL_HEX_OF(UINT16, #value, value, ##__VA_ARGS__)
#define TraceLoggingHexUInt32(value, ...) WDK_TL_HEX_OF(UINT32, #value, value, ##__VA_ARGS__)
#define TraceLoggingHexUInt64(value, ...) WDK_TL_HEX_OF(UINT64, #value, value, ##__VA_ARGS__)
#define TraceLoggingHexUIntPtr(value, ...) WDK_TL_HEX_OF(UINT_PTR, #value, value, ##__VA_ARGS__)
#define TraceLoggingHexULong(value, ...) WDK_TL_HEX_OF(ULONG, #value, value, ##__VA_ARGS__)
#define TraceLoggingNTStatus(value, ...) WDK_TL_HEX_OF(UINT32, #value, value, ##__VA_ARGS__)
#define TraceLoggingHResult(value, ...) WDK_TL_HEX_OF(UINT32, #value, value, ##__VA_ARGS__)
#define TraceLoggingPointer(value, ...) \
  WDK_TL_HEX_OF(UINT_PTR, #value, (UINT_PTR)(const VOID*)(value), ##__VA_ARGS__)
#define TraceLoggingCodePointer(value, ...) \
  WDK_TL_HEX_OF(UINT_PTR, #value, (UINT_PTR)(value), ##__VA_ARGS__)
#define TraceLoggingBoolean(value, ...) \
  WDK_TL_INTEGER(WDK_TL_BOOLEAN, UINT8, ULONG64, #value, value, ##__VA_ARGS__)
#define TraceLoggingBool(value, ...) \
  WDK_TL_INTEGER(WDK_TL_BOOLEAN, INT32, ULONG64, #value, value, ##__VA_ARGS__)
#define TraceLoggingChar(value, ...) \
  WDK_TL_INTEGER(WDK_TL_CHARACTER, UINT8, ULONG64, #value, value, ##__VA_ARGS__)
#define TraceLoggingWChar(value, ...) \
  WDK_TL_INTEGER(WDK_TL_CHARACTER, UINT16, ULONG64, #value, value, ##__VA_ARGS__)
#define TraceLoggingPort(value, ...) \
  WDK_TL_INTEGER(WDK_TL_PORT, UINT16, ULONG64, #value, value, ##__VA_ARGS__)
#define TraceLoggingIPv4Address(value, ...) \
  WDK_TL_INTEGER(WDK_TL_IPV4_ADDRESS, UINT32, ULONG64, #value, value, ##__VA_ARGS__)
#define TraceLoggingFloat32(value, ...) \
  wdk_tl_float(WDK_TL_NAME(#value, ##__VA_ARGS__), (FLOAT)(value))
#define TraceLoggingFloat64(value, ...) wdk_tl_float(WDK_TL_NAME(#value, ##__VA_ARGS__), (value))

/* Texts: UTF-8 or UTF-16. Counts are in characters. */
#define TraceLoggingString(pszValue, ...)                                        \
  wdk_tl_data(WDK_TL_NAME(#pszValue, ##__VA_ARGS__), WDK_TL_TEXT, 1, (pszValue), \
              WDK_TL_ZERO_TERMINATED)
#define TraceLoggingUtf8String TraceLoggingString
#define TraceLoggingWideString(pszValue, ...)                                    \
  wdk_tl_data(WDK_TL_NAME(#pszValue, ##__VA_ARGS__), WDK_TL_TEXT, 2, (pszValue), \
              WDK_TL_ZERO_TERMINATED)
#define TraceLoggingCountedString(pchValue, cchValue, ...) \
  wdk_tl_data(WDK_TL_NAME(#pchValue, ##__VA_ARGS__), WDK_TL_TEXT, 1, (pchValue), (cchValue))
#define TraceLoggingCountedUtf8String TraceLoggingCountedString
#define TraceLoggingCountedWideString(pchValue, cchValue, ...) \
  wdk_tl_data(WDK_TL_NAME(#pchValue, ##__VA_ARGS__), WDK_TL_TEXT, 2, (pchValue), (cchValue))
#define TraceLoggingUnicodeString(pValue, ...) \
  wdk_tl_unicode_string(WDK_TL_NAME(#pValue, ##__VA_ARGS__), (pValue))
#define TraceLoggingAnsiString(pValue, ...) \
  wdk_tl_ansi_string(WDK_TL_NAME(#pValue, ##__VA_ARGS__), (pValue))

/* Bytes, and what bytes mean. TraceLoggingGuid takes a GUID, the others a pointer. */
#define TraceLoggingBinary(pValue, cbValue, ...) \
  wdk_tl_data(WDK_TL_NAME(#pValue, ##__VA_ARGS__), WDK_TL_BINARY, 1, (pValue), (cbValue))
#define TraceLoggingGuid(value, ...) \
  wdk_tl_data(WDK_TL_NAME(#value, ##__VA_ARGS__), WDK_TL_GUID, sizeof(GUID), &(value), 1)
#define TraceLoggingIPv6Address(pValue, ...) \
  wdk_tl_data(WDK_TL_NAME(#pValue, ##__VA_ARGS__), WDK_TL_IPV6_ADDRESS, 16, (pValue), 1)
#define TraceLoggingSocketAddress(pValue, cbValue, ...) \
  wdk_tl_data(WDK_TL_NAME(#pValue, ##__VA_ARGS__), WDK_TL_SOCKET_ADDRESS, 1, (pValue), (cbValue))
#define TraceLoggingFileTime(value, ...) \
  wdk_tl_data(WDK_TL_NAME(#value, ##__VA_ARGS__), WDK_TL_TIME, 8, &(value), 1)
#define TraceLoggingFileTimeUtc TraceLoggingFileTime

/* Arrays of numbers, and groups of the fieldCount fields that follow. */
#define WDK_TL_ARRAY_OF(kind, type, text, pValues, cValues, ...) \
  wdk_tl_array(WDK_TL_NAME(text, ##__VA_ARGS__), kind, sizeof(type), (pValues), (cValues))
#define TraceLoggingInt8Array(pValues, cValues, ...) \
  WDK_TL_ARRAY_OF(WDK_TL_SIGNED, INT8, #pValues, pValues, cValues, ##__VA_ARGS__)
#define TraceLoggingInt16Array(pValues, cValues, ...) \
  WDK_TL_ARRAY_OF(WDK_TL_SIGNED, INT16, #pValues, pValues, cValues, ##__VA_ARGS__)
#define TraceLoggingInt32Array(pValues, cValues, ...) \
  WDK_TL_ARRAY_OF(WDK_TL_SIGNED, INT32, #pValues, pValues, cValues, ##__VA_ARGS__)
#define TraceLoggingInt64Array(pValues, cValues, ...) \
  WDK_TL_ARRAY_OF(WDK_TL_SIGNED, INT64, #pValues, pValues, cValues, ##__VA_ARGS__)
#define TraceLoggingUInt8Array(pValues, cValues, ...) \
  WDK_TL_ARRAY_OF(WDK_TL_UNSIGNED, UINT8, #pValues, pValues, cValues, ##__VA_ARGS__)
#define TraceLoggingUInt16Array(pValues, cValues, ...) \
  WDK_TL_ARRAY_OF(WDK_TL_UNSIGNED, UINT16, #pValues, pValues, cValues, ##__VA_ARGS__)
#define TraceLoggingUInt32Array(pValues, cValues, ...) \
  WDK_TL_ARRAY_OF(WDK_TL_UNSIGNED, UINT32, #pValues, pValues, cValues, ##__VA_ARGS__)
#define TraceLoggingUInt64Array(pValues, cValues, ...) \
  WDK_TL_ARRAY_OF(WDK_TL_UNSIGNED, UINT64, #pValues, pValues, cValues, ##__VA_ARGS__)
#define TraceLoggingHexUInt8Array(pValues, cValues, ...) \
  WDK_TL_ARRAY_OF(WDK_TL_HEX, UINT8, #pValues, pValues, cValues, ##__VA_ARGS__)
#define TraceLoggingHexUInt32Array(pValues, cValues, ...) \
  WDK_TL_ARRAY_OF(WDK_TL_HEX, UINT32, #pValues, pValues, cValues, ##__VA_ARGS__)
#define TraceLoggingHexUInt64Array(pValues, cValues, ...) \
  WDK_TL_ARRAY_OF(WDK_TL_HEX, UINT64, #pValues, pValues, cValues, ##__VA_ARGS__)
#define TraceLoggingStruct(fieldCount, name, ...) \
  wdk_tl_data((name), WDK_TL_STRUCT, 0, NULL, (fieldCount))

#ifdef __cplusplus
#define WDK_TL_VALUE(type, kind, wide)                                    \
  inline WDK_TL_FIELD wdk_tl_value(PCSTR name, type value) {              \
    return wdk_tl_number(name, kind, sizeof(type), (ULONG64)(wide)value); \
  }
WDK_TL_VALUE(bool, WDK_TL_BOOLEAN, ULONG64)
WDK_TL_VALUE(char, WDK_TL_CHARACTER, UCHAR)
WDK_TL_VALUE(WCHAR, WDK_TL_CHARACTER, USHORT)
WDK_TL_VALUE(signed char, WDK_TL_SIGNED, LONG64)
WDK_TL_VALUE(short, WDK_TL_SIGNED, LONG64)
WDK_TL_VALUE(int, WDK_TL_SIGNED, LONG64)
WDK_TL_VALUE(long, WDK_TL_SIGNED, LONG64)
WDK_TL_VALUE(long long, WDK_TL_SIGNED, LONG64)
WDK_TL_VALUE(unsigned char, WDK_TL_UNSIGNED, ULONG64)
WDK_TL_VALUE(unsigned short, WDK_TL_UNSIGNED, ULONG64)
WDK_TL_VALUE(unsigned int, WDK_TL_UNSIGNED, ULONG64)
WDK_TL_VALUE(unsigned long, WDK_TL_UNSIGNED, ULONG64)
WDK_TL_VALUE(unsigned long long, WDK_TL_UNSIGNED, ULONG64)
WDK_TL_VALUE(const VOID*, WDK_TL_HEX, ULONG_PTR)
#undef WDK_TL_VALUE
inline WDK_TL_FIELD wdk_tl_value(PCSTR name, double value) {
  return wdk_tl_float(name, value);
}
inline WDK_TL_FIELD wdk_tl_value(PCSTR name, PCSTR value) {
  return wdk_tl_data(name, WDK_TL_TEXT, 1, value, WDK_TL_ZERO_TERMINATED);
}
inline WDK_TL_FIELD wdk_tl_value(PCSTR name, PCWSTR value) {
  return wdk_tl_data(name, WDK_TL_TEXT, 2, value, WDK_TL_ZERO_TERMINATED);
}
inline WDK_TL_FIELD wdk_tl_value(PCSTR name, const GUID& value) {
  return wdk_tl_data(name, WDK_TL_GUID, sizeof(GUID), &value, 1);
}
#define TraceLoggingValue(value, ...) wdk_tl_value(WDK_TL_NAME(#value, ##__VA_ARGS__), (value))
#endif
