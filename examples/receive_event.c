/*
 * receive_event: counts what comes in, and shows all that a WskReceiveEvent callback may answer:
 *
 *   STATUS_PENDING            keeps the list; a work item adds up its bytes and calls WskRelease
 *   STATUS_SUCCESS            took it all, or the first *BytesAccepted bytes: the rest stays with
 *                             WSK, which does not call again until WskReceive is called, here
 *                             from the work item, with a length of zero
 *   STATUS_DATA_NOT_ACCEPTED  took nothing; else like a beginning of zero bytes
 *
 * and what a NULL list asks for. When the peer ends, the driver prints how many bytes there were
 * and their sum. server.c has the rest: accepting, and ending connections.
 *
 *   wskrun receive_event.so                    listens on a free port of 127.0.0.1 and says which
 *   wskrun --param Port=7777 receive_event.so  listens on that one
 *
 * Page: network/receiving-data-over-a-connection-oriented-socket
 */
#include "server.h"

#define MAX_KEPT_LISTS 8       /* A list that is kept is WSK's memory: few, and not for long. */
#define MAX_BYTES_AT_ONCE 4096 /* Time at DISPATCH_LEVEL is everybody's. */

typedef struct _COUNTER {
  CONNECTION Connection; /* Its lock guards the rest. */
  ULONGLONG Bytes;
  ULONGLONG Sum;
  PWSK_DATA_INDICATION Kept[MAX_KEPT_LISTS];
  ULONG KeptLists;
  BOOLEAN Stopped; /* Something was left with WSK: WskReceive has to be called. */
  BOOLEAN Working; /* The work item is queued or running; it holds the connection. */
} COUNTER, *PCOUNTER;

/* ---- reading -------------------------------------------------------------------------------- */

/* Adds up one buffer: a chain of MDLs, of which only the first is entered at an offset. */
static NTSTATUS SumBuffer(const WSK_BUF* Buffer, SIZE_T Limit, ULONGLONG* Sum) {
  SIZE_T left = min(Buffer->Length, Limit);
  SIZE_T offset = Buffer->Offset;
  PMDL mdl;
  for (mdl = Buffer->Mdl; mdl != NULL && left > 0; mdl = mdl->Next) {
    const UCHAR* bytes =
        MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute);
    SIZE_T size = min(MmGetMdlByteCount(mdl) - offset, left);
    SIZE_T i;
    if (bytes == NULL) return STATUS_INSUFFICIENT_RESOURCES;
    for (i = 0; i < size; ++i) *Sum += bytes[offset + i];
    left -= size;
    offset = 0;
  }
  return STATUS_SUCCESS;
}

/* Counts the first `Limit` bytes of a list. */
static NTSTATUS CountList(PCOUNTER Counter, PWSK_DATA_INDICATION List, SIZE_T Limit) {
  SIZE_T left = Limit;
  ULONGLONG sum = 0;
  KIRQL irql;
  for (; List != NULL && left > 0; List = List->Next) {
    NTSTATUS status = SumBuffer(&List->Buffer, left, &sum);
    if (!NT_SUCCESS(status)) return status;
    left -= min(List->Buffer.Length, left);
  }
  KeAcquireSpinLock(&Counter->Connection.Lock, &irql);
  Counter->Bytes += Limit - left;
  Counter->Sum += sum;
  KeReleaseSpinLock(&Counter->Connection.Lock, irql);
  return STATUS_SUCCESS;
}

/* ---- the work item -------------------------------------------------------------------------- */

/* Asks WSK to call WskReceiveEvent again: a receive of zero bytes takes none. */
static NTSTATUS Resume(PCONNECTION Connection) {
  WSK_BUF nothing = {NULL, 0, 0};
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  return FinishCall(
      &call, Connection->Dispatch->WskReceive(Connection->Socket, &nothing, 0, call.Irp), NULL);
}

/* What there is to do is now the caller's to do. FALSE: nothing, and Working has ended. */
static BOOLEAN TakeWork(PCOUNTER Counter, PWSK_DATA_INDICATION* Kept, ULONG* KeptLists,
                        BOOLEAN* Stopped) {
  KIRQL irql;
  KeAcquireSpinLock(&Counter->Connection.Lock, &irql);
  RtlCopyMemory(Kept, Counter->Kept, sizeof(Counter->Kept));
  *KeptLists = Counter->KeptLists;
  *Stopped = Counter->Stopped;
  Counter->KeptLists = 0;
  Counter->Stopped = FALSE;
  Counter->Working = *KeptLists > 0 || *Stopped;
  KeReleaseSpinLock(&Counter->Connection.Lock, irql);
  return *KeptLists > 0 || *Stopped;
}

