// The program unshare makes the namespaces; what is in them is made from inside.
#include "kit/own_world.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "kit/process.h"

namespace wskrun::tests {
namespace {

constexpr char kMark[] = "WSKRUN_TEST_OWN_WORLD";

}  // namespace

bool in_own_world() {
  return std::getenv(kMark) != nullptr;
}

void need(bool success, const char* what) {
  if (!success) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

void bring_up_loopback() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq lo{};
  std::strncpy(lo.ifr_name, "lo", sizeof lo.ifr_name - 1);
  need(::ioctl(socket, SIOCGIFFLAGS, &lo) == 0, "reading the flags of lo");
  lo.ifr_flags |= IFF_UP;
  need(::ioctl(socket, SIOCSIFFLAGS, &lo) == 0, "lo up");
  ::close(socket);
}

void repeat_in_own_world() {
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
