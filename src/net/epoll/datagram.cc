// Readable and writable, as epoll says.
#include <sys/epoll.h>

#include "net/epoll/epoll_datagram.h"

namespace wskrun::net {

void EpollDatagram::attach() {
  const Error error = loop_.watch(fd(), EPOLLIN, *this);
  if (!error.ok()) give_up(error);
}

void EpollDatagram::await_writable() {
  if (std::exchange(awaits_writable_, true)) return;
  const Error error = loop_.watch_instead(fd(), EPOLLIN | EPOLLOUT, *this);
  if (!error.ok()) give_up(error);
}

void EpollDatagram::on_event(std::uint32_t events) {
  if (awaits_writable_ && (events & (EPOLLOUT | EPOLLERR)) != 0) {
    awaits_writable_ = false;
    const Error error = loop_.watch_instead(fd(), EPOLLIN, *this);  // Tells of EPOLLIN again.
    if (!error.ok()) give_up(error);
    return writable();
  }
  // An error of the socket lies where a receive finds it.
  if ((events & (EPOLLIN | EPOLLERR)) == 0) return;
  readable();
  progress();
}

}  // namespace wskrun::net
