// BlockCache: blocks that a thread has freed and will want again at once, for objects that come and
// go with every message. Each thread has its own, so nobody waits; it is bounded, and malloc is
// behind it. Under AddressSanitizer there is only malloc, which knows what is freed.
#pragma once

#include <cstddef>

namespace wskrun::base {

// Of at least `bytes`; as operator new.
void* take_block(std::size_t bytes);

// `bytes` as they were taken, on any thread.
void give_block(void* block, std::size_t bytes);

}  // namespace wskrun::base
