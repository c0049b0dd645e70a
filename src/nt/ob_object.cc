// References to objects. ob_handle.cc names objects by handles.
#include "nt/ob_object.h"

#include "nt/ke_bugcheck.h"

namespace wskrun::nt {

LONG_PTR reference_object(void* body) {
  const LONG_PTR before = object_header(body).references.fetch_add(1, std::memory_order_relaxed);
  if (before > 0) return before + 1;
  bug_check({REFERENCE_BY_POINTER, {0, parameter(body), 0, 0}},
            "ObReferenceObject(%p): the object's last reference was given back before", body);
}

LONG_PTR dereference_object(void* body) {
  ObjectHeader& header = object_header(body);
  const LONG_PTR before = header.references.fetch_sub(1, std::memory_order_acq_rel);
  if (before > 1) return before - 1;
  if (before < 1) {
    bug_check({REFERENCE_BY_POINTER, {0, parameter(body), 0, 0}},
              "ObDereferenceObject(%p): more references given back than were taken", body);
  }
  header.type->destroy(body);
  return 0;
}

}  // namespace wskrun::nt
