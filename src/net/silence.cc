// A socket filter that takes nothing, and an end by way of the loopback interface.
#include "net/silence.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/local_addresses.h"
#include "net/posix_socket.h"

namespace wskrun::net {
namespace {

Error set(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0 ? Error() : Error(errno);
}

}  // namespace

Error silence(int fd) {
  if (interface_with(remote_address_of(fd)) != 0) return Error(EOPNOTSUPP);
  sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog filter = {1, &nothing};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
    return Error(errno);
  }
  // What came before may wait for its acknowledgement, which a timer would send: it goes now.
  if (const Error error = set(fd, IPPROTO_TCP, TCP_QUICKACK, 1); !error.ok()) return error;
  return set(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
}

// Not earlier: the kernel does not find a bound socket for what comes by another interface, and
// answers that with a reset.
void hide_end(int fd) {
  static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo"));
}

}  // namespace wskrun::net
