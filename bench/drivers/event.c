/*
 * event: WskReceiveEvent, and the lists it hands over are sent back as they are by WskSend, each
 * released when its send is over. In mode sink it takes what comes and does nothing with it; in
 * mode source each completed send starts the next one.
 *
 * bench: event echo sink source
 */
#include "sends.h"

static SERVER_MODE Mode;
static PMDL Piece; /* What mode source sends. */

/* ---- echo ----------------------------------------------------------------------------------- */

static NTSTATUS NTAPI EchoSent(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  PSEND send = (PSEND)Context;
  PCONNECTION connection = send->Connection;
  UNREFERENCED_PARAMETER(DeviceObject);
  connection->Dispatch->WskRelease(connection->Socket, send->Data);
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
  PCONNECTION connection = (PCONNECTION)SocketContext;
  UNREFERENCED_PARAMETER(Flags);
  UNREFERENCED_PARAMETER(BytesIndicated);
  UNREFERENCED_PARAMETER(BytesAccepted);
  if (DataIndication == NULL) {
    EndConnection(connection);
    return STATUS_SUCCESS;
  }
  if (Mode != ModeEcho) return STATUS_SUCCESS;
  if (!TryHold(connection)) return STATUS_DATA_NOT_ACCEPTED;
  while (DataIndication != NULL) {
    PWSK_DATA_INDICATION next = DataIndication->Next; /* Before the send is over. */
    DataIndication->Next = NULL;
    Echo(connection, DataIndication);
    DataIndication = next;
  }
  LetGo(connection);
  return STATUS_PENDING;
}

/* ---- source --------------------------------------------------------------------------------- */

static IO_COMPLETION_ROUTINE PieceSent;

static VOID SendPiece(PSEND Send) {
  PCONNECTION connection = Send->Connection;
  WSK_BUF buffer = {Piece, 0, PIECE_BYTES};
  IoSetCompletionRoutine(Send->Irp, PieceSent, Send, TRUE, TRUE, TRUE);
  connection->Dispatch->WskSend(connection->Socket, &buffer, 0, Send->Irp);
}

static NTSTATUS NTAPI PieceSent(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  PSEND send = (PSEND)Context;
  UNREFERENCED_PARAMETER(DeviceObject);
  if (NT_SUCCESS(Irp->IoStatus.Status)) {
    IoReuseIrp(Irp, STATUS_SUCCESS);
    SendPiece(send);
  } else {
    EndConnection(send->Connection);
    PutSend(send);
  }
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static BOOLEAN Opened(PCONNECTION Connection) {
  PSEND send;
  if (Mode != ModeSource) return TRUE;
  send = TakeSend(Connection);
  if (send == NULL) return FALSE;
  SendPiece(send);
  return TRUE;
}

/* ---- the driver ----------------------------------------------------------------------------- */

static const WSK_CLIENT_CONNECTION_DISPATCH Events = {ReceiveEvent, ServerDisconnectEvent, NULL};
static const SERVER_TYPE Type = {sizeof(CONNECTION), &Events, Opened, NULL};

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  StopServer();
  StopWsk();
  FreeSends();
  FreeBuffer(Piece);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  NTSTATUS status = ReadMode(RegistryPath, &Mode);
  if (!NT_SUCCESS(status)) return status;
  InitializeSends();
  Piece = AllocateBuffer(PIECE_BYTES);
  if (Piece == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  status = StartWsk();
  if (NT_SUCCESS(status)) {
    status = StartServer(&Type);
    if (!NT_SUCCESS(status)) StopWsk();
  }
  if (!NT_SUCCESS(status)) {
    FreeBuffer(Piece);
    return status;
  }
  DriverObject->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
