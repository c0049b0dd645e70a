// UringListener: one standing request that the kernel answers with each new connection.
#pragma once

#include "net/listener_core.h"
#include "net/uring/uring_loop.h"

namespace wskrun::net {

class UringListener final : public ListenerCore, private CompletionHandler {
 public:
  UringListener(UringLoop& loop, PosixSocket& socket, ListenerSink& sink)
      : ListenerCore(loop, socket, sink), loop_(loop) {}

 private:
  static constexpr unsigned kAccept = 0;

  void attach() override {}
  void accept() override;
  bool detach() override;
  void on_completion(unsigned operation, const io_uring_cqe& cqe) override;
  void start();
  void stop();

  UringLoop& loop_;
  bool with_kernel_ = false;
  bool stopped_ = false;  // Cancelled, but not complete yet.
};

}  // namespace wskrun::net
