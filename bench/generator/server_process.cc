// clock_getcpuclockid and /proc, whose layouts proc(5) has.
#include "generator/server_process.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace bench {
namespace {

using std::chrono::nanoseconds;

nanoseconds clock_now(clockid_t clock) {
  timespec now{};
  if (clock_gettime(clock, &now) != 0) {
    throw std::runtime_error(fmt::format("the server's clock: {}", std::strerror(errno)));
  }
  return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

nanoseconds ticks(std::uint64_t count) {
  static const auto per_second = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  return nanoseconds(count * (1'000'000'000 / per_second));
}

std::string read_file(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error(fmt::format("cannot read {}: did the server end?", path));
  return text.str();
}

// User and system ticks of a process: fields 14 and 15, after the name in parentheses.
void read_ticks(pid_t pid, Usage& usage) {
  const std::string text = read_file(fmt::format("/proc/{}/stat", pid));
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  fields >> user >> system;
  usage.user = ticks(user);
  usage.system = ticks(system);
}

std::uint64_t number_after(const std::string& text, const std::string& name) {
  const auto at = text.find(name);
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size()));
}

}  // namespace

ServerProcess::ServerProcess(pid_t pid) : pid_(pid) {
  if (const int error = clock_getcpuclockid(pid, &clock_); error != 0) {
    throw std::runtime_error(fmt::format("process {}: {}", pid, std::strerror(error)));
  }
}

Usage ServerProcess::usage() const {
  Usage usage;
  read_ticks(pid_, usage);
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid_))) {
    const std::string status = read_file(task.path() / "status");
    usage.sleeps += number_after(status, "\nvoluntary_ctxt_switches:");
    if (status.starts_with("Name:\tiou-")) ++usage.kernel_threads;
  }
  usage.cpu = clock_now(clock_);
  return usage;
}

std::uint64_t ServerProcess::resident_bytes() const {
  return number_after(read_file(fmt::format("/proc/{}/status", pid_)), "\nVmRSS:") * 1024;
}

nanoseconds own_cpu() {
  return clock_now(CLOCK_PROCESS_CPUTIME_ID);
}

nanoseconds machine_busy() {
  std::istringstream line(read_file("/proc/stat"));
  std::string name;
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, io = 0, irq = 0, softirq = 0, steal = 0;
  line >> name >> user >> nice >> system >> idle >> io >> irq >> softirq >> steal;
  return ticks(user + nice + system + irq + softirq + steal);
}

}  // namespace bench
