// host.h's functions on drivers: a module, the I/O manager's view of it, and the two calls that
// begin and end its life. module.cc maps the code, nt/io_driver.h knows the DRIVER_OBJECT.
#include "host/driver.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "host/error.h"
#include "host/leftovers.h"
#include "host/runtime.h"

using namespace wskrun;

namespace {

using Report = std::unique_ptr<wskrun_report, decltype(&wskrun_report_free)>;

std::string name_of(const wskrun_image& image) {
  if (image.name != nullptr) return image.name;
  if (image.path == nullptr) return "driver";
  std::string_view name = image.path;
  name.remove_prefix(name.rfind('/') + 1);  // npos + 1 is 0.
  if (name.ends_with(".so")) name.remove_suffix(3);
  return std::string(name);
}

// What the registry can hold: no part of a path is empty.
bool is_key_path(std::string_view path) {
  return !path.empty() && path.front() != '\\' && path.back() != '\\' &&
         path.find("\\\\") == std::string_view::npos;
}

bool is_loaded(const wskrun_runtime& runtime, const std::string& name) {
  return std::any_of(runtime.drivers.begin(), runtime.drivers.end(),
                     [&](const auto& driver) { return driver->name == name; });
}

bool check_image(const wskrun_runtime& runtime, const wskrun_image& image, wskrun_error* error) {
  std::string wrong;
  if ((image.path == nullptr) == (image.entry == nullptr)) {
    wrong = "wskrun_image: either path or entry has to be given";
  }
  const std::string name = name_of(image);
  if (!is_key_path(name) || name.find('\\') != std::string::npos) {
    wrong = fmt::format("'{}' cannot be the name of a driver", name);
  }
  if (is_loaded(runtime, name)) wrong = fmt::format("a driver named '{}' is loaded", name);
  for (std::size_t i = 0; i < image.parameter_count; ++i) {
    const char* parameter = image.parameters[i].name;
    if (parameter == nullptr || !is_key_path(parameter)) {
      wrong = fmt::format("'{}' cannot be the name of a parameter",
                          parameter == nullptr ? "" : parameter);
    }
  }
  if (!wrong.empty()) host::fail(error, WSKRUN_BAD_ARGUMENT, wrong);
  return wrong.empty();
}

std::vector<nt::DriverParameter> parameters_of(const wskrun_image& image) {
  std::vector<nt::DriverParameter> parameters;
  for (std::size_t i = 0; i < image.parameter_count; ++i) {
    const wskrun_parameter& given = image.parameters[i];
    nt::DriverParameter& parameter = parameters.emplace_back();
    parameter.name = given.name;
    if (given.text != nullptr) parameter.text = given.text;
    parameter.number = given.number;
  }
  return parameters;
}

// The driver is gone but for its code, which stays when something may still call it.
Report take_away(wskrun_driver& driver) {
  driver.runtime->runtime->let_calls_return();
  driver.driver.reset();
  Report leftovers(host::report_holdings(), wskrun_report_free);
  if (wskrun_report_count(leftovers.get()) > 0 && driver.module != nullptr) driver.module->keep();
  return leftovers;
}

void log_leftovers(const std::string& name, const wskrun_report& leftovers) {
  for (const wskrun_holding& left : leftovers.entries) {
    base::log(base::LogLevel::kWarning, "%s left behind: %s %p, %zu bytes, %s", name.c_str(),
              left.kind_name, left.address, left.size_bytes, left.place);
  }
}

}  // namespace

wskrun_driver* wskrun_driver_load(wskrun_runtime* runtime, const wskrun_image* image,
                                  wskrun_error* error) {
  wskrun_image read{};
  if (!host::read_versioned(image, read)) {
    host::fail(error, WSKRUN_BAD_ARGUMENT,
               "wskrun_image: size must be sizeof(wskrun_image), and what this version does not "
               "know must be zero");
    return nullptr;
  }
  if (!check_image(*runtime, read, error)) return nullptr;

  auto driver = std::make_unique<wskrun_driver>();
  driver->runtime = runtime;
  driver->name = name_of(read);
  PDRIVER_INITIALIZE entry = read.entry;
  if (read.path != nullptr) {
    driver->module = host::Module::open(read.path, error);
    if (driver->module == nullptr) return nullptr;
    entry = driver->module->entry();
  }
  driver->driver = std::make_unique<nt::Driver>(driver->name, entry, parameters_of(read));
  const NTSTATUS status = driver->driver->start();
  if (NT_SUCCESS(status)) {
    host::succeed(error, status);
    return runtime->drivers.emplace_back(std::move(driver)).get();
  }
  log_leftovers(driver->name, *take_away(*driver));
  host::fail(error, WSKRUN_DRIVER_REFUSED, status,
             fmt::format("DriverEntry of {} returned {}", driver->name, host::status_text(status)));
  return nullptr;
}

wskrun_result wskrun_driver_unload(wskrun_driver* driver, wskrun_report** leftovers,
                                   wskrun_error* error) {
  if (leftovers != nullptr) *leftovers = nullptr;
  if (!driver->driver->can_unload()) {
    return host::fail(error, WSKRUN_CANNOT_BE_UNLOADED,
                      fmt::format("{} cannot be unloaded, as on Windows: its DriverEntry did not "
                                  "set DriverObject->DriverUnload",
                                  driver->name));
  }
  if (!driver->driver->unload()) {
    return host::fail(error, WSKRUN_IN_USE,
                      fmt::format("{} is in use: close its devices first", driver->name));
  }
  Report report = take_away(*driver);
  std::erase_if(driver->runtime->drivers,
                [driver](const auto& loaded) { return loaded.get() == driver; });
  if (leftovers != nullptr) *leftovers = report.release();
  return host::succeed(error);
}
