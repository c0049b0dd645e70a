// NT times (100 ns since 1601-01-01, UTC) as calendar fields and as seconds since other starts.
// What the time is now, ke_time.cc tells.
#include <wdm.h>

#include <chrono>

namespace {

namespace chrono = std::chrono;

using Ticks = chrono::duration<LONGLONG, std::ratio<1, 10'000'000>>;

constexpr chrono::sys_days kStart = chrono::year(1601) / 1 / 1;
constexpr chrono::sys_days k1970 = chrono::year(1970) / 1 / 1;
constexpr chrono::sys_days k1980 = chrono::year(1980) / 1 / 1;
constexpr CSHORT kLastYear = 30827;  // What 63 bits of ticks reach.

BOOLEAN seconds_since(chrono::sys_days start, const LARGE_INTEGER& time, ULONG& seconds) {
  const auto elapsed =
      chrono::floor<chrono::seconds>(Ticks(time.QuadPart) - Ticks(start - kStart)).count();
  if (elapsed < 0 || elapsed > MAXULONG) return FALSE;
  seconds = static_cast<ULONG>(elapsed);
  return TRUE;
}

LONGLONG time_from(chrono::sys_days start, ULONG seconds) {
  return (Ticks(start - kStart) + Ticks(chrono::seconds(seconds))).count();
}

bool is_in(CSHORT value, CSHORT first, CSHORT last) {
  return value >= first && value <= last;
}

}  // namespace

extern "C" {

void RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields) {
  const Ticks ticks(Time->QuadPart);
  const auto days = chrono::floor<chrono::days>(ticks);
  const chrono::sys_days day = kStart + days;
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss clock(chrono::floor<chrono::milliseconds>(ticks - days));
  *TimeFields = {static_cast<CSHORT>(static_cast<int>(date.year())),
                 static_cast<CSHORT>(static_cast<unsigned>(date.month())),
                 static_cast<CSHORT>(static_cast<unsigned>(date.day())),
                 static_cast<CSHORT>(clock.hours().count()),
                 static_cast<CSHORT>(clock.minutes().count()),
                 static_cast<CSHORT>(clock.seconds().count()),
                 static_cast<CSHORT>(clock.subseconds().count()),
                 static_cast<CSHORT>(chrono::weekday(day).c_encoding())};
}

BOOLEAN RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time) {
  const TIME_FIELDS& fields = *TimeFields;
  const chrono::year_month_day date(chrono::year(fields.Year),
                                    chrono::month(static_cast<unsigned>(fields.Month)),
                                    chrono::day(static_cast<unsigned>(fields.Day)));
  if (!is_in(fields.Year, 1601, kLastYear) || !date.ok() || !is_in(fields.Hour, 0, 23) ||
      !is_in(fields.Minute, 0, 59) || !is_in(fields.Second, 0, 59) ||
      !is_in(fields.Milliseconds, 0, 999)) {
    return FALSE;
  }
  const Ticks ticks = chrono::sys_days(date) - kStart + chrono::hours(fields.Hour) +
                      chrono::minutes(fields.Minute) + chrono::seconds(fields.Second) +
                      chrono::milliseconds(fields.Milliseconds);
  Time->QuadPart = ticks.count();
  return TRUE;
}

BOOLEAN RtlTimeToSecondsSince1970(PLARGE_INTEGER Time, PULONG ElapsedSeconds) {
  return seconds_since(k1970, *Time, *ElapsedSeconds);
}

void RtlSecondsSince1970ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time) {
  Time->QuadPart = time_from(k1970, ElapsedSeconds);
}

BOOLEAN RtlTimeToSecondsSince1980(PLARGE_INTEGER Time, PULONG ElapsedSeconds) {
  return seconds_since(k1980, *Time, *ElapsedSeconds);
}

void RtlSecondsSince1980ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time) {
  Time->QuadPart = time_from(k1980, ElapsedSeconds);
}

}  // extern "C"
