// SendQueue: SendOps in order, linked through themselves, and how far the kernel has come in them.
#pragma once

#include <span>

#include "net/transport.h"

namespace wskrun::net {

class SendQueue {
 public:
  bool empty() const { return first_ == nullptr; }
  SendOp* front() { return first_; }
  void push(SendOp& op);
  SendOp& pop();
  void push_all(SendQueue ops);

  // What comes next, as few copies of iovecs as possible: a view of the first op, or of `scratch`
  // filled from several. Not more than IOV_MAX.
  std::span<iovec> gather(std::span<iovec> scratch, bool first_only);
  bool wants_no_delay(std::size_t iovecs) const;  // One of the ops that lie in the next `iovecs`.
  // The kernel took `bytes`; returns the ops that are complete.
  SendQueue advance(std::size_t bytes);
  // Takes out the ops that are marked as cancelled.
  SendQueue take_cancelled();

 private:
  SendOp* first_ = nullptr;
  SendOp* last_ = nullptr;
};

}  // namespace wskrun::net
