// ReceiveQueue: bytes that have arrived and that nobody has taken yet, in stream order. It copies
// only when a WskReceive takes them (copy_to); indications take the chunks themselves.
#pragma once

#include <cstddef>

#include "base/fifo.h"
#include "net/chunk.h"
#include "wsk/buffer.h"

namespace wskrun::wsk {

class ReceiveQueue {
 public:
  bool empty() const { return bytes_ == 0; }
  std::size_t bytes() const { return bytes_; }

  void push(net::Chunk chunk);
  // The oldest chunk; the queue is not empty.
  net::Chunk take_front();
  // Undoes take_front(), last taken first.
  void put_back(net::Chunk chunk);
  // Moves bytes to where the cursor stands; returns how many.
  std::size_t copy_to(BufferCursor& cursor);
  void discard();

 private:
  base::Fifo<net::Chunk> chunks_;  // None of them empty.
  std::size_t bytes_ = 0;
};

}  // namespace wskrun::wsk
