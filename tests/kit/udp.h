// Plain UDP sockets for UdpPeer, apart from it because Linux' and Windows' headers for sockets do
// not go together. Each throws when the system refuses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kit/peer.h"

namespace wskrun::tests {

int udp_open(IpVersion version);  // Bound to a free port of loopback.
void udp_close(int fd);
void udp_send(int fd, std::string_view data, IpVersion version, std::uint16_t port);
void udp_send_to_ipv4(int fd, std::string_view data, std::uint32_t address, std::uint16_t port);
void udp_join(int fd, std::uint32_t group);  // On loopback.
std::string udp_receive(int fd);
std::string udp_receive_from(int fd, std::uint16_t& sender_port);
// From now on only what comes from there is received.
void udp_hear_only_ipv4(int fd, std::uint32_t address, std::uint16_t port);
// With a mark: IPv4's type of service, IPv6's traffic class.
struct MarkedDatagram {
  std::string data;
  int mark = 0;
};
void udp_send_marked(int fd, const MarkedDatagram& datagram, IpVersion version, std::uint16_t port);
MarkedDatagram udp_receive_marked(int fd);
bool udp_waits(int fd);  // A datagram has arrived.
std::uint16_t udp_port(int fd);

}  // namespace wskrun::tests
