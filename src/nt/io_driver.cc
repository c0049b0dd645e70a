// Making, starting and unloading drivers, and the extensions that drivers keep with their object.
#include "nt/io_driver.h"

#include <cstring>

#include "base/check.h"
#include "base/mutex.h"
#include "nt/block.h"
#include "nt/cm_registry.h"
#include "nt/io_device.h"
#include "nt/ob_object.h"
#include "nt/upcall.h"
#include "nt/utf.h"

namespace wskrun::nt {
namespace {

struct Extension {
  const void* identification;
  void* memory;  // A pool block.
};

// A DRIVER_OBJECT and what it points to. Drivers may hold references to it.
struct DriverBody {
  DRIVER_OBJECT object = {};
  DRIVER_EXTENSION extension = {};
  std::u16string service_name;
  std::u16string object_name;
  base::Mutex mutex;
  std::vector<Extension> extensions GUARDED_BY(mutex);
};

void destroy_driver(void* body) {
  delete ObjectBox<DriverBody>::of(body);
}

_OBJECT_TYPE driver_type{"Driver", destroy_driver};

DriverBody& body_of(PDRIVER_OBJECT object) {
  return *reinterpret_cast<DriverBody*>(object);
}

NTSTATUS invalid_device_request(PDEVICE_OBJECT, PIRP irp) {
  irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
  irp->IoStatus.Information = 0;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return STATUS_INVALID_DEVICE_REQUEST;
}

// `text` must live as long as the result.
UNICODE_STRING string_over(std::u16string& text) {
  const auto size_bytes = static_cast<USHORT>(text.size() * sizeof(char16_t));
  return {size_bytes, static_cast<USHORT>(size_bytes + sizeof(char16_t)), text.data()};
}

PDRIVER_OBJECT make_object(std::u16string name, PDRIVER_INITIALIZE entry) {
  auto* box = new ObjectBox<DriverBody>(&driver_type);
  DriverBody& body = box->body;
  body.service_name = std::move(name);
  body.object_name = u"\\Driver\\" + body.service_name;
  body.object.Type = IO_TYPE_DRIVER;
  body.object.Size = sizeof(DRIVER_OBJECT);
  body.object.DriverExtension = &body.extension;
  body.object.DriverName = string_over(body.object_name);
  body.object.DriverInit = entry;
  for (PDRIVER_DISPATCH& function : body.object.MajorFunction) function = invalid_device_request;
  body.extension.DriverObject = &body.object;
  body.extension.ServiceKeyName = string_over(body.service_name);
  return &body.object;
}

registry::Value value_of(const DriverParameter& parameter, std::u16string name) {
  const auto bytes_of = [](const void* data, std::size_t size_bytes) {
    const auto* bytes = static_cast<const UCHAR*>(data);
    return std::vector<UCHAR>(bytes, bytes + size_bytes);
  };
  if (parameter.text.has_value()) {
    const std::u16string text = to_utf16(*parameter.text);
    return {std::move(name), REG_SZ, bytes_of(text.c_str(), (text.size() + 1) * sizeof(char16_t))};
  }
  const bool wide = parameter.number > MAXULONG;
  return {std::move(name), static_cast<ULONG>(wide ? REG_QWORD : REG_DWORD),
          bytes_of(&parameter.number, wide ? sizeof(ULONGLONG) : sizeof(ULONG))};
}

std::u16string service_key(std::string_view name) {
  const std::u16string_view services = registry::kServices;
  std::u16string path;
  path.reserve(services.size() + 1 + name.size());
  return path.append(services).append(1, u'\\').append(to_utf16(name));
}

void store(const std::u16string& key_path, const DriverParameter& parameter) {
  std::u16string path = key_path + u'\\' + to_utf16(parameter.name);
  const std::size_t split = path.rfind(u'\\');
  const std::u16string name = path.substr(split + 1);
  path.resize(split);
  CHECK(NT_SUCCESS(registry::create_path(path)));
  CHECK(NT_SUCCESS(registry::set_value(path, value_of(parameter, name))));
}

}  // namespace

Driver::Driver(std::string_view name, PDRIVER_INITIALIZE entry,
               const std::vector<DriverParameter>& parameters)
    : key_path_(service_key(name)), object_(make_object(to_utf16(name), entry)) {
  CHECK(NT_SUCCESS(registry::create_path(key_path_)));
  for (const DriverParameter& parameter : parameters) store(key_path_, parameter);
}

Driver::~Driver() {
  registry::delete_tree(key_path_);
  forget_devices(*object_);
  DriverBody& body = body_of(object_);
  std::vector<Extension> extensions;
  {
    base::MutexLock lock(body.mutex);
    extensions.swap(body.extensions);
  }
  for (const Extension& extension : extensions) free_block(extension.memory);
  dereference_object(&body);
}

NTSTATUS Driver::start() {
  std::u16string path = key_path_;  // A buffer of its own, so that a late use is seen.
  UNICODE_STRING registry_path = string_over(path);
  const IrqlScope passive(PASSIVE_LEVEL);
  const NTSTATUS status = upcall("DriverEntry", object_->DriverInit, object_, &registry_path);
  devices_are_ready(*object_);
  return status;
}

bool Driver::unload() {
  CHECK(can_unload());
  const IrqlScope passive(PASSIVE_LEVEL);
  if (!begin_unload(*object_)) return false;
  upcall("DriverUnload", object_->DriverUnload, object_);
  return true;
}

}  // namespace wskrun::nt

using namespace wskrun;
using namespace wskrun::nt;

extern "C" {

NTSTATUS IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                         PVOID ClientIdentificationAddress,
                                         ULONG DriverObjectExtensionSize,
                                         PVOID* DriverObjectExtension) {
  *DriverObjectExtension = nullptr;
  DriverBody& body = body_of(DriverObject);
  base::MutexLock lock(body.mutex);
  for (const Extension& extension : body.extensions) {
    if (extension.identification == ClientIdentificationAddress) {
      return STATUS_OBJECT_NAME_COLLISION;
    }
  }
  void* memory = allocate_block({.holding = Holding::kPool,
                                 .size_bytes = DriverObjectExtensionSize,
                                 .tag = 'virD',
                                 .allocated_by = __builtin_return_address(0),
                                 .zeroed = true});
  if (memory == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  body.extensions.push_back({ClientIdentificationAddress, memory});
  *DriverObjectExtension = memory;
  return STATUS_SUCCESS;
}

PVOID IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress) {
  DriverBody& body = body_of(DriverObject);
  base::MutexLock lock(body.mutex);
  for (const Extension& extension : body.extensions) {
    if (extension.identification == ClientIdentificationAddress) return extension.memory;
  }
  return nullptr;
}

}  // extern "C"
