// ntintsafe.h, run: at the limits of each type, what fits and what does not.
#include <gtest/gtest.h>

#include <ntintsafe.h>

#include <limits>

namespace {

template <typename From, typename To>
using Conversion = NTSTATUS (*)(From, To*);

template <typename From, typename To>
void expect_converts(Conversion<From, To> convert, From value) {
  To result{};
  EXPECT_EQ(convert(value, &result), STATUS_SUCCESS);
  EXPECT_EQ(static_cast<From>(result), value);
}

template <typename From, typename To>
void expect_overflows(Conversion<From, To> convert, From value) {
  To result{};
  EXPECT_EQ(convert(value, &result), STATUS_INTEGER_OVERFLOW);
  EXPECT_EQ(result, static_cast<To>(-1));
}

TEST(IntSafe, ConvertsWhatFits) {
  expect_converts(RtlULongToUShort, ULONG{0xffff});
  expect_overflows(RtlULongToUShort, ULONG{0x10000});
  expect_converts(RtlLongToChar, LONG{-128});
  expect_overflows(RtlLongToChar, LONG{128});
  expect_converts(RtlIntToUInt, INT{0});
  expect_overflows(RtlIntToUInt, INT{-1});
  expect_converts(RtlULongLongToLongLong, ULONGLONG{MAXLONGLONG});
  expect_overflows(RtlULongLongToLongLong, ULONGLONG{MAXLONGLONG} + 1);
  expect_converts(RtlSIZETToULong, SIZE_T{MAXULONG});
  expect_overflows(RtlSizeTToULong, SIZE_T{MAXULONG} + 1);
  expect_converts(RtlLongLongToLong, LONGLONG{std::numeric_limits<LONG>::min()});
  expect_overflows(RtlLongLongToLong, LONGLONG{std::numeric_limits<LONG>::min()} - 1);
  expect_converts(RtlLongToULongPtr, LONG{MAXLONG});
  expect_overflows(RtlLongToULongPtr, LONG{-1});
  expect_converts(RtlUShortToByte, USHORT{255});
  expect_overflows(RtlUShortToUChar, USHORT{256});
  expect_overflows(RtlUInt8ToInt8, UINT8{128});
}

template <typename Type>
using Arithmetic = NTSTATUS (*)(Type, Type, Type*);

template <typename Type>
void expect_result(Arithmetic<Type> calculate, Type left, Type right, Type expected) {
  Type result{};
  EXPECT_EQ(calculate(left, right, &result), STATUS_SUCCESS);
  EXPECT_EQ(result, expected);
}

template <typename Type>
void expect_overflow(Arithmetic<Type> calculate, Type left, Type right) {
  Type result{};
  EXPECT_EQ(calculate(left, right, &result), STATUS_INTEGER_OVERFLOW);
  EXPECT_EQ(result, static_cast<Type>(-1));
}

// Add, Sub and Mult of one type, at its limits.
template <typename Type>
void check_limits(Arithmetic<Type> add, Arithmetic<Type> sub, Arithmetic<Type> mult) {
  constexpr Type kMost = std::numeric_limits<Type>::max();
  constexpr Type kLeast = std::numeric_limits<Type>::min();
  expect_result<Type>(add, kMost - 1, 1, kMost);
  expect_overflow<Type>(add, kMost, 1);
  expect_result<Type>(sub, kLeast + 1, 1, kLeast);
  expect_overflow<Type>(sub, kLeast, 1);
  expect_result<Type>(mult, kMost / 2, 2, kMost - 1);
  expect_overflow<Type>(mult, kMost / 2 + 1, 2);
}

TEST(IntSafe, CalculatesUpToTheLimits) {
  check_limits<INT8>(RtlInt8Add, RtlInt8Sub, RtlInt8Mult);
  check_limits<UINT8>(RtlUInt8Add, RtlUInt8Sub, RtlUInt8Mult);
  check_limits<SHORT>(RtlShortAdd, RtlShortSub, RtlShortMult);
  check_limits<USHORT>(RtlUShortAdd, RtlUShortSub, RtlUShortMult);
  check_limits<INT>(RtlIntAdd, RtlIntSub, RtlIntMult);
  check_limits<UINT>(RtlUIntAdd, RtlUIntSub, RtlUIntMult);
  check_limits<LONG>(RtlLongAdd, RtlLongSub, RtlLongMult);
  check_limits<ULONG>(RtlULongAdd, RtlULongSub, RtlULongMult);
  check_limits<DWORD>(RtlDWordAdd, RtlDWordSub, RtlDWordMult);
  check_limits<INT_PTR>(RtlIntPtrAdd, RtlIntPtrSub, RtlIntPtrMult);
  check_limits<UINT_PTR>(RtlUIntPtrAdd, RtlUIntPtrSub, RtlUIntPtrMult);
  check_limits<LONG_PTR>(RtlLongPtrAdd, RtlLongPtrSub, RtlLongPtrMult);
  check_limits<ULONG_PTR>(RtlULongPtrAdd, RtlULongPtrSub, RtlULongPtrMult);
  check_limits<LONGLONG>(RtlLongLongAdd, RtlLongLongSub, RtlLongLongMult);
  check_limits<ULONGLONG>(RtlULongLongAdd, RtlULongLongSub, RtlULongLongMult);
  check_limits<SIZE_T>(RtlSIZETAdd, RtlSIZETSub, RtlSIZETMult);
}

}  // namespace
