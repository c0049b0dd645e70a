// Makes the transport that a name asks for. Which kernel allows which is found out by trying.
#pragma once

#include <memory>
#include <string_view>

#include "net/transport.h"

namespace wskrun::net {

// `name`: "uring", "epoll", or "auto": uring where the kernel allows it, else epoll, which is said
// in the log. Returns nullptr and sets `error`; EINVAL: no such name.
std::unique_ptr<Transport> make_transport(std::string_view name, const TransportOptions& options,
                                          Error& error);

}  // namespace wskrun::net
