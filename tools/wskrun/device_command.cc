// What goes in comes from the command line or a file; what comes out is printed.
#include "device_command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "args.h"
#include "device_client.h"
#include "hex.h"
#include "wskrun/host.h"

namespace {

using Bytes = std::vector<char>;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Bytes read_all(std::FILE* file, const std::string& name) {
  Bytes bytes(kMaxDeviceBytes + 1);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
  if (std::ferror(file) != 0) {
    throw DeviceError(fmt::format("{}: {}", name, std::strerror(errno)));
  }
  if (bytes.size() > kMaxDeviceBytes) {
    throw DeviceError(
        fmt::format("{} has more than {} bytes, the most for one request", name, kMaxDeviceBytes));
  }
  return bytes;
}

Bytes input_of(const DeviceCommand& command) {
  if (command.input_hex) return *parse_hex(*command.input_hex);
  const bool has_file = !command.input_file.empty();
  if (!has_file && command.call != DeviceCall::kWrite) return {};
  if (!has_file || command.input_file == "-") return read_all(stdin, "standard input");
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(command.input_file.c_str(), "rb"));
  if (file == nullptr) {
    throw DeviceError(fmt::format("{}: {}", command.input_file, std::strerror(errno)));
  }
  return read_all(file.get(), command.input_file);
}

bool is_success(std::int32_t status) {
  return status >= 0;  // NT_SUCCESS
}

std::string line_of(const DeviceResult& result) {
  const char* name = wskrun_status_name(result.status);
  return fmt::format("{} (0x{:08X}), {} byte{}", name != nullptr ? name : "unnamed status",
                     static_cast<std::uint32_t>(result.status), result.information,
                     result.information == 1 ? "" : "s");
}

void print(const DeviceResult& result, bool raw) {
  fmt::print(raw ? stderr : stdout, "{}\n", line_of(result));
  const std::string_view output(result.output.data(), result.output.size());
  const std::string shown = raw ? std::string(output) : dump_hex(output);
  std::fwrite(shown.data(), 1, shown.size(), stdout);
}

int ask(const DeviceCommand& command) {
  const Bytes input = input_of(command);
  DeviceClient client(command.wskrun ? *command.wskrun : find_running_wskrun());
  const DeviceResult opened =
      client.call({.call = DeviceCall::kOpen}, command.device.data(), command.device.size());
  if (!is_success(opened.status)) {
    fmt::print(stderr, "wskrun: {}\n",
               std::string_view(opened.output.data(), opened.output.size()));
    return kNotOpened;
  }
  const DeviceResult result = client.call({.call = command.call,
                                           .control_code = command.control_code,
                                           .output_bytes = command.output_bytes,
                                           .offset = command.offset},
                                          input.data(), input.size());
  print(result, command.raw);
  if (!is_success(result.status)) return kNotASuccess;
  return kDone;
}

}  // namespace

int run(const DeviceCommand& command) {
  try {
    return ask(command);
  } catch (const DeviceError& error) {
    fmt::print(stderr, "wskrun: {}\n", error.what());
    return kNotAsked;
  }
}
