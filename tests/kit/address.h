// SOCKADDRs as drivers fill them.
#pragma once

#include <wdm.h>
#include <ws2def.h>
#include <ws2ipdef.h>

#include <cstdint>

#include "kit/peer.h"

namespace wskrun::tests {

struct Sockaddr {
  SOCKADDR_STORAGE storage{};
  PSOCKADDR get() { return reinterpret_cast<PSOCKADDR>(&storage); }
};

inline Sockaddr ipv4(std::uint32_t address, std::uint16_t port) {
  Sockaddr made;
  auto& in = reinterpret_cast<SOCKADDR_IN&>(made.storage);
  in.sin_family = AF_INET;
  in.sin_port = RtlUshortByteSwap(port);
  in.sin_addr.s_addr = RtlUlongByteSwap(address);
  return made;
}

inline Sockaddr ipv6(const IN6_ADDR& address, std::uint16_t port) {
  Sockaddr made;
  auto& in6 = reinterpret_cast<SOCKADDR_IN6&>(made.storage);
  in6.sin6_family = AF_INET6;
  in6.sin6_port = RtlUshortByteSwap(port);
  in6.sin6_addr = address;
  return made;
}

inline Sockaddr loopback(std::uint16_t port, IpVersion version = IpVersion::k4) {
  if (version == IpVersion::k4) return ipv4(0x7F000001, port);
  IN6_ADDR one{};
  one.u.Byte[15] = 1;
  return ipv6(one, port);
}

inline Sockaddr wildcard(std::uint16_t port, IpVersion version = IpVersion::k4) {
  return version == IpVersion::k4 ? ipv4(0, port) : ipv6(IN6_ADDR{}, port);
}

inline std::size_t sockaddr_size(const SOCKADDR* address) {
  return address->sa_family == AF_INET ? sizeof(SOCKADDR_IN) : sizeof(SOCKADDR_IN6);
}

// The port lies at the same place in both families.
inline std::uint16_t port_of(const SOCKADDR_STORAGE& address) {
  return RtlUshortByteSwap(reinterpret_cast<const SOCKADDR_IN&>(address).sin_port);
}

}  // namespace wskrun::tests
