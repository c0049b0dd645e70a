/*
 * pair.c: two connections whose bytes go from each to the other, without being copied.
 *
 * WskReceiveEvent hands over a list of data indications. The list is kept (STATUS_PENDING), each
 * indication is sent to the other side as it is, and given back with WskRelease when that send has
 * completed. So what is kept is what the other side has not taken yet, and a side that has too much
 * of it refuses more: then WSK stops taking bytes from its peer, whom TCP makes wait.
 *
 * An end goes the same way as the bytes, behind them: the FIN of one peer is a FIN to the other,
 * while the opposite direction goes on. A reset is a reset.
 */
#include "proxy.h"

#define MAX_KEPT_BYTES (256 * 1024) /* Of a side. One list more may be kept. */

/* One indication on its way; from a lookaside list, its IRP included. */
typedef struct _FORWARD {
  PSIDE From;
  PWSK_DATA_INDICATION Data;
  DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT)
  UCHAR IrpMemory[sizeof(IRP) + sizeof(IO_STACK_LOCATION)];
} FORWARD, *PFORWARD;

static NPAGED_LOOKASIDE_LIST Forwards;

/* ---- memory --------------------------------------------------------------------------------- */

VOID StartPairs(VOID) {
  ExInitializeNPagedLookasideList(&Forwards, NULL, NULL, POOL_NX_ALLOCATION, sizeof(FORWARD),
                                  POOL_TAG, 0);
}

VOID StopPairs(VOID) {
  ExDeleteNPagedLookasideList(&Forwards);
}

static BOOLEAN PrepareSide(PPAIR Pair, PSIDE Side, PSIDE Other) {
  Side->Pair = Pair;
  Side->Other = Other;
  Side->ResumeItem = IoAllocateWorkItem(Proxy.Device);
  Side->EndIrp = IoAllocateIrp(1, FALSE);
  Side->AbortIrp = IoAllocateIrp(1, FALSE);
  return NT_SUCCESS(PrepareCall(&Side->Close)) && Side->ResumeItem != NULL &&
         Side->EndIrp != NULL && Side->AbortIrp != NULL;
}

static VOID CleanSide(PSIDE Side) {
  if (Side->ResumeItem != NULL) IoFreeWorkItem(Side->ResumeItem);
  if (Side->EndIrp != NULL) IoFreeIrp(Side->EndIrp);
  if (Side->AbortIrp != NULL) IoFreeIrp(Side->AbortIrp);
  if (Side->Close.Irp != NULL) IoFreeIrp(Side->Close.Irp);
}

VOID FreePair(PPAIR Pair) {
  CleanSide(&Pair->Client);
  CleanSide(&Pair->Target);
  if (Pair->WorkItem != NULL) IoFreeWorkItem(Pair->WorkItem);
  if (Pair->ConnectIrp != NULL) IoFreeIrp(Pair->ConnectIrp);
  ExFreePoolWithTag(Pair, POOL_TAG);
}

PPAIR AllocatePair(PRULE Rule, PWSK_SOCKET ClientSocket, PSOCKADDR ClientAddress) {
  PPAIR pair = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*pair), POOL_TAG); /* Zeroed. */
  BOOLEAN prepared;
  if (pair == NULL) return NULL;
  pair->Rule = Rule;
  RtlCopyMemory(&pair->ClientAddress, ClientAddress, AddressSize(ClientAddress));
  KeInitializeSpinLock(&pair->Lock);
  pair->Holders = 1;
  pair->Directions = 2;
  pair->WorkItem = IoAllocateWorkItem(Proxy.Device);
  pair->ConnectIrp = IoAllocateIrp(1, FALSE);
  prepared = PrepareSide(pair, &pair->Client, &pair->Target);
  prepared = PrepareSide(pair, &pair->Target, &pair->Client) && prepared;
  if (!prepared || pair->WorkItem == NULL || pair->ConnectIrp == NULL) {
    FreePair(pair);
    return NULL;
  }
  pair->Client.Socket = ClientSocket;
  pair->Client.Dispatch = ClientSocket->Dispatch;
  pair->Client.Open = TRUE;
  return pair;
}

