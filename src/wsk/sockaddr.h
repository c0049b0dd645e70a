// Windows' SOCKADDR on one side, net::Address on the other. Family numbers and layouts differ from
// Linux' (AF_INET6 is 23), so nothing here includes a Linux socket header.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <optional>

#include "net/address.h"

namespace wskrun::wsk {

// What a SOCKADDR_IN or SOCKADDR_IN6 says; nothing for another family or a null pointer.
std::optional<net::Address> address_of(const SOCKADDR* sockaddr);

// Writes exactly sizeof(SOCKADDR_IN) or sizeof(SOCKADDR_IN6) bytes: callers' buffers are no larger.
void store_address(const net::Address& address, SOCKADDR* sockaddr);

ADDRESS_FAMILY windows_family(net::Family family);
std::optional<net::Family> family_of(ADDRESS_FAMILY family);

}  // namespace wskrun::wsk
