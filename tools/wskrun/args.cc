// CLI11 does the work; here are the names, the words of --help, and what --param means.
#include "args.h"

#include <charconv>
#include <map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "device_args.h"

namespace {

constexpr const char* kAbout =
    "Runs a Winsock Kernel (WSK) driver as a Linux process: loads the driver, calls its\n"
    "DriverEntry and serves it with real TCP until Ctrl-C or SIGTERM; then calls DriverUnload\n"
    "and lists what the driver left behind.";

constexpr const char* kMore =
    "Examples:\n"
    "  wskrun echo.so                          run it until Ctrl-C\n"
    "  wskrun --param Port=7777 echo.so        with a value in the driver's registry key\n"
    "  wskrun --stats --for 10 echo.so         watch it for ten seconds\n"
    "  wskrun ioctl '\\\\.\\Echo' 0x222000         ask a driver that runs; also read and write,\n"
    "                                          see wskrun ioctl --help\n"
    "\n"
    "A driver is built from its Windows source with wskrun_add_driver(echo SOURCES echo.c) in\n"
    "CMake. What it prints with DbgPrint appears on standard error.\n"
    "\n"
    "Exit status:\n"
    "  0  the driver was unloaded and left nothing behind\n"
    "  1  wskrun could not start, for example because the transport is not allowed here\n"
    "  2  wrong usage\n"
    "  3  the driver could not be loaded: no such file, no DriverEntry, a missing symbol\n"
    "  4  DriverEntry returned an error\n"
    "  5  the driver left something behind: IRPs, MDLs, pool, sockets, threads, timers\n"
    "  6  the driver was not unloaded: it has no DriverUnload, or holds on to a FILE_OBJECT";

const std::map<std::string, wskrun_delivery> kDeliveries = {
    {"dispatch", WSKRUN_DELIVER_AT_DISPATCH_LEVEL},
    {"passive", WSKRUN_DELIVER_AT_PASSIVE_LEVEL},
};

const std::map<std::string, wskrun_completion> kCompletions = {
    {"natural", WSKRUN_COMPLETE_NATURALLY},
    {"inline", WSKRUN_COMPLETE_INLINE},
    {"pending", WSKRUN_COMPLETE_PENDING},
    {"random", WSKRUN_COMPLETE_RANDOMLY},
};

const std::map<std::string, wskrun_compat> kCompats = {
    {"documented", WSKRUN_AS_DOCUMENTED},
    {"windows", WSKRUN_AS_WINDOWS},
};

const std::map<std::string, wskrun_send_completion> kSendCompletions = {
    {"kernel", WSKRUN_SENT_TO_KERNEL},
    {"peer", WSKRUN_SENT_TO_PEER},
};

const std::map<std::string, wskrun_log_level> kLogLevels = {
    {"trace", WSKRUN_LOG_TRACE},     {"debug", WSKRUN_LOG_DEBUG}, {"info", WSKRUN_LOG_INFO},
    {"warning", WSKRUN_LOG_WARNING}, {"error", WSKRUN_LOG_ERROR},
};

// The whole of `text` as a number, decimal or 0x and hexadecimal.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  const bool is_hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (is_hexadecimal) text.remove_prefix(2);
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number, is_hexadecimal ? 16 : 10);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return number;
}

