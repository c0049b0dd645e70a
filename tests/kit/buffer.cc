// MDLs over ordinary memory, which counts as nonpaged pool here.
#include "kit/buffer.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace wskrun::tests {

Buffer::Buffer(std::initializer_list<std::size_t> sizes) {
  for (const std::size_t size : sizes) {
    blocks_.push_back({size, std::vector<char>(size + 2 * kGuardSize, kUntouched)});
    PMDL mdl = IoAllocateMdl(blocks_.back().memory.data() + kGuardSize, static_cast<ULONG>(size),
                             FALSE, FALSE, nullptr);
    if (mdl == nullptr) throw std::bad_alloc();
    MmBuildMdlForNonPagedPool(mdl);
    if (!mdls_.empty()) mdls_.back()->Next = mdl;
    mdls_.push_back(mdl);
  }
  for (const MDL* mdl : mdls_) as_made_.push_back(*mdl);
}

Buffer::Buffer(std::string_view data) : Buffer({data.size()}) {
  std::copy(data.begin(), data.end(), blocks_.front().memory.begin() + kGuardSize);
}

Buffer::~Buffer() {
  for (PMDL mdl : mdls_) IoFreeMdl(mdl);
}

WSK_BUF Buffer::whole() const {
  SIZE_T length = 0;
  for (const Block& block : blocks_) length += block.size;
  return {mdls_.front(), 0, length};
}

std::string Buffer::bytes() const {
  std::string all;
  for (const Block& block : blocks_) all.append(block.memory.data() + kGuardSize, block.size);
  return all;
}

bool Buffer::guards_intact() const {
  const auto untouched = [](char byte) { return byte == kUntouched; };
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const std::vector<char>& memory = blocks_[i].memory;
    if (!std::all_of(memory.begin(), memory.begin() + kGuardSize, untouched)) return false;
    if (!std::all_of(memory.end() - kGuardSize, memory.end(), untouched)) return false;
    if (std::memcmp(mdls_[i], &as_made_[i], sizeof(MDL)) != 0) return false;
  }
  return true;
}

std::string bytes_of(const WSK_BUF& buffer) {
  std::string all;
  SIZE_T left = buffer.Length;
  SIZE_T offset = buffer.Offset;
  for (PMDL mdl = buffer.Mdl; left > 0; mdl = mdl->Next) {
    const auto* address =
        static_cast<const char*>(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
    const SIZE_T step = std::min<SIZE_T>(left, MmGetMdlByteCount(mdl) - offset);
    all.append(address + offset, step);
    left -= step;
    offset = 0;
  }
  return all;
}

std::string bytes_of(PWSK_DATA_INDICATION list) {
  std::string all;
  for (; list != nullptr; list = list->Next) all += bytes_of(list->Buffer);
  return all;
}

}  // namespace wskrun::tests
