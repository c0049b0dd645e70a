// getifaddrs.
#include "net/local_addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>

#include "net/posix_socket.h"

namespace wskrun::net {
namespace {

struct FreeList {
  void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
};
using InterfaceList = std::unique_ptr<ifaddrs, FreeList>;

InterfaceList ask_interfaces() {
  ifaddrs* list = nullptr;
  return InterfaceList(::getifaddrs(&list) == 0 ? list : nullptr);
}

bool has_family(const ifaddrs& entry, int family) {
  return entry.ifa_addr != nullptr && entry.ifa_addr->sa_family == family;
}

Address address_of(const ifaddrs& entry) {
  SocketAddress address;
  address.length =
      entry.ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::memcpy(address.get(), entry.ifa_addr, address.length);
  return from_socket_address(*address.get());
}

}  // namespace

std::vector<Address> local_addresses(Family family) {
  const int wanted = family == Family::kIpv4 ? AF_INET : AF_INET6;
  const InterfaceList list = ask_interfaces();
  std::vector<Address> found;
  for (const ifaddrs* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
    if ((entry->ifa_flags & IFF_UP) != 0 && has_family(*entry, wanted)) {
      found.push_back(address_of(*entry));
    }
  }
  return found;
}

std::uint32_t interface_with(const Address& address) {
  const int wanted = address.family == Family::kIpv4 ? AF_INET : AF_INET6;
  const InterfaceList list = ask_interfaces();
  for (const ifaddrs* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
    if (has_family(*entry, wanted) && address_of(*entry).ip == address.ip) {
      return ::if_nametoindex(entry->ifa_name);
    }
  }
  return 0;
}

}  // namespace wskrun::net
