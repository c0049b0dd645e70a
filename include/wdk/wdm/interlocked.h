/*
 * interlocked.h: the Interlocked family and the memory barriers.
 *
 * Windows has them for LONG, and drivers pass ULONG, enums and plain long too. Here each works on
 * the integer its pointer points to and gives that integer back as signed; a name that ends in
 * 64, 16 or 8 is the same operation. The Acquire, Release and NoFence forms order memory as they
 * say, all others fully.
 */
#pragma once

#include <ntdef.h>

#define WDK_MAY_ALIAS __attribute__((may_alias))
typedef SCHAR WDK_MAY_ALIAS WDK_ATOMIC8;
typedef SHORT WDK_MAY_ALIAS WDK_ATOMIC16;
typedef LONG WDK_MAY_ALIAS WDK_ATOMIC32;
typedef LONG64 WDK_MAY_ALIAS WDK_ATOMIC64;

/* WDK_ATOMIC(p): p as a pointer to the signed integer of the width p points to. */
#ifdef __cplusplus
extern "C++" {
template <size_t kSize>
struct wdk_atomic_of;
template <>
struct wdk_atomic_of<1> {
  typedef WDK_ATOMIC8 type;
};
template <>
struct wdk_atomic_of<2> {
  typedef WDK_ATOMIC16 type;
};
template <>
struct wdk_atomic_of<4> {
  typedef WDK_ATOMIC32 type;
};
template <>
struct wdk_atomic_of<8> {
  typedef WDK_ATOMIC64 type;
};
template <class T>
inline volatile typename wdk_atomic_of<sizeof(T)>::type* wdk_atomic(const volatile T* p) {
  return (volatile typename wdk_atomic_of<sizeof(T)>::type*)(p);
}
}
#define WDK_ATOMIC(p) wdk_atomic(p)
#else
#define WDK_ATOMIC(p)                                                                           \
  ((__typeof__(__builtin_choose_expr(                                                           \
      sizeof(*(p)) == 8, (volatile WDK_ATOMIC64*)0,                                             \
      __builtin_choose_expr(sizeof(*(p)) == 4, (volatile WDK_ATOMIC32*)0,                       \
                            __builtin_choose_expr(sizeof(*(p)) == 2, (volatile WDK_ATOMIC16*)0, \
                                                  (volatile WDK_ATOMIC8*)0)))))(p))
#endif

/* Read, change, write. Increment, Decrement and Add give the new value, the others the old. */
#define WDK_CHANGE(operation, order, p, value) \
  __atomic_##operation(WDK_ATOMIC(p), (value), __ATOMIC_##order)
