// pubsub: a server for publishing and subscribing, in C++20. Peers send lines:
//
//   SUB topic        from now on every message about the topic comes as "MSG topic text"
//   UNSUB topic      not any more
//   PUB topic text   answered by "+SENT n", the number of those who get it
//   INFO             how many sessions and topics there are
//
// What is done is answered by "+OK" or as above, what is not by "-ERR". A peer that does not read
// what it is sent is cut off; the others do not wait for it.
//
//   wskrun pubsub.so                       listens on a free port of 127.0.0.1 and says which
//   wskrun --param Port=7777 pubsub.so     listens on that one
//
// kernel.h and net.h are what C++ gives here: whatever is acquired has an owner, and an error is a
// status that is handed up. hub.h, session.h and server.h are the server.
#include "server.h"

namespace {

pubsub::Server* server = nullptr;

ULONG read_number(PUNICODE_STRING registry_path, PCWSTR name, ULONG otherwise) {
  ULONG number = otherwise;
  RTL_QUERY_REGISTRY_TABLE table[2] = {};
  table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK;
  table[0].Name = const_cast<PWSTR>(name);
  table[0].EntryContext = &number;
  table[0].DefaultType = (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE;
  const NTSTATUS status =
      RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, registry_path->Buffer, table, nullptr, nullptr);
  return NT_SUCCESS(status) ? number : otherwise;
}

VOID NTAPI unload(PDRIVER_OBJECT) {
  delete std::exchange(server, nullptr);
}

}  // namespace

extern "C" DRIVER_INITIALIZE DriverEntry;

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path) {
  server = new pubsub::Server(driver);
  if (server == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  const NTSTATUS status =
      server->start(static_cast<USHORT>(read_number(registry_path, L"Port", 0)));
  if (!NT_SUCCESS(status)) {
    delete std::exchange(server, nullptr);
    return status;
  }
  driver->DriverUnload = unload;
  return STATUS_SUCCESS;
}
