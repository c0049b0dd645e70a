// Time as drivers ask for it. Every reading is precise: there is no clock tick to wait for.
#include <wdm.h>

#include "nt/sched.h"

using namespace wskrun::nt;

namespace {

constexpr std::int64_t kTick100ns = 156'250;  // Windows' usual 15.625 ms.
constexpr std::int64_t kCounterFrequency = 10'000'000;

}  // namespace

extern "C" {

VOID KeQuerySystemTime(PLARGE_INTEGER CurrentTime) {
  CurrentTime->QuadPart = sched::system_time_100ns();
}

VOID KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime) {
  CurrentTime->QuadPart = sched::system_time_100ns();
}

ULONGLONG KeQueryInterruptTime(VOID) {
  return sched::interrupt_time_100ns();
}

// The performance counter is the interrupt time too: 10 MHz, as on current Windows.
ULONGLONG KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp) {
  const std::int64_t now = sched::interrupt_time_100ns();
  *QpcTimeStamp = now;
  return now;
}

ULONGLONG KeQueryUnbiasedInterruptTime(VOID) {
  return sched::interrupt_time_100ns();
}

LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency) {
  if (PerformanceFrequency != nullptr) PerformanceFrequency->QuadPart = kCounterFrequency;
  LARGE_INTEGER counter;
  counter.QuadPart = sched::interrupt_time_100ns();
  return counter;
}

VOID KeQueryTickCount(PLARGE_INTEGER TickCount) {
  TickCount->QuadPart = sched::interrupt_time_100ns() / kTick100ns;
}

ULONG KeQueryTimeIncrement(VOID) {
  return kTick100ns;
}

// What timers and waits are good to: nothing here is coarser than the clock's own unit.
VOID ExQueryTimerResolution(PULONG MaximumTime, PULONG MinimumTime, PULONG CurrentTime) {
  *MaximumTime = kTick100ns;
  *MinimumTime = *CurrentTime = 1;
}

ULONG ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution) {
  (void)DesiredTime, (void)SetResolution;  // It is as fine as it gets already.
  return 1;
}

VOID KeStallExecutionProcessor(ULONG MicroSeconds) {
  const std::int64_t end = sched::interrupt_time_100ns() + std::int64_t{MicroSeconds} * 10;
  for (unsigned round = 0; sched::interrupt_time_100ns() < end; ++round) sched::pause(round % 64);
}

}  // extern "C"
