// Asks the kernel by madvise, which touches pages without changing them and answers with an error
// where they are not. The call costs as much as a small send, so pages that were found are
// remembered; drivers lock the same buffers over and over.
#include "nt/mm_probe.h"

#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>

// From Linux 5.14.
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

namespace wskrun::nt {
namespace {

constexpr std::uintptr_t kPage = 4096;
constexpr std::size_t kRemembered = 1024;
constexpr std::uintptr_t kReadable = 1;
constexpr std::uintptr_t kWritable = 2;

// Page address | kReadable or kWritable. Each slot stands for itself; any thread writes it.
std::array<std::atomic<std::uintptr_t>, kRemembered> remembered{};

// The pages that the range touches.
struct Pages {
  std::uintptr_t first;
  std::uintptr_t count;

  std::uintptr_t address(std::uintptr_t index) const { return first + index * kPage; }
};

std::atomic<std::uintptr_t>& slot_of(std::uintptr_t page) {
  return remembered[(page / kPage) % kRemembered];
}

bool is_remembered(std::uintptr_t page, Access access) {
  const std::uintptr_t known = slot_of(page).load(std::memory_order_relaxed);
  return known == (page | kWritable) || (access == Access::kRead && known == (page | kReadable));
}

bool are_remembered(const Pages& pages, Access access) {
  for (std::uintptr_t i = 0; i < pages.count; ++i) {
    if (!is_remembered(pages.address(i), access)) return false;
  }
  return true;
}

void remember(const Pages& pages, Access access) {
  const std::uintptr_t found = access == Access::kWrite ? kWritable : kReadable;
  for (std::uintptr_t i = 0; i < pages.count; ++i) {
    const std::uintptr_t page = pages.address(i);
    slot_of(page).store(page | found, std::memory_order_relaxed);
  }
}

bool populate(const Pages& pages, Access access) {
  const int advice = access == Access::kWrite ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
  return ::madvise(reinterpret_cast<void*>(pages.first), pages.count * kPage, advice) == 0;
}

// For kernels without that advice: reads a byte of each page through the kernel. Whether it can be
// written is not known there.
bool can_copy_from(const Pages& pages) {
  for (std::uintptr_t i = 0; i < pages.count; ++i) {
    char byte = 0;
    const iovec to{&byte, 1};
    const iovec from{reinterpret_cast<void*>(pages.address(i)), 1};
    if (::process_vm_readv(::getpid(), &to, 1, &from, 1, 0) != 1) return false;
  }
  return true;
}

bool kernel_can_populate() {
  static const bool can = [] {
    char here = 0;
    return populate({reinterpret_cast<std::uintptr_t>(&here) & ~(kPage - 1), 1}, Access::kWrite);
  }();
  return can;
}

}  // namespace

bool memory_is_there(const void* address, std::size_t size_bytes, Access access) {
  if (size_bytes == 0) return true;
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  std::uintptr_t last = 0;
  if (__builtin_add_overflow(begin, size_bytes - 1, &last)) return false;
  const std::uintptr_t first = begin & ~(kPage - 1);
  const Pages pages{first, (last - first) / kPage + 1};
  if (are_remembered(pages, access)) return true;
  if (!(kernel_can_populate() ? populate(pages, access) : can_copy_from(pages))) return false;
  remember(pages, access);
  return true;
}

}  // namespace wskrun::nt
