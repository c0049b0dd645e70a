// The ring: filling it, waiting on it, and passing completions on; and the transport over it.
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "net/basic_transport.h"
#include "net/uring/uring_datagram.h"
#include "net/uring/uring_listener.h"
#include "net/uring/uring_loop.h"
#include "net/uring/uring_stream.h"

namespace wskrun::net {
namespace {

constexpr unsigned kRequests = 1024;
constexpr unsigned kCompletions = 8192;
constexpr unsigned kCompletionsPerTurn = 512;

// What is no handler's: these are no addresses of one.
constexpr std::uint64_t kNobody = 0;
constexpr std::uint64_t kWakeup = 1;

// Buffers of streams are large where the kernel fills them bit by bit, and smaller where each
// receive takes a whole one. A datagram has one to itself, with room for what comes with it. Some
// megabytes of them lie with the kernel, less where memory is tight.
constexpr std::size_t kLargeBuffer = std::size_t{64} << 10;
constexpr std::size_t kSmallBuffer = std::size_t{16} << 10;
constexpr std::size_t kDatagramBuffer = kLargestDatagram + (std::size_t{4} << 10);
constexpr std::size_t kPublishedBytes = std::size_t{2} << 20;
constexpr std::size_t kPublishedDatagramBytes = std::size_t{4} << 20;

std::uint64_t user_data(CompletionHandler& handler, unsigned operation) {
  return reinterpret_cast<std::uintptr_t>(&handler) | operation;
}

BufferPool::Shape pool_shape(const TransportOptions& options, const UringFeatures& features) {
  return {.buffer_bytes = features.incremental_buffers ? kLargeBuffer : kSmallBuffer,
          .total_bytes = options.receive_memory_bytes / options.loop_count};
}

// How many buffers of a pool may lie with the kernel.
unsigned most_published(const BufferPool& pool, std::size_t most_bytes) {
  const std::size_t bytes = std::min(most_bytes, pool.total_bytes() / 4);
  return static_cast<unsigned>(std::max<std::size_t>(1, bytes / pool.buffer_bytes()));
}

}  // namespace

UringLoop::Plan UringLoop::make_plan(const TransportOptions& options) {
  Plan plan;
  plan.error = find_uring_features(options.newest_kernel_features, plan.features);
  return plan;
}

UringLoop::UringLoop(unsigned index, const TransportOptions& options)
    : UringLoop(index, options, make_plan(options)) {}

UringLoop::UringLoop(unsigned index, const TransportOptions& options, const Plan& plan)
    : EventLoop(index, options, pool_shape(options, plan.features), kDatagramBuffer),
      plan_(plan),
      wakeup_(::eventfd(0, EFD_CLOEXEC)) {}

Error UringLoop::set_up() {
  if (!plan_.error.ok()) return plan_.error;
  if (!wakeup_) return Error(EMFILE);
  io_uring_params parameters{};
  parameters.flags = plan_.features.setup_flags | IORING_SETUP_CQSIZE;
  parameters.cq_entries = kCompletions;
  const int result = io_uring_queue_init_params(kRequests, &ring_, &parameters);
  if (result < 0) return Error(-result);
  const Error error = set_up_buffers();
  if (error.ok()) {
    await_wakeup();
  } else {
    io_uring_queue_exit(&ring_);
  }
  return error;
}

Error UringLoop::set_up_buffers() {
  const Error error =
      buffer_ring_.set_up(ring_, buffers(), most_published(buffers(), kPublishedBytes),
                          plan_.features.incremental_buffers);
  if (!error.ok()) return error;
  return datagram_ring_.set_up(ring_, datagram_buffers(),
                               most_published(datagram_buffers(), kPublishedDatagramBytes),
                               /*incremental=*/false);
}

void UringLoop::tear_down() {
  io_uring_queue_exit(&ring_);
  buffer_ring_.tear_down();
  datagram_ring_.tear_down();
}

io_uring_sqe& UringLoop::next_request() {
  io_uring_sqe* request = io_uring_get_sqe(&ring_);
  if (request == nullptr) {
    submit();
    request = io_uring_get_sqe(&ring_);
    CHECK(request != nullptr);
  }
  return *request;
}

void UringLoop::address(io_uring_sqe& request, CompletionHandler& handler, unsigned operation) {
  request.user_data = user_data(handler, operation);
}

// Nobody waits for the answer to a cancellation: the operation itself completes.
void UringLoop::cancel(CompletionHandler& handler, unsigned operation) {
  io_uring_sqe& request = next_request();
  io_uring_prep_cancel64(&request, user_data(handler, operation), 0);
  request.user_data = kNobody;
}

std::span<iovec> UringLoop::send_scratch() {
  if (kIovecs - iovecs_used_ < kLeastScratch || messages_used_ == kMessages) submit();
  return std::span(iovecs_).subspan(iovecs_used_);
}

void UringLoop::request_send(int fd, std::span<iovec> batch, CompletionHandler& handler,
                             unsigned operation) {
  if (batch.size() == 1) {
    io_uring_sqe& request = next_request();
    io_uring_prep_send(&request, fd, batch[0].iov_base, batch[0].iov_len, MSG_NOSIGNAL);
    return address(request, handler, operation);
  }
  msghdr& message = messages_[messages_used_++];
  message = msghdr{};
  message.msg_iov = batch.data();
  message.msg_iovlen = batch.size();
  if (batch.data() == iovecs_.data() + iovecs_used_) iovecs_used_ += batch.size();
  io_uring_sqe& request = next_request();
  io_uring_prep_sendmsg(&request, fd, &message, MSG_NOSIGNAL);
  address(request, handler, operation);
}

void UringLoop::submit() {
  const int result = io_uring_submit(&ring_);
  CHECK(result >= 0 || result == -EINTR || result == -EAGAIN || result == -EBUSY);
  forget_submitted();
}

// The kernel copies what a request points to when it takes the request.
void UringLoop::forget_submitted() {
  if (io_uring_sq_ready(&ring_) != 0) return;
  iovecs_used_ = 0;
  messages_used_ = 0;
}

void UringLoop::wait(std::optional<std::chrono::nanoseconds> timeout) {
  buffer_ring_.refill();
  const int result = enter(timeout);
  CHECK(result >= 0 || result == -ETIME || result == -EINTR || result == -EAGAIN ||
        result == -EBUSY);
  forget_submitted();
  serve_completions();
}

int UringLoop::enter(std::optional<std::chrono::nanoseconds> timeout) {
  if (!timeout.has_value()) return io_uring_submit_and_wait(&ring_, 1);
  if (timeout->count() == 0) return io_uring_submit_and_get_events(&ring_);
  constexpr long long kBillion = 1'000'000'000;
  __kernel_timespec limit{.tv_sec = timeout->count() / kBillion,
                          .tv_nsec = timeout->count() % kBillion};
  io_uring_cqe* first = nullptr;
  return io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr);
}

