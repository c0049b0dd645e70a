// Translation of transport addresses at the driver's border.
#include "wsk/sockaddr.h"

#include <cstring>

namespace wskrun::wsk {
namespace {

// Ports lie in network byte order in both of Windows' layouts.
std::uint16_t port_of(USHORT network_order) {
  return __builtin_bswap16(network_order);
}

}  // namespace

std::optional<net::Family> family_of(ADDRESS_FAMILY family) {
  if (family == AF_INET) return net::Family::kIpv4;
  if (family == AF_INET6) return net::Family::kIpv6;
  return std::nullopt;
}

ADDRESS_FAMILY windows_family(net::Family family) {
  return family == net::Family::kIpv4 ? AF_INET : AF_INET6;
}

std::optional<net::Address> address_of(const SOCKADDR* sockaddr) {
  if (sockaddr == nullptr) return std::nullopt;
  const std::optional<net::Family> family = family_of(sockaddr->sa_family);
  if (!family) return std::nullopt;
  net::Address address{.family = *family};
  if (*family == net::Family::kIpv4) {
    SOCKADDR_IN in;
    std::memcpy(&in, sockaddr, sizeof in);  // Drivers cast from buffers of any alignment.
    address.port = port_of(in.sin_port);
    std::memcpy(address.ip.data(), &in.sin_addr, sizeof in.sin_addr);
  } else {
    SOCKADDR_IN6 in6;
    std::memcpy(&in6, sockaddr, sizeof in6);
    address.port = port_of(in6.sin6_port);
    std::memcpy(address.ip.data(), &in6.sin6_addr, sizeof in6.sin6_addr);
    address.flow_info = in6.sin6_flowinfo;
    address.scope_id = in6.sin6_scope_id;
  }
  return address;
}

void store_address(const net::Address& address, SOCKADDR* sockaddr) {
  if (address.family == net::Family::kIpv4) {
    SOCKADDR_IN in = {};
    in.sin_family = AF_INET;
    in.sin_port = port_of(address.port);
    std::memcpy(&in.sin_addr, address.ip.data(), sizeof in.sin_addr);
    std::memcpy(static_cast<void*>(sockaddr), &in, sizeof in);
    return;
  }
  SOCKADDR_IN6 in6 = {};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = port_of(address.port);
  in6.sin6_flowinfo = address.flow_info;
  std::memcpy(&in6.sin6_addr, address.ip.data(), sizeof in6.sin6_addr);
  in6.sin6_scope_id = address.scope_id;
  std::memcpy(static_cast<void*>(sockaddr), &in6, sizeof in6);
}

}  // namespace wskrun::wsk
