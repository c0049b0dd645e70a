// What a running wskrun (device_server.h) and the processes that use its driver's devices
// (device_client.h) say to each other, on a Unix stream socket with the abstract name
// "wskrun/<pid>". Abstract names belong to a network namespace and leave no file behind.
//
// A connection is a handle on a device: kOpen comes first and once, then requests. Each is answered
// before the next one is read. A peer that closes either direction has closed its handle. Both
// sides are this program, so numbers are as they lie in memory.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

// Changes with whatever follows it.
constexpr std::uint32_t kDeviceMagic = 0x314B5357;  // "WSK1"

constexpr std::uint32_t kMaxDeviceBytes = 16 << 20;  // Of the input, and of the output.
constexpr std::uint32_t kMaxDeviceNameBytes = 4096;

enum class DeviceCall : std::uint32_t { kOpen = 1, kRead, kWrite, kIoctl };

// The input follows: the device's name for kOpen, else what the driver is to get.
struct DeviceRequest {
  std::uint32_t magic = kDeviceMagic;
  DeviceCall call = DeviceCall::kOpen;
  std::uint32_t control_code = 0;
  std::uint32_t input_bytes = 0;
  std::uint32_t output_bytes = 0;  // The size of the buffer that the driver may fill.
  std::uint32_t reserved = 0;
  std::int64_t offset = 0;
};

enum class DeviceAnswer : std::uint32_t {
  kCompleted = 1,  // The driver has answered; the output follows, or a text when an open failed.
  kRefused,        // wskrun did not ask it; the reason follows, as text, and nothing after it.
};

struct DeviceReply {
  std::uint32_t magic = kDeviceMagic;
  DeviceAnswer answer = DeviceAnswer::kCompleted;
  std::int32_t status = 0;
  std::uint32_t body_bytes = 0;
  std::uint64_t information = 0;  // IoStatus.Information
};

struct DeviceAddress {
  sockaddr_un name{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

DeviceAddress device_address(pid_t wskrun);
// The reverse, for a name as /proc/net/unix writes it.
std::optional<pid_t> wskrun_of(std::string_view written);

// Both move everything and wait for that. False: the peer has gone.
bool send_bytes(int socket, const void* bytes, std::size_t count);
bool receive_bytes(int socket, void* bytes, std::size_t count);

// Who is at the other end; its user is -1 when that cannot be known.
ucred peer_of(int socket);
// Root, or the user who runs this process.
bool is_trusted(uid_t user);
