// Finding and asking a running wskrun.
#include "device_client.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include <fmt/format.h>

namespace {

// A socket that listens; one that was accepted has the same name.
constexpr std::string_view kListens = "00010000";

// The pid in a line of /proc/net/unix: "Num RefCount Protocol Flags Type St Inode Path".
std::optional<pid_t> wskrun_in_line(const std::string& line) {
  std::istringstream words(line);
  std::string number, references, protocol, flags, type, state, inode, path;
  words >> number >> references >> protocol >> flags >> type >> state >> inode >> path;
  return flags == kListens ? wskrun_of(path) : std::nullopt;
}

// The effective user, if the process can be seen from here.
std::optional<uid_t> user_of(pid_t process) {
  std::ifstream status(fmt::format("/proc/{}/status", process));
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("Uid:")) continue;
    uid_t real = 0, effective = 0;
    std::istringstream(line.substr(4)) >> real >> effective;
    return effective;
  }
  return std::nullopt;
}

// Its server lets in the user it belongs to, and root.
bool may_be_asked(pid_t wskrun) {
  return geteuid() == 0 || user_of(wskrun).value_or(geteuid()) == geteuid();
}

std::vector<pid_t> running_wskruns() {
  std::vector<pid_t> found;
  std::ifstream sockets("/proc/net/unix");
  for (std::string line; std::getline(sockets, line);) {
    const auto wskrun = wskrun_in_line(line);
    if (wskrun && may_be_asked(*wskrun)) found.push_back(*wskrun);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string command_line_of(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/cmdline", process));
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!text.empty() && text.back() == '\0') text.pop_back();
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

std::string list_of(const std::vector<pid_t>& wskruns) {
  std::string list;
  for (const pid_t each : wskruns) {
    list += fmt::format("\n  --pid {}   {}", each, command_line_of(each));
  }
  return list;
}

}  // namespace

pid_t find_running_wskrun() {
  const std::vector<pid_t> wskruns = running_wskruns();
  if (wskruns.empty()) {
    throw DeviceError(
        "no wskrun is running a driver here (in this network namespace, as this user)");
  }
  if (wskruns.size() > 1) {
    throw DeviceError("several wskruns are running; choose one:" + list_of(wskruns));
  }
  return wskruns.front();
}

DeviceClient::DeviceClient(pid_t wskrun)
    : wskrun_(wskrun), socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const DeviceAddress address = device_address(wskrun);
  if (!socket_ || connect(socket_.get(), address.get(), address.size) != 0) {
    const bool is_unknown = errno == ECONNREFUSED;
    throw DeviceError(is_unknown
                          ? fmt::format("process {} is no wskrun that runs a driver here", wskrun)
                          : fmt::format("wskrun {}: {}", wskrun, std::strerror(errno)));
  }
  // Anybody may take such a name.
  if (geteuid() != 0 && !is_trusted(peer_of(socket_.get()).uid)) {
    throw DeviceError(fmt::format("wskrun {} is another user's", wskrun));
  }
}

DeviceResult DeviceClient::call(DeviceRequest request, const void* input, std::size_t input_bytes) {
  request.input_bytes = static_cast<std::uint32_t>(input_bytes);
  // A wskrun that does not take all of it has said why, before it went.
  if (send_bytes(socket_.get(), &request, sizeof request)) {
    send_bytes(socket_.get(), input, input_bytes);
  }
  DeviceReply reply;
  DeviceResult result;
  bool is_whole = receive_bytes(socket_.get(), &reply, sizeof reply);
  if (is_whole && (reply.magic != kDeviceMagic || reply.body_bytes > kMaxDeviceBytes)) {
    throw DeviceError(fmt::format("wskrun {} is of another version", wskrun_));
  }
  if (is_whole) {
    result = {reply.status, reply.information, std::vector<char>(reply.body_bytes)};
    is_whole = receive_bytes(socket_.get(), result.output.data(), result.output.size());
  }
  if (!is_whole) {
    throw DeviceError(fmt::format("wskrun {} ended before the driver had answered", wskrun_));
  }
  if (reply.answer == DeviceAnswer::kRefused) {
    throw DeviceError(fmt::format("wskrun {} refuses: {}", wskrun_,
                                  std::string_view(result.output.data(), result.output.size())));
  }
  return result;
}
