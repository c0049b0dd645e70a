// What drivers print and assert: DbgPrint and its family, into the runtime's log. format.cc knows
// the format language; ke_bugcheck.cc stops for a failed assertion.
#include <wdm.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "base/log.h"
#include "nt/format.h"
#include "nt/ke_bugcheck.h"

// The header's macros, which add a comma's worth of MSVC, are for callers.
#undef DbgPrint
#undef DbgPrintEx

using namespace wskrun;
using namespace wskrun::nt;

BOOLEAN KdDebuggerEnabled = FALSE;
BOOLEAN KdDebuggerNotPresent = TRUE;

namespace {

constexpr std::size_t kLongestMessage = 512;  // Windows' buffer; longer messages are cut.
constexpr char kSource[] = "driver";

// `level` is a bit number below 32, or a mask of such bits, of which the lowest is the gravest.
base::LogLevel log_level(ULONG level) {
  const ULONG bit = level < 32 ? level : static_cast<ULONG>(__builtin_ctz(level));
  switch (bit) {
    case DPFLTR_ERROR_LEVEL:
      return base::LogLevel::kError;
    case DPFLTR_WARNING_LEVEL:
      return base::LogLevel::kWarning;
    case DPFLTR_TRACE_LEVEL:
      return base::LogLevel::kInfo;
    default:
      return base::LogLevel::kDebug;
  }
}

ULONG print(base::LogLevel level, PCCH prefix, PCCH text, va_list arguments) {
  char message[kLongestMessage];
  const std::size_t start = std::min(std::strlen(prefix), sizeof message);
  std::memcpy(message, prefix, start);
  const std::size_t length =
      start + format(message + start, sizeof message - start, text, arguments);
  std::string_view line(message, std::min(length, sizeof message));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  base::log_text(level, kSource, line);
  return STATUS_SUCCESS;
}

}  // namespace

extern "C" {

// Windows files this under the level that is hidden by default; here its author wants to see it.
ULONG DbgPrint(PCSTR Format, ...) {
  va_list arguments;
  va_start(arguments, Format);
  const ULONG status = print(base::LogLevel::kInfo, "", Format, arguments);
  va_end(arguments);
  return status;
}

ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...) {
  va_list arguments;
  va_start(arguments, Format);
  const ULONG status = vDbgPrintExWithPrefix("", ComponentId, Level, Format, arguments);
  va_end(arguments);
  return status;
}

ULONG vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist) {
  return vDbgPrintExWithPrefix("", ComponentId, Level, Format, arglist);
}

ULONG vDbgPrintExWithPrefix(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format,
                            va_list arglist) {
  (void)ComponentId;  // Components have no filters of their own here; --log-level filters all.
  return print(log_level(Level), Prefix, Format, arglist);
}

// Stops a debugger that is there, and the process where none is.
void DbgBreakPoint() {
  base::log_text(base::LogLevel::kError, kSource, "breakpoint");
  std::raise(SIGTRAP);
}

void DbgBreakPointWithStatus(ULONG Status) {
  base::log(base::LogLevel::kError, "the driver stopped at a breakpoint with status %#x", Status);
  std::raise(SIGTRAP);
}

void RtlAssert(PVOID VoidFailedAssertion, PVOID VoidFileName, ULONG LineNumber,
               PSTR MutableMessage) {
  bug_check({KMODE_EXCEPTION_NOT_HANDLED,
             {static_cast<ULONG>(STATUS_ASSERTION_FAILURE), parameter(__builtin_return_address(0)),
              0, 0}},
            "the driver's assertion failed at %s:%u: %s%s%s", static_cast<PCSTR>(VoidFileName),
            LineNumber, static_cast<PCSTR>(VoidFailedAssertion),
            MutableMessage != nullptr ? ": " : "", MutableMessage != nullptr ? MutableMessage : "");
}

BOOLEAN KdRefreshDebuggerNotPresent() {
  return KdDebuggerNotPresent;
}

}  // extern "C"
