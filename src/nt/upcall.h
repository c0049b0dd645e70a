// upcall: the one way from the runtime into the driver. Here no lock may be held, here the probe
// sees the driver's functions entered and left, here the driver's IRQL is checked on return, and
// here a Windows binary's calling convention will be bridged.
#pragma once

#include <wdm.h>

#include <type_traits>

#include "base/mutex.h"
#include "nt/irql.h"
#include "probe/events.h"

namespace wskrun::nt {

// Calls the driver's `function` at the thread's current IRQL; it must return at `irql_after`, for
// it gives back a lock that its caller took. `what` is its documented name ("WskReceiveEvent",
// "IoCompletion", "DriverUnload").
template <typename Function, typename... Arguments>
auto upcall_leaving_at(KIRQL irql_after, const char* what, Function* function,
                       Arguments... arguments) {
  base::assert_no_lock_held();
  const void* address = reinterpret_cast<const void*>(function);
  probe::emit({.fact = probe::Fact::kUpcallEnter, .subject = address, .text = what});
  if constexpr (std::is_void_v<decltype(function(arguments...))>) {
    function(arguments...);
    check_irql_after_upcall(what, address, irql_after);
    probe::emit({.fact = probe::Fact::kUpcallLeave, .subject = address, .text = what});
  } else {
    const auto result = function(arguments...);
    check_irql_after_upcall(what, address, irql_after);
    probe::emit({.fact = probe::Fact::kUpcallLeave,
                 .subject = address,
                 .status = (std::int64_t)result,  // A status, a truth value or a pointer.
                 .text = what});
    return result;
  }
}

// The same for every other function: it returns at the IRQL it is called at.
template <typename Function, typename... Arguments>
auto upcall(const char* what, Function* function, Arguments... arguments) {
  return upcall_leaving_at(current_irql(), what, function, arguments...);
}

// For functions that take or give back a lock of the driver's: what level they return at depends on
// the kind of lock.
template <typename... Parameters, typename... Arguments>
void upcall_to_lock(const char* what, void (*function)(Parameters...), Arguments... arguments) {
  base::assert_no_lock_held();
  const void* address = reinterpret_cast<const void*>(function);
  probe::emit({.fact = probe::Fact::kUpcallEnter, .subject = address, .text = what});
  function(arguments...);
  probe::emit({.fact = probe::Fact::kUpcallLeave, .subject = address, .text = what});
}

}  // namespace wskrun::nt
