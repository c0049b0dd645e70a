// A few size classes, and a bounded list of free blocks for each.
#include "base/block_cache.h"

#include <array>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define WSKRUN_PLAIN_BLOCKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WSKRUN_PLAIN_BLOCKS 1
#endif
#endif

namespace wskrun::base {
namespace {

#ifdef WSKRUN_PLAIN_BLOCKS
constexpr std::size_t kLargest = 0;
#else
constexpr std::size_t kLargest = 512;
#endif
constexpr std::size_t kStep = 16;
constexpr std::size_t kClasses = 512 / kStep;
constexpr std::size_t kMostFree = 256;  // Of a class: about as many as one turn of a loop frees.

struct FreeBlock {
  FreeBlock* next;
};

struct FreeList {
  FreeBlock* first = nullptr;
  std::size_t count = 0;
};

struct Cache {
  ~Cache() {
    for (FreeList& list : lists) {
      while (FreeBlock* block = list.first) {
        list.first = block->next;
        ::operator delete(block);
      }
      list.count = kMostFree;  // What is freed later in the thread's end goes to malloc.
    }
  }
  std::array<FreeList, kClasses> lists;
};

thread_local Cache cache;

std::size_t class_of(std::size_t bytes) {
  return (bytes - 1) / kStep;
}

}  // namespace

void* take_block(std::size_t bytes) {
  if (bytes > kLargest) return ::operator new(bytes);
  FreeList& list = cache.lists[class_of(bytes)];
  if (list.first == nullptr) return ::operator new((class_of(bytes) + 1) * kStep);
  FreeBlock* block = list.first;
  list.first = block->next;
  --list.count;
  return block;
}

void give_block(void* block, std::size_t bytes) {
  if (bytes > kLargest) return ::operator delete(block);
  FreeList& list = cache.lists[class_of(bytes)];
  if (list.count == kMostFree) return ::operator delete(block);
  list.first = new (block) FreeBlock{list.first};
  ++list.count;
}

}  // namespace wskrun::base
