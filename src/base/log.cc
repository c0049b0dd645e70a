// The log, over spdlog: the runtime only formats a line and hands it over.
#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdarg>
#include <cstdio>
#include <memory>

#include "base/mutex.h"

namespace wskrun::base {
namespace {

struct Destination {
  Mutex mutex;
  LogSink sink GUARDED_BY(mutex) = nullptr;
  void* context GUARDED_BY(mutex) = nullptr;
};

Destination& destination() {
  static Destination* const instance = new Destination;  // Lives until the last line is written.
  return *instance;
}

spdlog::logger& logger() {
  static spdlog::logger* const instance = [] {
    auto* made =
        new spdlog::logger("wskrun", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_pattern("%H:%M:%S.%e %^%l%$ %v");
    made->set_level(spdlog::level::info);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

bool is_logged(LogLevel level) {
  return logger().should_log(spdlog_level(level));
}

void log_text(LogLevel level, std::string_view source, std::string_view text) {
  if (!is_logged(level)) return;
  MutexLock lock(destination().mutex);
  if (destination().sink != nullptr) {
    return destination().sink(destination().context, level, source, text);
  }
  logger().log(spdlog_level(level), "{}: {}", source, text);
}

void log(LogLevel level, const char* format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  log_text(level, "wskrun", line);
}

void set_log_level(LogLevel level) {
  logger().set_level(spdlog_level(level));
}

void set_log_sink(LogSink sink, void* context) {
  MutexLock lock(destination().mutex);
  destination().sink = sink;
  destination().context = context;
}

}  // namespace wskrun::base
