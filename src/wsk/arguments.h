// Arguments: the checks that calls of several kinds share. Each tells the driver's author what is
// wrong and returns the status to end the call with.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <optional>

#include "base/ref_ptr.h"
#include "net/address.h"
#include "wsk/client.h"
#include "wsk/descriptor_cache.h"

namespace wskrun::wsk {

// The client behind the handle; STATUS_INVALID_HANDLE where there is none.
NTSTATUS find_client(PWSK_CLIENT handle, const char* operation, base::RefPtr<Client>& client);

// The client of a call that needs an IRP, which is checked before everything else. Windows leaves
// the IRP alone where the client is not valid, and so does this.
NTSTATUS check_call(PWSK_CLIENT handle, PIRP irp, const char* operation,
                    base::RefPtr<Client>& client);

// The cached descriptor that a driver passes; STATUS_INVALID_PARAMETER where it is not one.
NTSTATUS find_descriptor(Subsystem& subsystem, PSECURITY_DESCRIPTOR cached, const char* operation,
                         base::RefPtr<CachedDescriptor>& descriptor);

// The address that a driver passes for a socket of this family; nothing for any other.
std::optional<net::Address> address_for(const void* socket, net::Family family,
                                        const char* operation, const SOCKADDR* sockaddr);

// The bytes a driver passes lie within their MDL chain.
NTSTATUS check_buffer(const void* socket, const char* operation, const WSK_BUF* buffer);

// Flags that are reserved must be 0.
NTSTATUS check_reserved(const void* socket, const char* operation, ULONG flags);

}  // namespace wskrun::wsk