// "Port=7" is a number, "Peer=10.0.0.1" a text, and so is "Code=\"7\"".
std::optional<Parameter> parse_parameter(const std::string& argument) {
  const auto equals = argument.find('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  Parameter parameter;
  parameter.name = argument.substr(0, equals);
  parameter.text = argument.substr(equals + 1);
  parameter.number = parse_number(parameter.text);
  const std::size_t size = parameter.text.size();
  if (size >= 2 && parameter.text.front() == '"' && parameter.text.back() == '"') {
    parameter.text = parameter.text.substr(1, size - 2);
  }
  return parameter;
}

std::string check_parameter(const std::string& argument) {
  return parse_parameter(argument) ? "" : fmt::format("'{}': expected Name=Value", argument);
}

// "random" or "random:7".
std::string parse_completion(const std::string& text, Arguments& arguments) {
  const auto colon = text.find(':');
  const auto mode = kCompletions.find(text.substr(0, colon));
  if (mode == kCompletions.end()) {
    return fmt::format("'{}': expected natural, inline, pending or random", text);
  }
  arguments.completion = mode->second;
  if (colon == std::string::npos) return "";
  const auto seed = parse_number(std::string_view(text).substr(colon + 1));
  if (!seed || mode->second != WSKRUN_COMPLETE_RANDOMLY) {
    return fmt::format("'{}': expected random:SEED, a number", text);
  }
  arguments.completion_seed = *seed;
  return "";
}

void describe(CLI::App& app, Arguments& arguments, std::vector<std::string>& parameters) {
  app.add_option("driver", arguments.driver, "The driver: a shared object, such as ./echo.so")
      ->type_name("");
  app.add_option("--param", parameters,
                 "Put Name=Value into the driver's registry key, the one\n"
                 "DriverEntry gets the path of: a number becomes REG_DWORD (or\n"
                 "REG_QWORD), anything else, or \"in quotes\", REG_SZ. A backslash\n"
                 "in Name leads into a subkey. May be given again")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->check(check_parameter);
  app.add_flag("--stats", arguments.stats,
               "Show once a second: connections, bytes, callbacks, IRPs");
  app.add_option("--for", arguments.seconds, "Unload the driver after so many seconds")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 1e6).description(""));
  app.add_option("--transport", arguments.transport,
                 "How bytes move: uring, epoll, or auto: uring where the kernel\n"
                 "allows it, else epoll [auto]")
      ->type_name("NAME")
      ->check(CLI::IsMember({"auto", "uring", "epoll"}).description(""));
  app.add_option("--processors", arguments.processors,
                 "Processors the driver sees, 1 to 64, each a thread [as many as\nhere]")
      ->type_name("N")
      ->check(CLI::Range(1u, 64u).description(""));
  app.add_option("--irql", arguments.delivery,
                 "Call event callbacks and completion routines at this level,\n"
                 "dispatch or passive; drivers must bear both [dispatch]")
      ->type_name("LEVEL")
      ->transform(CLI::CheckedTransformer(kDeliveries).description(""));
  app.add_option("--completion")
      ->description(
          "How calls end that Windows may end either way: natural, inline\n"
          "(before they return), pending, or random[:SEED] [natural]")
      ->type_name("MODE")
      ->check([&arguments](const std::string& text) { return parse_completion(text, arguments); });
  app.add_option("--compat", arguments.compat,
                 "Where Microsoft's pages and Windows differ, do as documented or\n"
                 "as windows [documented]")
      ->type_name("WHICH")
      ->transform(CLI::CheckedTransformer(kCompats).description(""));
  app.add_option("--send-completion", arguments.send_completion,
                 "A WskSend completes when the kernel has its bytes, or when the\n"
                 "peer has acknowledged them [kernel]")
      ->type_name("WHO")
      ->transform(CLI::CheckedTransformer(kSendCompletions).description(""));
  app.add_option("--provider-delay", arguments.provider_delay_ms,
                 "Offer WSK to the driver only so many milliseconds after the\n"
                 "start, as when a driver starts before the network [0]")
      ->type_name("MS")
      ->check(CLI::Range(0u, 3'600'000u).description(""));
  app.add_option("--receive-memory", arguments.receive_memory_mib,
                 "Bound for received data the driver keeps, in MiB [256]")
      ->type_name("MIB")
      ->check(CLI::Range(1u, 65536u).description(""));
  app.add_option("--log", arguments.log_level,
                 "Leave out lines below trace, debug, info, warning or error\n"
                 "[info]")
      ->type_name("LEVEL")
      ->transform(CLI::CheckedTransformer(kLogLevels).description(""));
}

// One of the two has to be asked for, which CLI11 cannot be told.
void require_driver_or_command(const CLI::App& app, const Arguments& arguments) {
  const bool has_command = !app.get_subcommands().empty();
  if (has_command && !arguments.driver.empty()) {
    throw CLI::ExtrasError({arguments.driver});
  }
  if (!has_command && arguments.driver.empty()) throw CLI::RequiredError("driver");
}

}  // namespace

std::variant<Arguments, DeviceCommand, ExitStatus> parse_arguments(int argc, char** argv) {
  Arguments arguments;
  DeviceCommand command;
  std::vector<std::string> parameters;
  CLI::App app{kAbout, "wskrun"};
  app.footer(kMore);
  app.set_version_flag("--version", std::string("wskrun ") + wskrun_version());
  describe(app, arguments, parameters);
  app.set_config("--settings", "",
                 "Take options from a file, too, one in a line: processors=1, or\n"
                 "param=[\"Port=7777\", \"Peer=10.0.0.1\"]")
      ->type_name("FILE");
  app.allow_config_extras(CLI::config_extras_mode::error);
  describe_device_commands(app, command);
  try {
    app.parse(argc, argv);
    require_driver_or_command(app, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kBadUsage;
  }
  if (!app.get_subcommands().empty()) return command;
  for (const std::string& parameter : parameters) {
    arguments.parameters.push_back(*parse_parameter(parameter));
  }
  return arguments;
}
