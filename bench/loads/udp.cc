// Datagrams to a server that answers as each one asks: its first two bytes say how many datagrams
// are to come back, the next two how large, both little-endian. In: bursts of which only the last
// asks for an answer, so that none is lost for want of a buffer. Out: each asks for a burst.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <stdexcept>

#include <fmt/format.h>

#include "generator/connection.h"
#include "generator/timed_load.h"

namespace bench {
namespace {

constexpr unsigned kBurst = 32;
constexpr auto kLost = std::chrono::milliseconds(200);  // A burst that takes so long is not whole.

class Udp final : public TimedLoad {
 public:
  Udp(const Row& row, const Job& job, bool is_in)
      : TimedLoad(row, job),
        is_in_(is_in),
        silent_(request(0, 0, row.bytes)),
        asking_(is_in ? request(1, row.bytes, row.bytes) : request(kBurst, row.bytes, 64)) {}

 private:
  class Flow;

  static std::vector<char> request(unsigned answers, std::size_t answer_bytes, std::size_t bytes) {
    std::vector<char> datagram(bytes);
    datagram[0] = static_cast<char>(answers & 255);
    datagram[1] = static_cast<char>(answers >> 8);
    datagram[2] = static_cast<char>(answer_bytes & 255);
    datagram[3] = static_cast<char>(answer_bytes >> 8);
    return datagram;
  }

  void start() override;
  bool is_served() const override { return bursts_ >= flows_.size() * 2; }
  void look_after() override;

  const bool is_in_;
  const std::vector<char> silent_;
  const std::vector<char> asking_;
  std::deque<Flow> flows_;
  std::uint64_t bursts_ = 0;
};

class Udp::Flow final : public Actor {
 public:
  Flow(Udp& load, unsigned index) : load_(load), socket_(open_socket(SOCK_DGRAM, index)) {
    const auto* server = reinterpret_cast<const sockaddr*>(&load.job_.server);
    if (connect(socket_, server, sizeof load.job_.server) != 0) {
      throw std::runtime_error(fmt::format("connect: {}", std::strerror(errno)));
    }
    load_.job_.ring.prepare_receive(*this, kReceive, socket_);
  }
  ~Flow() { close(socket_); }
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  void start_burst() {
    started_ = Clock::now();
    awaited_ = load_.is_in_ ? 1 : kBurst;
    for (unsigned i = 1; load_.is_in_ && i < kBurst; ++i) send(load_.silent_);
    send(load_.asking_);
  }

  // Datagrams may get lost, and with them the answer that starts the next burst.
  void start_again_if_lost() {
    if (Clock::now() - started_ > kLost) start_burst();
  }

 private:
  enum Operation { kSend, kReceive };

  void send(const std::vector<char>& datagram) {
    io_uring_sqe& sqe = load_.job_.ring.prepare(*this, kSend);
    io_uring_prep_send(&sqe, socket_, datagram.data(), datagram.size(), 0);
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
  }

  void ended(unsigned operation, const io_uring_cqe& cqe) override {
    if (cqe.res < 0 && cqe.res != -ENOBUFS) {
      throw std::runtime_error(
          fmt::format("{}: {}", operation == kSend ? "send" : "receive", std::strerror(-cqe.res)));
    }
    if (operation == kSend) return;
    if (cqe.res > 0) received(cqe);
    if ((cqe.flags & IORING_CQE_F_MORE) == 0) {
      load_.job_.ring.prepare_receive(*this, kReceive, socket_);
    }
  }

  void received(const io_uring_cqe& cqe) {
    if (load_.job_.ring.received(cqe).size() != load_.row_.bytes) {
      throw std::runtime_error("an answer has not the size that was asked for");
    }
    load_.job_.ring.give_back(cqe);
    if (awaited_ == 0 || --awaited_ > 0) return;
    const auto latency = Clock::now() - started_;
    for (unsigned i = 0; i < kBurst; ++i) load_.count_message(latency);
    ++load_.bursts_;
    start_burst();
  }

  Udp& load_;
  const int socket_;
  Clock::time_point started_;
  unsigned awaited_ = 0;  // Answers to come until the burst is over.
};

void Udp::start() {
  for (unsigned i = 0; i < row_.connections; ++i) flows_.emplace_back(*this, i).start_burst();
}

void Udp::look_after() {
  for (Flow& flow : flows_) flow.start_again_if_lost();
}

Row udp(const char* direction, std::size_t bytes) {
  return {.name = fmt::format("udp-{}-{}", direction, bytes),
          .title = fmt::format("UDP {}, {}", direction, size_text(bytes)),
          .mode = "udp",
          .figure = Figure::kCpuPerMessage,
          .connections = 2,
          .bytes = bytes};
}

const Registration rows_in({udp("in", 64), udp("in", 1400)}, [](const Row& row, const Job& job) {
  return std::make_unique<Udp>(row, job, true);
});
const Registration rows_out({udp("out", 64), udp("out", 1400)}, [](const Row& row, const Job& job) {
  return std::make_unique<Udp>(row, job, false);
});

}  // namespace
}  // namespace bench
