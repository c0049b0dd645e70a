// Writes a driver's mistakes to the log, each kind a bounded number of times.
#include "probe/mistake.h"

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <unordered_map>

#include "base/log.h"
#include "base/mutex.h"
#include "probe/events.h"

namespace wskrun::probe {
namespace {

constexpr unsigned kLinesPerKind = 20;

std::atomic<std::uint64_t> total{0};

struct Kinds {
  base::Mutex mutex;
  std::unordered_map<const char*, unsigned> lines GUARDED_BY(mutex);
};

Kinds& kinds() {
  static Kinds* const instance = new Kinds;  // Outlives static destruction.
  return *instance;
}

// How often this kind was seen, this time included.
unsigned seen(const char* kind) {
  base::MutexLock lock(kinds().mutex);
  return ++kinds().lines[kind];
}

void report(const char* kind, const void* subject, const char* format, va_list arguments) {
  total.fetch_add(1, std::memory_order_relaxed);
  char line[512];
  std::vsnprintf(line, sizeof line, format, arguments);
  emit({.fact = Fact::kMistake, .subject = subject, .text = line});
  const unsigned times = seen(kind);
  if (times > kLinesPerKind) return;
  base::log(base::LogLevel::kWarning, "driver mistake: %s%s", line,
            times == kLinesPerKind ? " (further ones of this kind are only counted)" : "");
}

}  // namespace

void mistake(const void* subject, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report(format, subject, format, arguments);
  va_end(arguments);
}

void mistake_of(const char* kind, const void* subject, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report(kind, subject, format, arguments);
  va_end(arguments);
}

void write_mistakes_anew() {
  base::MutexLock lock(kinds().mutex);
  kinds().lines.clear();
}

std::uint64_t mistakes() {
  return total.load(std::memory_order_relaxed);
}

}  // namespace wskrun::probe
