// UringDatagram: a datagram socket that a standing request of the ring receives from. Polls are for
// what cannot go that way: a send that waits, and receiving when there are no more buffers.
#pragma once

#include "net/datagram_core.h"
#include "net/uring/uring_loop.h"

namespace wskrun::net {

class UringDatagram final : public DatagramCore, private CompletionHandler {
 public:
  UringDatagram(UringLoop& loop, PosixSocket& socket, DatagramSink& sink)
      : DatagramCore(loop, socket, sink), loop_(loop) {}

 private:
  enum Operation : unsigned { kReceive, kReadable, kWritable };

  void receive() override;
  void await_writable() override;
  bool detach() override;
  void on_completion(unsigned operation, const io_uring_cqe& cqe) override;

  void start(io_uring_sqe& request, Operation operation);
  void start_receive();
  void stop(Operation operation);
  void start_poll(unsigned events, Operation operation);
  void on_receive(const io_uring_cqe& cqe);
  Datagram take(const io_uring_cqe& cqe);

  UringLoop& loop_;
  OperationSet with_kernel_;
  OperationSet stopped_;  // Cancelled, but not complete yet.
};

}  // namespace wskrun::net
