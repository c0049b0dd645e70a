/*
 * io_remove_lock.h: remove locks: many requests hold a device, one waits until all have let go.
 */
#pragma once

#include <wdm/io_types.h>

EXTERN_C_START

/* Lies in the device extension. Its parts are the I/O manager's. */
typedef struct _IO_REMOVE_LOCK_COMMON_BLOCK {
  BOOLEAN Removed;
  BOOLEAN Reserved[3];
  volatile LONG IoCount;
  KEVENT RemoveEvent;
} IO_REMOVE_LOCK_COMMON_BLOCK;

typedef struct _IO_REMOVE_LOCK {
  IO_REMOVE_LOCK_COMMON_BLOCK Common;
} IO_REMOVE_LOCK, *PIO_REMOVE_LOCK;

C_ASSERT(sizeof(IO_REMOVE_LOCK) == 0x20);

/*
 * IoInitializeRemoveLockEx: make a remove lock; write IoInitializeRemoveLock. Once.
 *
 *   AllocateTag, MaxLockedMinutes, HighWatermark  Only for Windows' Driver Verifier.
 *   RemlockSize                                   sizeof(IO_REMOVE_LOCK).
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wdm/nf-wdm-ioinitializeremovelock
 */
NTKERNELAPI VOID IoInitializeRemoveLockEx(_Out_ PIO_REMOVE_LOCK Lock, _In_ ULONG AllocateTag,
                                          _In_ ULONG MaxLockedMinutes, _In_ ULONG HighWatermark,
                                          _In_ ULONG RemlockSize);

/*
 * IoAcquireRemoveLockEx: hold the device for a request; write IoAcquireRemoveLock.
 *
 *   Tag         Says which hold it is, the IRP for instance; the release names it again.
 *   File, Line  Where; only for debugging.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_DELETE_PENDING: the device goes, begin nothing.
 * Page     ddi/wdm/nf-wdm-ioacquireremovelock
 */
NTKERNELAPI NTSTATUS IoAcquireRemoveLockEx(_Inout_ PIO_REMOVE_LOCK RemoveLock, _In_opt_ PVOID Tag,
                                           _In_ PCSTR File, _In_ ULONG Line,
                                           _In_ ULONG RemlockSize);

/*
 * IoReleaseRemoveLockEx: end a hold; write IoReleaseRemoveLock.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-ioreleaseremovelock
 */
NTKERNELAPI VOID IoReleaseRemoveLockEx(_Inout_ PIO_REMOVE_LOCK RemoveLock, _In_opt_ PVOID Tag,
                                       _In_ ULONG RemlockSize);

/*
 * IoReleaseRemoveLockAndWaitEx: end the caller's own hold, let nobody take another, and wait until
 * the last is gone; write IoReleaseRemoveLockAndWait.
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wdm/nf-wdm-ioreleaseremovelockandwait
 */
NTKERNELAPI VOID IoReleaseRemoveLockAndWaitEx(_Inout_ PIO_REMOVE_LOCK RemoveLock,
                                              _In_opt_ PVOID Tag, _In_ ULONG RemlockSize);

#define IoInitializeRemoveLock(Lock, Tag, Maxmin, HighWater) \
  IoInitializeRemoveLockEx(Lock, Tag, Maxmin, HighWater, sizeof(IO_REMOVE_LOCK))
#define IoAcquireRemoveLock(RemoveLock, Tag) \
  IoAcquireRemoveLockEx(RemoveLock, Tag, __FILE__, __LINE__, sizeof(IO_REMOVE_LOCK))
#define IoReleaseRemoveLock(RemoveLock, Tag) \
  IoReleaseRemoveLockEx(RemoveLock, Tag, sizeof(IO_REMOVE_LOCK))
#define IoReleaseRemoveLockAndWait(RemoveLock, Tag) \
  IoReleaseRemoveLockAndWaitEx(RemoveLock, Tag, sizeof(IO_REMOVE_LOCK))

EXTERN_C_END
