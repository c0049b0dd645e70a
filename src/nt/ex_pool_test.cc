// Pool and lookaside lists: what they give, what they refuse, and what the ledger knows.
#include <gtest/gtest.h>
#include <wdm.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include "nt/block.h"
#include "nt/ledger.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

constexpr ULONG kTag = 'tseT';

bool is_zero(const void* memory, std::size_t size_bytes) {
  const auto* bytes = static_cast<const char*>(memory);
  return std::all_of(bytes, bytes + size_bytes, [](char byte) { return byte == 0; });
}

std::size_t held_with_tag(ULONG tag) {
  std::size_t count = 0;
  for (const LedgerEntry& entry : ledger_entries()) {
    count += entry.holding == Holding::kPool && entry.tag == tag;
  }
  return count;
}

TEST(Pool, IsAlignedAsOnWindows) {
  for (const SIZE_T size : {SIZE_T{0}, SIZE_T{1}, SIZE_T{17}, SIZE_T{4095}, SIZE_T{4096},
                            SIZE_T{5000}, SIZE_T{1} << 20}) {
    SCOPED_TRACE(size);
    void* block = ExAllocatePool2(POOL_FLAG_NON_PAGED, size, kTag);
    ASSERT_NE(block, nullptr);
    const std::size_t alignment = size >= PAGE_SIZE ? PAGE_SIZE : 16;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0u);
    std::memset(block, 0xAA, size);
    ExFreePoolWithTag(block, kTag);
  }
}

TEST(Pool, IsZeroUnlessAskedOtherwise) {
  constexpr SIZE_T kSize = 300;
  void* dirty = ExAllocatePoolUninitialized(NonPagedPoolNx, kSize, kTag);
  std::memset(dirty, 0xFF, kSize);
  ExFreePool(dirty);
  for (void* block : {ExAllocatePool2(POOL_FLAG_PAGED, kSize, kTag),
                      ExAllocatePoolZero(NonPagedPoolNx, kSize, kTag),
                      ExAllocatePoolQuotaZero(PagedPool, kSize, kTag)}) {
    EXPECT_TRUE(is_zero(block, kSize));
    std::memset(block, 0xFF, kSize);
    ExFreePoolWithTag(block, kTag);
  }
}

TEST(Pool, KeepsAccountOfItsBlocks) {
  const std::size_t before = held_with_tag('1gaT');
  void* block = ExAllocatePoolWithTag(PagedPool, 123, '1gaT');

  const auto entries = ledger_entries();
  const auto entry = std::find_if(entries.begin(), entries.end(),
                                  [block](const LedgerEntry& e) { return e.object == block; });
  ASSERT_NE(entry, entries.end());
  EXPECT_EQ(entry->size_bytes, 123u);
  EXPECT_EQ(entry->tag, static_cast<std::uint32_t>('1gaT'));
  EXPECT_NE(entry->allocated_by, nullptr);
  EXPECT_STREQ(tag_text(entry->tag).characters, "1gaT");

  ExFreePoolWithTag(block, '1gaT');
  EXPECT_EQ(held_with_tag('1gaT'), before);
}

TEST(Pool, RefusesUnclearFlags) {
  for (const POOL_FLAGS flags :
       {POOL_FLAGS{0}, POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, POOL_FLAG_NON_PAGED | 0x1000}) {
    const std::uint64_t mistakes = probe::mistakes();
    EXPECT_EQ(ExAllocatePool2(flags, 16, kTag), nullptr);
    EXPECT_EQ(probe::mistakes(), mistakes + 1);
  }
  // Optional flags that nobody knows are not looked at.
  void* block = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_SPECIAL_POOL, 16, kTag);
  ASSERT_NE(block, nullptr);
  ExFreePool(block);
}

TEST(Pool, FailsWhereNoMemoryIs) {
  EXPECT_EQ(ExAllocatePool2(POOL_FLAG_NON_PAGED, ~SIZE_T{0} - 100, kTag), nullptr);
}

