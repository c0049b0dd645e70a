// The IRQL of a thread. A Linux thread has none, so the runtime keeps one per thread: loop threads
// stand for processors and deliver at DISPATCH_LEVEL, system threads and work items at
// PASSIVE_LEVEL. ke_irql.cc has the WDK's functions over this.
#pragma once

#include <wdm.h>

namespace wskrun::nt {

KIRQL current_irql();

// Sets the level of the calling thread and returns the one before; no checks.
KIRQL set_irql(KIRQL irql);

// The level for a scope.
class IrqlScope {
 public:
  explicit IrqlScope(KIRQL irql) : before_(set_irql(irql)) {}
  ~IrqlScope() { set_irql(before_); }
  IrqlScope(const IrqlScope&) = delete;
  IrqlScope& operator=(const IrqlScope&) = delete;

 private:
  const KIRQL before_;
};

// The driver's function returned at another IRQL than it was called at: on Windows the bugcheck
// IRQL_UNEXPECTED_VALUE, here too, naming the function.
void check_irql_after_upcall(const char* what, const void* function, KIRQL expected);

// The caller is above `highest` in `function`: a driver mistake, reported; the call goes on where
// it can.
void require_irql_at_most(KIRQL highest, const char* function);

// The same for functions that spare themselves raising the level: it must be DISPATCH_LEVEL.
void require_dispatch_level(const char* function);

}  // namespace wskrun::nt