void UringLoop::serve_completions() {
  unsigned head = 0;
  unsigned served = 0;
  io_uring_cqe* cqe = nullptr;
  is_serving_ = true;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    if (served == kCompletionsPerTurn) break;
    ++served;
    if (cqe->user_data == kNobody) continue;
    if (cqe->user_data == kWakeup) {
      await_wakeup();
      continue;
    }
    auto* handler = reinterpret_cast<CompletionHandler*>(cqe->user_data & ~std::uint64_t{7});
    handler->on_completion(static_cast<unsigned>(cqe->user_data & 7), *cqe);
  }
  is_serving_ = false;
  io_uring_cq_advance(&ring_, served);
}

void UringLoop::await_wakeup() {
  io_uring_sqe& request = next_request();
  io_uring_prep_read(&request, wakeup_.get(), &wakes_, sizeof wakes_, 0);
  request.user_data = kWakeup;
}

void UringLoop::interrupt() {
  const std::uint64_t one = 1;
  CHECK(::write(wakeup_.get(), &one, sizeof one) == sizeof one);
}

std::unique_ptr<Transport> make_uring_transport(const TransportOptions& options, Error& error) {
  using UringTransport =
      BasicTransport<UringLoop, UringStream, UringListener, UringDatagram, Blocking::kYes>;
  return UringTransport::create("uring", options, error);
}

}  // namespace wskrun::net
