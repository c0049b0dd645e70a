/*
 * worker: like irp, but completion routines only queue the connection to a thread of the driver's,
 * which makes every call of WSK's functions. Many drivers do it so, to work at PASSIVE_LEVEL.
 *
 * bench: worker echo sink source
 */
#include "steps.h"

typedef struct _WORK {
  STEPPER Stepper;
  LIST_ENTRY Link;
  BOOLEAN HasBegun; /* A request was made, and is over when it is in the queue. */
} WORK, *PWORK;

static struct {
  KSPIN_LOCK Lock; /* Guards List. */
  LIST_ENTRY List;
  KEVENT HasWork; /* Signalled with the first one in the list, and to stop. */
  BOOLEAN Stop;
  PETHREAD Thread;
} Queue;

static VOID Enqueue(PWORK Work) {
  BOOLEAN was_empty;
  KIRQL irql;
  KeAcquireSpinLock(&Queue.Lock, &irql);
  was_empty = IsListEmpty(&Queue.List);
  InsertTailList(&Queue.List, &Work->Link);
  KeReleaseSpinLock(&Queue.Lock, irql);
  if (was_empty) KeSetEvent(&Queue.HasWork, IO_NO_INCREMENT, FALSE);
}

static PWORK Dequeue(VOID) {
  PLIST_ENTRY link = NULL;
  KIRQL irql;
  KeAcquireSpinLock(&Queue.Lock, &irql);
  if (!IsListEmpty(&Queue.List)) link = RemoveHeadList(&Queue.List);
  KeReleaseSpinLock(&Queue.Lock, irql);
  return link != NULL ? CONTAINING_RECORD(link, WORK, Link) : NULL;
}

static NTSTATUS NTAPI Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  Enqueue(CONTAINING_RECORD(Context, WORK, Stepper));
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID NTAPI Run(PVOID Context) {
  PWORK work;
  UNREFERENCED_PARAMETER(Context);
  while (!Queue.Stop) {
    KeWaitForSingleObject(&Queue.HasWork, Executive, KernelMode, FALSE, NULL);
    while ((work = Dequeue()) != NULL) {
      if (work->HasBegun && !StepOver(&work->Stepper)) continue;
      work->HasBegun = TRUE;
      StartStep(&work->Stepper, Completed);
    }
  }
}

static BOOLEAN Opened(PCONNECTION Connection) {
  PWORK work = CONTAINING_RECORD(Connection, WORK, Stepper.Connection);
  if (!OpenStepper(&work->Stepper)) return FALSE;
  Enqueue(work);
  return TRUE;
}

static const SERVER_TYPE Type = {sizeof(WORK), NULL, Opened, CloseStepper};

static NTSTATUS StartWorker(VOID) {
  KeInitializeSpinLock(&Queue.Lock);
  InitializeListHead(&Queue.List);
  KeInitializeEvent(&Queue.HasWork, SynchronizationEvent, FALSE);
  return StartThread(Run, &Queue.Thread);
}

static VOID StopWorker(VOID) {
  Queue.Stop = TRUE;
  KeSetEvent(&Queue.HasWork, IO_NO_INCREMENT, FALSE);
  WaitForThread(Queue.Thread);
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  StopServer(); /* Needs the thread: it lets go of the connections. */
  StopWorker();
  StopWsk();
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  NTSTATUS status = ReadStepperMode(RegistryPath);
  if (!NT_SUCCESS(status)) return status;
  status = StartWsk();
  if (!NT_SUCCESS(status)) return status;
  status = StartWorker();
  if (NT_SUCCESS(status)) {
    status = StartServer(&Type);
    if (!NT_SUCCESS(status)) StopWorker();
  }
  if (!NT_SUCCESS(status)) {
    StopWsk();
    return status;
  }
  DriverObject->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
