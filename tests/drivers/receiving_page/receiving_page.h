/*
 * receiving_page.h: what the two halves of the driver share. receiving_data.c has the code of the
 * documentation page "Receiving Data over a Connection-Oriented Socket", its gaps filled in;
 * driver.c makes a driver of it.
 */
#pragma once

#include <ntddk.h>

#include <wsk.h>

/* receiving_data.c: in the page's words. */
IO_COMPLETION_ROUTINE ReceiveComplete;
NTSTATUS ReceiveData(PWSK_SOCKET Socket, PWSK_BUF DataBuffer);
NTSTATUS WSKAPI WskReceiveEvent(PVOID SocketContext, ULONG Flags,
                                PWSK_DATA_INDICATION DataIndication, SIZE_T BytesIndicated,
                                SIZE_T* BytesAccepted);

/* driver.c: what the page leaves to the reader. */
typedef enum _RECEIVED_BY { ByReceive, ByReceiveEvent, ByMax } RECEIVED_BY;
VOID ProcessData(RECEIVED_BY By, const WSK_BUF* Buffer, SIZE_T Length);
VOID GiveUpSocket(VOID);
