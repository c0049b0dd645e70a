/*
 * blockclient: a client for blocks on another machine, in the habit of drivers for network disks. A
 * server that speaks block_protocol.h appears as the device \\.\RemoteBlocks, to be read and
 * written at any offset that is a multiple of its block size. blockclient.h shows the parts.
 *
 *   wskrun --param Server=127.0.0.1:7777 blockclient.so
 *
 * Further values in the registry: PieceSize, bytes in a request at most; MaxPieces, requests under
 * way at most; RetryMilliseconds, between attempts to connect.
 *
 * Pages: kernel/using-direct-i-o, kernel/cancel-safe-irp-queues, network/receiving-data-over-a-
 *        connection-oriented-socket
 */
#include "blockclient.h"

#include <ip2string.h>
#include <wdmsec.h>

#include "blockclient_ioctl.h"

DECLARE_CONST_UNICODE_STRING(DeviceName, L"\\Device\\RemoteBlocks");
DECLARE_CONST_UNICODE_STRING(LinkName, L"\\DosDevices\\RemoteBlocks");

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

/* ---- reading and writing -------------------------------------------------------------------- */

static NTSTATUS CheckRange(LONGLONG Offset, ULONG Length) {
  ULONGLONG size;
  ULONG block_size;
  QueryMedium(&size, &block_size);
  if (block_size == 0) return STATUS_DEVICE_NOT_CONNECTED; /* No server has been there yet. */
  if (Offset < 0 || Offset % block_size != 0 || Length % block_size != 0) {
    return STATUS_INVALID_PARAMETER;
  }
  if ((ULONGLONG)Offset > size || Length > size - (ULONGLONG)Offset) return STATUS_END_OF_FILE;
  return STATUS_SUCCESS;
}

static NTSTATUS Transfer(PIRP Irp, ULONG Operation, LONGLONG Offset, ULONG Length) {
  NTSTATUS status = CheckRange(Offset, Length);
  if (!NT_SUCCESS(status) || Length == 0) return Complete(Irp, status, 0);
  return StartTransfer(Irp, Operation, (ULONGLONG)Offset, Length);
}

static NTSTATUS NTAPI DispatchRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
  UNREFERENCED_PARAMETER(DeviceObject);
  return Transfer(Irp, BLOCK_READ, location->Parameters.Read.ByteOffset.QuadPart,
                  location->Parameters.Read.Length);
}

static NTSTATUS NTAPI DispatchWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
  UNREFERENCED_PARAMETER(DeviceObject);
  return Transfer(Irp, BLOCK_WRITE, location->Parameters.Write.ByteOffset.QuadPart,
                  location->Parameters.Write.Length);
}

/* ---- the other dispatch routines ------------------------------------------------------------ */

static NTSTATUS NTAPI DispatchCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI DispatchCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  CancelTransfersOf(IoGetCurrentIrpStackLocation(Irp)->FileObject);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS QueryMediumInto(PREMOTE_BLOCKS_MEDIUM Medium) {
  RtlZeroMemory(Medium, sizeof(*Medium));
  QueryMedium(&Medium->Size, &Medium->BlockSize);
  return Medium->BlockSize == 0 ? STATUS_DEVICE_NOT_CONNECTED : STATUS_SUCCESS;
}

static NTSTATUS NTAPI DispatchControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
  NTSTATUS status;
  UNREFERENCED_PARAMETER(DeviceObject);
  if (location->Parameters.DeviceIoControl.IoControlCode != IOCTL_REMOTE_BLOCKS_QUERY_MEDIUM) {
    return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
  }
  if (location->Parameters.DeviceIoControl.OutputBufferLength < sizeof(REMOTE_BLOCKS_MEDIUM)) {
    return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  }
  status = QueryMediumInto((PREMOTE_BLOCKS_MEDIUM)Irp->AssociatedIrp.SystemBuffer);
  return Complete(Irp, status, NT_SUCCESS(status) ? sizeof(REMOTE_BLOCKS_MEDIUM) : 0);
}

