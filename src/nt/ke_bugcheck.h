// The end of the process where Windows would bugcheck: the code by name, its parameters, a sentence
// for the driver's author, the stack. A mistake that Windows survives is probe::mistake's instead.
#pragma once

#include <wdm.h>

namespace wskrun::nt {

// Codes that the WDK's bugcodes do not name.
inline constexpr ULONG kMaximumWaitObjectsExceeded = 0x0C;
inline constexpr ULONG kThreadTerminateHeldMutex = 0x4000008A;

struct BugCheck {
  ULONG code;
  ULONG_PTR parameters[4];  // As the bug check's page defines them.
};

// `why` says in a sentence what the driver did and what to do instead. Any thread, any IRQL.
[[noreturn]] void bug_check(const BugCheck& check, const char* why, ...)
    __attribute__((format(printf, 2, 3)));

inline ULONG_PTR parameter(const volatile void* pointer) {
  return reinterpret_cast<ULONG_PTR>(pointer);
}

}  // namespace wskrun::nt
