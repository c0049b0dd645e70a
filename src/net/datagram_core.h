// DatagramCore: what a datagram endpoint is on every backend: its queue of sends, how it receives
// by plain calls, how it closes. A backend adds how it hears that a socket can be read or written,
// and may receive in a way of its own.
#pragma once

#include <atomic>
#include <vector>

#include "net/buffer_pool.h"
#include "net/event_loop.h"
#include "net/posix_socket.h"
#include "net/transport.h"

namespace wskrun::net {

class DatagramCore : public DatagramEndpoint, private LoopResident, private MemoryWaiter {
 public:
  void resume_receive() final;
  void pause_receive() final;
  bool try_send(DatagramSend& send, Error& error) final;
  void send(DatagramSend& send) final;
  void cancel_send(DatagramSend& send) final;
  void close() final;

  Loop& loop() final { return home_; }
  Address local_address() const final { return local_address_of(fd()); }
  Error set_option(SocketOption option, std::uint32_t value) final {
    return set_socket_option(fd(), option, value);
  }
  Error get_option(SocketOption option, std::uint32_t& value) const final {
    return get_socket_option(fd(), option, value);
  }
  Error change_membership(const GroupMembership& change) final {
    return change_group_membership(fd(), change);
  }

 protected:
  DatagramCore(EventLoop& loop, PosixSocket& socket, DatagramSink& sink);
  virtual ~DatagramCore();

  // The backend's part, on the loop.

  virtual void attach() {}  // Once, before the others.
  // Receives as long as wants_datagrams(), and not otherwise.
  virtual void receive() = 0;
  virtual void await_writable() = 0;  // Leads to writable(), once.
  // As in StreamCore.
  virtual bool detach() = 0;

  // For the backend, on the loop.

  int fd() const { return fd_.get(); }
  BufferPool& buffers() { return home_.datagram_buffers(); }
  bool wants_datagrams() const {
    return wants_.load(std::memory_order_relaxed) && !failed_ && !closing_ && !memory_link.linked();
  }
  // Receives by plain calls as long as there is something; readable() says that there is again.
  void receive_what_is_there();
  void readable() { readable_ = true; }
  void writable();
  // Received otherwise; the sink gets it with what else comes in this turn.
  void arrived(Datagram datagram);
  void give_up(Error error);
  void progress();

 private:
  void service() final;
  void on_memory() final { progress(); }

  void hand_over_arrived();
  bool receive_batch();
  bool receive_into_reserve();
  void push_sends();
  void end_cancelled_sends();
  void finish_close();

  // A queue of sends, linked through themselves.
  class Sends {
   public:
    bool empty() const { return first_ == nullptr; }
    DatagramSend* front() { return first_; }
    void push(DatagramSend& send);
    DatagramSend& pop();
    bool contains(const DatagramSend& send) const;
    Sends take_cancelled();

   private:
    DatagramSend* first_ = nullptr;
    DatagramSend* last_ = nullptr;
  };
  void report(Sends ended, Error error);

  UniqueFd fd_;
  DatagramSink& sink_;
  std::atomic<bool> wants_{false};

  Sends sends_ GUARDED_BY(mutex_);
  bool cancel_wanted_ GUARDED_BY(mutex_) = false;
  bool close_wanted_ GUARDED_BY(mutex_) = false;

  // The loop's.
  std::vector<Datagram> arrived_;
  bool attached_ = false;
  bool readable_ = true;
  bool writable_ = true;
  bool closing_ = false;
  bool failed_ = false;
  base::RefPtr<Reserve> reserve_;  // Made when first needed.
};

}  // namespace wskrun::net