/* ---- holding and closing -------------------------------------------------------------------- */

static VOID CloseSide(PSIDE Side) {
  if (Side->Socket == NULL) return;
  FinishCall(&Side->Close, Side->Dispatch->WskCloseSocket(Side->Socket, Side->Close.Irp), NULL);
}

/* The work item after the last holder let go: nothing is under way, and nobody may begin. */
static VOID NTAPI ClosePair(PDEVICE_OBJECT DeviceObject, PVOID Context) {
  PPAIR pair = (PPAIR)Context;
  UNREFERENCED_PARAMETER(DeviceObject);
  CloseSide(&pair->Client);
  CloseSide(&pair->Target);
  ForgetPair(pair);
  FreePair(pair);
}

BOOLEAN HoldPair(PPAIR Pair) {
  KIRQL irql;
  BOOLEAN held;
  KeAcquireSpinLock(&Pair->Lock, &irql);
  held = !Pair->Closing;
  if (held) ++Pair->Holders;
  KeReleaseSpinLock(&Pair->Lock, irql);
  return held;
}

VOID ReleasePair(PPAIR Pair) {
  KIRQL irql;
  BOOLEAN was_last;
  KeAcquireSpinLock(&Pair->Lock, &irql);
  was_last = --Pair->Holders == 0;
  KeReleaseSpinLock(&Pair->Lock, irql);
  if (was_last) IoQueueWorkItem(Pair->WorkItem, ClosePair, DelayedWorkQueue, Pair);
}

static NTSTATUS NTAPI AbortCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp); /* However it ended: what follows is the close. */
  ReleasePair((PPAIR)Context);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID AbortSide(PSIDE Side) {
  IoSetCompletionRoutine(Side->AbortIrp, AbortCompleted, Side->Pair, TRUE, TRUE, TRUE);
  Side->Dispatch->WskDisconnect(Side->Socket, NULL, WSK_FLAG_ABORTIVE, Side->AbortIrp);
}

/* Breaks both connections: what is under way fails. Only the first call does anything. */
VOID AbortPair(PPAIR Pair) {
  BOOLEAN is_first, cancel_connect, abort_client, abort_target;
  KIRQL irql;
  KeAcquireSpinLock(&Pair->Lock, &irql);
  is_first = !Pair->Closing;
  Pair->Closing = TRUE;
  cancel_connect = is_first && Pair->Connecting;
  abort_client = is_first && Pair->Client.Open;
  abort_target = is_first && Pair->Target.Open;
  Pair->Holders += abort_client + abort_target; /* Their IRPs. */
  KeReleaseSpinLock(&Pair->Lock, irql);
  if (!is_first) return;

  InterlockedIncrement64(&Proxy.Statistics.Broken);
  /* The IRP is the pair's, and the pair is still held: it may be cancelled even when it is over. */
  if (cancel_connect) IoCancelIrp(Pair->ConnectIrp);
  if (abort_client) AbortSide(&Pair->Client);
  if (abort_target) AbortSide(&Pair->Target);
  ReleasePair(Pair); /* The first holder. */
}

/* The socket is dead: nothing but its close is allowed any more. */
static VOID SideDied(PSIDE Side) {
  KIRQL irql;
  KeAcquireSpinLock(&Side->Pair->Lock, &irql);
  Side->Open = FALSE;
  KeReleaseSpinLock(&Side->Pair->Lock, irql);
  AbortPair(Side->Pair);
}

/* ---- the end of a direction ----------------------------------------------------------------- */

/* In one direction everything has been said. When it is the second one, the pair is done. */
static VOID DirectionEnded(PPAIR Pair) {
  BOOLEAN finished;
  KIRQL irql;
  KeAcquireSpinLock(&Pair->Lock, &irql);
  finished = --Pair->Directions == 0 && !Pair->Closing;
  if (finished) Pair->Closing = TRUE;
  KeReleaseSpinLock(&Pair->Lock, irql);
  if (!finished) return;
  InterlockedIncrement64(&Proxy.Statistics.Ended);
  ReleasePair(Pair); /* The first holder. */
}

