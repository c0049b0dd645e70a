// From a message to a request on the device and back. While the driver has a request the socket is
// watched, since a process that dies has to take its requests along.
#include "device_session.h"

#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "unique_fd.h"

namespace {

bool reply(int socket, const DeviceReply& header, const void* body) {
  return send_bytes(socket, &header, sizeof header) && send_bytes(socket, body, header.body_bytes);
}

// The severity of an error, with which nothing is returned in a buffer.
bool is_error(std::int32_t status) {
  return static_cast<std::uint32_t>(status) >> 30 == 3;
}

// Completion: makes a request's completion something to poll() for, at the price of a thread.
class Completion {
 public:
  explicit Completion(wskrun_request* request)
      : event_(eventfd(0, EFD_CLOEXEC)), waiter_([this, request] {
          wskrun_request_wait(request, UINT_MAX);
          eventfd_write(event_.get(), 1);
        }) {}
  ~Completion() { waiter_.join(); }
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  int event() const { return event_.get(); }

 private:
  UniqueFd event_;
  std::thread waiter_;
};

// False: the request is complete. What the peer has sent in the meantime stays unread.
bool peer_goes_first(int socket, int completed) {
  pollfd either[] = {{socket, POLLRDHUP, 0}, {completed, POLLIN, 0}};
  while (poll(either, 2, -1) < 0 && errno == EINTR) continue;
  return either[1].revents == 0;
}

}  // namespace

void refuse(int socket, std::string_view why) {
  reply(socket,
        {.answer = DeviceAnswer::kRefused, .body_bytes = static_cast<std::uint32_t>(why.size())},
        why.data());
}

DeviceSession::~DeviceSession() {
  close_device();
}

std::string DeviceSession::serve() {
  DeviceRequest request;
  while (receive_bytes(socket_, &request, sizeof request)) {
    if (std::string complaint = complaint_about(request); !complaint.empty()) {
      refuse(socket_, complaint);
      return complaint;
    }
    input_.resize(request.input_bytes);
    if (!receive_bytes(socket_, input_.data(), input_.size())) break;
    if (!answer(request)) break;
  }
  return "";
}

// "": the message can be answered. Its input was not read yet.
std::string DeviceSession::complaint_about(const DeviceRequest& request) const {
  if (request.magic != kDeviceMagic) return "a malformed message, or one of another version";
  if (request.call < DeviceCall::kOpen || request.call > DeviceCall::kIoctl) {
    return fmt::format("a malformed message: there is no request {}",
                       static_cast<std::uint32_t>(request.call));
  }
  const bool opens = request.call == DeviceCall::kOpen;
  if (opens == (device_ != nullptr)) {
    return opens ? "a second open on one connection" : "a request before the device is open";
  }
  const std::uint32_t max_input = opens ? kMaxDeviceNameBytes : kMaxDeviceBytes;
  if (request.input_bytes > max_input || request.output_bytes > kMaxDeviceBytes) {
    return fmt::format("{} bytes of input and {} of output: at most {} and {} are possible",
                       request.input_bytes, request.output_bytes, max_input, kMaxDeviceBytes);
  }
  return "";
}

bool DeviceSession::answer(const DeviceRequest& request) {
  return request.call == DeviceCall::kOpen ? open() : ask_driver(request);
}

bool DeviceSession::open() {
  const std::string name(input_.begin(), input_.end());
  wskrun_error error;
  device_ = wskrun_device_open(runtime_, name.c_str(), &error);
  const std::string_view text = device_ == nullptr ? error.text : "";
  return reply(socket_,
               {.status = error.status, .body_bytes = static_cast<std::uint32_t>(text.size())},
               text.data());
}

bool DeviceSession::ask_driver(const DeviceRequest& request) {
  output_.assign(request.output_bytes, 0);
  wskrun_request* started = start(request);
  wait_for_driver_or_peer(started);
  std::size_t information = 0;
  const std::int32_t status = wskrun_request_end(started, &information);
  const std::size_t returned = is_error(status) ? 0 : std::min(information, output_.size());
  return reply(socket_,
               {.status = status,
                .body_bytes = static_cast<std::uint32_t>(returned),
                .information = information},
               output_.data());
}

wskrun_request* DeviceSession::start(const DeviceRequest& request) {
  switch (request.call) {
    case DeviceCall::kRead:
      return wskrun_device_read(device_, output_.data(), output_.size(), request.offset);
    case DeviceCall::kWrite:
      return wskrun_device_write(device_, input_.data(), input_.size(), request.offset);
    default:
      return wskrun_device_ioctl(device_, request.control_code, input_.data(), input_.size(),
                                 output_.data(), output_.size());
  }
}

// Closing the device ends the request: by its cancel routine, or in the driver's IRP_MJ_CLEANUP.
void DeviceSession::wait_for_driver_or_peer(wskrun_request* request) {
  if (wskrun_request_wait(request, 0) != 0) return;
  const Completion completion(request);
  if (peer_goes_first(socket_, completion.event())) close_device();
}

void DeviceSession::close_device() {
  wskrun_device_close(std::exchange(device_, nullptr));
}
