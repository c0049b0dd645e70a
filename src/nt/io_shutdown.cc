// IoRegisterShutdownNotification and its end.
#include "nt/io_shutdown.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "nt/irql.h"
#include "nt/ob_object.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

struct Registrations {
  base::Mutex mutex;
  std::vector<PDEVICE_OBJECT> devices GUARDED_BY(mutex);  // Each with a reference.
};

Registrations& registrations() {
  static Registrations* const instance = new Registrations;  // Outlives static destruction.
  return *instance;
}

// Takes out the registrations that `is_meant` is true for.
template <typename Predicate>
std::vector<PDEVICE_OBJECT> take_out(Predicate is_meant) {
  std::vector<PDEVICE_OBJECT> taken;
  base::MutexLock lock(registrations().mutex);
  std::erase_if(registrations().devices, [&](PDEVICE_OBJECT device) {
    if (!is_meant(*device)) return false;
    taken.push_back(device);
    return true;
  });
  return taken;
}

void end_registration(PDEVICE_OBJECT device) {
  device->Flags &= ~ULONG{DO_SHUTDOWN_REGISTERED};
  dereference_object(device);
}

void send_shutdown(DEVICE_OBJECT& device) {
  const PDEVICE_OBJECT top = IoGetAttachedDeviceReference(&device);
  KEVENT complete;
  KeInitializeEvent(&complete, NotificationEvent, FALSE);
  IO_STATUS_BLOCK status;
  const PIRP irp =
      IoBuildSynchronousFsdRequest(IRP_MJ_SHUTDOWN, top, nullptr, 0, nullptr, &complete, &status);
  if (irp != nullptr) {
    IoCallDriver(top, irp);
    KeWaitForSingleObject(&complete, Executive, KernelMode, FALSE, nullptr);
  }
  dereference_object(top);
}

}  // namespace

void shut_down_devices() {
  for (const PDEVICE_OBJECT device : take_out([](const DEVICE_OBJECT&) { return true; })) {
    send_shutdown(*device);
    end_registration(device);
  }
}

void forget_shutdown(const DRIVER_OBJECT& driver) {
  const auto is_its = [&](const DEVICE_OBJECT& device) { return device.DriverObject == &driver; };
  for (const PDEVICE_OBJECT device : take_out(is_its)) {
    probe::mistake(device,
                   "the driver is gone and its device %p is still registered for the shutdown: "
                   "call IoUnregisterShutdownNotification before IoDeleteDevice",
                   static_cast<void*>(device));
    end_registration(device);
  }
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

NTSTATUS IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject) {
  require_irql_at_most(PASSIVE_LEVEL, "IoRegisterShutdownNotification");
  reference_object(DeviceObject);
  DeviceObject->Flags |= DO_SHUTDOWN_REGISTERED;
  wskrun::base::MutexLock lock(registrations().mutex);
  registrations().devices.push_back(DeviceObject);
  return STATUS_SUCCESS;
}

VOID IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject) {
  require_irql_at_most(PASSIVE_LEVEL, "IoUnregisterShutdownNotification");
  const auto is_it = [&](const DEVICE_OBJECT& device) { return &device == DeviceObject; };
  for (const PDEVICE_OBJECT device : take_out(is_it)) end_registration(device);
}

}  // extern "C"
