/*
 * http.h: fetching one page over HTTP/1.0.
 */
#pragma once

#include "ksocket.h"

typedef struct _HTTP_PAGE {
  CHAR StatusLine[128]; /* "HTTP/1.1 200 OK" */
  ULONGLONG Length;     /* Of the body. */
  ULONG Checksum;       /* Its bytes, added up. */
} HTTP_PAGE, *PHTTP_PAGE;

/*
 * Tries each address of the host. `Milliseconds` are for each wait, not for the whole.
 *
 * PASSIVE_LEVEL. Fails as KsGetAddressInfo, KsConnect, KsSend and KsReceive do, and with
 * STATUS_INVALID_NETWORK_RESPONSE for an answer that is not one of HTTP.
 */
NTSTATUS HttpFetch(_In_ PUNICODE_STRING Host, _In_ PUNICODE_STRING Port, _In_ PUNICODE_STRING Path,
                   ULONG Milliseconds, _Out_ PHTTP_PAGE Page);
