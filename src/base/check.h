// CHECK: our own mistakes stop the process, in release builds too. A driver's mistakes are never
// CHECKs: they are answered with a status and reported (see probe/).
#pragma once

namespace wskrun::base {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace wskrun::base

#define CHECK(condition)              \
  (__builtin_expect(!!(condition), 1) \
       ? static_cast<void>(0)         \
       : ::wskrun::base::check_failed(#condition, __FILE__, __LINE__))
