// host.h, as a test of a whole driver uses it.
#include "kit/loaded_driver.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <ostream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace wskrun::tests {
namespace {

wskrun_runtime* create_runtime(const Way& way, wskrun_log_sink sink, void* context) {
  wskrun_options options{};
  options.size = sizeof options;
  options.transport = way.transport;
  options.processors = 2;
  options.delivery = way.delivery;
  options.completion = way.completion;
  options.completion_seed = 1;
  options.log_level = WSKRUN_LOG_TRACE;
  options.log_sink = sink;
  options.log_context = context;
  wskrun_error error;
  wskrun_runtime* runtime = wskrun_runtime_create(&options, &error);
  if (runtime == nullptr) throw std::runtime_error(error.text);
  return runtime;
}

wskrun_driver* load(wskrun_runtime* runtime, const std::string& name,
                    const std::vector<Parameter>& parameters, wskrun_error& error) {
  std::vector<wskrun_parameter> values;
  values.reserve(parameters.size());
  for (const Parameter& parameter : parameters) {
    values.push_back({parameter.name.c_str(),
                      parameter.text.empty() ? nullptr : parameter.text.c_str(), parameter.number});
  }
  const std::string path = WSKRUN_DRIVER_DIR "/" + name + ".so";
  wskrun_image image{};
  image.size = sizeof image;
  image.path = path.c_str();
  image.parameters = values.data();
  image.parameter_count = values.size();
  return wskrun_driver_load(runtime, &image, &error);
}

}  // namespace

LoadedDriver::LoadedDriver(const Way& way, const std::string& name,
                           const std::vector<Parameter>& parameters)
    : runtime_(create_runtime(way, on_line, this)) {
  wskrun_error error;
  driver_ = load(runtime_, name, parameters, error);
  if (driver_ == nullptr) {
    wskrun_runtime_destroy(runtime_);
    throw std::runtime_error(error.text);
  }
}

void LoadedDriver::unload() {
  wskrun_report* left = nullptr;
  wskrun_error error;
  EXPECT_EQ(wskrun_driver_unload(std::exchange(driver_, nullptr), &left, &error), WSKRUN_OK)
      << error.text;
  for (std::size_t i = 0; left != nullptr && i < wskrun_report_count(left); ++i) {
    const wskrun_holding* holding = wskrun_report_entry(left, i);
    ADD_FAILURE() << "left behind: " << holding->kind_name << " of " << holding->place;
  }
  wskrun_report_free(left);
  EXPECT_EQ(mistakes_.now(), 0u);
}

LoadedDriver::~LoadedDriver() {
  if (driver_ != nullptr) unload();
  wskrun_runtime_destroy(runtime_);
  if (!::testing::Test::HasFailure()) return;
  for (const std::string& line : lines_) std::printf("    driver: %s\n", line.c_str());
  for (const std::string& line : runtime_lines_) std::printf("    %s\n", line.c_str());
}

void LoadedDriver::on_line(void* context, wskrun_log_level, const char* source,
                           std::size_t source_length, const char* text, std::size_t text_length) {
  auto& self = *static_cast<LoadedDriver*>(context);
  const bool is_runtime = std::string_view(source, source_length) == "wskrun";
  self.log_.note(
      [&] { (is_runtime ? self.runtime_lines_ : self.lines_).emplace_back(text, text_length); });
}

std::string LoadedDriver::line_with(const std::string& text) {
  std::string found;
  log_.wait(text.c_str(), [&] {
    while (looked_at_ < lines_.size()) {
      const std::string& line = lines_[looked_at_++];
      if (line.find(text) == std::string::npos) continue;
      found = line;
      return true;
    }
    return false;
  });
  return found;
}

std::uint16_t LoadedDriver::listening_port() {
  const std::string line = line_with("listening on ");
  return static_cast<std::uint16_t>(std::stoul(line.substr(line.rfind(':') + 1)));
}

void PrintTo(const Ended& ended, std::ostream* out) {
  const char* name = wskrun_status_name(ended.status);
  *out << (name != nullptr ? name : std::to_string(ended.status)) << ", " << ended.information;
}

Ended end(wskrun_request* request) {
  Ended ended{};
  ended.status = wskrun_request_end(request, &ended.information);
  return ended;
}

OpenDevice::OpenDevice(const LoadedDriver& driver, const char* name) {
  wskrun_error error;
  device_ = wskrun_device_open(driver.runtime(), name, &error);
  if (device_ == nullptr) throw std::runtime_error(error.text);
}

void OpenDevice::close() {
  wskrun_device_close(std::exchange(device_, nullptr));
}

Ended OpenDevice::control(uint32_t code, const void* input, std::size_t input_size, void* output,
                          std::size_t output_size) const {
  return end(wskrun_device_ioctl(device_, code, input, input_size, output, output_size));
}

}  // namespace wskrun::tests
