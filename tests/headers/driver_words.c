/*
 * What C drivers in the field write, in one file that only has to compile (in C++ too):
 * annotations, SEH, pool tags, lists, completion routines with contexts of their own type.
 */
#include <initguid.h>
#include <ntddk.h>

#define TAG_DRIVER 'rdSW'

DEFINE_GUID(GUID_SAMPLE, 0x12345678, 0x1234, 0x5678, 1, 2, 3, 4, 5, 6, 7, 8);

DECLARE_HANDLE(SAMPLE_HANDLE);

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD SampleUnload;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH SampleControl;
KSTART_ROUTINE SampleThread;
IO_COMPLETION_ROUTINE SampleComplete;
KDEFERRED_ROUTINE SampleDpc;
DRIVER_CANCEL SampleCancel;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, SampleUnload)
#endif

typedef struct _SAMPLE_REQUEST {
  LIST_ENTRY Link;
  SLIST_ENTRY Free;
  KEVENT Done;
  volatile LONG References;
  LARGE_INTEGER Deadline;
  _Field_size_bytes_part_(Capacity, Used) PUCHAR Data;
  SIZE_T Capacity;
  SIZE_T Used;
  DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT)
  UCHAR Embedded[sizeof(IRP) + sizeof(IO_STACK_LOCATION)];
} SAMPLE_REQUEST, *PSAMPLE_REQUEST;

typedef enum _SAMPLE_STATE { SampleIdle, SampleBusy } SAMPLE_STATE;

static LIST_ENTRY SampleList;
static SLIST_HEADER SampleFree;
static KSPIN_LOCK SampleLock;
static NPAGED_LOOKASIDE_LIST SampleLookaside;
static LOOKASIDE_LIST_EX SampleLookasideEx;
static SAMPLE_STATE SampleState;
static const UNICODE_STRING SampleName = RTL_CONSTANT_STRING(L"\\Device\\Sample");
static RTL_RUN_ONCE SampleOnce = RTL_RUN_ONCE_INIT;

__declspec(noinline) static VOID SampleFlush(_Inout_ PSAMPLE_REQUEST Request) {
  PIRP irp = (PIRP)Request->Embedded;

  IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
  IoSetCompletionRoutine(irp, SampleComplete, Request, TRUE, TRUE, TRUE);
}

_Use_decl_annotations_ NTSTATUS SampleComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                               PVOID Context) {
  PSAMPLE_REQUEST request = (PSAMPLE_REQUEST)Context;

  UNREFERENCED_PARAMETER(DeviceObject);
  if (Irp->PendingReturned) IoMarkIrpPending(Irp);
  if (InterlockedDecrement(&request->References) == 0) {
    KeSetEvent(&request->Done, IO_NETWORK_INCREMENT, FALSE);
  }
  return STATUS_MORE_PROCESSING_REQUIRED;
}

_Use_decl_annotations_ VOID SampleCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  IoReleaseCancelSpinLock(Irp->CancelIrql);
  Irp->IoStatus.Status = STATUS_CANCELLED;
  Irp->IoStatus.Information = 0;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

_Use_decl_annotations_ NTSTATUS SampleControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
  ULONG code = location->Parameters.DeviceIoControl.IoControlCode;
  NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;

  switch (code) {
    case CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS):
      (void)IoSetCancelRoutine(Irp, SampleCancel);
      IoCopyCurrentIrpStackLocationToNext(Irp);
      return IoCallDriver(DeviceObject, Irp);
    default:
      break;
  }
  Irp->IoStatus.Status = status;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return status;
}

_Use_decl_annotations_ VOID SampleDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1,
                                      PVOID SystemArgument2) {
  KLOCK_QUEUE_HANDLE handle;

  UNREFERENCED_PARAMETER(Dpc);
  UNREFERENCED_PARAMETER(DeferredContext);
  UNREFERENCED_PARAMETER(SystemArgument1);
  UNREFERENCED_PARAMETER(SystemArgument2);
  KeAcquireInStackQueuedSpinLockAtDpcLevel(&SampleLock, &handle);
  KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
}

static NTSTATUS SampleLockPages(PMDL Mdl) {
  NTSTATUS status = STATUS_SUCCESS;

  __try {
    MmProbeAndLockPages(Mdl, KernelMode, IoWriteAccess);
    if (Mdl->Next != NULL) return STATUS_NOT_SUPPORTED;
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    status = GetExceptionCode();
  }
  return status;
}

static ULONG SampleGuarded(ULONG Count) {
  ULONG i;
  ULONG sum = 0;

  for (i = 0; i < Count; i++) {
    __try {
      if (i == 3) continue;
      if (i == 7) break;
      if (i == 9) goto out;
      sum += i;
    } __finally {
      sum++;
    }
  }
out:
  return sum;
}

