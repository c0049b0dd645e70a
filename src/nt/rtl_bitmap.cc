// Bitmaps in the caller's memory, in words of 32 bits, bit 0 first. Runs are looked for bit by bit.
#include <wdm.h>

#include <algorithm>

namespace {

constexpr ULONG kNotFound = MAXULONG;

bool test(const RTL_BITMAP& map, ULONG bit) {
  return (map.Buffer[bit / 32] >> (bit % 32) & 1) != 0;
}

void assign(RTL_BITMAP& map, ULONG bit, bool value) {
  const ULONG mask = 1u << (bit % 32);
  ULONG& word = map.Buffer[bit / 32];
  word = value ? word | mask : word & ~mask;
}

void assign(RTL_BITMAP& map, ULONG first, ULONG count, bool value) {
  for (ULONG i = 0; i < count && first + i < map.SizeOfBitMap; ++i) assign(map, first + i, value);
}

bool are_all(const RTL_BITMAP& map, ULONG first, ULONG count, bool value) {
  if (count == 0 || first >= map.SizeOfBitMap || count > map.SizeOfBitMap - first) return false;
  for (ULONG i = 0; i < count; ++i) {
    if (test(map, first + i) != value) return false;
  }
  return true;
}

// The first run of `count` such bits that begins in [begin, end).
ULONG find_in(const RTL_BITMAP& map, ULONG begin, ULONG end, ULONG count, bool value) {
  ULONG run = 0;
  for (ULONG bit = begin; bit < map.SizeOfBitMap; ++bit) {
    run = test(map, bit) == value ? run + 1 : 0;
    const ULONG start = bit + 1 - run;
    if (run == 0 && bit >= end) return kNotFound;
    if (run == count) return start < end ? start : kNotFound;
  }
  return kNotFound;
}

// From the hint on, then from the start.
ULONG find(const RTL_BITMAP& map, ULONG count, ULONG hint, bool value) {
  if (hint >= map.SizeOfBitMap) hint = 0;
  if (count == 0) return hint & ~ULONG{7};  // As Windows answers: the hint's byte.
  const ULONG found = find_in(map, hint, map.SizeOfBitMap, count, value);
  return found != kNotFound ? found : find_in(map, 0, hint, count, value);
}

ULONG find_and_assign(RTL_BITMAP& map, ULONG count, ULONG hint, bool value) {
  const ULONG found = find(map, count, hint, value);
  if (found != kNotFound) assign(map, found, count, !value);
  return found;
}

ULONG number_of_set(const RTL_BITMAP& map) {
  ULONG count = 0;
  for (ULONG bit = 0; bit < map.SizeOfBitMap; ++bit) count += test(map, bit);
  return count;
}

// The run of clear bits that bit `from` or a later one is the first of; of no bits: there is none.
RTL_BITMAP_RUN next_clear_run(const RTL_BITMAP& map, ULONG from) {
  while (from < map.SizeOfBitMap && test(map, from)) ++from;
  ULONG end = from;
  while (end < map.SizeOfBitMap && !test(map, end)) ++end;
  return {from, end - from};
}

ULONG tell(const RTL_BITMAP_RUN& run, ULONG& start) {
  start = run.StartingIndex;
  return run.NumberOfBits;
}

RTL_BITMAP_RUN longest_clear_run(const RTL_BITMAP& map) {
  RTL_BITMAP_RUN longest{};
  for (RTL_BITMAP_RUN run = next_clear_run(map, 0); run.NumberOfBits != 0;
       run = next_clear_run(map, run.StartingIndex + run.NumberOfBits)) {
    if (run.NumberOfBits > longest.NumberOfBits) longest = run;
  }
  return longest;
}

// Keeps the longest runs, the longest first. Returns how many there are.
ULONG keep_longest(RTL_BITMAP_RUN* runs, ULONG count, ULONG room, const RTL_BITMAP_RUN& run) {
  RTL_BITMAP_RUN* const place = std::find_if(runs, runs + count, [&](const RTL_BITMAP_RUN& each) {
    return each.NumberOfBits < run.NumberOfBits;
  });
  if (place == runs + room) return count;
  RTL_BITMAP_RUN* const end = runs + std::min(count + 1, room);
  std::move_backward(place, end - 1, end);
  *place = run;
  return static_cast<ULONG>(end - runs);
}

}  // namespace

