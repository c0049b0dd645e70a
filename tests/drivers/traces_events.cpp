// Writes events through TraceLogging and through ETW; tests/cli/trace_test.cc reads what comes out.
#include <ntddk.h>
#include <winmeta.h>

#include <TraceLoggingProvider.h>

TRACELOGGING_DEFINE_PROVIDER(Tracing, "Sample.Traces",
                             (0x1f2e3d4c, 0x0001, 0x0002, 1, 2, 3, 4, 5, 6, 7, 8));

static const GUID ManifestProvider = {0xa1b2c3d4, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static REGHANDLE Manifest;
static UCHAR EnabledLevel;

static VOID NTAPI Enabled(LPCGUID, ULONG ControlCode, UCHAR Level, ULONGLONG, ULONGLONG,
                          PEVENT_FILTER_DESCRIPTOR, PVOID) {
  if (ControlCode == EVENT_CONTROL_CODE_ENABLE_PROVIDER) EnabledLevel = Level;
}

static VOID NTAPI Unload(PDRIVER_OBJECT) {
  TraceLoggingWrite(Tracing, "Unload", TraceLoggingLevel(WINEVENT_LEVEL_INFO));
  EtwUnregister(Manifest);
  TraceLoggingUnregister(Tracing);
}

static VOID WriteManifestEvent(UCHAR Level, ULONG Number) {
  EVENT_DESCRIPTOR Event;
  EVENT_DATA_DESCRIPTOR Data;
  EventDescCreate(&Event, 42, 0, 0, Level, 0, 0, 0);
  EventDataDescCreate(&Data, &Number, sizeof(Number));
  if (EtwEventEnabled(Manifest, &Event)) EtwWrite(Manifest, &Event, NULL, 1, &Data);
}

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  const ULONG count = 3;
  DriverObject->DriverUnload = Unload;
  TraceLoggingRegister(Tracing);
  EtwRegister(&ManifestProvider, Enabled, NULL, &Manifest);
  TraceLoggingWrite(Tracing, "Detail", TraceLoggingValue(L"w\u00e4hrend", "when"));
  TraceLoggingWrite(Tracing, "Entry", TraceLoggingLevel(WINEVENT_LEVEL_WARNING),
                    TraceLoggingValue(count), TraceLoggingNTStatus(STATUS_CANCELLED, "status"),
                    TraceLoggingUnicodeString(RegistryPath, "path"),
                    TraceLoggingUInt8(EnabledLevel, "level"));
  WriteManifestEvent(WINEVENT_LEVEL_ERROR, 0xBAD);
  WriteManifestEvent(WINEVENT_LEVEL_VERBOSE, 0xC0FFEE);
  return STATUS_SUCCESS;
}
