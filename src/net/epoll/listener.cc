// Accepting with accept4.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/epoll/epoll_listener.h"

namespace wskrun::net {
namespace {

constexpr int kConnectionsPerTurn = 64;

}  // namespace

void EpollListener::attach() {
  const Error error = loop_.watch(fd(), EPOLLIN, *this);
  if (!error.ok()) accept_failed(error);
}

void EpollListener::on_event(std::uint32_t) {
  ready_ = true;
  progress();
}

void EpollListener::accept() {
  for (int connections = 0; ready_ && wants_connections(); ++connections) {
    if (connections == kConnectionsPerTurn) return progress_later();
    SocketAddress remote;
    UniqueFd connection(
        ::accept4(fd(), remote.get(), &remote.length, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection) {
      deliver(std::move(connection), from_socket_address(*remote.get()));
    } else if (errno == EAGAIN) {
      ready_ = false;
    } else {
      accept_failed(Error(errno));
    }
  }
}

}  // namespace wskrun::net
