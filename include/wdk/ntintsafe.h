/*
 * ntintsafe.h: conversions and arithmetic that tell when a result does not fit. All are inline.
 *
 * Each stores its result and returns STATUS_SUCCESS, or stores what has all bits set (-1 in signed
 * types) and returns STATUS_INTEGER_OVERFLOW. They run at any IRQL.
 *
 *   RtlULongToUShort(ulOperand, &usResult)
 *   RtlULongAdd(ulAugend, ulAddend, &ulResult)
 *
 * Add, Sub and Mult exist for every type, a conversion where something can be lost. SIZET and
 * SizeT both stand for SIZE_T; a Long has 32 bits, what ends in Ptr 64.
 *
 * Page     ddi/ntintsafe/
 */
#pragma once

#include <ntdef.h>
#include <ntstatus.h>

/* What stands in a result that does not fit. */
#define INT8_ERROR (-1)
#define UINT8_ERROR 0xff
#define SHORT_ERROR (-1)
#define USHORT_ERROR 0xffff
#define INT_ERROR (-1)
#define UINT_ERROR 0xffffffff
#define LONG_ERROR (-1)
#define ULONG_ERROR 0xffffffff
#define INT_PTR_ERROR (-1)
#define UINT_PTR_ERROR MAXULONG_PTR
#define LONG_PTR_ERROR (-1)
#define ULONG_PTR_ERROR MAXULONG_PTR
#define LONGLONG_ERROR (-1)
#define ULONGLONG_ERROR 0xffffffffffffffffULL
#define UCHAR_ERROR 0xff
#define BYTE_ERROR 0xff
#define WORD_ERROR 0xffff
#define DWORD_ERROR 0xffffffff
#define DWORD_PTR_ERROR MAXULONG_PTR
#define SIZE_T_ERROR MAXULONG_PTR
#define SSIZE_T_ERROR (-1)
#define PTRDIFF_T_ERROR (-1)

#define WDK_SAFE_CONVERSION(Name, From, To)                                             \
  _Must_inspect_result_ WDK_INLINE NTSTATUS Name(_In_ From Operand, _Out_ To* Result) { \
    if (!__builtin_add_overflow(Operand, 0, Result)) return STATUS_SUCCESS;             \
    *Result = (To)-1;                                                                   \
    return STATUS_INTEGER_OVERFLOW;                                                     \
  }

#define WDK_SAFE_ARITHMETIC(Name, Type, Overflows)                                \
  _Must_inspect_result_ WDK_INLINE NTSTATUS Name(_In_ Type Left, _In_ Type Right, \
                                                 _Out_ Type* Result) {            \
    if (!Overflows(Left, Right, Result)) return STATUS_SUCCESS;                   \
    *Result = (Type)-1;                                                           \
    return STATUS_INTEGER_OVERFLOW;                                               \
  }

EXTERN_C_START

/* Arithmetic. */
WDK_SAFE_ARITHMETIC(RtlInt8Add, INT8, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlInt8Sub, INT8, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlInt8Mult, INT8, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlUInt8Add, UINT8, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlUInt8Sub, UINT8, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlUInt8Mult, UINT8, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlShortAdd, SHORT, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlShortSub, SHORT, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlShortMult, SHORT, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlUShortAdd, USHORT, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlUShortSub, USHORT, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlUShortMult, USHORT, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlIntAdd, INT, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlIntSub, INT, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlIntMult, INT, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlUIntAdd, UINT, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlUIntSub, UINT, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlUIntMult, UINT, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlLongAdd, LONG, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlLongSub, LONG, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlLongMult, LONG, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlULongAdd, ULONG, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlULongSub, ULONG, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlULongMult, ULONG, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlIntPtrAdd, INT_PTR, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlIntPtrSub, INT_PTR, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlIntPtrMult, INT_PTR, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlUIntPtrAdd, UINT_PTR, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlUIntPtrSub, UINT_PTR, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlUIntPtrMult, UINT_PTR, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlLongPtrAdd, LONG_PTR, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlLongPtrSub, LONG_PTR, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlLongPtrMult, LONG_PTR, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlULongPtrAdd, ULONG_PTR, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlULongPtrSub, ULONG_PTR, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlULongPtrMult, ULONG_PTR, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlLongLongAdd, LONGLONG, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlLongLongSub, LONGLONG, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlLongLongMult, LONGLONG, __builtin_mul_overflow)
WDK_SAFE_ARITHMETIC(RtlULongLongAdd, ULONGLONG, __builtin_add_overflow)
WDK_SAFE_ARITHMETIC(RtlULongLongSub, ULONGLONG, __builtin_sub_overflow)
WDK_SAFE_ARITHMETIC(RtlULongLongMult, ULONGLONG, __builtin_mul_overflow)

/* Conversions. */
WDK_SAFE_CONVERSION(RtlInt8ToUInt8, INT8, UINT8)
WDK_SAFE_CONVERSION(RtlInt8ToUChar, INT8, UCHAR)
WDK_SAFE_CONVERSION(RtlInt8ToUShort, INT8, USHORT)
WDK_SAFE_CONVERSION(RtlInt8ToUInt, INT8, UINT)
WDK_SAFE_CONVERSION(RtlInt8ToULong, INT8, ULONG)
WDK_SAFE_CONVERSION(RtlInt8ToUIntPtr, INT8, UINT_PTR)
WDK_SAFE_CONVERSION(RtlInt8ToULongPtr, INT8, ULONG_PTR)
WDK_SAFE_CONVERSION(RtlInt8ToULongLong, INT8, ULONGLONG)

