// Puts numbers and log lines on the screen.
#include "live_line.h"

#include <chrono>
#include <string>
#include <string_view>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace {

std::string time_of_day() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now - seconds);
  const std::tm local = fmt::localtime(static_cast<std::time_t>(seconds.count()));
  return fmt::format("{:%H:%M:%S}.{:06}", local, micros.count());
}

const char* level_text(wskrun_log_level level) {
  switch (level) {
    case WSKRUN_LOG_WARNING:
      return "warning: ";
    case WSKRUN_LOG_ERROR:
      return "error: ";
    default:
      return "";
  }
}

std::string line_of(double elapsed, double seconds, const wskrun_statistics& last,
                    const wskrun_statistics& now) {
  const auto rate = [seconds](std::uint64_t before, std::uint64_t after) {
    return static_cast<double>(after - before) / seconds;
  };
  return fmt::format(
      "{:5.0f} s {:>6} connections (+{} -{})  in {:.1f} MB/s  out {:.1f} MB/s  "
      "callbacks {:.0f}/s  IRPs {:.0f}/s",
      elapsed, now.connections_opened - now.connections_closed,
      now.connections_opened - last.connections_opened,
      now.connections_closed - last.connections_closed,
      rate(last.bytes_received, now.bytes_received) / 1e6,
      rate(last.bytes_sent, now.bytes_sent) / 1e6, rate(last.callbacks, now.callbacks),
      rate(last.irps_completed, now.irps_completed));
}

}  // namespace

void LiveLine::log(void* live_line, wskrun_log_level level, const char* source,
                   std::size_t source_length, const char* text, std::size_t text_length) {
  const std::string line =
      fmt::format("{} {}: {}{}\n", time_of_day(), std::string_view(source, source_length),
                  level_text(level), std::string_view(text, text_length));
  auto& self = *static_cast<LiveLine*>(live_line);
  const std::lock_guard lock(self.mutex_);
  self.clear_locked();
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void LiveLine::show(double seconds) {
  wskrun_statistics now;
  wskrun_statistics_now(&now);
  const std::lock_guard lock(mutex_);
  elapsed_ += seconds;
  clear_locked();
  fmt::print("{}{}", line_of(elapsed_, seconds, last_, now), is_terminal_ ? "" : "\n");
  std::fflush(stdout);
  is_shown_ = true;
  last_ = now;
}

void LiveLine::clear() {
  const std::lock_guard lock(mutex_);
  clear_locked();
}

void LiveLine::clear_locked() {
  if (!is_terminal_ || !is_shown_) return;
  fmt::print("\r\033[K");
  std::fflush(stdout);
  is_shown_ = false;
}
