// Connections that send whatever the server takes, while its driver keeps every list that it gets.
// What counts is the memory that the server has when nothing moves any more: it is bounded, however
// many bytes the peers still have (docs/design/receiving.md), and the bytes kept are its most part.
#include <deque>
#include <stdexcept>

#include <fmt/format.h>

#include "generator/connection.h"
#include "generator/load.h"
#include "wskload/pattern.h"

namespace bench {
namespace {

constexpr auto kStandstill = std::chrono::seconds(1);
constexpr auto kPatience = std::chrono::seconds(60);

class Retained final : public Load {
 public:
  Retained(const Row& row, const Job& job) : row_(row), job_(job) {}
  void prepare() override {}
  Measurement measure(const Timing& timing) override;

 private:
  class Peer;

  const Row row_;
  const Job job_;
  const wskload::Pattern pattern_;
  std::deque<Peer> peers_;
  std::uint64_t bytes_ = 0;
};

class Retained::Peer final : public Connection {
 public:
  Peer(Retained& load, unsigned index) : Connection(load.job_.ring, index), load_(load) {}

 private:
  void connected() override { send(load_.pattern_.at(0, load_.row_.bytes)); }
  void sent(std::size_t bytes) override {
    load_.bytes_ += bytes;
    connected();
  }
  void received(std::span<const char>) override {
    fail("a server that is to keep what it gets has sent something");
  }

  Retained& load_;
};

Measurement Retained::measure(const Timing&) {
  const auto begin = Clock::now();
  const Usage before = job_.process.usage();
  const std::uint64_t without = job_.process.resident_bytes();
  while (peers_.size() < row_.connections) {
    peers_.emplace_back(*this, static_cast<unsigned>(peers_.size())).open(job_.server);
    job_.ring.turn(std::chrono::milliseconds(1));
  }
  std::uint64_t seen = 0;
  for (auto moved = Clock::now(); Clock::now() - moved < kStandstill;) {
    job_.ring.turn(std::chrono::milliseconds(50));
    if (bytes_ != seen) moved = Clock::now();
    seen = bytes_;
    if (Clock::now() - begin > kPatience) throw std::runtime_error("the server takes without end");
  }

  Measurement measured;
  measured.length = Clock::now() - begin;
  measured.count = row_.connections;
  measured.bytes = bytes_;
  measured.server.cpu = job_.process.usage().cpu - before.cpu;
  const double resident = static_cast<double>(job_.process.resident_bytes() - without);
  measured.figure = resident / static_cast<double>(row_.connections);
  return measured;
}

Row retained(unsigned connections) {
  return {.name = fmt::format("retained-{}", connections),
          .title = fmt::format("every list kept, {} connections that never stop", connections),
          .mode = "keep",
          .figure = Figure::kBytesPerConnection,
          .connections = connections,
          .bytes = 65520};
}

const Registration rows({retained(16), retained(1'000)}, [](const Row& row, const Job& job) {
  return std::make_unique<Retained>(row, job);
});

}  // namespace
}  // namespace bench
