// Reading and writing until the kernel says EAGAIN, a bounded number of times a turn.
#include <sys/epoll.h>

#include <cerrno>

#include "base/check.h"
#include "net/epoll/epoll_stream.h"

namespace wskrun::net {
namespace {

constexpr int kCallsAtOnce = 4;  // Of up to 64 KiB each; then it is the next stream's turn.

// For one piece, send() spares the kernel the reading of a msghdr.
ssize_t send_some(int fd, std::span<iovec> batch) {
  if (batch.size() == 1) return ::send(fd, batch[0].iov_base, batch[0].iov_len, MSG_NOSIGNAL);
  msghdr message{};
  message.msg_iov = batch.data();
  message.msg_iovlen = batch.size();
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

}  // namespace

void EpollStream::attach() {
  const Error error = epoll().watch(fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI, *this);
  if (!error.ok()) lose(error);
}

void EpollStream::on_event(std::uint32_t events) {
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0) readable_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0) read_to_the_end_ = true;
  if ((events & EPOLLERR) != 0) error_seen_ = true;
  if (connecting_ && (events & (EPOLLOUT | EPOLLERR)) != 0) {
    connecting_ = false;
    connect_ended(take_socket_error(fd()));
  }
  progress();
}

void EpollStream::begin_connect(const SocketAddress& remote) {
  const int result = ::connect(fd(), remote.get(), remote.length);
  if (result != 0 && errno == EINPROGRESS) {
    connecting_ = true;
    return;
  }
  connect_ended(result == 0 ? Error() : Error(errno));
}

void EpollStream::abandon_connect() {
  connecting_ = false;
  connect_ended(Error(ECANCELED));
}

void EpollStream::receive() {
  for (int calls = 0; readable_ && wants_data(); ++calls) {
    if (calls == kCallsAtOnce) return progress_later();
    receive_once();
  }
  if (error_seen_ && is_connected() && !wants_data()) {
    error_seen_ = false;
    check_for_reset();
  }
}

void EpollStream::receive_once() {
  const std::span<std::byte> space = buffers().space();
  if (space.empty()) return receive_from_reserve();
  const ssize_t got = ::recv(fd(), space.data(), space.size(), 0);
  if (got > 0) {
    const auto bytes = static_cast<std::size_t>(got);
    // A short read has emptied the socket, and what comes later is a new event.
    if (bytes < space.size() && !read_to_the_end_) readable_ = false;
    return deliver(buffers().filled(bytes));
  }
  if (got == 0) return deliver_fin();
  if (errno == EINTR) return;
  if (errno != EAGAIN) return lose(Error(errno));
  readable_ = false;
  read_to_the_end_ = false;
}

void EpollStream::receive_from_reserve() {
  switch (receive_into_reserve()) {
    case ReserveResult::kReceived:
    case ReserveResult::kEnded:
      return;
    case ReserveResult::kNothingThere:
      readable_ = false;
      return;
    case ReserveResult::kNoRoom:
      return wait_for_memory();
  }
}

void EpollStream::begin_send() {
  for (int calls = 0; writable_ && is_connected(); ++calls) {
    const std::span<iovec> batch = next_batch(epoll().iovec_scratch());
    if (batch.empty()) return;
    if (calls == kCallsAtOnce) return progress_later();
    const ssize_t taken = send_some(fd(), batch);
    CHECK(taken != 0);
    if (taken > 0) {
      bytes_sent(static_cast<std::size_t>(taken));
    } else if (errno == EAGAIN) {
      writable_ = false;
    } else if (errno != EINTR) {
      send_failed(Error(errno));
    }
  }
}

}  // namespace wskrun::net
