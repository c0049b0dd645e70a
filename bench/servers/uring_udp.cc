// Bare io_uring for datagrams: a multishot recvmsg into provided buffers, answers by sendmsg, one
// system call a turn. bench/loads/udp.cc has what a datagram asks for.
//
// bench: uring udp
#include <liburing.h>
#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <vector>

#include "common/listen.h"

namespace {

constexpr unsigned kBuffers = 1024;
constexpr unsigned kBufferBytes = 2048;
constexpr std::uint64_t kReceive = 1;
constexpr std::uint64_t kSend = 2;

class Server {
 public:
  [[noreturn]] void run();

 private:
  // What a sendmsg points to until the kernel has taken it.
  struct Answer {
    sockaddr_in to{};
    iovec piece{};
    msghdr message{};
  };

  void set_up();
  void give_buffer(unsigned index);
  void receive_next();
  void on_receive(const io_uring_cqe& cqe);
  void answer(const sockaddr_in& to, unsigned count, std::size_t bytes);
  io_uring_sqe* prepare(std::uint64_t operation);

  io_uring ring_{};
  int socket_ = -1;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  char* memory_ = nullptr;
  msghdr wanted_{};
  std::vector<Answer> answers_ = std::vector<Answer>(1024);
  std::size_t answers_used_ = 0;
  std::vector<char> piece_ = std::vector<char>(kPieceBytes, 'd');
};

void Server::set_up() {
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
  parameters.cq_entries = 8192;
  stop_if(io_uring_queue_init_params(1024, &ring_, &parameters) < 0, "io_uring");

  constexpr std::size_t kRingBytes = kBuffers * sizeof(io_uring_buf);
  constexpr std::size_t kTotalBytes = kRingBytes + std::size_t{kBuffers} * kBufferBytes;
  void* memory =
      mmap(nullptr, kTotalBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stop_if(memory == MAP_FAILED, "mmap");
  buffer_ring_ = static_cast<io_uring_buf_ring*>(memory);
  memory_ = static_cast<char*>(memory) + kRingBytes;
  io_uring_buf_ring_init(buffer_ring_);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(buffer_ring_);
  registration.ring_entries = kBuffers;
  stop_if(io_uring_register_buf_ring(&ring_, &registration, 0) != 0, "provided buffers");
  for (unsigned i = 0; i < kBuffers; ++i) give_buffer(i);

  socket_ = open_server(SOCK_DGRAM);
  say_address(socket_);
  wanted_.msg_namelen = sizeof(sockaddr_in);
  receive_next();
}

void Server::run() {
  set_up();
  for (;;) {
    io_uring_submit_and_wait(&ring_, 1);
    answers_used_ = 0;
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      ++count;
      if (cqe->user_data == kReceive) on_receive(*cqe);
    }
    io_uring_cq_advance(&ring_, count);
  }
}

io_uring_sqe* Server::prepare(std::uint64_t operation) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) {
    io_uring_submit(&ring_);
    sqe = io_uring_get_sqe(&ring_);
  }
  sqe->user_data = operation;
  return sqe;
}

void Server::give_buffer(unsigned index) {
  io_uring_buf_ring_add(buffer_ring_, memory_ + std::size_t{index} * kBufferBytes, kBufferBytes,
                        static_cast<unsigned short>(index), kBuffers - 1, 0);
  io_uring_buf_ring_advance(buffer_ring_, 1);
}

void Server::receive_next() {
  io_uring_sqe* sqe = prepare(kReceive);
  io_uring_prep_recvmsg_multishot(sqe, socket_, &wanted_, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
}

void Server::on_receive(const io_uring_cqe& cqe) {
  if ((cqe.flags & IORING_CQE_F_MORE) == 0) receive_next();
  if (cqe.res < 0) return;
  const unsigned index = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
  io_uring_recvmsg_out* out =
      io_uring_recvmsg_validate(memory_ + std::size_t{index} * kBufferBytes, cqe.res, &wanted_);
  if (out != nullptr && io_uring_recvmsg_payload_length(out, cqe.res, &wanted_) >= 4) {
    const auto* asked = static_cast<const unsigned char*>(io_uring_recvmsg_payload(out, &wanted_));
    sockaddr_in from{};
    memcpy(&from, io_uring_recvmsg_name(out), sizeof from);
    answer(from, asked[0] | asked[1] << 8u, asked[2] | asked[3] << 8u);
  }
  give_buffer(index);
}

void Server::answer(const sockaddr_in& to, unsigned count, std::size_t bytes) {
  for (unsigned i = 0; i < count; ++i) {
    if (answers_used_ == answers_.size()) {
      io_uring_submit(&ring_);
      answers_used_ = 0;
    }
    Answer& each = answers_[answers_used_++];
    each.to = to;
    each.piece = {piece_.data(), bytes};
    each.message = {};
    each.message.msg_name = &each.to;
    each.message.msg_namelen = sizeof each.to;
    each.message.msg_iov = &each.piece;
    each.message.msg_iovlen = 1;
    io_uring_sqe* sqe = prepare(kSend);
    io_uring_prep_sendmsg(sqe, socket_, &each.message, 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  }
}

}  // namespace

int main(int argc, char** argv) {
  mode_of(argc, argv);
  Server().run();
}
