// What wskrun shows while the driver runs: the log's lines, and with --stats what happened in the
// last second. On a terminal that stays one line, which renews itself below the log; elsewhere each
// second adds a line.
#pragma once

#include <cstdio>
#include <mutex>

#include "wskrun/host.h"

class LiveLine {
 public:
  explicit LiveLine(bool is_terminal) : is_terminal_(is_terminal) {}

  // A wskrun_log_sink; `live_line` is one of these.
  static void log(void* live_line, wskrun_log_level level, const char* source,
                  std::size_t source_length, const char* text, std::size_t text_length);

  // Shows what happened since the last call, which was `seconds` ago.
  void show(double seconds);
  // Takes the line off the terminal.
  void clear();

 private:
  void clear_locked();

  const bool is_terminal_;
  std::mutex mutex_;  // Guards the terminal and what follows.
  bool is_shown_ = false;
  double elapsed_ = 0;
  wskrun_statistics last_{};
};
