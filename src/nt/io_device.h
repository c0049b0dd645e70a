// Devices of drivers, towards io_driver.cc. The WDK's functions are in io_device.cc.
#pragma once

#include <wdm.h>

namespace wskrun::nt {

// DriverEntry has returned: its devices take requests (DO_DEVICE_INITIALIZING goes).
void devices_are_ready(DRIVER_OBJECT& driver);

// The driver goes. Devices that it did not delete lose their names and their way to it; the ledger
// keeps them.
void forget_devices(DRIVER_OBJECT& driver);

}  // namespace wskrun::nt
