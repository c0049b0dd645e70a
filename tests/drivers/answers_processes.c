/*
 * A driver with a device, \Device\Answers, for programs in user mode. It logs and counts what it
 * sees of them.
 *
 * Reading takes what was written last, or waits for the next write in a cancel-safe queue. The
 * control codes: 0x222000 reverses its input (METHOD_BUFFERED), 0x222006 returns it in capitals
 * (METHOD_OUT_DIRECT), 0x22200b returns it with every bit turned round (METHOD_NEITHER). 0x22200c
 * keeps its caller inside the dispatch routine until somebody sends 0x222010. 0x222014 pends
 * without a cancel routine, until IRP_MJ_CLEANUP of its file. 0x222018 fails, with a warning that
 * returns data. Everything else is refused.
 */
#include <ntddk.h>

#define CODE(Function, Method) CTL_CODE(FILE_DEVICE_UNKNOWN, Function, Method, FILE_ANY_ACCESS)
#define IOCTL_REVERSE CODE(0x800, METHOD_BUFFERED)
#define IOCTL_CAPITALS CODE(0x801, METHOD_OUT_DIRECT)
#define IOCTL_TURN_ROUND CODE(0x802, METHOD_NEITHER)
#define IOCTL_STAY CODE(0x803, METHOD_BUFFERED)
#define IOCTL_GO_ON CODE(0x804, METHOD_BUFFERED)
#define IOCTL_PEND CODE(0x805, METHOD_BUFFERED)
#define IOCTL_WARN CODE(0x806, METHOD_BUFFERED)

#define MAX_TEXT 4096

static UNICODE_STRING device_name = RTL_CONSTANT_STRING(L"\\Device\\Answers");
static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\DosDevices\\Answers");

static KSPIN_LOCK lock; /* Guards the readers and the kept IRP. */
static LIST_ENTRY readers;
static PIRP kept; /* Of IOCTL_PEND. */
static IO_CSQ queue;
static FAST_MUTEX text_mutex;
static UCHAR text[MAX_TEXT];
static ULONG text_length;
static KEVENT go_on;
static LONG creates, cleanups, closes, cancels;

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information) {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = information;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return status;
}

/* ---- the queue of readers */

static VOID NTAPI insert(PIO_CSQ csq, PIRP irp) {
  UNREFERENCED_PARAMETER(csq);
  InsertTailList(&readers, &irp->Tail.Overlay.ListEntry);
}

static VOID NTAPI remove_irp(PIO_CSQ csq, PIRP irp) {
  UNREFERENCED_PARAMETER(csq);
  RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP NTAPI peek(PIO_CSQ csq, PIRP irp, PVOID context) {
  PLIST_ENTRY next = irp == NULL ? readers.Flink : irp->Tail.Overlay.ListEntry.Flink;
  UNREFERENCED_PARAMETER(csq);
  UNREFERENCED_PARAMETER(context);
  return next == &readers ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}

static VOID NTAPI acquire(PIO_CSQ csq, PKIRQL irql) {
  UNREFERENCED_PARAMETER(csq);
  KeAcquireSpinLock(&lock, irql);
}

static VOID NTAPI release(PIO_CSQ csq, KIRQL irql) {
  UNREFERENCED_PARAMETER(csq);
  KeReleaseSpinLock(&lock, irql);
}

static VOID NTAPI complete_cancelled(PIO_CSQ csq, PIRP irp) {
  UNREFERENCED_PARAMETER(csq);
  DbgPrint("cancel %d\n", InterlockedIncrement(&cancels));
  complete(irp, STATUS_CANCELLED, 0);
}

/* ---- reading and writing, DO_BUFFERED_IO */

/* The text, if there is one, to the first reader, if there is one. */
static VOID serve_reader(VOID) {
  PIRP irp = NULL;
  ExAcquireFastMutex(&text_mutex);
  if (text_length != 0) irp = IoCsqRemoveNextIrp(&queue, NULL);
  if (irp != NULL) {
    const ULONG room = IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length;
    const ULONG taken = min(room, text_length);
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, text, taken);
    text_length = 0;
    complete(irp, STATUS_SUCCESS, taken);
  }
  ExReleaseFastMutex(&text_mutex);
}

static NTSTATUS read(PIRP irp) {
  if (IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length == 0) {
    return complete(irp, STATUS_SUCCESS, 0);
  }
  IoCsqInsertIrp(&queue, irp, NULL);
  DbgPrint("a read waits\n");
  serve_reader();
  return STATUS_PENDING;
}

static NTSTATUS write(PIRP irp) {
  const PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
  const ULONG length = location->Parameters.Write.Length;
  DbgPrint("a write of %u bytes at %I64d\n", length,
           location->Parameters.Write.ByteOffset.QuadPart);
  if (length > MAX_TEXT) return complete(irp, STATUS_INVALID_BUFFER_SIZE, 0);
  ExAcquireFastMutex(&text_mutex);
  if (length != 0) RtlCopyMemory(text, irp->AssociatedIrp.SystemBuffer, length);
  text_length = length;
  ExReleaseFastMutex(&text_mutex);
  serve_reader();
  return complete(irp, STATUS_SUCCESS, length);
}

/* ---- control codes */

