// Linux sockets behind the Socket interface. Windows' rules where the two differ: a port whose old
// connections linger in TIME_WAIT can be bound, and IPv6 sockets take no IPv4 unless asked to.
#include "net/posix_socket.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace wskrun::net {
namespace {

Error last_error() {
  return Error(errno);
}

Error set_int(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0 ? Error() : last_error();
}

Error get_int(int fd, int level, int name, int& value) {
  socklen_t length = sizeof value;
  return ::getsockopt(fd, level, name, &value, &length) == 0 ? Error() : last_error();
}

using AddressCall = int (*)(int, sockaddr*, socklen_t*);

Address ask_address(int fd, AddressCall call) {
  SocketAddress address;
  if (call(fd, address.get(), &address.length) != 0) return Address{};
  return from_socket_address(*address.get());
}

int linux_domain(Family family) {
  return family == Family::kIpv4 ? AF_INET : AF_INET6;
}

int linux_type(SocketKind kind) {
  switch (kind) {
    case SocketKind::kStream:
      return SOCK_STREAM;
    case SocketKind::kDatagram:
      return SOCK_DGRAM;
    case SocketKind::kRaw:
    case SocketKind::kAddressNews:
      return SOCK_RAW;
  }
  return 0;
}

// Raw sockets are of one family.
bool may_get_ipv4(Family family, SocketKind kind) {
  return family == Family::kIpv4 || kind == SocketKind::kDatagram;
}

// The address that datagrams were sent to tells broadcasts and multicasts apart. An IPv6 socket may
// get IPv4 datagrams, and says in both ways where those came to.
Error ask_for_destination(int fd, Family family, SocketKind kind) {
  const Error error = may_get_ipv4(family, kind) ? set_int(fd, IPPROTO_IP, IP_PKTINFO, 1) : Error();
  if (!error.ok() || family == Family::kIpv4) return error;
  return set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

// Linux gives a socket the multicasts of every group that any socket of the host has joined, unless
// told that those of its own are enough.
Error hear_own_groups_only(int fd, Family family, SocketKind kind) {
  const Error error =
      may_get_ipv4(family, kind) ? set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) : Error();
  if (!error.ok() || family == Family::kIpv4) return error;
  return set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
}

// What each kind of socket starts with.
Error prepare(int fd, Family family, SocketKind kind) {
  // Urgent bytes are bytes of the stream. Accepted connections take this over from their listener.
  if (kind == SocketKind::kStream) {
    if (const Error error = set_int(fd, SOL_SOCKET, SO_OOBINLINE, 1); !error.ok()) return error;
  } else {
    if (const Error error = hear_own_groups_only(fd, family, kind); !error.ok()) return error;
  }
  // Raw sockets have no such thing.
  const bool may_be_dual = family == Family::kIpv6 && kind != SocketKind::kRaw;
  return may_be_dual ? set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) : Error();
}

// Only the kernel knows the broadcast addresses of its networks: it refuses to connect to one.
bool may_be_broadcast(std::uint32_t ipv4) {
  const UniqueFd trial(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = ipv4;
  if (!trial) return true;
  const auto* wanted = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(trial.get(), wanted, sizeof address) != 0;
}

// Whatever comes to a socket bound to `address` was sent to this one host.
bool is_of_one_host(const Address& address) {
  if (is_unspecified(address)) return false;
  const bool mapped = is_mapped_ipv4(address);
  if (address.family == Family::kIpv6 && !mapped) return address.ip[0] != 0xff;
  std::uint32_t ipv4 = 0;
  std::memcpy(&ipv4, address.ip.data() + (mapped ? kMappedIpv4Prefix.size() : 0), sizeof ipv4);
  return !IN_MULTICAST(ntohl(ipv4)) && !may_be_broadcast(ipv4);
}

Error subscribe_to_news(int fd, Family family) {
  sockaddr_nl groups{};
  groups.nl_family = AF_NETLINK;
  groups.nl_groups =
      RTMGRP_LINK | (family == Family::kIpv4 ? RTMGRP_IPV4_IFADDR : RTMGRP_IPV6_IFADDR);
  const auto* address = reinterpret_cast<const sockaddr*>(&groups);
  return ::bind(fd, address, sizeof groups) == 0 ? Error() : last_error();
}

}  // namespace

SocketAddress to_socket_address(const Address& address) {
  SocketAddress result;
  if (address.family == Family::kIpv4) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(address.port);
    std::memcpy(&ipv4.sin_addr, address.ip.data(), sizeof ipv4.sin_addr);
    std::memcpy(&result.storage, &ipv4, sizeof ipv4);
    result.length = sizeof ipv4;
  } else {
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(address.port);
    ipv6.sin6_flowinfo = address.flow_info;
    ipv6.sin6_scope_id = address.scope_id;
    std::memcpy(&ipv6.sin6_addr, address.ip.data(), sizeof ipv6.sin6_addr);
    std::memcpy(&result.storage, &ipv6, sizeof ipv6);
    result.length = sizeof ipv6;
  }
  return result;
}

Address from_socket_address(const sockaddr& address) {
  Address result;
  if (address.sa_family == AF_INET) {
    sockaddr_in ipv4;
    std::memcpy(&ipv4, &address, sizeof ipv4);
    result.port = ntohs(ipv4.sin_port);
    std::memcpy(result.ip.data(), &ipv4.sin_addr, sizeof ipv4.sin_addr);
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 ipv6;
    std::memcpy(&ipv6, &address, sizeof ipv6);
    result.family = Family::kIpv6;
    result.port = ntohs(ipv6.sin6_port);
    result.flow_info = ipv6.sin6_flowinfo;
    result.scope_id = ipv6.sin6_scope_id;
    std::memcpy(result.ip.data(), &ipv6.sin6_addr, sizeof ipv6.sin6_addr);
  }
  return result;
}

