/*
 * forward.c: the way of a datagram.
 *
 * WskReceiveFromEvent keeps the list it is given (STATUS_PENDING) and queues it for the worker,
 * which may wait: it opens the sockets of new flows. The worker gathers datagrams of one flow that
 * came one after the other into a batch, for one WskSendMessages. What is sent is the memory in
 * which the datagram came, behind a header or without one. When the batch is sent, each datagram is
 * given back by WskRelease.
 */
#include "tunnel.h"

#define MAX_BATCH 32
#define MAX_WAITING 1024 /* Lists; what comes then is dropped. */

/* A list that WSK handed over, of one socket. */
typedef struct _ARRIVAL {
  LIST_ENTRY Link;
  PFLOW Flow; /* Whose back it came to; NULL: it came to the front. */
  PWSK_DATAGRAM_INDICATION List;
} ARRIVAL, *PARRIVAL;

/* One datagram of a batch. */
typedef struct _ITEM {
  WSK_BUF_LIST Out;
  PWSK_DATAGRAM_INDICATION Datagram;
  TUNNEL_HEADER Header;
  PMDL Mdls; /* Ours: the header's, then one for each of the datagram's. NULL: it is sent bare. */
} ITEM, *PITEM;

typedef struct _BATCH {
  PFLOW Flow; /* Held. */
  BOOLEAN ToBack;
  ULONG Count;
  ITEM Items[MAX_BATCH];
  DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT)
  UCHAR IrpMemory[sizeof(IRP) + sizeof(IO_STACK_LOCATION)];
} BATCH, *PBATCH;

STATISTICS Statistics;

static struct {
  PENDPOINT Front;
  BOOLEAN IsEntry;
  PIO_WORKITEM WorkItem;
  NPAGED_LOOKASIDE_LIST ArrivalMemory;
  NPAGED_LOOKASIDE_LIST BatchMemory;
  KSPIN_LOCK Lock; /* Guards the rest. */
  LIST_ENTRY Arrivals;
  ULONG WaitingCount;
  BOOLEAN Working;
  BOOLEAN Stopping;
  KEVENT AtRest; /* Not Working. */
} Forwarding;

/* ---- giving back ---------------------------------------------------------------------------- */

static VOID ReleaseOne(const ENDPOINT* Endpoint, PWSK_DATAGRAM_INDICATION Datagram) {
  Datagram->Next = NULL; /* It alone, whatever it hung on. */
  Endpoint->Dispatch->WskRelease(Endpoint->Socket, Datagram);
}

static const ENDPOINT* SourceOf(const ARRIVAL* Arrival) {
  return Arrival->Flow == NULL ? Forwarding.Front : &Arrival->Flow->Back;
}

static VOID CountDropped(const WSK_DATAGRAM_INDICATION* List) {
  for (; List != NULL; List = List->Next) InterlockedIncrement64(&Statistics.Dropped);
}

static VOID DropArrival(PARRIVAL Arrival) {
  const ENDPOINT* source = SourceOf(Arrival);
  CountDropped(Arrival->List);
  source->Dispatch->WskRelease(source->Socket, Arrival->List); /* The whole list. */
  ExFreeToNPagedLookasideList(&Forwarding.ArrivalMemory, Arrival);
}

static VOID FreeMdls(PITEM Item) {
  while (Item->Mdls != NULL) {
    PMDL next = Item->Mdls->Next;
    IoFreeMdl(Item->Mdls);
    Item->Mdls = next;
  }
}

static VOID EndBatch(PBATCH Batch) {
  PFLOW flow = Batch->Flow;
  const ENDPOINT* source = Batch->ToBack ? Forwarding.Front : &flow->Back;
  ULONG i;
  for (i = 0; i < Batch->Count; ++i) {
    FreeMdls(&Batch->Items[i]);
    ReleaseOne(source, Batch->Items[i].Datagram);
  }
  ExFreeToNPagedLookasideList(&Forwarding.BatchMemory, Batch);
  ExReleaseRundownProtection(&flow->Rundown);
}

