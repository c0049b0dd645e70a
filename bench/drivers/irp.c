/*
 * irp: WskReceive with a buffer of the driver's, whose completion routine sends what came; the
 * send's completion routine receives again. In mode sink each receive starts the next one, in mode
 * source each send.
 *
 * bench: irp echo sink source
 */
#include "steps.h"

typedef struct _RUNNER {
  STEPPER Stepper;
  volatile LONG Met; /* Of a call's return and its completion, the one that comes second goes on. */
} RUNNER, *PRUNNER;

static IO_COMPLETION_ROUTINE Completed;

/* A request that is over before its call returns goes on in the loop, not one call deeper. */
static VOID Run(PRUNNER Runner) {
  do {
    Runner->Met = 0;
    StartStep(&Runner->Stepper, Completed);
  } while (InterlockedExchange(&Runner->Met, 1) == 1 && StepOver(&Runner->Stepper));
}

static NTSTATUS NTAPI Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  PRUNNER runner = CONTAINING_RECORD(Context, RUNNER, Stepper);
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  if (InterlockedExchange(&runner->Met, 1) == 1 && StepOver(&runner->Stepper)) Run(runner);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static BOOLEAN Opened(PCONNECTION Connection) {
  PRUNNER runner = CONTAINING_RECORD(Connection, RUNNER, Stepper.Connection);
  if (!OpenStepper(&runner->Stepper)) return FALSE;
  Run(runner);
  return TRUE;
}

static const SERVER_TYPE Type = {sizeof(RUNNER), NULL, Opened, CloseStepper};

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  StopServer();
  StopWsk();
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  NTSTATUS status = ReadStepperMode(RegistryPath);
  if (!NT_SUCCESS(status)) return status;
  status = StartWsk();
  if (!NT_SUCCESS(status)) return status;
  status = StartServer(&Type);
  if (!NT_SUCCESS(status)) {
    StopWsk();
    return status;
  }
  DriverObject->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
