// Key handles, towards rtl_registry.cc.
#pragma once

#include <wdm.h>

#include <string>

namespace wskrun::nt::registry {

// The full path of the key that the handle names. STATUS_INVALID_HANDLE,
// STATUS_OBJECT_TYPE_MISMATCH.
NTSTATUS path_of(HANDLE handle, std::u16string& path);

}  // namespace wskrun::nt::registry
