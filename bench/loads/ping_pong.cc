// Messages and their echo: each connection has one message under way, or `pipeline` of them, and
// compares every byte that comes back.
#include <unistd.h>

#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "generator/connection.h"
#include "generator/timed_load.h"
#include "wskload/pattern.h"

namespace bench {
namespace {

class PingPong final : public TimedLoad {
 public:
  PingPong(const Row& row, const Job& job) : TimedLoad(row, job) {}

 private:
  class Peer;

  void start() override;
  bool is_served() const override { return served_ == row_.connections; }

  const wskload::Pattern pattern_;
  std::deque<Peer> peers_;
  unsigned served_ = 0;  // Connections whose first echo is back.
};

class PingPong::Peer final : public Connection {
 public:
  Peer(PingPong& load, unsigned index)
      : Connection(load.job_.ring, index),
        load_(load),
        first_position_(index * 4099ull),
        started_(load.row_.pipeline) {}

 private:
  void connected() override {
    const auto now = Clock::now();
    for (auto& each : started_) each = now;
    due_ = started_.size() * load_.row_.bytes;
    push();
  }

  void received(std::span<const char> bytes) override {
    if (load_.pattern_.matching(first_position_ + received_, bytes) != bytes.size()) {
      fail("the echo is not what was sent");
    }
    const std::uint64_t whole_before = received_ / load_.row_.bytes;
    received_ += bytes.size();
    const auto now = Clock::now();
    for (auto n = whole_before; n < received_ / load_.row_.bytes; ++n) message_returned(n, now);
    push();
  }

  void message_returned(std::uint64_t number, Clock::time_point now) {
    auto& started = started_[number % started_.size()];
    load_.count_message(now - started);
    if (number == 0) ++load_.served_;
    started = now;
    due_ += load_.row_.bytes;
  }

  void push() {
    if (is_sending_ || sent_ == due_) return;
    is_sending_ = true;
    send(load_.pattern_.at(first_position_ + sent_, due_ - sent_));
  }

  void sent(std::size_t bytes) override {
    sent_ += bytes;
    is_sending_ = false;
    push();
  }

  PingPong& load_;
  const std::uint64_t first_position_;
  std::vector<Clock::time_point> started_;  // Of the messages under way, each in its place.
  std::uint64_t due_ = 0;                   // Bytes of the messages started so far.
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  bool is_sending_ = false;
};

void PingPong::start() {
  for (unsigned i = 0; i < row_.connections; ++i) {
    peers_.emplace_back(*this, i).open(job_.server);
  }
}

Row ping_pong(std::size_t bytes, unsigned connections, bool is_main) {
  return {.name = fmt::format("ping-{}-{}", bytes, connections),
          .title = fmt::format("ping-pong {}, {}", size_text(bytes), connections_text(connections)),
          .mode = "echo",
          .figure = Figure::kCpuPerMessage,
          .connections = connections,
          .bytes = bytes,
          .is_main = is_main};
}

Row growing(const char* what, std::size_t value, Row row) {
  row.name = fmt::format("grow-{}-{}", what, value);
  row.growth = what;
  return row;
}

std::vector<Row> growing() {
  std::vector<Row> rows;
  for (const unsigned connections : {1, 4, 16, 64, 256, 1000, 4000, 16000}) {
    rows.push_back(growing("connections", connections, ping_pong(64, connections, false)));
  }
  for (std::size_t bytes = 64; bytes <= 256 * 1024; bytes *= 4) {
    rows.push_back(growing("bytes", bytes, ping_pong(bytes, 64, false)));
  }
  const auto all = static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN));
  for (unsigned processors = 1;; processors = std::min(2 * processors, all)) {
    Row row = growing("processors", processors, ping_pong(64, 64, false));
    row.title += fmt::format(", {} processor{}", processors, processors == 1 ? "" : "s");
    row.processors = processors;
    rows.push_back(row);
    if (processors == all) return rows;
  }
}

std::unique_ptr<Load> make(const Row& row, const Job& job) {
  return std::make_unique<PingPong>(row, job);
}

const Registration rows({ping_pong(64, 1, true),
                         ping_pong(64, 64, true),
                         ping_pong(64, 1000, true),
                         ping_pong(1024, 1, false),
                         ping_pong(1024, 64, true),
                         ping_pong(1024, 1000, false),
                         ping_pong(16384, 1, false),
                         ping_pong(16384, 64, false),
                         ping_pong(16384, 1000, false),
                         {.name = "pipelined-64-64",
                          .title = "pipelined 64 B, 64 connections, 16 under way on each",
                          .mode = "echo",
                          .figure = Figure::kCpuPerMessage,
                          .connections = 64,
                          .bytes = 64,
                          .pipeline = 16,
                          .is_main = true}},
                        make);
const Registration growth_rows(growing(), make);

}  // namespace
}  // namespace bench
