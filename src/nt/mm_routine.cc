// MmGetSystemRoutineAddress: what the runtime exports, by name. Nothing else of the process, for a
// C library function of the same name as a Windows one is not it.
#include <dlfcn.h>

#include <string>

#include "nt/irql.h"
#include "nt/rtl_string.h"
#include "nt/utf.h"

using namespace wskrun::nt;

namespace {

// Where the object that holds `address` is mapped.
const void* image_of(const void* address) {
  Dl_info image{};
  return ::dladdr(address, &image) != 0 ? image.dli_fbase : nullptr;
}

}  // namespace

extern "C" PVOID MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName) {
  require_irql_at_most(PASSIVE_LEVEL, "MmGetSystemRoutineAddress");
  const std::string name = to_utf8(view_of(*SystemRoutineName));
  PVOID address = ::dlsym(RTLD_DEFAULT, name.c_str());
  const void* const own = reinterpret_cast<const void*>(&MmGetSystemRoutineAddress);
  return address != nullptr && image_of(address) == image_of(own) ? address : nullptr;
}
