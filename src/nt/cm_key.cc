// Key handles: ZwOpenKey and family over cm_registry.cc. A handle's object remembers the path of
// its key; access masks are not looked at, for every caller is the kernel.
#include "nt/cm_key.h"

#include <algorithm>
#include <cstring>

#include "nt/cm_registry.h"
#include "nt/irql.h"
#include "nt/ob_object.h"
#include "nt/rtl_string.h"

using namespace wskrun::nt;

namespace {

struct OpenKey {
  std::u16string path;
};

void destroy_key(void* body);

_OBJECT_TYPE key_type{"Key", destroy_key};

void destroy_key(void* body) {
  delete ObjectBox<OpenKey>::of(body);
}

std::u16string_view view_of(PCUNICODE_STRING string) {
  return string == nullptr ? std::u16string_view() : wskrun::nt::view_of(*string);
}

// A handle to the key at `path`, which exists.
HANDLE open(std::u16string path) {
  auto* box = new ObjectBox<OpenKey>(&key_type);
  box->body.path = std::move(path);
  const HANDLE handle = open_handle(&box->body);
  dereference_object(&box->body);  // The handle has its own reference.
  return handle;
}

// The full path that the attributes name, below their root directory if there is one.
NTSTATUS path_of(const OBJECT_ATTRIBUTES& attributes, std::u16string& path) {
  const std::u16string_view name = view_of(attributes.ObjectName);
  if (attributes.RootDirectory == nullptr) {
    path = name;
    return !name.empty() && name.front() == u'\\' ? STATUS_SUCCESS : STATUS_OBJECT_PATH_SYNTAX_BAD;
  }
  const NTSTATUS status = registry::path_of(attributes.RootDirectory, path);
  if (NT_SUCCESS(status) && !name.empty()) path.append(u"\\").append(name);
  return status;
}

}  // namespace

NTSTATUS wskrun::nt::registry::path_of(HANDLE handle, std::u16string& path) {
  void* body = nullptr;
  const NTSTATUS status = reference_by_handle(handle, &key_type, body);
  if (!NT_SUCCESS(status)) return status;
  path = static_cast<OpenKey*>(body)->path;
  dereference_object(body);
  return STATUS_SUCCESS;
}

namespace {

// Fills the caller's buffer as all the query functions do: too small for the fixed part, nothing is
// written; too small for all, what fits.
class Answer {
 public:
  Answer(void* buffer, ULONG size_bytes, ULONG fixed_bytes)
      : buffer_(static_cast<UCHAR*>(buffer)), size_(size_bytes), fixed_(fixed_bytes) {}

  template <typename T>
  void put(std::size_t offset, const T& field) {
    put_bytes(offset, &field, sizeof field);
  }
  void put_bytes(std::size_t offset, const void* bytes, std::size_t count) {
    needed_ = std::max(needed_, offset + count);
    if (size_ < fixed_ || offset >= size_ || count == 0) return;
    std::memcpy(buffer_ + offset, bytes, std::min(count, size_ - offset));
  }

  NTSTATUS finish(ULONG* result_bytes) const {
    *result_bytes = static_cast<ULONG>(needed_);
    if (size_ < fixed_) return STATUS_BUFFER_TOO_SMALL;
    return size_ < needed_ ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
  }

