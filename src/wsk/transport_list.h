// The list of transports that WSK_TRANSPORT_LIST_QUERY answers with.
#pragma once

#include <wsk.h>

#include <vector>

#include "net/transport.h"

namespace wskrun::wsk {

// What WskSocket makes and the kernel has. Raw sockets are left out: there is one for each protocol
// of IP, and they are for the privileged.
std::vector<WSK_TRANSPORT> list_transports(net::Transport& transport);

}  // namespace wskrun::wsk
