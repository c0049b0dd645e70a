// DeviceSession: one process that has one of the driver's devices open. device_server.h has the
// connections; here is what is said on one of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "device_protocol.h"
#include "wskrun/host.h"

class DeviceSession {
 public:
  // The socket stays the caller's.
  DeviceSession(wskrun_runtime* runtime, int socket) : runtime_(runtime), socket_(socket) {}
  ~DeviceSession();
  DeviceSession(const DeviceSession&) = delete;
  DeviceSession& operator=(const DeviceSession&) = delete;

  // Answers until the peer goes: "". Or until it sends what makes no sense: what that was; the peer
  // has been told. What still pends with the driver then is cancelled, and the device closed.
  std::string serve();

 private:
  std::string complaint_about(const DeviceRequest& request) const;
  bool answer(const DeviceRequest& request);
  bool open();
  bool ask_driver(const DeviceRequest& request);
  wskrun_request* start(const DeviceRequest& request);
  void wait_for_driver_or_peer(wskrun_request* request);
  void close_device();

  wskrun_runtime* const runtime_;
  const int socket_;
  wskrun_device* device_ = nullptr;
  std::vector<char> input_;
  std::vector<char> output_;
};

// Tells the peer why it gets no other answer.
void refuse(int socket, std::string_view why);