static NTSTATUS reverse(PIRP irp, ULONG in, ULONG out) {
  UCHAR* bytes = irp->AssociatedIrp.SystemBuffer;
  ULONG i;
  if (out < in) return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
  for (i = 0; i < in / 2; ++i) {
    const UCHAR byte = bytes[i];
    bytes[i] = bytes[in - 1 - i];
    bytes[in - 1 - i] = byte;
  }
  return complete(irp, STATUS_SUCCESS, in);
}

static NTSTATUS capitals(PIRP irp, ULONG in, ULONG out) {
  const CHAR* from = irp->AssociatedIrp.SystemBuffer;
  CHAR* to;
  ULONG i;
  if (out < in || in == 0) return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
  to = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
  for (i = 0; i < in; ++i) to[i] = RtlUpperChar(from[i]);
  return complete(irp, STATUS_SUCCESS, in);
}

static NTSTATUS turn_round(PIRP irp, ULONG in, ULONG out) {
  const UCHAR* from =
      IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.Type3InputBuffer;
  UCHAR* to = irp->UserBuffer;
  ULONG i;
  if (out < in) return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
  ProbeForRead(from, in, 1);
  ProbeForWrite(to, out, 1);
  for (i = 0; i < in; ++i) to[i] = (UCHAR)~from[i];
  return complete(irp, STATUS_SUCCESS, in);
}

static NTSTATUS stay(PIRP irp) {
  DbgPrint("a request stays\n");
  KeWaitForSingleObject(&go_on, Executive, KernelMode, FALSE, NULL);
  return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS keep(PIRP irp) {
  KIRQL irql;
  IoMarkIrpPending(irp);
  KeAcquireSpinLock(&lock, &irql);
  kept = irp;
  KeReleaseSpinLock(&lock, irql);
  DbgPrint("a request is kept\n");
  return STATUS_PENDING;
}

static NTSTATUS warn(PIRP irp, ULONG out) {
  if (out < 4) return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
  RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, "part", 4);
  return complete(irp, STATUS_BUFFER_OVERFLOW, 4);
}

static NTSTATUS control(PIRP irp) {
  const PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
  const ULONG in = location->Parameters.DeviceIoControl.InputBufferLength;
  const ULONG out = location->Parameters.DeviceIoControl.OutputBufferLength;
  switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_REVERSE:
      return reverse(irp, in, out);
    case IOCTL_CAPITALS:
      return capitals(irp, in, out);
    case IOCTL_TURN_ROUND:
      return turn_round(irp, in, out);
    case IOCTL_STAY:
      return stay(irp);
    case IOCTL_GO_ON:
      KeSetEvent(&go_on, IO_NO_INCREMENT, FALSE);
      return complete(irp, STATUS_SUCCESS, 0);
    case IOCTL_PEND:
      return keep(irp);
    case IOCTL_WARN:
      return warn(irp, out);
    default:
      return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
  }
}

/* ---- files */

static VOID end_kept(PFILE_OBJECT file) {
  PIRP irp = NULL;
  KIRQL irql;
  KeAcquireSpinLock(&lock, &irql);
  if (kept != NULL && IoGetCurrentIrpStackLocation(kept)->FileObject == file) {
    irp = kept;
    kept = NULL;
  }
  KeReleaseSpinLock(&lock, irql);
  if (irp != NULL) complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp) {
  const PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
  UNREFERENCED_PARAMETER(device);
  switch (location->MajorFunction) {
    case IRP_MJ_CREATE:
      DbgPrint("create %d\n", InterlockedIncrement(&creates));
      return complete(irp, STATUS_SUCCESS, FILE_OPENED);
    case IRP_MJ_CLEANUP:
      DbgPrint("cleanup %d\n", InterlockedIncrement(&cleanups));
      end_kept(location->FileObject);
      return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MJ_CLOSE:
      DbgPrint("close %d\n", InterlockedIncrement(&closes));
      return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MJ_READ:
      return read(irp);
    case IRP_MJ_WRITE:
      return write(irp);
    default:
      return control(irp);
  }
}

static VOID NTAPI unload(PDRIVER_OBJECT driver) {
  IoDeleteSymbolicLink(&link_name);
  IoDeleteDevice(driver->DeviceObject);
  DbgPrint("%d creates, %d cleanups, %d closes, %d cancels\n", creates, cleanups, closes, cancels);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path) {
  PDEVICE_OBJECT device;
  NTSTATUS status;
  UNREFERENCED_PARAMETER(path);
  KeInitializeSpinLock(&lock);
  InitializeListHead(&readers);
  ExInitializeFastMutex(&text_mutex);
  KeInitializeEvent(&go_on, SynchronizationEvent, FALSE);
  IoCsqInitialize(&queue, insert, remove_irp, peek, acquire, release, complete_cancelled);
  driver->DriverUnload = unload;
  driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLEANUP] = dispatch;
  driver->MajorFunction[IRP_MJ_CLOSE] = driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch;
  driver->MajorFunction[IRP_MJ_READ] = driver->MajorFunction[IRP_MJ_WRITE] = dispatch;
  status = IoCreateDevice(driver, 0, &device_name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                          FALSE, &device);
  if (!NT_SUCCESS(status)) return status;
  device->Flags |= DO_BUFFERED_IO;
  status = IoCreateSymbolicLink(&link_name, &device_name);
  if (!NT_SUCCESS(status)) IoDeleteDevice(device);
  return status;
}
