// References and handles: ObReferenceObject and family, ZwClose. Objects themselves are made by
// their owners (ps_thread.cc makes threads).
#include <unordered_map>

#include "base/mutex.h"
#include "nt/irql.h"
#include "nt/ob_object.h"
#include "nt/ps_thread.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

class HandleTable {
 public:
  HANDLE insert(void* body) {
    base::MutexLock lock(mutex_);
    next_ += 4;  // As on Windows; the two low bits are the holder's.
    objects_.emplace(next_, body);
    return reinterpret_cast<HANDLE>(next_);
  }

  // The object, with a reference for the caller; nullptr for a handle that names none.
  void* reference(HANDLE handle) {
    base::MutexLock lock(mutex_);
    const auto found = objects_.find(key(handle));
    if (found == objects_.end()) return nullptr;
    reference_object(found->second);
    return found->second;
  }

  // Ends the handle; the caller gets the reference that it held.
  void* remove(HANDLE handle) {
    base::MutexLock lock(mutex_);
    const auto found = objects_.find(key(handle));
    if (found == objects_.end()) return nullptr;
    void* body = found->second;
    objects_.erase(found);
    return body;
  }

 private:
  static std::uintptr_t key(HANDLE handle) {
    return reinterpret_cast<std::uintptr_t>(handle) & ~std::uintptr_t{3};
  }

  base::Mutex mutex_;
  std::unordered_map<std::uintptr_t, void*> objects_ GUARDED_BY(mutex_);
  std::uintptr_t next_ GUARDED_BY(mutex_) = 0;
};

HandleTable& handles() {
  static HandleTable* const instance = new HandleTable;  // Threads may use it until the very end.
  return *instance;
}

// The handles that name the caller itself: -1 is the process, -2 the thread.
void* pseudo_handle(HANDLE handle) {
  if (handle == NtCurrentProcess()) return PsInitialSystemProcess;
  if (handle == NtCurrentThread()) return &current_thread();
  return nullptr;
}

void* reference_any_handle(HANDLE handle) {
  if (void* body = pseudo_handle(handle)) {
    reference_object(body);
    return body;
  }
  return handles().reference(handle);
}

bool has_type(void* body, POBJECT_TYPE type) {
  return type == nullptr || object_header(body).type == type;
}

}  // namespace

HANDLE open_handle(void* body) {
  reference_object(body);
  return handles().insert(body);
}

NTSTATUS reference_by_handle(HANDLE handle, POBJECT_TYPE type, void*& body) {
  body = reference_any_handle(handle);
  if (body == nullptr) return STATUS_INVALID_HANDLE;
  if (has_type(body, type)) return STATUS_SUCCESS;
  dereference_object(body);
  body = nullptr;
  return STATUS_OBJECT_TYPE_MISMATCH;
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

// Every caller is the kernel, which has all access: DesiredAccess and AccessMode change nothing.

NTSTATUS ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                   POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                   PVOID* Object, POBJECT_HANDLE_INFORMATION HandleInformation) {
  (void)AccessMode;
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  const NTSTATUS status = reference_by_handle(Handle, ObjectType, *Object);
  if (NT_SUCCESS(status) && HandleInformation != nullptr) {
    *HandleInformation = {.HandleAttributes = OBJ_KERNEL_HANDLE, .GrantedAccess = DesiredAccess};
  }
  return status;
}

NTSTATUS ObReferenceObjectByHandleWithTag(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                          POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                          ULONG Tag, PVOID* Object,
                                          POBJECT_HANDLE_INFORMATION HandleInformation) {
  (void)Tag;  // Tags only serve Windows' tracing of references.
  return ObReferenceObjectByHandle(Handle, DesiredAccess, ObjectType, AccessMode, Object,
                                   HandleInformation);
}

NTSTATUS ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess,
                                    POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode) {
  (void)DesiredAccess, (void)AccessMode;
  if (!has_type(Object, ObjectType)) return STATUS_OBJECT_TYPE_MISMATCH;
  reference_object(Object);
  return STATUS_SUCCESS;
}

NTSTATUS ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes,
                               struct _ACCESS_STATE* PassedAccessState, ACCESS_MASK DesiredAccess,
                               POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                               PHANDLE Handle) {
  (void)HandleAttributes, (void)PassedAccessState, (void)DesiredAccess, (void)AccessMode;
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  if (!has_type(Object, ObjectType)) return STATUS_OBJECT_TYPE_MISMATCH;
  *Handle = open_handle(Object);
  return STATUS_SUCCESS;
}

LONG_PTR ObfReferenceObject(PVOID Object) {
  return reference_object(Object);
}

LONG_PTR ObfReferenceObjectWithTag(PVOID Object, ULONG Tag) {
  (void)Tag;
  return reference_object(Object);
}

LONG_PTR ObfDereferenceObject(PVOID Object) {
  return dereference_object(Object);
}

LONG_PTR ObfDereferenceObjectWithTag(PVOID Object, ULONG Tag) {
  (void)Tag;
  return dereference_object(Object);
}

BOOLEAN ObReferenceObjectSafe(PVOID Object) {
  std::atomic<LONG_PTR>& references = object_header(Object).references;
  LONG_PTR count = references.load(std::memory_order_relaxed);
  while (count > 0) {
    if (references.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) return TRUE;
  }
  return FALSE;
}

NTSTATUS ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode) {
  (void)PreviousMode;  // Every handle is the kernel's.
  return ZwClose(Handle);
}

VOID ObDereferenceObjectDeferDelete(PVOID Object) {
  dereference_object(Object);
}

NTSTATUS ZwClose(HANDLE Handle) {
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  if (pseudo_handle(Handle) != nullptr) return STATUS_SUCCESS;
  void* body = handles().remove(Handle);
  if (body == nullptr) {
    wskrun::probe::mistake(Handle, "ZwClose(%p): no open handle; closed twice?", Handle);
    return STATUS_INVALID_HANDLE;
  }
  dereference_object(body);
  return STATUS_SUCCESS;
}

}  // extern "C"
