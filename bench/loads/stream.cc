// Bytes in one direction as fast as they go: into the server by writes of 64 KiB, which it drops,
// or out of the server. What counts is what the generator's socket took or gave. Out of the server
// each window has connections of its own: on those that stood still meanwhile, TCP would wait for
// its next try.
#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "generator/connection.h"
#include "generator/timed_load.h"
#include "wskload/pattern.h"

namespace bench {
namespace {

class Stream final : public TimedLoad {
 public:
  Stream(const Row& row, const Job& job) : TimedLoad(row, job), sends_(row.mode == "sink") {}

 private:
  class Peer;

  void start() override;
  void pause() override;
  void resume() override;
  bool is_served() const override { return served_ == row_.connections; }

  const bool sends_;
  const wskload::Pattern pattern_;
  std::deque<Peer> peers_;
  unsigned served_ = 0;  // Connections on which something has moved.
};

class Stream::Peer final : public Connection {
 public:
  Peer(Stream& load, unsigned index) : Connection(load.job_.ring, index), load_(load) {}

 private:
  void connected() override {
    if (load_.sends_) send_next();
  }
  void sent(std::size_t bytes) override {
    moved(bytes);
    send_next();
  }
  void received(std::span<const char> bytes) override {
    if (load_.sends_) fail("a server that is to drop what it gets has sent something");
    moved(bytes.size());
  }

  void send_next() { send(load_.pattern_.at(0, load_.row_.bytes)); }

  void moved(std::size_t bytes) {
    load_.count_bytes(bytes);
    if (!is_served_) ++load_.served_;
    is_served_ = true;
  }

  Stream& load_;
  bool is_served_ = false;
};

void Stream::start() {
  for (unsigned i = 0; i < row_.connections; ++i) {
    peers_.emplace_back(*this, i).open(job_.server);
  }
}

void Stream::pause() {
  if (sends_) return;
  for (Peer& peer : peers_) peer.hang_up();
  const auto is_closed = [](const Peer& peer) { return peer.is_closed(); };
  run_until_true([&] { return std::all_of(peers_.begin(), peers_.end(), is_closed); },
                 "that every connection closes");
  peers_.clear();
  served_ = 0;
}

void Stream::resume() {
  if (!sends_) start();
}

Row stream(const char* direction, const char* mode, unsigned connections, bool is_main) {
  return {.name = fmt::format("stream-{}-{}", direction, connections),
          .title = fmt::format("stream {}, {}", direction, connections_text(connections)),
          .mode = mode,
          .figure = Figure::kCpuPerKib,
          .connections = connections,
          .bytes = 65520,  // The largest piece of the pattern.
          .is_main = is_main};
}

const Registration rows({stream("in", "sink", 1, false), stream("in", "sink", 16, true),
                         stream("out", "source", 1, false), stream("out", "source", 16, true)},
                        [](const Row& row, const Job& job) {
                          return std::make_unique<Stream>(row, job);
                        });

}  // namespace
}  // namespace bench
