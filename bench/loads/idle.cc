// Connections that do nothing: each sends one message, so that the server surely has it, awaits the
// echo and stays. What counts is the memory that the server has then, beyond what it had with the
// first of them. These send many messages, until the server's buffers have all been used once.
#include <deque>
#include <stdexcept>

#include <fmt/format.h>

#include "generator/connection.h"
#include "generator/load.h"
#include "wskload/pattern.h"

namespace bench {
namespace {

constexpr unsigned kFirst = 1'000;
constexpr unsigned kMessagesOfFirst = 64;  // 64,000 of 64 bytes are 4 MiB.
constexpr unsigned kAtOnce = 100;          // Being opened.

class Idle final : public Load {
 public:
  Idle(const Row& row, const Job& job) : row_(row), job_(job) {}
  void prepare() override { open_until(kFirst); }
  Measurement measure(const Timing& timing) override;

 private:
  class Peer;

  void open_until(unsigned count);

  const Row row_;
  const Job job_;
  const wskload::Pattern pattern_;
  std::deque<Peer> peers_;
  unsigned served_ = 0;
};

class Idle::Peer final : public Connection {
 public:
  Peer(Idle& load, unsigned index) : Connection(load.job_.ring, index), load_(load) {}

 private:
  void connected() override { send(load_.pattern_.at(0, load_.row_.bytes)); }
  void sent(std::size_t) override {}
  void received(std::span<const char> bytes) override {
    if (load_.pattern_.matching(received_, bytes) != bytes.size()) {
      fail("the echo is not what was sent");
    }
    received_ += bytes.size();
    if (received_ < load_.row_.bytes) return;
    received_ = 0;
    if (--to_send_ > 0) return connected();
    ++load_.served_;
  }

  Idle& load_;
  unsigned to_send_ = index() < kFirst ? kMessagesOfFirst : 1;
  std::size_t received_ = 0;
};

Measurement Idle::measure(const Timing&) {
  const auto begin = Clock::now();
  const Usage before = job_.process.usage();
  const std::uint64_t first = job_.process.resident_bytes();
  open_until(row_.connections);
  const std::uint64_t all = job_.process.resident_bytes();

  Measurement measured;
  measured.length = Clock::now() - begin;
  measured.count = row_.connections - kFirst;
  measured.server.cpu = job_.process.usage().cpu - before.cpu;
  measured.figure = (static_cast<double>(all) - static_cast<double>(first)) /
                    static_cast<double>(row_.connections - kFirst);
  return measured;
}

void Idle::open_until(unsigned count) {
  constexpr auto kPatience = std::chrono::seconds(60);
  const auto end = Clock::now() + kPatience;
  while (served_ < count) {
    while (peers_.size() < count && peers_.size() < served_ + kAtOnce) {
      peers_.emplace_back(*this, static_cast<unsigned>(peers_.size())).open(job_.server);
    }
    job_.ring.turn(std::chrono::seconds(1));
    if (Clock::now() > end) {
      throw std::runtime_error(
          fmt::format("only {} of {} connections were served", served_, count));
    }
  }
}

Row idle(unsigned connections) {
  return {.name = fmt::format("idle-{}", connections),
          .title = fmt::format("{} idle connections", connections),
          .mode = "echo",
          .figure = Figure::kBytesPerConnection,
          .connections = connections,
          .bytes = 64};
}

const Registration rows({idle(10'000), idle(50'000)}, [](const Row& row, const Job& job) {
  return std::make_unique<Idle>(row, job);
});

}  // namespace
}  // namespace bench
