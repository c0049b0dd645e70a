// A connection for every request: connect, 64 bytes there and back, close. So many run at once, and
// each begins anew when it is through. The generator closes first. What grows when idle connections
// stand beside them grows with the number of sockets.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "generator/bystanders.h"
#include "generator/connection.h"
#include "generator/timed_load.h"
#include "wskload/pattern.h"

namespace bench {
namespace {

class Connect final : public TimedLoad {
 public:
  Connect(const Row& row, const Job& job) : TimedLoad(row, job), bystanders_(job, row.bystanders) {}

 private:
  class Visitor;

  void start() override;
  bool is_served() const override { return visits_ >= row_.connections; }

  Bystanders bystanders_;
  const wskload::Pattern pattern_;
  std::deque<Visitor> visitors_;
  unsigned visits_ = 0;
};

class Connect::Visitor final : public Actor {
 public:
  explicit Visitor(Connect& load) : load_(load), reply_(load.row_.bytes) {}
  ~Visitor() { close(socket_); }
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

  // Connect, request and reply go to the kernel in one piece, each waiting for the one before.
  void visit() {
    started_ = Clock::now();
    socket_ = open_socket(SOCK_STREAM, next_source());
    const auto request = load_.pattern_.at(0, load_.row_.bytes);
    Ring& ring = load_.job_.ring;
    io_uring_sqe& connect = ring.prepare(*this, kConnect);
    io_uring_prep_connect(&connect, socket_, reinterpret_cast<const sockaddr*>(&load_.job_.server),
                          sizeof load_.job_.server);
    connect.flags |= IOSQE_IO_LINK;
    io_uring_sqe& send = ring.prepare(*this, kSend);
    io_uring_prep_send(&send, socket_, request.data(), request.size(), MSG_NOSIGNAL | MSG_WAITALL);
    send.flags |= IOSQE_IO_LINK;
    io_uring_prep_recv(&ring.prepare(*this, kReceive), socket_, reply_.data(), reply_.size(),
                       MSG_WAITALL);
  }

 private:
  enum Operation { kConnect, kSend, kReceive };

  // Ports of one address would run short: each stays taken for a while after its connection.
  static unsigned next_source() {
    static unsigned count = 0;
    return ++count % 200 * 20'000;
  }

  void ended(unsigned operation, const io_uring_cqe& cqe) override {
    if (cqe.res < 0 && cqe.res != -ECANCELED) {
      constexpr std::array kWhat = {"cannot connect", "cannot send", "cannot receive"};
      throw std::runtime_error(fmt::format("{}: {}", kWhat[operation], std::strerror(-cqe.res)));
    }
    if (operation != kReceive) return;
    if (static_cast<std::size_t>(cqe.res) != reply_.size() ||
        load_.pattern_.matching(0, reply_) != reply_.size()) {
      throw std::runtime_error("the echo is not what was sent");
    }
    close(socket_);
    load_.count_message(Clock::now() - started_);
    ++load_.visits_;
    visit();
  }

  Connect& load_;
  std::vector<char> reply_;
  Clock::time_point started_;
  int socket_ = -1;
};

void Connect::start() {
  bystanders_.open();
  run_until_true([this] { return bystanders_.are_served(); }, "that the bystanders are served");
  for (unsigned i = 0; i < row_.connections; ++i) visitors_.emplace_back(*this).visit();
}

Row connect(unsigned bystanders) {
  const bool alone = bystanders == 0;
  const std::string title = "connect, one request of 64 B, close; 64 at once";
  return {.name = alone ? "connect-64" : fmt::format("connect-64-beside-{}", bystanders),
          .title = alone ? title : fmt::format("{} beside {} idle ones", title, bystanders),
          .mode = "echo",
          .figure = Figure::kCpuPerConnection,
          .connections = 64,
          .bytes = 64,
          .bystanders = bystanders,
          .is_main = alone};
}

const Registration rows({connect(0), connect(1'000), connect(10'000)},
                        [](const Row& row, const Job& job) {
                          return std::make_unique<Connect>(row, job);
                        });

}  // namespace
}  // namespace bench