#define InterlockedIncrement(Addend) WDK_CHANGE(add_fetch, SEQ_CST, Addend, 1)
#define InterlockedIncrementAcquire(Addend) WDK_CHANGE(add_fetch, ACQUIRE, Addend, 1)
#define InterlockedIncrementRelease(Addend) WDK_CHANGE(add_fetch, RELEASE, Addend, 1)
#define InterlockedIncrementNoFence(Addend) WDK_CHANGE(add_fetch, RELAXED, Addend, 1)
#define InterlockedDecrement(Addend) WDK_CHANGE(sub_fetch, SEQ_CST, Addend, 1)
#define InterlockedDecrementAcquire(Addend) WDK_CHANGE(sub_fetch, ACQUIRE, Addend, 1)
#define InterlockedDecrementRelease(Addend) WDK_CHANGE(sub_fetch, RELEASE, Addend, 1)
#define InterlockedDecrementNoFence(Addend) WDK_CHANGE(sub_fetch, RELAXED, Addend, 1)
#define InterlockedAdd(Addend, Value) WDK_CHANGE(add_fetch, SEQ_CST, Addend, Value)
#define InterlockedAddAcquire(Addend, Value) WDK_CHANGE(add_fetch, ACQUIRE, Addend, Value)
#define InterlockedAddRelease(Addend, Value) WDK_CHANGE(add_fetch, RELEASE, Addend, Value)
#define InterlockedAddNoFence(Addend, Value) WDK_CHANGE(add_fetch, RELAXED, Addend, Value)
#define InterlockedExchangeAdd(Addend, Value) WDK_CHANGE(fetch_add, SEQ_CST, Addend, Value)
#define InterlockedExchangeAddAcquire(Addend, Value) WDK_CHANGE(fetch_add, ACQUIRE, Addend, Value)
#define InterlockedExchangeAddRelease(Addend, Value) WDK_CHANGE(fetch_add, RELEASE, Addend, Value)
#define InterlockedExchangeAddNoFence(Addend, Value) WDK_CHANGE(fetch_add, RELAXED, Addend, Value)
#define InterlockedAnd(Target, Set) WDK_CHANGE(fetch_and, SEQ_CST, Target, Set)
#define InterlockedAndAcquire(Target, Set) WDK_CHANGE(fetch_and, ACQUIRE, Target, Set)
#define InterlockedAndRelease(Target, Set) WDK_CHANGE(fetch_and, RELEASE, Target, Set)
#define InterlockedAndNoFence(Target, Set) WDK_CHANGE(fetch_and, RELAXED, Target, Set)
#define InterlockedOr(Target, Set) WDK_CHANGE(fetch_or, SEQ_CST, Target, Set)
#define InterlockedOrAcquire(Target, Set) WDK_CHANGE(fetch_or, ACQUIRE, Target, Set)
#define InterlockedOrRelease(Target, Set) WDK_CHANGE(fetch_or, RELEASE, Target, Set)
#define InterlockedOrNoFence(Target, Set) WDK_CHANGE(fetch_or, RELAXED, Target, Set)
#define InterlockedXor(Target, Set) WDK_CHANGE(fetch_xor, SEQ_CST, Target, Set)
#define InterlockedXorAcquire(Target, Set) WDK_CHANGE(fetch_xor, ACQUIRE, Target, Set)
#define InterlockedXorRelease(Target, Set) WDK_CHANGE(fetch_xor, RELEASE, Target, Set)
#define InterlockedXorNoFence(Target, Set) WDK_CHANGE(fetch_xor, RELAXED, Target, Set)
#define InterlockedExchange(Target, Value) WDK_CHANGE(exchange_n, SEQ_CST, Target, Value)
#define InterlockedExchangeAcquire(Target, Value) WDK_CHANGE(exchange_n, ACQUIRE, Target, Value)
#define InterlockedExchangeRelease(Target, Value) WDK_CHANGE(exchange_n, RELEASE, Target, Value)
#define InterlockedExchangeNoFence(Target, Value) WDK_CHANGE(exchange_n, RELAXED, Target, Value)

/* Compare, and write when equal. Gives the old value. */
#define InterlockedCompareExchange(Destination, ExChange, Comperand) \
  __sync_val_compare_and_swap(WDK_ATOMIC(Destination), (Comperand), (ExChange))
#define InterlockedCompareExchangeAcquire InterlockedCompareExchange
#define InterlockedCompareExchangeRelease InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence InterlockedCompareExchange

/*
 * InterlockedCompareExchange128: the same for 16 bytes, aligned so. ComparandResult holds what is
 * compared with, and then the old value. Gives 1 when they were equal.
 */
WDK_INLINE UCHAR InterlockedCompareExchange128(_Inout_ LONG64 volatile* Destination,
                                               _In_ LONG64 ExchangeHigh, _In_ LONG64 ExchangeLow,
                                               _Inout_ LONG64* ComparandResult) {
  typedef unsigned __int128 WDK_MAY_ALIAS WDK_ATOMIC128;
  UCHAR equal;
  /* The compilers' own function for it needs -mcx16, which a driver's build does not have. */
  __asm__ __volatile__("lock cmpxchg16b %1\n\tsete %0"
                       : "=q"(equal), "+m"(*(volatile WDK_ATOMIC128*)Destination),
                         "+a"(ComparandResult[0]), "+d"(ComparandResult[1])
                       : "b"(ExchangeLow), "c"(ExchangeHigh)
                       : "cc", "memory");
  return equal;
}
#define _InterlockedCompareExchange128 InterlockedCompareExchange128

/* Pointers, of whatever type. */
WDK_INLINE PVOID wdk_exchange_pointer(PVOID volatile* Target, PVOID Value) {
  return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}
