/* A driver that calls functions which exist nowhere. */
#include <ntddk.h>

NTSTATUS NTAPI ZwMakeCoffee(ULONG Cups);
NTSTATUS NTAPI KeDrinkCoffee(VOID);
VOID NTAPI NdisBrewCoffee(VOID);
void pour_coffee(void);

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(DriverObject);
  UNREFERENCED_PARAMETER(RegistryPath);
  if (!NT_SUCCESS(ZwMakeCoffee(1))) return STATUS_NO_SUCH_DEVICE;
  NdisBrewCoffee();
  pour_coffee();
  return KeDrinkCoffee();
}
