// LoadedDriver: a runtime with one driver from a file in it, and handles on the driver's devices.
// What it prints is kept; unloaded, it may have left nothing behind and made no mistake.
#pragma once

#include <wskrun/host.h>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "kit/event_log.h"
#include "kit/mistakes.h"

namespace wskrun::tests {

// How the runtime does what it may do this way or that. A driver has to bear each.
struct Way {
  const char* name;
  const char* transport;
  wskrun_delivery delivery;
  wskrun_completion completion;
};

inline constexpr Way kWays[] = {
    {"uring", "uring", WSKRUN_DELIVER_AT_DISPATCH_LEVEL, WSKRUN_COMPLETE_NATURALLY},
    {"uring_inline", "uring", WSKRUN_DELIVER_AT_PASSIVE_LEVEL, WSKRUN_COMPLETE_INLINE},
    {"epoll_pending", "epoll", WSKRUN_DELIVER_AT_DISPATCH_LEVEL, WSKRUN_COMPLETE_PENDING},
    {"epoll_random", "epoll", WSKRUN_DELIVER_AT_PASSIVE_LEVEL, WSKRUN_COMPLETE_RANDOMLY},
};

// A value of the driver's registry key: a text, or a number when there is none.
struct Parameter {
  std::string name;
  std::string text;
  std::uint64_t number = 0;
};

class LoadedDriver {
 public:
  // A driver built beside the tests, by its name. Throws when it cannot be loaded.
  LoadedDriver(const Way& way, const std::string& name,
               const std::vector<Parameter>& parameters = {});
  ~LoadedDriver();  // Unloads it, unless that was done.
  LoadedDriver(const LoadedDriver&) = delete;
  LoadedDriver& operator=(const LoadedDriver&) = delete;

  // Fails the test for what is left or was wrong.
  void unload();

  wskrun_runtime* runtime() const { return runtime_; }
  // Waits for the driver's next line with `text`, and has it. Throws when it does not come.
  std::string line_with(const std::string& text);
  // The port in "listening on 127.0.0.1:port".
  std::uint16_t listening_port();

 private:
  static void on_line(void* context, wskrun_log_level level, const char* source,
                      std::size_t source_length, const char* text, std::size_t text_length);

  wskrun_runtime* runtime_ = nullptr;
  wskrun_driver* driver_ = nullptr;
  const Mistakes mistakes_;
  EventLog log_;  // Guards the two below.
  std::vector<std::string> lines_;
  std::vector<std::string> runtime_lines_;
  std::size_t looked_at_ = 0;
};

// How a request on a device ended.
struct Ended {
  int32_t status;
  std::size_t information;
  bool operator==(const Ended&) const = default;
};
void PrintTo(const Ended& ended, std::ostream* out);
Ended end(wskrun_request* request);

// A handle, closed with its owner.
class OpenDevice {
 public:
  OpenDevice(const LoadedDriver& driver, const char* name);  // Throws when it is refused.
  ~OpenDevice() { close(); }
  OpenDevice(const OpenDevice&) = delete;
  OpenDevice& operator=(const OpenDevice&) = delete;

  void close();
  wskrun_device* get() const { return device_; }
  Ended control(uint32_t code, const void* input, std::size_t input_size, void* output,
                std::size_t output_size) const;
  template <typename Input, typename Output>
  Ended control(uint32_t code, const Input& input, Output& output) const {
    return control(code, &input, sizeof input, &output, sizeof output);
  }
  template <typename Input>
  Ended send(uint32_t code, const Input& input) const {
    return control(code, &input, sizeof input, nullptr, 0);
  }
  template <typename Output>
  Ended ask(uint32_t code, Output& output) const {
    return control(code, nullptr, 0, &output, sizeof output);
  }

 private:
  wskrun_device* device_;
};

}  // namespace wskrun::tests
