// The epoll loop and its transport.
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "base/check.h"
#include "net/basic_transport.h"
#include "net/epoll/epoll_datagram.h"
#include "net/epoll/epoll_listener.h"
#include "net/epoll/epoll_loop.h"
#include "net/epoll/epoll_stream.h"

namespace wskrun::net {
namespace {

constexpr std::size_t kEventsPerTurn = 256;

BufferPool::Shape pool_shape(const TransportOptions& options) {
  return {.total_bytes = options.receive_memory_bytes / options.loop_count};
}

// epoll_wait counts milliseconds: rounded up, or a timer would be met asleep again and again.
int in_milliseconds(std::optional<std::chrono::nanoseconds> timeout) {
  if (!timeout.has_value()) return -1;
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(*timeout).count();
  return static_cast<int>(std::min<long long>(rounded, INT_MAX));
}

}  // namespace

EpollLoop::EpollLoop(unsigned index, const TransportOptions& options)
    : EventLoop(index, options, pool_shape(options)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Error EpollLoop::set_up() {
  if (!epoll_ || !wakeup_) return Error(EMFILE);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};  // No handler: the wakeup.
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event) == 0 ? Error()
                                                                              : Error(errno);
}

void EpollLoop::tear_down() {}

Error EpollLoop::watch(int fd, std::uint32_t events, EpollHandler& handler) {
  epoll_event event{.events = events | EPOLLET, .data = {.ptr = &handler}};
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0 ? Error() : Error(errno);
}

void EpollLoop::stop_watching(int fd) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Error EpollLoop::watch_instead(int fd, std::uint32_t events, EpollHandler& handler) {
  epoll_event event{.events = events | EPOLLET, .data = {.ptr = &handler}};
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0 ? Error() : Error(errno);
}

void EpollLoop::wait(std::optional<std::chrono::nanoseconds> timeout) {
  std::array<epoll_event, kEventsPerTurn> events;
  const int count =
      ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, in_milliseconds(timeout));
  CHECK(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    if (auto* handler = static_cast<EpollHandler*>(events[i].data.ptr)) {
      handler->on_event(events[i].events);
    } else {
      std::uint64_t wakes = 0;
      static_cast<void>(::read(wakeup_.get(), &wakes, sizeof wakes) == 0);
    }
  }
}

void EpollLoop::interrupt() {
  const std::uint64_t one = 1;
  CHECK(::write(wakeup_.get(), &one, sizeof one) == sizeof one);
}

std::unique_ptr<Transport> make_epoll_transport(const TransportOptions& options, Error& error) {
  using EpollTransport =
      BasicTransport<EpollLoop, EpollStream, EpollListener, EpollDatagram, Blocking::kNo>;
  return EpollTransport::create("epoll", options, error);
}

}  // namespace wskrun::net
