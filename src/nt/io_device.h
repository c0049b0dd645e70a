// Devices of drivers, towards io_driver.cc and io_file.cc. The WDK's functions are in io_device.cc.
#pragma once

#include <wdm.h>

namespace wskrun::nt {

// DriverEntry has returned: its devices take requests (DO_DEVICE_INITIALIZING goes).
void devices_are_ready(DRIVER_OBJECT& driver);

// The driver goes. Devices that it did not delete lose their names and their way to it; the ledger
// keeps them.
void forget_devices(DRIVER_OBJECT& driver);

// A file is about to be opened on the device; end_open() when it is gone, or was not opened.
// STATUS_ACCESS_DENIED: its descriptor forbids it to user mode, or it is exclusive and open.
// STATUS_NO_SUCH_DEVICE: it takes no requests yet, or no more.
NTSTATUS begin_open(DEVICE_OBJECT& device, ACCESS_MASK desired, KPROCESSOR_MODE mode);
void end_open(DEVICE_OBJECT& device);

// The driver is about to be unloaded, and nobody can open its devices any more. False: somebody has
// one open.
bool begin_unload(DRIVER_OBJECT& driver);

}  // namespace wskrun::nt
