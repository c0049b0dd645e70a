/* A driver whose DriverEntry fails, after it has allocated something and given it back. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'feRr');
  UNREFERENCED_PARAMETER(DriverObject);
  UNREFERENCED_PARAMETER(RegistryPath);
  if (memory != NULL) ExFreePoolWithTag(memory, 'feRr');
  return STATUS_DEVICE_NOT_CONNECTED;
}
