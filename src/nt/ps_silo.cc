// Silos: the host, which nullptr stands for, is the only one.
#include <wdm.h>

#include "probe/mistake.h"

extern "C" {

PESILO PsGetHostSilo(VOID) {
  return nullptr;
}

PESILO PsGetCurrentSilo(VOID) {
  return nullptr;
}

PESILO PsGetCurrentServerSilo(VOID) {
  return nullptr;
}

PESILO PsGetEffectiveServerSilo(PESILO Silo) {
  (void)Silo;  // None has another server silo above it.
  return nullptr;
}

PESILO PsAttachSiloToCurrentThread(PESILO Silo) {
  if (Silo != nullptr) {
    wskrun::probe::mistake(Silo, "PsAttachSiloToCurrentThread(%p): there is no such silo",
                           static_cast<void*>(Silo));
  }
  return nullptr;
}

VOID PsDetachSiloFromCurrentThread(PESILO PreviousSilo) {
  (void)PreviousSilo;  // The host, as always.
}

BOOLEAN PsIsHostSilo(PESILO Silo) {
  return Silo == nullptr;
}

BOOLEAN PsIsCurrentThreadInServerSilo(VOID) {
  return FALSE;
}

}  // extern "C"
