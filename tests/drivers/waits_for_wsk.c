/*
 * A driver that starts before WSK: it asks without waiting, leaves the waiting to a thread of its
 * own as Microsoft's page advises, and may be unloaded while that thread waits.
 */
#include <ntddk.h>
#include <wsk.h>

static const WSK_CLIENT_DISPATCH dispatch = {MAKE_WSK_VERSION(1, 0), 0, NULL};
static WSK_REGISTRATION registration;
static PVOID waiter;

static VOID wait_for_wsk(PVOID context) {
  WSK_PROVIDER_NPI npi;
  NTSTATUS status;
  UNREFERENCED_PARAMETER(context);
  status = WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi);
  if (NT_SUCCESS(status)) {
    DbgPrint("WSK has come\n");
    WskReleaseProviderNPI(&registration);
  } else {
    DbgPrint("no longer waiting for WSK: 0x%08x\n", status);
  }
  PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID unload(PDRIVER_OBJECT driver) {
  UNREFERENCED_PARAMETER(driver);
  WskDeregister(&registration);
  KeWaitForSingleObject(waiter, Executive, KernelMode, FALSE, NULL);
  ObDereferenceObject(waiter);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path) {
  WSK_CLIENT_NPI client = {NULL, &dispatch};
  WSK_PROVIDER_NPI npi;
  HANDLE thread;
  NTSTATUS status;
  UNREFERENCED_PARAMETER(path);
  driver->DriverUnload = unload;
  status = WskRegister(&client, &registration);
  if (!NT_SUCCESS(status)) return status;
  status = WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &npi);
  DbgPrint("WSK at the start: 0x%08x\n", status);
  if (NT_SUCCESS(status)) WskReleaseProviderNPI(&registration);
  status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, wait_for_wsk, NULL);
  if (!NT_SUCCESS(status)) {
    WskDeregister(&registration);
    return status;
  }
  status = ObReferenceObjectByHandle(thread, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &waiter,
                                     NULL);
  ZwClose(thread);
  return status;
}
