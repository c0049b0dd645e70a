// Critical and guarded regions. No APC ever comes here, so they only count; what a driver asks
// about them is answered as on Windows, and leaving one too often stops.
#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/ps_thread.h"

namespace wskrun::nt {
namespace {

void leave(LONG& regions, const char* function) {
  if (regions-- > 0) return;
  bug_check({APC_INDEX_MISMATCH, {0, 0, 0, 0}}, "%s without the matching enter", function);
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

VOID KeEnterCriticalRegion(VOID) {
  ++current_thread().critical_regions;
}

VOID KeLeaveCriticalRegion(VOID) {
  leave(current_thread().critical_regions, __func__);
}

VOID KeEnterGuardedRegion(VOID) {
  ++current_thread().guarded_regions;
}

VOID KeLeaveGuardedRegion(VOID) {
  leave(current_thread().guarded_regions, __func__);
}

BOOLEAN KeAreApcsDisabled(VOID) {
  return KeAreAllApcsDisabled() || current_thread().critical_regions > 0;
}

BOOLEAN KeAreAllApcsDisabled(VOID) {
  return current_irql() >= APC_LEVEL || current_thread().guarded_regions > 0;
}

}  // extern "C"
