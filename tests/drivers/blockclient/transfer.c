/*
 * transfer.c: IRPs and the pieces they are cut into.
 *
 * An IRP is in the cancel-safe queue from its dispatch routine to its end, also while the server is
 * at work on it. Whoever takes it out of the queue completes it: the last piece's reply, FailAll,
 * or IoCancelIrp. Only one thing can delay a cancelled IRP: that WSK is reading or writing the
 * caller's memory at that moment. Replies that come for it later go nowhere.
 */
#include "blockclient.h"

static struct {
  KSPIN_LOCK Lock;
  IO_CSQ Queue;
  LIST_ENTRY Irps;        /* In the queue. */
  LIST_ENTRY ToSend;      /* Transfers of which something is still to be cut off. */
  LIST_ENTRY Outstanding; /* Pieces. */
  ULONG OutstandingCount;
  ULONGLONG LastId;
  ULONG PieceSize;
  ULONG MaxPieces;
  BOOLEAN Accepting;
  NPAGED_LOOKASIDE_LIST TransferMemory;
  NPAGED_LOOKASIDE_LIST PieceMemory;
} Transfers;

ULONG MaxPieceSize(VOID) {
  return Transfers.PieceSize;
}

static PTRANSFER TransferOf(PIRP Irp) {
  return (PTRANSFER)Irp->Tail.Overlay.DriverContext[0];
}

/* ---- ending an IRP -------------------------------------------------------------------------- */

static VOID ReleaseTransfer(PTRANSFER Transfer) {
  BOOLEAN was_last;
  KIRQL irql;
  KeAcquireSpinLock(&Transfers.Lock, &irql);
  was_last = --Transfer->References == 0;
  KeReleaseSpinLock(&Transfers.Lock, irql);
  if (was_last) ExFreeToNPagedLookasideList(&Transfers.TransferMemory, Transfer);
}

static VOID CompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_DISK_INCREMENT);
}

/* The IRP is out of the queue, and nobody else ends it. Lets go of its reference. */
static VOID EndTransfer(PTRANSFER Transfer, NTSTATUS Status) {
  CompleteIrp(Transfer->Irp, Status, NT_SUCCESS(Status) ? Transfer->Length : 0);
  ReleaseTransfer(Transfer);
}

typedef enum _ENDING { NotYet, AllPiecesDone, CancelledAndUnused } ENDING;

/* Under the lock, after a count went down: is it the caller who has to end the IRP? */
static ENDING DecideEnding(PTRANSFER Transfer) {
  ENDING ending = NotYet;
  if (Transfer->Ending || Transfer->MemoryUsers > 0) return NotYet;
  if (Transfer->Cancelled) {
    ending = CancelledAndUnused;
  } else if (Transfer->PiecesOut == 0 &&
             (Transfer->Cut == Transfer->Length || !NT_SUCCESS(Transfer->Status))) {
    ending = AllPiecesDone;
  }
  Transfer->Ending = ending != NotYet;
  return ending;
}

/* Outside of it. */
static VOID ActOn(ENDING Ending, PTRANSFER Transfer) {
  if (Ending == CancelledAndUnused) {
    EndTransfer(Transfer, STATUS_CANCELLED);
  } else if (Ending == AllPiecesDone && IoCsqRemoveIrp(&Transfers.Queue, &Transfer->QueueContext)) {
    EndTransfer(Transfer, Transfer->Status);
  } /* Else it was cancelled between the lock and here: QueueCompleteCanceledIrp ends it. */
}

/* ---- the cancel-safe queue ------------------------------------------------------------------ */

static NTSTATUS NTAPI QueueInsertIrp(PIO_CSQ Queue, PIRP Irp, PVOID InsertContext) {
  PTRANSFER transfer = (PTRANSFER)InsertContext;
  UNREFERENCED_PARAMETER(Queue);
  if (!Transfers.Accepting) return STATUS_DEVICE_NOT_CONNECTED;
  InsertTailList(&Transfers.Irps, &Irp->Tail.Overlay.ListEntry);
  InsertTailList(&Transfers.ToSend, &transfer->SendLink);
  return STATUS_SUCCESS;
}

