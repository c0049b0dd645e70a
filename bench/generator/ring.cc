// One issuer, completions only when it asks for them, one system call a turn.
#include "generator/ring.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

namespace bench {
namespace {

constexpr unsigned kRequests = 4096;
constexpr unsigned kCompletions = 32768;
constexpr int kGroup = 0;
constexpr unsigned kBuffers = 1024;
constexpr std::size_t kBufferBytes = 16 * 1024;
constexpr std::size_t kBufferRingBytes = kBuffers * sizeof(io_uring_buf);

void require(int result, const char* what) {
  if (result < 0) throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(-result)));
}

}  // namespace

Ring::Ring() : buffers_(kBuffers * kBufferBytes) {
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
  parameters.cq_entries = kCompletions;
  require(io_uring_queue_init_params(kRequests, &ring_, &parameters), "io_uring");

  void* memory =
      mmap(nullptr, kBufferRingBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) require(-errno, "mmap");
  buffer_ring_ = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_ring_init(buffer_ring_);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(memory);
  registration.ring_entries = kBuffers;
  registration.bgid = kGroup;
  require(io_uring_register_buf_ring(&ring_, &registration, 0), "provided buffers");
  for (unsigned i = 0; i < kBuffers; ++i) {
    io_uring_buf_ring_add(buffer_ring_, buffers_.data() + i * kBufferBytes, kBufferBytes,
                          static_cast<unsigned short>(i), kBuffers - 1, static_cast<int>(i));
  }
  io_uring_buf_ring_advance(buffer_ring_, kBuffers);
}

Ring::~Ring() {
  io_uring_queue_exit(&ring_);
  munmap(buffer_ring_, kBufferRingBytes);
}

io_uring_sqe& Ring::prepare(Actor& actor, unsigned operation) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) {
    require(io_uring_submit(&ring_), "io_uring_submit");
    sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) throw std::runtime_error("io_uring: the kernel takes no more requests");
  }
  sqe->user_data = reinterpret_cast<std::uintptr_t>(&actor) | operation;
  return *sqe;
}

void Ring::prepare_receive(Actor& actor, unsigned operation, int fd) {
  io_uring_sqe& sqe = prepare(actor, operation);
  io_uring_prep_recv_multishot(&sqe, fd, nullptr, 0, 0);
  sqe.flags |= IOSQE_BUFFER_SELECT;
  sqe.buf_group = kGroup;
}

void Ring::cancel(Actor& actor, unsigned operation) {
  const auto name = reinterpret_cast<std::uintptr_t>(&actor) | operation;
  io_uring_sqe& sqe = prepare(actor, operation);
  io_uring_prep_cancel64(&sqe, name, 0);
  sqe.user_data = 0;  // Nobody is told of this one's end.
}

std::span<const char> Ring::received(const io_uring_cqe& cqe) const {
  const unsigned index = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
  return {buffers_.data() + index * kBufferBytes, static_cast<std::size_t>(cqe.res)};
}

void Ring::give_back(const io_uring_cqe& cqe) {
  const unsigned index = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
  io_uring_buf_ring_add(buffer_ring_, buffers_.data() + index * kBufferBytes, kBufferBytes,
                        static_cast<unsigned short>(index), kBuffers - 1, 0);
  io_uring_buf_ring_advance(buffer_ring_, 1);
}

void Ring::turn(nanoseconds patience) {
  constexpr long long kBillion = 1'000'000'000;
  __kernel_timespec limit{.tv_sec = patience.count() / kBillion,
                          .tv_nsec = patience.count() % kBillion};
  io_uring_cqe* first = nullptr;
  const int result = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr);
  if (result != -ETIME && result != -EINTR) require(result, "io_uring_enter");

  unsigned head = 0;
  unsigned served = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    ++served;
    tell(*cqe);
  }
  io_uring_cq_advance(&ring_, served);
}

void Ring::tell(const io_uring_cqe& cqe) {
  auto* actor = reinterpret_cast<Actor*>(cqe.user_data & ~std::uint64_t{kOperations - 1});
  if (actor == nullptr) return;
  actor->ended(static_cast<unsigned>(cqe.user_data & (kOperations - 1)), cqe);
}

}  // namespace bench
