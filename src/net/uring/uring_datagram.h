// UringDatagram: a datagram socket that polls of the ring report on: one that stays, for what can
// be read, and one for what can be written while a send waits.
#pragma once

#include "net/datagram_core.h"
#include "net/uring/uring_loop.h"

namespace wskrun::net {

class UringDatagram final : public DatagramCore, private CompletionHandler {
 public:
  UringDatagram(UringLoop& loop, PosixSocket& socket, DatagramSink& sink)
      : DatagramCore(loop, socket, sink), loop_(loop) {}

 private:
  enum Operation : unsigned { kReadable, kWritable };

  void attach() override;
  void await_writable() override;
  bool detach() override;
  void on_completion(unsigned operation, const io_uring_cqe& cqe) override;
  void watch_readable();

  UringLoop& loop_;
  OperationSet with_kernel_;
  bool detaching_ = false;
};

}  // namespace wskrun::net
