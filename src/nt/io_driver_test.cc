// Drivers from start to unload: their object, their key, their devices.
#include "nt/io_driver.h"

#include <gtest/gtest.h>

#include <cstring>

#include "nt/ledger.h"
#include "nt/rtl_string.h"
#include "nt/utf.h"

namespace wskrun::nt {
namespace {

struct {
  PDRIVER_OBJECT object;
  std::string registry_path;
  bool unloaded;
} seen;

void on_unload(PDRIVER_OBJECT) {
  seen.unloaded = true;
}

NTSTATUS driver_entry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path) {
  seen.object = object;
  seen.registry_path = to_utf8(view_of(*registry_path));
  object->DriverUnload = on_unload;
  return STATUS_SUCCESS;
}

NTSTATUS failing_entry(PDRIVER_OBJECT, PUNICODE_STRING) {
  return STATUS_DEVICE_CONFIGURATION_ERROR;
}

HANDLE open_key(std::u16string path) {
  UNICODE_STRING name = {static_cast<USHORT>(path.size() * 2), static_cast<USHORT>(path.size() * 2),
                         path.data()};
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, nullptr, nullptr);
  HANDLE key = nullptr;
  return NT_SUCCESS(ZwOpenKey(&key, KEY_READ, &attributes)) ? key : nullptr;
}

struct PartialValue {
  NTSTATUS status;
  ULONG type;
  std::string bytes;
};

PartialValue query(HANDLE key, PCWSTR name) {
  UNICODE_STRING value_name;
  RtlInitUnicodeString(&value_name, name);
  alignas(8) UCHAR buffer[256];
  ULONG length = 0;
  const NTSTATUS status =
      ZwQueryValueKey(key, &value_name, KeyValuePartialInformation, buffer, sizeof buffer, &length);
  const auto* value = reinterpret_cast<KEY_VALUE_PARTIAL_INFORMATION*>(buffer);
  if (!NT_SUCCESS(status)) return {status, 0, {}};
  return {status, value->Type,
          std::string(reinterpret_cast<const char*>(value->Data), value->DataLength)};
}

TEST(Driver, IsStartedWithItsObjectAndItsKeysPath) {
  Driver driver("echo", driver_entry, {});
  EXPECT_EQ(driver.start(), STATUS_SUCCESS);

  EXPECT_EQ(seen.object, driver.object());
  EXPECT_EQ(seen.registry_path, "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\echo");
  EXPECT_EQ(seen.object->Type, IO_TYPE_DRIVER);
  EXPECT_EQ(to_utf8(view_of(seen.object->DriverName)), "\\Driver\\echo");
  EXPECT_EQ(to_utf8(view_of(seen.object->DriverExtension->ServiceKeyName)), "echo");
  EXPECT_EQ(seen.object->DriverExtension->DriverObject, seen.object);

  seen.unloaded = false;
  ASSERT_TRUE(driver.can_unload());
  EXPECT_TRUE(driver.unload());
  EXPECT_TRUE(seen.unloaded);
  EXPECT_TRUE(seen.object->Flags & DRVO_UNLOAD_INVOKED);
}

TEST(Driver, MayRefuseToStart) {
  Driver driver("refuses", failing_entry, {});
  EXPECT_EQ(driver.start(), STATUS_DEVICE_CONFIGURATION_ERROR);
  EXPECT_FALSE(driver.can_unload());
}

TEST(Driver, FindsItsParametersInItsKeyWhileItLives) {
  constexpr char16_t kPath[] = u"\\registry\\MACHINE\\system\\CurrentControlSet\\services\\Params";
  {
    Driver driver("params", driver_entry,
                  {{"Port", {}, 5001},
                   {"Large", {}, 1ull << 40},
                   {"Address", "::1", 0},
                   {"Parameters\\Depth", {}, 7}});
    HANDLE key = open_key(kPath);
    ASSERT_NE(key, nullptr);
    EXPECT_EQ(query(key, u"port").type, static_cast<ULONG>(REG_DWORD));
    EXPECT_EQ(query(key, u"port").bytes, std::string("\x89\x13\0\0", 4));
    EXPECT_EQ(query(key, u"Large").type, static_cast<ULONG>(REG_QWORD));
    EXPECT_EQ(query(key, u"Address").type, static_cast<ULONG>(REG_SZ));
    EXPECT_EQ(query(key, u"Address").bytes, std::string(":\0:\0001\0\0\0", 8));
    EXPECT_EQ(query(key, u"Depth").status, STATUS_OBJECT_NAME_NOT_FOUND);
    ZwClose(key);

    ASSERT_EQ(IoOpenDriverRegistryKey(driver.object(), DriverRegKeyParameters, KEY_READ, 0, &key),
              STATUS_SUCCESS);
    EXPECT_EQ(query(key, u"Depth").bytes, std::string("\7\0\0\0", 4));
    ZwClose(key);
  }
  EXPECT_EQ(open_key(kPath), nullptr);
}

