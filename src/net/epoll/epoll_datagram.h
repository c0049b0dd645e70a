// EpollDatagram: a datagram socket that epoll reports on. Only while a send waits does it report
// that the socket can be written: else each datagram that has gone out would be an event.
#pragma once

#include "net/datagram_core.h"
#include "net/epoll/epoll_loop.h"

namespace wskrun::net {

class EpollDatagram final : public DatagramCore, private EpollHandler {
 public:
  EpollDatagram(EpollLoop& loop, PosixSocket& socket, DatagramSink& sink)
      : DatagramCore(loop, socket, sink), loop_(loop) {}

 private:
  void attach() override;
  void receive() override { receive_what_is_there(); }
  void await_writable() override;
  bool detach() override { return true; }
  void on_event(std::uint32_t events) override;

  EpollLoop& loop_;
  bool awaits_writable_ = false;
};

}  // namespace wskrun::net
