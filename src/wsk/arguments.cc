// What is wrong with an argument, in words.
#include "wsk/arguments.h"

#include "probe/mistake.h"
#include "wsk/buffer.h"
#include "wsk/request.h"
#include "wsk/sockaddr.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {

NTSTATUS find_client(PWSK_CLIENT handle, const char* operation, base::RefPtr<Client>& client) {
  client = Client::from_handle(handle);
  if (client) return STATUS_SUCCESS;
  probe::mistake(handle, "%s with a WSK_CLIENT (%p) that WskCaptureProviderNPI never gave",
                 operation, handle);
  return STATUS_INVALID_HANDLE;
}

NTSTATUS check_call(PWSK_CLIENT handle, PIRP irp, const char* operation,
                    base::RefPtr<Client>& client) {
  if (irp == nullptr) return refuse_null_irp(operation, handle);
  return find_client(handle, operation, client);
}

NTSTATUS find_descriptor(Subsystem& subsystem, PSECURITY_DESCRIPTOR cached, const char* operation,
                         base::RefPtr<CachedDescriptor>& descriptor) {
  descriptor = subsystem.descriptors().find(cached);
  if (descriptor) return STATUS_SUCCESS;
  probe::mistake(cached, "%s with a security descriptor (%p) that is not of WSK_CACHE_SD",
                 operation, cached);
  return STATUS_INVALID_PARAMETER;
}

std::optional<net::Address> address_for(const void* socket, net::Family family,
                                        const char* operation, const SOCKADDR* sockaddr) {
  const std::optional<net::Address> address = address_of(sockaddr);
  if (address && address->family == family) return address;
  probe::mistake(
      socket, "%s(%p): the address must be %s", operation, socket,
      family == net::Family::kIpv4 ? "a SOCKADDR_IN with AF_INET" : "a SOCKADDR_IN6 with AF_INET6");
  return std::nullopt;
}

NTSTATUS check_buffer(const void* socket, const char* operation, const WSK_BUF* buffer) {
  if (buffer != nullptr && lies_within_mdl(*buffer)) return STATUS_SUCCESS;
  if (buffer == nullptr) {
    probe::mistake(socket, "%s(%p) without a buffer", operation, socket);
  } else {
    probe::mistake(socket, "%s(%p): Length %zu from Offset %u goes beyond the MDL chain", operation,
                   socket, static_cast<std::size_t>(buffer->Length), buffer->Offset);
  }
  return STATUS_INVALID_PARAMETER;
}

NTSTATUS check_reserved(const void* socket, const char* operation, ULONG flags) {
  if (flags == 0) return STATUS_SUCCESS;
  probe::mistake(socket, "%s(%p): Flags is 0x%X; it is reserved and must be 0", operation, socket,
                 flags);
  return STATUS_INVALID_PARAMETER;
}

}  // namespace wskrun::wsk
