// The command line of wskrun, taken apart. main.cc acts on it.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "device_command.h"
#include "wskrun/host.h"

// Exit statuses; `wskrun --help` lists them.
enum ExitStatus {
  kDone = 0,
  kCannotStart = 1,
  kBadUsage = 2,
  kCannotLoad = 3,
  kDriverRefused = 4,
  kLeftovers = 5,
  kCannotUnload = 6,
};

struct Parameter {
  std::string name;
  std::string text;
  std::optional<std::uint64_t> number;  // Instead of the text.
};

struct Arguments {
  std::string driver;
  std::string transport = "auto";
  unsigned processors = 0;
  unsigned receive_memory_mib = 0;
  wskrun_delivery delivery = WSKRUN_DELIVER_AT_DISPATCH_LEVEL;
  wskrun_log_level log_level = WSKRUN_LOG_INFO;
  wskrun_completion completion = WSKRUN_COMPLETE_NATURALLY;
  std::uint64_t completion_seed = 0;
  wskrun_compat compat = WSKRUN_AS_DOCUMENTED;
  wskrun_send_completion send_completion = WSKRUN_SENT_TO_KERNEL;
  unsigned provider_delay_ms = 0;
  std::vector<Parameter> parameters;
  bool stats = false;
  std::optional<double> seconds;
};

// The arguments, of a driver to run or of a request to one that runs; or, when that was all
// (--help,
// --version, a mistake that has been explained), the exit status.
std::variant<Arguments, DeviceCommand, ExitStatus> parse_arguments(int argc, char** argv);