WDK_SAFE_CONVERSION(RtlUInt8ToInt8, UINT8, INT8)
WDK_SAFE_CONVERSION(RtlUInt8ToChar, UINT8, CHAR)

WDK_SAFE_CONVERSION(RtlUCharToInt8, UCHAR, INT8)
WDK_SAFE_CONVERSION(RtlUCharToChar, UCHAR, CHAR)

WDK_SAFE_CONVERSION(RtlShortToInt8, SHORT, INT8)
WDK_SAFE_CONVERSION(RtlShortToUInt8, SHORT, UINT8)
WDK_SAFE_CONVERSION(RtlShortToUChar, SHORT, UCHAR)
WDK_SAFE_CONVERSION(RtlShortToUShort, SHORT, USHORT)
WDK_SAFE_CONVERSION(RtlShortToUInt, SHORT, UINT)
WDK_SAFE_CONVERSION(RtlShortToULong, SHORT, ULONG)
WDK_SAFE_CONVERSION(RtlShortToUIntPtr, SHORT, UINT_PTR)
WDK_SAFE_CONVERSION(RtlShortToULongPtr, SHORT, ULONG_PTR)
WDK_SAFE_CONVERSION(RtlShortToULongLong, SHORT, ULONGLONG)
WDK_SAFE_CONVERSION(RtlShortToChar, SHORT, CHAR)

WDK_SAFE_CONVERSION(RtlUShortToInt8, USHORT, INT8)
WDK_SAFE_CONVERSION(RtlUShortToUInt8, USHORT, UINT8)
WDK_SAFE_CONVERSION(RtlUShortToUChar, USHORT, UCHAR)
WDK_SAFE_CONVERSION(RtlUShortToShort, USHORT, SHORT)
WDK_SAFE_CONVERSION(RtlUShortToChar, USHORT, CHAR)

WDK_SAFE_CONVERSION(RtlIntToInt8, INT, INT8)
WDK_SAFE_CONVERSION(RtlIntToUInt8, INT, UINT8)
WDK_SAFE_CONVERSION(RtlIntToUChar, INT, UCHAR)
WDK_SAFE_CONVERSION(RtlIntToShort, INT, SHORT)
WDK_SAFE_CONVERSION(RtlIntToUShort, INT, USHORT)
WDK_SAFE_CONVERSION(RtlIntToUInt, INT, UINT)
WDK_SAFE_CONVERSION(RtlIntToULong, INT, ULONG)
WDK_SAFE_CONVERSION(RtlIntToUIntPtr, INT, UINT_PTR)
WDK_SAFE_CONVERSION(RtlIntToULongPtr, INT, ULONG_PTR)
WDK_SAFE_CONVERSION(RtlIntToULongLong, INT, ULONGLONG)
WDK_SAFE_CONVERSION(RtlIntToChar, INT, CHAR)

WDK_SAFE_CONVERSION(RtlUIntToInt8, UINT, INT8)
WDK_SAFE_CONVERSION(RtlUIntToUInt8, UINT, UINT8)
WDK_SAFE_CONVERSION(RtlUIntToUChar, UINT, UCHAR)
WDK_SAFE_CONVERSION(RtlUIntToShort, UINT, SHORT)
WDK_SAFE_CONVERSION(RtlUIntToUShort, UINT, USHORT)
WDK_SAFE_CONVERSION(RtlUIntToInt, UINT, INT)
WDK_SAFE_CONVERSION(RtlUIntToLong, UINT, LONG)
WDK_SAFE_CONVERSION(RtlUIntToIntPtr, UINT, INT_PTR)
WDK_SAFE_CONVERSION(RtlUIntToLongPtr, UINT, LONG_PTR)
WDK_SAFE_CONVERSION(RtlUIntToChar, UINT, CHAR)

WDK_SAFE_CONVERSION(RtlLongToInt8, LONG, INT8)
WDK_SAFE_CONVERSION(RtlLongToUInt8, LONG, UINT8)
WDK_SAFE_CONVERSION(RtlLongToUChar, LONG, UCHAR)
WDK_SAFE_CONVERSION(RtlLongToShort, LONG, SHORT)
WDK_SAFE_CONVERSION(RtlLongToUShort, LONG, USHORT)
WDK_SAFE_CONVERSION(RtlLongToInt, LONG, INT)
WDK_SAFE_CONVERSION(RtlLongToUInt, LONG, UINT)
WDK_SAFE_CONVERSION(RtlLongToULong, LONG, ULONG)
WDK_SAFE_CONVERSION(RtlLongToIntPtr, LONG, INT_PTR)
WDK_SAFE_CONVERSION(RtlLongToUIntPtr, LONG, UINT_PTR)
WDK_SAFE_CONVERSION(RtlLongToULongPtr, LONG, ULONG_PTR)
WDK_SAFE_CONVERSION(RtlLongToULongLong, LONG, ULONGLONG)
WDK_SAFE_CONVERSION(RtlLongToChar, LONG, CHAR)

