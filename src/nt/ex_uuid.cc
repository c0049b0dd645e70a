// ExUuidCreate: GUIDs by chance, version 4 of RFC 4122.
#include <sys/random.h>
#include <wdm.h>

#include "nt/irql.h"

extern "C" NTSTATUS ExUuidCreate(GUID* Uuid) {
  wskrun::nt::require_irql_at_most(PASSIVE_LEVEL, __func__);
  if (::getrandom(Uuid, sizeof *Uuid, 0) != sizeof *Uuid) return STATUS_RETRY;
  Uuid->Data3 = static_cast<USHORT>((Uuid->Data3 & 0x0FFF) | 0x4000);
  Uuid->Data4[0] = static_cast<UCHAR>((Uuid->Data4[0] & 0x3F) | 0x80);
  return STATUS_SUCCESS;
}
