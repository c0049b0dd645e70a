// The socket's life, and the errors that no load should meet.
#include "generator/connection.h"

#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

namespace bench {
namespace {

constexpr unsigned kSocketsPerAddress = 20'000;

void set(int socket, int level, int option) {
  const int on = 1;
  setsockopt(socket, level, option, &on, sizeof on);
}

}  // namespace

int open_socket(int type, unsigned index) {
  const int socket = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (socket < 0) throw std::runtime_error(fmt::format("socket: {}", std::strerror(errno)));
  if (type == SOCK_STREAM) set(socket, IPPROTO_TCP, TCP_NODELAY);
  set(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + index / kSocketsPerAddress);
  if (bind(socket, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0) {
    throw std::runtime_error(fmt::format("bind: {}", std::strerror(errno)));
  }
  return socket;
}

Connection::~Connection() {
  if (socket_ >= 0) close(socket_);
}

void Connection::open(const sockaddr_in& server) {
  server_ = server;
  socket_ = open_socket(SOCK_STREAM, index_);
  io_uring_prep_connect(&ring_.prepare(*this, kConnect), socket_,
                        reinterpret_cast<const sockaddr*>(&server_), sizeof server_);
}

void Connection::hang_up() {
  constexpr linger kReset{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &kReset, sizeof kReset);
  has_hung_up_ = true;
  ring_.cancel(*this, kReceive);
}

void Connection::send(std::span<const char> bytes) {
  io_uring_prep_send(&ring_.prepare(*this, kSend), socket_, bytes.data(), bytes.size(),
                     MSG_NOSIGNAL | MSG_WAITALL);
}

void Connection::ended(unsigned operation, const io_uring_cqe& cqe) {
  if (has_hung_up_) return end_of_hung_up(operation, cqe);
  switch (operation) {
    case kConnect:
      if (cqe.res < 0) fail("cannot connect", -cqe.res);
      ring_.prepare_receive(*this, kReceive, socket_);
      return connected();
    case kSend:
      if (cqe.res < 0) fail("cannot send", -cqe.res);
      return sent(static_cast<std::size_t>(cqe.res));
    default:
      return receive_ended(cqe);
  }
}

void Connection::receive_ended(const io_uring_cqe& cqe) {
  if (cqe.res == 0) fail("the server ended the connection");
  if (cqe.res < 0 && cqe.res != -ENOBUFS) fail("cannot receive", -cqe.res);
  if (cqe.res > 0) {
    received(ring_.received(cqe));
    ring_.give_back(cqe);
  }
  if ((cqe.flags & IORING_CQE_F_MORE) == 0) ring_.prepare_receive(*this, kReceive, socket_);
}

void Connection::end_of_hung_up(unsigned operation, const io_uring_cqe& cqe) {
  if (operation != kReceive) return;
  if (cqe.res > 0) ring_.give_back(cqe);
  if ((cqe.flags & IORING_CQE_F_MORE) != 0) return;
  close(socket_);
  socket_ = -1;
}

void Connection::fail(const char* what, int error) const {
  throw std::runtime_error(
      error == 0 ? fmt::format("connection {}: {}", index_, what)
                 : fmt::format("connection {}: {}: {}", index_, what, std::strerror(error)));
}

}  // namespace bench