 private:
  UCHAR* const buffer_;
  const std::size_t size_;
  const std::size_t fixed_;
  std::size_t needed_ = 0;
};

ULONG bytes_of(const std::u16string& text) {
  return static_cast<ULONG>(text.size() * sizeof(char16_t));
}

NTSTATUS answer_basic(const registry::Value& value, void* buffer, ULONG size, ULONG* result) {
  using Information = KEY_VALUE_BASIC_INFORMATION;
  Answer answer(buffer, size, FIELD_OFFSET(Information, Name));
  answer.put(FIELD_OFFSET(Information, TitleIndex), ULONG{0});
  answer.put(FIELD_OFFSET(Information, Type), value.type);
  answer.put(FIELD_OFFSET(Information, NameLength), bytes_of(value.name));
  answer.put_bytes(FIELD_OFFSET(Information, Name), value.name.data(), bytes_of(value.name));
  return answer.finish(result);
}

NTSTATUS answer_partial(const registry::Value& value, void* buffer, ULONG size, ULONG* result) {
  using Information = KEY_VALUE_PARTIAL_INFORMATION;
  Answer answer(buffer, size, FIELD_OFFSET(Information, Data));
  answer.put(FIELD_OFFSET(Information, TitleIndex), ULONG{0});
  answer.put(FIELD_OFFSET(Information, Type), value.type);
  answer.put(FIELD_OFFSET(Information, DataLength), static_cast<ULONG>(value.data.size()));
  answer.put_bytes(FIELD_OFFSET(Information, Data), value.data.data(), value.data.size());
  return answer.finish(result);
}

NTSTATUS answer_full(const registry::Value& value, void* buffer, ULONG size, ULONG* result) {
  using Information = KEY_VALUE_FULL_INFORMATION;
  const ULONG name_end = FIELD_OFFSET(Information, Name) + bytes_of(value.name);
  const ULONG data_offset = (name_end + 7) & ~ULONG{7};
  Answer answer(buffer, size, FIELD_OFFSET(Information, Name));
  answer.put(FIELD_OFFSET(Information, TitleIndex), ULONG{0});
  answer.put(FIELD_OFFSET(Information, Type), value.type);
  answer.put(FIELD_OFFSET(Information, DataOffset), data_offset);
  answer.put(FIELD_OFFSET(Information, DataLength), static_cast<ULONG>(value.data.size()));
  answer.put(FIELD_OFFSET(Information, NameLength), bytes_of(value.name));
  answer.put_bytes(FIELD_OFFSET(Information, Name), value.name.data(), bytes_of(value.name));
  answer.put_bytes(data_offset, value.data.data(), value.data.size());
  return answer.finish(result);
}

NTSTATUS answer_value(const registry::Value& value, KEY_VALUE_INFORMATION_CLASS kind, void* buffer,
                      ULONG size, ULONG* result) {
  switch (kind) {
    case KeyValueBasicInformation:
      return answer_basic(value, buffer, size, result);
    case KeyValueFullInformation:
      return answer_full(value, buffer, size, result);
    case KeyValuePartialInformation:
      return answer_partial(value, buffer, size, result);
    default:
      return STATUS_NOT_IMPLEMENTED;
  }
}

}  // namespace

extern "C" {

NTSTATUS ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                   POBJECT_ATTRIBUTES ObjectAttributes) {
  (void)DesiredAccess;
  require_irql_at_most(PASSIVE_LEVEL, "ZwOpenKey");
  std::u16string path;
  const NTSTATUS status = path_of(*ObjectAttributes, path);
  if (!NT_SUCCESS(status)) return status;
  if (!registry::key_exists(path)) return STATUS_OBJECT_NAME_NOT_FOUND;
  *KeyHandle = open(std::move(path));
  return STATUS_SUCCESS;
}

NTSTATUS ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                     POBJECT_ATTRIBUTES ObjectAttributes, ULONG TitleIndex, PUNICODE_STRING Class,
                     ULONG CreateOptions, PULONG Disposition) {
  (void)DesiredAccess;
  (void)TitleIndex;
  (void)Class;
  (void)CreateOptions;  // Every key is volatile here.
  require_irql_at_most(PASSIVE_LEVEL, "ZwCreateKey");
  std::u16string path;
  bool created = false;
  NTSTATUS status = path_of(*ObjectAttributes, path);
  if (NT_SUCCESS(status)) status = registry::create_key(path, created);
  if (!NT_SUCCESS(status)) return status;
  if (Disposition != nullptr) {
    *Disposition = created ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY;
  }
  *KeyHandle = open(std::move(path));
  return STATUS_SUCCESS;
}

