// What TCP says of a connection, in bytes. Any thread; 0 where there is no connection.
#pragma once

#include <cstddef>

namespace wskrun::net {

std::size_t unread_bytes(int fd);          // Received, and not taken from the kernel yet.
std::size_t unacknowledged_bytes(int fd);  // Given to the kernel; our FIN counts as one.
// How much to have under way so that the connection never waits for more: what congestion control
// and the peer's window let out, and at least one segment.
std::size_t ideal_send_backlog(int fd);

}  // namespace wskrun::net
