// The names of status codes, for messages. The rows come from ntstatus.h; see
// cmake/wskrun_status_names.cmake.
#include <wdm.h>

#include "wskrun/host.h"

namespace {

struct Row {
  NTSTATUS status;
  const char* name;
};

constexpr Row kRows[] = {
#include "status_names.inc"
};

}  // namespace

// Where several names share a value, ntstatus.h has the usual one first.
const char* wskrun_status_name(int32_t status) {
  for (const Row& row : kRows) {
    if (row.status == status) return row.name;
  }
  return nullptr;
}
