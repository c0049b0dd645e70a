/*
 * retain: like event, but every list is kept for a while (STATUS_PENDING) and released together
 * with others, many at a time, or at once when WSK says that memory runs short. In mode echo a list
 * is kept beyond the end of its send. In mode keep none is released before its connection ends.
 *
 * bench: retain echo sink keep
 */
#include "sends.h"

#define MAX_KEPT 16

typedef struct _KEEPER {
  CONNECTION Connection;
  KSPIN_LOCK Lock; /* Guards the rest. */
  ULONG KeptLists;
  PWSK_DATA_INDICATION Kept[MAX_KEPT];
  PWSK_DATA_INDICATION All; /* In mode keep; only the callback touches it. */
} KEEPER, *PKEEPER;

static SERVER_MODE Mode;

static VOID ReleaseAll(PCONNECTION Connection, PWSK_DATA_INDICATION* Lists, ULONG Count) {
  ULONG i;
  for (i = 0; i < Count; ++i) Connection->Dispatch->WskRelease(Connection->Socket, Lists[i]);
}

/* Keeps one more list; releases all there are when there is room for no more, or when told to. */
static VOID Keep(PKEEPER Keeper, PWSK_DATA_INDICATION List, BOOLEAN ReleaseNow) {
  PWSK_DATA_INDICATION released[MAX_KEPT];
  ULONG count = 0;
  KIRQL irql;
  KeAcquireSpinLock(&Keeper->Lock, &irql);
  Keeper->Kept[Keeper->KeptLists++] = List;
  if (ReleaseNow || Keeper->KeptLists == MAX_KEPT) {
    count = Keeper->KeptLists;
    RtlCopyMemory(released, Keeper->Kept, count * sizeof(released[0]));
    Keeper->KeptLists = 0;
  }
  KeReleaseSpinLock(&Keeper->Lock, irql);
  ReleaseAll(&Keeper->Connection, released, count);
}

static VOID KeepForGood(PKEEPER Keeper, PWSK_DATA_INDICATION List) {
  PWSK_DATA_INDICATION last = List;
  while (last->Next != NULL) last = last->Next;
  last->Next = Keeper->All;
  Keeper->All = List;
}

static VOID Closing(PCONNECTION Connection) {
  PKEEPER keeper = CONTAINING_RECORD(Connection, KEEPER, Connection);
  ReleaseAll(Connection, keeper->Kept, keeper->KeptLists);
  if (keeper->All != NULL) ReleaseAll(Connection, &keeper->All, 1);
}

static NTSTATUS NTAPI EchoSent(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  PSEND send = (PSEND)Context;
  PCONNECTION connection = send->Connection;
  UNREFERENCED_PARAMETER(DeviceObject);
  Keep(CONTAINING_RECORD(connection, KEEPER, Connection), send->Data, FALSE);
  if (!NT_SUCCESS(Irp->IoStatus.Status)) EndConnection(connection);
  PutSend(send);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID Echo(PCONNECTION Connection, PWSK_DATA_INDICATION Data) {
  PSEND send = TakeSend(Connection);
  if (send == NULL) {
    Connection->Dispatch->WskRelease(Connection->Socket, Data);
    EndConnection(Connection);
    return;
  }
  send->Data = Data;
  IoSetCompletionRoutine(send->Irp, EchoSent, send, TRUE, TRUE, TRUE);
  Connection->Dispatch->WskSend(Connection->Socket, &Data->Buffer, WSK_FLAG_NODELAY, send->Irp);
}

static NTSTATUS WSKAPI ReceiveEvent(PVOID SocketContext, ULONG Flags,
                                    PWSK_DATA_INDICATION DataIndication, SIZE_T BytesIndicated,
                                    SIZE_T* BytesAccepted) {
  PKEEPER keeper = (PKEEPER)SocketContext;
  UNREFERENCED_PARAMETER(BytesIndicated);
  UNREFERENCED_PARAMETER(BytesAccepted);
  if (DataIndication == NULL) {
    EndConnection(&keeper->Connection);
    return STATUS_SUCCESS;
  }
  if (!TryHold(&keeper->Connection)) return STATUS_DATA_NOT_ACCEPTED;
  if (Mode == ModeSink) {
    Keep(keeper, DataIndication, (Flags & WSK_FLAG_RELEASE_ASAP) != 0);
  } else if (Mode == ModeKeep) {
    KeepForGood(keeper, DataIndication);
  } else {
    while (DataIndication != NULL) {
      PWSK_DATA_INDICATION next = DataIndication->Next;
      DataIndication->Next = NULL;
      Echo(&keeper->Connection, DataIndication);
      DataIndication = next;
    }
  }
  LetGo(&keeper->Connection);
  return STATUS_PENDING;
}

static BOOLEAN Opened(PCONNECTION Connection) {
  KeInitializeSpinLock(&CONTAINING_RECORD(Connection, KEEPER, Connection)->Lock);
  return TRUE;
}

static const WSK_CLIENT_CONNECTION_DISPATCH Events = {ReceiveEvent, ServerDisconnectEvent, NULL};
static const SERVER_TYPE Type = {sizeof(KEEPER), &Events, Opened, Closing};

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  StopServer();
  StopWsk();
  FreeSends();
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  NTSTATUS status = ReadMode(RegistryPath, &Mode);
  if (!NT_SUCCESS(status)) return status;
  InitializeSends();
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
