// KeBugCheckEx and its runtime form bug_check: print, then abort.
#include "nt/ke_bugcheck.h"

#include <execinfo.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace wskrun::nt {
namespace {

struct CodeName {
  ULONG code;
  const char* name;
};

// Those that this runtime raises, and those that drivers raise themselves.
#define NAMED(code) \
  { code, #code }
constexpr CodeName kCodeNames[] = {
    {kMaximumWaitObjectsExceeded, "MAXIMUM_WAIT_OBJECTS_EXCEEDED"},
    {kThreadTerminateHeldMutex, "THREAD_TERMINATE_HELD_MUTEX"},
    NAMED(INVALID_PROCESS_ATTACH_ATTEMPT),
    NAMED(INVALID_PROCESS_DETACH_ATTEMPT),
    NAMED(IRQL_NOT_GREATER_OR_EQUAL),
    NAMED(IRQL_NOT_LESS_OR_EQUAL),
    NAMED(SPIN_LOCK_ALREADY_OWNED),
    NAMED(SPIN_LOCK_NOT_OWNED),
    NAMED(THREAD_NOT_MUTEX_OWNER),
    NAMED(REFERENCE_BY_POINTER),
    NAMED(BAD_POOL_HEADER),
    NAMED(MEMORY_MANAGEMENT),
    NAMED(KMODE_EXCEPTION_NOT_HANDLED),
    NAMED(KERNEL_APC_PENDING_DURING_EXIT),
    NAMED(APC_INDEX_MISMATCH),
    NAMED(NO_MORE_IRP_STACK_LOCATIONS),
    NAMED(MULTIPLE_IRP_COMPLETE_REQUESTS),
    NAMED(CANCEL_STATE_IN_COMPLETED_IRP),
    NAMED(PAGE_FAULT_IN_NONPAGED_AREA),
    NAMED(PROCESS_HAS_LOCKED_PAGES),
    NAMED(UNEXPECTED_KERNEL_MODE_TRAP),
    NAMED(INVALID_WORK_QUEUE_ITEM),
    NAMED(ATTEMPTED_SWITCH_FROM_DPC),
    NAMED(MUTEX_ALREADY_OWNED),
    NAMED(BAD_POOL_CALLER),
    NAMED(DRIVER_VERIFIER_DETECTED_VIOLATION),
    NAMED(TIMER_OR_DPC_INVALID),
    NAMED(IRQL_UNEXPECTED_VALUE),
    NAMED(DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS),
    NAMED(DRIVER_IRQL_NOT_LESS_OR_EQUAL),
    NAMED(MANUALLY_INITIATED_CRASH),
    NAMED(RESOURCE_NOT_OWNED),
    NAMED(WORKER_INVALID),
    NAMED(KERNEL_SECURITY_CHECK_FAILURE),
    NAMED(INVALID_MDL_RANGE),
};
#undef NAMED

const char* name_of(ULONG code) {
  for (const CodeName& row : kCodeNames) {
    if (row.code == code) return row.name;
  }
  return "bug check";
}

void print_stack() {
  constexpr int kFrames = 48;
  constexpr int kOwnFrames = 2;
  void* frames[kFrames];
  const int count = backtrace(frames, kFrames);
  backtrace_symbols_fd(frames + kOwnFrames, count - kOwnFrames, STDERR_FILENO);
}

[[noreturn]] void stop(const BugCheck& check, const char* why) {
  const ULONG_PTR* p = check.parameters;
  std::fflush(stdout);
  std::fprintf(stderr, "*** STOP 0x%08X %s (%#lx, %#lx, %#lx, %#lx)\n*** %s\n", check.code,
               name_of(check.code), p[0], p[1], p[2], p[3], why);
  std::fflush(stderr);
  print_stack();
  std::abort();
}

}  // namespace

void bug_check(const BugCheck& check, const char* why, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, why);
  std::vsnprintf(text, sizeof text, why, arguments);
  va_end(arguments);
  stop(check, text);
}

}  // namespace wskrun::nt

extern "C" VOID KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1,
                             ULONG_PTR BugCheckParameter2, ULONG_PTR BugCheckParameter3,
                             ULONG_PTR BugCheckParameter4) {
  wskrun::nt::stop(
      {BugCheckCode,
       {BugCheckParameter1, BugCheckParameter2, BugCheckParameter3, BugCheckParameter4}},
      "the driver called KeBugCheckEx");
}

extern "C" VOID KeBugCheck(ULONG BugCheckCode) {
  wskrun::nt::stop({BugCheckCode, {}}, "the driver called KeBugCheck");
}
