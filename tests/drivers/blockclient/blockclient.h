/*
 * blockclient.h: a client for remote blocks, in three layers.
 *
 *   device.c    the driver; reads and writes of \\.\RemoteBlocks come in as IRPs
 *   transfer.c  an IRP becomes pieces that the server can answer; which are where, and how an IRP
 *               ends, whoever ends it
 *   link.c      the connection: a thread that sends, and one that receives and reconnects
 *
 * One spin lock guards everything that transfer.c knows, and is the cancel-safe queue's lock too.
 */
#pragma once

#include <ntddk.h>
#include <wsk.h>

#include "block_protocol.h"

#define POOL_TAG 'klBR'

/* One IRP. It outlives its IRP while pieces of it are with the server. */
typedef struct _TRANSFER {
  IO_CSQ_IRP_CONTEXT QueueContext;
  PIRP Irp;
  PMDL Mdl; /* The caller's memory; only for who holds it (AcquireMemory). */
  ULONG Operation;
  ULONG Length;
  ULONGLONG Offset;

  /* Under the lock. */
  LIST_ENTRY SendLink;
  ULONG Cut;         /* This many bytes have become pieces. */
  ULONG PiecesOut;   /* With the server, or on the way. */
  ULONG MemoryUsers; /* Calls of WSK that use Mdl now. */
  ULONG References;  /* The IRP, each piece, and who sends one. */
  NTSTATUS Status;   /* The first error of a piece. */
  BOOLEAN Cancelled; /* The IRP is out of the queue; it ends when the last memory user is gone. */
  BOOLEAN Ending;    /* Somebody is about to complete the IRP, or has. */
} TRANSFER, *PTRANSFER;

/* What one request asks for. */
typedef struct _PIECE {
  LIST_ENTRY Link;
  PTRANSFER Transfer;
  ULONGLONG Id;
  ULONG Offset; /* In the transfer. */
  ULONG Length;
} PIECE, *PPIECE;

/* A piece to send; copied, since the reply may end the piece before its send has completed. */
typedef struct _OUTGOING {
  PTRANSFER Transfer;
  BLOCK_REQUEST Request;
  ULONG Offset;
} OUTGOING, *POUTGOING;

/* ---- transfer.c ----------------------------------------------------------------------------- */

NTSTATUS InitializeTransfers(ULONG PieceSize, ULONG MaxPieces);
VOID DeleteTransfers(VOID);
ULONG MaxPieceSize(VOID);

/* Always STATUS_PENDING: the IRP is or will be completed. <= DISPATCH_LEVEL. */
NTSTATUS StartTransfer(_Inout_ PIRP Irp, ULONG Operation, ULONGLONG Offset, ULONG Length);

/* Cancels the IRPs of a file. */
VOID CancelTransfersOf(_In_ PFILE_OBJECT FileObject);

/* TRUE: IRPs are taken from now on. FALSE: new ones end with STATUS_DEVICE_NOT_CONNECTED, and no
   piece is cut any more. */
VOID AcceptTransfers(BOOLEAN Accept);
/* Every IRP ends with Status. None may be accepted, and nobody may be using memory. */
VOID FailAll(NTSTATUS Status);

/* The sender: cuts the next piece off. Of a write its memory is held. FALSE: nothing to send, or
   too much is out. */
BOOLEAN CutPiece(_Out_ POUTGOING Outgoing);
VOID PieceSent(_In_ const OUTGOING* Outgoing);

/* The receiver: the piece that was answered, taken off the list; NULL: there is none. */
PPIECE TakePiece(ULONGLONG Id);
/* The caller's memory is there until ReleaseMemory. FALSE: its IRP has been cancelled. */
BOOLEAN AcquireMemory(_Inout_ PTRANSFER Transfer);
VOID ReleaseMemory(_Inout_ PTRANSFER Transfer);
VOID EndPiece(_In_ PPIECE Piece, NTSTATUS Status);

/* ---- link.c --------------------------------------------------------------------------------- */

typedef struct _LINK_SETTINGS {
  SOCKADDR_IN Server;
  ULONG RetryMilliseconds;
} LINK_SETTINGS;

NTSTATUS StartLink(_In_ const LINK_SETTINGS* Settings);
VOID StopLink(VOID);
VOID WakeSender(VOID);

/* What the server's greeting said last. */
VOID QueryMedium(_Out_ PULONGLONG Size, _Out_ PULONG BlockSize);
