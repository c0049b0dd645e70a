/*
 * What a generated x.tmh stands on: trace messages written for WPP, printed through DbgPrintEx's
 * family. cmake/wskrun_wpp.cmake makes the driver's own trace functions out of WSKRUN_TRACE.
 * Included by a .tmh only, after the driver's own WDK headers, which declare what it calls.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

/* There are no trace sessions to begin or end. */
#define WPP_INIT_TRACING(...) wskrun_trace_session(__VA_ARGS__)
#define WPP_CLEANUP(...) wskrun_trace_session(__VA_ARGS__)
#define WPP_LEVEL_ENABLED(...) 1

#define WSKRUN_TRACE(MSG, ...) wskrun_trace(__func__, MSG, ##__VA_ARGS__)

enum { WSKRUN_TRACE_MAX = 512 };

static inline void wskrun_trace_session(const void* driver_object, ...) {
  (void)driver_object;
}

/* How an argument that WPP formats by the name of its type is printed here. */
static const struct {
  const char* name;
  const char* format;
} wskrun_trace_types[] = {
    {"STATUS", "0x%08x"},
    {"NTSTATUS", "0x%08x"},
    {"NDIS_STATUS", "0x%08x"},
    {"HRESULT", "0x%08x"},
    {"WINERROR", "%u"},
    {"BOOLEAN", "%u"},
    {"bool", "%u"},
    {"IRQL", "%u"},
    {"GUID", "%p"},
    {"LEVEL", "%d"},
    {"FLAGS", "0x%x"},
    {"s", "%s"},
    {"S", "%S"},
    {"d", "%d"},
    {"u", "%u"},
    {"x", "%x"},
    {"p", "%p"},
};

/* The DbgPrint format for %!name!, or NULL: the size of the argument is not known. */
static inline const char* wskrun_trace_format(const char* function, const char* name,
                                              size_t length) {
  if (length == 4 && memcmp(name, "FUNC", 4) == 0) return function;
  for (size_t i = 0; i < sizeof(wskrun_trace_types) / sizeof(wskrun_trace_types[0]); ++i) {
    const char* known = wskrun_trace_types[i].name;
    if (strlen(known) == length && memcmp(known, name, length) == 0) {
      return wskrun_trace_types[i].format;
    }
  }
  return NULL;
}

/*
 * Prints one message on a line of its own. %!FUNC! becomes the function's name and %!STATUS! and
 * its like a number. From a %!name! of unknown type on, the message's own text is printed and its
 * arguments are not, since nothing tells where the next one begins. Messages are cut at
 * WSKRUN_TRACE_MAX bytes of format.
 */
static inline void wskrun_trace(const char* function, const char* message, ...) {
  char format[WSKRUN_TRACE_MAX];
  size_t used = 0;
  BOOLEAN known = TRUE;
  while (*message != '\0' && used + 3 < sizeof(format)) {
    const char* end = message[0] == '%' && message[1] == '!' ? strchr(message + 2, '!') : NULL;
    const char* with = NULL;
    if (end != NULL) {
      with = wskrun_trace_format(function, message + 2, (size_t)(end - message - 2));
      known = known && with != NULL;
    }
    if (known && with != NULL) {
      const size_t length = strlen(with);
      if (used + length + 3 >= sizeof(format)) break;
      memcpy(format + used, with, length);
      used += length;
      message = end + 1;
      continue;
    }
    if (*message == '%' && !known) format[used++] = '%';
    format[used++] = *message++;
  }
  if (used == 0 || format[used - 1] != '\n') format[used++] = '\n';
  format[used] = '\0';

  va_list arguments;
  va_start(arguments, message);
  vDbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, format, arguments);
  va_end(arguments);
}
