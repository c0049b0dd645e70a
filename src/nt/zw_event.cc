// Events by their handles: a KEVENT that the object manager owns. Names they have none.
#include <wdm.h>

#include <new>

#include "nt/irql.h"
#include "nt/ob_object.h"

namespace wskrun::nt {
namespace {

using EventBox = ObjectBox<KEVENT>;

_OBJECT_TYPE event_type = {"Event", [](void* body) { delete EventBox::of(body); }};
POBJECT_TYPE event_type_pointer = &event_type;

// No function makes one; a handle never is one.
_OBJECT_TYPE semaphore_type = {"Semaphore", [](void*) {}};
POBJECT_TYPE semaphore_type_pointer = &semaphore_type;

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

POBJECT_TYPE* ExEventObjectType = &event_type_pointer;
POBJECT_TYPE* ExSemaphoreObjectType = &semaphore_type_pointer;

NTSTATUS ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                       POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
                       BOOLEAN InitialState) {
  (void)DesiredAccess;  // The kernel has all access.
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  if (EventType != NotificationEvent && EventType != SynchronizationEvent) {
    return STATUS_INVALID_PARAMETER_4;
  }
  if (ObjectAttributes != nullptr && ObjectAttributes->ObjectName != nullptr) {
    return STATUS_NOT_SUPPORTED;
  }
  auto* const box = new (std::nothrow) EventBox(&event_type);
  if (box == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  KeInitializeEvent(&box->body, EventType, InitialState);
  *EventHandle = open_handle(&box->body);
  dereference_object(&box->body);  // The handle has its own.
  return STATUS_SUCCESS;
}

NTSTATUS ZwSetEvent(HANDLE EventHandle, PLONG PreviousState) {
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  const Referenced object(EventHandle, &event_type);
  if (!NT_SUCCESS(object.status())) return object.status();
  const LONG before = KeSetEvent(static_cast<PKEVENT>(object.body()), IO_NO_INCREMENT, FALSE);
  if (PreviousState != nullptr) *PreviousState = before;
  return STATUS_SUCCESS;
}

}  // extern "C"
