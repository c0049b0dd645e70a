/*
 * crt.h: the few C library functions kernel drivers use without including anything.
 *
 * They come from the C library, except wcslen: Linux's wide characters have 32 bits, so the
 * library's would not understand a driver's strings. C++ has none: <cwchar> claims the name.
 */
#pragma once

#include <ntdef.h>

/* glibc declares its functions so; a declaration that differs would not compile beside it. */
#ifdef __cplusplus
#define WDK_NOTHROW noexcept(true)
#else
#define WDK_NOTHROW __attribute__((nothrow))
#endif

EXTERN_C_START

void* memcpy(void* __restrict__ Destination, const void* __restrict__ Source,
             size_t Length) WDK_NOTHROW;
void* memmove(void* Destination, const void* Source, size_t Length) WDK_NOTHROW;
void* memset(void* Destination, int Fill, size_t Length) WDK_NOTHROW;
int memcmp(const void* Source1, const void* Source2, size_t Length) WDK_NOTHROW;
size_t strlen(const char* String) WDK_NOTHROW;
size_t strnlen(const char* String, size_t MaximumLength) WDK_NOTHROW;
int strcmp(const char* String1, const char* String2) WDK_NOTHROW;
int strncmp(const char* String1, const char* String2, size_t Count) WDK_NOTHROW;

#if !defined(__cplusplus) && __SIZEOF_WCHAR_T__ == 2
WDK_INLINE size_t wcslen(const WCHAR* String) {
  size_t length = 0;

  while (String[length] != 0) length++;
  return length;
}
#endif

EXTERN_C_END
