// The IRQL functions of the WDK over one number per thread, and the checks that the runtime makes
// with it. Raising it stops nobody else here: only the checks, and the rule that loop threads run
// DPCs between turns, give it meaning.
#include "nt/irql.h"

#include "nt/ke_bugcheck.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

thread_local KIRQL thread_irql = PASSIVE_LEVEL;

}  // namespace

KIRQL current_irql() {
  return thread_irql;
}

KIRQL set_irql(KIRQL irql) {
  const KIRQL before = thread_irql;
  thread_irql = irql;
  return before;
}

void check_irql_after_upcall(const char* what, const void* function, KIRQL expected) {
  const KIRQL irql = current_irql();
  if (irql == expected) return;
  const ULONG_PTR values = ULONG_PTR{irql} << 16 | ULONG_PTR{expected} << 8;
  bug_check(
      {IRQL_UNEXPECTED_VALUE, {values, parameter(function), 0, 0}},
      "the driver's %s at %p was called at IRQL %u and returned at IRQL %u; a spin lock still "
      "held?",
      what, function, expected, irql);
}

void require_irql_at_most(KIRQL highest, const char* function) {
  const KIRQL irql = current_irql();
  if (irql <= highest) return;
  probe::mistake_of(function, nullptr, "%s was called at IRQL %u; it is allowed up to IRQL %u",
                    function, irql, highest);
}

void require_dispatch_level(const char* function) {
  if (current_irql() >= DISPATCH_LEVEL) return;
  probe::mistake_of(function, nullptr, "%s was called at IRQL %u; it needs DISPATCH_LEVEL",
                    function, current_irql());
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

KIRQL KeGetCurrentIrql(VOID) {
  return current_irql();
}

KIRQL KfRaiseIrql(KIRQL NewIrql) {
  const KIRQL before = current_irql();
  if (NewIrql < before) {
    bug_check({IRQL_NOT_GREATER_OR_EQUAL, {before, NewIrql, 0, 0}},
              "KeRaiseIrql to %u was called at IRQL %u, which is higher", NewIrql, before);
  }
  return set_irql(NewIrql);
}

KIRQL KeRaiseIrqlToDpcLevel(VOID) {
  return KfRaiseIrql(DISPATCH_LEVEL);
}

VOID KeLowerIrql(KIRQL NewIrql) {
  const KIRQL before = current_irql();
  if (NewIrql > before) {
    bug_check({IRQL_NOT_LESS_OR_EQUAL, {NewIrql, before, 0, 0}},
              "KeLowerIrql to %u was called at IRQL %u, which is lower", NewIrql, before);
  }
  set_irql(NewIrql);
}

}  // extern "C"