WDK_SAFE_CONVERSION(RtlULongToInt8, ULONG, INT8)
WDK_SAFE_CONVERSION(RtlULongToUInt8, ULONG, UINT8)
WDK_SAFE_CONVERSION(RtlULongToUChar, ULONG, UCHAR)
WDK_SAFE_CONVERSION(RtlULongToShort, ULONG, SHORT)
WDK_SAFE_CONVERSION(RtlULongToUShort, ULONG, USHORT)
WDK_SAFE_CONVERSION(RtlULongToInt, ULONG, INT)
WDK_SAFE_CONVERSION(RtlULongToUInt, ULONG, UINT)
WDK_SAFE_CONVERSION(RtlULongToLong, ULONG, LONG)
WDK_SAFE_CONVERSION(RtlULongToIntPtr, ULONG, INT_PTR)
WDK_SAFE_CONVERSION(RtlULongToUIntPtr, ULONG, UINT_PTR)
WDK_SAFE_CONVERSION(RtlULongToLongPtr, ULONG, LONG_PTR)
WDK_SAFE_CONVERSION(RtlULongToChar, ULONG, CHAR)

WDK_SAFE_CONVERSION(RtlIntPtrToInt8, INT_PTR, INT8)
WDK_SAFE_CONVERSION(RtlIntPtrToUInt8, INT_PTR, UINT8)
WDK_SAFE_CONVERSION(RtlIntPtrToUChar, INT_PTR, UCHAR)
WDK_SAFE_CONVERSION(RtlIntPtrToShort, INT_PTR, SHORT)
WDK_SAFE_CONVERSION(RtlIntPtrToUShort, INT_PTR, USHORT)
WDK_SAFE_CONVERSION(RtlIntPtrToInt, INT_PTR, INT)
WDK_SAFE_CONVERSION(RtlIntPtrToUInt, INT_PTR, UINT)
WDK_SAFE_CONVERSION(RtlIntPtrToLong, INT_PTR, LONG)
WDK_SAFE_CONVERSION(RtlIntPtrToULong, INT_PTR, ULONG)
WDK_SAFE_CONVERSION(RtlIntPtrToUIntPtr, INT_PTR, UINT_PTR)
WDK_SAFE_CONVERSION(RtlIntPtrToLongPtr, INT_PTR, LONG_PTR)
WDK_SAFE_CONVERSION(RtlIntPtrToULongPtr, INT_PTR, ULONG_PTR)
WDK_SAFE_CONVERSION(RtlIntPtrToULongLong, INT_PTR, ULONGLONG)
WDK_SAFE_CONVERSION(RtlIntPtrToChar, INT_PTR, CHAR)

WDK_SAFE_CONVERSION(RtlUIntPtrToInt8, UINT_PTR, INT8)
WDK_SAFE_CONVERSION(RtlUIntPtrToUInt8, UINT_PTR, UINT8)
WDK_SAFE_CONVERSION(RtlUIntPtrToUChar, UINT_PTR, UCHAR)
WDK_SAFE_CONVERSION(RtlUIntPtrToShort, UINT_PTR, SHORT)
WDK_SAFE_CONVERSION(RtlUIntPtrToUShort, UINT_PTR, USHORT)
WDK_SAFE_CONVERSION(RtlUIntPtrToInt, UINT_PTR, INT)
WDK_SAFE_CONVERSION(RtlUIntPtrToUInt, UINT_PTR, UINT)
WDK_SAFE_CONVERSION(RtlUIntPtrToLong, UINT_PTR, LONG)
WDK_SAFE_CONVERSION(RtlUIntPtrToULong, UINT_PTR, ULONG)
WDK_SAFE_CONVERSION(RtlUIntPtrToIntPtr, UINT_PTR, INT_PTR)
WDK_SAFE_CONVERSION(RtlUIntPtrToLongPtr, UINT_PTR, LONG_PTR)
WDK_SAFE_CONVERSION(RtlUIntPtrToLongLong, UINT_PTR, LONGLONG)
WDK_SAFE_CONVERSION(RtlUIntPtrToChar, UINT_PTR, CHAR)

WDK_SAFE_CONVERSION(RtlLongPtrToInt8, LONG_PTR, INT8)
WDK_SAFE_CONVERSION(RtlLongPtrToUInt8, LONG_PTR, UINT8)
WDK_SAFE_CONVERSION(RtlLongPtrToUChar, LONG_PTR, UCHAR)
WDK_SAFE_CONVERSION(RtlLongPtrToShort, LONG_PTR, SHORT)
WDK_SAFE_CONVERSION(RtlLongPtrToUShort, LONG_PTR, USHORT)
WDK_SAFE_CONVERSION(RtlLongPtrToInt, LONG_PTR, INT)
WDK_SAFE_CONVERSION(RtlLongPtrToUInt, LONG_PTR, UINT)
WDK_SAFE_CONVERSION(RtlLongPtrToLong, LONG_PTR, LONG)
WDK_SAFE_CONVERSION(RtlLongPtrToULong, LONG_PTR, ULONG)
WDK_SAFE_CONVERSION(RtlLongPtrToIntPtr, LONG_PTR, INT_PTR)
WDK_SAFE_CONVERSION(RtlLongPtrToUIntPtr, LONG_PTR, UINT_PTR)
WDK_SAFE_CONVERSION(RtlLongPtrToULongPtr, LONG_PTR, ULONG_PTR)
WDK_SAFE_CONVERSION(RtlLongPtrToULongLong, LONG_PTR, ULONGLONG)
WDK_SAFE_CONVERSION(RtlLongPtrToChar, LONG_PTR, CHAR)

