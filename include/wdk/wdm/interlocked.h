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
#define WDK_ATOMIC(p)                                                                         \
  ((__typeof__(__builtin_choose_expr(                                                         \
      sizeof(*(p)) == 8, (volatile WDK_ATOMIC64*)0,                                           \
      __builtin_choose_expr(                                                                  \
          sizeof(*(p)) == 4, (volatile WDK_ATOMIC32*)0,                                       \
          __builtin_choose_expr(sizeof(*(p)) == 2, (volatile WDK_ATOMIC16*)0,                 \
                                (volatile WDK_ATOMIC8*)0)))))(p))
#endif
#define WDK_ATOMIC_POINTER(p) ((PVOID volatile*)(p))

/* Read, change, write. Increment, Decrement and Add give the new value, the others the old. */
#define InterlockedIncrement(Addend) __atomic_add_fetch(WDK_ATOMIC(Addend), 1, __ATOMIC_SEQ_CST)
#define InterlockedIncrementAcquire(Addend) __atomic_add_fetch(WDK_ATOMIC(Addend), 1, __ATOMIC_ACQUIRE)
#define InterlockedIncrementRelease(Addend) __atomic_add_fetch(WDK_ATOMIC(Addend), 1, __ATOMIC_RELEASE)
#define InterlockedIncrementNoFence(Addend) __atomic_add_fetch(WDK_ATOMIC(Addend), 1, __ATOMIC_RELAXED)
#define InterlockedDecrement(Addend) __atomic_sub_fetch(WDK_ATOMIC(Addend), 1, __ATOMIC_SEQ_CST)
#define InterlockedDecrementAcquire(Addend) __atomic_sub_fetch(WDK_ATOMIC(Addend), 1, __ATOMIC_ACQUIRE)
#define InterlockedDecrementRelease(Addend) __atomic_sub_fetch(WDK_ATOMIC(Addend), 1, __ATOMIC_RELEASE)
#define InterlockedDecrementNoFence(Addend) __atomic_sub_fetch(WDK_ATOMIC(Addend), 1, __ATOMIC_RELAXED)
#define InterlockedAdd(Addend, Value) __atomic_add_fetch(WDK_ATOMIC(Addend), (Value), __ATOMIC_SEQ_CST)
#define InterlockedAddAcquire(Addend, Value) __atomic_add_fetch(WDK_ATOMIC(Addend), (Value), __ATOMIC_ACQUIRE)
#define InterlockedAddRelease(Addend, Value) __atomic_add_fetch(WDK_ATOMIC(Addend), (Value), __ATOMIC_RELEASE)
#define InterlockedAddNoFence(Addend, Value) __atomic_add_fetch(WDK_ATOMIC(Addend), (Value), __ATOMIC_RELAXED)
#define InterlockedExchangeAdd(Addend, Value) __atomic_fetch_add(WDK_ATOMIC(Addend), (Value), __ATOMIC_SEQ_CST)
#define InterlockedExchangeAddAcquire(Addend, Value) __atomic_fetch_add(WDK_ATOMIC(Addend), (Value), __ATOMIC_ACQUIRE)
#define InterlockedExchangeAddRelease(Addend, Value) __atomic_fetch_add(WDK_ATOMIC(Addend), (Value), __ATOMIC_RELEASE)
#define InterlockedExchangeAddNoFence(Addend, Value) __atomic_fetch_add(WDK_ATOMIC(Addend), (Value), __ATOMIC_RELAXED)
#define InterlockedAnd(Destination, Value) __atomic_fetch_and(WDK_ATOMIC(Destination), (Value), __ATOMIC_SEQ_CST)
#define InterlockedAndAcquire(Destination, Value) __atomic_fetch_and(WDK_ATOMIC(Destination), (Value), __ATOMIC_ACQUIRE)
#define InterlockedAndRelease(Destination, Value) __atomic_fetch_and(WDK_ATOMIC(Destination), (Value), __ATOMIC_RELEASE)
#define InterlockedAndNoFence(Destination, Value) __atomic_fetch_and(WDK_ATOMIC(Destination), (Value), __ATOMIC_RELAXED)
#define InterlockedOr(Destination, Value) __atomic_fetch_or(WDK_ATOMIC(Destination), (Value), __ATOMIC_SEQ_CST)
#define InterlockedOrAcquire(Destination, Value) __atomic_fetch_or(WDK_ATOMIC(Destination), (Value), __ATOMIC_ACQUIRE)
#define InterlockedOrRelease(Destination, Value) __atomic_fetch_or(WDK_ATOMIC(Destination), (Value), __ATOMIC_RELEASE)
#define InterlockedOrNoFence(Destination, Value) __atomic_fetch_or(WDK_ATOMIC(Destination), (Value), __ATOMIC_RELAXED)
#define InterlockedXor(Destination, Value) __atomic_fetch_xor(WDK_ATOMIC(Destination), (Value), __ATOMIC_SEQ_CST)
#define InterlockedXorAcquire(Destination, Value) __atomic_fetch_xor(WDK_ATOMIC(Destination), (Value), __ATOMIC_ACQUIRE)
#define InterlockedXorRelease(Destination, Value) __atomic_fetch_xor(WDK_ATOMIC(Destination), (Value), __ATOMIC_RELEASE)
#define InterlockedXorNoFence(Destination, Value) __atomic_fetch_xor(WDK_ATOMIC(Destination), (Value), __ATOMIC_RELAXED)
#define InterlockedExchange(Target, Value) __atomic_exchange_n(WDK_ATOMIC(Target), (Value), __ATOMIC_SEQ_CST)
#define InterlockedExchangeAcquire(Target, Value) __atomic_exchange_n(WDK_ATOMIC(Target), (Value), __ATOMIC_ACQUIRE)
#define InterlockedExchangeRelease(Target, Value) __atomic_exchange_n(WDK_ATOMIC(Target), (Value), __ATOMIC_RELEASE)
#define InterlockedExchangeNoFence(Target, Value) __atomic_exchange_n(WDK_ATOMIC(Target), (Value), __ATOMIC_RELAXED)

