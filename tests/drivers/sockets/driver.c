/*
 * sockets: a driver with sockets that wait, in the habit of the many small wrappers of WSK, and
 * what one does with them: a thread fetches a page over HTTP and says what came.
 *
 *   wskrun --param Host=localhost --param Port=8080 --param Path=/index.html sockets.so
 *
 * Host, Port and Path are texts. Further values: Milliseconds, for each wait; LogPort, a number:
 * the result also goes there, to 127.0.0.1, as a datagram of syslog; StatusPort, a number: who
 * connects there gets the result as a line.
 */
#include "http.h"

#include <ntstrsafe.h>

#define SAY(...) DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_TRACE_LEVEL, __VA_ARGS__)
#define RESULT_BYTES 256

static struct {
  UNICODE_STRING Host, Port, Path; /* Theirs is what RtlQueryRegistryValues allocated. */
  ULONG Milliseconds;
  ULONG LogPort;
  ULONG StatusPort;
} Settings;

static struct {
  KEVENT Stop;
  KEVENT Fetched; /* Result is there, and is not written any more. */
  CHAR Result[RESULT_BYTES];
  ULONG ResultLength;
  PETHREAD FetchThread;
  PETHREAD StatusThread;
  PKSOCKET StatusListener;
} Driver;

static SOCKADDR_INET LoopbackAddress(USHORT Port) {
  SOCKADDR_INET address;
  RtlZeroMemory(&address, sizeof(address));
  address.Ipv4.sin_family = AF_INET;
  address.Ipv4.sin_addr.s_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
  address.Ipv4.sin_port = RtlUshortByteSwap(Port);
  return address;
}

/* ---- fetching ------------------------------------------------------------------------------- */

static NTSTATUS WriteResult(NTSTATUS Status, const HTTP_PAGE* Page) {
  size_t length;
  NTSTATUS status =
      NT_SUCCESS(Status)
          ? RtlStringCbPrintfA(Driver.Result, RESULT_BYTES, "%s, %I64u bytes, their sum is %lu",
                               Page->StatusLine, Page->Length, Page->Checksum)
          : RtlStringCbPrintfA(Driver.Result, RESULT_BYTES, "http://%wZ:%wZ%wZ failed with 0x%08lX",
                               &Settings.Host, &Settings.Port, &Settings.Path, Status);
  if (NT_SUCCESS(status)) status = RtlStringCbLengthA(Driver.Result, RESULT_BYTES, &length);
  Driver.ResultLength = NT_SUCCESS(status) ? (ULONG)length : 0;
  return status;
}

/* As RFC 3164 has it: facility 1, severity 6. A lost datagram is nobody's concern. */
static NTSTATUS SendToLog(VOID) {
  const SOCKADDR_INET log = LoopbackAddress((USHORT)Settings.LogPort);
  CHAR line[RESULT_BYTES + 32];
  size_t length;
  PKSOCKET socket;
  NTSTATUS status = RtlStringCbPrintfA(line, sizeof(line), "<14>sockets: %s", Driver.Result);
  if (NT_SUCCESS(status)) status = RtlStringCbLengthA(line, sizeof(line), &length);
  if (NT_SUCCESS(status)) status = KsSocket(AF_INET, SOCK_DGRAM, &socket);
  if (!NT_SUCCESS(status)) return status;
  status = KsSendTo(socket, line, (ULONG)length, (const SOCKADDR*)&log);
  KsClose(socket);
  return status;
}

static VOID NTAPI FetchThread(PVOID StartContext) {
  HTTP_PAGE page;
  NTSTATUS status =
      HttpFetch(&Settings.Host, &Settings.Port, &Settings.Path, Settings.Milliseconds, &page);
  UNREFERENCED_PARAMETER(StartContext);
  status = WriteResult(status, &page);
  if (NT_SUCCESS(status)) SAY("%s\n", Driver.Result);
  if (NT_SUCCESS(status) && Settings.LogPort != 0) status = SendToLog();
  if (!NT_SUCCESS(status)) SAY("telling the result failed with 0x%08lX\n", status);
  KeSetEvent(&Driver.Fetched, IO_NO_INCREMENT, FALSE);
  PsTerminateSystemThread(STATUS_SUCCESS);
}

/* ---- telling others ------------------------------------------------------------------------- */

static NTSTATUS TellOne(PKSOCKET Socket) {
  NTSTATUS status = KsSend(Socket, Driver.Result, Driver.ResultLength, Settings.Milliseconds, NULL);
  if (NT_SUCCESS(status)) status = KsSend(Socket, "\n", 1, Settings.Milliseconds, NULL);
  if (NT_SUCCESS(status)) status = KsShutdown(Socket);
  return status;
}

