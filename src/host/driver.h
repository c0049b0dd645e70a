// What a wskrun_driver is: the code, and the I/O manager's view of it. driver.cc has host.h's
// functions on it; the runtime owns those that are loaded.
#pragma once

#include <memory>
#include <string>

#include "host/module.h"
#include "nt/io_driver.h"
#include "wskrun/host.h"

// Opaque in host.h.
struct wskrun_driver {
  wskrun_runtime* runtime;
  std::string name;
  std::unique_ptr<wskrun::host::Module> module;  // None for one that is linked into the program.
  std::unique_ptr<wskrun::nt::Driver> driver;
};
