// Address: an IPv4 or IPv6 transport address, in neither Linux' nor Windows' layout. Each side
// translates at its own border (posix_socket.cc here, sockaddr.cc in wsk).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace wskrun::net {

enum class Family : std::uint8_t { kIpv4, kIpv6 };

struct Address {
  Family family = Family::kIpv4;
  std::uint16_t port = 0;             // Host byte order.
  std::array<std::uint8_t, 16> ip{};  // Network byte order; IPv4 uses the first four.
  std::uint32_t flow_info = 0;        // IPv6 only, as on the wire.
  std::uint32_t scope_id = 0;         // IPv6 only: interface index.

  bool operator==(const Address&) const = default;
};

// IPv4 within IPv6: the last four bytes.
inline constexpr std::array<std::uint8_t, 12> kMappedIpv4Prefix{0, 0, 0, 0, 0,    0,
                                                                0, 0, 0, 0, 0xff, 0xff};

inline bool is_mapped_ipv4(const Address& address) {
  return address.family == Family::kIpv6 &&
         std::equal(kMappedIpv4Prefix.begin(), kMappedIpv4Prefix.end(), address.ip.begin());
}

// No address in particular, of either family: that of a socket bound to all of the host's.
inline bool is_unspecified(const Address& address) {
  const std::size_t prefix = is_mapped_ipv4(address) ? kMappedIpv4Prefix.size() : 0;
  return std::all_of(address.ip.begin() + prefix, address.ip.end(),
                     [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace wskrun::net
