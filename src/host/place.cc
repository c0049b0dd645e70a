// Names come from libbacktrace, which comes with gcc and reads symbol tables and DWARF. Its states
// are never freed, so one is kept until further modules have been loaded.
#include "host/place.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdint>

#include <fmt/format.h>

#include "base/mutex.h"
#include WSKRUN_BACKTRACE_HEADER

namespace wskrun::host {
namespace {

base::Mutex mutex;

void ignore_error(void*, const char*, int) {}

const char* file_name(const char* path) {
  const char* name = path;
  for (const char* c = path; *c != '\0'; ++c) {
    if (*c == '/') name = c + 1;
  }
  return name;
}

// How many modules this process has ever loaded.
unsigned long long modules_loaded() {
  unsigned long long loaded = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* context) {
        *static_cast<unsigned long long*>(context) = info->dlpi_adds;
        return 1;
      },
      &loaded);
  return loaded;
}

backtrace_state* state_locked() REQUIRES(mutex) {
  static backtrace_state* state = nullptr;
  static unsigned long long loaded = 0;
  if (state == nullptr || loaded != modules_loaded()) {
    loaded = modules_loaded();
    state = backtrace_create_state(nullptr, 0, ignore_error, nullptr);
  }
  return state;
}

std::string function_locked(std::uintptr_t address) REQUIRES(mutex) {
  std::string text;
  backtrace_syminfo(
      state_locked(), address,
      [](void* context, std::uintptr_t pc, const char* name, std::uintptr_t value, std::uintptr_t) {
        if (name != nullptr) {
          *static_cast<std::string*>(context) = fmt::format("{}+{:#x}", name, pc - value);
        }
      },
      ignore_error, &text);
  return text;
}

std::string line_locked(std::uintptr_t address) REQUIRES(mutex) {
  std::string text;
  backtrace_pcinfo(
      state_locked(), address,
      [](void* context, std::uintptr_t, const char* file, int line, const char*) {
        if (file != nullptr) {
          *static_cast<std::string*>(context) = fmt::format("{}:{}", file_name(file), line);
        }
        return 1;  // The innermost inlined frame is the line that makes the call.
      },
      ignore_error, &text);
  return text;
}

}  // namespace

std::string place_of(const void* return_address) {
  if (return_address == nullptr) return {};
  const auto address = reinterpret_cast<std::uintptr_t>(return_address);
  base::MutexLock lock(mutex);
  Dl_info info{};
  if (dladdr(return_address, &info) == 0) return fmt::format("{:#x}", address);
  std::string text = fmt::format("{}: ", file_name(info.dli_fname));
  const std::string function = function_locked(address - 1);
  const auto base = reinterpret_cast<std::uintptr_t>(info.dli_fbase);
  text += function.empty() ? fmt::format("{:#x}", address - base) : function;
  const std::string line = line_locked(address - 1);  // The call, not what follows it.
  if (!line.empty()) text += fmt::format(" ({})", line);
  return text;
}

}  // namespace wskrun::host
