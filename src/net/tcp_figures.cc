// TCP_INFO in the kernel's own layout, which has more than libc's.
#include "net/tcp_figures.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

namespace wskrun::net {
namespace {

std::size_t ask(int fd, unsigned long what) {
  int bytes = 0;
  return ::ioctl(fd, what, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace

std::size_t unread_bytes(int fd) {
  return ask(fd, SIOCINQ);
}

std::size_t unacknowledged_bytes(int fd) {
  return ask(fd, SIOCOUTQ);
}

std::size_t ideal_send_backlog(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return 0;
  const std::size_t segment = info.tcpi_snd_mss;
  const std::size_t window = std::min<std::size_t>(info.tcpi_snd_cwnd * segment, info.tcpi_snd_wnd);
  return std::max(window, segment);
}

}  // namespace wskrun::net
