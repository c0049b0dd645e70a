/*
 * io_csq.h: cancel-safe queues: IRPs wait in a list of the driver's, under a lock of the driver's,
 * and who cancels one meets who takes one out. IRP.Tail.Overlay.DriverContext[3] is the queue's.
 */
#pragma once

#include <wdm/io_types.h>

EXTERN_C_START

#define IO_TYPE_CSQ_IRP_CONTEXT 1
#define IO_TYPE_CSQ 2
#define IO_TYPE_CSQ_EX 3

/* Names an IRP in a queue. The driver's memory, for as long as the IRP is in there. */
typedef struct _IO_CSQ_IRP_CONTEXT {
  ULONG Type;
  struct _IRP* Irp;
  struct _IO_CSQ* Csq;
} IO_CSQ_IRP_CONTEXT, *PIO_CSQ_IRP_CONTEXT;

/* What the driver provides. All but the last are called between acquiring and releasing. */
typedef VOID NTAPI IO_CSQ_INSERT_IRP(_In_ struct _IO_CSQ* Csq, _In_ PIRP Irp);
typedef IO_CSQ_INSERT_IRP* PIO_CSQ_INSERT_IRP;
/* An error says that the IRP was not inserted; it stays the caller's. */
typedef NTSTATUS NTAPI IO_CSQ_INSERT_IRP_EX(_In_ struct _IO_CSQ* Csq, _In_ PIRP Irp,
                                            _In_ PVOID InsertContext);
typedef IO_CSQ_INSERT_IRP_EX* PIO_CSQ_INSERT_IRP_EX;
typedef VOID NTAPI IO_CSQ_REMOVE_IRP(_In_ struct _IO_CSQ* Csq, _In_ PIRP Irp);
typedef IO_CSQ_REMOVE_IRP* PIO_CSQ_REMOVE_IRP;
/* The first IRP behind Irp (NULL: of all) that PeekContext asks for, or NULL. */
typedef PIRP NTAPI IO_CSQ_PEEK_NEXT_IRP(_In_ struct _IO_CSQ* Csq, _In_opt_ PIRP Irp,
                                        _In_opt_ PVOID PeekContext);
typedef IO_CSQ_PEEK_NEXT_IRP* PIO_CSQ_PEEK_NEXT_IRP;
typedef VOID NTAPI IO_CSQ_ACQUIRE_LOCK(_In_ struct _IO_CSQ* Csq, _Out_ PKIRQL Irql);
typedef IO_CSQ_ACQUIRE_LOCK* PIO_CSQ_ACQUIRE_LOCK;
typedef VOID NTAPI IO_CSQ_RELEASE_LOCK(_In_ struct _IO_CSQ* Csq, _In_ KIRQL Irql);
typedef IO_CSQ_RELEASE_LOCK* PIO_CSQ_RELEASE_LOCK;
/* The IRP was cancelled and is out of the queue: complete it. */
typedef VOID NTAPI IO_CSQ_COMPLETE_CANCELED_IRP(_In_ struct _IO_CSQ* Csq, _In_ PIRP Irp);
typedef IO_CSQ_COMPLETE_CANCELED_IRP* PIO_CSQ_COMPLETE_CANCELED_IRP;

typedef struct _IO_CSQ {
  ULONG Type;
  PIO_CSQ_INSERT_IRP CsqInsertIrp;
  PIO_CSQ_REMOVE_IRP CsqRemoveIrp;
  PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp;
  PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock;
  PIO_CSQ_RELEASE_LOCK CsqReleaseLock;
  PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp;
  PVOID ReservePointer;
} IO_CSQ, *PIO_CSQ;

C_ASSERT(sizeof(IO_CSQ) == 0x40 && sizeof(IO_CSQ_IRP_CONTEXT) == 0x18);

/*
 * IoCsqInitialize: make a queue of the driver's routines; IoCsqInitializeEx has an insertion that
 * gets a context and can fail.
 *
 * IRQL     any
 * Returns  STATUS_SUCCESS.
 * Page     ddi/wdm/nf-wdm-iocsqinitialize
 */
NTKERNELAPI NTSTATUS IoCsqInitialize(_Out_ PIO_CSQ Csq, _In_ PIO_CSQ_INSERT_IRP CsqInsertIrp,
                                     _In_ PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                                     _In_ PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                     _In_ PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                                     _In_ PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                     _In_ PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp);
NTKERNELAPI NTSTATUS IoCsqInitializeEx(_Out_ PIO_CSQ Csq, _In_ PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
                                       _In_ PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                                       _In_ PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                       _In_ PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                                       _In_ PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                       _In_ PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp);

/*
 * IoCsqInsertIrp: mark the IRP pending and put it into the queue. One that is cancelled already is
 * not inserted but completed.
 *
 *   Context        Gets what IoCsqRemoveIrp needs; or NULL.
 *   InsertContext  For the routine of IoCsqInitializeEx.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  IoCsqInsertIrpEx: what the routine of IoCsqInitializeEx returned, else STATUS_SUCCESS.
 * Page     ddi/wdm/nf-wdm-iocsqinsertirp
 */
NTKERNELAPI VOID IoCsqInsertIrp(_Inout_ PIO_CSQ Csq, _Inout_ PIRP Irp,
                                _Out_opt_ PIO_CSQ_IRP_CONTEXT Context);
NTKERNELAPI NTSTATUS IoCsqInsertIrpEx(_Inout_ PIO_CSQ Csq, _Inout_ PIRP Irp,
                                      _Out_opt_ PIO_CSQ_IRP_CONTEXT Context,
                                      _In_opt_ PVOID InsertContext);

/*
 * IoCsqRemoveIrp: take this IRP out of the queue; it is the caller's again.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The IRP; NULL: it was cancelled, or is not in there any more.
 * Page     ddi/wdm/nf-wdm-iocsqremoveirp
 */
NTKERNELAPI PIRP IoCsqRemoveIrp(_Inout_ PIO_CSQ Csq, _Inout_ PIO_CSQ_IRP_CONTEXT Context);

/*
 * IoCsqRemoveNextIrp: take the next IRP out that is not being cancelled.
 *
 *   PeekContext  For the driver's CsqPeekNextIrp.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The IRP, or NULL.
 * Page     ddi/wdm/nf-wdm-iocsqremovenextirp
 */
NTKERNELAPI PIRP IoCsqRemoveNextIrp(_Inout_ PIO_CSQ Csq, _In_opt_ PVOID PeekContext);

EXTERN_C_END
