// Device objects: making and deleting them, the stacks they form and who has them open. io_name.cc
// has their names, io_file.cc opens them.
#include "nt/io_device.h"

#include <wdmsec.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "base/mutex.h"
#include "nt/block.h"
#include "nt/io_name.h"
#include "nt/io_shutdown.h"
#include "nt/irql.h"
#include "nt/ob_object.h"
#include "nt/rtl_string.h"
#include "nt/se_access.h"
#include "nt/se_sddl.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

// Guards the devices' lists, stacks and counts.
struct Devices {
  base::Mutex mutex;
  std::map<const DRIVER_OBJECT*, unsigned> opens GUARDED_BY(mutex);  // Open files of a driver.
};

Devices& devices() {
  static Devices* const instance = new Devices;  // Outlives static destruction.
  return *instance;
}

void destroy_device(void* body) {
  std::free(static_cast<PDEVICE_OBJECT>(body)->SecurityDescriptor);
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
  base::MutexLock lock(devices().mutex);
  device.DriverObject = &driver;
  device.NextDevice = driver.DeviceObject;
  driver.DeviceObject = &device;
}

bool unlink(DEVICE_OBJECT& device) {
  base::MutexLock lock(devices().mutex);
  if (device.DriverObject == nullptr) return false;
  for (PDEVICE_OBJECT* next = &device.DriverObject->DeviceObject; *next != nullptr;
       next = &(*next)->NextDevice) {
    if (*next != &device) continue;
    *next = device.NextDevice;
    return true;
  }
  return false;
}

struct NewDevice {
  DRIVER_OBJECT& driver;
  ULONG extension_size;
  PCUNICODE_STRING name;  // Or nullptr.
  DEVICE_TYPE type;
  ULONG characteristics;
  bool exclusive;
  const void* caller;
};

bool give_descriptor(DEVICE_OBJECT& device, const std::vector<UCHAR>& descriptor) {
  if (descriptor.empty()) return true;
  device.SecurityDescriptor = std::malloc(descriptor.size());
  if (device.SecurityDescriptor == nullptr) return false;
  std::memcpy(device.SecurityDescriptor, descriptor.data(), descriptor.size());
  return true;
}

