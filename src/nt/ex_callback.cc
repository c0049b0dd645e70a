// Callback objects: functions under a name. The system's own are there and are never notified: what
// they tell of, a new time, power state or processor, does not happen here.
#include <map>
#include <new>
#include <string>

#include "base/list.h"
#include "base/mutex.h"
#include "nt/block.h"
#include "nt/ob_object.h"
#include "nt/rtl_case.h"
#include "nt/rtl_string.h"
#include "nt/upcall.h"

namespace wskrun::nt {
namespace {

constexpr std::uint32_t kRegistrationTag = 'gRbC';

struct Registration {
  base::Link link;
  PCALLBACK_OBJECT object;
  PCALLBACK_FUNCTION function;
  PVOID context;
  unsigned running = 0;  // Notifications that are in the function.
  bool leaving = false;  // No further one begins.
  KEVENT idle;           // Leaving, and the last one has left.
};

}  // namespace
}  // namespace wskrun::nt

// The WDK's opaque type.
struct _CALLBACK_OBJECT {
  std::u16string name;
  bool allows_many;
  wskrun::base::List<wskrun::nt::Registration, &wskrun::nt::Registration::link> registrations;
};

namespace wskrun::nt {
namespace {

using Object = _CALLBACK_OBJECT;

// Guards the names and what all objects hold: callbacks are too rare for more.
struct Names {
  base::Mutex mutex;
  std::map<std::u16string, Object*> objects GUARDED_BY(mutex);
  Names();
};

Names& names() {
  static Names* const instance = new Names;  // Outlives static destruction.
  return *instance;
}

void destroy_object(void* body) {
  auto& object = *static_cast<Object*>(body);
  {
    base::MutexLock lock(names().mutex);
    const auto found = names().objects.find(object.name);
    if (found != names().objects.end() && found->second == &object) names().objects.erase(found);
  }
  delete ObjectBox<Object>::of(body);
}

_OBJECT_TYPE callback_type{"Callback", destroy_object};

Object* make_object(std::u16string name, bool allows_many) {
  auto* box = new ObjectBox<Object>(&callback_type);
  box->body.name = std::move(name);
  box->body.allows_many = allows_many;
  return &box->body;
}

Names::Names() {
  for (const char16_t* name :
       {u"\\Callback\\SetSystemTime", u"\\Callback\\PowerState", u"\\Callback\\ProcessorAdd"}) {
    objects.emplace(upcased(name), make_object(upcased(name), true));
  }
}

// False: the last reference has gone, the object is about to.
bool try_reference(Object& object) {
  auto& references = object_header(&object).references;
  LONG_PTR count = references.load(std::memory_order_relaxed);
  while (count > 0) {
    if (references.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

NTSTATUS open_or_create(const OBJECT_ATTRIBUTES& attributes, bool create, bool allows_many,
                        Object*& object) {
  const std::u16string name = upcased(view_of(*attributes.ObjectName));
  base::MutexLock lock(names().mutex);
  const auto found = names().objects.find(name);
  if (found != names().objects.end() && try_reference(*found->second)) {
    object = found->second;
    return STATUS_SUCCESS;
  }
  if (!create) return STATUS_OBJECT_NAME_NOT_FOUND;
  object = make_object(name, allows_many);
  if ((attributes.Attributes & OBJ_PERMANENT) != 0) reference_object(object);
  names().objects.insert_or_assign(name, object);
  return STATUS_SUCCESS;
}

Registration* make_registration(Object& object, PCALLBACK_FUNCTION function, PVOID context,
                                const void* caller) {
  void* memory = allocate_block({.holding = Holding::kPool,
                                 .size_bytes = sizeof(Registration),
                                 .tag = kRegistrationTag,
                                 .allocated_by = caller,
                                 .zeroed = false});
  if (memory == nullptr) return nullptr;
  auto* registration = new (memory) Registration;
  registration->object = &object;
  registration->function = function;
  registration->context = context;
  KeInitializeEvent(&registration->idle, NotificationEvent, FALSE);
  return registration;
}

bool add(Registration& registration) {
  Object& object = *registration.object;
  base::MutexLock lock(names().mutex);
  if (!object.allows_many && !object.registrations.empty()) return false;
  object.registrations.push_back(registration);
  reference_object(&object);
  return true;
}

// The first registration from `from` on that takes notifications, entered.
Registration* enter_locked(Object& object, Registration* from) REQUIRES(names().mutex) {
  while (from != nullptr && from->leaving) from = object.registrations.next(*from);
  if (from != nullptr) ++from->running;
  return from;
}

void notify(Object& object, PVOID argument1, PVOID argument2) {
  base::MutexLock lock(names().mutex);
  Registration* current = enter_locked(object, object.registrations.front());
  while (current != nullptr) {
    lock.unlock();
    upcall("CallbackFunction", current->function, current->context, argument1, argument2);
    lock.lock();
    Registration* next = enter_locked(object, object.registrations.next(*current));
    if (--current->running == 0 && current->leaving) {
      lock.unlock();
      KeSetEvent(&current->idle, IO_NO_INCREMENT, FALSE);
      lock.lock();
    }
    current = next;
  }
}

void remove(Registration& registration) {
  bool is_running = false;
  {
    base::MutexLock lock(names().mutex);
    registration.leaving = true;
    is_running = registration.running != 0;
  }
  if (is_running) {
    KeWaitForSingleObject(&registration.idle, Executive, KernelMode, FALSE, nullptr);
  }
  base::MutexLock lock(names().mutex);
  registration.object->registrations.remove(registration);
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

NTSTATUS ExCreateCallback(PCALLBACK_OBJECT* CallbackObject, POBJECT_ATTRIBUTES ObjectAttributes,
                          BOOLEAN Create, BOOLEAN AllowMultipleCallbacks) {
  require_irql_at_most(PASSIVE_LEVEL, "ExCreateCallback");
  *CallbackObject = nullptr;
  if (ObjectAttributes->ObjectName == nullptr || ObjectAttributes->ObjectName->Length == 0) {
    return STATUS_UNSUCCESSFUL;
  }
  return open_or_create(*ObjectAttributes, Create != FALSE, AllowMultipleCallbacks != FALSE,
                        *CallbackObject);
}

PVOID ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction,
                         PVOID CallbackContext) {
  require_irql_at_most(APC_LEVEL, "ExRegisterCallback");
  Registration* registration = make_registration(*CallbackObject, CallbackFunction, CallbackContext,
                                                 __builtin_return_address(0));
  if (registration == nullptr || add(*registration)) return registration;
  free_block(registration);
  return nullptr;
}

VOID ExUnregisterCallback(PVOID CallbackRegistration) {
  require_irql_at_most(APC_LEVEL, "ExUnregisterCallback");
  require_block(CallbackRegistration, Holding::kPool, "ExUnregisterCallback");
  auto& registration = *static_cast<Registration*>(CallbackRegistration);
  const PCALLBACK_OBJECT object = registration.object;
  remove(registration);
  free_block(&registration);
  dereference_object(object);
}

VOID ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2) {
  require_irql_at_most(DISPATCH_LEVEL, "ExNotifyCallback");
  notify(*static_cast<PCALLBACK_OBJECT>(CallbackObject), Argument1, Argument2);
}

}  // extern "C"
