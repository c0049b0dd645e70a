// What every object of the object manager has in common: a type and a count of references, in a
// header that lies before the body. Drivers hold pointers to bodies. ob_handle.cc names objects by
// handles.
#pragma once

#include <wdm.h>

#include <atomic>
#include <cstddef>

// The WDK's opaque type of object types.
struct _OBJECT_TYPE {
  const char* name;
  void (*destroy)(void* body);  // The last reference is gone; frees the object.
};

namespace wskrun::nt {

struct alignas(16) ObjectHeader {
  POBJECT_TYPE type;
  std::atomic<LONG_PTR> references{1};  // The first one belongs to whoever made the object.
};

// Storage for an object: header and body in one block.
template <typename Body>
struct ObjectBox {
  explicit ObjectBox(POBJECT_TYPE type) : header{type} {}

  // The box that `body` lies in.
  static ObjectBox* of(void* body) {
    return reinterpret_cast<ObjectBox*>(static_cast<char*>(body) - sizeof(ObjectHeader));
  }

  ObjectHeader header;
  Body body;
};

// `body` must be an object's: on Windows anything else is a crash, here too.
inline ObjectHeader& object_header(void* body) {
  return *(static_cast<ObjectHeader*>(body) - 1);
}

// Both return the references that are left; by then the number may be another. The second one may
// destroy the object.
LONG_PTR reference_object(void* body);
LONG_PTR dereference_object(void* body);

// Names the object for drivers. The handle holds a reference until ZwClose. Handles are not used
// twice, so a stale one is always told apart.
HANDLE open_handle(void* body);

// The object that `handle` names, with a reference for the caller. `type` nullptr takes any.
// STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH.
NTSTATUS reference_by_handle(HANDLE handle, POBJECT_TYPE type, void*& body);

// The object behind a handle, for a scope.
class Referenced {
 public:
  Referenced(HANDLE handle, POBJECT_TYPE type)
      : status_(reference_by_handle(handle, type, body_)) {}
  ~Referenced() {
    if (body_ != nullptr) dereference_object(body_);
  }
  Referenced(const Referenced&) = delete;
  Referenced& operator=(const Referenced&) = delete;

  NTSTATUS status() const { return status_; }
  void* body() const { return body_; }

 private:
  void* body_ = nullptr;
  const NTSTATUS status_;
};

}  // namespace wskrun::nt
