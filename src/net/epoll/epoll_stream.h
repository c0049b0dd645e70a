// EpollStream: a stream by plain calls: recv, sendmsg, connect, as far as they go, and from there
// on when epoll says so.
#pragma once

#include "net/epoll/epoll_loop.h"
#include "net/stream_core.h"

namespace wskrun::net {

class EpollStream final : public StreamCore, private EpollHandler {
 public:
  EpollStream(EpollLoop& loop, PosixSocket& socket, StreamSink& sink)
      : StreamCore(loop, socket, sink) {}

 private:
  void attach() override;
  void begin_connect(const SocketAddress& remote) override;
  void abandon_connect() override;
  void receive() override;
  void begin_send() override;
  void abandon_send() override {}
  bool is_sending() const override { return false; }
  bool detach() override { return true; }
  void let_go() override { epoll().stop_watching(fd()); }

  EpollLoop& epoll() { return static_cast<EpollLoop&>(home()); }
  void on_event(std::uint32_t events) override;
  void receive_once();
  void receive_from_reserve();

  bool connecting_ = false;
  bool readable_ = false;
  bool writable_ = true;
  bool read_to_the_end_ = false;  // There is more than data to hear: FIN, an error, urgent data.
  bool error_seen_ = false;
};

}  // namespace wskrun::net