WDK_SAFE_CONVERSION(RtlULongPtrToInt8, ULONG_PTR, INT8)
WDK_SAFE_CONVERSION(RtlULongPtrToUInt8, ULONG_PTR, UINT8)
WDK_SAFE_CONVERSION(RtlULongPtrToUChar, ULONG_PTR, UCHAR)
WDK_SAFE_CONVERSION(RtlULongPtrToShort, ULONG_PTR, SHORT)
WDK_SAFE_CONVERSION(RtlULongPtrToUShort, ULONG_PTR, USHORT)
WDK_SAFE_CONVERSION(RtlULongPtrToInt, ULONG_PTR, INT)
WDK_SAFE_CONVERSION(RtlULongPtrToUInt, ULONG_PTR, UINT)
WDK_SAFE_CONVERSION(RtlULongPtrToLong, ULONG_PTR, LONG)
WDK_SAFE_CONVERSION(RtlULongPtrToULong, ULONG_PTR, ULONG)
WDK_SAFE_CONVERSION(RtlULongPtrToIntPtr, ULONG_PTR, INT_PTR)
WDK_SAFE_CONVERSION(RtlULongPtrToUIntPtr, ULONG_PTR, UINT_PTR)
WDK_SAFE_CONVERSION(RtlULongPtrToLongPtr, ULONG_PTR, LONG_PTR)
WDK_SAFE_CONVERSION(RtlULongPtrToLongLong, ULONG_PTR, LONGLONG)
WDK_SAFE_CONVERSION(RtlULongPtrToChar, ULONG_PTR, CHAR)

WDK_SAFE_CONVERSION(RtlLongLongToInt8, LONGLONG, INT8)
WDK_SAFE_CONVERSION(RtlLongLongToUInt8, LONGLONG, UINT8)
WDK_SAFE_CONVERSION(RtlLongLongToUChar, LONGLONG, UCHAR)
WDK_SAFE_CONVERSION(RtlLongLongToShort, LONGLONG, SHORT)
WDK_SAFE_CONVERSION(RtlLongLongToUShort, LONGLONG, USHORT)
WDK_SAFE_CONVERSION(RtlLongLongToInt, LONGLONG, INT)
WDK_SAFE_CONVERSION(RtlLongLongToUInt, LONGLONG, UINT)
WDK_SAFE_CONVERSION(RtlLongLongToLong, LONGLONG, LONG)
WDK_SAFE_CONVERSION(RtlLongLongToULong, LONGLONG, ULONG)
WDK_SAFE_CONVERSION(RtlLongLongToIntPtr, LONGLONG, INT_PTR)
WDK_SAFE_CONVERSION(RtlLongLongToUIntPtr, LONGLONG, UINT_PTR)
WDK_SAFE_CONVERSION(RtlLongLongToLongPtr, LONGLONG, LONG_PTR)
WDK_SAFE_CONVERSION(RtlLongLongToULongPtr, LONGLONG, ULONG_PTR)
WDK_SAFE_CONVERSION(RtlLongLongToULongLong, LONGLONG, ULONGLONG)
WDK_SAFE_CONVERSION(RtlLongLongToChar, LONGLONG, CHAR)

WDK_SAFE_CONVERSION(RtlULongLongToInt8, ULONGLONG, INT8)
WDK_SAFE_CONVERSION(RtlULongLongToUInt8, ULONGLONG, UINT8)
WDK_SAFE_CONVERSION(RtlULongLongToUChar, ULONGLONG, UCHAR)
WDK_SAFE_CONVERSION(RtlULongLongToShort, ULONGLONG, SHORT)
WDK_SAFE_CONVERSION(RtlULongLongToUShort, ULONGLONG, USHORT)
WDK_SAFE_CONVERSION(RtlULongLongToInt, ULONGLONG, INT)
WDK_SAFE_CONVERSION(RtlULongLongToUInt, ULONGLONG, UINT)
WDK_SAFE_CONVERSION(RtlULongLongToLong, ULONGLONG, LONG)
WDK_SAFE_CONVERSION(RtlULongLongToULong, ULONGLONG, ULONG)
WDK_SAFE_CONVERSION(RtlULongLongToIntPtr, ULONGLONG, INT_PTR)
WDK_SAFE_CONVERSION(RtlULongLongToUIntPtr, ULONGLONG, UINT_PTR)
WDK_SAFE_CONVERSION(RtlULongLongToLongPtr, ULONGLONG, LONG_PTR)
WDK_SAFE_CONVERSION(RtlULongLongToULongPtr, ULONGLONG, ULONG_PTR)
WDK_SAFE_CONVERSION(RtlULongLongToLongLong, ULONGLONG, LONGLONG)
WDK_SAFE_CONVERSION(RtlULongLongToChar, ULONGLONG, CHAR)

