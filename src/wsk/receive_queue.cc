// A vector that is consumed at its front: an idle connection holds no memory for it.
#include "wsk/receive_queue.h"

#include "base/check.h"

namespace wskrun::wsk {

void ReceiveQueue::push(net::Chunk chunk) {
  bytes_ += chunk.size();
  chunks_.push_back(std::move(chunk));
}

net::Chunk ReceiveQueue::take_front() {
  CHECK(!empty());
  net::Chunk chunk = std::move(chunks_[head_]);
  bytes_ -= chunk.size();
  drop_front();
  return chunk;
}

void ReceiveQueue::put_back(net::Chunk chunk) {
  if (chunk.empty()) return;
  bytes_ += chunk.size();
  if (head_ > 0) {
    chunks_[--head_] = std::move(chunk);
  } else {
    chunks_.insert(chunks_.begin(), std::move(chunk));
  }
}

std::size_t ReceiveQueue::copy_to(BufferCursor& cursor) {
  std::size_t copied = 0;
  while (!empty() && cursor.remaining() > 0) {
    net::Chunk& front = chunks_[head_];
    const std::size_t step = cursor.write(front.data(), front.size());
    front.remove_prefix(step);
    copied += step;
    bytes_ -= step;
    if (front.empty()) drop_front();
  }
  return copied;
}

void ReceiveQueue::discard() {
  chunks_.clear();
  head_ = 0;
  bytes_ = 0;
}

// The front chunk is used up. Moved-from chunks before head_ go once they are half of the vector.
void ReceiveQueue::drop_front() {
  chunks_[head_] = net::Chunk();
  if (++head_ * 2 < chunks_.size()) return;
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(head_));
  head_ = 0;
}

}  // namespace wskrun::wsk
