// DeviceServer: lets other processes use the driver's devices. Those of the same user and of root
// are let in. Each has a connection and a thread, so that a driver that takes its time with one
// does not hold up another. device_session.h is what happens on a connection.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <string>
#include <thread>

#include "unique_fd.h"
#include "wskrun/host.h"

class DeviceServer {
 public:
  using Warn = std::function<void(const std::string& text)>;

  // Serves until it is destroyed. Where no socket can be had it warns, and serves nobody. `warn` is
  // called from any thread.
  DeviceServer(wskrun_runtime* runtime, Warn warn);
  // Cancels what pends, closes the devices and waits for that.
  ~DeviceServer();
  DeviceServer(const DeviceServer&) = delete;
  DeviceServer& operator=(const DeviceServer&) = delete;

 private:
  struct Connection {
    UniqueFd socket;
    std::atomic<bool> has_ended{false};
    std::thread thread;
  };

  void accept_connections();
  void begin(UniqueFd socket);
  void serve(Connection& connection);
  void forget_ended();

  wskrun_runtime* const runtime_;
  const Warn warn_;
  UniqueFd listener_;
  std::list<Connection> connections_;  // The acceptor's; the destructor's when that has ended.
  std::thread acceptor_;
};