std::unique_ptr<PosixSocket> PosixSocket::create(const SocketSpec& spec, Blocking blocking,
                                                 Error& error) {
  const bool news = spec.kind == SocketKind::kAddressNews;
  const int flags = SOCK_CLOEXEC | (blocking == Blocking::kNo ? SOCK_NONBLOCK : 0);
  UniqueFd fd(::socket(news ? AF_NETLINK : linux_domain(spec.family), linux_type(spec.kind) | flags,
                       news ? NETLINK_ROUTE : spec.protocol));
  if (!fd) {
    error = last_error();
    return nullptr;
  }
  error =
      news ? subscribe_to_news(fd.get(), spec.family) : prepare(fd.get(), spec.family, spec.kind);
  if (!error.ok()) return nullptr;
  return std::unique_ptr<PosixSocket>(new PosixSocket(std::move(fd), spec.kind, false));
}

std::unique_ptr<PosixSocket> PosixSocket::adopt(UniqueFd connection, std::optional<Address> local,
                                                std::optional<Address> remote) {
  std::unique_ptr<PosixSocket> socket(
      new PosixSocket(std::move(connection), SocketKind::kStream, true));
  socket->local_ = local;
  socket->remote_ = remote;
  return socket;
}

std::unique_ptr<PosixSocket> PosixSocket::take_back(UniqueFd fd) {
  return std::unique_ptr<PosixSocket>(new PosixSocket(std::move(fd), SocketKind::kStream, false));
}

// Linux' SO_REUSEADDR is what Windows does by itself: it lets connections in TIME_WAIT be. It is
// set after the bind when the kernel chooses the port, because it would let the kernel choose one
// that another socket has. For datagrams it would mean another thing, sharing the address.
Error PosixSocket::bind(const Address& address) {
  const SocketAddress wanted = to_socket_address(address);
  if (kind_ != SocketKind::kStream) {
    if (!is_of_one_host(address)) {
      const Error error = ask_for_destination(fd_.get(), address.family, kind_);
      if (!error.ok()) return error;
    }
    return ::bind(fd_.get(), wanted.get(), wanted.length) == 0 ? Error() : last_error();
  }
  const auto reuse = [this] { return set_int(fd_.get(), SOL_SOCKET, SO_REUSEADDR, 1); };
  if (address.port != 0) {
    if (const Error error = reuse(); !error.ok()) return error;
  }
  if (::bind(fd_.get(), wanted.get(), wanted.length) != 0) return last_error();
  return reuse();
}

Error PosixSocket::listen() {
  constexpr int kLargestBacklog = 1 << 16;  // The kernel cuts it down to net.core.somaxconn.
  return ::listen(fd_.get(), kLargestBacklog) == 0 ? Error() : last_error();
}

Address PosixSocket::local_address() const {
  return local_ ? *local_ : local_address_of(fd_.get());
}

Address PosixSocket::remote_address() const {
  return remote_ ? *remote_ : remote_address_of(fd_.get());
}

Address local_address_of(int fd) {
  return ask_address(fd, ::getsockname);
}

Address remote_address_of(int fd) {
  return ask_address(fd, ::getpeername);
}

void set_no_delay(int fd) {
  // A connection that has died refuses; the send that follows will say so.
  static_cast<void>(set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1));
}

Error take_socket_error(int fd) {
  int pending = 0;
  const Error failed = get_int(fd, SOL_SOCKET, SO_ERROR, pending);
  return failed.ok() ? Error(pending) : failed;
}

void PosixSocket::drop_connection() {
  static_cast<void>(net::drop_connection(fd_.get()));  // There may be none.
}

bool drop_connection(int fd) {
  sockaddr unspecified{};
  unspecified.sa_family = AF_UNSPEC;
  return ::connect(fd, &unspecified, sizeof unspecified) == 0;
}

void forget_connect(int fd, const Address& bound) {
  static_cast<void>(drop_connection(fd));
  if (bound.port == 0) return;
  // The kernel forgets a port that it chose itself, but our owner may have told it to others. This
  // fails if it has not forgotten, and if another socket took it: then connect() chooses a new one.
  const SocketAddress wanted = to_socket_address(bound);
  static_cast<void>(::bind(fd, wanted.get(), wanted.length));
}

FinState fin_state(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return FinState::kAcknowledged;
  switch (info.tcpi_state) {
    case TCP_FIN_WAIT2:
    case TCP_TIME_WAIT:
    case TCP_CLOSE:  // Both ends said FIN, or the connection died: SO_ERROR knows.
      return FinState::kAcknowledged;
    default:
      return FinState::kInFlight;
  }
}

bool lost_one_connection(Error error) {
  switch (error.code()) {
    case ECONNABORTED:
    case EPROTO:
    case EINTR:
    case EAGAIN:
      return true;
    default:
      return false;
  }
}

bool is_shortage(Error error) {
  switch (error.code()) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
      return true;
    default:
      return false;
  }
}

bool concerns_one_send(Error error) {
  switch (error.code()) {
    case EFAULT:
    case EINVAL:
    case EMSGSIZE:
    case ENOMEM:
    case ENOBUFS:
      return true;
    default:
      return false;
  }
}

bool concerns_an_earlier_send(Error error) {
  switch (error.code()) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EPROTO:
    case EMSGSIZE:
      return true;
    default:
      return false;
  }
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));  // As it was is good enough.
}

}  // namespace wskrun::net