NTSTATUS create_device(const NewDevice& what, const std::vector<UCHAR>& descriptor,
                       PDEVICE_OBJECT& created) {
  created = nullptr;
  PDEVICE_OBJECT device = make_device(what.extension_size, what.caller);
  if (device == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  device->DeviceType = what.type;
  device->Characteristics = what.characteristics;
  if (what.exclusive) device->Flags |= DO_EXCLUSIVE;
  if (what.name != nullptr) device->Flags |= DO_DEVICE_HAS_NAME;
  if (!give_descriptor(*device, descriptor)) {
    dereference_object(device);
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  link_to_driver(*device, what.driver);
  if (what.name != nullptr && !give_device_name(*device, view_of(*what.name))) {
    unlink(*device);
    dereference_object(device);
    return STATUS_OBJECT_NAME_COLLISION;
  }
  created = device;
  return STATUS_SUCCESS;
}

bool lets_in(const DEVICE_OBJECT& device, ACCESS_MASK desired) {
  if (device.SecurityDescriptor == nullptr) return true;
  return grants_system(*parts_of(device.SecurityDescriptor), desired);
}

PDEVICE_OBJECT top_locked(PDEVICE_OBJECT device) REQUIRES(devices().mutex) {
  while (device->AttachedDevice != nullptr) device = device->AttachedDevice;
  return device;
}

}  // namespace

void devices_are_ready(DRIVER_OBJECT& driver) {
  base::MutexLock lock(devices().mutex);
  for (PDEVICE_OBJECT device = driver.DeviceObject; device != nullptr;
       device = device->NextDevice) {
    device->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
  }
}

void forget_devices(DRIVER_OBJECT& driver) {
  forget_shutdown(driver);
  base::MutexLock lock(devices().mutex);
  for (PDEVICE_OBJECT device = driver.DeviceObject; device != nullptr;
       device = device->NextDevice) {
    remove_device_name(*device);
    device->DriverObject = nullptr;
  }
}

NTSTATUS begin_open(DEVICE_OBJECT& device, ACCESS_MASK desired, KPROCESSOR_MODE mode) {
  if (mode == UserMode && !lets_in(device, desired)) return STATUS_ACCESS_DENIED;
  base::MutexLock lock(devices().mutex);
  if ((device.Flags & DO_DEVICE_INITIALIZING) != 0) return STATUS_NO_SUCH_DEVICE;
  if (device.DriverObject == nullptr) return STATUS_NO_SUCH_DEVICE;
  if ((device.DriverObject->Flags & DRVO_UNLOAD_INVOKED) != 0) return STATUS_NO_SUCH_DEVICE;
  if ((device.Flags & DO_EXCLUSIVE) != 0 && device.ReferenceCount != 0) return STATUS_ACCESS_DENIED;
  ++device.ReferenceCount;
  ++devices().opens[device.DriverObject];
  return STATUS_SUCCESS;
}

void end_open(DEVICE_OBJECT& device) {
  base::MutexLock lock(devices().mutex);
  --device.ReferenceCount;
  const auto count = devices().opens.find(device.DriverObject);
  if (--count->second == 0) devices().opens.erase(count);
}

bool begin_unload(DRIVER_OBJECT& driver) {
  base::MutexLock lock(devices().mutex);
  if (devices().opens.count(&driver) != 0) return false;
  driver.Flags |= DRVO_UNLOAD_INVOKED;
  return true;
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
  return create_device({*DriverObject, DeviceExtensionSize, DeviceName, DeviceType,
                        DeviceCharacteristics, Exclusive != FALSE, __builtin_return_address(0)},
                       {}, *DeviceObject);
}

// The registry has no overrides, so the class does not matter.
NTSTATUS WdmlibIoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                                    PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                                    ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                                    PCUNICODE_STRING DefaultSDDLString, LPCGUID DeviceClassGuid,
                                    PDEVICE_OBJECT* DeviceObject) {
  (void)DeviceClassGuid;
  require_irql_at_most(PASSIVE_LEVEL, "IoCreateDeviceSecure");
  *DeviceObject = nullptr;
  const bool can_be_found =
      DeviceName != nullptr || (DeviceCharacteristics & FILE_AUTOGENERATED_DEVICE_NAME) != 0;
  const std::vector<UCHAR> descriptor = descriptor_of_sddl(view_of(*DefaultSDDLString));
  if (!can_be_found || descriptor.empty()) return STATUS_INVALID_PARAMETER;
  return create_device({*DriverObject, DeviceExtensionSize, DeviceName, DeviceType,
                        DeviceCharacteristics, Exclusive != FALSE, __builtin_return_address(0)},
                       descriptor, *DeviceObject);
}

void IoDeleteDevice(PDEVICE_OBJECT DeviceObject) {
  require_irql_at_most(APC_LEVEL, "IoDeleteDevice");
  if (!unlink(*DeviceObject)) {
    probe::mistake(DeviceObject, "IoDeleteDevice(%p): its driver has no such device",
                   static_cast<void*>(DeviceObject));
    return;
  }
  remove_device_name(*DeviceObject);
  dereference_object(DeviceObject);  // Frees it unless the driver holds references.
}

PDEVICE_OBJECT IoAttachDeviceToDeviceStack(PDEVICE_OBJECT SourceDevice,
                                           PDEVICE_OBJECT TargetDevice) {
  require_irql_at_most(DISPATCH_LEVEL, "IoAttachDeviceToDeviceStack");
  base::MutexLock lock(devices().mutex);
  PDEVICE_OBJECT below = top_locked(TargetDevice);
  below->AttachedDevice = SourceDevice;
  SourceDevice->StackSize = static_cast<CCHAR>(below->StackSize + 1);
  SourceDevice->AlignmentRequirement = below->AlignmentRequirement;
  SourceDevice->SectorSize = below->SectorSize;
  return below;
}

VOID IoDetachDevice(PDEVICE_OBJECT TargetDevice) {
  require_irql_at_most(DISPATCH_LEVEL, "IoDetachDevice");
  base::MutexLock lock(devices().mutex);
  TargetDevice->AttachedDevice = nullptr;
}

PDEVICE_OBJECT IoGetAttachedDevice(PDEVICE_OBJECT DeviceObject) {
  base::MutexLock lock(devices().mutex);
  return top_locked(DeviceObject);
}

PDEVICE_OBJECT IoGetAttachedDeviceReference(PDEVICE_OBJECT DeviceObject) {
  base::MutexLock lock(devices().mutex);
  PDEVICE_OBJECT top = top_locked(DeviceObject);
  reference_object(top);
  return top;
}

PDEVICE_OBJECT IoGetRelatedDeviceObject(PFILE_OBJECT FileObject) {
  return IoGetAttachedDevice(FileObject->DeviceObject);
}

}  // extern "C"
