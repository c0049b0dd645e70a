/*
 * guiddef.h: GUID, DEFINE_GUID and their comparison. initguid.h turns declarations into
 * definitions.
 */
#pragma once

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
  unsigned int Data1;
  unsigned short Data2;
  unsigned short Data3;
  unsigned char Data4[8];
} GUID;
#endif

typedef GUID* LPGUID;
typedef const GUID* LPCGUID;
typedef GUID IID;
typedef GUID CLSID;

#ifdef __cplusplus
#define REFGUID const GUID&
#define REFIID const IID&
#define WDK_GUID_EXTERN extern "C"
#else
#define REFGUID const GUID*
#define REFIID const IID*
#define WDK_GUID_EXTERN extern
#endif

/* Weak: several translation units of one driver may define the same GUID. */
#define WDK_GUID_DEFINE(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
  WDK_GUID_EXTERN const GUID name __attribute__((weak));                 \
  const GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}

#ifdef INITGUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
  WDK_GUID_DEFINE(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) WDK_GUID_EXTERN const GUID name
#endif

#define InlineIsEqualGUID(a, b) IsEqualGUID(a, b)
#define IsEqualIID(a, b) IsEqualGUID(a, b)
#define IsEqualCLSID(a, b) IsEqualGUID(a, b)

#ifdef __cplusplus
extern "C++" {
inline int IsEqualGUID(REFGUID a, REFGUID b) {
  return __builtin_memcmp(&a, &b, sizeof(GUID)) == 0;
}
inline bool operator==(REFGUID a, REFGUID b) {
  return IsEqualGUID(a, b) != 0;
}
inline bool operator!=(REFGUID a, REFGUID b) {
  return IsEqualGUID(a, b) == 0;
}
}
#else
static inline int IsEqualGUID(REFGUID a, REFGUID b) {
  return __builtin_memcmp(a, b, sizeof(GUID)) == 0;
}
#endif
