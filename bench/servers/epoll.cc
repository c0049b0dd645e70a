// Bare epoll, level-triggered: one receive for each readiness, and its bytes go back at once. What
// the socket does not take is kept, and nothing more is received until it is gone.
//
// bench: epoll echo sink source
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include "common/listen.h"

namespace {

struct Connection {
  int fd = -1;
  bool awaits_room = false;
  std::vector<char> unsent;
};

class Server {
 public:
  explicit Server(std::string_view mode) : mode_(mode) {}
  [[noreturn]] void run();

 private:
  void watch(Connection& connection, unsigned events, int operation);
  void accept_all();
  void ready(Connection* connection);
  bool receive(Connection& connection);
  bool send_kept(Connection& connection);
  bool send_pieces(Connection& connection);
  bool send(Connection& connection, const char* bytes, std::size_t count);

  const std::string_view mode_;
  const int listener_ = open_server(SOCK_STREAM | SOCK_NONBLOCK);
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::vector<char> buffer_ = std::vector<char>(kPieceBytes, 's');
};

void Server::run() {
  Connection listener{.fd = listener_, .unsent = {}};
  watch(listener, EPOLLIN, EPOLL_CTL_ADD);
  say_address(listener_);
  std::array<epoll_event, 512> events{};
  for (;;) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection == &listener) {
        accept_all();
      } else {
        ready(connection);
      }
    }
  }
}

void Server::watch(Connection& connection, unsigned events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &connection;
  epoll_ctl(epoll_, operation, connection.fd, &event);
}

void Server::accept_all() {
  for (int fd = 0;
       (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    set_nodelay(fd);
    auto* connection = new Connection{.fd = fd, .unsent = {}};
    watch(*connection, mode_ == "source" ? EPOLLOUT : EPOLLIN, EPOLL_CTL_ADD);
  }
}

void Server::ready(Connection* connection) {
  bool is_alive = true;
  if (mode_ == "source") {
    is_alive = send_pieces(*connection);
  } else if (connection->awaits_room) {
    is_alive = send_kept(*connection);
  } else {
    is_alive = receive(*connection);
  }
  if (is_alive) return;
  close(connection->fd);
  delete connection;
}

// False here and below: the connection is over.
bool Server::receive(Connection& connection) {
  const ssize_t count = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
  if (count < 0) return errno == EAGAIN;
  if (count == 0) return false;
  return mode_ == "sink" || send(connection, buffer_.data(), static_cast<std::size_t>(count));
}

bool Server::send(Connection& connection, const char* bytes, std::size_t count) {
  const ssize_t sent = ::send(connection.fd, bytes, count, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return false;
  const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (done == count) return true;
  connection.unsent.assign(bytes + done, bytes + count);
  connection.awaits_room = true;
  watch(connection, EPOLLOUT, EPOLL_CTL_MOD);
  return true;
}

bool Server::send_kept(Connection& connection) {
  const std::vector<char> kept = std::move(connection.unsent);
  connection.awaits_room = false;
  if (!send(connection, kept.data(), kept.size())) return false;
  if (!connection.awaits_room) watch(connection, EPOLLIN, EPOLL_CTL_MOD);
  return true;
}

bool Server::send_pieces(Connection& connection) {
  const ssize_t sent = ::send(connection.fd, buffer_.data(), buffer_.size(), MSG_NOSIGNAL);
  return sent > 0 || errno == EAGAIN;
}

}  // namespace

int main(int argc, char** argv) {
  Server(mode_of(argc, argv)).run();
}
