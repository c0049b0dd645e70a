/* Prints through WPP in each of the ways drivers do; tests/cli/wpp_test.cc reads what comes out. */
#include <ntddk.h>

#include "trace.h"
#include "wpp_trace.tmh"

static VOID Unload(PDRIVER_OBJECT DriverObject) {
  WPP_CLEANUP(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  DriverObject->DriverUnload = Unload;
  WPP_INIT_TRACING(DriverObject, RegistryPath);
  TraceEntry();
  DoTraceMessage(TRACE_GENERAL, "plain, without arguments");
  TraceEvents(TRACE_LEVEL_INFORMATION, TRACE_SOCKET, "%d of %Iu, %wZ", 1, (SIZE_T)2, RegistryPath);
  TraceError("%!FUNC! failed with %!STATUS! on %s", STATUS_INVALID_PARAMETER, "socket");
  TraceError("100%% of an unknown %!MACADDR! then %d", RegistryPath, 7);
  return STATUS_SUCCESS;
}