TEST(Pool, HoldsUnderContention) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 3000;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([i] {
      const ULONG tag = 'aaaa' + static_cast<ULONG>(i);
      std::vector<void*> blocks;
      for (int round = 0; round < kRounds; ++round) {
        blocks.push_back(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16 + round % 200, tag));
        if (blocks.size() == 20) {
          for (void* block : blocks) ExFreePoolWithTag(block, tag);
          blocks.clear();
        }
      }
      for (void* block : blocks) ExFreePoolWithTag(block, tag);
    });
  }
  for (int i = 0; i < 50; ++i) ledger_entries();
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < kThreads; ++i) EXPECT_EQ(held_with_tag('aaaa' + static_cast<ULONG>(i)), 0u);
}

TEST(PoolDeathTest, WrongTagStops) {
  void* block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, kTag);
  EXPECT_DEATH(ExFreePoolWithTag(block, 'rehO'), "BAD_POOL_CALLER(.|\n)*with the tag 'tseT'");
  ExFreePool(block);
}

TEST(PoolDeathTest, WhatIsNoPoolStops) {
  alignas(16) char memory[256] = {};
  EXPECT_DEATH(ExFreePool(memory + 128), "no such memory was allocated");
  EXPECT_DEATH(ExFreePool(nullptr), "ExFreePool\\(NULL\\)");
  PIRP irp = IoAllocateIrp(1, FALSE);
  EXPECT_DEATH(ExFreePool(irp), "this is an IRP");
  IoFreeIrp(irp);
}

#if !defined(__SANITIZE_ADDRESS__)  // Which stops at once, with more to say.
TEST(PoolDeathTest, FreedTwiceStops) {
  void* block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, kTag);
  ExFreePool(block);
  // The second, where the memory has gone to somebody else in between.
  EXPECT_DEATH(ExFreePool(block), "freed already|no such memory was allocated");
}

TEST(PoolDeathTest, OverrunStops) {
  auto* block = static_cast<char*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, 10, kTag));
  const char last = block[10];
  block[10] = 1;
  EXPECT_DEATH(ExFreePool(block), "BAD_POOL_HEADER(.|\n)*past the end of these 10 bytes");
  block[10] = last;
  ExFreePool(block);
}
#endif

TEST(Lookaside, RecyclesAndGivesEverythingBack) {
  NPAGED_LOOKASIDE_LIST list;
  ExInitializeNPagedLookasideList(&list, nullptr, nullptr, 0, 40, 'aloL', 0);
  void* first = ExAllocateFromNPagedLookasideList(&list);
  ASSERT_NE(first, nullptr);
  ExFreeToNPagedLookasideList(&list, first);
  if (!kAddressSanitizer) {
    EXPECT_EQ(ExAllocateFromNPagedLookasideList(&list), first);
    ExFreeToNPagedLookasideList(&list, first);
  }
  ExDeleteNPagedLookasideList(&list);
  EXPECT_EQ(held_with_tag('aloL'), 0u);
}

int entries_made = 0;

PVOID make_entry(POOL_TYPE type, SIZE_T size, ULONG tag, PLOOKASIDE_LIST_EX) {
  ++entries_made;
  return ExAllocatePoolWithTag(type, size, tag);
}

void free_entry(PVOID entry, PLOOKASIDE_LIST_EX) {
  --entries_made;
  ExFreePool(entry);
}

TEST(Lookaside, UsesTheDriversFunctions) {
  LOOKASIDE_LIST_EX list;
  ASSERT_EQ(
      ExInitializeLookasideListEx(&list, make_entry, free_entry, NonPagedPoolNx, 0, 1, 'bloL', 0),
      STATUS_SUCCESS);
  std::vector<void*> entries;
  for (int i = 0; i < 300; ++i) entries.push_back(ExAllocateFromLookasideListEx(&list));
  EXPECT_EQ(entries_made, 300);
  for (void* entry : entries) ExFreeToLookasideListEx(&list, entry);
  EXPECT_EQ(entries_made, list.L.Depth);
  ExDeleteLookasideListEx(&list);
  EXPECT_EQ(entries_made, 0);
}

TEST(Lookaside, RefusesReservedParameters) {
  LOOKASIDE_LIST_EX list;
  EXPECT_EQ(ExInitializeLookasideListEx(&list, nullptr, nullptr, PagedPool, 3, 8, kTag, 0),
            STATUS_INVALID_PARAMETER_5);
  EXPECT_EQ(ExInitializeLookasideListEx(&list, nullptr, nullptr, PagedPool, 0, 8, kTag, 1),
            STATUS_INVALID_PARAMETER_8);
}

}  // namespace
}  // namespace wskrun::nt
