// For the unit tests of this room: what the log gets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace wskrun::nt {

struct Line {
  base::LogLevel level;
  std::string source;
  std::string text;
};

// Collects the log while it lives.
class LogLines {
 public:
  explicit LogLines(base::LogLevel level = base::LogLevel::kTrace) {
    base::set_log_level(level);
    base::set_log_sink(
        [](void* context, base::LogLevel line_level, std::string_view source,
           std::string_view text) {
          static_cast<LogLines*>(context)->lines_.push_back(
              {line_level, std::string(source), std::string(text)});
        },
        this);
  }
  ~LogLines() {
    base::set_log_sink(nullptr, nullptr);
    base::set_log_level(base::LogLevel::kInfo);
  }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;

  const Line& last() const { return lines_.back(); }
  std::size_t count() const { return lines_.size(); }

 private:
  std::vector<Line> lines_;
};

}  // namespace wskrun::nt
