// The window and its arithmetic.
#include "generator/timed_load.h"

#include <stdexcept>

#include <fmt/format.h>

namespace bench {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);
constexpr auto kLookAfter = std::chrono::milliseconds(50);

Usage used_between(const Usage& before, const Usage& after) {
  return {after.cpu - before.cpu, after.user - before.user, after.system - before.system,
          after.sleeps - before.sleeps, after.kernel_threads};
}

}  // namespace

void TimedLoad::run_until_true(const std::function<bool()>& condition,
                               const char* what_is_awaited) {
  const auto end = Clock::now() + kPatience;
  while (!condition()) {
    if (Clock::now() > end) {
      throw std::runtime_error(fmt::format("in vain awaited: {}", what_is_awaited));
    }
    job_.ring.turn(kLookAfter);
    look_after();
  }
}

void TimedLoad::run_until_served() {
  run_until_true([this] { return is_served(); }, "that the server serves every connection");
}

void TimedLoad::prepare() {
  start();
  run_until_served();
  pause();
}

void TimedLoad::run_until(Clock::time_point until) {
  for (auto now = Clock::now(); now < until; now = Clock::now()) {
    const auto next_look = std::min<nanoseconds>(until - now, kLookAfter);
    const auto look = now + next_look;
    do job_.ring.turn(next_look);
    while (Clock::now() < look);
    look_after();
  }
}

Measurement TimedLoad::measure(const Timing& timing) {
  resume();
  run_until_served();
  run_until(Clock::now() + timing.warmup);
  Measurement measured;
  const auto busy = machine_busy();
  const auto own = own_cpu();
  const auto server = job_.process.usage();
  count_ = bytes_ = 0;
  latencies_ = {};
  const auto begin = Clock::now();
  run_until(begin + timing.window);
  run_until_true([this] { return is_enough(); }, "enough messages or bytes for each connection");
  measured.length = Clock::now() - begin;
  measured.server = used_between(server, job_.process.usage());
  measured.generator_cpu = own_cpu() - own;
  measured.others_cpu = std::max<nanoseconds>(
      nanoseconds(0), machine_busy() - busy - measured.generator_cpu - measured.server.cpu);
  measured.count = row_.figure == Figure::kCpuPerKib ? bytes_ / 1024 : count_;
  measured.bytes = bytes_;
  measured.latencies = latencies_;
  measured.figure = figure_of(measured);
  pause();
  return measured;
}

// Many connections move in waves, and what the server has spent on one may be counted a wave later:
// a short window would see part of one, or none. Of a stream it would see what lies in the kernel's
// buffers, while somebody else has the server's processor.
bool TimedLoad::is_enough() const {
  constexpr unsigned kWaves = 4;
  constexpr std::uint64_t kBuffered = 12 << 20;  // By both ends of a connection.
  if (row_.figure == Figure::kCpuPerKib) return bytes_ >= kBuffered * row_.connections;
  return count_ >= kWaves * row_.connections;
}

double TimedLoad::figure_of(const Measurement& measured) const {
  const auto each =
      static_cast<double>(measured.server.cpu.count()) / static_cast<double>(measured.count);
  return row_.figure == Figure::kCpuPerKib ? each : each / 1e3;
}

}  // namespace bench
