// CHECK's last words.
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace wskrun::base {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "wskrun: internal error: %s (%s:%d)\n", condition, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace wskrun::base