WDK_INLINE PVOID wdk_compare_exchange_pointer(PVOID volatile* Target, PVOID Value,
                                              PVOID Comperand) {
  __atomic_compare_exchange_n(Target, &Comperand, Value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return Comperand;
}
#define WDK_ATOMIC_POINTER(p) ((PVOID volatile*)(p))
#define InterlockedExchangePointer(Target, Value) \
  wdk_exchange_pointer(WDK_ATOMIC_POINTER(Target), (PVOID)(Value))
#define InterlockedExchangePointerAcquire InterlockedExchangePointer
#define InterlockedExchangePointerNoFence InterlockedExchangePointer
#define InterlockedCompareExchangePointer(Destination, ExChange, Comperand)        \
  wdk_compare_exchange_pointer(WDK_ATOMIC_POINTER(Destination), (PVOID)(ExChange), \
                               (PVOID)(Comperand))
#define InterlockedCompareExchangePointerAcquire InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerNoFence InterlockedCompareExchangePointer

/* The same for other widths. */
#define InterlockedIncrement64 InterlockedIncrement
#define InterlockedIncrementAcquire64 InterlockedIncrementAcquire
#define InterlockedIncrementRelease64 InterlockedIncrementRelease
#define InterlockedIncrementNoFence64 InterlockedIncrementNoFence
#define InterlockedIncrement16 InterlockedIncrement
#define InterlockedIncrementAcquire16 InterlockedIncrementAcquire
#define InterlockedIncrementRelease16 InterlockedIncrementRelease
#define InterlockedIncrementNoFence16 InterlockedIncrementNoFence
#define InterlockedDecrement64 InterlockedDecrement
#define InterlockedDecrementAcquire64 InterlockedDecrementAcquire
#define InterlockedDecrementRelease64 InterlockedDecrementRelease
#define InterlockedDecrementNoFence64 InterlockedDecrementNoFence
#define InterlockedDecrement16 InterlockedDecrement
#define InterlockedDecrementAcquire16 InterlockedDecrementAcquire
#define InterlockedDecrementRelease16 InterlockedDecrementRelease
#define InterlockedDecrementNoFence16 InterlockedDecrementNoFence
#define InterlockedAdd64 InterlockedAdd
#define InterlockedAddAcquire64 InterlockedAddAcquire
#define InterlockedAddRelease64 InterlockedAddRelease
#define InterlockedAddNoFence64 InterlockedAddNoFence
#define InterlockedExchangeAdd64 InterlockedExchangeAdd
#define InterlockedExchangeAddAcquire64 InterlockedExchangeAddAcquire
#define InterlockedExchangeAddRelease64 InterlockedExchangeAddRelease
#define InterlockedExchangeAddNoFence64 InterlockedExchangeAddNoFence
#define InterlockedExchangeAdd16 InterlockedExchangeAdd
#define InterlockedExchangeAddAcquire16 InterlockedExchangeAddAcquire
#define InterlockedExchangeAddRelease16 InterlockedExchangeAddRelease
#define InterlockedExchangeAddNoFence16 InterlockedExchangeAddNoFence
#define InterlockedExchangeAdd8 InterlockedExchangeAdd
#define InterlockedAnd64 InterlockedAnd
#define InterlockedAndAcquire64 InterlockedAndAcquire
#define InterlockedAndRelease64 InterlockedAndRelease
#define InterlockedAndNoFence64 InterlockedAndNoFence
#define InterlockedAnd16 InterlockedAnd
#define InterlockedAndAcquire16 InterlockedAndAcquire
#define InterlockedAndRelease16 InterlockedAndRelease
#define InterlockedAndNoFence16 InterlockedAndNoFence
#define InterlockedAnd8 InterlockedAnd
#define InterlockedOr64 InterlockedOr
#define InterlockedOrAcquire64 InterlockedOrAcquire
#define InterlockedOrRelease64 InterlockedOrRelease
#define InterlockedOrNoFence64 InterlockedOrNoFence
#define InterlockedOr16 InterlockedOr
#define InterlockedOrAcquire16 InterlockedOrAcquire
#define InterlockedOrRelease16 InterlockedOrRelease
#define InterlockedOrNoFence16 InterlockedOrNoFence
#define InterlockedOr8 InterlockedOr
#define InterlockedXor64 InterlockedXor
#define InterlockedXorAcquire64 InterlockedXorAcquire
#define InterlockedXorRelease64 InterlockedXorRelease
#define InterlockedXorNoFence64 InterlockedXorNoFence
#define InterlockedXor16 InterlockedXor
#define InterlockedXorAcquire16 InterlockedXorAcquire
#define InterlockedXorRelease16 InterlockedXorRelease
#define InterlockedXorNoFence16 InterlockedXorNoFence
#define InterlockedXor8 InterlockedXor
#define InterlockedExchange64 InterlockedExchange
#define InterlockedExchangeAcquire64 InterlockedExchangeAcquire
#define InterlockedExchangeRelease64 InterlockedExchangeRelease
#define InterlockedExchangeNoFence64 InterlockedExchangeNoFence
#define InterlockedExchange16 InterlockedExchange
#define InterlockedExchangeAcquire16 InterlockedExchangeAcquire
#define InterlockedExchangeRelease16 InterlockedExchangeRelease
#define InterlockedExchangeNoFence16 InterlockedExchangeNoFence
#define InterlockedExchange8 InterlockedExchange
#define InterlockedCompareExchange64 InterlockedCompareExchange
#define InterlockedCompareExchangeAcquire64 InterlockedCompareExchangeAcquire
#define InterlockedCompareExchangeRelease64 InterlockedCompareExchangeRelease
#define InterlockedCompareExchangeNoFence64 InterlockedCompareExchangeNoFence
#define InterlockedCompareExchange16 InterlockedCompareExchange
#define InterlockedCompareExchangeAcquire16 InterlockedCompareExchangeAcquire
#define InterlockedCompareExchangeRelease16 InterlockedCompareExchangeRelease
#define InterlockedCompareExchangeNoFence16 InterlockedCompareExchangeNoFence
#define InterlockedCompareExchange8 InterlockedCompareExchange
#define InterlockedAddSizeT InterlockedAdd
#define InterlockedExchangeAddSizeT InterlockedExchangeAdd
#define InterlockedExchangeSubtract(Addend, Value) WDK_CHANGE(fetch_sub, SEQ_CST, Addend, Value)
#define InterlockedIncrementSizeT InterlockedIncrement
#define InterlockedDecrementSizeT InterlockedDecrement

/* Compiler intrinsics: the same with an underscore. */
#define _InterlockedIncrement InterlockedIncrement
#define _InterlockedIncrement64 InterlockedIncrement
#define _InterlockedIncrement16 InterlockedIncrement
#define _InterlockedDecrement InterlockedDecrement
#define _InterlockedDecrement64 InterlockedDecrement
#define _InterlockedDecrement16 InterlockedDecrement
#define _InterlockedExchangeAdd InterlockedExchangeAdd
#define _InterlockedExchangeAdd64 InterlockedExchangeAdd
#define _InterlockedExchangeAdd16 InterlockedExchangeAdd
#define _InterlockedExchangeAdd8 InterlockedExchangeAdd
#define _InterlockedAnd InterlockedAnd
#define _InterlockedAnd64 InterlockedAnd
#define _InterlockedAnd16 InterlockedAnd
#define _InterlockedAnd8 InterlockedAnd
#define _InterlockedOr InterlockedOr
#define _InterlockedOr64 InterlockedOr
#define _InterlockedOr16 InterlockedOr
#define _InterlockedOr8 InterlockedOr
#define _InterlockedXor InterlockedXor
#define _InterlockedXor64 InterlockedXor
#define _InterlockedXor16 InterlockedXor
#define _InterlockedXor8 InterlockedXor
#define _InterlockedExchange InterlockedExchange
#define _InterlockedExchange64 InterlockedExchange
#define _InterlockedExchange16 InterlockedExchange
#define _InterlockedExchange8 InterlockedExchange
#define _InterlockedCompareExchange InterlockedCompareExchange
#define _InterlockedCompareExchange64 InterlockedCompareExchange
#define _InterlockedCompareExchange16 InterlockedCompareExchange
#define _InterlockedCompareExchange8 InterlockedCompareExchange
#define _InterlockedAdd InterlockedAdd
#define _InterlockedAdd64 InterlockedAdd
#define _InterlockedExchangePointer InterlockedExchangePointer
#define _InterlockedCompareExchangePointer InterlockedCompareExchangePointer

/* One bit, counted from Base. Gives the bit's old value. */
WDK_INLINE BOOLEAN wdk_bit_is_set(ULONG64 Word, ULONG64 Mask) {
  return (BOOLEAN)((Word & Mask) != 0);
}
#define WDK_BIT_WORD(Base, Bit) (WDK_ATOMIC(Base) + (Bit) / (8 * (LONG)sizeof(*(Base))))
WDK_INLINE ULONG64 wdk_bit_mask(size_t WordSize, LONG64 Bit) {
  return (ULONG64)1 << (Bit % (LONG64)(8 * WordSize));
}
#define WDK_BIT_MASK(Base, Bit) wdk_bit_mask(sizeof(*(Base)), (Bit))
#define WDK_BIT_OP(op, Base, Bit, mask)                                          \
  wdk_bit_is_set((ULONG64)op(WDK_BIT_WORD(Base, Bit), (mask), __ATOMIC_SEQ_CST), \
                 WDK_BIT_MASK(Base, Bit))
#define InterlockedBitTestAndSet(Base, Bit) \
  WDK_BIT_OP(__atomic_fetch_or, Base, Bit, WDK_BIT_MASK(Base, Bit))
#define InterlockedBitTestAndReset(Base, Bit) \
  WDK_BIT_OP(__atomic_fetch_and, Base, Bit, ~WDK_BIT_MASK(Base, Bit))
#define InterlockedBitTestAndComplement(Base, Bit) \
  WDK_BIT_OP(__atomic_fetch_xor, Base, Bit, WDK_BIT_MASK(Base, Bit))
#define InterlockedBitTestAndSet64 InterlockedBitTestAndSet
#define InterlockedBitTestAndReset64 InterlockedBitTestAndReset
#define InterlockedBitTestAndComplement64 InterlockedBitTestAndComplement
#define BitTest(Base, Bit) \
  wdk_bit_is_set((ULONG64)*WDK_BIT_WORD(Base, Bit), WDK_BIT_MASK(Base, Bit))
#define BitTest64 BitTest

/* The same, not atomic. */
#define WDK_BIT_CHANGE(op, Base, Bit, mask)                                      \
  wdk_bit_is_set((ULONG64)op(WDK_BIT_WORD(Base, Bit), (mask), __ATOMIC_RELAXED), \
                 WDK_BIT_MASK(Base, Bit))
#define BitTestAndSet(Base, Bit) \
  WDK_BIT_CHANGE(__atomic_fetch_or, Base, Bit, WDK_BIT_MASK(Base, Bit))
#define BitTestAndReset(Base, Bit) \
  WDK_BIT_CHANGE(__atomic_fetch_and, Base, Bit, ~WDK_BIT_MASK(Base, Bit))
#define BitTestAndComplement(Base, Bit) \
  WDK_BIT_CHANGE(__atomic_fetch_xor, Base, Bit, WDK_BIT_MASK(Base, Bit))
#define BitTestAndSet64 BitTestAndSet
#define BitTestAndReset64 BitTestAndReset
#define BitTestAndComplement64 BitTestAndComplement
#define _bittest BitTest
#define _bittest64 BitTest
#define _bittestandset BitTestAndSet
#define _bittestandset64 BitTestAndSet
#define _bittestandreset BitTestAndReset
#define _bittestandreset64 BitTestAndReset
#define _bittestandcomplement BitTestAndComplement
#define _bittestandcomplement64 BitTestAndComplement
#define _interlockedbittestandset InterlockedBitTestAndSet
#define _interlockedbittestandset64 InterlockedBitTestAndSet
#define _interlockedbittestandreset InterlockedBitTestAndReset
#define _interlockedbittestandreset64 InterlockedBitTestAndReset

/* Plain loads and stores with an order. */
#define ReadAcquire(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_ACQUIRE)
#define ReadNoFence(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_RELAXED)
/* A Value of the other sign is as good. */
#define WDK_ATOMIC_STORE(Target, Value, order)                                                 \
  __atomic_store_n(WDK_ATOMIC(Target),                                                         \
                   (__typeof__(__atomic_load_n(WDK_ATOMIC(Target), __ATOMIC_RELAXED)))(Value), \
                   order)
#define WriteRelease(Target, Value) WDK_ATOMIC_STORE(Target, Value, __ATOMIC_RELEASE)
#define WriteNoFence(Target, Value) WDK_ATOMIC_STORE(Target, Value, __ATOMIC_RELAXED)
#define ReadAcquire64(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_ACQUIRE)
#define ReadNoFence64(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_RELAXED)
#define WriteRelease64 WriteRelease
#define WriteNoFence64 WriteNoFence
#define ReadAcquire16(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_ACQUIRE)
#define ReadNoFence16(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_RELAXED)
#define WriteRelease16 WriteRelease
#define WriteNoFence16 WriteNoFence
#define ReadAcquire8(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_ACQUIRE)
#define ReadNoFence8(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_RELAXED)
#define WriteRelease8 WriteRelease
#define WriteNoFence8 WriteNoFence
#define ReadULongAcquire(Source) ((ULONG)ReadAcquire(Source))
#define ReadULongNoFence(Source) ((ULONG)ReadNoFence(Source))
#define ReadULong64Acquire(Source) ((ULONG64)ReadAcquire(Source))
#define ReadULong64NoFence(Source) ((ULONG64)ReadNoFence(Source))
#define WriteULongRelease WriteRelease
#define WriteULongNoFence WriteNoFence
#define WriteULong64Release WriteRelease
#define WriteULong64NoFence WriteNoFence
#define ReadULongRaw ReadULongNoFence
#define ReadULong64Raw ReadULong64NoFence
#define WriteULongRaw WriteNoFence
#define WriteULong64Raw WriteNoFence
#define ReadRaw(Source) ReadNoFence(Source)
#define ReadRaw64(Source) ReadNoFence(Source)
#define WriteRaw WriteNoFence
#define WriteRaw64 WriteNoFence
#define ReadInt8Acquire(Source) ((INT8)ReadAcquire(Source))
#define ReadInt8NoFence(Source) ((INT8)ReadNoFence(Source))
#define ReadInt8Raw(Source) ((INT8)ReadNoFence(Source))
#define WriteInt8Release WriteRelease
#define WriteInt8NoFence WriteNoFence
#define WriteInt8Raw WriteNoFence
#define ReadInt16Acquire(Source) ((INT16)ReadAcquire(Source))
#define ReadInt16NoFence(Source) ((INT16)ReadNoFence(Source))
#define ReadInt16Raw(Source) ((INT16)ReadNoFence(Source))
#define WriteInt16Release WriteRelease
#define WriteInt16NoFence WriteNoFence
#define WriteInt16Raw WriteNoFence
#define ReadInt32Acquire(Source) ((INT32)ReadAcquire(Source))
#define ReadInt32NoFence(Source) ((INT32)ReadNoFence(Source))
#define ReadInt32Raw(Source) ((INT32)ReadNoFence(Source))
#define WriteInt32Release WriteRelease
#define WriteInt32NoFence WriteNoFence
#define WriteInt32Raw WriteNoFence
#define ReadInt64Acquire(Source) ((INT64)ReadAcquire(Source))
#define ReadInt64NoFence(Source) ((INT64)ReadNoFence(Source))
#define ReadInt64Raw(Source) ((INT64)ReadNoFence(Source))
#define WriteInt64Release WriteRelease
#define WriteInt64NoFence WriteNoFence
#define WriteInt64Raw WriteNoFence
#define ReadUInt8Acquire(Source) ((UINT8)ReadAcquire(Source))
#define ReadUInt8NoFence(Source) ((UINT8)ReadNoFence(Source))
#define ReadUInt8Raw(Source) ((UINT8)ReadNoFence(Source))
#define WriteUInt8Release WriteRelease
#define WriteUInt8NoFence WriteNoFence
#define WriteUInt8Raw WriteNoFence
#define ReadUInt16Acquire(Source) ((UINT16)ReadAcquire(Source))
#define ReadUInt16NoFence(Source) ((UINT16)ReadNoFence(Source))
#define ReadUInt16Raw(Source) ((UINT16)ReadNoFence(Source))
#define WriteUInt16Release WriteRelease
#define WriteUInt16NoFence WriteNoFence
#define WriteUInt16Raw WriteNoFence
#define ReadUInt32Acquire(Source) ((UINT32)ReadAcquire(Source))
#define ReadUInt32NoFence(Source) ((UINT32)ReadNoFence(Source))
#define ReadUInt32Raw(Source) ((UINT32)ReadNoFence(Source))
#define WriteUInt32Release WriteRelease
#define WriteUInt32NoFence WriteNoFence
#define WriteUInt32Raw WriteNoFence
#define ReadUInt64Acquire(Source) ((UINT64)ReadAcquire(Source))
#define ReadUInt64NoFence(Source) ((UINT64)ReadNoFence(Source))
#define ReadUInt64Raw(Source) ((UINT64)ReadNoFence(Source))
#define WriteUInt64Release WriteRelease
#define WriteUInt64NoFence WriteNoFence
#define WriteUInt64Raw WriteNoFence
#define ReadUCharAcquire(Source) ((UCHAR)ReadAcquire(Source))
#define ReadUCharNoFence(Source) ((UCHAR)ReadNoFence(Source))
#define ReadUCharRaw(Source) ((UCHAR)ReadNoFence(Source))
#define WriteUCharRelease WriteRelease
#define WriteUCharNoFence WriteNoFence
#define WriteUCharRaw WriteNoFence
#define ReadUShortAcquire(Source) ((USHORT)ReadAcquire(Source))
#define ReadUShortNoFence(Source) ((USHORT)ReadNoFence(Source))
#define ReadUShortRaw(Source) ((USHORT)ReadNoFence(Source))
#define WriteUShortRelease WriteRelease
#define WriteUShortNoFence WriteNoFence
#define WriteUShortRaw WriteNoFence
#define ReadBooleanAcquire(Source) ((BOOLEAN)ReadAcquire(Source))
#define ReadBooleanNoFence(Source) ((BOOLEAN)ReadNoFence(Source))
#define ReadBooleanRaw(Source) ((BOOLEAN)ReadNoFence(Source))
#define WriteBooleanRelease WriteRelease
#define WriteBooleanNoFence WriteNoFence
#define WriteBooleanRaw WriteNoFence
#define ReadPointerRaw ReadPointerNoFence
#define WritePointerRaw WritePointerNoFence
#define ReadPointerAcquire(Source) __atomic_load_n(WDK_ATOMIC_POINTER(Source), __ATOMIC_ACQUIRE)
#define ReadPointerNoFence(Source) __atomic_load_n(WDK_ATOMIC_POINTER(Source), __ATOMIC_RELAXED)
#define WritePointerRelease(Target, Value) \
  __atomic_store_n(WDK_ATOMIC_POINTER(Target), (PVOID)(Value), __ATOMIC_RELEASE)
#define WritePointerNoFence(Target, Value) \
  __atomic_store_n(WDK_ATOMIC_POINTER(Target), (PVOID)(Value), __ATOMIC_RELAXED)

/* Barriers. */
#define MemoryBarrier() __sync_synchronize()
#define KeMemoryBarrier() __sync_synchronize()
#define KeMemoryBarrierWithoutFence() __asm__ __volatile__("" : : : "memory")
#define _ReadWriteBarrier() KeMemoryBarrierWithoutFence()
#define _ReadBarrier() KeMemoryBarrierWithoutFence()
#define _WriteBarrier() KeMemoryBarrierWithoutFence()
#define _mm_mfence() __builtin_ia32_mfence()
#define _mm_lfence() __builtin_ia32_lfence()
#define _mm_sfence() __builtin_ia32_sfence()
#define MemoryFence _mm_mfence
#define LoadFence _mm_lfence
#define StoreFence _mm_sfence
#define __faststorefence MemoryBarrier
#define FastFence MemoryBarrier
#define YieldProcessor() __builtin_ia32_pause()
#define PrefetchForWrite(p) __builtin_prefetch((const void*)(p), 1)
#define PreFetchCacheLine(l, a) __builtin_prefetch((const void*)(a))
