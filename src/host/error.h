// How the functions of host.h say what failed, and how they read the structures they are given.
#pragma once

#include <cstring>
#include <string>

#include "wskrun/host.h"

namespace wskrun::host {

// Writes to `error`, which may be nullptr. Returns `result`.
wskrun_result fail(wskrun_error* error, wskrun_result result, int32_t status,
                   const std::string& text);
wskrun_result fail(wskrun_error* error, wskrun_result result, const std::string& text);
wskrun_result succeed(wskrun_error* error, int32_t status = 0);

// "STATUS_ACCESS_DENIED (0xC0000022)"
std::string status_text(int32_t status);

// Copies a structure that starts with its size and may be older or newer than ours: what it lacks
// is zero, what it has beyond must be. False: it cannot be understood.
template <typename T>
bool read_versioned(const T* given, T& copy) {
  copy = T{};
  const std::size_t size = given->size;
  if (size < sizeof given->size) return false;
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  for (std::size_t i = sizeof copy; i < size; ++i) {
    if (bytes[i] != 0) return false;
  }
  std::memcpy(&copy, given, size < sizeof copy ? size : sizeof copy);
  return true;
}

}  // namespace wskrun::host
