// DeviceClient: the process's end of a connection to a running wskrun (device_server.h is the
// other one), and which wskruns are running.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "device_protocol.h"
#include "unique_fd.h"

// No answer of the driver's could be had; what() says why.
struct DeviceError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The only one that this user may ask. Throws DeviceError when there is none, or when there are
// several, which it lists.
pid_t find_running_wskrun();

// What the driver has answered.
struct DeviceResult {
  std::int32_t status = 0;
  std::uint64_t information = 0;
  std::vector<char> output;
};

class DeviceClient {
 public:
  // Throws DeviceError when that wskrun does not run, or is another user's.
  explicit DeviceClient(pid_t wskrun);

  // The request's magic and sizes of input are filled in here. Waits for the driver. Throws
  // DeviceError when wskrun refuses or ends. The output of an open that failed is the reason.
  DeviceResult call(DeviceRequest request, const void* input, std::size_t input_bytes);

 private:
  const pid_t wskrun_;
  UniqueFd socket_;
};
