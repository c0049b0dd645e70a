// The addresses of this host's interfaces, asked of the kernel each time. address_watch.h tells
// when they change.
#pragma once

#include <cstdint>
#include <vector>

#include "net/address.h"

namespace wskrun::net {

// Of the interfaces that are up; ports are 0. Link-local IPv6 addresses carry their zone.
std::vector<Address> local_addresses(Family family);

// The index of the interface that has this address; 0: none.
std::uint32_t interface_with(const Address& address);

}  // namespace wskrun::net
