// Names of devices and IoCreateSymbolicLink. There is one namespace, without sessions: \DosDevices,
// \GLOBAL?? and \??\Global are all \??.
#include "nt/io_name.h"

#include <map>

#include "base/mutex.h"
#include "nt/irql.h"
#include "nt/ob_object.h"
#include "nt/rtl_case.h"
#include "nt/rtl_string.h"

namespace wskrun::nt {
namespace {

constexpr unsigned kMaxLinks = 32;  // On the way to one device: links may lead in a circle.

struct Names {
  base::Mutex mutex;
  // By canonical name in upper case.
  std::map<std::u16string, PDEVICE_OBJECT> devices GUARDED_BY(mutex);
  std::map<std::u16string, std::u16string> links GUARDED_BY(mutex);
};

Names& names() {
  static Names* const instance = new Names;  // Outlives static destruction.
  return *instance;
}

struct PrefixRow {
  std::u16string_view written;
  std::u16string_view meant;
};

constexpr PrefixRow kPrefixes[] = {
    {u"\\DOSDEVICES\\", u"\\?\?\\"},
    {u"\\GLOBAL?\?\\", u"\\?\?\\"},
    {u"\\?\?\\GLOBAL\\", u"\\?\?\\"},
    {u"\\?\?\\GLOBALROOT\\", u"\\"},
};

bool replace_prefix(std::u16string& path) {
  for (const PrefixRow& row : kPrefixes) {
    if (upcased(std::u16string_view(path).substr(0, row.written.size())) != row.written) continue;
    path.replace(0, row.written.size(), row.meant);
    return true;
  }
  return false;
}

std::u16string canonical(std::u16string_view text) {
  std::u16string path(text);
  while (replace_prefix(path)) continue;
  return path;
}

std::u16string key_of(std::u16string_view name) {
  return upcased(canonical(name));
}

// One step along `path`: to a device, or by a link to another path. False: it leads nowhere.
bool follow_locked(std::u16string& path, FoundDevice& found) REQUIRES(names().mutex) {
  for (std::size_t end = path.size(); end != std::u16string::npos && end != 0;
       end = path.rfind(u'\\', end - 1)) {
    const std::u16string key = upcased(std::u16string_view(path).substr(0, end));
    if (const auto device = names().devices.find(key); device != names().devices.end()) {
      reference_object(device->second);
      found = {device->second, path.substr(end)};
      return true;
    }
    if (const auto link = names().links.find(key); link != names().links.end()) {
      path = canonical(link->second + path.substr(end));
      return true;
    }
  }
  return false;
}

}  // namespace

bool give_device_name(DEVICE_OBJECT& device, std::u16string_view name) {
  base::MutexLock lock(names().mutex);
  return names().devices.emplace(key_of(name), &device).second;
}

void remove_device_name(const DEVICE_OBJECT& device) {
  base::MutexLock lock(names().mutex);
  for (auto entry = names().devices.begin(); entry != names().devices.end(); ++entry) {
    if (entry->second != &device) continue;
    names().devices.erase(entry);
    return;
  }
}

NTSTATUS find_device(std::u16string_view path, FoundDevice& found) {
  std::u16string left = canonical(path);
  base::MutexLock lock(names().mutex);
  for (unsigned links = 0; links <= kMaxLinks; ++links) {
    if (!follow_locked(left, found)) break;
    if (found.device != nullptr) return STATUS_SUCCESS;
  }
  return STATUS_OBJECT_NAME_NOT_FOUND;
}

std::u16string path_of_user_name(std::u16string_view name) {
  for (const std::u16string_view prefix : {u"\\\\.\\", u"\\\\?\\"}) {
    if (name.substr(0, prefix.size()) != prefix) continue;
    return u"\\?\?\\" + std::u16string(name.substr(prefix.size()));
  }
  if (!name.empty() && name.front() == u'\\') return std::u16string(name);
  return u"\\?\?\\" + std::u16string(name);
}

}  // namespace wskrun::nt

using namespace wskrun;
using namespace wskrun::nt;

extern "C" {

NTSTATUS IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName) {
  require_irql_at_most(PASSIVE_LEVEL, "IoCreateSymbolicLink");
  std::u16string target(view_of(*DeviceName));
  base::MutexLock lock(names().mutex);
  const bool created =
      names().links.emplace(key_of(view_of(*SymbolicLinkName)), std::move(target)).second;
  return created ? STATUS_SUCCESS : STATUS_OBJECT_NAME_COLLISION;
}

NTSTATUS IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName) {
  require_irql_at_most(PASSIVE_LEVEL, "IoDeleteSymbolicLink");
  base::MutexLock lock(names().mutex);
  const bool deleted = names().links.erase(key_of(view_of(*SymbolicLinkName))) != 0;
  return deleted ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

}  // extern "C"
