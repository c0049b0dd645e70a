// The command lines of wskrun ioctl, read and write. args.cc has wskrun's own.
#pragma once

#include <CLI/CLI.hpp>

#include "device_command.h"

// Adds the three to `app`; the one that is used fills `command`.
void describe_device_commands(CLI::App& app, DeviceCommand& command);
