// The socket's name, and moving whole messages.
#include "device_protocol.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

namespace {

constexpr std::string_view kPrefix = "wskrun/";

}  // namespace

DeviceAddress device_address(pid_t wskrun) {
  const std::string text = std::string(kPrefix) + std::to_string(wskrun);
  DeviceAddress address;
  address.name.sun_family = AF_UNIX;
  std::memcpy(address.name.sun_path + 1, text.data(), text.size());  // A zero before: abstract.
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  return address;
}

std::optional<pid_t> wskrun_of(std::string_view written) {
  if (!written.starts_with('@') || !written.substr(1).starts_with(kPrefix)) return std::nullopt;
  written.remove_prefix(1 + kPrefix.size());
  pid_t pid = 0;
  const char* end = written.data() + written.size();
  const auto result = std::from_chars(written.data(), end, pid);
  if (result.ec != std::errc() || result.ptr != end || pid <= 0) return std::nullopt;
  return pid;
}

bool send_bytes(int socket, const void* bytes, std::size_t count) {
  for (const char* next = static_cast<const char*>(bytes); count != 0;) {
    const ssize_t sent = send(socket, next, count, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    next += sent;
    count -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_bytes(int socket, void* bytes, std::size_t count) {
  for (char* next = static_cast<char*>(bytes); count != 0;) {
    const ssize_t received = recv(socket, next, count, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return false;
    next += received;
    count -= static_cast<std::size_t>(received);
  }
  return true;
}

ucred peer_of(int socket) {
  ucred peer{0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
  socklen_t size = sizeof peer;
  getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return peer;
}

bool is_trusted(uid_t user) {
  return user == 0 || user == geteuid();
}
