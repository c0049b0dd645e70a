// The choice between the backends.
#include "net/transport_factory.h"

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace wskrun::net {
namespace {

std::unique_ptr<Transport> make_best_transport(const TransportOptions& options, Error& error) {
  if (auto transport = make_uring_transport(options, error)) return transport;
  base::log(base::LogLevel::kInfo, "io_uring is not to be had here (%s): using epoll",
            std::strerror(error.code()));
  return make_epoll_transport(options, error);
}

}  // namespace

std::unique_ptr<Transport> make_transport(std::string_view name, const TransportOptions& options,
                                          Error& error) {
  if (name == "auto") return make_best_transport(options, error);
  if (name == "uring") return make_uring_transport(options, error);
  if (name == "epoll") return make_epoll_transport(options, error);
  error = Error(EINVAL);
  return nullptr;
}

}  // namespace wskrun::net