/* At PASSIVE_LEVEL, where there is time. */
static VOID NTAPI Work(PDEVICE_OBJECT DeviceObject, PVOID Context) {
  PCOUNTER counter = (PCOUNTER)Context;
  PCONNECTION connection = &counter->Connection;
  PWSK_DATA_INDICATION kept[MAX_KEPT_LISTS];
  ULONG lists, i;
  BOOLEAN stopped;
  UNREFERENCED_PARAMETER(DeviceObject);

  while (TakeWork(counter, kept, &lists, &stopped)) {
    NTSTATUS status = STATUS_SUCCESS;
    for (i = 0; i < lists; ++i) {
      if (NT_SUCCESS(status)) status = CountList(counter, kept[i], MAXULONG);
      connection->Dispatch->WskRelease(connection->Socket, kept[i]); /* Each list, and once. */
    }
    if (stopped && NT_SUCCESS(status)) status = Resume(connection);
    if (!NT_SUCCESS(status)) AbortConnection(connection);
  }
  ReleaseConnection(connection);
}

/* Keeps `List`, or, when it is NULL, remembers that something was left. FALSE: no room. */
static BOOLEAN LeaveToWork(PCOUNTER Counter, PWSK_DATA_INDICATION List) {
  BOOLEAN is_left, start;
  KIRQL irql;
  KeAcquireSpinLock(&Counter->Connection.Lock, &irql);
  is_left = List == NULL || Counter->KeptLists < MAX_KEPT_LISTS;
  if (List == NULL) {
    Counter->Stopped = TRUE;
  } else if (is_left) {
    Counter->Kept[Counter->KeptLists++] = List;
  }
  start = is_left && !Counter->Working;
  if (start) {
    Counter->Working = TRUE;
    ++Counter->Connection.Holders; /* The work item's. The caller holds the connection too. */
  }
  KeReleaseSpinLock(&Counter->Connection.Lock, irql);
  if (start) IoQueueWorkItem(Counter->Connection.WorkItem, Work, DelayedWorkQueue, Counter);
  return is_left;
}

/* ---- the callback --------------------------------------------------------------------------- */

static NTSTATUS TakeList(PCOUNTER Counter, ULONG Flags, PWSK_DATA_INDICATION List, SIZE_T Bytes,
                         SIZE_T* BytesAccepted) {
  /* Memory runs short when WSK says RELEASE_ASAP: then it is no time to keep anything. */
  if (!(Flags & WSK_FLAG_RELEASE_ASAP) && LeaveToWork(Counter, List)) return STATUS_PENDING;

  if (!NT_SUCCESS(CountList(Counter, List, MAX_BYTES_AT_ONCE))) {
    AbortConnection(&Counter->Connection);
    return STATUS_DATA_NOT_ACCEPTED;
  }
  if (Bytes > MAX_BYTES_AT_ONCE) {
    *BytesAccepted = MAX_BYTES_AT_ONCE;
    LeaveToWork(Counter, NULL);
  }
  return STATUS_SUCCESS; /* From here on the list is WSK's again. */
}

/* At DISPATCH_LEVEL or below. The calls for one socket never overlap. */
static NTSTATUS WSKAPI ReceiveEvent(PVOID SocketContext, ULONG Flags,
                                    PWSK_DATA_INDICATION DataIndication, SIZE_T BytesIndicated,
                                    SIZE_T* BytesAccepted) {
  PCOUNTER counter = (PCOUNTER)SocketContext;
  NTSTATUS status;
  if (DataIndication == NULL) { /* The socket is dead and has to be closed. */
    CloseConnection(&counter->Connection);
    return STATUS_SUCCESS;
  }
  if (!AcquireConnection(&counter->Connection)) return STATUS_DATA_NOT_ACCEPTED;
  status = TakeList(counter, Flags, DataIndication, BytesIndicated, BytesAccepted);
  ReleaseConnection(&counter->Connection);
  return status;
}

/* ---- the driver ----------------------------------------------------------------------------- */

static VOID SayTotals(PCONNECTION Connection) {
  PCOUNTER counter = CONTAINING_RECORD(Connection, COUNTER, Connection);
  SAY("received %I64u bytes, their sum is %I64u\n", counter->Bytes, counter->Sum);
}

static const WSK_CLIENT_CONNECTION_DISPATCH Events = {ReceiveEvent, ServerDisconnectEvent, NULL};
static const SERVER_TYPE CountingServer = {sizeof(COUNTER), &Events, SayTotals};

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  StopServer();
  StopWsk();
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  NTSTATUS status = StartWsk();
  if (!NT_SUCCESS(status)) return status;
  status = StartServer(DriverObject, &CountingServer, (USHORT)ReadNumber(RegistryPath, L"Port", 0));
  if (!NT_SUCCESS(status)) {
    StopWsk();
    return status;
  }
  DriverObject->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
