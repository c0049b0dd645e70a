// Accepting connections, and their threads.
#include "device_server.h"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "device_protocol.h"
#include "device_session.h"

namespace {

constexpr std::size_t kMaxConnections = 64;

// None, with errno, when it cannot be had.
UniqueFd listen_for_processes() {
  const DeviceAddress address = device_address(getpid());
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || bind(socket.get(), address.get(), address.size) != 0 ||
      listen(socket.get(), kMaxConnections) != 0) {
    return UniqueFd();
  }
  return socket;
}

}  // namespace

DeviceServer::DeviceServer(wskrun_runtime* runtime, Warn warn)
    : runtime_(runtime), warn_(std::move(warn)), listener_(listen_for_processes()) {
  if (listener_) {
    acceptor_ = std::thread([this] { accept_connections(); });
  } else {
    warn_(
        fmt::format("other processes cannot open the driver's devices: {}", std::strerror(errno)));
  }
}

DeviceServer::~DeviceServer() {
  if (!listener_) return;
  shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  for (const Connection& each : connections_) shutdown(each.socket.get(), SHUT_RDWR);
  for (Connection& each : connections_) each.thread.join();
}

void DeviceServer::accept_connections() {
  for (;;) {
    UniqueFd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket) {
      begin(std::move(socket));
    } else if (errno == EINVAL) {
      return;  // The destructor has shut the socket.
    } else {
      // The driver may have taken all descriptors; who waits to be accepted can wait for one.
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
}

void DeviceServer::begin(UniqueFd socket) {
  if (!is_trusted(peer_of(socket.get()).uid)) {
    return refuse(socket.get(), "only root and the user who runs it may use this wskrun's devices");
  }
  forget_ended();
  if (connections_.size() == kMaxConnections) {
    return refuse(socket.get(), fmt::format("{} processes have devices open, which is the most",
                                            kMaxConnections));
  }
  Connection& connection = connections_.emplace_back();
  connection.socket = std::move(socket);
  connection.thread = std::thread([this, &connection] { serve(connection); });
}

void DeviceServer::serve(Connection& connection) {
  const int socket = connection.socket.get();
  const std::string complaint = DeviceSession(runtime_, socket).serve();
  if (!complaint.empty()) {
    warn_(fmt::format("process {} wanted to use a device and sent {}", peer_of(socket).pid,
                      complaint));
  }
  shutdown(socket, SHUT_RDWR);  // The descriptor stays until the thread is joined.
  connection.has_ended.store(true);
}

void DeviceServer::forget_ended() {
  for (auto each = connections_.begin(); each != connections_.end();) {
    if (!each->has_ended.load()) {
      ++each;
      continue;
    }
    each->thread.join();
    each = connections_.erase(each);
  }
}