NTSTATUS ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                         KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                         PVOID KeyValueInformation, ULONG Length, PULONG ResultLength) {
  require_irql_at_most(PASSIVE_LEVEL, "ZwQueryValueKey");
  std::u16string path;
  registry::Value value;
  NTSTATUS status = registry::path_of(KeyHandle, path);
  if (NT_SUCCESS(status)) status = registry::get_value(path, view_of(ValueName), value);
  if (!NT_SUCCESS(status)) return status;
  return answer_value(value, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSTATUS ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index,
                             KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                             PVOID KeyValueInformation, ULONG Length, PULONG ResultLength) {
  require_irql_at_most(PASSIVE_LEVEL, "ZwEnumerateValueKey");
  std::u16string path;
  registry::Value value;
  NTSTATUS status = registry::path_of(KeyHandle, path);
  if (NT_SUCCESS(status)) status = registry::value_at(path, Index, value);
  if (!NT_SUCCESS(status)) return status;
  return answer_value(value, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSTATUS ZwEnumerateKey(HANDLE KeyHandle, ULONG Index, KEY_INFORMATION_CLASS KeyInformationClass,
                        PVOID KeyInformation, ULONG Length, PULONG ResultLength) {
  require_irql_at_most(PASSIVE_LEVEL, "ZwEnumerateKey");
  if (KeyInformationClass != KeyBasicInformation) return STATUS_NOT_IMPLEMENTED;
  std::u16string path;
  std::u16string name;
  NTSTATUS status = registry::path_of(KeyHandle, path);
  if (NT_SUCCESS(status)) status = registry::subkey_at(path, Index, name);
  if (!NT_SUCCESS(status)) return status;
  using Information = KEY_BASIC_INFORMATION;
  Answer answer(KeyInformation, Length, FIELD_OFFSET(Information, Name));
  answer.put(FIELD_OFFSET(Information, LastWriteTime), LARGE_INTEGER{});  // Not kept.
  answer.put(FIELD_OFFSET(Information, TitleIndex), ULONG{0});
  answer.put(FIELD_OFFSET(Information, NameLength), bytes_of(name));
  answer.put_bytes(FIELD_OFFSET(Information, Name), name.data(), bytes_of(name));
  return answer.finish(ResultLength);
}

NTSTATUS ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex, ULONG Type,
                       PVOID Data, ULONG DataSize) {
  (void)TitleIndex;
  require_irql_at_most(PASSIVE_LEVEL, "ZwSetValueKey");
  std::u16string path;
  const NTSTATUS status = registry::path_of(KeyHandle, path);
  if (!NT_SUCCESS(status)) return status;
  const auto* bytes = static_cast<const UCHAR*>(Data);
  registry::Value value{std::u16string(view_of(ValueName)), Type, {}};
  if (bytes != nullptr) value.data.assign(bytes, bytes + DataSize);
  return registry::set_value(path, value);
}

NTSTATUS ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName) {
  require_irql_at_most(PASSIVE_LEVEL, "ZwDeleteValueKey");
  std::u16string path;
  const NTSTATUS status = registry::path_of(KeyHandle, path);
  return NT_SUCCESS(status) ? registry::delete_value(path, view_of(ValueName)) : status;
}

NTSTATUS ZwDeleteKey(HANDLE KeyHandle) {
  require_irql_at_most(PASSIVE_LEVEL, "ZwDeleteKey");
  std::u16string path;
  const NTSTATUS status = registry::path_of(KeyHandle, path);
  return NT_SUCCESS(status) ? registry::delete_key(path) : status;
}

// The driver's parameters; their key is made if there is none.
NTSTATUS IoOpenDriverRegistryKey(PDRIVER_OBJECT DriverObject, DRIVER_REGKEY_TYPE RegKeyType,
                                 ACCESS_MASK DesiredAccess, ULONG Flags, PHANDLE DriverRegKey) {
  (void)DesiredAccess;
  require_irql_at_most(PASSIVE_LEVEL, "IoOpenDriverRegistryKey");
  if (Flags != 0) return STATUS_INVALID_PARAMETER_4;
  if (RegKeyType != DriverRegKeyParameters) return STATUS_NOT_IMPLEMENTED;
  std::u16string path(registry::kServices);
  path.append(u"\\").append(view_of(&DriverObject->DriverExtension->ServiceKeyName));
  path.append(u"\\Parameters");
  const NTSTATUS status = registry::create_path(path);
  if (NT_SUCCESS(status)) *DriverRegKey = open(std::move(path));
  return status;
}

}  // extern "C"
