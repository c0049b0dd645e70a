// Files, an address and a host name.
#include "kit/name_world.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "kit/own_world.h"

namespace wskrun::tests {
namespace {

void write(const char* path, const char* text) {
  std::ofstream(path) << text;
}

void furnish_loopback() {
  bring_up_loopback();
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq second{};
  std::strncpy(second.ifr_name, "lo:1", sizeof second.ifr_name - 1);
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

void furnish_name_world() {
  furnish_loopback();
  furnish_etc();
  need(::sethostname("box", 3) == 0, "a host name");
}

}  // namespace wskrun::tests
