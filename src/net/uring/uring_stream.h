// UringStream: a stream whose receives are one standing request that the kernel answers again and
// again out of the loop's buffers, and which has at most one send with the kernel, to keep order.
#pragma once

#include <memory>

#include "net/stream_core.h"
#include "net/uring/uring_loop.h"

namespace wskrun::net {

class UringStream final : public StreamCore, private CompletionHandler {
 public:
  UringStream(UringLoop& loop, PosixSocket& socket, StreamSink& sink)
      : StreamCore(loop, socket, sink) {}

 private:
  enum Operation : unsigned {
    kReceive,   // Multishot, into the loop's buffers.
    kReadable,  // Waits for data while the loop has no buffers.
    kWatch,     // Multishot: waits for a reset, from when nobody receives.
    kSend,
    kConnect,
  };

  void attach() override {}
  void begin_connect(const SocketAddress& remote) override;
  void abandon_connect() override;
  void receive() override;
  void begin_send() override;
  void abandon_send() override;
  bool is_sending() const override { return with_kernel_.has(kSend); }
  bool detach() override;
  void let_go() override {}  // The ring holds nothing of it any more.

  void on_completion(unsigned operation, const io_uring_cqe& cqe) override;
  void on_receive(const io_uring_cqe& cqe);
  void on_readable();
  void on_watch(const io_uring_cqe& cqe);
  void on_send(int result);

  UringLoop& ring() { return static_cast<UringLoop&>(home()); }
  void start(io_uring_sqe& request, Operation operation);
  void stop(Operation operation);
  void start_receive();
  void start_waiting();
  void start_watch();

  OperationSet with_kernel_;
  OperationSet stopped_;  // Cancelled, but not complete yet.
  bool out_of_buffers_ = false;
  bool got_some_ = false;     // From the receive that ran out of buffers, or is going on.
  bool error_seen_ = false;   // By the watch.
  bool watch_ended_ = false;  // The kernel gave it up; it would again.
  std::unique_ptr<SocketAddress> remote_;  // During connect().
};

}  // namespace wskrun::net