static VOID NTAPI QueueRemoveIrp(PIO_CSQ Queue, PIRP Irp) {
  PTRANSFER transfer = TransferOf(Irp);
  UNREFERENCED_PARAMETER(Queue);
  RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
  RemoveEntryList(&transfer->SendLink); /* Maybe from a list of its own. */
  InitializeListHead(&transfer->SendLink);
}

/* PeekContext: the FILE_OBJECT whose IRPs are wanted, or NULL for all. */
static PIRP NTAPI QueuePeekNextIrp(PIO_CSQ Queue, PIRP Irp, PVOID PeekContext) {
  PLIST_ENTRY link = Irp == NULL ? Transfers.Irps.Flink : Irp->Tail.Overlay.ListEntry.Flink;
  UNREFERENCED_PARAMETER(Queue);
  for (; link != &Transfers.Irps; link = link->Flink) {
    PIRP next = CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
    if (PeekContext == NULL || IoGetCurrentIrpStackLocation(next)->FileObject == PeekContext) {
      return next;
    }
  }
  return NULL;
}

_IRQL_raises_(DISPATCH_LEVEL) static VOID NTAPI QueueAcquireLock(PIO_CSQ Queue, PKIRQL Irql) {
  UNREFERENCED_PARAMETER(Queue);
  KeAcquireSpinLock(&Transfers.Lock, Irql);
}

static VOID NTAPI QueueReleaseLock(PIO_CSQ Queue, KIRQL Irql) {
  UNREFERENCED_PARAMETER(Queue);
  KeReleaseSpinLock(&Transfers.Lock, Irql);
}

/* The IRP is out of the queue already. */
static VOID NTAPI QueueCompleteCanceledIrp(PIO_CSQ Queue, PIRP Irp) {
  PTRANSFER transfer = TransferOf(Irp);
  BOOLEAN unused;
  KIRQL irql;
  UNREFERENCED_PARAMETER(Queue);
  KeAcquireSpinLock(&Transfers.Lock, &irql);
  transfer->Cancelled = TRUE;
  unused = transfer->MemoryUsers == 0;
  transfer->Ending = unused; /* Else the last memory user decides again. */
  KeReleaseSpinLock(&Transfers.Lock, irql);
  if (unused) EndTransfer(transfer, STATUS_CANCELLED);
}

/* ---- IRPs coming in ------------------------------------------------------------------------- */

static PTRANSFER AllocateTransfer(PIRP Irp, ULONG Operation, ULONGLONG Offset, ULONG Length) {
  PTRANSFER transfer = ExAllocateFromNPagedLookasideList(&Transfers.TransferMemory);
  if (transfer == NULL) return NULL;
  RtlZeroMemory(transfer, sizeof(*transfer));
  transfer->Irp = Irp;
  transfer->Mdl = Irp->MdlAddress;
  transfer->Operation = Operation;
  transfer->Offset = Offset;
  transfer->Length = Length;
  transfer->References = 1;
  transfer->Status = STATUS_SUCCESS;
  InitializeListHead(&transfer->SendLink);
  Irp->Tail.Overlay.DriverContext[0] = transfer;
  return transfer;
}

NTSTATUS StartTransfer(PIRP Irp, ULONG Operation, ULONGLONG Offset, ULONG Length) {
  PTRANSFER transfer = AllocateTransfer(Irp, Operation, Offset, Length);
  NTSTATUS status;
  IoMarkIrpPending(Irp);
  if (transfer == NULL) {
    CompleteIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    return STATUS_PENDING;
  }
  /* When it is in the queue it may be over at any time, with its memory. */
  status = IoCsqInsertIrpEx(&Transfers.Queue, Irp, &transfer->QueueContext, transfer);
  if (NT_SUCCESS(status)) {
    WakeSender();
  } else {
    EndTransfer(transfer, status);
  }
  return STATUS_PENDING;
}

