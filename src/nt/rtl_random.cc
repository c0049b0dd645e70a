// Random numbers from the driver's seed: the same seed gives the same numbers, here and on Windows
// for RtlUniform, whose linear congruence is documented. RtlRandom shuffles there and does not
// here.
#include <wdm.h>

extern "C" {

ULONG RtlUniform(PULONG Seed) {
  *Seed = static_cast<ULONG>((ULONGLONG{*Seed} * 0x7FFFFFED + 0x7FFFFFC3) % 0x7FFFFFFF);
  return *Seed;
}

ULONG RtlRandom(PULONG Seed) {
  return RtlUniform(Seed);
}

ULONG RtlRandomEx(PULONG Seed) {
  return RtlUniform(Seed);
}

}  // extern "C"
