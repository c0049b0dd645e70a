// The multishot accept.
#include <cerrno>

#include "net/uring/uring_listener.h"

namespace wskrun::net {

void UringListener::accept() {
  if (!wants_connections()) return stop();
  if (!with_kernel_) start();
}

void UringListener::start() {
  io_uring_sqe& request = loop_.next_request();
  io_uring_prep_multishot_accept(&request, fd(), nullptr, nullptr, SOCK_CLOEXEC);
  UringLoop::address(request, *this, kAccept);
  with_kernel_ = true;
}

void UringListener::stop() {
  if (!with_kernel_ || std::exchange(stopped_, true)) return;
  loop_.cancel(*this, kAccept);
}

bool UringListener::detach() {
  stop();
  return !with_kernel_;
}

void UringListener::on_completion(unsigned, const io_uring_cqe& cqe) {
  if ((cqe.flags & IORING_CQE_F_MORE) == 0) {
    with_kernel_ = false;
    stopped_ = false;
  }
  if (cqe.res >= 0) {
    deliver(UniqueFd(cqe.res));
  } else if (cqe.res != -ECANCELED) {
    accept_failed(Error(-cqe.res));
  }
  progress();
}

}  // namespace wskrun::net
