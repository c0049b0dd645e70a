// Fills wskrun_error.
#include "host/error.h"

#include <algorithm>

#include <fmt/format.h>

namespace wskrun::host {

wskrun_result fail(wskrun_error* error, wskrun_result result, int32_t status,
                   const std::string& text) {
  if (error == nullptr) return result;
  error->result = result;
  error->status = status;
  const std::size_t size = std::min(text.size(), sizeof error->text - 1);
  text.copy(error->text, size);
  error->text[size] = '\0';
  return result;
}

wskrun_result fail(wskrun_error* error, wskrun_result result, const std::string& text) {
  return fail(error, result, 0, text);
}

wskrun_result succeed(wskrun_error* error, int32_t status) {
  return fail(error, WSKRUN_OK, status, "");
}

std::string status_text(int32_t status) {
  const char* name = wskrun_status_name(status);
  return fmt::format("{} (0x{:08X})", name == nullptr ? "a status without a name" : name,
                     static_cast<std::uint32_t>(status));
}

}  // namespace wskrun::host
