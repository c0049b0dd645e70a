// dlopen, and words for all that can be wrong with a file.
#include "host/module.h"

#include <cxxabi.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "host/elf_file.h"
#include "host/error.h"
#include "host/wdk_component.h"

namespace wskrun::host {
namespace {

constexpr std::size_t kMostNames = 12;

bool is_sanitizer_symbol(const std::string& name) {
  constexpr std::string_view kPrefixes[] = {"__asan_", "__tsan_", "__ubsan_"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

// As it is written in a C++ source.
std::string demangled(const std::string& name) {
  int failed = 0;
  char* text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &failed);
  if (failed != 0) return name;
  std::string result = text;
  std::free(text);
  return result;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNames); ++i) {
    list += fmt::format("{}{}", i == 0 ? "" : ", ", demangled(names[i]));
  }
  if (names.size() > kMostNames) list += fmt::format(" and {} more", names.size() - kMostNames);
  return list;
}

std::string origin_of(const std::string& name) {
  const WdkComponent* component = component_of(name);
  if (component == nullptr) return "not the WDK's: does the driver miss a source file?";
  if (!component->provided)
    return fmt::format("{}, which wskrun does not provide", component->name);
  return fmt::format("{}, not there yet: the driver can define it itself", component->name);
}

std::string explain_missing(const std::string& path, const std::vector<std::string>& names) {
  if (std::any_of(names.begin(), names.end(), is_sanitizer_symbol)) {
    return fmt::format(
        "{} was built with a sanitizer and wskrun was not, or with another one: "
        "build both with the same preset",
        path);
  }
  std::map<std::string, std::vector<std::string>> by_origin;
  for (const std::string& name : names) by_origin[origin_of(name)].push_back(name);
  std::string text = fmt::format("{} needs what wskrun lacks:", path);
  for (const auto& [origin, members] : by_origin) {
    text += fmt::format(" {} ({});", list_of(members), origin);
  }
  text.back() = '.';
  return text;
}

std::string explain_dlopen(const std::string& path) {
  const std::string reason = dlerror();  // A copy: looking up symbols overwrites it.
  const std::vector<std::string> missing = missing_symbols(path);
  if (!missing.empty()) return explain_missing(path, missing);
  return fmt::format("{} cannot be loaded: {}", path, reason);
}

}  // namespace

std::unique_ptr<Module> Module::open(const std::string& path, wskrun_error* error) {
  const std::string why = why_not_loadable(path);
  if (!why.empty()) {
    fail(error, WSKRUN_LOAD_FAILED, fmt::format("{} {}", path, why));
    return nullptr;
  }
  // A bare name would be looked for where libraries are.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    fail(error, WSKRUN_LOAD_FAILED, explain_dlopen(path));
    return nullptr;
  }
  std::unique_ptr<Module> module(new Module(handle));
  module->entry_ = reinterpret_cast<PDRIVER_INITIALIZE>(dlsym(handle, "DriverEntry"));
  if (module->entry_ == nullptr) {
    fail(error, WSKRUN_LOAD_FAILED,
         fmt::format("{} has no DriverEntry; it must be a global function, and in C++ it must be "
                     "declared extern \"C\"",
                     path));
    return nullptr;
  }
  return module;
}

Module::~Module() {
  if (!keeps_) dlclose(handle_);
}

}  // namespace wskrun::host
