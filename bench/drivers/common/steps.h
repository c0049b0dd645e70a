/*
 * steps.h: a connection that goes step by step through one IRP and one buffer: receive, and in mode
 * echo send that, over and over; in mode source send only. Who takes the next step, the completion
 * routine or a thread, is what tells the drivers irp and worker apart.
 */
#pragma once

#include "server.h"

typedef struct _STEPPER {
  CONNECTION Connection;
  PIRP Irp;
  PMDL Buffer;
  SIZE_T Bytes; /* To be sent; 0: the next step is to receive. */
} STEPPER, *PSTEPPER;

NTSTATUS ReadStepperMode(_In_ PUNICODE_STRING RegistryPath);

/* Opened and Closing of the driver's SERVER_TYPE allocate and free what a stepper has. */
BOOLEAN OpenStepper(_Inout_ PSTEPPER Stepper);
VOID CloseStepper(_Inout_ PCONNECTION Connection);

/* Starts a request with this completion routine, whose context is the stepper. The connection is
   held until StepOver. */
VOID StartStep(_Inout_ PSTEPPER Stepper, _In_ PIO_COMPLETION_ROUTINE Completed);

/* The request is over. TRUE: the next step may start. FALSE: the connection has ended, and is not
   to be touched any more. */
BOOLEAN StepOver(_Inout_ PSTEPPER Stepper);
