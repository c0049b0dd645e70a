/* A driver that takes one of everything and gives nothing back. */
#include <ntddk.h>
#include <wsk.h>

static const WSK_CLIENT_DISPATCH ClientDispatch = {MAKE_WSK_VERSION(1, 0), 0, NULL};
static WSK_REGISTRATION Registration;
static WSK_PROVIDER_NPI Wsk;
static KTIMER Timer;
static KDPC Dpc;
static KEVENT Never;
static REGHANDLE Provider;

static NTSTATUS NTAPI Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Done) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  KeSetEvent((PKEVENT)Done, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS Wait(NTSTATUS Returned, PIRP Irp, PKEVENT Done) {
  if (Returned != STATUS_PENDING) return Returned;
  KeWaitForSingleObject(Done, Executive, KernelMode, FALSE, NULL);
  return Irp->IoStatus.Status;
}

static NTSTATUS LeaveSocket(PIRP Irp, PKEVENT Done) {
  return Wait(Wsk.Dispatch->WskSocket(Wsk.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                      WSK_FLAG_LISTEN_SOCKET, NULL, NULL, NULL, NULL, NULL, Irp),
              Irp, Done);
}

static NTSTATUS LeaveAddresses(PIRP Irp, PKEVENT Done) {
  UNICODE_STRING node = RTL_CONSTANT_STRING(L"127.0.0.1");
  PADDRINFOEXW addresses;
  return Wait(Wsk.Dispatch->WskGetAddressInfo(Wsk.Client, &node, NULL, NS_ALL, NULL, NULL,
                                              &addresses, NULL, NULL, Irp),
              Irp, Done);
}

static NTSTATUS Leave(NTSTATUS (*What)(PIRP Irp, PKEVENT Done)) {
  PIRP irp = IoAllocateIrp(1, FALSE);
  KEVENT done;
  NTSTATUS status;
  if (irp == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  KeInitializeEvent(&done, NotificationEvent, FALSE);
  IoSetCompletionRoutine(irp, Completed, &done, TRUE, TRUE, TRUE);
  status = What(irp, &done);
  IoFreeIrp(irp);
  return status;
}

static NTSTATUS LeaveWskThings(VOID) {
  WSK_CLIENT_NPI client = {NULL, &ClientDispatch};
  NTSTATUS status;
  WskRegister(&client, &Registration);
  status = WskCaptureProviderNPI(&Registration, 1000, &Wsk);
  if (NT_SUCCESS(status)) status = Leave(LeaveSocket);
  if (NT_SUCCESS(status)) status = Leave(LeaveAddresses);
  return status;
}

static VOID NTAPI WaitForever(PVOID Context) {
  UNREFERENCED_PARAMETER(Context);
  KeWaitForSingleObject(&Never, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS LeaveThread(VOID) {
  HANDLE handle;
  NTSTATUS status;
  KeInitializeEvent(&Never, NotificationEvent, FALSE);
  status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, WaitForever, NULL);
  if (NT_SUCCESS(status)) ZwClose(handle);
  return status;
}

static VOID NTAPI Tick(PKDPC Expired, PVOID Context, PVOID Argument1, PVOID Argument2) {
  UNREFERENCED_PARAMETER(Expired);
  UNREFERENCED_PARAMETER(Context);
  UNREFERENCED_PARAMETER(Argument1);
  UNREFERENCED_PARAMETER(Argument2);
}

static VOID LeaveTimer(VOID) {
  LARGE_INTEGER due;
  due.QuadPart = -10 * 1000 * 1000 * 60LL; /* A minute from now. */
  KeInitializeTimer(&Timer);
  KeInitializeDpc(&Dpc, Tick, NULL);
  KeSetTimer(&Timer, due, &Dpc);
}

static NTSTATUS LeaveProvider(VOID) {
  static const GUID id = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
  return EtwRegister(&id, NULL, NULL, &Provider);
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tfeL');
  PIRP irp = IoAllocateIrp(1, FALSE);
  PMDL mdl = IoAllocateMdl(memory, 100, FALSE, FALSE, NULL);
  PIO_WORKITEM item = IoAllocateWorkItem((PDEVICE_OBJECT)DriverObject);
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = Unload;
  if (memory == NULL || irp == NULL || mdl == NULL || item == NULL) {
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  LeaveTimer();
  if (!NT_SUCCESS(LeaveThread()) || !NT_SUCCESS(LeaveProvider()))
    return STATUS_INSUFFICIENT_RESOURCES;
  return LeaveWskThings();
}
