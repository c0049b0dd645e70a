// Whether some that never stop keep others waiting: a message is under way on each of a few
// connections, beside streams that have pieces under way all the time and get them back. What
// counts, beside the server's processor time, is how long the messages take.
#include <deque>

#include <fmt/format.h>

#include "generator/connection.h"
#include "generator/timed_load.h"
#include "wskload/pattern.h"

namespace bench {
namespace {

constexpr unsigned kModest = 4;

class Fairness final : public TimedLoad {
 public:
  Fairness(const Row& row, const Job& job) : TimedLoad(row, job) {}

 private:
  class Peer;

  void start() override;
  bool is_served() const override { return served_ == peers_.size(); }

  const wskload::Pattern pattern_;
  std::deque<Peer> peers_;
  std::size_t served_ = 0;
};

// Sends messages of `bytes` with `pipeline` of them under way.
class Fairness::Peer final : public Connection {
 public:
  Peer(Fairness& load, unsigned index, std::size_t bytes, unsigned pipeline)
      : Connection(load.job_.ring, index), load_(load), bytes_(bytes), pipeline_(pipeline) {}

 private:
  bool is_modest() const { return pipeline_ == 1; }

  void connected() override {
    started_ = Clock::now();
    due_ = bytes_ * pipeline_;
    push();
  }

  void received(std::span<const char> bytes) override {
    if (load_.pattern_.matching(received_, bytes) != bytes.size()) {
      fail("the echo is not what was sent");
    }
    if (received_ == 0) ++load_.served_;
    received_ += bytes.size();
    load_.count_bytes(bytes.size());
    due_ += bytes.size();
    if (is_modest() && received_ % bytes_ != 0) return;
    if (is_modest()) {
      const auto now = Clock::now();
      load_.count_message(now - started_);
      started_ = now;
    }
    push();
  }

  void push() {
    if (is_sending_ || sent_ == due_) return;
    is_sending_ = true;
    send(load_.pattern_.at(sent_, std::min<std::uint64_t>(due_ - sent_, bytes_)));
  }

  void sent(std::size_t bytes) override {
    sent_ += bytes;
    is_sending_ = false;
    if (!is_modest()) push();
  }

  Fairness& load_;
  const std::size_t bytes_;
  const unsigned pipeline_;
  Clock::time_point started_;
  std::uint64_t due_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  bool is_sending_ = false;
};

void Fairness::start() {
  constexpr std::size_t kMessageBytes = 64;
  for (unsigned i = 0; i < row_.connections + kModest; ++i) {
    const bool is_modest = i >= row_.connections;
    peers_
        .emplace_back(*this, i, is_modest ? kMessageBytes : row_.bytes,
                      is_modest ? 1u : row_.pipeline)
        .open(job_.server);
  }
}

Row flood(unsigned streams) {
  return {.name = fmt::format("flood-{}", streams),
          .title = fmt::format("echo of {} streams; latencies of 64 B beside them", streams),
          .mode = "echo",
          .figure = Figure::kCpuPerKib,
          .connections = streams,
          .bytes = 32 << 10,
          .pipeline = 8};
}

const Registration rows({flood(16)}, [](const Row& row, const Job& job) {
  return std::make_unique<Fairness>(row, job);
});

}  // namespace
}  // namespace bench