/* Compare, and write when equal. Gives the old value. */
#define InterlockedCompareExchange(Destination, ExChange, Comperand) \
  __sync_val_compare_and_swap(WDK_ATOMIC(Destination), (Comperand), (ExChange))
#define InterlockedCompareExchangePointer(Destination, ExChange, Comperand)             \
  __sync_val_compare_and_swap(WDK_ATOMIC_POINTER(Destination), (PVOID)(Comperand), \
                              (PVOID)(ExChange))
#define InterlockedCompareExchangeAcquire InterlockedCompareExchange
#define InterlockedCompareExchangeRelease InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence InterlockedCompareExchange
#define InterlockedCompareExchangePointerAcquire InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerNoFence InterlockedCompareExchangePointer
#define InterlockedExchangePointer(Target, Value) \
  __atomic_exchange_n(WDK_ATOMIC_POINTER(Target), (PVOID)(Value), __ATOMIC_SEQ_CST)
#define InterlockedExchangePointerAcquire(Target, Value) \
  __atomic_exchange_n(WDK_ATOMIC_POINTER(Target), (PVOID)(Value), __ATOMIC_ACQUIRE)
#define InterlockedExchangePointerRelease(Target, Value) \
  __atomic_exchange_n(WDK_ATOMIC_POINTER(Target), (PVOID)(Value), __ATOMIC_RELEASE)
#define InterlockedExchangePointerNoFence(Target, Value) \
  __atomic_exchange_n(WDK_ATOMIC_POINTER(Target), (PVOID)(Value), __ATOMIC_RELAXED)

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
#define InterlockedExchangeAddSizeT InterlockedExchangeAdd
#define InterlockedExchangeSubtract(Addend, Value) InterlockedExchangeAdd(Addend, -(LONG)(Value))
#define InterlockedIncrementSizeT InterlockedIncrement
#define InterlockedDecrementSizeT InterlockedDecrement
#define InterlockedAddPtr InterlockedAdd

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
#define WDK_BIT_WORD(Base, Bit) (WDK_ATOMIC(Base) + (Bit) / (8 * (LONG)sizeof(*(Base))))
#define WDK_BIT_MASK(Base, Bit) ((LONG64)1 << ((Bit) % (8 * (LONG)sizeof(*(Base)))))
#define WDK_BIT_OP(op, Base, Bit, mask) \
  ((BOOLEAN)((op(WDK_BIT_WORD(Base, Bit), mask, __ATOMIC_SEQ_CST) & WDK_BIT_MASK(Base, Bit)) != 0))
