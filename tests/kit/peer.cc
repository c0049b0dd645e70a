// Plain sockets, plain calls.
#include "kit/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace wskrun::tests {
namespace {

constexpr int kLimitMs = 60'000;

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string("peer: ") + what + ": " + std::strerror(errno));
}

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* address() { return reinterpret_cast<sockaddr*>(&storage); }
};

Endpoint loopback(std::uint16_t port, IpVersion version) {
  Endpoint endpoint;
  if (version == IpVersion::k4) {
    auto& in = reinterpret_cast<sockaddr_in&>(endpoint.storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    endpoint.size = sizeof in;
  } else {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(endpoint.storage);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    in6.sin6_addr = in6addr_loopback;
    endpoint.size = sizeof in6;
  }
  return endpoint;
}

Endpoint wildcard(IpVersion version) {
  Endpoint endpoint;
  endpoint.storage.ss_family = version == IpVersion::k4 ? AF_INET : AF_INET6;
  endpoint.size = version == IpVersion::k4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  return endpoint;
}

int new_socket(IpVersion version) {
  const int fd = ::socket(version == IpVersion::k4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
  if (fd < 0) fail("socket");
  return fd;
}

std::uint16_t port_of(int fd) {
  Endpoint endpoint;
  endpoint.size = sizeof endpoint.storage;
  if (::getsockname(fd, endpoint.address(), &endpoint.size) != 0) fail("getsockname");
  return ntohs(reinterpret_cast<sockaddr_in&>(endpoint.storage).sin_port);  // Same place in both.
}

void send_at_once(int fd) {
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

// What a call says of a connection that was reset: the first one, the next, and every one where
// connect() had the first word.
bool is_reset(int error) {
  return error == ECONNRESET || error == EPIPE || error == ENOTCONN;
}

// A connection that was made and reset at once counts as made: what follows will meet the reset.
void connect_fd(int fd, Endpoint& endpoint) {
  const bool made = ::connect(fd, endpoint.address(), endpoint.size) == 0 || errno == ECONNRESET;
  if (!made) fail("connect");
  send_at_once(fd);
}

void wait_for(int fd, short events) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};  // POLLERR is always reported.
  const int ready = ::poll(&entry, 1, kLimitMs);
  if (ready < 0) fail("poll");
  if (ready == 0) throw std::runtime_error("peer: what it waits for does not come");
}

}  // namespace

Peer Peer::connect(std::uint16_t port, IpVersion version) {
  Peer peer(new_socket(version));
  Endpoint endpoint = loopback(port, version);
  connect_fd(peer.fd_, endpoint);
  return peer;
}

Peer Peer::connect_to(std::uint32_t ipv4_address, std::uint16_t port) {
  Peer peer(new_socket(IpVersion::k4));
  Endpoint endpoint = loopback(port, IpVersion::k4);
  reinterpret_cast<sockaddr_in&>(endpoint.storage).sin_addr.s_addr = htonl(ipv4_address);
  connect_fd(peer.fd_, endpoint);
  return peer;
}

Peer::Peer(Peer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Peer& Peer::operator=(Peer&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Peer::~Peer() {
  close();
}

void Peer::send(std::string_view data) {
  while (!data.empty()) {
    wait_for(fd_, POLLOUT);
    const ssize_t size = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) continue;
    if (size < 0) fail("send");
    data.remove_prefix(static_cast<std::size_t>(size));
  }
}

std::size_t Peer::send_what_fits(std::string_view data) {
  std::size_t total = 0;
  while (total < data.size()) {
    const ssize_t size =
        ::send(fd_, data.data() + total, data.size() - total, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || is_reset(errno))) break;
    if (size < 0) fail("send");
    total += static_cast<std::size_t>(size);
  }
  return total;
}

std::string Peer::receive(std::size_t size) {
  std::string data(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    wait_for(fd_, POLLIN);
    const ssize_t step = ::recv(fd_, data.data() + got, size - got, 0);
    if (step < 0) fail("recv");
    if (step == 0) throw std::runtime_error("peer: the connection ended too early");
    got += static_cast<std::size_t>(step);
  }
  return data;
}

std::string Peer::receive_to_end() {
  std::string data;
  char buffer[65536];
  while (true) {
    wait_for(fd_, POLLIN);
    const ssize_t step = ::recv(fd_, buffer, sizeof buffer, 0);
    if (step < 0) fail("recv");
    if (step == 0) return data;
    data.append(buffer, static_cast<std::size_t>(step));
  }
}

std::size_t Peer::waiting() const {
  int size = 0;
  if (::ioctl(fd_, FIONREAD, &size) != 0) fail("FIONREAD");
  return static_cast<std::size_t>(size);
}

std::size_t Peer::unacknowledged() const {
  int size = 0;
  if (::ioctl(fd_, TIOCOUTQ, &size) != 0) fail("TIOCOUTQ");
  return static_cast<std::size_t>(size);
}

bool Peer::ends_orderly() {
  char buffer[65536];
  while (true) {
    wait_for(fd_, POLLIN);
    const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
    if (size == 0) return true;
    if (size < 0 && is_reset(errno)) return false;
    if (size < 0) fail("recv");
  }
}

void Peer::wait_reset() {
  wait_for(fd_, 0);
}

void Peer::shutdown_send() {
  if (::shutdown(fd_, SHUT_WR) != 0) fail("shutdown");
}

void Peer::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  if (::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now) != 0) fail("SO_LINGER");
  close();
}

void Peer::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::uint16_t Peer::local_port() const {
  return port_of(fd_);
}

std::uint16_t Peer::remote_port() const {
  Endpoint endpoint;
  endpoint.size = sizeof endpoint.storage;
  if (::getpeername(fd_, endpoint.address(), &endpoint.size) != 0) fail("getpeername");
  return ntohs(reinterpret_cast<sockaddr_in&>(endpoint.storage).sin_port);
}

PeerListener::PeerListener(IpVersion version, At at) : fd_(new_socket(version)) {
  Endpoint endpoint = at == At::kLoopback ? loopback(0, version) : wildcard(version);
  if (::bind(fd_, endpoint.address(), endpoint.size) != 0) fail("bind");
  if (::listen(fd_, SOMAXCONN) != 0) fail("listen");
  port_ = port_of(fd_);
}

PeerListener::PeerListener(PeerListener&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), port_(other.port_) {}

PeerListener::~PeerListener() {
  if (fd_ >= 0) ::close(fd_);
}

Peer PeerListener::accept() {
  wait_for(fd_, POLLIN);
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) fail("accept");
  send_at_once(fd);
  return Peer(fd);
}

SilentPort::SilentPort(std::uint16_t port) : fd_(new_socket(IpVersion::k4)) {
  const int one = 1;
  ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);  // Old connections do not matter.
  Endpoint endpoint = loopback(port, IpVersion::k4);
  if (::bind(fd_, endpoint.address(), endpoint.size) == 0) return;
  ::close(fd_);
  fail("bind");
}

SilentPort::~SilentPort() {
  ::close(fd_);
}

std::uint16_t SilentPort::port() const {
  return port_of(fd_);
}

}  // namespace wskrun::tests
