// The program unshare makes the namespaces; what is in them is made here, from inside.
#include "kit/name_world.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "kit/process.h"

namespace wskrun::tests {
namespace {

constexpr char kMark[] = "WSKRUN_TEST_NAME_WORLD";

void need(bool success, const char* what) {
  if (!success) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

void write(const char* path, const char* text) {
  std::ofstream(path) << text;
}

ifreq interface(const char* name) {
  ifreq request{};
  std::strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
  return request;
}

void furnish_loopback() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq up = interface("lo");
  need(::ioctl(socket, SIOCGIFFLAGS, &up) == 0, "reading the flags of lo");
  up.ifr_flags |= IFF_UP;
  need(::ioctl(socket, SIOCSIFFLAGS, &up) == 0, "lo up");
  ifreq second = interface("lo:1");
  auto& address = reinterpret_cast<sockaddr_in&>(second.ifr_addr);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::inet_addr("192.0.2.1");
  need(::ioctl(socket, SIOCSIFADDR, &second) == 0, "an address for lo:1");
  ::close(socket);
}

void furnish_etc() {
  need(::mount("none", "/etc", "tmpfs", 0, nullptr) == 0, "an /etc of its own");
  write("/etc/host.conf", "multi on\n");
  write("/etc/nsswitch.conf", "hosts: files dns\nservices: files\n");
  write("/etc/resolv.conf",
        "nameserver 127.0.0.1\nsearch corp.test\noptions timeout:30 attempts:1\n");
  write("/etc/hosts",
        "127.0.0.1 localhost\n"
        "::1 localhost\n"
        "192.0.2.1 box.corp.test box\n"
        "192.0.2.2 b\xc3\xbc\x63her.test\n");
  write("/etc/services", "blink 4001/tcp\nblink 4002/udp\nrays 4003/udp\n");
}

}  // namespace

bool in_name_world() {
  return std::getenv(kMark) != nullptr;
}

void furnish_name_world() {
  furnish_loopback();
  furnish_etc();
  need(::sethostname("box", 3) == 0, "a host name");
}

void repeat_in_name_world() {
  const ::testing::TestInfo& test = *::testing::UnitTest::GetInstance()->current_test_info();
  const std::string name = std::string(test.test_suite_name()) + "." + test.name();
  // Shards are of the whole suite; the repeated test is all there is to run in there.
  Process process({"/usr/bin/env", "--unset=GTEST_TOTAL_SHARDS", "--unset=GTEST_SHARD_INDEX",
                   std::string(kMark) + "=1", "unshare", "--user", "--map-root-user", "--mount",
                   "--net", "--uts", std::filesystem::read_symlink("/proc/self/exe").string(),
                   "--gtest_filter=" + name});
  const int status = process.exit_status();
  const auto says = [&](const char* text) {
    return process.output().find(text) != std::string::npos;
  };
  if (!says("[ RUN      ]")) GTEST_SKIP() << "no namespaces to be had here: " << process.output();
  if (status == 0 && says("[  SKIPPED ]")) GTEST_SKIP() << process.output();
  EXPECT_TRUE(status == 0 && says("[       OK ]")) << process.output();
}

}  // namespace wskrun::tests
