// A sorted map from upper case paths to keys: what lies below a key follows it in the map.
#include "nt/cm_registry.h"

#include <algorithm>
#include <map>

#include "base/mutex.h"
#include "nt/rtl_case.h"

namespace wskrun::nt::registry {
namespace {

constexpr std::size_t kMostKeys = 65536;
constexpr std::size_t kMostValues = 65536;      // Of one key.
constexpr std::size_t kLargestValue = 1 << 20;  // Bytes.

struct Key {
  std::u16string name;  // The last part of its path, as it was written first.
  std::vector<Value> values;
};

using Keys = std::map<std::u16string, Key>;

struct Store {
  base::Mutex mutex;
  Keys keys GUARDED_BY(mutex);
};

std::u16string_view last_part(std::u16string_view path) {
  return path.substr(path.rfind(u'\\') + 1);
}

std::u16string_view parent_of(std::u16string_view path) {
  return path.substr(0, path.rfind(u'\\'));
}

// "\A\B\" names the same key as "\A\B".
std::u16string normalized(std::u16string_view path) {
  while (!path.empty() && path.back() == u'\\') path.remove_suffix(1);
  return upcased(path);
}

void insert_path(Keys& keys, std::u16string_view path) {
  for (std::size_t end = path.find(u'\\', 1);; end = path.find(u'\\', end + 1)) {
    const std::u16string_view part = path.substr(0, end);
    keys.try_emplace(upcased(part), Key{std::u16string(last_part(part)), {}});
    if (end == std::u16string_view::npos) return;
  }
}

Store& store() {
  static Store* const instance = [] {
    auto* made = new Store;
    base::MutexLock lock(made->mutex);
    insert_path(made->keys, kServices);
    insert_path(made->keys, u"\\Registry\\Machine\\System\\CurrentControlSet\\Control");
    insert_path(made->keys, u"\\Registry\\Machine\\Software");
    return made;
  }();
  return *instance;
}

Key* find_key(Keys& keys, std::u16string_view path) {
  const auto found = keys.find(normalized(path));
  return found == keys.end() ? nullptr : &found->second;
}

Value* find_value(Key& key, std::u16string_view name) {
  const std::u16string wanted = upcased(name);
  const auto found = std::find_if(key.values.begin(), key.values.end(), [&](const Value& value) {
    return upcased(value.name) == wanted;
  });
  return found == key.values.end() ? nullptr : &*found;
}

// The part of the map below the key at `path`, which is normalised. '\\' + 1 ends the subtree.
std::pair<Keys::iterator, Keys::iterator> below(Keys& keys, const std::u16string& path) {
  return {keys.lower_bound(path + u'\\'), keys.lower_bound(path + char16_t{u'\\' + 1})};
}

}  // namespace

bool key_exists(std::u16string_view path) {
  base::MutexLock lock(store().mutex);
  return find_key(store().keys, path) != nullptr;
}

NTSTATUS create_key(std::u16string_view path, bool& created) {
  base::MutexLock lock(store().mutex);
  Keys& keys = store().keys;
  const std::u16string wanted = normalized(path);
  created = false;
  if (keys.count(wanted) != 0) return STATUS_SUCCESS;
  if (keys.count(std::u16string(parent_of(wanted))) == 0) return STATUS_OBJECT_NAME_NOT_FOUND;
  if (keys.size() >= kMostKeys) return STATUS_INSUFFICIENT_RESOURCES;
  const std::u16string_view name = last_part(path.substr(0, wanted.size()));
  keys.emplace(wanted, Key{std::u16string(name), {}});
  created = true;
  return STATUS_SUCCESS;
}

NTSTATUS create_path(std::u16string_view path) {
  base::MutexLock lock(store().mutex);
  if (store().keys.size() >= kMostKeys) return STATUS_INSUFFICIENT_RESOURCES;
  insert_path(store().keys, path);
  return STATUS_SUCCESS;
}

NTSTATUS delete_key(std::u16string_view path) {
  base::MutexLock lock(store().mutex);
  Keys& keys = store().keys;
  const std::u16string wanted = normalized(path);
  const auto [first, last] = below(keys, wanted);
  if (first != last) return STATUS_CANNOT_DELETE;
  return keys.erase(wanted) != 0 ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

void delete_tree(std::u16string_view path) {
  base::MutexLock lock(store().mutex);
  Keys& keys = store().keys;
  const std::u16string wanted = normalized(path);
  const auto [first, last] = below(keys, wanted);
  keys.erase(first, last);
  keys.erase(wanted);
}

NTSTATUS subkey_at(std::u16string_view path, ULONG index, std::u16string& name) {
  base::MutexLock lock(store().mutex);
  Keys& keys = store().keys;
  const std::u16string wanted = normalized(path);
  if (keys.count(wanted) == 0) return STATUS_OBJECT_NAME_NOT_FOUND;
  const auto [first, last] = below(keys, wanted);
  for (auto key = first; key != last; ++key) {
    if (parent_of(key->first) != wanted || index-- != 0) continue;
    name = key->second.name;
    return STATUS_SUCCESS;
  }
  return STATUS_NO_MORE_ENTRIES;
}

NTSTATUS set_value(std::u16string_view path, const Value& value) {
  base::MutexLock lock(store().mutex);
  Key* key = find_key(store().keys, path);
  if (key == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
  if (value.data.size() > kLargestValue) return STATUS_INSUFFICIENT_RESOURCES;
  if (Value* present = find_value(*key, value.name)) {
    present->type = value.type;
    present->data = value.data;
    return STATUS_SUCCESS;
  }
  if (key->values.size() >= kMostValues) return STATUS_INSUFFICIENT_RESOURCES;
  key->values.push_back(value);
  return STATUS_SUCCESS;
}

NTSTATUS get_value(std::u16string_view path, std::u16string_view name, Value& value) {
  base::MutexLock lock(store().mutex);
  Key* key = find_key(store().keys, path);
  const Value* present = key == nullptr ? nullptr : find_value(*key, name);
  if (present == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
  value = *present;
  return STATUS_SUCCESS;
}

NTSTATUS value_at(std::u16string_view path, ULONG index, Value& value) {
  base::MutexLock lock(store().mutex);
  const Key* key = find_key(store().keys, path);
  if (key == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
  if (index >= key->values.size()) return STATUS_NO_MORE_ENTRIES;
  value = key->values[index];
  return STATUS_SUCCESS;
}

NTSTATUS delete_value(std::u16string_view path, std::u16string_view name) {
  base::MutexLock lock(store().mutex);
  Key* key = find_key(store().keys, path);
  Value* present = key == nullptr ? nullptr : find_value(*key, name);
  if (present == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
  key->values.erase(key->values.begin() + (present - key->values.data()));
  return STATUS_SUCCESS;
}

}  // namespace wskrun::nt::registry
