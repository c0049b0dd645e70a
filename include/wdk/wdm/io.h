/*
 * io.h: what drivers do with IRPs and MDLs. The structures are in io_types.h, the memory side of
 * MDLs in mm.h, devices and work items in io_device.h.
 */
#pragma once

#include <wdm/io_device.h>
#include <wdm/io_types.h>

EXTERN_C_START

/* IRPs. */
#define IoSizeOfIrp(StackSize) ((USHORT)(sizeof(IRP) + ((StackSize) * (sizeof(IO_STACK_LOCATION)))))

/*
 * IoAllocateIrp: allocate and initialise an IRP.
 *
 *   StackSize    Stack locations, at least 1: one for each driver the IRP will visit.
 *   ChargeQuota  FALSE.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The IRP, or NULL. IoFreeIrp frees it.
 * Page     ddi/wdm/nf-wdm-ioallocateirp
 */
NTKERNELAPI PIRP IoAllocateIrp(_In_ CCHAR StackSize, _In_ BOOLEAN ChargeQuota);

/*
 * IoAllocateIrpEx: IoAllocateIrp for IRPs to be sent to DeviceObject.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The IRP, or NULL.
 * Page     ddi/wdm/nf-wdm-ioallocateirpex
 */
NTKERNELAPI PIRP IoAllocateIrpEx(_In_ PDEVICE_OBJECT DeviceObject, _In_ CCHAR StackSize,
                                 _In_ BOOLEAN ChargeQuota);

/*
 * IoFreeIrp: free an IRP of IoAllocateIrp. It is complete, or its completion routine returns
 * STATUS_MORE_PROCESSING_REQUIRED.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-iofreeirp
 */
NTKERNELAPI VOID IoFreeIrp(_In_ PIRP Irp);

/*
 * IoInitializeIrp: make memory of the driver an IRP.
 *
 *   Irp         16-byte aligned nonpaged memory of PacketSize bytes; zeroed by this call.
 *   PacketSize  At least IoSizeOfIrp(StackSize).
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-ioinitializeirp
 */
NTKERNELAPI VOID IoInitializeIrp(_Out_ PIRP Irp, _In_ USHORT PacketSize, _In_ CCHAR StackSize);
NTKERNELAPI VOID IoInitializeIrpEx(_Out_ PIRP Irp, _In_ PDEVICE_OBJECT DeviceObject,
                                   _In_ USHORT PacketSize, _In_ CCHAR StackSize);

/*
 * IoReuseIrp: make an IRP of this driver as new, to be sent again. Not while it is on its way.
 *
 *   Iostatus  Initial value of IoStatus.Status.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-ioreuseirp
 */
NTKERNELAPI VOID IoReuseIrp(_Inout_ PIRP Irp, _In_ NTSTATUS Iostatus);

/*
 * IoCleanupIrp: give back what the I/O manager attached to an IRP on memory of the driver, before
 * that memory goes.
 *
 * IRQL     <= DISPATCH_LEVEL
 */
NTKERNELAPI VOID IoCleanupIrp(_Inout_ PIRP Irp);

/*
 * IofCallDriver: send an IRP to the next driver; write IoCallDriver. The IRP is that driver's from
 * here on.
 *
 *   Irp  Its next stack location is filled in; this call makes it the current one.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  What the driver's dispatch routine returned.
 * Page     ddi/wdm/nf-wdm-iofcalldriver
 */
NTKERNELAPI NTSTATUS IofCallDriver(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp);
#define IoCallDriver(DeviceObject, Irp) IofCallDriver(DeviceObject, Irp)

/*
 * IofCompleteRequest: end an IRP; write IoCompleteRequest. Calls the completion routines from the
 * current stack location up, until one returns STATUS_MORE_PROCESSING_REQUIRED. The caller touches
 * the IRP no more.
 *
 *   Irp            IoStatus is set, not to STATUS_PENDING; it has no cancel routine.
 *   PriorityBoost  IO_NO_INCREMENT, IO_NETWORK_INCREMENT, ...
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-iocompleterequest
 */