/* ---- sending -------------------------------------------------------------------------------- */

static NTSTATUS NTAPI BatchSent(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp); /* Nobody is told about datagrams that did not go. */
  EndBatch((PBATCH)Context);   /* The IRP is in there. */
  return STATUS_MORE_PROCESSING_REQUIRED;
}

/* From here on the batch is BatchSent's. */
static VOID SendBatch(PBATCH Batch) {
  PFLOW flow = Batch->Flow;
  PIRP irp = (PIRP)Batch->IrpMemory;
  IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
  IoSetCompletionRoutine(irp, BatchSent, Batch, TRUE, TRUE, TRUE);
  if (Batch->ToBack) {
    InterlockedAdd64(&Statistics.ToBacks, Batch->Count);
    flow->Back.Dispatch->WskSendMessages(flow->Back.Socket, &Batch->Items[0].Out, 0, NULL, 0, NULL,
                                         irp);
  } else {
    InterlockedAdd64(&Statistics.ToFront, Batch->Count);
    Forwarding.Front->Dispatch->WskSendMessages(
        Forwarding.Front->Socket, &Batch->Items[0].Out, 0, (PSOCKADDR)&flow->Remote,
        flow->SourceLength, flow->SourceLength != 0 ? &flow->Source.Header : NULL, irp);
  }
}

/* The flow is held by an empty batch too. */
static PBATCH NewBatch(PFLOW Flow, BOOLEAN ToBack) {
  PBATCH batch;
  if (!ExAcquireRundownProtection(&Flow->Rundown)) return NULL;
  batch = ExAllocateFromNPagedLookasideList(&Forwarding.BatchMemory);
  if (batch == NULL) {
    ExReleaseRundownProtection(&Flow->Rundown);
    return NULL;
  }
  batch->Flow = Flow;
  batch->ToBack = ToBack;
  batch->Count = 0;
  return batch;
}

/* ---- headers -------------------------------------------------------------------------------- */

/* MDLs of our own over the datagram's bytes, hung behind `Last`: its chain is WSK's. */
static BOOLEAN DescribeBytes(const WSK_BUF* Bytes, PMDL Last) {
  SIZE_T left = Bytes->Length, offset = Bytes->Offset;
  PMDL source;
  for (source = Bytes->Mdl; source != NULL && left > 0; source = source->Next) {
    const SIZE_T here = MmGetMdlByteCount(source) - offset;
    const ULONG size = (ULONG)min(here, left);
    PUCHAR address = (PUCHAR)MmGetMdlVirtualAddress(source) + offset;
    if (size > 0) {
      Last->Next = IoAllocateMdl(address, size, FALSE, FALSE, NULL);
      if (Last->Next == NULL) return FALSE;
      Last = Last->Next;
      IoBuildPartialMdl(source, Last, address, size);
    }
    left -= size;
    offset = 0;
  }
  return TRUE;
}

static BOOLEAN AddHeader(PITEM Item, ULONG Sequence) {
  const WSK_BUF* bytes = &Item->Datagram->Buffer;
  Item->Header.Magic = RtlUlongByteSwap(TUNNEL_MAGIC);
  Item->Header.Sequence = RtlUlongByteSwap(Sequence);
  Item->Mdls = IoAllocateMdl(&Item->Header, sizeof(Item->Header), FALSE, FALSE, NULL);
  if (Item->Mdls == NULL) {
    InterlockedIncrement64(&Statistics.Dropped);
    return FALSE;
  }
  MmBuildMdlForNonPagedPool(Item->Mdls);
  if (!DescribeBytes(bytes, Item->Mdls)) {
    FreeMdls(Item);
    InterlockedIncrement64(&Statistics.Dropped);
    return FALSE;
  }
  Item->Out.Buffer.Mdl = Item->Mdls;
  Item->Out.Buffer.Offset = 0;
  Item->Out.Buffer.Length = sizeof(TUNNEL_HEADER) + bytes->Length;
  return TRUE;
}

