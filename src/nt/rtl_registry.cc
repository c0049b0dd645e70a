// RtlQueryRegistryValues and its kin: the registry by table and by path relative to well-known
// keys.
#include <algorithm>
#include <cstring>

#include "nt/cm_key.h"
#include "nt/cm_registry.h"
#include "nt/irql.h"
#include "nt/rtl_string.h"
#include "nt/upcall.h"

namespace wskrun::nt {
namespace {

struct Root {
  ULONG relative_to;
  std::u16string_view path;
};

constexpr Root kRoots[] = {
    {RTL_REGISTRY_SERVICES, registry::kServices},
    {RTL_REGISTRY_CONTROL, u"\\Registry\\Machine\\System\\CurrentControlSet\\Control"},
    {RTL_REGISTRY_WINDOWS_NT,
     u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion"},
    {RTL_REGISTRY_DEVICEMAP, u"\\Registry\\Machine\\Hardware\\DeviceMap"},
    {RTL_REGISTRY_USER, u"\\Registry\\User\\.Default"},
};

NTSTATUS resolve(ULONG relative_to, PCWSTR path, std::u16string& resolved) {
  if ((relative_to & RTL_REGISTRY_HANDLE) != 0) {
    return registry::path_of(const_cast<HANDLE>(static_cast<const void*>(path)), resolved);
  }
  const ULONG root = relative_to & ~ULONG{RTL_REGISTRY_OPTIONAL};
  const std::u16string_view tail = path == nullptr ? std::u16string_view() : path;
  resolved = tail;
  if (root == RTL_REGISTRY_ABSOLUTE) return STATUS_SUCCESS;
  const auto* found = std::find_if(std::begin(kRoots), std::end(kRoots),
                                   [root](const Root& row) { return row.relative_to == root; });
  if (found == std::end(kRoots)) return STATUS_INVALID_PARAMETER;
  resolved = found->path;
  if (!tail.empty()) resolved.append(u"\\").append(tail);
  return STATUS_SUCCESS;
}

bool is_string(ULONG type) {
  return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
}

// RTL_QUERY_REGISTRY_DIRECT with a string: into a buffer of the caller's, or one made for it.
NTSTATUS store_string(const registry::Value& value, UNICODE_STRING& string, const void* caller) {
  const std::size_t size = std::min<std::size_t>(value.data.size(), UNICODE_STRING_MAX_BYTES);
  if (string.Buffer == nullptr) {
    auto* buffer = static_cast<PWCH>(allocate_string(size, caller));
    if (buffer == nullptr) return STATUS_NO_MEMORY;
    string = {0, static_cast<USHORT>(size), buffer};
  }
  if (size > string.MaximumLength) return STATUS_BUFFER_TOO_SMALL;
  std::memcpy(string.Buffer, value.data.data(), size);
  const std::size_t zero = size >= sizeof(WCHAR) ? sizeof(WCHAR) : 0;  // Does not count.
  string.Length = static_cast<USHORT>(size - zero);
  return STATUS_SUCCESS;
}

// The same with anything else. What has more than four bytes goes where the first LONG says how
// much room there is: if negative, bare; if positive, behind its length and its type.
NTSTATUS store_bytes(const registry::Value& value, void* target) {
  const std::size_t size = value.data.size();
  if (size <= sizeof(ULONG)) {
    std::memcpy(target, value.data.data(), size);
    return STATUS_SUCCESS;
  }
  auto* bytes = static_cast<UCHAR*>(target);
  LONG room = 0;
  std::memcpy(&room, target, sizeof room);
  const std::size_t header = room < 0 ? 0 : 2 * sizeof(ULONG);
  const std::size_t available = room < 0 ? 0u - static_cast<ULONG>(room) : static_cast<ULONG>(room);
  if (available < header + size) return STATUS_BUFFER_TOO_SMALL;
  std::memcpy(bytes + header, value.data.data(), size);
  if (header == 0) return STATUS_SUCCESS;
  const ULONG words[] = {static_cast<ULONG>(size), value.type};
  std::memcpy(bytes, words, sizeof words);
  return STATUS_SUCCESS;
}

registry::Value default_of(const RTL_QUERY_REGISTRY_TABLE& entry) {
  registry::Value value{entry.Name, entry.DefaultType & ~RTL_QUERY_REGISTRY_TYPECHECK_MASK, {}};
  std::size_t size = entry.DefaultLength;
  if (size == 0 && entry.DefaultData != nullptr && is_string(value.type)) {
    size = (std::u16string_view(static_cast<PCWSTR>(entry.DefaultData)).size() + 1) * sizeof(WCHAR);
  }
  const auto* bytes = static_cast<const UCHAR*>(entry.DefaultData);
  if (bytes != nullptr) value.data.assign(bytes, bytes + size);
  return value;
}

// One walk through a driver's table.
class Query {
 public:
  Query(std::u16string top, void* context, const void* caller)
      : top_(std::move(top)), key_(top_), context_(context), caller_(caller) {}

  NTSTATUS run(const RTL_QUERY_REGISTRY_TABLE& entry) {
    if ((entry.Flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY)) != 0) key_ = top_;
    if ((entry.Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0) return enter_subkey(entry);
    if ((entry.Flags & RTL_QUERY_REGISTRY_NOVALUE) != 0) {
      return call(entry, {u"", REG_NONE, {}});
    }
    return entry.Name == nullptr ? every_value(entry) : named_value(entry);
  }

 private:
  NTSTATUS enter_subkey(const RTL_QUERY_REGISTRY_TABLE& entry) {
    if (entry.Name == nullptr) return STATUS_INVALID_PARAMETER;
    key_.append(u"\\").append(entry.Name);
    if (!registry::key_exists(key_)) {
      const bool required = (entry.Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0;
      return required ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
    }
    return entry.QueryRoutine == nullptr ? STATUS_SUCCESS : every_value(entry);
  }

  NTSTATUS every_value(const RTL_QUERY_REGISTRY_TABLE& entry) {
    registry::Value value;
    for (ULONG index = 0; NT_SUCCESS(registry::value_at(key_, index, value)); ++index) {
      const NTSTATUS status = deliver(entry, value);
      if (!NT_SUCCESS(status)) return status;
    }
    return STATUS_SUCCESS;
  }

  NTSTATUS named_value(const RTL_QUERY_REGISTRY_TABLE& entry) {
    registry::Value value;
    const NTSTATUS found = registry::get_value(key_, entry.Name, value);
    if (!NT_SUCCESS(found)) {
      if ((entry.Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0) return found;
      value = default_of(entry);
      if (value.type == REG_NONE) return STATUS_SUCCESS;
    }
    const NTSTATUS status = deliver(entry, value);
    if (NT_SUCCESS(status) && NT_SUCCESS(found) && (entry.Flags & RTL_QUERY_REGISTRY_DELETE) != 0) {
      return registry::delete_value(key_, entry.Name);
    }
    return status;
  }

  NTSTATUS deliver(const RTL_QUERY_REGISTRY_TABLE& entry, const registry::Value& value) {
    if ((entry.Flags & RTL_QUERY_REGISTRY_DIRECT) != 0) return store(entry, value);
    if (value.type == REG_MULTI_SZ && (entry.Flags & RTL_QUERY_REGISTRY_NOEXPAND) == 0) {
      return call_for_each_string(entry, value);
    }
    return call(entry, value);
  }

  NTSTATUS store(const RTL_QUERY_REGISTRY_TABLE& entry, const registry::Value& value) {
    const ULONG wanted = entry.DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
    if ((entry.Flags & RTL_QUERY_REGISTRY_TYPECHECK) != 0 && wanted != value.type) {
      return STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (is_string(value.type)) {
      return store_string(value, *static_cast<PUNICODE_STRING>(entry.EntryContext), caller_);
    }
    return store_bytes(value, entry.EntryContext);
  }

  NTSTATUS call_for_each_string(const RTL_QUERY_REGISTRY_TABLE& entry,
                                const registry::Value& value) {
    std::u16string all(value.data.size() / sizeof(char16_t), u'\0');
    std::memcpy(all.data(), value.data.data(), all.size() * sizeof(char16_t));
    for (std::size_t start = 0; start < all.size() && all[start] != 0;) {
      const std::size_t end = std::min(all.find(u'\0', start), all.size());
      registry::Value one{value.name, REG_SZ, {}};
      one.data.assign(reinterpret_cast<const UCHAR*>(all.data() + start),
                      reinterpret_cast<const UCHAR*>(all.c_str() + end + 1));
      const NTSTATUS status = call(entry, one);
      if (!NT_SUCCESS(status)) return status;
      start = end + 1;
    }
    return STATUS_SUCCESS;
  }

  // There are no environment variables to expand: a REG_EXPAND_SZ is handed over as it is.
  NTSTATUS call(const RTL_QUERY_REGISTRY_TABLE& entry, const registry::Value& value) {
    registry::Value copy = value;  // The routine may write to it.
    return upcall("QueryRoutine", entry.QueryRoutine, copy.name.data(), copy.type,
                  static_cast<PVOID>(copy.data.data()), static_cast<ULONG>(copy.data.size()),
                  context_, entry.EntryContext);
  }

  const std::u16string top_;
  std::u16string key_;
  void* const context_;
  const void* const caller_;
};

bool ends(const RTL_QUERY_REGISTRY_TABLE& entry) {
  return entry.QueryRoutine == nullptr && entry.Name == nullptr;
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

NTSTATUS RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path, PRTL_QUERY_REGISTRY_TABLE QueryTable,
                                PVOID Context, PVOID Environment) {
  (void)Environment;
  require_irql_at_most(PASSIVE_LEVEL, "RtlQueryRegistryValues");
  std::u16string path;
  NTSTATUS status = resolve(RelativeTo, Path, path);
  if (!NT_SUCCESS(status)) return status;
  const bool optional = (RelativeTo & RTL_REGISTRY_OPTIONAL) != 0;
  if (!optional && !registry::key_exists(path)) return STATUS_OBJECT_NAME_NOT_FOUND;
  Query query(std::move(path), Context, __builtin_return_address(0));
  for (; !ends(*QueryTable) && NT_SUCCESS(status); ++QueryTable) status = query.run(*QueryTable);
  return status;
}

// Makes the key if there is none.
NTSTATUS RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName, ULONG ValueType,
                               PVOID ValueData, ULONG ValueLength) {
  require_irql_at_most(PASSIVE_LEVEL, "RtlWriteRegistryValue");
  std::u16string path;
  NTSTATUS status = resolve(RelativeTo, Path, path);
  if (NT_SUCCESS(status)) status = registry::create_path(path);
  if (!NT_SUCCESS(status)) return status;
  const auto* bytes = static_cast<const UCHAR*>(ValueData);
  registry::Value value{ValueName, ValueType, {}};
  if (bytes != nullptr) value.data.assign(bytes, bytes + ValueLength);
  return registry::set_value(path, value);
}

NTSTATUS RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName) {
  require_irql_at_most(PASSIVE_LEVEL, "RtlDeleteRegistryValue");
  std::u16string path;
  const NTSTATUS status = resolve(RelativeTo, Path, path);
  return NT_SUCCESS(status) ? registry::delete_value(path, ValueName) : status;
}

NTSTATUS RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path) {
  require_irql_at_most(PASSIVE_LEVEL, "RtlCheckRegistryKey");
  std::u16string path;
  const NTSTATUS status = resolve(RelativeTo, Path, path);
  if (!NT_SUCCESS(status)) return status;
  return registry::key_exists(path) ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

}  // extern "C"
