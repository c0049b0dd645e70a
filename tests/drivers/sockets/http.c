/*
 * http.c: a request, and an answer that is read to its end. Nobody needs the body: it is counted.
 */
#include "http.h"

#include <ntstrsafe.h>

#define POOL_TAG 'ptHK'
#define REQUEST_BYTES 1024
#define BUFFER_BYTES (16 * 1024) /* The head has to fit in as a whole. */

/* Paged: KsReceive locks it while it is used. */
typedef struct _ANSWER {
  CHAR Buffer[BUFFER_BYTES];
  ULONG Used;
} ANSWER, *PANSWER;

static NTSTATUS ConnectToAny(PADDRINFOEXW Addresses, ULONG Milliseconds, PKSOCKET* Socket) {
  NTSTATUS status = STATUS_NO_MATCH;
  PADDRINFOEXW address;
  for (address = Addresses; address != NULL; address = address->ai_next) {
    status = KsSocket((ADDRESS_FAMILY)address->ai_family, SOCK_STREAM, Socket);
    if (!NT_SUCCESS(status)) continue;
    status = KsConnect(*Socket, address->ai_addr, Milliseconds);
    if (NT_SUCCESS(status)) return status;
    KsClose(*Socket);
    if (status == STATUS_CANCELLED) return status; /* We are to stop, so no other is tried. */
  }
  return status;
}

static NTSTATUS ConnectToHost(PUNICODE_STRING Host, PUNICODE_STRING Port, ULONG Milliseconds,
                              PKSOCKET* Socket) {
  PADDRINFOEXW addresses;
  NTSTATUS status = KsGetAddressInfo(Host, Port, &addresses);
  if (!NT_SUCCESS(status)) return status;
  status = ConnectToAny(addresses, Milliseconds, Socket);
  KsFreeAddressInfo(addresses);
  return status;
}

static NTSTATUS SendRequest(PKSOCKET Socket, PUNICODE_STRING Host, PUNICODE_STRING Path,
                            ULONG Milliseconds) {
  CHAR request[REQUEST_BYTES];
  size_t length;
  NTSTATUS status = RtlStringCbPrintfA(
      request, sizeof(request),
      "GET %wZ HTTP/1.0\r\nHost: %wZ\r\nUser-Agent: sockets\r\nAccept: */*\r\n\r\n", Path, Host);
  if (!NT_SUCCESS(status)) return status;
  status = RtlStringCbLengthA(request, sizeof(request), &length);
  if (!NT_SUCCESS(status)) return status;
  return KsSend(Socket, request, (ULONG)length, Milliseconds, NULL);
}

/* ---- the head of the answer ----------------------------------------------------------------- */

/* Where the body begins: behind the first empty line. 0: it has not come yet. */
static ULONG EndOfHead(const ANSWER* Answer) {
  ULONG i;
  for (i = 4; i <= Answer->Used; ++i) {
    if (RtlCompareMemory(Answer->Buffer + i - 4, "\r\n\r\n", 4) == 4) return i;
  }
  return 0;
}

static NTSTATUS ReceiveHead(PKSOCKET Socket, ULONG Milliseconds, PANSWER Answer, ULONG* HeadBytes) {
  while ((*HeadBytes = EndOfHead(Answer)) == 0) {
    ULONG moved;
    NTSTATUS status;
    if (Answer->Used == BUFFER_BYTES) return STATUS_INVALID_NETWORK_RESPONSE;
    status = KsReceive(Socket, Answer->Buffer + Answer->Used, BUFFER_BYTES - Answer->Used, 0,
                       Milliseconds, &moved);
    if (!NT_SUCCESS(status)) return status;
    if (moved == 0) return STATUS_INVALID_NETWORK_RESPONSE; /* It ends before the empty line. */
    Answer->Used += moved;
  }
  return STATUS_SUCCESS;
}

static NTSTATUS ReadStatusLine(const ANSWER* Answer, ULONG HeadBytes, PHTTP_PAGE Page) {
  static const CHAR version[] = "HTTP/1.";
  const ULONG version_length = sizeof(version) - 1;
  ULONG i;
  if (HeadBytes < version_length ||
      RtlCompareMemory(Answer->Buffer, version, version_length) != version_length) {
    return STATUS_INVALID_NETWORK_RESPONSE;
  }
  for (i = 0; i < sizeof(Page->StatusLine) - 1 && Answer->Buffer[i] != '\r'; ++i) {
    Page->StatusLine[i] = Answer->Buffer[i];
  }
  Page->StatusLine[i] = '\0';
  return STATUS_SUCCESS;
}

