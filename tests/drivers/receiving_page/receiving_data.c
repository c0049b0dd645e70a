/*
 * Two ways to receive: WskReceive with an IRP of our own, and WskReceiveEvent. The functions have
 * the shape of the documentation page's examples; driver.c calls them.
 */
#include "receiving_page.h"

/* Starts to read into DataBuffer, which stays in place until ReceiveComplete has run. */
NTSTATUS ReceiveData(PWSK_SOCKET Socket, PWSK_BUF DataBuffer) {
  PWSK_PROVIDER_CONNECTION_DISPATCH Dispatch;
  PIRP Irp;
  NTSTATUS Status;

  Dispatch = (PWSK_PROVIDER_CONNECTION_DISPATCH)(Socket->Dispatch);

  Irp = IoAllocateIrp(1, FALSE);
  if (!Irp) {
    return STATUS_INSUFFICIENT_RESOURCES;
  }

  /* To be called in every case, with the buffer as its context. */
  IoSetCompletionRoutine(Irp, ReceiveComplete, DataBuffer, TRUE, TRUE, TRUE);

  /* The IRP may be complete, and freed, when this returns. */
  Status = Dispatch->WskReceive(Socket, DataBuffer, 0, Irp);

  return Status;
}

NTSTATUS ReceiveComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);

  PWSK_BUF DataBuffer;
  ULONG ByteCount;

  if (Irp->IoStatus.Status == STATUS_SUCCESS) {
    DataBuffer = (PWSK_BUF)Context;
    ByteCount = (ULONG)(Irp->IoStatus.Information);
    ProcessData(ByReceive, DataBuffer, ByteCount);
  } else {
    DbgPrint("receiving_page: WskReceive failed with %08x\n", Irp->IoStatus.Status);
  }

  IoFreeIrp(Irp);

  /* The IRP was ours, and is no more: nobody above is to see it. */
  return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS WSKAPI WskReceiveEvent(PVOID SocketContext, ULONG Flags,
                                PWSK_DATA_INDICATION DataIndication, SIZE_T BytesIndicated,
                                SIZE_T* BytesAccepted) {
  UNREFERENCED_PARAMETER(SocketContext);
  UNREFERENCED_PARAMETER(Flags);
  UNREFERENCED_PARAMETER(BytesIndicated);
  UNREFERENCED_PARAMETER(BytesAccepted);

  if (DataIndication != NULL) {
    while (DataIndication != NULL) {
      ProcessData(ByReceiveEvent, &DataIndication->Buffer, DataIndication->Buffer.Length);
      DataIndication = DataIndication->Next;
    }

    /* Everything was taken, so *BytesAccepted is left alone. */
    return STATUS_SUCCESS;
  } else {
    /* The socket is dead: close it. That completes after this callback has returned. */
    GiveUpSocket();

    return STATUS_SUCCESS;
  }
}
