// Device objects and the names of devices: IoCreateDevice, IoCreateSymbolicLink. Nothing opens a
// device by its name yet; names are kept so that collisions and leftovers show as on Windows.
#include "nt/io_device.h"

#include <map>
#include <string>

#include "base/mutex.h"
#include "nt/block.h"
#include "nt/irql.h"
#include "nt/ob_object.h"
#include "nt/rtl_case.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

// One namespace, as far as drivers can see it: devices and the links to them.
struct Names {
  base::Mutex mutex;
  std::map<std::u16string, PDEVICE_OBJECT> devices GUARDED_BY(mutex);
  std::map<std::u16string, std::u16string> links GUARDED_BY(mutex);
};

Names& names() {
  static Names* const instance = new Names;  // Outlives static destruction.
  return *instance;
}

std::u16string key_of(PCUNICODE_STRING name) {
  return upcased({name->Buffer, name->Length / sizeof(WCHAR)});
}

void destroy_device(void* body) {
  free_block(ObjectBox<DEVICE_OBJECT>::of(body));
}

_OBJECT_TYPE device_type{"Device", destroy_device};

// A box with room for the driver's extension behind the device.
PDEVICE_OBJECT make_device(ULONG extension_size, const void* caller) {
  using Box = ObjectBox<DEVICE_OBJECT>;
  void* memory = allocate_block({.holding = Holding::kPool,
                                 .size_bytes = sizeof(Box) + extension_size,
                                 .tag = 'iveD',
                                 .allocated_by = caller,
                                 .zeroed = true});
  if (memory == nullptr) return nullptr;
  PDEVICE_OBJECT device = &(new (memory) Box(&device_type))->body;
  device->Type = IO_TYPE_DEVICE;
  device->Size = static_cast<USHORT>(sizeof(DEVICE_OBJECT) + extension_size);
  if (extension_size != 0) device->DeviceExtension = device + 1;
  device->StackSize = 1;
  device->AlignmentRequirement = FILE_BYTE_ALIGNMENT;
  device->Flags = DO_DEVICE_INITIALIZING;
  KeInitializeEvent(&device->DeviceLock, SynchronizationEvent, TRUE);
  return device;
}

void link_to_driver(DEVICE_OBJECT& device, DRIVER_OBJECT& driver) {
  base::MutexLock lock(names().mutex);
  device.DriverObject = &driver;
  device.NextDevice = driver.DeviceObject;
  driver.DeviceObject = &device;
}

bool give_name(DEVICE_OBJECT& device, PCUNICODE_STRING name) {
  if (name == nullptr) return true;
  base::MutexLock lock(names().mutex);
  if (!names().devices.emplace(key_of(name), &device).second) return false;
  device.Flags |= DO_DEVICE_HAS_NAME;
  return true;
}

void remove_name_locked(const DEVICE_OBJECT& device) REQUIRES(names().mutex) {
  for (auto entry = names().devices.begin(); entry != names().devices.end(); ++entry) {
    if (entry->second != &device) continue;
    names().devices.erase(entry);
    return;
  }
}

bool unlink(DEVICE_OBJECT& device) {
  base::MutexLock lock(names().mutex);
  remove_name_locked(device);
  if (device.DriverObject == nullptr) return false;
  for (PDEVICE_OBJECT* next = &device.DriverObject->DeviceObject; *next != nullptr;
       next = &(*next)->NextDevice) {
    if (*next != &device) continue;
    *next = device.NextDevice;
    return true;
  }
  return false;
}

}  // namespace

void devices_are_ready(DRIVER_OBJECT& driver) {
  base::MutexLock lock(names().mutex);
  for (PDEVICE_OBJECT device = driver.DeviceObject; device != nullptr;
       device = device->NextDevice) {
    device->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
  }
}

void forget_devices(DRIVER_OBJECT& driver) {
  base::MutexLock lock(names().mutex);
  for (PDEVICE_OBJECT device = driver.DeviceObject; device != nullptr;
       device = device->NextDevice) {
    remove_name_locked(*device);
    device->DriverObject = nullptr;
  }
}

}  // namespace wskrun::nt

using namespace wskrun;
using namespace wskrun::nt;

extern "C" {

NTSTATUS IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                        PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                        ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                        PDEVICE_OBJECT* DeviceObject) {
  require_irql_at_most(APC_LEVEL, "IoCreateDevice");
  *DeviceObject = nullptr;
  PDEVICE_OBJECT device = make_device(DeviceExtensionSize, __builtin_return_address(0));
  if (device == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  device->DeviceType = DeviceType;
  device->Characteristics = DeviceCharacteristics;
  if (Exclusive) device->Flags |= DO_EXCLUSIVE;
  if (!give_name(*device, DeviceName)) {
    dereference_object(device);
    return STATUS_OBJECT_NAME_COLLISION;
  }
  link_to_driver(*device, *DriverObject);
  *DeviceObject = device;
  return STATUS_SUCCESS;
}

void IoDeleteDevice(PDEVICE_OBJECT DeviceObject) {
  require_irql_at_most(APC_LEVEL, "IoDeleteDevice");
  if (!unlink(*DeviceObject)) {
    probe::mistake(DeviceObject, "IoDeleteDevice(%p): its driver has no such device",
                   static_cast<void*>(DeviceObject));
    return;
  }
  dereference_object(DeviceObject);  // Frees it unless the driver holds references.
}

NTSTATUS IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName) {
  require_irql_at_most(PASSIVE_LEVEL, "IoCreateSymbolicLink");
  base::MutexLock lock(names().mutex);
  const bool created = names().links.emplace(key_of(SymbolicLinkName), key_of(DeviceName)).second;
  return created ? STATUS_SUCCESS : STATUS_OBJECT_NAME_COLLISION;
}

NTSTATUS IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName) {
  require_irql_at_most(PASSIVE_LEVEL, "IoDeleteSymbolicLink");
  base::MutexLock lock(names().mutex);
  const bool deleted = names().links.erase(key_of(SymbolicLinkName)) != 0;
  return deleted ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

}  // extern "C"