static BOOLEAN StartsWithoutCase(const CHAR* Text, const CHAR* Lower) {
  for (; *Lower != '\0'; ++Text, ++Lower) {
    const CHAR c = *Text >= 'A' && *Text <= 'Z' ? (CHAR)(*Text - 'A' + 'a') : *Text;
    if (c != *Lower) return FALSE;
  }
  return TRUE;
}

/* The number behind "Content-Length:"; FALSE: the body goes on to the end of the stream. */
static BOOLEAN FindContentLength(const ANSWER* Answer, ULONG HeadBytes, ULONGLONG* Length) {
  static const CHAR name[] = "\ncontent-length:";
  ULONG i;
  for (i = 0; i + sizeof(name) - 1 < HeadBytes; ++i) {
    const CHAR* digit = Answer->Buffer + i + sizeof(name) - 1;
    if (!StartsWithoutCase(Answer->Buffer + i, name)) continue;
    while (*digit == ' ') ++digit;
    for (*Length = 0; *digit >= '0' && *digit <= '9'; ++digit) {
      *Length = *Length * 10 + (ULONG)(*digit - '0');
    }
    return TRUE;
  }
  return FALSE;
}

/* ---- the body ------------------------------------------------------------------------------- */

static VOID CountBody(const CHAR* Bytes, ULONG Length, PHTTP_PAGE Page) {
  ULONG i;
  for (i = 0; i < Length; ++i) Page->Checksum += (UCHAR)Bytes[i];
  Page->Length += Length;
}

static NTSTATUS ReceiveBody(PKSOCKET Socket, ULONG Milliseconds, PANSWER Answer, PHTTP_PAGE Page) {
  ULONG moved;
  NTSTATUS status;
  do {
    status = KsReceive(Socket, Answer->Buffer, BUFFER_BYTES, 0, Milliseconds, &moved);
    if (NT_SUCCESS(status)) CountBody(Answer->Buffer, moved, Page);
  } while (NT_SUCCESS(status) && moved > 0);
  return status;
}

static NTSTATUS ReceivePage(PKSOCKET Socket, ULONG Milliseconds, PANSWER Answer, PHTTP_PAGE Page) {
  ULONGLONG announced = 0;
  BOOLEAN is_announced;
  ULONG head_bytes;
  NTSTATUS status = ReceiveHead(Socket, Milliseconds, Answer, &head_bytes);
  if (!NT_SUCCESS(status)) return status;
  status = ReadStatusLine(Answer, head_bytes, Page);
  if (!NT_SUCCESS(status)) return status;
  is_announced = FindContentLength(Answer, head_bytes, &announced);
  CountBody(Answer->Buffer + head_bytes, Answer->Used - head_bytes, Page);
  status = ReceiveBody(Socket, Milliseconds, Answer, Page);
  if (!NT_SUCCESS(status)) return status;
  return is_announced && Page->Length != announced ? STATUS_INVALID_NETWORK_RESPONSE
                                                   : STATUS_SUCCESS;
}

NTSTATUS HttpFetch(PUNICODE_STRING Host, PUNICODE_STRING Port, PUNICODE_STRING Path,
                   ULONG Milliseconds, PHTTP_PAGE Page) {
  PKSOCKET socket;
  PANSWER answer;
  NTSTATUS status;
  PAGED_CODE();

  RtlZeroMemory(Page, sizeof(*Page));
  answer = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*answer), POOL_TAG);
  if (answer == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  status = ConnectToHost(Host, Port, Milliseconds, &socket);
  if (NT_SUCCESS(status)) {
    status = SendRequest(socket, Host, Path, Milliseconds);
    if (NT_SUCCESS(status)) status = KsShutdown(socket);
    if (NT_SUCCESS(status)) status = ReceivePage(socket, Milliseconds, answer, Page);
    KsClose(socket);
  }
  ExFreePoolWithTag(answer, POOL_TAG);
  return status;
}
