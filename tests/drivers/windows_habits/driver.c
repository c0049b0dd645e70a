/* clang-format off */
/*
 * A driver whose files are as an editor on Windows leaves them: a byte-order mark, lines that end
 * in CR LF, and names in #include that only Windows finds.
 */
#include <NtDDK.h>
#include "Shared\Words.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;

static VOID Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = Unload;
  DbgPrint("%s, %s\n", FIRST_WORD, SECOND_WORD);
  return STATUS_SUCCESS;
}
