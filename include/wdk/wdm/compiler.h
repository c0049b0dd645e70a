/*
 * compiler.h: what MSVC's compiler and its headers give every Windows source: declaration words,
 * __declspec, the SEH words, helper macros. ntdef.h has the types.
 */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
#define EXTERN_C extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#ifndef static_assert
#define static_assert _Static_assert
#endif
#endif

#define C_ASSERT(e) WDK_STATIC_ASSERT(e, #e)
#ifdef __cplusplus
#define WDK_STATIC_ASSERT static_assert
#else
#define WDK_STATIC_ASSERT _Static_assert
#endif

/*
 * The runtime exports every function that is not inline here; a driver built with
 * -fvisibility=hidden still finds them.
 */
#define NTKERNELAPI __attribute__((visibility("default")))
#define NTSYSAPI NTKERNELAPI
#define NTSYSCALLAPI NTKERNELAPI
#define NTHALAPI NTKERNELAPI
#define DECLSPEC_IMPORT
#define DECLSPEC_EXPORT NTKERNELAPI
#define WDK_INLINE static __inline__

/* One calling convention everywhere. */
#define NTAPI
#define NTAPI_INLINE
#define WINAPI
#define APIENTRY
#define CALLBACK
#define FASTCALL
#define __stdcall
#define __cdecl
#define __fastcall
#define __vectorcall
#define _cdecl
#define _stdcall

#define IN
#define OUT
#define OPTIONAL
#define FAR
#define NEAR
#define UNALIGNED
#define RESTRICTED_POINTER
#define __unaligned
#define __ptr64
#define __ptr32
#define POINTER_64
#define DUMMYUNIONNAME
#define DUMMYUNIONNAME2
#define DUMMYUNIONNAME3
#define DUMMYUNIONNAME4
#define DUMMYUNIONNAME5
#define DUMMYSTRUCTNAME
#define DUMMYSTRUCTNAME2
#define DUMMYSTRUCTNAME3
#define _ANONYMOUS_UNION
#define _ANONYMOUS_STRUCT
#define NOTHING

#undef __forceinline
#define __forceinline __inline__ __attribute__((always_inline))
#define FORCEINLINE __forceinline
#define CFORCEINLINE __forceinline
#define DECLSPEC_NOINLINE __attribute__((noinline))
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define DECLSPEC_ALIGN(x) __attribute__((aligned(x)))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)
#define DECLSPEC_SELECTANY __attribute__((weak))
#define DECLSPEC_NOTHROW
#define DECLSPEC_NOVTABLE
#define DECLSPEC_DEPRECATED
#define DECLSPEC_DEPRECATED_DDK
#define DECLSPEC_DEPRECATED_DDK_WINXP
#define DECLSPEC_RESTRICT
#define DECLSPEC_GUARD_SUPPRESS
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64

/* __declspec(word): one word or word(argument) at a time. */
#undef __declspec
#define __declspec(word) WDK_DECLSPEC_##word
#define _declspec(word) WDK_DECLSPEC_##word
#define WDK_DECLSPEC_
#define WDK_DECLSPEC_align(n) __attribute__((aligned(n)))
#define WDK_DECLSPEC_noinline __attribute__((noinline))
#define WDK_DECLSPEC_noreturn __attribute__((noreturn))
#define WDK_DECLSPEC_dllexport __attribute__((visibility("default")))
#define WDK_DECLSPEC_dllimport
#define WDK_DECLSPEC_selectany __attribute__((weak))
#define WDK_DECLSPEC_thread __thread
#define WDK_DECLSPEC_novtable
#define WDK_DECLSPEC_nothrow
#define WDK_DECLSPEC_noalias
#define WDK_DECLSPEC_restrict
#define WDK_DECLSPEC_allocator
#define WDK_DECLSPEC_safebuffers
#define WDK_DECLSPEC_empty_bases
#define WDK_DECLSPEC_deprecated __attribute__((deprecated))
#define WDK_DECLSPEC_code_seg(segment)
#define WDK_DECLSPEC_allocate(segment)
#define WDK_DECLSPEC_guard(what)
#define WDK_DECLSPEC_spectre(what)
#define WDK_DECLSPEC_no_sanitize_address __attribute__((no_sanitize_address))
#define WDK_DECLSPEC_uuid(text)

/*
 * Structured exceptions. There are none on Linux: the guarded block runs, the filter and the
 * handler only compile. goto, return and break leave the block as usual, but then skip a
 * __finally. In C++ the words agree with libstdc++'s macros of the same name.
 */
