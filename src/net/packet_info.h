// PacketInfo in Linux' control messages, both ways. wsk/control_info.cc does the same for Windows'.
#pragma once

#include <sys/socket.h>

#include <cstddef>

#include "net/datagram.h"

namespace wskrun::net {

// Room for every control message that is read or written here.
struct alignas(cmsghdr) ControlSpace {
  std::byte bytes[256];
};

// What was received with `message` describing it, its bytes being `data`.
Datagram make_datagram(const msghdr& message, Chunk data);

// Writes `info` for a send to `remote` into `space` and points `message` to it.
void write_control(const PacketInfo& info, const Address& remote, ControlSpace& space,
                   msghdr& message);

}  // namespace wskrun::net
