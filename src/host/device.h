// What a wskrun_device is: an open file of the I/O manager. device.cc has host.h's functions on it;
// the runtime owns those that are open.
#pragma once

#include <memory>

#include "nt/io_file.h"
#include "wskrun/host.h"

// Opaque in host.h.
struct wskrun_device {
  wskrun_runtime* runtime;
  std::unique_ptr<wskrun::nt::OpenFile> file;
};

// Opaque in host.h.
struct wskrun_request {
  std::shared_ptr<wskrun::nt::UserRequest> request;
};
