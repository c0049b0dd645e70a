// The registry: keys and values in memory, gone with the process. A driver's service key is filled
// from the command line (io_driver.cc); cm_key.cc has the Zw functions over this, rtl_registry.cc
// the Rtl ones.
//
// Keys are known by their full path, "\Registry\Machine\...", without regard to case.
#pragma once

#include <wdm.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wskrun::nt::registry {

inline constexpr std::u16string_view kServices =
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Services";

struct Value {
  std::u16string name;
  ULONG type = REG_NONE;
  std::vector<UCHAR> data;
};

// All functions: any thread, PASSIVE_LEVEL. STATUS_OBJECT_NAME_NOT_FOUND: no such key or value.

bool key_exists(std::u16string_view path);

// Makes the key; its parent must exist. STATUS_SUCCESS also when it exists; `created` says which.
NTSTATUS create_key(std::u16string_view path, bool& created);
// Makes the key with all its parents.
NTSTATUS create_path(std::u16string_view path);
// STATUS_CANNOT_DELETE while it has subkeys.
NTSTATUS delete_key(std::u16string_view path);
// Deletes the key and everything below it.
void delete_tree(std::u16string_view path);
// The name of the subkey of that index; STATUS_NO_MORE_ENTRIES behind the last.
NTSTATUS subkey_at(std::u16string_view path, ULONG index, std::u16string& name);

NTSTATUS set_value(std::u16string_view path, const Value& value);
NTSTATUS get_value(std::u16string_view path, std::u16string_view name, Value& value);
NTSTATUS value_at(std::u16string_view path, ULONG index, Value& value);
NTSTATUS delete_value(std::u16string_view path, std::u16string_view name);

}  // namespace wskrun::nt::registry
