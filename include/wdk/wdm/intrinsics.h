/*
 * intrinsics.h: what MSVC's compiler knows without a function: bits, rotations, wide products, the
 * time stamp counter. The atomic ones are in interlocked.h.
 */
#pragma once

#include <wdm/interlocked.h>

EXTERN_C_START

/*
 * BitScanForward: the position of the lowest (Reverse: highest) bit of Mask that is set.
 *
 *   Index  Set to it; without one left as it is.
 *
 * Returns  Nonzero: there is one.
 */
WDK_INLINE UCHAR BitScanForward(_Out_ ULONG* Index, _In_ ULONG Mask) {
  if (Mask == 0) return 0;
  *Index = (ULONG)__builtin_ctz(Mask);
  return 1;
}
WDK_INLINE UCHAR BitScanForward64(_Out_ ULONG* Index, _In_ ULONG64 Mask) {
  if (Mask == 0) return 0;
  *Index = (ULONG)__builtin_ctzll(Mask);
  return 1;
}
WDK_INLINE UCHAR BitScanReverse(_Out_ ULONG* Index, _In_ ULONG Mask) {
  if (Mask == 0) return 0;
  *Index = 31 - (ULONG)__builtin_clz(Mask);
  return 1;
}
WDK_INLINE UCHAR BitScanReverse64(_Out_ ULONG* Index, _In_ ULONG64 Mask) {
  if (Mask == 0) return 0;
  *Index = 63 - (ULONG)__builtin_clzll(Mask);
  return 1;
}

/* Bits are turned to the left or to the right; those that fall out come in again. */
#define WDK_ROTATE(name, type, bits, forth, back)                                               \
  WDK_INLINE type name(_In_ type Value, _In_ int Shift) {                                       \
    const unsigned shift = (unsigned)Shift % bits;                                              \
    return shift == 0 ? Value : (type)((type)(Value forth shift) | (Value back(bits - shift))); \
  }
WDK_ROTATE(RotateLeft8, UCHAR, 8, <<, >>)
WDK_ROTATE(RotateLeft16, USHORT, 16, <<, >>)
WDK_ROTATE(RotateLeft32, ULONG, 32, <<, >>)
WDK_ROTATE(RotateLeft64, ULONG64, 64, <<, >>)
WDK_ROTATE(RotateRight8, UCHAR, 8, >>, <<)
WDK_ROTATE(RotateRight16, USHORT, 16, >>, <<)
WDK_ROTATE(RotateRight32, ULONG, 32, >>, <<)
WDK_ROTATE(RotateRight64, ULONG64, 64, >>, <<)

/* Products of 64-bit numbers, of which High gives the upper 64 bits. */
WDK_INLINE ULONG64 UnsignedMultiplyHigh(_In_ ULONG64 Multiplier, _In_ ULONG64 Multiplicand) {
  return (ULONG64)(((unsigned __int128)Multiplier * Multiplicand) >> 64);
}
WDK_INLINE LONG64 MultiplyHigh(_In_ LONG64 Multiplier, _In_ LONG64 Multiplicand) {
  return (LONG64)(((__int128)Multiplier * Multiplicand) >> 64);
}
WDK_INLINE ULONG64 UnsignedMultiply128(_In_ ULONG64 Multiplier, _In_ ULONG64 Multiplicand,
                                       _Out_ ULONG64* HighProduct) {
  *HighProduct = UnsignedMultiplyHigh(Multiplier, Multiplicand);
  return Multiplier * Multiplicand;
}
WDK_INLINE LONG64 Multiply128(_In_ LONG64 Multiplier, _In_ LONG64 Multiplicand,
                              _Out_ LONG64* HighProduct) {
  *HighProduct = MultiplyHigh(Multiplier, Multiplicand);
  return (LONG64)((ULONG64)Multiplier * (ULONG64)Multiplicand);
}

#define PopulationCount64(operand) ((ULONG64)__builtin_popcountll(operand))
#define ReadTimeStampCounter() ((ULONG64)__builtin_ia32_rdtsc())

EXTERN_C_END

/* The compiler's own spellings; clang has some of them built in with Microsoft's extensions. */
#define _BitScanForward BitScanForward
#define _BitScanForward64 BitScanForward64
#define _BitScanReverse BitScanReverse
#define _BitScanReverse64 BitScanReverse64
#define _rotl8 RotateLeft8
#define _rotl16 RotateLeft16
#define _rotl RotateLeft32
#define _rotl64 RotateLeft64
#define _rotr8 RotateRight8
#define _rotr16 RotateRight16
#define _rotr RotateRight32
#define _rotr64 RotateRight64
#define __umulh UnsignedMultiplyHigh
#define __mulh MultiplyHigh
#define _umul128 UnsignedMultiply128
#define _mul128 Multiply128
#define __popcnt(value) ((unsigned)__builtin_popcount(value))
#define __popcnt64(value) ((ULONG64)__builtin_popcountll(value))
#define __lzcnt(value) ((value) == 0 ? 32u : (unsigned)__builtin_clz(value))
#define __lzcnt64(value) ((value) == 0 ? (ULONG64)64 : (ULONG64)__builtin_clzll(value))
#define __rdtsc ReadTimeStampCounter
#define _ReturnAddress() __builtin_return_address(0)
#define _AddressOfReturnAddress() ((PVOID)((PUCHAR)__builtin_frame_address(0) + sizeof(PVOID)))
