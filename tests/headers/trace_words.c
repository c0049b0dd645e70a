/* How drivers in C and C++ write TraceLogging events; only has to compile. */
#include <evntrace.h>
#include <intrin.h>
#include <ntddk.h>
#include <winmeta.h>

#include <TraceLoggingProvider.h>

TRACELOGGING_DECLARE_PROVIDER(SampleProvider);
TRACELOGGING_DEFINE_PROVIDER(SampleProvider, "Sample.Provider",
                             (0x3f4a1c7e, 0x7d2b, 0x4c0e, 0x9a, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66,
                              0x77),
                             TraceLoggingOptionGroup(0x4f50731a, 0x89cf, 0x4782, 0xb3, 0xe0, 0xdc,
                                                     0xe8, 0xc9, 0x04, 0x76, 0xba));

VOID TraceSample(PCSTR Name, NTSTATUS Status, PCUNICODE_STRING Path);

VOID TraceSample(PCSTR Name, NTSTATUS Status, PCUNICODE_STRING Path) {
  const ULONG Ports[] = {80, 443};

  if (!NT_SUCCESS(TraceLoggingRegister(SampleProvider))) return;
  TraceLoggingWrite(SampleProvider, "Empty");
  if (TraceLoggingProviderEnabled(SampleProvider, TRACE_LEVEL_ERROR, 0)) {
    TraceLoggingWrite(SampleProvider, "Failed", TraceLoggingLevel(TRACE_LEVEL_ERROR),
                      TraceLoggingKeyword(0x1), TraceLoggingString(Name, "name"),
                      TraceLoggingNTStatus(Status),
                      TraceLoggingUnicodeString(Path, "path", "where"),
                      TraceLoggingUInt32Array(Ports, ARRAYSIZE(Ports), "ports"),
                      TraceLoggingStruct(1, "inner"), TraceLoggingBoolean(TRUE, "flag"));
  }
  TraceLoggingUnregister(SampleProvider);
}