extern "C" {

ULONG RtlFindClearRuns(PRTL_BITMAP BitMapHeader, PRTL_BITMAP_RUN RunArray, ULONG SizeOfRunArray,
                       BOOLEAN LocateLongestRuns) {
  ULONG count = 0;
  for (RTL_BITMAP_RUN run = next_clear_run(*BitMapHeader, 0); run.NumberOfBits != 0;
       run = next_clear_run(*BitMapHeader, run.StartingIndex + run.NumberOfBits)) {
    if (LocateLongestRuns) {
      count = keep_longest(RunArray, count, SizeOfRunArray, run);
    } else {
      if (count == SizeOfRunArray) break;
      RunArray[count++] = run;
    }
  }
  return count;
}

ULONG RtlFindFirstRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex) {
  return tell(next_clear_run(*BitMapHeader, 0), *StartingIndex);
}

ULONG RtlFindLongestRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex) {
  return tell(longest_clear_run(*BitMapHeader), *StartingIndex);
}

ULONG RtlFindNextForwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex,
                                 PULONG StartingRunIndex) {
  return tell(next_clear_run(*BitMapHeader, FromIndex), *StartingRunIndex);
}

ULONG RtlFindLastBackwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex,
                                  PULONG StartingRunIndex) {
  const RTL_BITMAP& map = *BitMapHeader;
  if (map.SizeOfBitMap == 0) return 0;
  ULONG last = std::min(FromIndex, map.SizeOfBitMap - 1);
  while (last > 0 && test(map, last)) --last;
  if (test(map, last)) return 0;
  ULONG first = last;
  while (first > 0 && !test(map, first - 1)) --first;
  *StartingRunIndex = first;
  return last - first + 1;
}

CCHAR RtlFindMostSignificantBit(ULONGLONG Set) {
  return static_cast<CCHAR>(Set == 0 ? -1 : 63 - __builtin_clzll(Set));
}

CCHAR RtlFindLeastSignificantBit(ULONGLONG Set) {
  return static_cast<CCHAR>(Set == 0 ? -1 : __builtin_ctzll(Set));
}

ULONG RtlNumberOfSetBitsUlongPtr(ULONG_PTR Target) {
  return static_cast<ULONG>(__builtin_popcountl(Target));
}

void RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap) {
  *BitMapHeader = {SizeOfBitMap, BitMapBuffer};
}

void RtlClearAllBits(PRTL_BITMAP BitMapHeader) {
  assign(*BitMapHeader, 0, BitMapHeader->SizeOfBitMap, false);
}

void RtlSetAllBits(PRTL_BITMAP BitMapHeader) {
  assign(*BitMapHeader, 0, BitMapHeader->SizeOfBitMap, true);
}

void RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
  assign(*BitMapHeader, BitNumber, 1, false);
}

void RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
  assign(*BitMapHeader, BitNumber, 1, true);
}

BOOLEAN RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
  return BitNumber < BitMapHeader->SizeOfBitMap && test(*BitMapHeader, BitNumber);
}

void RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear) {
  assign(*BitMapHeader, StartingIndex, NumberToClear, false);
}

void RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet) {
  assign(*BitMapHeader, StartingIndex, NumberToSet, true);
}

ULONG RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
  return find(*BitMapHeader, NumberToFind, HintIndex, false);
}

ULONG RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
  return find(*BitMapHeader, NumberToFind, HintIndex, true);
}

ULONG RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
  return find_and_assign(*BitMapHeader, NumberToFind, HintIndex, false);
}

ULONG RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
  return find_and_assign(*BitMapHeader, NumberToFind, HintIndex, true);
}

ULONG RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader) {
  return number_of_set(*BitMapHeader);
}

ULONG RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader) {
  return BitMapHeader->SizeOfBitMap - number_of_set(*BitMapHeader);
}

BOOLEAN RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length) {
  return are_all(*BitMapHeader, StartingIndex, Length, false);
}

BOOLEAN RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length) {
  return are_all(*BitMapHeader, StartingIndex, Length, true);
}

}  // extern "C"