TEST(Driver, KeepsExtensionsUntilItGoes) {
  const std::size_t before = ledger_entries().size();
  {
    Driver driver("extended", driver_entry, {});
    int identification = 0;
    void* extension = nullptr;
    EXPECT_EQ(IoGetDriverObjectExtension(driver.object(), &identification), nullptr);
    ASSERT_EQ(IoAllocateDriverObjectExtension(driver.object(), &identification, 100, &extension),
              STATUS_SUCCESS);
    std::memset(extension, 1, 100);
    EXPECT_EQ(IoGetDriverObjectExtension(driver.object(), &identification), extension);
    void* again = nullptr;
    EXPECT_EQ(IoAllocateDriverObjectExtension(driver.object(), &identification, 100, &again),
              STATUS_OBJECT_NAME_COLLISION);
  }
  EXPECT_EQ(ledger_entries().size(), before);
}

NTSTATUS take_back(PDEVICE_OBJECT, PIRP, PVOID) {
  return STATUS_MORE_PROCESSING_REQUIRED;
}

TEST(Device, RefusesRequestsThatItsDriverDoesNotHandle) {
  Driver driver("plain", driver_entry, {});
  PDEVICE_OBJECT device = nullptr;
  ASSERT_EQ(IoCreateDevice(driver.object(), 0, nullptr, FILE_DEVICE_NETWORK, 0, FALSE, &device),
            STATUS_SUCCESS);
  PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
  IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
  IoSetCompletionRoutine(irp, take_back, nullptr, TRUE, TRUE, TRUE);

  EXPECT_EQ(IoCallDriver(device, irp), STATUS_INVALID_DEVICE_REQUEST);

  EXPECT_EQ(irp->IoStatus.Status, STATUS_INVALID_DEVICE_REQUEST);
  IoFreeIrp(irp);
  IoDeleteDevice(device);
}

TEST(Device, IsLinkedNamedAndCountedUntilDeleted) {
  const std::size_t before = ledger_entries().size();
  Driver driver("named", driver_entry, {});
  UNICODE_STRING name = RTL_CONSTANT_STRING(u"\\Device\\Echo");
  UNICODE_STRING same = RTL_CONSTANT_STRING(u"\\device\\ECHO");
  PDEVICE_OBJECT first = nullptr;
  PDEVICE_OBJECT second = nullptr;
  ASSERT_EQ(IoCreateDevice(driver.object(), 64, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &first),
            STATUS_SUCCESS);
  EXPECT_EQ(IoCreateDevice(driver.object(), 0, &same, FILE_DEVICE_UNKNOWN, 0, FALSE, &second),
            STATUS_OBJECT_NAME_COLLISION);
  ASSERT_EQ(IoCreateDevice(driver.object(), 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &second),
            STATUS_SUCCESS);
  std::memset(first->DeviceExtension, 0xAA, 64);
  EXPECT_EQ(second->DeviceExtension, nullptr);
  EXPECT_EQ(driver.object()->DeviceObject, second);
  EXPECT_EQ(second->NextDevice, first);
  EXPECT_EQ(ledger_entries().size(), before + 2);

  ObReferenceObject(first);
  IoDeleteDevice(first);
  EXPECT_EQ(second->NextDevice, nullptr);
  EXPECT_EQ(first->Type, IO_TYPE_DEVICE);  // Held by the reference.
  ObDereferenceObject(first);
  IoDeleteDevice(second);
  EXPECT_EQ(driver.object()->DeviceObject, nullptr);
  EXPECT_EQ(ledger_entries().size(), before);
}

TEST(Device, LinksAreUniqueUntilDeleted) {
  UNICODE_STRING link = RTL_CONSTANT_STRING(u"\\DosDevices\\Echo");
  UNICODE_STRING target = RTL_CONSTANT_STRING(u"\\Device\\Echo");
  EXPECT_EQ(IoCreateSymbolicLink(&link, &target), STATUS_SUCCESS);
  EXPECT_EQ(IoCreateSymbolicLink(&link, &target), STATUS_OBJECT_NAME_COLLISION);
  EXPECT_EQ(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
  EXPECT_EQ(IoDeleteSymbolicLink(&link), STATUS_OBJECT_NAME_NOT_FOUND);
}

}  // namespace
}  // namespace wskrun::nt
