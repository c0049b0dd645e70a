// Chunks, and the count of their bytes.
#include "wsk/receive_queue.h"

#include "base/check.h"

namespace wskrun::wsk {

void ReceiveQueue::push(net::Chunk chunk) {
  bytes_ += chunk.size();
  chunks_.push_back(std::move(chunk));
}

net::Chunk ReceiveQueue::take_front() {
  CHECK(!empty());
  bytes_ -= chunks_.front().size();
  return chunks_.pop_front();
}

void ReceiveQueue::put_back(net::Chunk chunk) {
  if (chunk.empty()) return;
  bytes_ += chunk.size();
  chunks_.push_front(std::move(chunk));
}

std::size_t ReceiveQueue::copy_to(BufferCursor& cursor) {
  std::size_t copied = 0;
  while (!empty() && cursor.remaining() > 0) {
    net::Chunk& front = chunks_.front();
    const std::size_t step = cursor.write(front.data(), front.size());
    front.remove_prefix(step);
    copied += step;
    bytes_ -= step;
    if (front.empty()) chunks_.pop_front();
  }
  return copied;
}

void ReceiveQueue::discard() {
  chunks_.clear();
  bytes_ = 0;
}

}  // namespace wskrun::wsk
