// The polls.
#include <poll.h>

#include <cerrno>

#include "net/uring/uring_datagram.h"

namespace wskrun::net {

void UringDatagram::attach() {
  watch_readable();
}

void UringDatagram::watch_readable() {
  io_uring_sqe& request = loop_.next_request();
  io_uring_prep_poll_multishot(&request, fd(), POLLIN);
  UringLoop::address(request, *this, kReadable);
  with_kernel_.add(kReadable);
}

void UringDatagram::await_writable() {
  if (with_kernel_.has(kWritable)) return;
  io_uring_sqe& request = loop_.next_request();
  io_uring_prep_poll_add(&request, fd(), POLLOUT);
  UringLoop::address(request, *this, kWritable);
  with_kernel_.add(kWritable);
}

void UringDatagram::on_completion(unsigned operation, const io_uring_cqe& cqe) {
  if ((cqe.flags & IORING_CQE_F_MORE) == 0) with_kernel_.remove(operation);
  if (detaching_) return progress();
  if (operation == kWritable) return writable();
  if (!with_kernel_.has(kReadable)) watch_readable();
  readable();
}

bool UringDatagram::detach() {
  if (with_kernel_.empty()) return true;
  if (!std::exchange(detaching_, true)) loop_.cancel_all(fd());
  return false;
}

}  // namespace wskrun::net