EXTERN_C_END

/* The same under the names of other types. */
#define RtlByteAdd RtlUInt8Add
#define RtlByteSub RtlUInt8Sub
#define RtlByteMult RtlUInt8Mult
#define RtlByteToInt8 RtlUInt8ToInt8
#define RtlInt8ToByte RtlInt8ToUInt8
#define RtlShortToByte RtlShortToUInt8
#define RtlUShortToByte RtlUShortToUInt8
#define RtlIntToByte RtlIntToUInt8
#define RtlUIntToByte RtlUIntToUInt8
#define RtlLongToByte RtlLongToUInt8
#define RtlULongToByte RtlULongToUInt8
#define RtlIntPtrToByte RtlIntPtrToUInt8
#define RtlUIntPtrToByte RtlUIntPtrToUInt8
#define RtlLongPtrToByte RtlLongPtrToUInt8
#define RtlULongPtrToByte RtlULongPtrToUInt8
#define RtlLongLongToByte RtlLongLongToUInt8
#define RtlULongLongToByte RtlULongLongToUInt8
#define RtlByteToChar RtlUInt8ToChar

#define RtlWordAdd RtlUShortAdd
#define RtlWordSub RtlUShortSub
#define RtlWordMult RtlUShortMult
#define RtlWordToInt8 RtlUShortToInt8
#define RtlInt8ToWord RtlInt8ToUShort
#define RtlWordToUInt8 RtlUShortToUInt8
#define RtlWordToUChar RtlUShortToUChar
#define RtlWordToShort RtlUShortToShort
#define RtlShortToWord RtlShortToUShort
#define RtlIntToWord RtlIntToUShort
#define RtlUIntToWord RtlUIntToUShort
#define RtlLongToWord RtlLongToUShort
#define RtlULongToWord RtlULongToUShort
#define RtlIntPtrToWord RtlIntPtrToUShort
#define RtlUIntPtrToWord RtlUIntPtrToUShort
#define RtlLongPtrToWord RtlLongPtrToUShort
#define RtlULongPtrToWord RtlULongPtrToUShort
#define RtlLongLongToWord RtlLongLongToUShort
#define RtlULongLongToWord RtlULongLongToUShort
#define RtlWordToChar RtlUShortToChar

#define RtlUInt16Add RtlUShortAdd
#define RtlUInt16Sub RtlUShortSub
#define RtlUInt16Mult RtlUShortMult
#define RtlUInt16ToInt8 RtlUShortToInt8
#define RtlInt8ToUInt16 RtlInt8ToUShort
#define RtlUInt16ToUInt8 RtlUShortToUInt8
#define RtlUInt16ToUChar RtlUShortToUChar
#define RtlUInt16ToShort RtlUShortToShort
#define RtlShortToUInt16 RtlShortToUShort
#define RtlIntToUInt16 RtlIntToUShort
#define RtlUIntToUInt16 RtlUIntToUShort
#define RtlLongToUInt16 RtlLongToUShort
#define RtlULongToUInt16 RtlULongToUShort
#define RtlIntPtrToUInt16 RtlIntPtrToUShort
#define RtlUIntPtrToUInt16 RtlUIntPtrToUShort
#define RtlLongPtrToUInt16 RtlLongPtrToUShort
#define RtlULongPtrToUInt16 RtlULongPtrToUShort
#define RtlLongLongToUInt16 RtlLongLongToUShort
#define RtlULongLongToUInt16 RtlULongLongToUShort
#define RtlUInt16ToChar RtlUShortToChar

#define RtlInt16Add RtlShortAdd
#define RtlInt16Sub RtlShortSub
#define RtlInt16Mult RtlShortMult
#define RtlInt16ToInt8 RtlShortToInt8
#define RtlInt16ToUInt8 RtlShortToUInt8
#define RtlInt16ToUChar RtlShortToUChar
#define RtlInt16ToUShort RtlShortToUShort
#define RtlUShortToInt16 RtlUShortToShort
#define RtlIntToInt16 RtlIntToShort
#define RtlInt16ToUInt RtlShortToUInt
#define RtlUIntToInt16 RtlUIntToShort
#define RtlLongToInt16 RtlLongToShort
#define RtlInt16ToULong RtlShortToULong
#define RtlULongToInt16 RtlULongToShort
#define RtlIntPtrToInt16 RtlIntPtrToShort
#define RtlInt16ToUIntPtr RtlShortToUIntPtr
#define RtlUIntPtrToInt16 RtlUIntPtrToShort
#define RtlLongPtrToInt16 RtlLongPtrToShort
#define RtlInt16ToULongPtr RtlShortToULongPtr
#define RtlULongPtrToInt16 RtlULongPtrToShort
#define RtlLongLongToInt16 RtlLongLongToShort
#define RtlInt16ToULongLong RtlShortToULongLong
#define RtlULongLongToInt16 RtlULongLongToShort
#define RtlInt16ToChar RtlShortToChar

