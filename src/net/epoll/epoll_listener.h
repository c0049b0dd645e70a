// EpollListener: accepts until the backlog is empty, a bounded number of connections a turn.
#pragma once

#include "net/epoll/epoll_loop.h"
#include "net/listener_core.h"

namespace wskrun::net {

class EpollListener final : public ListenerCore, private EpollHandler {
 public:
  EpollListener(EpollLoop& loop, PosixSocket& socket, ListenerSink& sink)
      : ListenerCore(loop, socket, sink), loop_(loop) {}

 private:
  void attach() override;
  void accept() override;
  bool detach() override { return true; }
  void on_event(std::uint32_t events) override;

  EpollLoop& loop_;
  bool ready_ = false;
};

}  // namespace wskrun::net