static NTSTATUS NTAPI EndCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  PPAIR pair = (PPAIR)Context;
  UNREFERENCED_PARAMETER(DeviceObject);
  if (NT_SUCCESS(Irp->IoStatus.Status)) {
    DirectionEnded(pair);
  } else {
    AbortPair(pair);
  }
  ReleasePair(pair);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

/*
 * Tells the peer of `To` that no more comes, behind all sends that are under way. The caller has
 * taken the hold that EndCompleted gives back.
 */
static VOID PassEndOn(PSIDE To) {
  IoSetCompletionRoutine(To->EndIrp, EndCompleted, To->Pair, TRUE, TRUE, TRUE);
  To->Dispatch->WskDisconnect(To->Socket, NULL, 0, To->EndIrp);
}

static VOID SideEnded(PSIDE Side) {
  PPAIR pair = Side->Pair;
  BOOLEAN pass_on;
  KIRQL irql;
  KeAcquireSpinLock(&pair->Lock, &irql);
  Side->Ended = TRUE;
  pass_on = Side->Other->Open && !pair->Closing; /* Else ConnectCompleted does it. */
  if (pass_on) ++pair->Holders;
  KeReleaseSpinLock(&pair->Lock, irql);
  if (pass_on) PassEndOn(Side->Other);
}

