// Requests and completions of one stream.
#include <poll.h>

#include <cerrno>

#include "base/check.h"
#include "net/uring/uring_stream.h"

namespace wskrun::net {

void UringStream::start(io_uring_sqe& request, Operation operation) {
  UringLoop::address(request, *this, operation);
  with_kernel_.add(operation);
}

void UringStream::stop(Operation operation) {
  if (!with_kernel_.has(operation) || stopped_.has(operation)) return;
  stopped_.add(operation);
  ring().cancel(*this, operation);
}

void UringStream::on_completion(unsigned operation, const io_uring_cqe& cqe) {
  if ((cqe.flags & IORING_CQE_F_MORE) == 0) {
    with_kernel_.remove(operation);
    stopped_.remove(operation);
  }
  switch (operation) {
    case kReceive:
      on_receive(cqe);
      break;
    case kReadable:
      on_readable();
      break;
    case kWatch:
      on_watch(cqe);
      break;
    case kSend:
      on_send(cqe.res);
      break;
    case kConnect:
      remote_.reset();
      connect_ended(cqe.res == 0 ? Error() : Error(-cqe.res));
      break;
  }
  progress();
}

void UringStream::begin_connect(const SocketAddress& remote) {
  remote_ = std::make_unique<SocketAddress>(remote);
  io_uring_sqe& request = ring().next_request();
  io_uring_prep_connect(&request, fd(), remote_->get(), remote_->length);
  start(request, kConnect);
}

void UringStream::abandon_connect() {
  stop(kConnect);
}

void UringStream::receive() {
  if (!wants_data()) {
    stop(kReceive);
    if (!with_kernel_.has(kWatch) && !watch_ended_ && can_be_reset()) start_watch();
    if (error_seen_ && !with_kernel_.has(kReceive)) {
      error_seen_ = false;
      check_for_reset();
    }
    return;
  }
  if (with_kernel_.has(kReceive) || with_kernel_.has(kReadable)) return;
  if (out_of_buffers_) {
    // Who got nothing of them asks first: or the same stream would take them all again.
    if (got_some_ && ring().is_serving()) return progress_later();
    ring().buffer_ring().refill();
    out_of_buffers_ = ring().buffer_ring().empty();
  }
  out_of_buffers_ ? start_waiting() : start_receive();
}

void UringStream::start_receive() {
  got_some_ = false;
  io_uring_sqe& request = ring().next_request();
  io_uring_prep_recv_multishot(&request, fd(), nullptr, 0, 0);
  request.flags |= IOSQE_BUFFER_SELECT;
  request.buf_group = ring().buffer_ring().group();
  start(request, kReceive);
}

void UringStream::start_waiting() {
  io_uring_sqe& request = ring().next_request();
  io_uring_prep_poll_add(&request, fd(), POLLIN);
  start(request, kReadable);
}

// Errors and hang-ups are reported without being asked for. So is the peer's FIN: a watch that
// ended with its first report would have nothing left to say when the reset comes.
void UringStream::start_watch() {
  io_uring_sqe& request = ring().next_request();
  io_uring_prep_poll_multishot(&request, fd(), 0);
  start(request, kWatch);
}

// One answer of the standing request. The kernel ends it when it leaves out F_MORE; receive()
// starts the next one.
void UringStream::on_receive(const io_uring_cqe& cqe) {
  Chunk chunk = ring().buffer_ring().take(cqe);
  if (cqe.res > 0) {
    got_some_ = true;
    return deliver(std::move(chunk));
  }
  switch (-cqe.res) {
    case 0:
      return deliver_fin();
    case ENOBUFS:
      out_of_buffers_ = true;
      return;
    case ECANCELED:
    case EAGAIN:
    case EINTR:
      return;
    default:
      return lose(Error(-cqe.res));
  }
}

void UringStream::on_readable() {
  if (!wants_data()) return;
  if (receive_into_reserve() == ReserveResult::kNoRoom) wait_for_memory();
}

// While somebody receives, the receive meets the error, after the data; see receive().
void UringStream::on_watch(const io_uring_cqe& cqe) {
  if (cqe.res > 0 && (cqe.res & (POLLERR | POLLHUP)) != 0) error_seen_ = true;
  if ((cqe.flags & IORING_CQE_F_MORE) == 0 && cqe.res != -ECANCELED) watch_ended_ = true;
}

void UringStream::begin_send() {
  const std::span<iovec> batch = next_batch(ring().send_scratch());
  if (batch.empty()) return;
  ring().request_send(fd(), batch, *this, kSend);
  with_kernel_.add(kSend);
}

void UringStream::abandon_send() {
  stop(kSend);
}

void UringStream::on_send(int result) {
  if (result > 0) return bytes_sent(static_cast<std::size_t>(result));
  CHECK(result != 0);
  if (result != -EAGAIN && result != -EINTR) send_failed(Error(-result));
}

// What ends by itself is not cancelled: the kernel would search for it, the longer the more
// operations the ring has. A multishot poll never does.
bool UringStream::detach() {
  if (!is_dropped()) {
    stop(kReceive);
    stop(kReadable);
  }
  stop(kWatch);
  stop(kSend);
  stop(kConnect);
  return with_kernel_.empty();
}

}  // namespace wskrun::net
