/*
 * Habits of C drivers that C++ would refuse: lower-case try, SAL 1, min and max, completion
 * routines of another type, unnamed members with a tag.
 */
#include <ntddk.h>

#ifndef __cplusplus

typedef struct _WITH_IRP {
  IRP;
  ULONG Extra;
} WITH_IRP;

static NTSTATUS Completed(DEVICE_OBJECT* Device, IRP* Irp, PKEVENT Event) {
  (void)Device;
  (void)Irp;
  KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

ULONG habits(__in PMDL mdl, __inout_opt PKEVENT event, __out_bcount(size) PVOID buffer, ULONG size);

ULONG habits(__in PMDL mdl, __inout_opt PKEVENT event, __out_bcount(size) PVOID buffer,
             ULONG size) {
  ULONG volatile counter = 0;
  long volatile wide = 0;
  enum { kA, kB } state = kA;
  PIRP irp = IoAllocateIrp(1, FALSE);

  try {
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
  }
  except(EXCEPTION_EXECUTE_HANDLER) {
    return (ULONG)GetExceptionCode();
  }
  IoSetCompletionRoutine(irp, Completed, event, TRUE, TRUE, TRUE);
  InterlockedIncrement(&counter);
  InterlockedExchange(&wide, 5);
  InterlockedExchange(&state, kB);
  if (InterlockedCompareExchange(&state, kA, kB) != kB) return 0;
  RtlZeroMemory(buffer, size);
  return max(min(counter, size), (ULONG)offsetof(WITH_IRP, Extra));
}

#endif
