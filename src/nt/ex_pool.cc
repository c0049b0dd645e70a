// Pool: the ExAllocatePool and ExFreePool families over blocks. Paged and nonpaged pool are the
// same memory here, which is never paged out and never executable; the kinds differ only in the
// IRQL at which they may be asked for. ex_lookaside.cc recycles blocks.
#include <wdm.h>

#include "nt/block.h"
#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "probe/mistake.h"

using namespace wskrun;
using namespace wskrun::nt;

namespace {

constexpr POOL_FLAGS kKinds = POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED;
constexpr POOL_FLAGS kKnown = kKinds | POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED |
                              POOL_FLAG_SESSION | POOL_FLAG_CACHE_ALIGNED |
                              POOL_FLAG_RAISE_ON_FAILURE;
constexpr POOL_FLAGS kRequired = (POOL_FLAG_REQUIRED_END << 1) - 1;

constexpr ULONG kNoTag = 'enoN';  // What Windows files untagged pool under: "None" in memory.
constexpr ULONG kProtectedPool = 0x80000000;  // A tag's old bit: it says nothing about the owner.

bool one_bit(POOL_FLAGS flags) {
  return flags != 0 && (flags & (flags - 1)) == 0;
}

PVOID allocate(POOL_FLAGS flags, SIZE_T size_bytes, ULONG tag, const void* caller,
               const char* function) {
  require_irql_at_most((flags & POOL_FLAG_PAGED) != 0 ? APC_LEVEL : DISPATCH_LEVEL, function);
  if (tag == 0) {
    probe::mistake(caller, "%s: a pool tag of zero; give each kind of allocation its own tag",
                   function);
  }
  PVOID block = allocate_block({.holding = Holding::kPool,
                                .size_bytes = size_bytes,
                                .tag = tag,
                                .allocated_by = caller,
                                .zeroed = (flags & POOL_FLAG_UNINITIALIZED) == 0});
  if (block == nullptr && (flags & POOL_FLAG_RAISE_ON_FAILURE) != 0) {
    ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
  }
  return block;
}

PVOID allocate_checked(POOL_FLAGS flags, SIZE_T size_bytes, ULONG tag, const void* caller) {
  if (!one_bit(flags & kKinds) || (flags & kRequired & ~kKnown) != 0) {
    probe::mistake(caller,
                   "ExAllocatePool2: flags %#llx; name exactly one of POOL_FLAG_NON_PAGED, "
                   "POOL_FLAG_NON_PAGED_EXECUTE and POOL_FLAG_PAGED, and no undefined flag",
                   flags);
    return nullptr;
  }
  return allocate(flags, size_bytes, tag, caller, "ExAllocatePool2");
}

// The flags that an old POOL_TYPE stands for.
POOL_FLAGS flags_of(POOL_TYPE type) {
  POOL_FLAGS flags = (type & PagedPool) != 0 ? POOL_FLAG_PAGED : POOL_FLAG_NON_PAGED;
  if ((type & POOL_ZERO_ALLOCATION) == 0) flags |= POOL_FLAG_UNINITIALIZED;
  if ((type & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0) flags |= POOL_FLAG_RAISE_ON_FAILURE;
  return flags;
}

void free_pool(PVOID block, ULONG tag, const char* function) {
  const LedgerEntry& entry = require_block(block, Holding::kPool, function);
  if (tag != 0 && ((tag ^ entry.tag) & ~kProtectedPool) != 0) {
    bug_check({BAD_POOL_CALLER, {0x0A, parameter(block), entry.tag, tag}},
              "%s(%p, '%s'): this memory was allocated with the tag '%s'", function, block,
              tag_text(tag).characters, tag_text(entry.tag).characters);
  }
  free_block(block);
}

}  // namespace

extern "C" {

PVOID ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes) {
  return allocate(flags_of(PoolType), NumberOfBytes, kNoTag, __builtin_return_address(0),
                  "ExAllocatePool");
}

PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
  return allocate(flags_of(PoolType), NumberOfBytes, Tag, __builtin_return_address(0),
                  "ExAllocatePoolWithTag");
}

PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
  // There are no quotas; what remains of them is that failure raises unless told otherwise.
  POOL_FLAGS flags = flags_of(PoolType);
  if ((PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0) flags |= POOL_FLAG_RAISE_ON_FAILURE;
  return allocate(flags, NumberOfBytes, Tag, __builtin_return_address(0),
                  "ExAllocatePoolWithQuotaTag");
}

PVOID ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                    EX_POOL_PRIORITY Priority) {
  (void)Priority;  // Memory is short for everyone at once here.
  return allocate(flags_of(PoolType), NumberOfBytes, Tag, __builtin_return_address(0),
                  "ExAllocatePoolWithTagPriority");
}

PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag) {
  return allocate_checked(Flags, NumberOfBytes, Tag, __builtin_return_address(0));
}

PVOID ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag,
                      PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount) {
  (void)ExtendedParameters;
  if (ExtendedParametersCount != 0) {
    probe::mistake(__builtin_return_address(0),
                   "ExAllocatePool3: extended parameters are not implemented; the call fails");
    return nullptr;
  }
  return allocate_checked(Flags, NumberOfBytes, Tag, __builtin_return_address(0));
}

void ExFreePool(PVOID P) {
  free_pool(P, 0, "ExFreePool");
}

void ExFreePoolWithTag(PVOID P, ULONG Tag) {
  free_pool(P, Tag, "ExFreePoolWithTag");
}

void ExFreePool2(PVOID P, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                 ULONG ExtendedParametersCount) {
  (void)ExtendedParameters;  // They choose among kinds of pool that do not exist here.
  (void)ExtendedParametersCount;
  free_pool(P, Tag, "ExFreePool2");
}

}  // extern "C"
