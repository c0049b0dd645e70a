// A driver as the I/O manager sees it: its DRIVER_OBJECT and its service key. The host maps the
// code and calls start() and unload(); io_device.cc has the devices.
#pragma once

#include <wdm.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wskrun::nt {

// A value of the driver's service key; all text is UTF-8.
struct DriverParameter {
  std::string name;                 // A backslash leads into a subkey: "Parameters\Port".
  std::optional<std::string> text;  // REG_SZ; without it the number: REG_DWORD, or REG_QWORD where
  std::uint64_t number = 0;         // 32 bits do not hold it.
};

class Driver {
 public:
  // Makes the object and the key \Registry\Machine\System\CurrentControlSet\Services\<name>.
  Driver(std::string_view name, PDRIVER_INITIALIZE entry,
         const std::vector<DriverParameter>& parameters);
  // Takes both away. Devices that the driver left stay as they are, without a name.
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  PDRIVER_OBJECT object() const { return object_; }

  // Calls DriverEntry at PASSIVE_LEVEL and returns what it returned. The registry path is gone
  // afterwards, as on Windows: a driver that needs it later copies it.
  NTSTATUS start();

  bool can_unload() const { return object_->DriverUnload != nullptr; }
  // Calls DriverUnload at PASSIVE_LEVEL; only when can_unload(). False: a device of the driver is
  // open, so it stays.
  bool unload();

 private:
  std::u16string key_path_;
  PDRIVER_OBJECT object_;
};

}  // namespace wskrun::nt