NTKERNELAPI VOID IofCompleteRequest(_In_ PIRP Irp, _In_ CCHAR PriorityBoost);
#define IoCompleteRequest(Irp, PriorityBoost) IofCompleteRequest(Irp, PriorityBoost)

/*
 * IoForwardIrpSynchronously: send an IRP with a copied stack location and wait until it is
 * complete.
 *
 * IRQL     <= APC_LEVEL
 * Returns  TRUE: done, see Irp->IoStatus. FALSE: there was no stack location left.
 * Page     ddi/wdm/nf-wdm-ioforwardirpsynchronously
 */
NTKERNELAPI BOOLEAN IoForwardIrpSynchronously(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp);

/*
 * IoBuildDeviceIoControlRequest: an IRP for a device control request of this thread, which the I/O
 * manager frees when it is complete.
 *
 *   Event          Signalled when the request is complete.
 *   IoStatusBlock  Set when the request is complete.
 *
 * IRQL     <= APC_LEVEL
 * Returns  The IRP, or NULL.
 * Page     ddi/wdm/nf-wdm-iobuilddeviceiocontrolrequest
 */
NTKERNELAPI PIRP IoBuildDeviceIoControlRequest(
    _In_ ULONG IoControlCode, _In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PVOID InputBuffer,
    _In_ ULONG InputBufferLength, _Out_opt_ PVOID OutputBuffer, _In_ ULONG OutputBufferLength,
    _In_ BOOLEAN InternalDeviceIoControl, _In_opt_ PKEVENT Event,
    _Out_ PIO_STATUS_BLOCK IoStatusBlock);

/*
 * IoBuildSynchronousFsdRequest: an IRP for a read, write, flush or shutdown request of this thread,
 * which the I/O manager frees when it is complete.
 *
 *   MajorFunction   IRP_MJ_READ, IRP_MJ_WRITE; IRP_MJ_FLUSH_BUFFERS, IRP_MJ_SHUTDOWN, IRP_MJ_PNP,
 *                   which have no buffer and no offset.
 *   StartingOffset  In bytes; NULL is 0.
 *   Event           Signalled when the request is complete.
 *   IoStatusBlock   Set when the request is complete.
 *
 * IRQL     <= APC_LEVEL
 * Returns  The IRP, or NULL.
 * Page     ddi/wdm/nf-wdm-iobuildsynchronousfsdrequest
 */
NTKERNELAPI PIRP IoBuildSynchronousFsdRequest(_In_ ULONG MajorFunction,
                                              _In_ PDEVICE_OBJECT DeviceObject,
                                              _Inout_opt_ PVOID Buffer, _In_opt_ ULONG Length,
                                              _In_opt_ PLARGE_INTEGER StartingOffset,
                                              _In_ PKEVENT Event,
                                              _Out_ PIO_STATUS_BLOCK IoStatusBlock);

/*
 * IoBuildAsynchronousFsdRequest: the same for any thread to send. The caller sets a completion
 * routine, which unlocks and frees the MDL if there is one, frees Irp->AssociatedIrp.SystemBuffer
 * with ExFreePool if Irp->Flags has IRP_DEALLOCATE_BUFFER, and frees the IRP.
 *
 *   IoStatusBlock  Kept in Irp->UserIosb, and never set.
 *
 * IRQL     <= APC_LEVEL
 * Returns  The IRP, or NULL.
 * Page     ddi/wdm/nf-wdm-iobuildasynchronousfsdrequest
 */
NTKERNELAPI PIRP IoBuildAsynchronousFsdRequest(_In_ ULONG MajorFunction,
                                               _In_ PDEVICE_OBJECT DeviceObject,
                                               _Inout_opt_ PVOID Buffer, _In_opt_ ULONG Length,
                                               _In_opt_ PLARGE_INTEGER StartingOffset,
                                               _In_opt_ PIO_STATUS_BLOCK IoStatusBlock);

