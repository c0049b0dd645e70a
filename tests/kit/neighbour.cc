// A network namespace, a pair of virtual interfaces, and a packet socket.
#include "kit/neighbour.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <exception>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "kit/own_world.h"
#include "kit/process.h"

namespace wskrun::tests {
namespace {

constexpr std::uint16_t kPostPort = 4711;
constexpr int kLimitMs = 60'000;

sockaddr_in post_address(const char* host) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPostPort);
  address.sin_addr.s_addr = ::inet_addr(host);
  return address;
}

int new_post(const char* host) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = post_address(host);
  need(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
       "binding the neighbours' post");
  return fd;
}

void post(int fd, const char* host) {
  const sockaddr_in to = post_address(host);
  need(::sendto(fd, "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 1,
       "posting to the neighbour");
}

void wait_readable(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  need(::poll(&entry, 1, kLimitMs) == 1, "waiting for the neighbour's post");
}

// The protocol above IP, of a packet that begins with its IP header.
int protocol_of(const unsigned char* packet) {
  return packet[0] >> 4 == 4 ? packet[9] : packet[6];
}

// The kernel configures an end of the cable a moment after both are up; the route of multicasts is
// the last it makes.
void wait_configured(const std::string& interface) {
  while (ip("-6 route show table all type multicast dev " + interface).empty()) {
    std::this_thread::yield();
  }
}

// Runs it in another thread, and throws what it throws.
void in_thread(const std::function<void()>& action) {
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      action();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

std::string ip(const std::string& arguments) {
  std::vector<std::string> command = {"/usr/bin/env", "ip"};
  std::istringstream words(arguments);
  for (std::string word; words >> word;) command.push_back(word);
  Process process(command);
  if (process.exit_status() != 0) {
    throw std::runtime_error("ip " + arguments + ": " + process.output());
  }
  return process.output();
}

Neighbour::Neighbour() {
  in_thread([this] {
    need(::unshare(CLONE_NEWNET) == 0, "a network for the neighbour");
    network_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    need(network_ >= 0, "opening the neighbour's network");
    lay_cable();
  });
  ip("address add 192.0.2.1/24 dev here");
  ip("address add 2001:db8::1/64 dev here nodad");
  ip("link set here addrgenmode none up");  // No link-local address, which would come later.
  wait_configured("here");
  in_its_network([this] {
    wait_configured("there");
    its_post_ = new_post("192.0.2.2");
    listening_ = ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
    need(listening_ >= 0, "listening to the cable");
  });
  our_post_ = new_post("192.0.2.1");
  segments();  // Now they know each other's hardware addresses.
}

Neighbour::~Neighbour() {
  for (const int fd : {network_, listening_, its_post_, our_post_}) {
    if (fd >= 0) ::close(fd);
  }
}

void Neighbour::lay_cable() {
  ip("link add there type veth peer name here netns " + std::to_string(::getpid()));
  ip("address add 192.0.2.2/24 dev there");
  ip("address add 2001:db8::2/64 dev there nodad");
  ip("link set there addrgenmode none up");
}

void Neighbour::in_its_network(const std::function<void()>& action) {
  in_thread([&] {
    need(::setns(network_, CLONE_NEWNET) == 0, "entering the neighbour's network");
    action();
  });
}

PeerListener Neighbour::listen(IpVersion version) {
  std::optional<PeerListener> listener;
  in_its_network([&] { listener.emplace(version, PeerListener::At::kEveryAddress); });
  return std::move(*listener);
}

int Neighbour::segments() {
  char mark;
  post(its_post_, "192.0.2.1");
  wait_readable(our_post_);
  need(::recv(our_post_, &mark, 1, 0) == 1, "taking the neighbour's post");
  post(our_post_, "192.0.2.2");
  for (int count = 0;;) {
    wait_readable(listening_);
    unsigned char packet[64];
    sockaddr_ll from{};
    socklen_t size = sizeof from;
    need(::recvfrom(listening_, packet, sizeof packet, 0, reinterpret_cast<sockaddr*>(&from),
                    &size) > 0,
         "reading a packet");
    const int what = ntohs(from.sll_protocol);
    if (from.sll_pkttype == PACKET_OUTGOING || (what != ETH_P_IP && what != ETH_P_IPV6)) continue;
    if (protocol_of(packet) == IPPROTO_TCP) ++count;
    if (protocol_of(packet) != IPPROTO_UDP) continue;
    need(::recv(its_post_, &mark, 1, 0) == 1, "taking our post");
    return count;
  }
}

}  // namespace wskrun::tests
