/*
 * proxy: a TCP proxy with a control device. Programs open \\.\Proxy and say which local port leads
 * to which address (proxy_ioctl.h); each rule lasts as long as their handle. One rule can stand in
 * the registry:
 *
 *   wskrun --param TargetAddress=127.0.0.1 --param TargetPort=8080 proxy.so
 *   wskrun --param ListenPort=7777 --param TargetAddress=127.0.0.1 --param TargetPort=8080 proxy.so
 *
 * This file is the driver and its device. proxy.h shows the other parts.
 *
 * Pages: network/registering-a-winsock-kernel-application,
 *        kernel/defining-i-o-control-codes, kernel/using-remove-locks
 */
#include "proxy.h"

#include <ip2string.h>

PROXY Proxy;

DECLARE_CONST_UNICODE_STRING(DeviceName, L"\\Device\\Proxy");
DECLARE_CONST_UNICODE_STRING(LinkName, L"\\DosDevices\\Proxy");

/* ---- control codes -------------------------------------------------------------------------- */

/* Input and output share one buffer: what comes in is read before anything is written. */
typedef struct _CONTROL {
  PFILE_OBJECT File;
  PVOID Buffer;
  ULONG InputSize;
  ULONG OutputSize;
  ULONG_PTR Written;
} CONTROL, *PCONTROL;

static NTSTATUS ControlAddRule(PCONTROL Control) {
  PROXY_RULE wanted;
  PROXY_RULE_ADDED added;
  NTSTATUS status;
  if (Control->InputSize != sizeof(wanted)) return STATUS_INVALID_PARAMETER;
  if (Control->OutputSize < sizeof(added)) return STATUS_BUFFER_TOO_SMALL;
  RtlCopyMemory(&wanted, Control->Buffer, sizeof(wanted));
  status = AddRule(Control->File, &wanted, &added);
  if (!NT_SUCCESS(status)) return status;
  RtlCopyMemory(Control->Buffer, &added, sizeof(added));
  Control->Written = sizeof(added);
  return STATUS_SUCCESS;
}

static NTSTATUS ControlRemoveRule(PCONTROL Control) {
  ULONG id;
  if (Control->InputSize != sizeof(id)) return STATUS_INVALID_PARAMETER;
  RtlCopyMemory(&id, Control->Buffer, sizeof(id));
  return RemoveRule(id);
}

static NTSTATUS ControlQueryStatistics(PCONTROL Control) {
  volatile PROXY_STATISTICS* statistics = &Proxy.Statistics;
  PROXY_STATISTICS now; /* Each number of it; together they are of nearly the same moment. */
  now.Accepted = ReadNoFence64(&statistics->Accepted);
  now.Refused = ReadNoFence64(&statistics->Refused);
  now.ConnectsFailed = ReadNoFence64(&statistics->ConnectsFailed);
  now.Ended = ReadNoFence64(&statistics->Ended);
  now.Broken = ReadNoFence64(&statistics->Broken);
  now.BytesToTargets = ReadNoFence64(&statistics->BytesToTargets);
  now.BytesToClients = ReadNoFence64(&statistics->BytesToClients);
  if (Control->OutputSize < sizeof(now)) return STATUS_BUFFER_TOO_SMALL;
  RtlCopyMemory(Control->Buffer, &now, sizeof(now));
  Control->Written = sizeof(now);
  return STATUS_SUCCESS;
}

static NTSTATUS ControlListConnections(PCONTROL Control) {
  const ULONG header = FIELD_OFFSET(PROXY_CONNECTION_LIST, Connections);
  PPROXY_CONNECTION_LIST list = (PPROXY_CONNECTION_LIST)Control->Buffer;
  if (Control->OutputSize < header) return STATUS_BUFFER_TOO_SMALL;
  /* What is not written goes to the program all the same, so it must not be the pool's past. */
  RtlZeroMemory(list, Control->OutputSize);
  ListConnections(list, (Control->OutputSize - header) / sizeof(PROXY_CONNECTION));
  Control->Written = header + list->Count * sizeof(PROXY_CONNECTION);
  return list->Count < list->Total ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS DoControl(PCONTROL Control, ULONG Code) {
  switch (Code) {
    case IOCTL_PROXY_ADD_RULE:
      return ControlAddRule(Control);
    case IOCTL_PROXY_REMOVE_RULE:
      return ControlRemoveRule(Control);
    case IOCTL_PROXY_QUERY_STATISTICS:
      return ControlQueryStatistics(Control);
    case IOCTL_PROXY_LIST_CONNECTIONS:
      return ControlListConnections(Control);
    default:
      return STATUS_INVALID_DEVICE_REQUEST;
  }
}

/* ---- dispatch routines ---------------------------------------------------------------------- */

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

static NTSTATUS NTAPI DispatchCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  /* There is nothing behind the name of the device. */
  if (IoGetCurrentIrpStackLocation(Irp)->FileObject->FileName.Length != 0) {
    return Complete(Irp, STATUS_OBJECT_NAME_NOT_FOUND, 0);
  }
  return Complete(Irp, STATUS_SUCCESS, FILE_OPENED);
}

