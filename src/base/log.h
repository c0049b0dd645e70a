// The runtime's one log. A line says what happened in a driver author's words; spdlog writes it.
// What the driver itself prints (DbgPrint) goes through here too, under its own source name.
#pragma once

#include <string_view>

namespace wskrun::base {

enum class LogLevel { kTrace, kDebug, kInfo, kWarning, kError };

// Any thread, any IRQL. Lines below the level set are dropped.
void log(LogLevel level, const char* format, ...) __attribute__((format(printf, 2, 3)));
void log_text(LogLevel level, std::string_view source, std::string_view text);
void set_log_level(LogLevel level);
// A line of that level would be written.
bool is_logged(LogLevel level);

// Where lines go instead of standard error; for hosts and tests. nullptr: standard error again.
// The sink is called from any thread, one call at a time.
using LogSink = void (*)(void* context, LogLevel level, std::string_view source,
                         std::string_view text);
void set_log_sink(LogSink sink, void* context);

}  // namespace wskrun::base
