/* A driver whose DriverEntry is nobody's to see. */
#include <ntddk.h>

static NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(DriverObject);
  UNREFERENCED_PARAMETER(RegistryPath);
  return STATUS_SUCCESS;
}

PDRIVER_INITIALIZE HiddenEntry = DriverEntry;
