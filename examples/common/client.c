/*
 * client.c: registration with WSK, waiting for IRPs, registry values.
 */
#include "client.h"

WSK_PROVIDER_NPI Wsk;

static const WSK_CLIENT_DISPATCH ClientDispatch = {MAKE_WSK_VERSION(1, 0), 0, NULL};
static WSK_REGISTRATION Registration;

NTSTATUS StartWsk(VOID) {
  WSK_CLIENT_NPI client = {NULL, &ClientDispatch};
  NTSTATUS status = WskRegister(&client, &Registration);
  if (!NT_SUCCESS(status)) return status;

  /* A driver that starts while Windows boots waits in a thread instead: WSK may come late. */
  status = WskCaptureProviderNPI(&Registration, 1000, &Wsk);
  if (!NT_SUCCESS(status)) WskDeregister(&Registration);
  return status;
}

VOID StopWsk(VOID) {
  WskReleaseProviderNPI(&Registration);
  WskDeregister(&Registration);
}

/* Called wherever the request happened to end, also at DISPATCH_LEVEL. */
static NTSTATUS NTAPI CallCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject); /* NULL: no device was involved. */
  UNREFERENCED_PARAMETER(Irp);
  KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
  /* The IRP is ours: the I/O manager must not touch it after this. */
  return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS PrepareCall(PWSK_CALL Call) {
  Call->Irp = IoAllocateIrp(1, FALSE); /* One stack location, for WSK. */
  if (Call->Irp == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  KeInitializeEvent(&Call->Completed, NotificationEvent, FALSE);
  Call->Information = 0;
  /* In all three cases: whoever allocates the IRP has to learn of every end. */
  IoSetCompletionRoutine(Call->Irp, CallCompleted, &Call->Completed, TRUE, TRUE, TRUE);
  return STATUS_SUCCESS;
}

static VOID WaitOrCancel(PWSK_CALL Call, PKEVENT Stop) {
  if (Stop != NULL) {
    PVOID events[2] = {&Call->Completed, Stop};
    NTSTATUS ended =
        KeWaitForMultipleObjects(2, events, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
    if (ended == STATUS_WAIT_1) IoCancelIrp(Call->Irp);
  }
  KeWaitForSingleObject(&Call->Completed, Executive, KernelMode, FALSE, NULL);
}

NTSTATUS FinishCall(PWSK_CALL Call, NTSTATUS Returned, PKEVENT Stop) {
  NTSTATUS status = Returned;
  if (Returned == STATUS_PENDING) {
    WaitOrCancel(Call, Stop);
    status = Call->Irp->IoStatus.Status;
  }
  Call->Information = Call->Irp->IoStatus.Information;
  IoFreeIrp(Call->Irp);
  Call->Irp = NULL;
  return status;
}

NTSTATUS CloseSocket(PWSK_SOCKET Socket) {
  const WSK_PROVIDER_BASIC_DISPATCH* dispatch = Socket->Dispatch; /* Every table starts with it. */
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  return FinishCall(&call, dispatch->WskCloseSocket(Socket, call.Irp), NULL);
}

NTSTATUS StartThread(PKSTART_ROUTINE Routine, PETHREAD* Thread) {
  HANDLE handle;
  NTSTATUS status =
      PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, NULL);
  if (!NT_SUCCESS(status)) return status;
  /* A handle that was just made can be turned into its object. */
  status = ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                     (PVOID*)Thread, NULL);
  NT_ASSERT(NT_SUCCESS(status));
  ZwClose(handle);
  return STATUS_SUCCESS;
}

VOID WaitForThread(PETHREAD Thread) {
  KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
  ObDereferenceObject(Thread);
}

typedef struct _REGISTRY_VALUE {
  KEY_VALUE_PARTIAL_INFORMATION Header;
  UCHAR Rest[512];
} REGISTRY_VALUE;

