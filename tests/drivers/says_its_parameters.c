/* Prints its registry path and every value in that key and in its subkey Parameters. */
#include <ntddk.h>

typedef struct _VALUE {
  KEY_VALUE_FULL_INFORMATION Header;
  UCHAR Rest[512];
} VALUE;

static VOID SayValue(const KEY_VALUE_FULL_INFORMATION* Value) {
  UNICODE_STRING name;
  const UCHAR* data = (const UCHAR*)Value + Value->DataOffset;
  name.Buffer = (PWCH)Value->Name;
  name.Length = name.MaximumLength = (USHORT)Value->NameLength;
  if (Value->Type == REG_SZ) {
    DbgPrint("%wZ is the text %ws\n", &name, (PCWSTR)data);
  } else if (Value->Type == REG_DWORD) {
    DbgPrint("%wZ is the number %u\n", &name, *(const ULONG*)data);
  } else if (Value->Type == REG_QWORD) {
    DbgPrint("%wZ is the long number %I64u\n", &name, *(const ULONGLONG*)data);
  }
}

static NTSTATUS SayValues(HANDLE Root, PUNICODE_STRING Path) {
  OBJECT_ATTRIBUTES attributes;
  HANDLE key;
  VALUE value;
  ULONG size, i;
  NTSTATUS status;
  InitializeObjectAttributes(&attributes, Path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, Root,
                             NULL);
  status = ZwOpenKey(&key, KEY_READ, &attributes);
  if (!NT_SUCCESS(status)) return status;
  for (i = 0; NT_SUCCESS(
           ZwEnumerateValueKey(key, i, KeyValueFullInformation, &value, sizeof(value), &size));
       ++i) {
    SayValue(&value.Header);
  }
  if (Root == NULL) {
    UNICODE_STRING parameters = RTL_CONSTANT_STRING(L"Parameters");
    SayValues(key, &parameters);
  }
  ZwClose(key);
  return STATUS_SUCCESS;
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  DriverObject->DriverUnload = Unload;
  DbgPrint("the path is %wZ\n", RegistryPath);
  return SayValues(NULL, RegistryPath);
}
