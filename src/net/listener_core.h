// ListenerCore: what a listener is on every backend: when it accepts, what it does when the system
// is short of descriptors, how it closes. A backend adds how connections are fetched.
#pragma once

#include <atomic>

#include "net/event_loop.h"
#include "net/posix_socket.h"
#include "net/transport.h"

namespace wskrun::net {

class ListenerCore : public ListenerEndpoint, private LoopResident, private Timer {
 public:
  void resume_accept() final;
  void pause_accept() final;
  void close() final;
  Loop& loop() final { return home_; }
  Address local_address() const final { return local_address_of(fd()); }
  Error set_option(SocketOption option, std::uint32_t value) final {
    return set_socket_option(fd(), option, value);
  }
  Error get_option(SocketOption option, std::uint32_t& value) const final {
    return get_socket_option(fd(), option, value);
  }

 protected:
  ListenerCore(EventLoop& loop, PosixSocket& socket, ListenerSink& sink);
  virtual ~ListenerCore();

  // The backend's part, on the loop.

  virtual void attach() = 0;  // Once, before the others.
  // Accepts as long as wants_connections(), and not otherwise.
  virtual void accept() = 0;
  // As in StreamCore.
  virtual bool detach() = 0;

  int fd() const { return fd_.get(); }
  bool wants_connections() const {
    return wants_connections_.load(std::memory_order_relaxed) && !failed_ && !is_set();
  }
  void deliver(UniqueFd connection, std::optional<Address> remote = {});
  // Short of descriptors or memory: tries again soon. A lost connection: goes on with the next.
  // Anything else: gives up and says so.
  void accept_failed(Error error);
  void progress();
  void progress_later() {
    ask([] {});
  }

 private:
  void service() final;
  void on_timer() final { progress(); }
  void finish_close();

  UniqueFd fd_;
  const std::optional<Address> local_;  // That all connections have; nothing: they may differ.
  ListenerSink& sink_;
  std::atomic<bool> wants_connections_{false};
  bool close_wanted_ GUARDED_BY(mutex_) = false;

  // The loop's.
  bool attached_ = false;
  bool closing_ = false;
  bool failed_ = false;
};

}  // namespace wskrun::net
