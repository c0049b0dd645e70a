// WskGetAddressInfo, WskFreeAddressInfo and WskGetNameInfo. Names are not resolved yet; the calls
// end as documented, with STATUS_NOT_IMPLEMENTED.
#include "probe/mistake.h"
#include "wsk/arguments.h"
#include "wsk/dispatch.h"

namespace wskrun::wsk {
namespace {

NTSTATUS refuse(PWSK_CLIENT handle, PIRP irp, const char* operation) {
  base::RefPtr<Client> client;
  const NTSTATUS status = check_call(handle, irp, operation, client);
  if (!NT_SUCCESS(status)) return status;
  return finish(*begin(irp, operation, *client), STATUS_NOT_IMPLEMENTED);
}

}  // namespace

NTSTATUS WSKAPI get_address_info(PWSK_CLIENT Client, PUNICODE_STRING, PUNICODE_STRING, ULONG, GUID*,
                                 PADDRINFOEXW, PADDRINFOEXW*, PEPROCESS, PETHREAD, PIRP Irp) {
  return refuse(Client, Irp, "WskGetAddressInfo");
}

VOID WSKAPI free_address_info(PWSK_CLIENT Client, PADDRINFOEXW AddrInfo) {
  probe::mistake(Client, "WskFreeAddressInfo(%p): WskGetAddressInfo never returned that",
                 static_cast<void*>(AddrInfo));
}

NTSTATUS WSKAPI get_name_info(PWSK_CLIENT Client, PSOCKADDR, ULONG, PUNICODE_STRING,
                              PUNICODE_STRING, ULONG, PEPROCESS, PETHREAD, PIRP Irp) {
  return refuse(Client, Irp, "WskGetNameInfo");
}

}  // namespace wskrun::wsk
