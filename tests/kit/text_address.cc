// inet_ntop.
#include "kit/text_address.h"

#include <arpa/inet.h>

namespace wskrun::tests {

std::string ipv4_text(const void* address) {
  char text[INET_ADDRSTRLEN];
  return ::inet_ntop(AF_INET, address, text, sizeof text);
}

std::string ipv6_text(const void* address) {
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(AF_INET6, address, text, sizeof text);
}

}  // namespace wskrun::tests