static NTSTATUS ReadValue(PUNICODE_STRING RegistryPath, PCWSTR Name, REGISTRY_VALUE* Value) {
  OBJECT_ATTRIBUTES attributes;
  UNICODE_STRING name;
  HANDLE key;
  ULONG size;
  NTSTATUS status;

  InitializeObjectAttributes(&attributes, RegistryPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                             NULL, NULL);
  status = ZwOpenKey(&key, KEY_READ, &attributes);
  if (!NT_SUCCESS(status)) return status;
  RtlInitUnicodeString(&name, Name);
  status = ZwQueryValueKey(key, &name, KeyValuePartialInformation, Value, sizeof(*Value), &size);
  ZwClose(key);
  return status;
}

ULONG ReadNumber(PUNICODE_STRING RegistryPath, PCWSTR Name, ULONG Default) {
  REGISTRY_VALUE value;
  ULONG number;
  if (!NT_SUCCESS(ReadValue(RegistryPath, Name, &value))) return Default;
  if (value.Header.Type != REG_DWORD || value.Header.DataLength != sizeof(number)) return Default;
  RtlCopyMemory(&number, value.Header.Data, sizeof(number));
  return number;
}

/* Four numbers of 0 to 255 with dots between them, and nothing else. */
static BOOLEAN ParseIpv4Address(PCWSTR Text, ULONG Length, IN_ADDR* Address) {
  UCHAR* bytes = (UCHAR*)Address; /* Network byte order: the first number comes first. */
  ULONG byte = 0, number = 0, digits = 0, i;
  for (i = 0; i <= Length; ++i) {
    if (i < Length && Text[i] >= L'0' && Text[i] <= L'9') {
      number = number * 10 + (Text[i] - L'0');
      if (++digits > 3 || number > 255) return FALSE;
      continue;
    }
    if (digits == 0 || byte == 4 || (i < Length && Text[i] != L'.')) return FALSE;
    bytes[byte++] = (UCHAR)number;
    number = digits = 0;
  }
  return byte == 4;
}

/* The characters of the text in Value, without its zero; FALSE when there is none. */
static BOOLEAN ReadString(PUNICODE_STRING RegistryPath, PCWSTR Name, REGISTRY_VALUE* Value,
                          ULONG* Length) {
  PCWSTR text = (PCWSTR)Value->Header.Data;
  if (!NT_SUCCESS(ReadValue(RegistryPath, Name, Value))) return FALSE;
  if (Value->Header.Type != REG_SZ) return FALSE;
  *Length = Value->Header.DataLength / sizeof(WCHAR);
  while (*Length > 0 && text[*Length - 1] == L'\0') --*Length; /* REG_SZ counts its zero. */
  return TRUE;
}

BOOLEAN ReadText(PUNICODE_STRING RegistryPath, PCWSTR Name, PSTR Text, SIZE_T Size) {
  REGISTRY_VALUE value;
  PCWSTR text = (PCWSTR)value.Header.Data;
  ULONG length, i;
  if (!ReadString(RegistryPath, Name, &value, &length) || length >= Size) return FALSE;
  for (i = 0; i < length; ++i) {
    if (text[i] == L'\0' || text[i] > 0x7F) return FALSE;
    Text[i] = (CHAR)text[i];
  }
  Text[length] = '\0';
  return TRUE;
}

BOOLEAN ReadIpv4Address(PUNICODE_STRING RegistryPath, PCWSTR Name, IN_ADDR* Address) {
  REGISTRY_VALUE value;
  ULONG length;
  return ReadString(RegistryPath, Name, &value, &length) &&
         ParseIpv4Address((PCWSTR)value.Header.Data, length, Address);
}

SOCKADDR_IN MakeAddress(IN_ADDR Address, USHORT Port) {
  SOCKADDR_IN address = {0};
  address.sin_family = AF_INET;
  address.sin_port = RtlUshortByteSwap(Port);
  address.sin_addr = Address;
  return address;
}

IN_ADDR LoopbackAddress(VOID) {
  IN_ADDR address;
  address.s_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
  return address;
}

VOID SayAddress(PCSTR What, const SOCKADDR_IN* Address) {
  const UCHAR* bytes = (const UCHAR*)&Address->sin_addr;
  SAY("%s %u.%u.%u.%u:%u\n", What, bytes[0], bytes[1], bytes[2], bytes[3],
      RtlUshortByteSwap(Address->sin_port));
}
