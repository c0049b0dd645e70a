// Plain calls.
#include "kit/udp.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace wskrun::tests {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string("UDP peer: ") + what + ": " + std::strerror(errno));
}

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
  sockaddr* address() { return reinterpret_cast<sockaddr*>(&storage); }
};

Endpoint ipv4_endpoint(std::uint32_t address, std::uint16_t port) {
  Endpoint endpoint;
  auto& in = reinterpret_cast<sockaddr_in&>(endpoint.storage);
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  in.sin_addr.s_addr = htonl(address);
  endpoint.size = sizeof in;
  return endpoint;
}

Endpoint loopback(IpVersion version, std::uint16_t port) {
  if (version == IpVersion::k4) return ipv4_endpoint(INADDR_LOOPBACK, port);
  Endpoint endpoint;
  auto& in6 = reinterpret_cast<sockaddr_in6&>(endpoint.storage);
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(port);
  in6.sin6_addr = in6addr_loopback;
  endpoint.size = sizeof in6;
  return endpoint;
}

void send(int fd, std::string_view data, Endpoint endpoint) {
  const ssize_t sent = ::sendto(fd, data.data(), data.size(), 0, endpoint.address(), endpoint.size);
  if (sent != static_cast<ssize_t>(data.size())) fail("sendto");
}

}  // namespace

int udp_open(IpVersion version) {
  const int fd = ::socket(version == IpVersion::k4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
  if (fd < 0) fail("socket");
  const int one = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &one, sizeof one);
  ::setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &one, sizeof one);  // Of IPv4 there is none.
  Endpoint endpoint = loopback(version, 0);
  if (::bind(fd, endpoint.address(), endpoint.size) != 0) fail("bind");
  return fd;
}

void udp_close(int fd) {
  ::close(fd);
}

void udp_send(int fd, std::string_view data, IpVersion version, std::uint16_t port) {
  send(fd, data, loopback(version, port));
}

void udp_send_to_ipv4(int fd, std::string_view data, std::uint32_t address, std::uint16_t port) {
  // Groups are reached through loopback, and so are broadcasts.
  const in_addr interface { htonl(INADDR_LOOPBACK) };
  ::setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface);
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof one);
  send(fd, data, ipv4_endpoint(address, port));
}

void udp_join(int fd, std::uint32_t group) {
  const ip_mreq membership{{htonl(group)}, {htonl(INADDR_LOOPBACK)}};
  if (::setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) {
    fail("IP_ADD_MEMBERSHIP");
  }
}

std::string udp_receive(int fd) {
  return udp_receive_marked(fd).data;
}

std::string udp_receive_from(int fd, std::uint16_t& sender_port) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, 60'000) != 1) throw std::runtime_error("UDP peer: nothing comes");
  std::string data(70'000, '\0');
  Endpoint sender;
  const ssize_t size = ::recvfrom(fd, data.data(), data.size(), 0, sender.address(), &sender.size);
  if (size < 0) fail("recvfrom");
  data.resize(static_cast<std::size_t>(size));
  sender_port = ntohs(reinterpret_cast<sockaddr_in&>(sender.storage).sin_port);
  return data;
}

void udp_hear_only_ipv4(int fd, std::uint32_t address, std::uint16_t port) {
  Endpoint from = ipv4_endpoint(address, port);
  if (::connect(fd, from.address(), from.size) != 0) fail("connect");
}

void udp_send_marked(int fd, const MarkedDatagram& datagram, IpVersion version,
                     std::uint16_t port) {
  const bool ipv4 = version == IpVersion::k4;
  Endpoint to = loopback(version, port);
  iovec bytes{const_cast<char*>(datagram.data.data()), datagram.data.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_name = to.address();
  message.msg_namelen = to.size;
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr& mark = *CMSG_FIRSTHDR(&message);
  mark.cmsg_level = ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
  mark.cmsg_type = ipv4 ? IP_TOS : IPV6_TCLASS;
  mark.cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(&mark), &datagram.mark, sizeof(int));
  if (::sendmsg(fd, &message, 0) != static_cast<ssize_t>(bytes.iov_len)) fail("sendmsg");
}

MarkedDatagram udp_receive_marked(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, 60'000) != 1) throw std::runtime_error("UDP peer: nothing comes");
  MarkedDatagram datagram{std::string(70'000, '\0'), 0};
  iovec bytes{datagram.data.data(), datagram.data.size()};
  alignas(cmsghdr) char control[256];
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t size = ::recvmsg(fd, &message, 0);
  if (size < 0) fail("recvmsg");
  datagram.data.resize(static_cast<std::size_t>(size));
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_TOS) {
      datagram.mark = *CMSG_DATA(each);  // A byte; IPv6's is an int.
    } else if (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_TCLASS) {
      std::memcpy(&datagram.mark, CMSG_DATA(each), sizeof(int));
    }
  }
  return datagram;
}

bool udp_waits(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 1;
}

std::uint16_t udp_port(int fd) {
  Endpoint endpoint;
  if (::getsockname(fd, endpoint.address(), &endpoint.size) != 0) fail("getsockname");
  return ntohs(reinterpret_cast<sockaddr_in&>(endpoint.storage).sin_port);
}

}  // namespace wskrun::tests
