// bench_generator: drives one load at one server, and measures when it is told to. It is the
// harness (bench/harness) that chooses both, starts the server, tells when, and compares the
// results.
#include <arpa/inet.h>
#include <signal.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "generator/load.h"
#include "generator/machine.h"

namespace bench {
namespace {

struct Arguments {
  bool list = false;
  std::vector<int> machine;
  std::string row;
  std::uint16_t port = 0;
  pid_t pid = 0;
};

const char* unit_text(Figure figure) {
  switch (figure) {
    case Figure::kCpuPerMessage:
      return "us CPU per message";
    case Figure::kCpuPerKib:
      return "ns CPU per KiB";
    case Figure::kCpuPerConnection:
      return "us CPU per connection";
    case Figure::kBytesPerConnection:
      return "bytes resident per connection";
  }
  return "";
}

void print_rows() {
  auto list = nlohmann::ordered_json::array();
  for (const auto& [row, make] : registered_rows()) {
    list.push_back({{"name", row.name},
                    {"title", row.title},
                    {"mode", row.mode},
                    {"unit", unit_text(row.figure)},
                    {"is_main", row.is_main},
                    {"connections", row.connections + row.bystanders},
                    {"bytes", row.bytes},
                    {"growth", row.growth},
                    {"processors", row.processors}});
  }
  fmt::print("{}\n", list.dump(2));
}

void print_machine(const std::vector<int>& processors) {
  const nlohmann::ordered_json machine = {
      {"system_call_ns", system_call_cost().count()},
      {"wake_up_ns", wake_up_cost(processors.at(0), processors.at(1)).count()}};
  fmt::print("{}\n", machine.dump());
}

const RegisteredRow& find_row(const std::string& name) {
  for (const RegisteredRow& each : registered_rows()) {
    if (each.row.name == name) return each;
  }
  throw std::runtime_error(fmt::format("no load has a row named {}", name));
}

nanoseconds seconds(double count) {
  return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(count));
}

double in_us(nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e3;
}

std::string text_of(const Measurement& measured) {
  const double length_us = in_us(measured.length);
  nlohmann::ordered_json result = {
      {"figure", measured.figure},
      {"per_second", static_cast<double>(measured.count) / length_us * 1e6},
      {"mib_per_second", static_cast<double>(measured.bytes) / length_us * 1e6 / (1 << 20)},
      {"server_load", in_us(measured.server.cpu) / length_us},
      {"server_user", in_us(measured.server.user) / length_us},
      {"server_system", in_us(measured.server.system) / length_us},
      {"server_sleeps", measured.server.sleeps},
      {"server_kernel_threads", measured.server.kernel_threads},
      {"generator_load", in_us(measured.generator_cpu) / length_us},
      {"others_load", in_us(measured.others_cpu) / length_us},
      {"count", measured.count},
      {"seconds", length_us / 1e6},
  };
  if (measured.latencies.total() > 0) {
    result["p50_us"] = in_us(measured.latencies.percentile(0.5));
    result["p99_us"] = in_us(measured.latencies.percentile(0.99));
    result["p999_us"] = in_us(measured.latencies.percentile(0.999));
  }
  return result.dump();
}

void say(const std::string& line) {
  std::cout << line << std::endl;
}

void run(const Arguments& arguments) {
  const RegisteredRow& registered = find_row(arguments.row);
  Ring ring;
  ServerProcess process(arguments.pid);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons(arguments.port);
  const auto load = registered.make(registered.row, {ring, process, server});
  load->prepare();
  say("ready");
  double warmup = 0;
  double window = 0;
  while (std::cin >> warmup >> window) {
    say(text_of(load->measure({seconds(warmup), seconds(window)})));
  }
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::Arguments arguments;
  CLI::App app{
      "Drives one load at a server on 127.0.0.1. Says \"ready\" when the server serves it; then,\n"
      "for each line \"WARMUP WINDOW\" on its input, both in seconds, it measures once and prints\n"
      "a line of JSON. `./dev bench` calls it; --list prints the loads' rows."};
  app.add_flag("--list", arguments.list, "Print the rows that can be measured");
  app.add_option("--machine", arguments.machine,
                 "Measure what a system call and a wake-up cost on these two processors")
      ->expected(2);
  app.add_option("--row", arguments.row, "Which one to measure");
  app.add_option("--port", arguments.port, "Where the server listens");
  app.add_option("--pid", arguments.pid, "The server's process");
  CLI11_PARSE(app, argc, argv);
  signal(SIGPIPE, SIG_IGN);
  try {
    if (arguments.list) {
      bench::print_rows();
    } else if (!arguments.machine.empty()) {
      bench::print_machine(arguments.machine);
    } else {
      bench::run(arguments);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_generator: {}\n", error.what());
    return 1;
  }
  return 0;
}
