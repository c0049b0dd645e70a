// Comparing memory and filling it with patterns; the other memory helpers are the compiler's own,
// by macro.
#include <wdm.h>

#include <cstring>

extern "C" {

// How many bytes are equal from the start; not an order, as memcmp gives.
SIZE_T RtlCompareMemory(const VOID* Source1, const VOID* Source2, SIZE_T Length) {
  const auto* first = static_cast<const UCHAR*>(Source1);
  const auto* second = static_cast<const UCHAR*>(Source2);
  SIZE_T equal = 0;
  while (equal < Length && first[equal] == second[equal]) ++equal;
  return equal;
}

SIZE_T RtlCompareMemoryUlong(PVOID Source, SIZE_T Length, ULONG Pattern) {
  SIZE_T equal = 0;
  for (; equal + sizeof Pattern <= Length; equal += sizeof Pattern) {
    if (std::memcmp(static_cast<UCHAR*>(Source) + equal, &Pattern, sizeof Pattern) != 0) break;
  }
  return equal;
}

VOID RtlFillMemoryUlong(PVOID Destination, SIZE_T Length, ULONG Pattern) {
  for (SIZE_T at = 0; at + sizeof Pattern <= Length; at += sizeof Pattern) {
    std::memcpy(static_cast<UCHAR*>(Destination) + at, &Pattern, sizeof Pattern);
  }
}

VOID RtlFillMemoryUlonglong(PVOID Destination, SIZE_T Length, ULONGLONG Pattern) {
  for (SIZE_T at = 0; at + sizeof Pattern <= Length; at += sizeof Pattern) {
    std::memcpy(static_cast<UCHAR*>(Destination) + at, &Pattern, sizeof Pattern);
  }
}

}  // extern "C"
