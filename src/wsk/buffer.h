// WSK_BUF: a range of bytes in an MDL chain. This file only reads the driver's MDLs and the bytes
// they describe; it never changes an MDL (B-009).
#pragma once

#include <sys/uio.h>
#include <wdm.h>
#include <wsk.h>

#include <cstddef>

namespace wskrun::wsk {

// Offset lies in the first MDL and Length within the chain from there; a zero Length needs no MDL.
bool lies_within_mdl(const WSK_BUF& buffer);

// Walks the bytes of a WSK_BUF from front to back. MDLs of zero bytes are skipped.
class BufferCursor {
 public:
  BufferCursor() = default;
  explicit BufferCursor(const WSK_BUF& buffer);

  std::size_t remaining() const { return remaining_; }
  // Copies as much of `data` as there is room for and advances; returns how much that was.
  std::size_t write(const std::byte* data, std::size_t size);
  // Describes the remaining bytes by at most `capacity` iovecs; returns how many it would take.
  std::size_t describe(iovec* iovecs, std::size_t capacity) const;

 private:
  PMDL mdl_ = nullptr;
  std::size_t offset_ = 0;  // Within mdl_.
  std::size_t remaining_ = 0;
};

}  // namespace wskrun::wsk
