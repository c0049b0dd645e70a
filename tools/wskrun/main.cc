// The wskrun command: runs one driver until it is told to stop, over the interface in host.h. The
// command line is taken apart in args.cc; what `wskrun ioctl` and its like do is in
// device_command.cc.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <thread>
#include <tuple>

#include <fmt/format.h>

#include "args.h"
#include "device_server.h"
#include "live_line.h"

namespace {

using Clock = std::chrono::steady_clock;

// Ctrl-C and SIGTERM, blocked in every thread from here on, to be waited for.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// Each connection is a descriptor, so the driver gets as many as the system lets us have.
void allow_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string status_text(std::int32_t status) {
  const char* name = wskrun_status_name(status);
  return name != nullptr ? name : fmt::format("0x{:08X}", static_cast<std::uint32_t>(status));
}

int explain(const wskrun_error& error) {
  fmt::print(stderr, "wskrun: {}\n", error.text);
  switch (error.result) {
    case WSKRUN_LOAD_FAILED:
      return kCannotLoad;
    case WSKRUN_DRIVER_REFUSED:
      return kDriverRefused;
    case WSKRUN_CANNOT_BE_UNLOADED:
    case WSKRUN_IN_USE:
      return kCannotUnload;
    default:
      return kCannotStart;
  }
}

wskrun_runtime* create_runtime(const Arguments& arguments, LiveLine& live_line,
                               wskrun_error& error) {
  wskrun_options options{};
  options.size = sizeof options;
  options.transport = arguments.transport.c_str();
  options.processors = arguments.processors;
  options.delivery = arguments.delivery;
  options.receive_memory_bytes = std::size_t{arguments.receive_memory_mib} << 20;
  options.log_level = arguments.log_level;
  options.log_sink = LiveLine::log;
  options.log_context = &live_line;
  options.completion = arguments.completion;
  options.completion_seed = arguments.completion_seed;
  options.compat = arguments.compat;
  options.send_completion = arguments.send_completion;
  options.provider_delay_ms = arguments.provider_delay_ms;
  return wskrun_runtime_create(&options, &error);
}

wskrun_driver* load_driver(wskrun_runtime* runtime, const Arguments& arguments,
                           wskrun_error& error) {
  std::vector<wskrun_parameter> parameters;
  for (const Parameter& parameter : arguments.parameters) {
    parameters.push_back({parameter.name.c_str(),
                          parameter.number ? nullptr : parameter.text.c_str(),
                          parameter.number.value_or(0)});
  }
  wskrun_image image{};
  image.size = sizeof image;
  image.path = arguments.driver.c_str();
  image.parameters = parameters.data();
  image.parameter_count = parameters.size();
  return wskrun_driver_load(runtime, &image, &error);
}

void warn(LiveLine& live_line, const std::string& text) {
  constexpr std::string_view kSource = "wskrun";
  LiveLine::log(&live_line, WSKRUN_LOG_WARNING, kSource.data(), kSource.size(), text.data(),
                text.size());
}

// True: a signal came. False: it is `until`.
bool wait_for_signal(const sigset_t& signals, Clock::time_point until) {
  for (auto left = until - Clock::now(); left.count() > 0; left = until - Clock::now()) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    timespec timeout{};
    timeout.tv_sec = seconds.count();
    timeout.tv_nsec = std::chrono::nanoseconds(left - seconds).count();
    if (sigtimedwait(&signals, nullptr, &timeout) > 0) return true;
  }
  return false;
}

void run_until_stopped(const Arguments& arguments, const sigset_t& signals, LiveLine& live_line) {
  constexpr auto kForever = std::chrono::hours(24 * 365);
  const auto length = arguments.seconds ? std::chrono::duration_cast<Clock::duration>(
                                              std::chrono::duration<double>(*arguments.seconds))
                                        : kForever;
  const auto end = Clock::now() + length;
  auto last = Clock::now();
  while (last < end) {
    const auto next = arguments.stats ? std::min(end, last + std::chrono::seconds(1)) : end;
    if (wait_for_signal(signals, next)) return;
    const auto now = Clock::now();
    if (arguments.stats) live_line.show(std::chrono::duration<double>(now - last).count());
    last = now;
  }
}

