// System time and local time. Both directions use the zone's distance from UTC as it is now,
// whatever season the time itself lies in; so does Windows.
#include <wdm.h>

#include <ctime>

#include "nt/sched.h"

using namespace wskrun::nt;

namespace {

constexpr LONGLONG kUnitsPerSecond = 10'000'000;

LONGLONG distance_from_utc() {
  LARGE_INTEGER now;
  now.QuadPart = sched::system_time_100ns();
  ULONG seconds = 0;
  RtlTimeToSecondsSince1970(&now, &seconds);
  const std::time_t clock = seconds;
  std::tm local{};
  ::localtime_r(&clock, &local);
  return local.tm_gmtoff * kUnitsPerSecond;
}

}  // namespace

extern "C" {

VOID ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime) {
  LocalTime->QuadPart = SystemTime->QuadPart + distance_from_utc();
}

VOID ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime) {
  SystemTime->QuadPart = LocalTime->QuadPart - distance_from_utc();
}

}  // extern "C"