VOID CancelTransfersOf(PFILE_OBJECT FileObject) {
  PIRP irp;
  while ((irp = IoCsqRemoveNextIrp(&Transfers.Queue, FileObject)) != NULL) {
    QueueCompleteCanceledIrp(&Transfers.Queue, irp);
  }
}

VOID AcceptTransfers(BOOLEAN Accept) {
  KIRQL irql;
  KeAcquireSpinLock(&Transfers.Lock, &irql);
  Transfers.Accepting = Accept;
  KeReleaseSpinLock(&Transfers.Lock, irql);
}

/* ---- sending -------------------------------------------------------------------------------- */

/* Under the lock: the transfer whose turn it is, and no longer when nothing of it is left. */
static PTRANSFER NextToSend(ULONG* Length) {
  PTRANSFER transfer = CONTAINING_RECORD(Transfers.ToSend.Flink, TRANSFER, SendLink);
  *Length = min(transfer->Length - transfer->Cut, Transfers.PieceSize);
  RemoveEntryList(&transfer->SendLink);
  if (transfer->Cut + *Length == transfer->Length) {
    InitializeListHead(&transfer->SendLink);
  } else {
    InsertTailList(&Transfers.ToSend, &transfer->SendLink); /* So that all advance evenly. */
  }
  return transfer;
}

/* Under the lock. */
static VOID Cut(PPIECE Piece, POUTGOING Outgoing) {
  PTRANSFER transfer = NextToSend(&Piece->Length);
  Piece->Transfer = transfer;
  Piece->Id = ++Transfers.LastId;
  Piece->Offset = transfer->Cut;
  transfer->Cut += Piece->Length;
  ++transfer->PiecesOut;
  transfer->References += 2; /* The piece, and who sends it. */
  if (transfer->Operation == BLOCK_WRITE) ++transfer->MemoryUsers;
  InsertTailList(&Transfers.Outstanding, &Piece->Link);
  ++Transfers.OutstandingCount;

  Outgoing->Transfer = transfer;
  Outgoing->Offset = Piece->Offset;
  Outgoing->Request.Magic = BLOCK_MAGIC_REQUEST;
  Outgoing->Request.Operation = transfer->Operation;
  Outgoing->Request.Id = Piece->Id;
  Outgoing->Request.Offset = transfer->Offset + Piece->Offset;
  Outgoing->Request.Length = Piece->Length;
  Outgoing->Request.Reserved = 0;
}

BOOLEAN CutPiece(POUTGOING Outgoing) {
  PPIECE piece = ExAllocateFromNPagedLookasideList(&Transfers.PieceMemory);
  BOOLEAN cut;
  KIRQL irql;
  if (piece == NULL) return FALSE; /* The next reply has it tried again. */
  KeAcquireSpinLock(&Transfers.Lock, &irql);
  cut = Transfers.Accepting && !IsListEmpty(&Transfers.ToSend) &&
        Transfers.OutstandingCount < Transfers.MaxPieces;
  if (cut) Cut(piece, Outgoing);
  KeReleaseSpinLock(&Transfers.Lock, irql);
  if (!cut) ExFreeToNPagedLookasideList(&Transfers.PieceMemory, piece);
  return cut;
}

VOID PieceSent(const OUTGOING* Outgoing) {
  if (Outgoing->Request.Operation == BLOCK_WRITE) ReleaseMemory(Outgoing->Transfer);
  ReleaseTransfer(Outgoing->Transfer);
}

/* ---- replies -------------------------------------------------------------------------------- */

PPIECE TakePiece(ULONGLONG Id) {
  PPIECE found = NULL;
  PLIST_ENTRY link;
  KIRQL irql;
  KeAcquireSpinLock(&Transfers.Lock, &irql);
  for (link = Transfers.Outstanding.Flink; link != &Transfers.Outstanding; link = link->Flink) {
    PPIECE piece = CONTAINING_RECORD(link, PIECE, Link);
    if (piece->Id != Id) continue;
    found = piece;
    RemoveEntryList(link);
    --Transfers.OutstandingCount;
    break;
  }
  KeReleaseSpinLock(&Transfers.Lock, irql);
  return found;
}

