/* A driver in C with an inline function in two of its files. */
#include "twice.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;

static VOID Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  CHANGE* volatile mine = Twice;
  CHANGE* volatile others = ChangeOfTheOtherFile();
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = Unload;
  DbgPrint("twice and twice: %u, %s\n", others(mine(1)),
           mine == others ? "one function" : "two functions");
  return STATUS_SUCCESS;
}