struct LeftoverGroup {
  std::size_t count = 0;
  std::size_t bytes = 0;
};

std::string counted(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// One line for all things of a kind from one place.
void print_leftovers(const char* driver, const wskrun_report* leftovers) {
  std::map<std::tuple<wskrun_kind, std::string, std::string, std::string>, LeftoverGroup> groups;
  for (std::size_t i = 0; i < wskrun_report_count(leftovers); ++i) {
    const wskrun_holding& each = *wskrun_report_entry(leftovers, i);
    auto& group = groups[{each.kind, each.kind_name, each.tag, each.place}];
    ++group.count;
    group.bytes += each.size_bytes;
  }
  fmt::print("{} left {} behind:\n", driver, counted(wskrun_report_count(leftovers), "thing"));
  for (const auto& [key, group] : groups) {
    const auto& [kind, name, tag, place] = key;
    const std::string what = tag.empty() ? name : fmt::format("{} '{}'", name, tag);
    fmt::print("  {:>6} x {:<12} {:>10}   {}\n", group.count, what, counted(group.bytes, "byte"),
               place.empty() ? "(place not known)" : place);
  }
}

int unload(wskrun_driver* driver, const std::string& name) {
  wskrun_report* leftovers = nullptr;
  wskrun_error error;
  if (wskrun_driver_unload(driver, &leftovers, &error) != WSKRUN_OK) return explain(error);
  const bool is_clean = wskrun_report_count(leftovers) == 0;
  if (is_clean) {
    fmt::print("unloaded {}: nothing was left behind\n", name);
  } else {
    print_leftovers(name.c_str(), leftovers);
  }
  wskrun_report_free(leftovers);
  return is_clean ? kDone : kLeftovers;
}

// What a driver left behind may still run, so nothing is taken from under it.
[[noreturn]] void leave_at_once(int status) {
  std::fflush(nullptr);
  std::_Exit(status);
}

// While DriverUnload runs, which may hang: another Ctrl-C ends it all. Not in the first second, for
// some who stop programs, such as timeout(1), signal twice.
void give_up_on_signal(sigset_t signals) {
  const auto second_over = Clock::now() + std::chrono::seconds(1);
  while (wait_for_signal(signals, second_over)) continue;
  int signal = 0;
  sigwait(&signals, &signal);
  fmt::print(stderr, "wskrun: stopped while the driver was being unloaded\n");
  leave_at_once(128 + signal);
}

}  // namespace

int main(int argc, char** argv) {
  auto parsed = parse_arguments(argc, argv);
  if (const auto* status = std::get_if<ExitStatus>(&parsed)) return *status;
  if (const auto* command = std::get_if<DeviceCommand>(&parsed)) return run(*command);
  const auto& arguments = std::get<Arguments>(parsed);

  const sigset_t signals = block_stop_signals();
  allow_descriptors();
  LiveLine live_line(isatty(STDOUT_FILENO) != 0);
  wskrun_error error;
  wskrun_runtime* runtime = create_runtime(arguments, live_line, error);
  if (runtime == nullptr) return explain(error);
  fmt::print("transport {}, {}\n", wskrun_runtime_transport(runtime),
             counted(wskrun_runtime_processors(runtime), "processor"));
  wskrun_driver* driver = load_driver(runtime, arguments, error);
  if (driver == nullptr) leave_at_once(explain(error));
  std::optional<DeviceServer> devices;
  devices.emplace(runtime, [&live_line](const std::string& text) { warn(live_line, text); });
  const std::string name = file_name(arguments.driver);
  fmt::print("loaded {}: DriverEntry returned {}\n", name, status_text(error.status));
  std::fflush(stdout);

  run_until_stopped(arguments, signals, live_line);
  live_line.clear();
  fmt::print("unloading {}\n", name);
  std::fflush(stdout);
  std::thread(give_up_on_signal, signals).detach();
  devices.reset();
  const int status = unload(driver, name);
  if (status == kCannotUnload) wskrun_runtime_shut_down(runtime);
  if (status != kDone) leave_at_once(status);
  wskrun_runtime_destroy(runtime);
  return status;
}