/* ---- settings ------------------------------------------------------------------------------- */

typedef struct _SETTINGS {
  LINK_SETTINGS Link;
  ULONG PieceSize;
  ULONG MaxPieces;
} SETTINGS;

#define NUMBER(Name, Where)                                                                 \
  {                                                                                         \
    NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, (PWSTR)Name, Where,     \
        (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_DWORD, Where, sizeof(ULONG) \
  }

static NTSTATUS ReadSettings(PUNICODE_STRING RegistryPath, SETTINGS* Settings) {
  WCHAR text[64];
  UNICODE_STRING server = {0, sizeof(text) - sizeof(WCHAR), text};
  /* Each number is its own default: what stands in Settings. */
  RTL_QUERY_REGISTRY_TABLE table[] = {
      {NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED | RTL_QUERY_REGISTRY_TYPECHECK,
       (PWSTR)L"Server", &server, (REG_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE, NULL,
       0},
      NUMBER(L"PieceSize", &Settings->PieceSize),
      NUMBER(L"MaxPieces", &Settings->MaxPieces),
      NUMBER(L"RetryMilliseconds", &Settings->Link.RetryMilliseconds),
      {0}};
  NTSTATUS status =
      RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, RegistryPath->Buffer, table, NULL, NULL);
  if (!NT_SUCCESS(status)) return status;
  text[server.Length / sizeof(WCHAR)] = L'\0';
  Settings->Link.Server.sin_family = AF_INET;
  status = RtlIpv4StringToAddressExW(text, TRUE, &Settings->Link.Server.sin_addr,
                                     &Settings->Link.Server.sin_port);
  if (!NT_SUCCESS(status)) return status;
  if (Settings->PieceSize == 0 || Settings->PieceSize > 1024 * 1024 || Settings->MaxPieces == 0) {
    return STATUS_INVALID_PARAMETER;
  }
  return STATUS_SUCCESS;
}

/* ---- the driver ----------------------------------------------------------------------------- */

static NTSTATUS CreateDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT* Device) {
  NTSTATUS status = IoCreateDeviceSecure(DriverObject, 0, (PUNICODE_STRING)&DeviceName,
                                         FILE_DEVICE_DISK, FILE_DEVICE_SECURE_OPEN, FALSE,
                                         &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, NULL, Device);
  if (!NT_SUCCESS(status)) return status;
  (*Device)->Flags |= DO_DIRECT_IO; /* Each read and write comes with an MDL, locked. */
  status = IoCreateSymbolicLink((PUNICODE_STRING)&LinkName, (PUNICODE_STRING)&DeviceName);
  if (!NT_SUCCESS(status)) IoDeleteDevice(*Device);
  return status;
}

static VOID DeleteDevice(PDEVICE_OBJECT Device) {
  IoDeleteSymbolicLink((PUNICODE_STRING)&LinkName);
  IoDeleteDevice(Device);
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  StopLink();
  DeleteDevice(DriverObject->DeviceObject);
  DeleteTransfers();
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  SETTINGS settings = {{{0}, 1000}, 64 * 1024, 16};
  PDEVICE_OBJECT device;
  NTSTATUS status = ReadSettings(RegistryPath, &settings);
  if (!NT_SUCCESS(status)) return status;
  DriverObject->MajorFunction[IRP_MJ_CREATE] = DispatchCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DispatchCleanup;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = DispatchCreateClose;
  DriverObject->MajorFunction[IRP_MJ_READ] = DispatchRead;
  DriverObject->MajorFunction[IRP_MJ_WRITE] = DispatchWrite;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DispatchControl;
  DriverObject->DriverUnload = Unload;

  status = InitializeTransfers(settings.PieceSize, settings.MaxPieces);
  if (NT_SUCCESS(status)) status = CreateDevice(DriverObject, &device);
  if (!NT_SUCCESS(status)) {
    DeleteTransfers();
    return status;
  }
  status = StartLink(&settings.Link);
  if (!NT_SUCCESS(status)) {
    DeleteDevice(device);
    DeleteTransfers();
  }
  return status;
}
