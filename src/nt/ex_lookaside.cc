// Lookaside lists: setting up and emptying them. Allocating and freeing is inline in the header,
// over the SLIST of ex_slist.cc.
#include <wdm.h>

#include "nt/block.h"
#include "nt/irql.h"

using namespace wskrun::nt;

namespace {

// Under the address sanitizer nothing is kept, so that it sees uses after the free.
constexpr USHORT kDepth = kAddressSanitizer ? 0 : EX_MAXIMUM_LOOKASIDE_DEPTH_BASE;

PVOID allocate_entry(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                     PLOOKASIDE_LIST_EX Lookaside) {
  (void)Lookaside;  // Only a driver's own function needs to know its list.
  return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}

void free_entry(PVOID Buffer, PLOOKASIDE_LIST_EX Lookaside) {
  (void)Lookaside;
  ExFreePool(Buffer);
}

// What the three kinds of list have in common, but for the functions that fill and empty them.
template <typename General>
void initialize(General& list, ULONG type, SIZE_T size_bytes, ULONG tag) {
  list = {};
  InitializeSListHead(&list.ListHead);
  InitializeListHead(&list.ListEntry);
  list.Depth = kDepth;
  list.MaximumDepth = EX_MAXIMUM_LOOKASIDE_DEPTH_BASE;
  list.Type = static_cast<POOL_TYPE>(type);
  list.Tag = tag;
  list.Size =
      static_cast<ULONG>(size_bytes < sizeof(SLIST_ENTRY) ? sizeof(SLIST_ENTRY) : size_bytes);
}

void initialize_general(GENERAL_LOOKASIDE& list, PALLOCATE_FUNCTION allocate, PFREE_FUNCTION free,
                        ULONG type, SIZE_T size_bytes, ULONG tag) {
  initialize(list, type, size_bytes, tag);
  list.Allocate = allocate != nullptr ? allocate : ExAllocatePoolWithTag;
  list.Free = free != nullptr ? free : ExFreePool;
}

void empty(GENERAL_LOOKASIDE& list) {
  while (PSLIST_ENTRY entry = ExpInterlockedPopEntrySList(&list.ListHead)) list.Free(entry);
}

}  // namespace

extern "C" {

void ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                     PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag,
                                     USHORT Depth) {
  (void)Depth;  // Reserved; the system chooses.
  require_irql_at_most(DISPATCH_LEVEL, "ExInitializeNPagedLookasideList");
  initialize_general(Lookaside->L, Allocate, Free, NonPagedPool | Flags, Size, Tag);
}

void ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside) {
  require_irql_at_most(DISPATCH_LEVEL, "ExDeleteNPagedLookasideList");
  empty(Lookaside->L);
}

void ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                    PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag,
                                    USHORT Depth) {
  (void)Depth;  // Reserved; the system chooses.
  require_irql_at_most(APC_LEVEL, "ExInitializePagedLookasideList");
  initialize_general(Lookaside->L, Allocate, Free, PagedPool | Flags, Size, Tag);
}

void ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside) {
  require_irql_at_most(APC_LEVEL, "ExDeletePagedLookasideList");
  empty(Lookaside->L);
}

NTSTATUS ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PALLOCATE_FUNCTION_EX Allocate,
                                     PFREE_FUNCTION_EX Free, POOL_TYPE PoolType, ULONG Flags,
                                     SIZE_T Size, ULONG Tag, USHORT Depth) {
  constexpr ULONG kFlags =
      EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE;
  require_irql_at_most(DISPATCH_LEVEL, "ExInitializeLookasideListEx");
  if ((Flags & ~kFlags) != 0 || Flags == kFlags) return STATUS_INVALID_PARAMETER_5;
  if (Depth != 0) return STATUS_INVALID_PARAMETER_8;  // Reserved.
  const bool raise = (Flags & EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL) != 0;
  initialize(Lookaside->L, PoolType | (raise ? POOL_RAISE_IF_ALLOCATION_FAILURE : 0), Size, Tag);
  Lookaside->L.AllocateEx = Allocate != nullptr ? Allocate : allocate_entry;
  Lookaside->L.FreeEx = Free != nullptr ? Free : free_entry;
  return STATUS_SUCCESS;
}

void ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside) {
  while (PSLIST_ENTRY entry = ExpInterlockedPopEntrySList(&Lookaside->L.ListHead)) {
    Lookaside->L.FreeEx(entry, Lookaside);
  }
}

void ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside) {
  require_irql_at_most(DISPATCH_LEVEL, "ExDeleteLookasideListEx");
  ExFlushLookasideListEx(Lookaside);
}

}  // extern "C"
