// Blocks: memory that a driver gets from the runtime and gives back, pool as well as IRPs and MDLs.
// A hidden header in front of each holds its ledger entry. malloc lies underneath: its per-thread
// caches make blocks quick, and the address sanitizer sees overruns and uses after the free.
// ex_pool.cc, io_irp.cc and mm_mdl.cc have the WDK's functions over this.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nt/ledger.h"

namespace wskrun::nt {

// Memory given back must go to the allocator at once, where the address sanitizer watches it.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
inline constexpr bool kAddressSanitizer = __has_feature(address_sanitizer);
#else
inline constexpr bool kAddressSanitizer = false;
#endif

struct BlockRequest {
  Holding holding;
  std::size_t size_bytes;
  std::uint32_t tag;
  const void* allocated_by;  // Return address in the driver.
  bool zeroed;
};

// 16-byte aligned; page aligned from PAGE_SIZE bytes on. nullptr when there is no memory.
void* allocate_block(const BlockRequest& request);

// The entry of a block that `function` (the documented name) is about to free. What is no block,
// was freed already, was overrun, or is another kind of object is the bugcheck it is on Windows.
const LedgerEntry& require_block(const void* object, Holding expected, const char* function);

// Only after require_block.
void free_block(void* object);

}  // namespace wskrun::nt
