// The io_uring backend is not there yet, and says so.
#include <cerrno>

#include "net/transport.h"

namespace wskrun::net {

std::unique_ptr<Transport> make_uring_transport(const TransportOptions&, Error& error) {
  error = Error(ENOSYS);
  return nullptr;
}

}  // namespace wskrun::net