/*
 * IoGetCurrentIrpStackLocation: the part of the IRP that is this driver's. An IRP that nobody sent
 * yet has none.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-iogetcurrentirpstacklocation
 */
WDK_INLINE PIO_STACK_LOCATION IoGetCurrentIrpStackLocation(_In_ PIRP Irp) {
  return Irp->Tail.Overlay.CurrentStackLocation;
}

/*
 * IoGetNextIrpStackLocation: the part that the next driver will see; to be filled in before the IRP
 * is sent.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-iogetnextirpstacklocation
 */
WDK_INLINE PIO_STACK_LOCATION IoGetNextIrpStackLocation(_In_ PIRP Irp) {
  return Irp->Tail.Overlay.CurrentStackLocation - 1;
}

/*
 * IoSetNextIrpStackLocation: make the next location the current one, so that the allocating driver
 * has one for itself.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-iosetnextirpstacklocation
 */
WDK_INLINE VOID IoSetNextIrpStackLocation(_Inout_ PIRP Irp) {
  Irp->CurrentLocation--;
  Irp->Tail.Overlay.CurrentStackLocation--;
}

/*
 * IoSkipCurrentIrpStackLocation: let the next driver use this driver's location. Then no completion
 * routine may be set.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-ioskipcurrentirpstacklocation
 */
WDK_INLINE VOID IoSkipCurrentIrpStackLocation(_Inout_ PIRP Irp) {
  Irp->CurrentLocation++;
  Irp->Tail.Overlay.CurrentStackLocation++;
}

/*
 * IoCopyCurrentIrpStackLocationToNext: give the next driver the same parameters; not the completion
 * routine and its context.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-iocopycurrentirpstacklocationtonext
 */
WDK_INLINE VOID IoCopyCurrentIrpStackLocationToNext(_Inout_ PIRP Irp) {
  PIO_STACK_LOCATION current = IoGetCurrentIrpStackLocation(Irp);
  PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(Irp);

  __builtin_memcpy(next, current, FIELD_OFFSET(IO_STACK_LOCATION, CompletionRoutine));
  next->Control = 0;
}

/*
 * IoMarkIrpPending: say that the dispatch routine returns STATUS_PENDING, as it then must. A
 * completion routine that lets completion go on does so if Irp->PendingReturned.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-iomarkirppending
 */
WDK_INLINE VOID IoMarkIrpPending(_Inout_ PIRP Irp) {
  IoGetCurrentIrpStackLocation(Irp)->Control |= SL_PENDING_RETURNED;
}

/*
 * IoSetCompletionRoutine: have CompletionRoutine called when the drivers below complete the IRP. At
 * least one of the three is TRUE, else it is never called.
 *
 *   InvokeOnSuccess  When NT_SUCCESS(IoStatus.Status).
 *   InvokeOnError    When not.
 *   InvokeOnCancel   When Irp->Cancel is set.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-iosetcompletionroutine
 */
WDK_INLINE VOID IoSetCompletionRoutine(_In_ PIRP Irp,
                                       _In_opt_ PIO_COMPLETION_ROUTINE CompletionRoutine,
                                       _In_opt_ PVOID Context, _In_ BOOLEAN InvokeOnSuccess,
                                       _In_ BOOLEAN InvokeOnError, _In_ BOOLEAN InvokeOnCancel) {
  PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(Irp);

  next->CompletionRoutine = CompletionRoutine;
  next->Context = Context;
  next->Control = (UCHAR)((InvokeOnSuccess ? SL_INVOKE_ON_SUCCESS : 0) |
                          (InvokeOnError ? SL_INVOKE_ON_ERROR : 0) |
                          (InvokeOnCancel ? SL_INVOKE_ON_CANCEL : 0));
}

#ifndef __cplusplus
/* C drivers pass routines whose Context is not PVOID; MSVC lets them. */
#define IoSetCompletionRoutine(Irp, Routine, Context, OnSuccess, OnError, OnCancel)        \
  IoSetCompletionRoutine((Irp), (PIO_COMPLETION_ROUTINE)(Routine), (Context), (OnSuccess), \
                         (OnError), (OnCancel))
