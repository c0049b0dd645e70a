#include "device_args.h"

#include "hex.h"

namespace {

constexpr const char* kMore =
    "A running wskrun serves the devices of its driver to processes of the same user and of\n"
    "root, in the same network namespace. The command opens the device, sends one request and\n"
    "waits for the driver; Ctrl-C closes the device, which cancels the request.\n"
    "\n"
    "It prints the status and how many bytes the driver says it moved, then the output.\n"
    "\n"
    "Exit status:\n"
    "  0  the driver answered with a success, NT_SUCCESS(status)\n"
    "  1  the driver was not asked: no wskrun is running, or several are; it has ended\n"
    "  2  wrong usage\n"
    "  3  the device could not be opened\n"
    "  4  the driver answered with an error or a warning";

CLI::App* add(CLI::App& app, DeviceCommand& command, DeviceCall call, const char* name,
              const char* about) {
  CLI::App* added = app.add_subcommand(name, about);
  added->footer(kMore);
  added->final_callback([&command, call] { command.call = call; });
  added
      ->add_option("device", command.device,
                   "The device's name: '\\\\.\\Echo', Echo, or '\\Device\\Echo'")
      ->type_name("")
      ->required();
  added
      ->add_option("--pid", command.wskrun,
                   "Ask the wskrun that is this process; needed when several run")
      ->type_name("PID")
      ->check(CLI::PositiveNumber.description(""));
  return added;
}

std::string check_hex(const std::string& text) {
  return parse_hex(text) ? "" : "'" + text + "': expected pairs of hexadecimal digits";
}

void add_input(CLI::App& app, DeviceCommand& command, const char* about) {
  CLI::Option* file = app.add_option("--input", command.input_file, about)->type_name("FILE");
  app.add_option("--input-hex", command.input_hex, "What goes to the driver: 01020304")
      ->type_name("BYTES")
      ->check(check_hex)
      ->excludes(file);
}

void add_raw(CLI::App& app, DeviceCommand& command) {
  app.add_flag("--raw", command.raw, "Write the output as it is, and the status to standard error");
}

void add_offset(CLI::App& app, DeviceCommand& command) {
  app.add_option("--offset", command.offset, "ByteOffset of the request [0]")->type_name("BYTES");
}

CLI::Validator size_of_a_request() {
  return CLI::Range(std::uint32_t{0}, kMaxDeviceBytes).description("");
}

void describe_ioctl(CLI::App& app, DeviceCommand& command) {
  CLI::App& ioctl = *add(app, command, DeviceCall::kIoctl, "ioctl",
                         "Send a control code to a device of a running driver.");
  ioctl
      .add_option("code", command.control_code, "The control code, as CTL_CODE makes it: 0x222000")
      ->type_name("")
      ->required();
  add_input(ioctl, command, "A file with what goes to the driver; - is standard input");
  ioctl
      .add_option("--output", command.output_bytes,
                  "The size of the output buffer, at most 16777216 [0]")
      ->type_name("BYTES")
      ->check(size_of_a_request());
  add_raw(ioctl, command);
}

void describe_read(CLI::App& app, DeviceCommand& command) {
  CLI::App& read =
      *add(app, command, DeviceCall::kRead, "read", "Read from a device of a running driver.");
  read.add_option("bytes", command.output_bytes, "How many bytes, at most 16777216")
      ->type_name("")
      ->check(size_of_a_request())
      ->required();
  add_offset(read, command);
  add_raw(read, command);
}

void describe_write(CLI::App& app, DeviceCommand& command) {
  CLI::App& write = *add(app, command, DeviceCall::kWrite, "write",
                         "Write to a device of a running driver: standard input, unless told\n"
                         "otherwise.");
  add_input(write, command, "A file with what goes to the driver [-]");
  add_offset(write, command);
}

}  // namespace

void describe_device_commands(CLI::App& app, DeviceCommand& command) {
  describe_ioctl(app, command);
  describe_read(app, command);
  describe_write(app, command);
  app.require_subcommand(0, 1);
}