#define InterlockedBitTestAndSet(Base, Bit) \
  WDK_BIT_OP(__atomic_fetch_or, Base, Bit, WDK_BIT_MASK(Base, Bit))
#define InterlockedBitTestAndReset(Base, Bit) \
  WDK_BIT_OP(__atomic_fetch_and, Base, Bit, ~WDK_BIT_MASK(Base, Bit))
#define InterlockedBitTestAndComplement(Base, Bit) \
  WDK_BIT_OP(__atomic_fetch_xor, Base, Bit, WDK_BIT_MASK(Base, Bit))
#define InterlockedBitTestAndSet64 InterlockedBitTestAndSet
#define InterlockedBitTestAndReset64 InterlockedBitTestAndReset
#define InterlockedBitTestAndComplement64 InterlockedBitTestAndComplement
#define BitTest(Base, Bit) ((BOOLEAN)((*WDK_BIT_WORD(Base, Bit) & WDK_BIT_MASK(Base, Bit)) != 0))
#define BitTest64 BitTest

/* Plain loads and stores with an order. */
#define ReadAcquire(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_ACQUIRE)
#define ReadNoFence(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_RELAXED)
#define WriteRelease(Target, Value) \
  __atomic_store_n(WDK_ATOMIC(Target), (Value), __ATOMIC_RELEASE)
#define WriteNoFence(Target, Value) \
  __atomic_store_n(WDK_ATOMIC(Target), (Value), __ATOMIC_RELAXED)
#define ReadAcquire64(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_ACQUIRE)
#define ReadNoFence64(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_RELAXED)
#define WriteRelease64(Target, Value) \
  __atomic_store_n(WDK_ATOMIC(Target), (Value), __ATOMIC_RELEASE)
#define WriteNoFence64(Target, Value) \
  __atomic_store_n(WDK_ATOMIC(Target), (Value), __ATOMIC_RELAXED)
#define ReadAcquire16(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_ACQUIRE)
#define ReadNoFence16(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_RELAXED)
#define WriteRelease16(Target, Value) \
  __atomic_store_n(WDK_ATOMIC(Target), (Value), __ATOMIC_RELEASE)
#define WriteNoFence16(Target, Value) \
  __atomic_store_n(WDK_ATOMIC(Target), (Value), __ATOMIC_RELAXED)
#define ReadAcquire8(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_ACQUIRE)
#define ReadNoFence8(Source) __atomic_load_n(WDK_ATOMIC(Source), __ATOMIC_RELAXED)
#define WriteRelease8(Target, Value) \
  __atomic_store_n(WDK_ATOMIC(Target), (Value), __ATOMIC_RELEASE)
#define WriteNoFence8(Target, Value) \
  __atomic_store_n(WDK_ATOMIC(Target), (Value), __ATOMIC_RELAXED)
#define ReadULongAcquire(Source) ((ULONG)ReadAcquire(Source))
#define ReadULongNoFence(Source) ((ULONG)ReadNoFence(Source))
#define ReadULong64Acquire(Source) ((ULONG64)ReadAcquire(Source))
#define ReadULong64NoFence(Source) ((ULONG64)ReadNoFence(Source))
#define WriteULongRelease WriteRelease
#define WriteULongNoFence WriteNoFence
#define WriteULong64Release WriteRelease
#define WriteULong64NoFence WriteNoFence
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
#define YieldProcessor() __builtin_ia32_pause()
#define PrefetchForWrite(p) __builtin_prefetch((const void*)(p), 1)
#define PreFetchCacheLine(l, a) __builtin_prefetch((const void*)(a))
