// Who wants to know that the system goes down. The host says when; the WDK's functions are in
// io_shutdown.cc.
#pragma once

#include <wdm.h>

namespace wskrun::nt {

// Sends IRP_MJ_SHUTDOWN to each registered device, once for each registration, waits, and forgets
// them all. At PASSIVE_LEVEL.
void shut_down_devices();

// The driver goes. What it did not unregister is reported, and forgotten.
void forget_shutdown(const DRIVER_OBJECT& driver);

}  // namespace wskrun::nt
