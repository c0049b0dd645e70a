// Bare epoll for datagrams: recvmmsg and sendmmsg, up to 64 at a time. bench/loads/udp.cc has what
// a datagram asks for.
//
// bench: epoll udp
#include <sys/epoll.h>

#include <array>
#include <vector>

#include "common/listen.h"

namespace {

constexpr unsigned kBatch = 64;
constexpr std::size_t kDatagramBytes = 2048;

// Messages for recvmmsg and sendmmsg, each with its address and its bytes.
struct Batch {
  std::array<mmsghdr, kBatch> messages{};
  std::array<sockaddr_in, kBatch> addresses{};
  std::array<iovec, kBatch> pieces{};

  void prepare(unsigned index, char* bytes, std::size_t count) {
    pieces[index] = {bytes, count};
    msghdr& message = messages[index].msg_hdr;
    message.msg_name = &addresses[index];
    message.msg_namelen = sizeof(sockaddr_in);
    message.msg_iov = &pieces[index];
    message.msg_iovlen = 1;
  }
};

class Server {
 public:
  [[noreturn]] void run();

 private:
  void receive();
  void answer(const sockaddr_in& to, unsigned count, std::size_t bytes);
  void flush();

  const int socket_ = open_server(SOCK_DGRAM | SOCK_NONBLOCK);
  Batch in_;
  Batch out_;
  unsigned out_count_ = 0;
  std::vector<char> memory_ = std::vector<char>(kBatch * kDatagramBytes);
  std::vector<char> piece_ = std::vector<char>(kPieceBytes, 'd');
};

void Server::run() {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  epoll_ctl(epoll, EPOLL_CTL_ADD, socket_, &event);
  say_address(socket_);
  for (;;) {
    if (epoll_wait(epoll, &event, 1, -1) != 1) continue;
    receive();
    flush();
  }
}

void Server::receive() {
  for (unsigned i = 0; i < kBatch; ++i) {
    in_.prepare(i, memory_.data() + i * kDatagramBytes, kDatagramBytes);
  }
  const int count = recvmmsg(socket_, in_.messages.data(), kBatch, 0, nullptr);
  for (int i = 0; i < count; ++i) {
    const auto index = static_cast<unsigned>(i);
    const auto* asked = static_cast<const unsigned char*>(in_.pieces[index].iov_base);
    if (in_.messages[index].msg_len < 4) continue;
    answer(in_.addresses[index], asked[0] | asked[1] << 8u, asked[2] | asked[3] << 8u);
  }
}

void Server::answer(const sockaddr_in& to, unsigned count, std::size_t bytes) {
  for (unsigned i = 0; i < count; ++i) {
    if (out_count_ == kBatch) flush();
    out_.addresses[out_count_] = to;
    out_.prepare(out_count_, piece_.data(), bytes);
    ++out_count_;
  }
}

// Datagrams may be lost, so what the socket does not take is.
void Server::flush() {
  for (unsigned sent = 0; sent < out_count_;) {
    const int count = sendmmsg(socket_, out_.messages.data() + sent, out_count_ - sent, 0);
    if (count <= 0) break;
    sent += static_cast<unsigned>(count);
  }
  out_count_ = 0;
}

}  // namespace

int main(int argc, char** argv) {
  mode_of(argc, argv);
  Server().run();
}
