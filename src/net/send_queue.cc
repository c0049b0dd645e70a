// Joining and advancing ops.
#include "net/send_queue.h"

#include <limits.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace wskrun::net {
namespace {

// Moves `op` on by at most `bytes`; returns by how many.
std::size_t advance_op(SendOp& op, std::size_t bytes) {
  std::size_t moved = 0;
  while (op.iov_count != 0 && (moved < bytes || op.iov->iov_len == 0)) {
    const std::size_t step = std::min(bytes - moved, op.iov->iov_len);
    op.iov->iov_base = static_cast<std::byte*>(op.iov->iov_base) + step;
    op.iov->iov_len -= step;
    moved += step;
    if (op.iov->iov_len != 0) break;
    ++op.iov;
    --op.iov_count;
  }
  op.sent += moved;
  return moved;
}

}  // namespace

void SendQueue::push(SendOp& op) {
  if (last_ == nullptr) {
    op.next = &op;
  } else {
    op.next = std::exchange(last_->next, &op);
  }
  last_ = &op;
}

SendOp& SendQueue::pop() {
  SendOp& op = front();
  if (&op == last_) {
    last_ = nullptr;
  } else {
    last_->next = op.next;
  }
  op.next = nullptr;
  return op;
}

void SendQueue::push_all(SendQueue ops) {
  if (ops.empty()) return;
  if (last_ != nullptr) std::swap(last_->next, ops.last_->next);
  last_ = ops.last_;
}

std::span<iovec> SendQueue::gather(std::span<iovec> scratch, bool first_only) {
  if (empty()) return {};
  SendOp& first = front();
  if (first_only || &first == last_ || first.iov_count >= scratch.size()) {
    return {first.iov, std::min<std::size_t>(first.iov_count, IOV_MAX)};
  }
  const std::size_t room = std::min<std::size_t>(scratch.size(), IOV_MAX);
  std::size_t filled = 0;
  for (const SendOp* op = &first; op != nullptr && filled < room; op = after(*op)) {
    const std::size_t count = std::min<std::size_t>(op->iov_count, room - filled);
    std::copy_n(op->iov, count, scratch.begin() + filled);
    filled += count;
  }
  return scratch.first(filled);
}

bool SendQueue::wants_no_delay(std::size_t iovecs) const {
  if (empty()) return false;
  for (const SendOp* op = &front(); op != nullptr && iovecs != 0; op = after(*op)) {
    if (op->no_delay) return true;
    iovecs -= std::min<std::size_t>(iovecs, op->iov_count);
  }
  return false;
}

SendQueue SendQueue::advance(std::size_t bytes) {
  SendQueue complete;
  while (bytes != 0) {
    CHECK(!empty());
    SendOp& first = front();
    bytes -= advance_op(first, bytes);
    if (first.sent == first.length) complete.push(pop());
  }
  return complete;
}

SendQueue SendQueue::take_cancelled() {
  SendQueue cancelled;
  SendQueue rest;
  while (!empty()) {
    SendOp& op = pop();
    (op.cancelled ? cancelled : rest).push(op);
  }
  *this = rest;
  return cancelled;
}

}  // namespace wskrun::net
