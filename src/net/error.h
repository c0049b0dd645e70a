// Error: how an operation of a transport ended, as a Linux errno. wsk turns it into an NTSTATUS.
#pragma once

namespace wskrun::net {

class [[nodiscard]] Error {
 public:
  constexpr Error() = default;
  constexpr explicit Error(int code) : code_(code) {}  // A positive errno; 0 is success.

  constexpr bool ok() const { return code_ == 0; }
  constexpr int code() const { return code_; }
  constexpr bool operator==(const Error&) const = default;

 private:
  int code_ = 0;
};

}  // namespace wskrun::net
