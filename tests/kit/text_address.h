// Addresses as people write them, apart because Linux' and Windows' headers for sockets do not go
// together.
#pragma once

#include <string>

namespace wskrun::tests {

// Of an address as it goes over the wire.
std::string ipv4_text(const void* address);
std::string ipv6_text(const void* address);

}  // namespace wskrun::tests
