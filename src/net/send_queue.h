// SendQueue: SendOps in order, linked through themselves, and how far the kernel has come in them.
#pragma once

#include <span>

#include "net/transport.h"

namespace wskrun::net {

class SendQueue {
 public:
  bool empty() const { return last_ == nullptr; }
  // Of a queue that is not empty.
  SendOp& front() const { return *last_->next; }
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
  // The op behind `op`; behind the last there is none.
  SendOp* after(const SendOp& op) const { return &op == last_ ? nullptr : op.next; }

  SendOp* last_ = nullptr;  // Whose `next` is the first.
};

}  // namespace wskrun::net