#define RtlDWordAdd RtlULongAdd
#define RtlDWordSub RtlULongSub
#define RtlDWordMult RtlULongMult
#define RtlDWordToInt8 RtlULongToInt8
#define RtlInt8ToDWord RtlInt8ToULong
#define RtlDWordToUInt8 RtlULongToUInt8
#define RtlDWordToUChar RtlULongToUChar
#define RtlDWordToShort RtlULongToShort
#define RtlShortToDWord RtlShortToULong
#define RtlDWordToUShort RtlULongToUShort
#define RtlDWordToInt RtlULongToInt
#define RtlIntToDWord RtlIntToULong
#define RtlDWordToUInt RtlULongToUInt
#define RtlDWordToLong RtlULongToLong
#define RtlLongToDWord RtlLongToULong
#define RtlDWordToIntPtr RtlULongToIntPtr
#define RtlIntPtrToDWord RtlIntPtrToULong
#define RtlDWordToUIntPtr RtlULongToUIntPtr
#define RtlUIntPtrToDWord RtlUIntPtrToULong
#define RtlDWordToLongPtr RtlULongToLongPtr
#define RtlLongPtrToDWord RtlLongPtrToULong
#define RtlULongPtrToDWord RtlULongPtrToULong
#define RtlLongLongToDWord RtlLongLongToULong
#define RtlULongLongToDWord RtlULongLongToULong
#define RtlDWordToChar RtlULongToChar

#define RtlInt32Add RtlIntAdd
#define RtlInt32Sub RtlIntSub
#define RtlInt32Mult RtlIntMult
#define RtlInt32ToInt8 RtlIntToInt8
#define RtlInt32ToUInt8 RtlIntToUInt8
#define RtlInt32ToUChar RtlIntToUChar
#define RtlInt32ToShort RtlIntToShort
#define RtlInt32ToUShort RtlIntToUShort
#define RtlInt32ToUInt RtlIntToUInt
#define RtlUIntToInt32 RtlUIntToInt
#define RtlLongToInt32 RtlLongToInt
#define RtlInt32ToULong RtlIntToULong
#define RtlULongToInt32 RtlULongToInt
#define RtlIntPtrToInt32 RtlIntPtrToInt
#define RtlInt32ToUIntPtr RtlIntToUIntPtr
#define RtlUIntPtrToInt32 RtlUIntPtrToInt
#define RtlLongPtrToInt32 RtlLongPtrToInt
#define RtlInt32ToULongPtr RtlIntToULongPtr
#define RtlULongPtrToInt32 RtlULongPtrToInt
#define RtlLongLongToInt32 RtlLongLongToInt
#define RtlInt32ToULongLong RtlIntToULongLong
#define RtlULongLongToInt32 RtlULongLongToInt
#define RtlInt32ToChar RtlIntToChar

#define RtlUInt32Add RtlUIntAdd
#define RtlUInt32Sub RtlUIntSub
#define RtlUInt32Mult RtlUIntMult
#define RtlUInt32ToInt8 RtlUIntToInt8
#define RtlInt8ToUInt32 RtlInt8ToUInt
#define RtlUInt32ToUInt8 RtlUIntToUInt8
#define RtlUInt32ToUChar RtlUIntToUChar
#define RtlUInt32ToShort RtlUIntToShort
#define RtlShortToUInt32 RtlShortToUInt
#define RtlUInt32ToUShort RtlUIntToUShort
#define RtlUInt32ToInt RtlUIntToInt
#define RtlIntToUInt32 RtlIntToUInt
#define RtlUInt32ToLong RtlUIntToLong
#define RtlLongToUInt32 RtlLongToUInt
#define RtlULongToUInt32 RtlULongToUInt
#define RtlUInt32ToIntPtr RtlUIntToIntPtr
#define RtlIntPtrToUInt32 RtlIntPtrToUInt
#define RtlUIntPtrToUInt32 RtlUIntPtrToUInt
#define RtlUInt32ToLongPtr RtlUIntToLongPtr
#define RtlLongPtrToUInt32 RtlLongPtrToUInt
#define RtlULongPtrToUInt32 RtlULongPtrToUInt
#define RtlLongLongToUInt32 RtlLongLongToUInt
#define RtlULongLongToUInt32 RtlULongLongToUInt
#define RtlUInt32ToChar RtlUIntToChar

#define RtlDWordPtrAdd RtlULongPtrAdd
#define RtlDWordPtrSub RtlULongPtrSub
#define RtlDWordPtrMult RtlULongPtrMult
#define RtlDWordPtrToInt8 RtlULongPtrToInt8
#define RtlInt8ToDWordPtr RtlInt8ToULongPtr
#define RtlDWordPtrToUInt8 RtlULongPtrToUInt8
#define RtlDWordPtrToUChar RtlULongPtrToUChar
#define RtlDWordPtrToShort RtlULongPtrToShort
#define RtlShortToDWordPtr RtlShortToULongPtr
#define RtlDWordPtrToUShort RtlULongPtrToUShort
#define RtlDWordPtrToInt RtlULongPtrToInt
#define RtlIntToDWordPtr RtlIntToULongPtr
#define RtlDWordPtrToUInt RtlULongPtrToUInt
#define RtlDWordPtrToLong RtlULongPtrToLong
#define RtlLongToDWordPtr RtlLongToULongPtr
#define RtlDWordPtrToULong RtlULongPtrToULong
#define RtlDWordPtrToIntPtr RtlULongPtrToIntPtr
#define RtlIntPtrToDWordPtr RtlIntPtrToULongPtr
#define RtlDWordPtrToUIntPtr RtlULongPtrToUIntPtr
#define RtlDWordPtrToLongPtr RtlULongPtrToLongPtr
#define RtlLongPtrToDWordPtr RtlLongPtrToULongPtr
#define RtlDWordPtrToLongLong RtlULongPtrToLongLong
#define RtlLongLongToDWordPtr RtlLongLongToULongPtr
#define RtlULongLongToDWordPtr RtlULongLongToULongPtr
#define RtlDWordPtrToChar RtlULongPtrToChar

