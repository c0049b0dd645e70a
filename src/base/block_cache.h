// BlockCache: blocks that were freed and will be wanted again at once, for objects that come and go
// with every message or connection. Each thread has its own, and what one takes and another frees
// goes back in batches. It is bounded, and malloc is behind it. Under AddressSanitizer there is
// only malloc, which knows what is freed.
#pragma once

#include <cstddef>

namespace wskrun::base {

inline constexpr std::size_t kLargestCachedBlock = 512;  // Longer ones come from malloc.

// Of at least `bytes`; as operator new.
void* take_block(std::size_t bytes);

// `bytes` as they were taken, on any thread.
void give_block(void* block, std::size_t bytes);

// Base of such objects: new and delete go to the cache.
struct Recycled {
  static void* operator new(std::size_t bytes) { return take_block(bytes); }
  static void operator delete(void* block, std::size_t bytes) { give_block(block, bytes); }
};

}  // namespace wskrun::base