/* Moves the beginning of a buffer; FALSE: it has not so many bytes. */
static BOOLEAN Advance(PWSK_BUF Buffer, SIZE_T Size, PVOID Skipped) {
  PUCHAR copy = (PUCHAR)Skipped;
  if (Buffer->Length < Size) return FALSE;
  Buffer->Length -= Size;
  while (Size > 0) {
    const SIZE_T here = min(MmGetMdlByteCount(Buffer->Mdl) - Buffer->Offset, Size);
    const UCHAR* bytes =
        MmGetSystemAddressForMdlSafe(Buffer->Mdl, NormalPagePriority | MdlMappingNoExecute);
    if (bytes == NULL) return FALSE;
    RtlCopyMemory(copy, bytes + Buffer->Offset, here);
    copy += here;
    Size -= here;
    Buffer->Offset += (ULONG)here;
    if (Buffer->Offset == MmGetMdlByteCount(Buffer->Mdl) && Buffer->Mdl->Next != NULL) {
      Buffer->Mdl = Buffer->Mdl->Next;
      Buffer->Offset = 0;
    }
  }
  return TRUE;
}

/* Counts the numbers that were skipped. One that comes late was counted already. */
static VOID NoteSequence(PFLOW Flow, ULONG Sequence) {
  const LONG ahead = (LONG)(Sequence - Flow->SequenceSeen); /* They may wrap around. */
  if (ahead <= 0) return;
  InterlockedAdd64(&Statistics.Lost, ahead - 1);
  Flow->SequenceSeen = Sequence;
}

static BOOLEAN TakeHeader(PITEM Item, PFLOW Flow) {
  TUNNEL_HEADER header;
  Item->Mdls = NULL;
  Item->Out.Buffer = Item->Datagram->Buffer;
  if (!Advance(&Item->Out.Buffer, sizeof(header), &header) ||
      header.Magic != RtlUlongByteSwap(TUNNEL_MAGIC)) {
    InterlockedIncrement64(&Statistics.Malformed);
    return FALSE;
  }
  NoteSequence(Flow, RtlUlongByteSwap(header.Sequence));
  if (Item->Out.Buffer.Length == 0) {
    Item->Out.Buffer.Mdl = NULL;
    Item->Out.Buffer.Offset = 0;
  }
  return TRUE;
}

/* FALSE: the datagram goes nowhere. */
static BOOLEAN AddToBatch(PBATCH Batch, PWSK_DATAGRAM_INDICATION Datagram) {
  PITEM item = &Batch->Items[Batch->Count];
  const BOOLEAN wrap = Batch->ToBack == Forwarding.IsEntry;
  item->Out.Next = NULL;
  item->Datagram = Datagram;
  if (wrap ? !AddHeader(item, Batch->Flow->SequenceSent + 1) : !TakeHeader(item, Batch->Flow)) {
    return FALSE;
  }
  if (wrap) ++Batch->Flow->SequenceSent;
  if (Batch->Count > 0) Batch->Items[Batch->Count - 1].Out.Next = &item->Out;
  ++Batch->Count;
  return TRUE;
}

/* ---- the worker ----------------------------------------------------------------------------- */

/* `Batch` may be NULL. */
static VOID FinishBatch(PBATCH Batch) {
  if (Batch == NULL) return;
  if (Batch->Count > 0) {
    SendBatch(Batch);
  } else {
    EndBatch(Batch);
  }
}

/* The batch that the next datagram of this flow goes into; NULL: there is no memory. */
static PBATCH BatchFor(PBATCH Batch, PFLOW Flow, BOOLEAN ToBack) {
  if (Batch != NULL && Batch->Flow == Flow && Batch->Count < MAX_BATCH) return Batch;
  FinishBatch(Batch);
  return NewBatch(Flow, ToBack);
}

