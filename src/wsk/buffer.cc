// Walking MDL chains.
#include "wsk/buffer.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace wskrun::wsk {
namespace {

std::byte* bytes_of(PMDL mdl) {
  void* address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
  CHECK(address != nullptr);  // User memory is always mapped here.
  return static_cast<std::byte*>(address);
}

}  // namespace

bool lies_within_mdl(const WSK_BUF& buffer) {
  if (buffer.Length == 0) return true;
  if (buffer.Mdl == nullptr || buffer.Offset > MmGetMdlByteCount(buffer.Mdl)) return false;
  std::size_t available = MmGetMdlByteCount(buffer.Mdl) - buffer.Offset;
  for (PMDL mdl = buffer.Mdl->Next; mdl != nullptr && available < buffer.Length; mdl = mdl->Next) {
    available += MmGetMdlByteCount(mdl);
  }
  return buffer.Length <= available;
}

BufferCursor::BufferCursor(const WSK_BUF& buffer)
    : mdl_(buffer.Mdl), offset_(buffer.Offset), remaining_(buffer.Length) {}

std::size_t BufferCursor::write(const std::byte* data, std::size_t size) {
  const std::size_t total = std::min(size, remaining_);
  std::size_t left = total;
  while (left > 0) {
    const std::size_t step = std::min<std::size_t>(left, MmGetMdlByteCount(mdl_) - offset_);
    if (step > 0) std::memcpy(bytes_of(mdl_) + offset_, data, step);
    data += step;
    left -= step;
    offset_ += step;
    if (offset_ == MmGetMdlByteCount(mdl_) && remaining_ > total - left) {
      mdl_ = mdl_->Next;
      offset_ = 0;
    }
  }
  remaining_ -= total;
  return total;
}

std::size_t BufferCursor::describe(iovec* iovecs, std::size_t capacity) const {
  std::size_t count = 0;
  std::size_t offset = offset_;
  std::size_t left = remaining_;
  for (PMDL mdl = mdl_; left > 0; mdl = mdl->Next, offset = 0) {
    const std::size_t step = std::min<std::size_t>(left, MmGetMdlByteCount(mdl) - offset);
    left -= step;
    if (step == 0) continue;
    if (count < capacity) iovecs[count] = {bytes_of(mdl) + offset, step};
    ++count;
  }
  return count;
}

}  // namespace wskrun::wsk