#define RtlSIZETAdd RtlULongPtrAdd
#define RtlSIZETSub RtlULongPtrSub
#define RtlSIZETMult RtlULongPtrMult
#define RtlSIZETToInt8 RtlULongPtrToInt8
#define RtlInt8ToSIZET RtlInt8ToULongPtr
#define RtlSIZETToUInt8 RtlULongPtrToUInt8
#define RtlSIZETToUChar RtlULongPtrToUChar
#define RtlSIZETToShort RtlULongPtrToShort
#define RtlShortToSIZET RtlShortToULongPtr
#define RtlSIZETToUShort RtlULongPtrToUShort
#define RtlSIZETToInt RtlULongPtrToInt
#define RtlIntToSIZET RtlIntToULongPtr
#define RtlSIZETToUInt RtlULongPtrToUInt
#define RtlSIZETToLong RtlULongPtrToLong
#define RtlLongToSIZET RtlLongToULongPtr
#define RtlSIZETToULong RtlULongPtrToULong
#define RtlSIZETToIntPtr RtlULongPtrToIntPtr
#define RtlIntPtrToSIZET RtlIntPtrToULongPtr
#define RtlSIZETToUIntPtr RtlULongPtrToUIntPtr
#define RtlSIZETToLongPtr RtlULongPtrToLongPtr
#define RtlLongPtrToSIZET RtlLongPtrToULongPtr
#define RtlSIZETToLongLong RtlULongPtrToLongLong
#define RtlLongLongToSIZET RtlLongLongToULongPtr
#define RtlULongLongToSIZET RtlULongLongToULongPtr
#define RtlSIZETToChar RtlULongPtrToChar

#define RtlSizeTAdd RtlULongPtrAdd
#define RtlSizeTSub RtlULongPtrSub
#define RtlSizeTMult RtlULongPtrMult
#define RtlSizeTToInt8 RtlULongPtrToInt8
#define RtlInt8ToSizeT RtlInt8ToULongPtr
#define RtlSizeTToUInt8 RtlULongPtrToUInt8
#define RtlSizeTToUChar RtlULongPtrToUChar
#define RtlSizeTToShort RtlULongPtrToShort
#define RtlShortToSizeT RtlShortToULongPtr
#define RtlSizeTToUShort RtlULongPtrToUShort
#define RtlSizeTToInt RtlULongPtrToInt
#define RtlIntToSizeT RtlIntToULongPtr
#define RtlSizeTToUInt RtlULongPtrToUInt
#define RtlSizeTToLong RtlULongPtrToLong
#define RtlLongToSizeT RtlLongToULongPtr
#define RtlSizeTToULong RtlULongPtrToULong
#define RtlSizeTToIntPtr RtlULongPtrToIntPtr
#define RtlIntPtrToSizeT RtlIntPtrToULongPtr
#define RtlSizeTToUIntPtr RtlULongPtrToUIntPtr
#define RtlSizeTToLongPtr RtlULongPtrToLongPtr
#define RtlLongPtrToSizeT RtlLongPtrToULongPtr
#define RtlSizeTToLongLong RtlULongPtrToLongLong
#define RtlLongLongToSizeT RtlLongLongToULongPtr
#define RtlULongLongToSizeT RtlULongLongToULongPtr
#define RtlSizeTToChar RtlULongPtrToChar

#define RtlSSIZETAdd RtlLongPtrAdd
#define RtlSSIZETSub RtlLongPtrSub
#define RtlSSIZETMult RtlLongPtrMult
#define RtlSSIZETToInt8 RtlLongPtrToInt8
#define RtlSSIZETToUInt8 RtlLongPtrToUInt8
#define RtlSSIZETToUChar RtlLongPtrToUChar
#define RtlSSIZETToShort RtlLongPtrToShort
#define RtlSSIZETToUShort RtlLongPtrToUShort
#define RtlSSIZETToInt RtlLongPtrToInt
#define RtlSSIZETToUInt RtlLongPtrToUInt
#define RtlUIntToSSIZET RtlUIntToLongPtr
#define RtlSSIZETToLong RtlLongPtrToLong
#define RtlSSIZETToULong RtlLongPtrToULong
#define RtlULongToSSIZET RtlULongToLongPtr
#define RtlSSIZETToIntPtr RtlLongPtrToIntPtr
#define RtlIntPtrToSSIZET RtlIntPtrToLongPtr
#define RtlSSIZETToUIntPtr RtlLongPtrToUIntPtr
#define RtlUIntPtrToSSIZET RtlUIntPtrToLongPtr
#define RtlSSIZETToULongPtr RtlLongPtrToULongPtr
#define RtlULongPtrToSSIZET RtlULongPtrToLongPtr
#define RtlLongLongToSSIZET RtlLongLongToLongPtr
#define RtlSSIZETToULongLong RtlLongPtrToULongLong
#define RtlULongLongToSSIZET RtlULongLongToLongPtr
#define RtlSSIZETToChar RtlLongPtrToChar

