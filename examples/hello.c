/* The smallest WSK client: becomes one when it is loaded, and stops being one when it goes. */
#include <ntddk.h>
#include <wsk.h>

static const WSK_CLIENT_DISPATCH dispatch = {MAKE_WSK_VERSION(1, 0), 0, NULL};
static WSK_REGISTRATION registration;

static VOID Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  WskDeregister(&registration);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  WSK_CLIENT_NPI client = {NULL, &dispatch};
  DriverObject->DriverUnload = Unload;
  DbgPrint("hello from %wZ\n", RegistryPath);
  return WskRegister(&client, &registration);
}