BOOLEAN AcquireMemory(PTRANSFER Transfer) {
  BOOLEAN acquired;
  KIRQL irql;
  KeAcquireSpinLock(&Transfers.Lock, &irql);
  acquired = !Transfer->Cancelled && !Transfer->Ending;
  if (acquired) ++Transfer->MemoryUsers;
  KeReleaseSpinLock(&Transfers.Lock, irql);
  return acquired;
}

VOID ReleaseMemory(PTRANSFER Transfer) {
  ENDING ending;
  KIRQL irql;
  KeAcquireSpinLock(&Transfers.Lock, &irql);
  --Transfer->MemoryUsers;
  ending = DecideEnding(Transfer);
  KeReleaseSpinLock(&Transfers.Lock, irql);
  ActOn(ending, Transfer);
}

VOID EndPiece(PPIECE Piece, NTSTATUS Status) {
  PTRANSFER transfer = Piece->Transfer;
  ENDING ending;
  KIRQL irql;
  KeAcquireSpinLock(&Transfers.Lock, &irql);
  --transfer->PiecesOut;
  if (!NT_SUCCESS(Status) && NT_SUCCESS(transfer->Status)) {
    transfer->Status = Status;
    RemoveEntryList(&transfer->SendLink); /* The rest need not be tried. */
    InitializeListHead(&transfer->SendLink);
  }
  ending = DecideEnding(transfer);
  KeReleaseSpinLock(&Transfers.Lock, irql);
  ExFreeToNPagedLookasideList(&Transfers.PieceMemory, Piece);
  ActOn(ending, transfer);
  ReleaseTransfer(transfer);
}

/* ---- losing the server ---------------------------------------------------------------------- */

/* TRUE: it is out of the list and no longer counts. */
static BOOLEAN TakeAnyPiece(PPIECE* Piece) {
  BOOLEAN taken;
  KIRQL irql;
  KeAcquireSpinLock(&Transfers.Lock, &irql);
  taken = !IsListEmpty(&Transfers.Outstanding);
  if (taken) {
    *Piece = CONTAINING_RECORD(RemoveHeadList(&Transfers.Outstanding), PIECE, Link);
    --Transfers.OutstandingCount;
  }
  KeReleaseSpinLock(&Transfers.Lock, irql);
  return taken;
}

VOID FailAll(NTSTATUS Status) {
  PPIECE piece;
  PIRP irp;
  while (TakeAnyPiece(&piece)) EndPiece(piece, Status);
  while ((irp = IoCsqRemoveNextIrp(&Transfers.Queue, NULL)) != NULL) {
    EndTransfer(TransferOf(irp), Status); /* Nothing of it was out. */
  }
}

/* ---- beginning and end ---------------------------------------------------------------------- */

NTSTATUS InitializeTransfers(ULONG PieceSize, ULONG MaxPieces) {
  KeInitializeSpinLock(&Transfers.Lock);
  InitializeListHead(&Transfers.Irps);
  InitializeListHead(&Transfers.ToSend);
  InitializeListHead(&Transfers.Outstanding);
  Transfers.PieceSize = PieceSize;
  Transfers.MaxPieces = MaxPieces;
  ExInitializeNPagedLookasideList(&Transfers.TransferMemory, NULL, NULL, POOL_NX_ALLOCATION,
                                  sizeof(TRANSFER), POOL_TAG, 0);
  ExInitializeNPagedLookasideList(&Transfers.PieceMemory, NULL, NULL, POOL_NX_ALLOCATION,
                                  sizeof(PIECE), POOL_TAG, 0);
  return IoCsqInitializeEx(&Transfers.Queue, QueueInsertIrp, QueueRemoveIrp, QueuePeekNextIrp,
                           QueueAcquireLock, QueueReleaseLock, QueueCompleteCanceledIrp);
}

VOID DeleteTransfers(VOID) {
  ExDeleteNPagedLookasideList(&Transfers.TransferMemory);
  ExDeleteNPagedLookasideList(&Transfers.PieceMemory);
}
