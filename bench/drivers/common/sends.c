/*
 * sends.c: the list of idle sends.
 */
#include "sends.h"

static SLIST_HEADER IdleSends;

VOID InitializeSends(VOID) {
  InitializeSListHead(&IdleSends);
}

static PSEND AllocateSend(VOID) {
  PSEND send = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*send), POOL_TAG);
  if (send == NULL) return NULL;
  send->Irp = IoAllocateIrp(1, FALSE);
  if (send->Irp != NULL) return send;
  ExFreePoolWithTag(send, POOL_TAG);
  return NULL;
}

PSEND TakeSend(PCONNECTION Connection) {
  PSLIST_ENTRY link = InterlockedPopEntrySList(&IdleSends);
  PSEND send = link != NULL ? CONTAINING_RECORD(link, SEND, Link) : AllocateSend();
  if (send == NULL) return NULL;
  send->Connection = Connection;
  Hold(Connection);
  return send;
}

VOID PutSend(PSEND Send) {
  PCONNECTION connection = Send->Connection;
  IoReuseIrp(Send->Irp, STATUS_SUCCESS);
  InterlockedPushEntrySList(&IdleSends, &Send->Link);
  LetGo(connection);
}

VOID FreeSends(VOID) {
  PSLIST_ENTRY link;
  while ((link = InterlockedPopEntrySList(&IdleSends)) != NULL) {
    PSEND send = CONTAINING_RECORD(link, SEND, Link);
    IoFreeIrp(send->Irp);
    ExFreePoolWithTag(send, POOL_TAG);
  }
}