#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)
#define GetExceptionCode() ((NTSTATUS)0xC0000005) /* STATUS_ACCESS_VIOLATION */
#define GetExceptionInformation() ((struct _EXCEPTION_POINTERS*)NULL)
#define AbnormalTermination() 0
#define _exception_code GetExceptionCode
#define _exception_info GetExceptionInformation
#define _abnormal_termination AbnormalTermination

#undef __leave
#define __leave _Pragma("GCC error \"__leave is not available: use goto\"")

/* The formatter takes __except for the keyword. */
/* clang-format off */
#if defined(__cplusplus) && defined(__cpp_exceptions)
#undef __try
#define __try try
#define __except(filter) \
  catch (...) {          \
    throw;               \
  }                      \
  if (0 && (filter))
#define __finally \
  catch (...) {   \
    throw;        \
  }               \
  if (true)
#elif defined(__cplusplus)
#undef __try
#define __try if (true)
#define __except(filter) else if (0 && (filter))
#define __finally if (true)
#else
#undef __try
#define __try if (1)
#define __except(filter) else if (0 && (filter))
#define __finally if (1)
#define try __try
#define except __except
#define finally __finally
#endif
/* clang-format on */

/* Helpers. */
#define FIELD_OFFSET(type, field) ((LONG) __builtin_offsetof(type, field))
#define UFIELD_OFFSET(type, field) ((ULONG) __builtin_offsetof(type, field))
#define FIELD_SIZE(type, field) (sizeof(((type*)0)->field))
#define RTL_FIELD_SIZE(type, field) FIELD_SIZE(type, field)
#define RTL_SIZEOF_THROUGH_FIELD(type, field) \
  (__builtin_offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_CONTAINS_FIELD(Struct, Size, Field) \
  ((((PCHAR)(&(Struct)->Field)) + sizeof((Struct)->Field)) <= (((PCHAR)(Struct)) + (Size)))
#define CONTAINING_RECORD(address, type, field) \
  ((type*)((char*)(address) - __builtin_offsetof(type, field)))
#define RTL_NUMBER_OF(A) (sizeof(A) / sizeof((A)[0]))
#define RTL_NUMBER_OF_V1(A) RTL_NUMBER_OF(A)
#define RTL_NUMBER_OF_V2(A) RTL_NUMBER_OF(A)
#ifndef ARRAYSIZE
#define ARRAYSIZE(A) RTL_NUMBER_OF(A)
#endif
#ifndef _countof
#define _countof(A) RTL_NUMBER_OF(A)
#endif
#define ARGUMENT_PRESENT(ArgumentPointer) ((CHAR*)((ULONG_PTR)(ArgumentPointer)) != (CHAR*)NULL)
#define TYPE_ALIGNMENT(t) __alignof__(t)
#define PROBE_ALIGNMENT(t) __alignof__(t)

#define UNREFERENCED_PARAMETER(P) ((void)(P))
#define DBG_UNREFERENCED_PARAMETER(P) ((void)(P))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(V) ((void)(V))
#define __noop(...) ((void)0)
#define __nop() __asm__ __volatile__("nop")
#define __debugbreak() __builtin_trap()
#define __fastfail(code) ((void)(code), __builtin_trap())
#define __assume(e) ((void)0)
#define __annotation(...) ((void)0)

#ifndef __cplusplus
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#endif

#define ALIGN_DOWN_BY(length, alignment) ((ULONG_PTR)(length) & ~((ULONG_PTR)(alignment)-1))
#define ALIGN_UP_BY(length, alignment) \
  (ALIGN_DOWN_BY(((ULONG_PTR)(length) + (alignment)-1), alignment))
#define ALIGN_DOWN(length, type) ALIGN_DOWN_BY(length, sizeof(type))
#define ALIGN_UP(length, type) ALIGN_UP_BY(length, sizeof(type))
#define ALIGN_DOWN_POINTER_BY(address, alignment) ((PVOID)ALIGN_DOWN_BY(address, alignment))
#define ALIGN_UP_POINTER_BY(address, alignment) ((PVOID)ALIGN_UP_BY(address, alignment))
#define ROUND_TO_SIZE(length, alignment) \
  ((((ULONG_PTR)(length)) + ((alignment)-1)) & ~(ULONG_PTR)((alignment)-1))

#define FlagOn(_F, _SF) ((_F) & (_SF))
#define BooleanFlagOn(F, SF) ((BOOLEAN)(((F) & (SF)) != 0))
#define SetFlag(_F, _SF) ((_F) |= (_SF))
#define ClearFlag(_F, _SF) ((_F) &= ~(_SF))

#define DEFINE_ENUM_FLAG_OPERATORS(ENUMTYPE)