/* The flow of a datagram at the front. A new one begins with nothing unsent: see CreateFlow. */
static PFLOW FlowAtFront(PWSK_DATAGRAM_INDICATION Datagram, PBATCH* Batch) {
  PFLOW flow = FindFlow(Datagram);
  if (flow != NULL) return flow;
  FinishBatch(*Batch);
  *Batch = NULL;
  return CreateFlow(Datagram);
}

static VOID Forward(PARRIVAL Arrival) {
  const ENDPOINT* source = SourceOf(Arrival);
  const BOOLEAN to_back = Arrival->Flow == NULL;
  PWSK_DATAGRAM_INDICATION datagram = Arrival->List, next;
  PBATCH batch = NULL;
  for (; datagram != NULL; datagram = next) {
    PFLOW flow = to_back ? FlowAtFront(datagram, &batch) : Arrival->Flow;
    next = datagram->Next; /* A batch that is sent may be over, and its datagrams gone. */
    if (flow != NULL) batch = BatchFor(batch, flow, to_back);
    if (flow == NULL || batch == NULL) {
      InterlockedIncrement64(&Statistics.Dropped);
      ReleaseOne(source, datagram);
    } else if (!AddToBatch(batch, datagram)) {
      ReleaseOne(source, datagram);
    }
  }
  FinishBatch(batch);
  ExFreeToNPagedLookasideList(&Forwarding.ArrivalMemory, Arrival);
}

/* NULL: there is none, and Working has ended. */
static PARRIVAL TakeArrival(VOID) {
  PARRIVAL arrival = NULL;
  KIRQL irql;
  KeAcquireSpinLock(&Forwarding.Lock, &irql);
  if (!IsListEmpty(&Forwarding.Arrivals) && !Forwarding.Stopping) {
    arrival = CONTAINING_RECORD(RemoveHeadList(&Forwarding.Arrivals), ARRIVAL, Link);
    --Forwarding.WaitingCount;
  } else {
    Forwarding.Working = FALSE;
    KeSetEvent(&Forwarding.AtRest, IO_NO_INCREMENT, FALSE);
  }
  KeReleaseSpinLock(&Forwarding.Lock, irql);
  return arrival;
}

static VOID NTAPI Work(PVOID IoObject, PVOID Context, PIO_WORKITEM IoWorkItem) {
  PARRIVAL arrival;
  UNREFERENCED_PARAMETER(IoObject);
  UNREFERENCED_PARAMETER(Context);
  UNREFERENCED_PARAMETER(IoWorkItem);
  while ((arrival = TakeArrival()) != NULL) Forward(arrival);
}

/* ---- events, at DISPATCH_LEVEL or below ----------------------------------------------------- */

/* FALSE: there are too many already, or we are to stop. */
static BOOLEAN QueueArrival(PARRIVAL Arrival) {
  BOOLEAN queued, start;
  KIRQL irql;
  KeAcquireSpinLock(&Forwarding.Lock, &irql);
  queued = !Forwarding.Stopping && Forwarding.WaitingCount < MAX_WAITING;
  start = queued && !Forwarding.Working;
  if (queued) {
    InsertTailList(&Forwarding.Arrivals, &Arrival->Link);
    ++Forwarding.WaitingCount;
  }
  if (start) {
    Forwarding.Working = TRUE;
    KeClearEvent(&Forwarding.AtRest);
  }
  KeReleaseSpinLock(&Forwarding.Lock, irql);
  if (start) IoQueueWorkItemEx(Forwarding.WorkItem, Work, DelayedWorkQueue, NULL);
  return queued;
}

static NTSTATUS Keep(PFLOW Flow, PWSK_DATAGRAM_INDICATION List) {
  PARRIVAL arrival;
  if (List == NULL) return STATUS_SUCCESS; /* The socket is dead; it is closed with the flow. */
  arrival = ExAllocateFromNPagedLookasideList(&Forwarding.ArrivalMemory);
  if (arrival != NULL) {
    arrival->Flow = Flow;
    arrival->List = List;
    if (QueueArrival(arrival)) return STATUS_PENDING;
    ExFreeToNPagedLookasideList(&Forwarding.ArrivalMemory, arrival);
  }
  CountDropped(List);
  return STATUS_SUCCESS; /* WSK takes the list back. */
}

