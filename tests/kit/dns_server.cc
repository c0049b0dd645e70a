// As much of RFC 1035 as the system's resolver needs.
#include "kit/dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <utility>

namespace wskrun::tests {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::uint16_t kInternet = 1;
constexpr std::uint8_t kServerFailure = 2;
constexpr std::uint8_t kNoSuchName = 3;
constexpr int kMostAliases = 8;

std::string number(std::uint16_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xFF)};
}

std::uint16_t number_at(const std::string& message, std::size_t position) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(message.at(at)); };
  return static_cast<std::uint16_t>(byte(position) << 8 | byte(position + 1));
}

// Labels, each behind its length.
std::string encode(const std::string& name) {
  std::string encoded;
  for (std::size_t from = 0; from < name.size();) {
    const std::size_t dot = std::min(name.find('.', from), name.size());
    encoded += static_cast<char>(dot - from);
    encoded.append(name, from, dot - from);
    from = dot + 1;
  }
  return encoded + '\0';
}

// The name at `position`, which then is behind it.
std::string decode(const std::string& message, std::size_t& position) {
  std::string name;
  while (const auto length = static_cast<std::uint8_t>(message.at(position++))) {
    if (!name.empty()) name += '.';
    for (std::size_t i = 0; i < length; ++i) {
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(message.at(position++))));
    }
  }
  return name;
}

std::string record(const std::string& name, std::uint16_t type, const std::string& data) {
  const std::string seconds_to_live(4, '\0');
  return encode(name) + number(type) + number(kInternet) + seconds_to_live +
         number(static_cast<std::uint16_t>(data.size())) + data;
}

}  // namespace

DnsServer::DnsServer(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::pipe(stop_) != 0) {
    throw std::runtime_error("no name server can be had at 127.0.0.1:" + std::to_string(port));
  }
  thread_ = std::thread([this] { serve(); });
}

DnsServer::~DnsServer() {
  ::close(stop_[1]);
  thread_.join();
  ::close(stop_[0]);
  ::close(socket_);
}

std::uint16_t DnsServer::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void DnsServer::add(const std::string& name, Type type, std::string data) {
  log_.note([&] { records_[name].push_back({type, std::move(data)}); });
}

void DnsServer::add_address(const std::string& name, const std::string& address) {
  char bytes[sizeof(in6_addr)];
  if (::inet_pton(AF_INET, address.c_str(), bytes) == 1) {
    return add(name, kA, std::string(bytes, sizeof(in_addr)));
  }
  if (::inet_pton(AF_INET6, address.c_str(), bytes) != 1) throw std::runtime_error(address);
  add(name, kAaaa, std::string(bytes, sizeof(in6_addr)));
}

void DnsServer::add_alias(const std::string& name, const std::string& target) {
  add(name, kCname, encode(target));
}

void DnsServer::add_pointer(const std::string& reversed, const std::string& name) {
  add(reversed, kPtr, encode(name));
}

void DnsServer::fail(const std::string& name) {
  log_.note([&] { failing_.insert(name); });
}

void DnsServer::hold(const std::string& name) {
  log_.note([&] { held_[name]; });
}

void DnsServer::release(const std::string& name) {
  log_.note([&] {
    for (const Question& question : held_[name]) answer(question);
    held_.erase(name);
  });
}

void DnsServer::wait_asked(const std::string& name) {
  log_.wait("a question to the name server", [&] { return asked_.count(name) != 0; });
}

bool DnsServer::was_asked(const std::string& name) const {
  return log_.look([&] { return asked_.count(name) != 0; });
}

void DnsServer::serve() {
  for (;;) {
    pollfd ready[] = {{socket_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    ::poll(ready, 2, -1);
    if (ready[1].revents != 0) return;
    char bytes[512];
    sockaddr_in from;
    socklen_t from_length = sizeof from;
    const ssize_t count = ::recvfrom(socket_, bytes, sizeof bytes, 0,
                                     reinterpret_cast<sockaddr*>(&from), &from_length);
    if (count < static_cast<ssize_t>(kHeader)) continue;
    Question question;
    question.from.assign(reinterpret_cast<const char*>(&from), from_length);
    question.query.assign(bytes, static_cast<std::size_t>(count));
    std::size_t position = kHeader;
    question.name = decode(question.query, position);
    question.type = number_at(question.query, position);
    question.end = position + 4;
    take(question);
  }
}

void DnsServer::take(const Question& question) {
  log_.note([&] {
    asked_.insert(question.name);
    const auto held = held_.find(question.name);
    if (held == held_.end()) return answer(question);
    held->second.push_back(question);
  });
}

// With log_'s lock.
void DnsServer::answer(const Question& question) {
  std::string answers;
  std::uint16_t count = 0;
  std::string name = question.name;
  const bool exists = records_.count(name) != 0;
  for (int aliases = 0; aliases < kMostAliases; ++aliases) {
    std::string next;
    for (const Record& each : records_[name]) {
      if (each.type != question.type && each.type != kCname) continue;
      answers += record(name, each.type, each.data);
      ++count;
      std::size_t start = 0;
      if (each.type == kCname) next = decode(each.data, start);
    }
    if (next.empty()) break;
    name = next;
  }
  std::uint8_t code = exists ? 0 : kNoSuchName;
  if (failing_.count(question.name) != 0) code = kServerFailure;
  const char flags[] = {static_cast<char>(0x85), static_cast<char>(0x80 | code)};
  const std::string response = question.query.substr(0, 2) + std::string(flags, 2) + number(1) +
                               number(count) + number(0) + number(0) +
                               question.query.substr(kHeader, question.end - kHeader) + answers;
  ::sendto(socket_, response.data(), response.size(), 0,
           reinterpret_cast<const sockaddr*>(question.from.data()),
           static_cast<socklen_t>(question.from.size()));
}

}  // namespace wskrun::tests
