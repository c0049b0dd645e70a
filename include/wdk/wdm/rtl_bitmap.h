/*
 * rtl_bitmap.h: bitmaps in the caller's memory, and the bits of a number.
 */
#pragma once

#include <wdm/types.h>

EXTERN_C_START

typedef struct _RTL_BITMAP {
  ULONG SizeOfBitMap;
  PULONG Buffer;
} RTL_BITMAP, *PRTL_BITMAP;

C_ASSERT(sizeof(RTL_BITMAP) == 16);

/*
 * RtlInitializeBitMap: a bitmap over the caller's memory, which keeps its contents. None of these
 * functions locks.
 *
 *   SizeOfBitMap  In bits.
 *
 * IRQL     any for resident memory, else <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-rtlinitializebitmap
 */
NTSYSAPI VOID RtlInitializeBitMap(_Out_ PRTL_BITMAP BitMapHeader, _In_opt_ PULONG BitMapBuffer,
                                  _In_ ULONG SizeOfBitMap);

/*
 * RtlClearAllBits: clear or set all bits, one, or a run; RtlTestBit looks at one. Indices are below
 * SizeOfBitMap.
 *
 * IRQL     any for resident memory, else <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-rtlclearallbits
 */
NTSYSAPI VOID RtlClearAllBits(_In_ PRTL_BITMAP BitMapHeader);
NTSYSAPI VOID RtlSetAllBits(_In_ PRTL_BITMAP BitMapHeader);
NTSYSAPI VOID RtlClearBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber);
NTSYSAPI VOID RtlSetBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber);
NTSYSAPI BOOLEAN RtlTestBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber);
NTSYSAPI VOID RtlClearBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                           _In_ ULONG NumberToClear);
NTSYSAPI VOID RtlSetBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                         _In_ ULONG NumberToSet);

/*
 * RtlFindClearBits: find a run of NumberToFind clear (set) bits, from HintIndex on and then from
 * the start; the AndSet and AndClear forms change what they find.
 *
 * IRQL     any for resident memory, else <= APC_LEVEL
 * Returns  Index of its first bit; 0xFFFFFFFF: there is none.
 * Page     ddi/wdm/nf-wdm-rtlfindclearbits
 */
NTSYSAPI ULONG RtlFindClearBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                                _In_ ULONG HintIndex);
NTSYSAPI ULONG RtlFindSetBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                              _In_ ULONG HintIndex);
NTSYSAPI ULONG RtlFindClearBitsAndSet(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                                      _In_ ULONG HintIndex);
NTSYSAPI ULONG RtlFindSetBitsAndClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                                      _In_ ULONG HintIndex);

/*
 * RtlNumberOfSetBits: count bits; RtlAreBitsClear and RtlAreBitsSet look whether a run is all so
 * (FALSE when Length is 0).
 *
 * IRQL     any for resident memory, else <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-rtlnumberofsetbits
 */
NTSYSAPI ULONG RtlNumberOfSetBits(_In_ PRTL_BITMAP BitMapHeader);
NTSYSAPI ULONG RtlNumberOfClearBits(_In_ PRTL_BITMAP BitMapHeader);
NTSYSAPI BOOLEAN RtlAreBitsClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                                 _In_ ULONG Length);
NTSYSAPI BOOLEAN RtlAreBitsSet(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                               _In_ ULONG Length);

/* A run of clear bits. */
typedef struct _RTL_BITMAP_RUN {
  ULONG StartingIndex;
  ULONG NumberOfBits;
} RTL_BITMAP_RUN, *PRTL_BITMAP_RUN;

/*
 * RtlFindClearRuns: the first SizeOfRunArray runs of clear bits, or (LocateLongestRuns) the longest
 * ones, the longest first.
 *
 * IRQL     any for resident memory, else <= APC_LEVEL
 * Returns  How many were found.
 * Page     ddi/wdm/nf-wdm-rtlfindclearruns
 */
NTSYSAPI ULONG RtlFindClearRuns(_In_ PRTL_BITMAP BitMapHeader,
                                _Out_writes_to_(SizeOfRunArray, return ) PRTL_BITMAP_RUN RunArray,
                                _In_ ULONG SizeOfRunArray, _In_ BOOLEAN LocateLongestRuns);

/*
 * RtlFindFirstRunClear: the first run of clear bits, the longest one, the next one from FromIndex
 * on, the last one from FromIndex back.
 *
 * IRQL     any for resident memory, else <= APC_LEVEL
 * Returns  Its length, its first bit in the last parameter; 0: there is none.
 * Page     ddi/wdm/nf-wdm-rtlfindfirstrunclear
 */
NTSYSAPI ULONG RtlFindFirstRunClear(_In_ PRTL_BITMAP BitMapHeader, _Out_ PULONG StartingIndex);
NTSYSAPI ULONG RtlFindLongestRunClear(_In_ PRTL_BITMAP BitMapHeader, _Out_ PULONG StartingIndex);
NTSYSAPI ULONG RtlFindNextForwardRunClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG FromIndex,
                                          _Out_ PULONG StartingRunIndex);
NTSYSAPI ULONG RtlFindLastBackwardRunClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG FromIndex,
                                           _Out_ PULONG StartingRunIndex);

/*
 * RtlFindMostSignificantBit: the position of the highest (lowest) bit that is set.
 *
 * IRQL     any
 * Returns  It; -1: none is set.
 * Page     ddi/wdm/nf-wdm-rtlfindmostsignificantbit
 */
NTSYSAPI CCHAR RtlFindMostSignificantBit(_In_ ULONGLONG Set);
NTSYSAPI CCHAR RtlFindLeastSignificantBit(_In_ ULONGLONG Set);

/*
 * RtlNumberOfSetBitsUlongPtr: count the bits of a number.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-rtlnumberofsetbitsulongptr
 */
NTSYSAPI ULONG RtlNumberOfSetBitsUlongPtr(_In_ ULONG_PTR Target);
#define RtlCheckBit(BMH, BP) ((LONG)(((BMH)->Buffer[(BP) / 32] >> ((BP) % 32)) & 0x1))

EXTERN_C_END
