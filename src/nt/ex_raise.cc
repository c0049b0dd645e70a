// Exceptions that a driver raises. A native driver has no handlers (its __try runs plainly), so
// each is the unhandled exception that stops Windows.
#include <wdm.h>

#include "nt/ke_bugcheck.h"

using namespace wskrun::nt;

namespace {

[[noreturn]] void raise(NTSTATUS status, const void* caller) {
  bug_check({KMODE_EXCEPTION_NOT_HANDLED, {static_cast<ULONG>(status), parameter(caller), 0, 0}},
            "the exception %#x was raised; a native driver cannot catch it",
            static_cast<ULONG>(status));
}

}  // namespace

extern "C" {

void ExRaiseStatus(NTSTATUS Status) {
  raise(Status, __builtin_return_address(0));
}

void ExRaiseAccessViolation() {
  raise(STATUS_ACCESS_VIOLATION, __builtin_return_address(0));
}

void ExRaiseDatatypeMisalignment() {
  raise(STATUS_DATATYPE_MISALIGNMENT, __builtin_return_address(0));
}

}  // extern "C"