_Use_decl_annotations_ VOID SampleThread(PVOID StartContext) {
  KIRQL irql;
  LARGE_INTEGER interval;
  PVOID objects[2];
  PLIST_ENTRY entry;
  PSAMPLE_REQUEST request = (PSAMPLE_REQUEST)StartContext;

  PAGED_CODE();
  interval.QuadPart = Int32x32To64(-10 * 1000, 5);
  (void)KeDelayExecutionThread(KernelMode, FALSE, &interval);
  objects[0] = &request->Done;
  objects[1] = KeGetCurrentThread();
  (void)KeWaitForMultipleObjects(RTL_NUMBER_OF(objects), objects, WaitAny, Executive, KernelMode,
                                 FALSE, &interval, NULL);
  KeAcquireSpinLock(&SampleLock, &irql);
  for (entry = SampleList.Flink; entry != &SampleList; entry = entry->Flink) {
    request = CONTAINING_RECORD(entry, SAMPLE_REQUEST, Link);
    ASSERT(request->Capacity >= request->Used);
    NT_ASSERT(request->References > 0);
  }
  KeReleaseSpinLock(&SampleLock, irql);
  KeRaiseIrql(DISPATCH_LEVEL, &irql);
  KeLowerIrql(irql);
  (void)InterlockedExchange((volatile LONG*)&SampleState, SampleBusy);
  KdPrint(("state %d, %wZ\n", SampleState, &SampleName));
  DbgPrint("%wZ\n", &SampleName);
  DbgPrint("none\n", );
  DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_INFO_LEVEL, "%lu of %Iu\n", 1u, sizeof(*request));
  KdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "guarded %u\n", SampleGuarded(4)));
  (void)SampleGuarded(12);
  SampleFlush(request);
  InterlockedPushEntrySList(&SampleFree, &request->Free);
  (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

_Use_decl_annotations_ VOID SampleUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
  ExDeleteNPagedLookasideList(&SampleLookaside);
  ExDeleteLookasideListEx(&SampleLookasideEx);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  HANDLE thread = NULL;
  PVOID object = NULL;
  OBJECT_ATTRIBUTES attributes;
  NTSTATUS status;
  PSAMPLE_REQUEST request;
  PMDL mdl;
  UNICODE_STRING name;
  DECLARE_UNICODE_STRING_SIZE(text, 64);

  C_ASSERT(sizeof(SAMPLE_REQUEST) % MEMORY_ALLOCATION_ALIGNMENT == 0);
  static_assert(sizeof(WCHAR) == 2, "wide characters have 16 bits");
  ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
  ExInitializeNPagedLookasideList(&SampleLookaside, NULL, NULL, POOL_NX_ALLOCATION,
                                  sizeof(SAMPLE_REQUEST), TAG_DRIVER, 0);
  status = ExInitializeLookasideListEx(&SampleLookasideEx, NULL, NULL, NonPagedPoolNx, 0,
                                       sizeof(SAMPLE_REQUEST), TAG_DRIVER, 0);
  if (!NT_SUCCESS(status)) return status;
  InitializeListHead(&SampleList);
  InitializeSListHead(&SampleFree);
  KeInitializeSpinLock(&SampleLock);
  (void)RtlRunOnceExecuteOnce(&SampleOnce, NULL, NULL, NULL);
  request = (PSAMPLE_REQUEST)ExAllocateFromNPagedLookasideList(&SampleLookaside);
  if (request == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  RtlZeroMemory(request, sizeof(*request));
  request->Data = (PUCHAR)ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, TAG_DRIVER);
  mdl = IoAllocateMdl(request->Data, PAGE_SIZE, FALSE, FALSE, NULL);
  MmBuildMdlForNonPagedPool(mdl);
  (void)SampleLockPages(mdl);
  RtlCopyMemory(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute),
                &GUID_SAMPLE, sizeof(GUID));
  RtlCopyUnicodeString(&text, RegistryPath);
  RtlInitUnicodeString(&name, L"\\??\\Sample");
  InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                             NULL);
  status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, &attributes, NULL, NULL, SampleThread,
                                request);
  if (NT_SUCCESS(status)) {
    status =
        ObReferenceObjectByHandle(thread, SYNCHRONIZE, *PsThreadType, KernelMode, &object, NULL);
    NT_VERIFY(NT_SUCCESS(ZwClose(thread)));
    ObDereferenceObject(object);
  }
  NT_ASSERT((uintptr_t)request % sizeof(intptr_t) == 0); /* They need no header of their own. */
  DriverObject->DriverUnload = SampleUnload;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = SampleControl;
  return status;
}
