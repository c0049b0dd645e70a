// wskload: keeps an echo server busy and checks each byte that comes back. Used by `./dev run`, the
// benchmarks and anyone who wants to see a driver under load. Here: arguments in, lines out.
#include <netdb.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstring>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "generator.h"

namespace {

using namespace wskload;

enum ExitCode { kGood = 0, kMismatch = 1, kBadUsage = 2, kConnectionFailed = 3 };

struct Arguments {
  std::string address;
  unsigned connections = 16;
  std::uint64_t size = 1024;
  double seconds = 10;
  unsigned pipeline = 1;
};

// "127.0.0.1:7" or "[::1]:7"; numbers only, no name service.
std::optional<Workload> parse_address(std::string text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  const std::string port = text.substr(colon + 1);
  text.resize(colon);
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(text.c_str(), port.c_str(), &hints, &found) != 0) return std::nullopt;
  Workload workload;
  std::memcpy(&workload.address, found->ai_addr, found->ai_addrlen);
  workload.address_size = found->ai_addrlen;
  freeaddrinfo(found);
  return workload;
}

// One descriptor per connection and a few more; the hard limit is the system's word.
void allow_descriptors(unsigned connections) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur =
      std::min<rlim_t>(limit.rlim_max, std::max<rlim_t>(limit.rlim_cur, connections + 64));
  setrlimit(RLIMIT_NOFILE, &limit);
}

double seconds_of(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string latency_text(Nanoseconds latency) {
  const double us = static_cast<double>(latency.count()) / 1e3;
  if (us < 1e3) return fmt::format("{:.0f} us", us);
  if (us < 1e6) return fmt::format("{:.1f} ms", us / 1e3);
  return fmt::format("{:.2f} s", us / 1e6);
}

std::string rates_text(const Sample& sample) {
  const double length = std::max(seconds_of(sample.length), 1e-9);
  const Histogram& latencies = sample.tally.latencies;
  return fmt::format("{:>9.0f} messages/s {:>8.1f} MB/s   p50 {:>7}  p99 {:>7}  p99.9 {:>7}",
                     static_cast<double>(sample.tally.messages) / length,
                     static_cast<double>(sample.tally.bytes_received) / length / 1e6,
                     latency_text(latencies.percentile(0.5)),
                     latency_text(latencies.percentile(0.99)),
                     latency_text(latencies.percentile(0.999)));
}

void print_second(const Sample& sample) {
  fmt::print("{:>4.0f} s {:>6} connections {}\n", seconds_of(sample.since_start),
             sample.connections, rates_text(sample));
  std::fflush(stdout);
}

int print_outcome(const Outcome& outcome) {
  fmt::print(" whole {:>6} connections {}\n", outcome.whole.connections, rates_text(outcome.whole));
  fmt::print("{} messages, {} bytes echoed and compared\n", outcome.whole.tally.messages,
             outcome.whole.tally.bytes_received);
  if (outcome.failed == 0) return kGood;
  fmt::print(stderr, "wskload: {} of {} connections failed; the first: {}\n", outcome.failed,
             outcome.whole.connections, outcome.first_failure);
  return outcome.mismatched > 0 ? kMismatch : kConnectionFailed;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{
      "Sends messages to an echo server over TCP, compares each byte that comes back and\n"
      "shows messages/s and latency. Exit status: 0 all echoed, 1 an echo differed,\n"
      "2 wrong usage, 3 a connection failed."};
  app.add_option("--connect", arguments.address, "The server: 127.0.0.1:PORT or [::1]:PORT")
      ->required();
  app.add_option("--connections", arguments.connections, "Connections at once")
      ->check(CLI::Range(1u, 60000u).description(""))
      ->capture_default_str();
  app.add_option("--size", arguments.size, "Bytes in a message")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 30).description(""))
      ->capture_default_str();
  app.add_option("--seconds", arguments.seconds, "How long")
      ->check(CLI::Range(0.1, 86400.0).description(""))
      ->capture_default_str();
  app.add_option("--pipeline", arguments.pipeline, "Messages under way at once on a connection")
      ->check(CLI::Range(1u, 4096u).description(""))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kGood : kBadUsage;
  }
  std::optional<Workload> workload = parse_address(arguments.address);
  if (!workload) {
    fmt::print(stderr, "wskload: --connect={}: expected an address and a port, like 127.0.0.1:7\n",
               arguments.address);
    return kBadUsage;
  }
  workload->message_bytes = arguments.size;
  workload->pipeline = arguments.pipeline;
  allow_descriptors(arguments.connections);
  signal(SIGPIPE, SIG_IGN);
  Generator generator(*workload, arguments.connections);
  const auto length =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(arguments.seconds));
  return print_outcome(generator.run(length, std::chrono::seconds(10), print_second));
}
