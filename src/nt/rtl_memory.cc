// RtlCompareMemory; the other memory helpers are the compiler's own, by macro.
#include <wdm.h>

// How many bytes are equal from the start; not an order, as memcmp gives.
extern "C" SIZE_T RtlCompareMemory(const VOID* Source1, const VOID* Source2, SIZE_T Length) {
  const auto* first = static_cast<const UCHAR*>(Source1);
  const auto* second = static_cast<const UCHAR*>(Source2);
  SIZE_T equal = 0;
  while (equal < Length && first[equal] == second[equal]) ++equal;
  return equal;
}