static NTSTATUS WSKAPI DisconnectEvent(PVOID SocketContext, ULONG Flags) {
  PSIDE side = (PSIDE)SocketContext;
  if (!HoldPair(side->Pair)) return STATUS_SUCCESS;
  if (Flags & WSK_FLAG_ABORTIVE) {
    SideDied(side);
  } else {
    SideEnded(side);
  }
  ReleasePair(side->Pair);
  return STATUS_SUCCESS;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

/* A receive of zero bytes takes none, but it has WskReceiveEvent called again. */
static VOID NTAPI Resume(PDEVICE_OBJECT DeviceObject, PVOID Context) {
  PSIDE side = (PSIDE)Context;
  WSK_BUF nothing = {NULL, 0, 0};
  WSK_CALL call;
  UNREFERENCED_PARAMETER(DeviceObject);
  if (NT_SUCCESS(PrepareCall(&call))) {
    FinishCall(&call, side->Dispatch->WskReceive(side->Socket, &nothing, 0, call.Irp), NULL);
  } else {
    AbortPair(side->Pair);
  }
  ReleasePair(side->Pair);
}

/* Under Pair->Lock. TRUE: Resume is to be queued, and has to hold the pair. */
static BOOLEAN MayResume(PSIDE Side) {
  BOOLEAN may = Side->Stopped && Side->Open && Side->Other->Open && !Side->Pair->Closing &&
                Side->KeptBytes <= MAX_KEPT_BYTES / 2;
  if (may) Side->Stopped = FALSE;
  return may;
}

/* `Bytes` from this side are kept no longer; those that were sent count. Lets go of the pair. */
static VOID BytesDone(PSIDE Side, SIZE_T Bytes, BOOLEAN Sent) {
  PPAIR pair = Side->Pair;
  BOOLEAN resume;
  KIRQL irql;
  if (Sent) {
    InterlockedAdd64(
        Side == &pair->Client ? &Proxy.Statistics.BytesToTargets : &Proxy.Statistics.BytesToClients,
        (LONGLONG)Bytes);
  }
  KeAcquireSpinLock(&pair->Lock, &irql);
  Side->KeptBytes -= Bytes;
  if (Sent) Side->Forwarded += Bytes;
  resume = MayResume(Side);
  KeReleaseSpinLock(&pair->Lock, irql);
  if (resume) { /* Not from here: a completion routine should not start requests. */
    IoQueueWorkItem(Side->ResumeItem, Resume, DelayedWorkQueue, Side);
  } else {
    ReleasePair(pair);
  }
}

static NTSTATUS NTAPI ForwardCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  PFORWARD forward = (PFORWARD)Context;
  PSIDE from = forward->From;
  const SIZE_T bytes = forward->Data->Buffer.Length;
  const NTSTATUS status = Irp->IoStatus.Status;
  UNREFERENCED_PARAMETER(DeviceObject);

  from->Dispatch->WskRelease(from->Socket, forward->Data);
  ExFreeToNPagedLookasideList(&Forwards, forward); /* Irp, too. */
  if (status == STATUS_FILE_FORCED_CLOSED) {
    SideDied(from->Other);
  } else if (!NT_SUCCESS(status)) {
    AbortPair(from->Pair); /* Bytes are missing from the stream now. */
  }
  BytesDone(from, bytes, NT_SUCCESS(status));
  return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Sends one indication to the other side. The caller has counted its bytes as kept. */
static VOID Forward(PSIDE From, PWSK_DATA_INDICATION Data) {
  PSIDE to = From->Other;
  PFORWARD forward;
  PIRP irp;
  KIRQL irql;
  KeAcquireSpinLock(&From->Pair->Lock, &irql);
  ++From->Pair->Holders; /* BytesDone lets go of it. */
  KeReleaseSpinLock(&From->Pair->Lock, irql);

  forward = ExAllocateFromNPagedLookasideList(&Forwards);
  if (forward == NULL) {
    const SIZE_T bytes = Data->Buffer.Length;
    From->Dispatch->WskRelease(From->Socket, Data);
    AbortPair(From->Pair);
    BytesDone(From, bytes, FALSE);
    return;
  }
  forward->From = From;
  forward->Data = Data;
  irp = (PIRP)forward->IrpMemory;
  IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
  IoSetCompletionRoutine(irp, ForwardCompleted, forward, TRUE, TRUE, TRUE);
  /* ForwardCompleted is called whatever this returns, and may have been already. */
  to->Dispatch->WskSend(to->Socket, &Data->Buffer, 0, irp);
}

/* Counts bytes as kept. FALSE: there are too many, or nobody yet to send them to. */
static BOOLEAN KeepBytes(PSIDE Side, SIZE_T Bytes) {
  BOOLEAN kept;
  KIRQL irql;
  KeAcquireSpinLock(&Side->Pair->Lock, &irql);
  kept = Side->Open && Side->Other->Open && Side->KeptBytes < MAX_KEPT_BYTES;
  if (kept) Side->KeptBytes += Bytes;
  Side->Stopped = !kept;
  KeReleaseSpinLock(&Side->Pair->Lock, irql);
  return kept;
}

/* At DISPATCH_LEVEL or below. The calls for one socket never overlap. */
static NTSTATUS WSKAPI ReceiveEvent(PVOID SocketContext, ULONG Flags,
                                    PWSK_DATA_INDICATION DataIndication, SIZE_T BytesIndicated,
                                    SIZE_T* BytesAccepted) {
  PSIDE side = (PSIDE)SocketContext;
  NTSTATUS status = STATUS_DATA_NOT_ACCEPTED; /* WSK keeps the data until Resume asks for it. */
  UNREFERENCED_PARAMETER(Flags);
  UNREFERENCED_PARAMETER(BytesAccepted);

  if (!HoldPair(side->Pair)) return status;
  if (DataIndication == NULL) {
    SideDied(side);
    status = STATUS_SUCCESS;
  } else if (KeepBytes(side, BytesIndicated)) {
    while (DataIndication != NULL) {
      PWSK_DATA_INDICATION next =
          DataIndication->Next;    /* Read first: a send may be over at once. */
      DataIndication->Next = NULL; /* Each is released by itself. */
      Forward(side, DataIndication);
      DataIndication = next;
    }
    status = STATUS_PENDING; /* The list is ours until WskRelease. */
  }
  ReleasePair(side->Pair);
  return status;
}

const WSK_CLIENT_CONNECTION_DISPATCH SideEvents = {ReceiveEvent, DisconnectEvent, NULL};

/* ---- connecting to the target --------------------------------------------------------------- */

/* Both sides are there: what was held back can go. */
static VOID StartBothWays(PPAIR Pair, PWSK_SOCKET TargetSocket) {
  BOOLEAN pass_end_on, resume_client, resume_target;
  KIRQL irql;
  KeAcquireSpinLock(&Pair->Lock, &irql);
  Pair->Connecting = FALSE;
  Pair->Target.Socket = TargetSocket;
  Pair->Target.Dispatch = TargetSocket->Dispatch;
  Pair->Target.Open = TRUE;
  /* When the pair is closing already, ClosePair takes care of this socket as well. */
  pass_end_on = Pair->Client.Ended && !Pair->Closing;
  resume_client = MayResume(&Pair->Client);
  resume_target = MayResume(&Pair->Target); /* Its events may have come before this. */
  Pair->Holders += pass_end_on + resume_client + resume_target;
  KeReleaseSpinLock(&Pair->Lock, irql);

  if (resume_client) {
    IoQueueWorkItem(Pair->Client.ResumeItem, Resume, DelayedWorkQueue, &Pair->Client);
  }
  if (resume_target) {
    IoQueueWorkItem(Pair->Target.ResumeItem, Resume, DelayedWorkQueue, &Pair->Target);
  }
  if (pass_end_on) PassEndOn(&Pair->Target);
}

static NTSTATUS NTAPI ConnectCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  PPAIR pair = (PPAIR)Context;
  UNREFERENCED_PARAMETER(DeviceObject);
  if (NT_SUCCESS(Irp->IoStatus.Status)) {
    StartBothWays(pair, (PWSK_SOCKET)Irp->IoStatus.Information);
  } else {
    InterlockedIncrement64(&Proxy.Statistics.ConnectsFailed);
    AbortPair(pair); /* The client learns it as a reset. */
  }
  ReleasePair(pair);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static BOOLEAN BeginConnecting(PPAIR Pair) {
  KIRQL irql;
  BOOLEAN begin;
  KeAcquireSpinLock(&Pair->Lock, &irql);
  begin = Pair->Connecting = !Pair->Closing;
  KeReleaseSpinLock(&Pair->Lock, irql);
  return begin;
}

static VOID NTAPI ConnectNow(PDEVICE_OBJECT DeviceObject, PVOID Context) {
  PPAIR pair = (PPAIR)Context;
  PSOCKADDR target = (PSOCKADDR)&pair->Rule->Target;
  SOCKADDR_INET any;
  UNREFERENCED_PARAMETER(DeviceObject);

  if (!BeginConnecting(pair)) {
    ReleasePair(pair);
    return;
  }
  RtlZeroMemory(&any, sizeof(any));
  any.si_family = target->sa_family;
  IoSetCompletionRoutine(pair->ConnectIrp, ConnectCompleted, pair, TRUE, TRUE, TRUE);
  Wsk.Dispatch->WskSocketConnect(Wsk.Client, SOCK_STREAM, IPPROTO_TCP, (PSOCKADDR)&any, target, 0,
                                 &pair->Target, &SideEvents, NULL, NULL, NULL, pair->ConnectIrp);
}

VOID ConnectPair(PPAIR Pair) {
  KIRQL irql;
  KeAcquireSpinLock(&Pair->Lock, &irql);
  ++Pair->Holders;
  KeReleaseSpinLock(&Pair->Lock, irql);
  IoQueueWorkItem(Pair->WorkItem, ConnectNow, DelayedWorkQueue, Pair);
}

/* ---- describing ----------------------------------------------------------------------------- */

static PROXY_STATE StateOf(const PAIR* Pair) {
  if (Pair->Closing) return ProxyClosing;
  if (!Pair->Target.Open) return ProxyConnecting;
  if (Pair->Client.Ended) return ProxyClientEnded;
  return Pair->Target.Ended ? ProxyTargetEnded : ProxyConnected;
}

VOID DescribePair(PPAIR Pair, PPROXY_CONNECTION Description) {
  KIRQL irql;
  KeAcquireSpinLock(&Pair->Lock, &irql);
  Description->RuleId = Pair->Rule->Id;
  Description->State = StateOf(Pair);
  Description->Client = Pair->ClientAddress;
  Description->Target = Pair->Rule->Target;
  Description->BytesToTarget = Pair->Client.Forwarded;
  Description->BytesToClient = Pair->Target.Forwarded;
  KeReleaseSpinLock(&Pair->Lock, irql);
}
