// wskrun ioctl, read and write: one request to a device of a driver that another wskrun runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include "device_protocol.h"

// What the commands' --help lists, beside kDone and kBadUsage of args.h.
enum DeviceExitStatus {
  kNotAsked = 1,    // No wskrun, or it has ended.
  kNotOpened = 3,   // No such device, or the driver refused.
  kNotASuccess = 4  // The request ended with an error or a warning.
};

struct DeviceCommand {
  DeviceCall call = DeviceCall::kIoctl;
  std::string device;
  std::uint32_t control_code = 0;
  std::uint32_t output_bytes = 0;
  std::int64_t offset = 0;
  std::optional<pid_t> wskrun;
  std::string input_file;  // "-" is standard input, "" none, or for kWrite standard input.
  std::optional<std::string> input_hex;  // Instead of the file.
  bool raw = false;
};

// Returns the exit status.
int run(const DeviceCommand& command);
