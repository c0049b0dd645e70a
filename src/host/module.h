// Module: a driver's code in this process, mapped from a shared object. driver.h calls it.
#pragma once

#include <wdm.h>

#include <memory>
#include <string>

#include "wskrun/host.h"

namespace wskrun::host {

class Module {
 public:
  // Maps the file. nullptr: `error` names the cause and the mend.
  static std::unique_ptr<Module> open(const std::string& path, wskrun_error* error);
  ~Module();  // Takes the code away, unless keep() was called.
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  PDRIVER_INITIALIZE entry() const { return entry_; }
  // The code has to stay: something may still call it.
  void keep() { keeps_ = true; }

 private:
  explicit Module(void* handle) : handle_(handle) {}

  void* const handle_;
  PDRIVER_INITIALIZE entry_ = nullptr;
  bool keeps_ = false;
};

}  // namespace wskrun::host
