// The ways in which C++ drivers in the field fill their tables and reach WSK's. Compiling without a
// warning is the test; wsk_client_forms_c_only.c has the ways of C.
#include <ntddk.h>

#include <wsk.h>

extern "C" DRIVER_INITIALIZE DriverEntry;

namespace {

WSK_REGISTRATION registration;
WSK_PROVIDER_NPI wsk;

NTSTATUS WSKAPI on_receive(_In_opt_ PVOID context, _In_ ULONG,
                           _In_opt_ PWSK_DATA_INDICATION indication, _In_ SIZE_T, _Inout_ SIZE_T*) {
  return context != nullptr && indication != nullptr ? STATUS_SUCCESS : STATUS_DATA_NOT_ACCEPTED;
}

NTSTATUS WSKAPI on_disconnect(_In_opt_ PVOID, _In_ ULONG) {
  return STATUS_SUCCESS;
}

NTSTATUS WSKAPI on_accept(_In_opt_ PVOID, _In_ ULONG, _In_ PSOCKADDR, _In_ PSOCKADDR,
                          _In_opt_ PWSK_SOCKET, _Outptr_result_maybenull_ PVOID* context,
                          _Outptr_result_maybenull_ CONST WSK_CLIENT_CONNECTION_DISPATCH** table);

const WSK_CLIENT_DISPATCH client_dispatch = {MAKE_WSK_VERSION(1, 0), 0, nullptr};
const WSK_CLIENT_CONNECTION_DISPATCH connection_dispatch = {on_receive, on_disconnect, nullptr};
const WSK_CLIENT_LISTEN_DISPATCH listen_dispatch = {on_accept, nullptr, nullptr};
const WSK_CLIENT_STREAM_DISPATCH stream_dispatch = {&listen_dispatch, &connection_dispatch};

NTSTATUS WSKAPI on_accept(PVOID, ULONG, PSOCKADDR, PSOCKADDR, PWSK_SOCKET socket, PVOID* context,
                          CONST WSK_CLIENT_CONNECTION_DISPATCH** table) {
  if (socket == nullptr) return STATUS_REQUEST_NOT_ACCEPTED;
  *context = socket;
  *table = stream_dispatch.Connect;
  return STATUS_SUCCESS;
}

template <class Table>
const Table& table_of(PWSK_SOCKET socket) {
  return *static_cast<const Table*>(socket->Dispatch);
}

}  // namespace

// The basic functions are members of Basic.
NTSTATUS close_each_way(PWSK_SOCKET socket, PIRP irp) {
  auto* connection = static_cast<const WSK_PROVIDER_CONNECTION_DISPATCH*>(socket->Dispatch);
  NTSTATUS status = connection->Basic.WskCloseSocket(socket, irp);
  if (NT_SUCCESS(status)) {
    status = ((PWSK_PROVIDER_BASIC_DISPATCH)socket->Dispatch)->WskCloseSocket(socket, irp);
  }
  if (NT_SUCCESS(status)) {
    status = table_of<WSK_PROVIDER_LISTEN_DISPATCH>(socket).Basic.WskCloseSocket(socket, irp);
  }
  return status;
}

NTSTATUS send_to(PWSK_SOCKET socket, PWSK_BUF buffer, const SOCKADDR_INET& to, PIRP irp) {
  auto* dispatch = static_cast<const WSK_PROVIDER_DATAGRAM_DISPATCH*>(socket->Dispatch);
  return dispatch->WskSendTo(socket, buffer, 0, (PSOCKADDR)&to, 0, nullptr, irp);
}

NTSTATUS enable_events(PWSK_SOCKET socket) {
  WSK_EVENT_CALLBACK_CONTROL control{&NPI_WSK_INTERFACE_ID,
                                     WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT};
  return table_of<WSK_PROVIDER_CONNECTION_DISPATCH>(socket).Basic.WskControlSocket(
      socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET, sizeof(control), &control, 0,
      nullptr, nullptr, nullptr);
}

NTSTATUS open(ADDRESS_FAMILY family, PIRP irp) {
  return wsk.Dispatch->WskSocket(wsk.Client, family, SOCK_STREAM, IPPROTO_TCP,
                                 WSK_FLAG_STREAM_SOCKET, &registration, &stream_dispatch, nullptr,
                                 nullptr, nullptr, irp);
}

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) {
  WSK_CLIENT_NPI npi{};
  npi.Dispatch = &client_dispatch;
  NTSTATUS status = WskRegister(&npi, &registration);
  if (!NT_SUCCESS(status)) return status;
  status = WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &wsk);
  if (NT_SUCCESS(status)) WskReleaseProviderNPI(&registration);
  WskDeregister(&registration);
  return status;
}