static NTSTATUS WSKAPI FrontReceiveFrom(PVOID SocketContext, ULONG Flags,
                                        PWSK_DATAGRAM_INDICATION DataIndication) {
  UNREFERENCED_PARAMETER(SocketContext);
  UNREFERENCED_PARAMETER(Flags);
  return Keep(NULL, DataIndication);
}

static NTSTATUS WSKAPI BackReceiveFrom(PVOID SocketContext, ULONG Flags,
                                       PWSK_DATAGRAM_INDICATION DataIndication) {
  UNREFERENCED_PARAMETER(Flags);
  return Keep((PFLOW)SocketContext, DataIndication);
}

const WSK_CLIENT_DATAGRAM_DISPATCH FrontEvents = {FrontReceiveFrom};
const WSK_CLIENT_DATAGRAM_DISPATCH BackEvents = {BackReceiveFrom};

/* ---- beginning and end ---------------------------------------------------------------------- */

/* The first that waits and is of this flow, or, for NULL, the first of all. */
static PARRIVAL TakeArrivalOf(PFLOW Flow) {
  PARRIVAL found = NULL;
  PLIST_ENTRY link;
  KIRQL irql;
  KeAcquireSpinLock(&Forwarding.Lock, &irql);
  for (link = Forwarding.Arrivals.Flink; link != &Forwarding.Arrivals; link = link->Flink) {
    PARRIVAL arrival = CONTAINING_RECORD(link, ARRIVAL, Link);
    if (Flow != NULL && arrival->Flow != Flow) continue;
    found = arrival;
    RemoveEntryList(link);
    --Forwarding.WaitingCount;
    break;
  }
  KeReleaseSpinLock(&Forwarding.Lock, irql);
  return found;
}

VOID DropArrivalsOf(PFLOW Flow) {
  PARRIVAL arrival;
  while ((arrival = TakeArrivalOf(Flow)) != NULL) DropArrival(arrival);
}

NTSTATUS StartForwarding(PDRIVER_OBJECT DriverObject, PENDPOINT Front, BOOLEAN IsEntry) {
  Forwarding.Front = Front;
  Forwarding.IsEntry = IsEntry;
  /* There is no device that it could belong to. */
  Forwarding.WorkItem = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), POOL_TAG);
  if (Forwarding.WorkItem == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  IoInitializeWorkItem(DriverObject, Forwarding.WorkItem);
  ExInitializeNPagedLookasideList(&Forwarding.ArrivalMemory, NULL, NULL, POOL_NX_ALLOCATION,
                                  sizeof(ARRIVAL), POOL_TAG, 0);
  ExInitializeNPagedLookasideList(&Forwarding.BatchMemory, NULL, NULL, POOL_NX_ALLOCATION,
                                  sizeof(BATCH), POOL_TAG, 0);
  KeInitializeSpinLock(&Forwarding.Lock);
  InitializeListHead(&Forwarding.Arrivals);
  KeInitializeEvent(&Forwarding.AtRest, NotificationEvent, TRUE);
  return STATUS_SUCCESS;
}

VOID StopForwarding(VOID) {
  KIRQL irql;
  KeAcquireSpinLock(&Forwarding.Lock, &irql);
  Forwarding.Stopping = TRUE;
  KeReleaseSpinLock(&Forwarding.Lock, irql);
  KeWaitForSingleObject(&Forwarding.AtRest, Executive, KernelMode, FALSE, NULL);
  DropArrivalsOf(NULL);
  CloseAllFlows(); /* With their batches, in both directions. */
  IoUninitializeWorkItem(Forwarding.WorkItem);
  ExFreePoolWithTag(Forwarding.WorkItem, POOL_TAG);
  ExDeleteNPagedLookasideList(&Forwarding.ArrivalMemory);
  ExDeleteNPagedLookasideList(&Forwarding.BatchMemory);
}