#define RtlPtrdiffTAdd RtlLongPtrAdd
#define RtlPtrdiffTSub RtlLongPtrSub
#define RtlPtrdiffTMult RtlLongPtrMult
#define RtlPtrdiffTToInt8 RtlLongPtrToInt8
#define RtlPtrdiffTToUInt8 RtlLongPtrToUInt8
#define RtlPtrdiffTToUChar RtlLongPtrToUChar
#define RtlPtrdiffTToShort RtlLongPtrToShort
#define RtlPtrdiffTToUShort RtlLongPtrToUShort
#define RtlPtrdiffTToInt RtlLongPtrToInt
#define RtlPtrdiffTToUInt RtlLongPtrToUInt
#define RtlUIntToPtrdiffT RtlUIntToLongPtr
#define RtlPtrdiffTToLong RtlLongPtrToLong
#define RtlPtrdiffTToULong RtlLongPtrToULong
#define RtlULongToPtrdiffT RtlULongToLongPtr
#define RtlPtrdiffTToIntPtr RtlLongPtrToIntPtr
#define RtlIntPtrToPtrdiffT RtlIntPtrToLongPtr
#define RtlPtrdiffTToUIntPtr RtlLongPtrToUIntPtr
#define RtlUIntPtrToPtrdiffT RtlUIntPtrToLongPtr
#define RtlPtrdiffTToULongPtr RtlLongPtrToULongPtr
#define RtlULongPtrToPtrdiffT RtlULongPtrToLongPtr
#define RtlLongLongToPtrdiffT RtlLongLongToLongPtr
#define RtlPtrdiffTToULongLong RtlLongPtrToULongLong
#define RtlULongLongToPtrdiffT RtlULongLongToLongPtr
#define RtlPtrdiffTToChar RtlLongPtrToChar

#define RtlInt64Add RtlLongLongAdd
#define RtlInt64Sub RtlLongLongSub
#define RtlInt64Mult RtlLongLongMult
#define RtlInt64ToInt8 RtlLongLongToInt8
#define RtlInt64ToUInt8 RtlLongLongToUInt8
#define RtlInt64ToUChar RtlLongLongToUChar
#define RtlInt64ToShort RtlLongLongToShort
#define RtlInt64ToUShort RtlLongLongToUShort
#define RtlInt64ToInt RtlLongLongToInt
#define RtlInt64ToUInt RtlLongLongToUInt
#define RtlInt64ToLong RtlLongLongToLong
#define RtlInt64ToULong RtlLongLongToULong
#define RtlInt64ToIntPtr RtlLongLongToIntPtr
#define RtlInt64ToUIntPtr RtlLongLongToUIntPtr
#define RtlUIntPtrToInt64 RtlUIntPtrToLongLong
#define RtlInt64ToLongPtr RtlLongLongToLongPtr
#define RtlInt64ToULongPtr RtlLongLongToULongPtr
#define RtlULongPtrToInt64 RtlULongPtrToLongLong
#define RtlInt64ToULongLong RtlLongLongToULongLong
#define RtlULongLongToInt64 RtlULongLongToLongLong
#define RtlInt64ToChar RtlLongLongToChar

#define RtlUInt64Add RtlULongLongAdd
#define RtlUInt64Sub RtlULongLongSub
#define RtlUInt64Mult RtlULongLongMult
#define RtlUInt64ToInt8 RtlULongLongToInt8
#define RtlInt8ToUInt64 RtlInt8ToULongLong
#define RtlUInt64ToUInt8 RtlULongLongToUInt8
#define RtlUInt64ToUChar RtlULongLongToUChar
#define RtlUInt64ToShort RtlULongLongToShort
#define RtlShortToUInt64 RtlShortToULongLong
#define RtlUInt64ToUShort RtlULongLongToUShort
#define RtlUInt64ToInt RtlULongLongToInt
#define RtlIntToUInt64 RtlIntToULongLong
#define RtlUInt64ToUInt RtlULongLongToUInt
#define RtlUInt64ToLong RtlULongLongToLong
#define RtlLongToUInt64 RtlLongToULongLong
#define RtlUInt64ToULong RtlULongLongToULong
#define RtlUInt64ToIntPtr RtlULongLongToIntPtr
#define RtlIntPtrToUInt64 RtlIntPtrToULongLong
#define RtlUInt64ToUIntPtr RtlULongLongToUIntPtr
#define RtlUInt64ToLongPtr RtlULongLongToLongPtr
#define RtlLongPtrToUInt64 RtlLongPtrToULongLong
#define RtlUInt64ToULongPtr RtlULongLongToULongPtr
#define RtlUInt64ToLongLong RtlULongLongToLongLong
#define RtlLongLongToUInt64 RtlLongLongToULongLong
#define RtlUInt64ToChar RtlULongLongToChar