static VOID TellWhoConnects(VOID) {
  PKSOCKET socket;
  while (NT_SUCCESS(KsAccept(Driver.StatusListener, KS_FOREVER, &socket))) {
    const NTSTATUS status = TellOne(socket);
    if (!NT_SUCCESS(status)) SAY("telling somebody failed with 0x%08lX\n", status);
    KsClose(socket);
  }
}

static VOID NTAPI StatusThread(PVOID StartContext) {
  PVOID events[2] = {&Driver.Fetched, &Driver.Stop};
  UNREFERENCED_PARAMETER(StartContext);
  KeWaitForMultipleObjects(2, events, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
  TellWhoConnects(); /* When we are to stop, it ends at once. */
  PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS ListenForStatus(VOID) {
  SOCKADDR_INET local = LoopbackAddress((USHORT)Settings.StatusPort);
  NTSTATUS status = KsListen(&local, &Driver.StatusListener);
  if (NT_SUCCESS(status)) {
    SAY("listening on 127.0.0.1:%u\n", RtlUshortByteSwap(local.Ipv4.sin_port));
  }
  return status;
}

/* ---- settings ------------------------------------------------------------------------------- */

#define TEXT_VALUE(Name, Where, Default)                                                         \
  {                                                                                              \
    NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, (PWSTR)Name, Where,          \
        (REG_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_SZ, (PVOID)Default, sizeof(Default) \
  }
#define NUMBER_VALUE(Name, Where)                                                           \
  {                                                                                         \
    NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, (PWSTR)Name, Where,     \
        (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_DWORD, Where, sizeof(ULONG) \
  }

static NTSTATUS ReadSettings(PUNICODE_STRING RegistryPath) {
  RTL_QUERY_REGISTRY_TABLE table[] = {TEXT_VALUE(L"Host", &Settings.Host, L"localhost"),
                                      TEXT_VALUE(L"Port", &Settings.Port, L"80"),
                                      TEXT_VALUE(L"Path", &Settings.Path, L"/"),
                                      NUMBER_VALUE(L"Milliseconds", &Settings.Milliseconds),
                                      NUMBER_VALUE(L"LogPort", &Settings.LogPort),
                                      NUMBER_VALUE(L"StatusPort", &Settings.StatusPort),
                                      {0}};
  Settings.Milliseconds = 10000;
  Settings.LogPort = 0;
  Settings.StatusPort = MAXULONG; /* None. */
  return RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, RegistryPath->Buffer, table, NULL, NULL);
}

static VOID FreeSettings(VOID) {
  RtlFreeUnicodeString(&Settings.Host);
  RtlFreeUnicodeString(&Settings.Port);
  RtlFreeUnicodeString(&Settings.Path);
}

/* ---- the driver ----------------------------------------------------------------------------- */

static NTSTATUS StartThread(PKSTART_ROUTINE Routine, PETHREAD* Thread) {
  HANDLE handle;
  NTSTATUS status =
      PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, NULL);
  if (!NT_SUCCESS(status)) return status;
  status = ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, (PVOID*)Thread,
                                     NULL);
  NT_ASSERT(NT_SUCCESS(status));
  ZwClose(handle);
  return STATUS_SUCCESS;
}

static VOID JoinThread(PETHREAD* Thread) {
  if (*Thread == NULL) return;
  KeWaitForSingleObject(*Thread, Executive, KernelMode, FALSE, NULL);
  ObDereferenceObject(*Thread);
  *Thread = NULL;
}

static VOID StopAll(VOID) {
  KeSetEvent(&Driver.Stop, IO_NO_INCREMENT, FALSE); /* Every call of a socket ends now. */
  JoinThread(&Driver.FetchThread);
  JoinThread(&Driver.StatusThread);
  if (Driver.StatusListener != NULL) KsClose(Driver.StatusListener);
  KsCleanup();
  FreeSettings();
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  StopAll();
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  NTSTATUS status;
  KeInitializeEvent(&Driver.Stop, NotificationEvent, FALSE);
  KeInitializeEvent(&Driver.Fetched, NotificationEvent, FALSE);
  status = ReadSettings(RegistryPath);
  if (NT_SUCCESS(status)) status = KsStartup(&Driver.Stop);
  if (!NT_SUCCESS(status)) {
    FreeSettings();
    return status;
  }
  if (Settings.StatusPort != MAXULONG) {
    status = ListenForStatus();
    if (NT_SUCCESS(status)) status = StartThread(StatusThread, &Driver.StatusThread);
  }
  if (NT_SUCCESS(status)) status = StartThread(FetchThread, &Driver.FetchThread);
  if (!NT_SUCCESS(status)) {
    StopAll();
    return status;
  }
  DriverObject->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
