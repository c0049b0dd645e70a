// Bare io_uring: what the runtime is measured against. Multishot accept and receive into provided
// buffers, which are sent back as they are; one system call a turn.
//
// bench: uring echo sink source
#include <liburing.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/listen.h"

namespace {

// Of 8 MiB in all; with 16 KiB each, a stream of 16 connections cost a third more.
constexpr unsigned kBuffers = 256;
constexpr unsigned kBufferBytes = 32 * 1024;
constexpr unsigned kNone = kBuffers;

enum Operation : std::uint64_t { kAccept, kReceive, kSend };

// Received pieces wait in a list for their turn to be sent: one send at a time keeps their order.
struct Buffer {
  unsigned next = kNone;
  unsigned bytes = 0;
};

struct Connection {
  unsigned first = kNone;  // The one that is being sent.
  unsigned last = kNone;
  unsigned sent = 0;  // Bytes of the first.
  bool has_ended = false;
};

class Server {
 public:
  explicit Server(std::string_view mode) : mode_(mode) {}
  [[noreturn]] void run();

 private:
  void set_up();
  void give_buffer(unsigned index);
  char* bytes_of(unsigned index) { return memory_ + std::size_t{index} * kBufferBytes; }
  io_uring_sqe* prepare(Operation operation, int fd);
  void accept_next();
  void receive_next(int fd);
  void send_next(int fd);

  void on_accept(const io_uring_cqe& cqe);
  void on_receive(int fd, const io_uring_cqe& cqe);
  void on_send(int fd, int result);
  void close_when_done(int fd);

  const std::string_view mode_;
  io_uring ring_{};
  int listener_ = -1;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  char* memory_ = nullptr;
  std::vector<Buffer> buffers_ = std::vector<Buffer>(kBuffers);
  std::vector<Connection> connections_;  // By descriptor.
  std::vector<int> starved_;             // Whose receive ended because there was no buffer.
  std::vector<char> piece_ = std::vector<char>(kPieceBytes, 's');
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

  listener_ = open_server(SOCK_STREAM);
  say_address(listener_);
  accept_next();
}

void Server::run() {
  set_up();
  for (;;) {
    io_uring_submit_and_wait(&ring_, 1);
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      ++count;
      const int fd = static_cast<int>(cqe->user_data >> 8);
      switch (cqe->user_data & 255) {
        case kAccept:
          on_accept(*cqe);
          break;
        case kReceive:
          on_receive(fd, *cqe);
          break;
        default:
          on_send(fd, cqe->res);
          break;
      }
    }
    io_uring_cq_advance(&ring_, count);
    for (const int fd : starved_) receive_next(fd);
    starved_.clear();
  }
}

io_uring_sqe* Server::prepare(Operation operation, int fd) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) {
    io_uring_submit(&ring_);
    sqe = io_uring_get_sqe(&ring_);
  }
  sqe->user_data = static_cast<std::uint64_t>(fd) << 8 | operation;
  return sqe;
}

void Server::give_buffer(unsigned index) {
  io_uring_buf_ring_add(buffer_ring_, bytes_of(index), kBufferBytes,
                        static_cast<unsigned short>(index), kBuffers - 1, 0);
  io_uring_buf_ring_advance(buffer_ring_, 1);
}

void Server::accept_next() {
  io_uring_prep_multishot_accept(prepare(kAccept, listener_), listener_, nullptr, nullptr, 0);
}

void Server::receive_next(int fd) {
  io_uring_sqe* sqe = prepare(kReceive, fd);
  io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
}

void Server::send_next(int fd) {
  const Connection& connection = connections_[static_cast<std::size_t>(fd)];
  const bool is_source = mode_ == "source";
  const char* bytes = is_source ? piece_.data() : bytes_of(connection.first) + connection.sent;
  const std::size_t count =
      is_source ? piece_.size() : buffers_[connection.first].bytes - connection.sent;
  io_uring_prep_send(prepare(kSend, fd), fd, bytes, count, MSG_NOSIGNAL);
}

void Server::on_accept(const io_uring_cqe& cqe) {
  if ((cqe.flags & IORING_CQE_F_MORE) == 0) accept_next();
  if (cqe.res < 0) return;
  const int fd = cqe.res;
  set_nodelay(fd);
  if (connections_.size() <= static_cast<std::size_t>(fd)) {
    connections_.resize(static_cast<std::size_t>(fd) + 1);
  }
  connections_[static_cast<std::size_t>(fd)] = {};
  if (mode_ == "source") return send_next(fd);
  receive_next(fd);
}

void Server::on_receive(int fd, const io_uring_cqe& cqe) {
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (cqe.res == -ENOBUFS) return starved_.push_back(fd);
  if (cqe.res <= 0) {
    connection.has_ended = true;
    return close_when_done(fd);
  }
  if ((cqe.flags & IORING_CQE_F_MORE) == 0) receive_next(fd);
  const unsigned index = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
  if (mode_ == "sink") return give_buffer(index);

  buffers_[index] = {kNone, static_cast<unsigned>(cqe.res)};
  const bool is_first = connection.first == kNone;
  (is_first ? connection.first : buffers_[connection.last].next) = index;
  connection.last = index;
  if (is_first) send_next(fd);
}

void Server::on_send(int fd, int result) {
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (mode_ == "source") {
    if (result > 0) return send_next(fd);
    ::close(fd);
    return;
  }
  connection.sent += result > 0 ? static_cast<unsigned>(result) : 0;
  while (connection.first != kNone) {
    if (result > 0 && connection.sent < buffers_[connection.first].bytes) return send_next(fd);
    give_buffer(connection.first);
    connection.first = buffers_[connection.first].next;
    connection.sent = 0;
    if (result > 0 && connection.first != kNone) return send_next(fd);
  }
  close_when_done(fd);
}

// After a failed send the receive fails as well, and ends the connection.
void Server::close_when_done(int fd) {
  const Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (connection.has_ended && connection.first == kNone) ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  Server(mode_of(argc, argv)).run();
}
