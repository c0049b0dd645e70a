/*
 * steps.c: what one step does.
 */
#include "steps.h"

#define ECHO_BYTES (16 * 1024)

static SERVER_MODE Mode;

NTSTATUS ReadStepperMode(PUNICODE_STRING RegistryPath) {
  return ReadMode(RegistryPath, &Mode);
}

BOOLEAN OpenStepper(PSTEPPER Stepper) {
  Stepper->Irp = IoAllocateIrp(1, FALSE);
  Stepper->Buffer = AllocateBuffer(Mode == ModeEcho ? ECHO_BYTES : PIECE_BYTES);
  if (Stepper->Irp != NULL && Stepper->Buffer != NULL) {
    Stepper->Bytes = Mode == ModeSource ? PIECE_BYTES : 0;
    return TRUE;
  }
  CloseStepper(&Stepper->Connection);
  return FALSE;
}

VOID CloseStepper(PCONNECTION Connection) {
  PSTEPPER stepper = CONTAINING_RECORD(Connection, STEPPER, Connection);
  FreeBuffer(stepper->Buffer);
  if (stepper->Irp != NULL) IoFreeIrp(stepper->Irp);
}

VOID StartStep(PSTEPPER Stepper, PIO_COMPLETION_ROUTINE Completed) {
  const WSK_PROVIDER_CONNECTION_DISPATCH* dispatch = Stepper->Connection.Dispatch;
  PWSK_SOCKET socket = Stepper->Connection.Socket;
  WSK_BUF buffer = {Stepper->Buffer, 0, MmGetMdlByteCount(Stepper->Buffer)};
  Hold(&Stepper->Connection);
  IoReuseIrp(Stepper->Irp, STATUS_SUCCESS);
  IoSetCompletionRoutine(Stepper->Irp, Completed, Stepper, TRUE, TRUE, TRUE);
  if (Stepper->Bytes == 0) {
    dispatch->WskReceive(socket, &buffer, 0, Stepper->Irp);
  } else {
    buffer.Length = Stepper->Bytes;
    dispatch->WskSend(socket, &buffer, Mode == ModeEcho ? WSK_FLAG_NODELAY : 0, Stepper->Irp);
  }
}

BOOLEAN StepOver(PSTEPPER Stepper) {
  const NTSTATUS status = Stepper->Irp->IoStatus.Status;
  const ULONG_PTR bytes = Stepper->Irp->IoStatus.Information;
  const BOOLEAN goes_on = NT_SUCCESS(status) && bytes > 0; /* Zero bytes: the peer has ended. */
  if (Mode == ModeEcho) Stepper->Bytes = Stepper->Bytes == 0 ? bytes : 0;
  if (!goes_on) EndConnection(&Stepper->Connection);
  LetGo(&Stepper->Connection);
  return goes_on;
}