#endif

/*
 * IoSetCompletionRoutineEx: the same, keeping the driver loaded until the routine has returned.
 * Only before IoCallDriver.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INSUFFICIENT_RESOURCES.
 * Page     ddi/wdm/nf-wdm-iosetcompletionroutineex
 */
NTKERNELAPI NTSTATUS IoSetCompletionRoutineEx(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp,
                                              _In_ PIO_COMPLETION_ROUTINE CompletionRoutine,
                                              _In_opt_ PVOID Context, _In_ BOOLEAN InvokeOnSuccess,
                                              _In_ BOOLEAN InvokeOnError,
                                              _In_ BOOLEAN InvokeOnCancel);

/* Cancellation. */

/*
 * IoSetCancelRoutine: set or, with NULL, clear the cancel routine, in one step.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The routine before. NULL when clearing: IoCancelIrp took it and is about to call it.
 * Page     ddi/wdm/nf-wdm-iosetcancelroutine
 */
WDK_INLINE PDRIVER_CANCEL IoSetCancelRoutine(_Inout_ PIRP Irp,
                                             _In_opt_ PDRIVER_CANCEL CancelRoutine) {
  return __atomic_exchange_n(&Irp->CancelRoutine, CancelRoutine, __ATOMIC_SEQ_CST);
}

/*
 * IoCancelIrp: ask for an IRP's cancellation: sets Irp->Cancel and calls the cancel routine, if
 * there is one. The IRP must stay allocated until this returns. It completes when its owner
 * completes it.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  TRUE: a cancel routine was called.
 * Page     ddi/wdm/nf-wdm-iocancelirp
 */
NTKERNELAPI BOOLEAN IoCancelIrp(_In_ PIRP Irp);

/*
 * IoAcquireCancelSpinLock: take the lock that IoCancelIrp holds while it calls a cancel routine;
 * IoReleaseCancelSpinLock gives it back.
 *
 *   Irql  Set to the IRQL before, for the release.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-ioacquirecancelspinlock
 */
NTKERNELAPI VOID IoAcquireCancelSpinLock(_Out_ PKIRQL Irql);
NTKERNELAPI VOID IoReleaseCancelSpinLock(_In_ KIRQL Irql);

/* MDLs. */

/*
 * IoAllocateMdl: allocate an MDL for a buffer. Locks nothing.
 *
 *   SecondaryBuffer  TRUE: put it behind the MDLs of Irp instead of in their place.
 *   ChargeQuota      FALSE.
 *   Irp              Gets the MDL as its MdlAddress; or NULL.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The MDL, or NULL. IoFreeMdl frees it.
 * Page     ddi/wdm/nf-wdm-ioallocatemdl
 */
NTKERNELAPI PMDL IoAllocateMdl(_In_opt_ PVOID VirtualAddress, _In_ ULONG Length,
                               _In_ BOOLEAN SecondaryBuffer, _In_ BOOLEAN ChargeQuota,
                               _Inout_opt_ PIRP Irp);

/*
 * IoFreeMdl: free an MDL of IoAllocateMdl, this one only, not what Next points to. Its pages are
 * unlocked already.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-iofreemdl
 */
NTKERNELAPI VOID IoFreeMdl(_In_ PMDL Mdl);

/*
 * IoBuildPartialMdl: describe a part of another MDL.
 *
 *   SourceMdl       Locked, or of nonpaged pool.
 *   TargetMdl       Large enough for the part.
 *   VirtualAddress  Where it begins, from MmGetMdlVirtualAddress on.
 *   Length          0: to the end of the source.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-iobuildpartialmdl
 */
NTKERNELAPI VOID IoBuildPartialMdl(_In_ PMDL SourceMdl, _Inout_ PMDL TargetMdl,
                                   _In_ PVOID VirtualAddress, _In_ ULONG Length);

EXTERN_C_END