/* The last handle is closed. What it still wants from us is cancelled; we never keep anything. */
static NTSTATUS NTAPI DispatchCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  NTSTATUS status = IoAcquireRemoveLock(&Proxy.RemoveLock, Irp);
  UNREFERENCED_PARAMETER(DeviceObject);
  if (!NT_SUCCESS(status)) return Complete(Irp, status, 0);
  RemoveRulesOf(IoGetCurrentIrpStackLocation(Irp)->FileObject);
  Complete(Irp, STATUS_SUCCESS, 0);
  IoReleaseRemoveLock(&Proxy.RemoveLock, Irp);
  return STATUS_SUCCESS;
}

static NTSTATUS NTAPI DispatchClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI DispatchControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
  CONTROL control = {0};
  NTSTATUS status = IoAcquireRemoveLock(&Proxy.RemoveLock, Irp);
  UNREFERENCED_PARAMETER(DeviceObject);
  if (!NT_SUCCESS(status)) return Complete(Irp, status, 0);
  control.File = location->FileObject;
  control.Buffer = Irp->AssociatedIrp.SystemBuffer;
  control.InputSize = location->Parameters.DeviceIoControl.InputBufferLength;
  control.OutputSize = location->Parameters.DeviceIoControl.OutputBufferLength;
  status = DoControl(&control, location->Parameters.DeviceIoControl.IoControlCode);
  Complete(Irp, status, control.Written);
  IoReleaseRemoveLock(&Proxy.RemoveLock, Irp); /* Irp is only a name by now. */
  return status;
}

/* ---- the driver ----------------------------------------------------------------------------- */

static VOID SayRule(const PROXY_RULE_ADDED* Added) {
  CHAR text[64];
  ULONG size = sizeof(text);
  const SOCKADDR_IN* address = &Added->Listen.Ipv4; /* The registry's rule is one of IPv4. */
  if (NT_SUCCESS(RtlIpv4AddressToStringExA(&address->sin_addr, address->sin_port, text, &size))) {
    SAY("listening on %s\n", text);
  }
}

/* The rule in the registry, if there is one. */
static NTSTATUS AddRuleOfRegistry(PUNICODE_STRING RegistryPath) {
  PROXY_RULE wanted;
  PROXY_RULE_ADDED added;
  IN_ADDR target;
  NTSTATUS status;
  if (!ReadIpv4Address(RegistryPath, L"TargetAddress", &target)) return STATUS_SUCCESS;
  RtlZeroMemory(&wanted, sizeof(wanted));
  wanted.Listen.Ipv4 =
      MakeAddress(LoopbackAddress(), (USHORT)ReadNumber(RegistryPath, L"ListenPort", 0));
  wanted.Target.Ipv4 = MakeAddress(target, (USHORT)ReadNumber(RegistryPath, L"TargetPort", 80));
  status = AddRule(NULL, &wanted, &added);
  if (NT_SUCCESS(status)) SayRule(&added);
  return status;
}

/* WSK calls these events on every socket of this client, without a call for each. */
static NTSTATUS EnableEvents(VOID) {
  WSK_EVENT_CALLBACK_CONTROL control;
  control.NpiId = &NPI_WSK_INTERFACE_ID;
  control.EventMask = WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT;
  return Wsk.Dispatch->WskControlClient(Wsk.Client, WSK_SET_STATIC_EVENT_CALLBACKS, sizeof(control),
                                        &control, 0, NULL, NULL, NULL);
}

/* Only the system and administrators may send the machine's traffic elsewhere. */
static NTSTATUS CreateDevice(PDRIVER_OBJECT DriverObject) {
  NTSTATUS status = IoCreateDeviceSecure(DriverObject, 0, (PUNICODE_STRING)&DeviceName,
                                         FILE_DEVICE_NETWORK, FILE_DEVICE_SECURE_OPEN, FALSE,
                                         &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, NULL, &Proxy.Device);
  if (!NT_SUCCESS(status)) return status;
  IoInitializeRemoveLock(&Proxy.RemoveLock, POOL_TAG, 0, 0);
  /* Unload lets the lock run out, which counts as one who has it. */
  status = IoAcquireRemoveLock(&Proxy.RemoveLock, DriverObject);
  NT_ASSERT(NT_SUCCESS(status));
  status = IoCreateSymbolicLink((PUNICODE_STRING)&LinkName, (PUNICODE_STRING)&DeviceName);
  if (!NT_SUCCESS(status)) IoDeleteDevice(Proxy.Device);
  return status;
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  IoDeleteSymbolicLink((PUNICODE_STRING)&LinkName); /* Nobody new comes in. */
  IoReleaseRemoveLockAndWait(&Proxy.RemoveLock, DriverObject);
  RemoveRulesOf(NULL);
  StopWsk();
  StopPairs();
  IoDeleteDevice(Proxy.Device);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  NTSTATUS status = CreateDevice(DriverObject);
  if (!NT_SUCCESS(status)) return status;
  InitializeListHead(&Proxy.Rules);
  ExInitializeFastMutex(&Proxy.Mutex);
  StartPairs();
  DriverObject->MajorFunction[IRP_MJ_CREATE] = DispatchCreate;
  DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DispatchCleanup;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = DispatchClose;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DispatchControl;
  DriverObject->DriverUnload = Unload;

  status = StartWsk();
  if (NT_SUCCESS(status)) {
    status = EnableEvents();
    if (NT_SUCCESS(status)) status = AddRuleOfRegistry(RegistryPath);
    if (NT_SUCCESS(status)) return status;
    StopWsk();
  }
  IoDeleteSymbolicLink((PUNICODE_STRING)&LinkName);
  StopPairs();
  IoDeleteDevice(Proxy.Device);
  return status;
}
