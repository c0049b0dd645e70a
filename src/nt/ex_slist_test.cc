// SLISTs and the lists under a spin lock.
#include <gtest/gtest.h>
#include <wdm.h>

#include <atomic>
#include <thread>
#include <vector>

namespace wskrun::nt {
namespace {

struct Item {
  SLIST_ENTRY entry;
  int number;
};

TEST(Slist, IsLastInFirstOut) {
  SLIST_HEADER head;
  InitializeSListHead(&head);
  Item items[3] = {};
  EXPECT_EQ(InterlockedPopEntrySList(&head), nullptr);
  EXPECT_EQ(InterlockedFlushSList(&head), nullptr);

  EXPECT_EQ(InterlockedPushEntrySList(&head, &items[0].entry), nullptr);
  EXPECT_EQ(InterlockedPushEntrySList(&head, &items[1].entry), &items[0].entry);
  EXPECT_EQ(InterlockedPushEntrySList(&head, &items[2].entry), &items[1].entry);
  EXPECT_EQ(QueryDepthSList(&head), 3);
  EXPECT_EQ(FirstEntrySList(&head), &items[2].entry);

  EXPECT_EQ(InterlockedPopEntrySList(&head), &items[2].entry);
  EXPECT_EQ(QueryDepthSList(&head), 2);
  PSLIST_ENTRY rest = InterlockedFlushSList(&head);
  EXPECT_EQ(rest, &items[1].entry);
  EXPECT_EQ(rest->Next, &items[0].entry);
  EXPECT_EQ(rest->Next->Next, nullptr);
  EXPECT_EQ(QueryDepthSList(&head), 0);
  EXPECT_EQ(FirstEntrySList(&head), nullptr);
}

// Every thread pops what any thread pushed, frees it and pushes anew: an entry that were read after
// its owner freed it, or came out twice, would be seen by the sanitizers.
TEST(Slist, LosesAndRepeatsNothingUnderContention) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 5000;
  SLIST_HEADER head;
  InitializeSListHead(&head);
  std::atomic<long> pushed{0};
  std::atomic<long> popped{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        auto* item = new Item{{}, i};
        pushed += i;
        InterlockedPushEntrySList(&head, &item->entry);
        PSLIST_ENTRY chain =
            i % 64 == 63 && t == 0 ? InterlockedFlushSList(&head) : InterlockedPopEntrySList(&head);
        const bool flushed = i % 64 == 63 && t == 0;
        while (chain != nullptr) {
          PSLIST_ENTRY next = flushed ? chain->Next : nullptr;
          auto* taken = CONTAINING_RECORD(chain, Item, entry);
          popped += taken->number;
          delete taken;
          chain = next;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (PSLIST_ENTRY entry = InterlockedPopEntrySList(&head)) {
    auto* taken = CONTAINING_RECORD(entry, Item, entry);
    popped += taken->number;
    delete taken;
  }
  EXPECT_EQ(popped, pushed);
  EXPECT_EQ(QueryDepthSList(&head), 0);
}

TEST(SlistDeathTest, EntryOffItsBoundaryStops) {
  SLIST_HEADER head;
  InitializeSListHead(&head);
  alignas(16) char memory[32];
  EXPECT_DEATH(InterlockedPushEntrySList(&head, reinterpret_cast<PSLIST_ENTRY>(memory + 8)),
               "16-byte boundary");
}

TEST(InterlockedList, GivesWhatWasThereBefore) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  LIST_ENTRY head;
  InitializeListHead(&head);
  LIST_ENTRY a, b, c;

  EXPECT_EQ(ExInterlockedRemoveHeadList(&head, &lock), nullptr);
  EXPECT_EQ(ExInterlockedInsertHeadList(&head, &a, &lock), nullptr);
  EXPECT_EQ(ExInterlockedInsertHeadList(&head, &b, &lock), &a);
  EXPECT_EQ(ExInterlockedInsertTailList(&head, &c, &lock), &a);
  EXPECT_EQ(ExInterlockedRemoveHeadList(&head, &lock), &b);
  EXPECT_EQ(ExInterlockedRemoveHeadList(&head, &lock), &a);
  EXPECT_EQ(ExInterlockedRemoveHeadList(&head, &lock), &c);
  EXPECT_TRUE(IsListEmpty(&head));

  SINGLE_LIST_ENTRY single = {};
  SINGLE_LIST_ENTRY first, second;
  EXPECT_EQ(ExInterlockedPushEntryList(&single, &first, &lock), nullptr);
  EXPECT_EQ(ExInterlockedPushEntryList(&single, &second, &lock), &first);
  EXPECT_EQ(ExInterlockedPopEntryList(&single, &lock), &second);

  ULONG count = 5;
  EXPECT_EQ(ExInterlockedAddUlong(&count, 3, &lock), 5u);
  EXPECT_EQ(count, 8u);
  LARGE_INTEGER large = {.QuadPart = 1};
  EXPECT_EQ(ExInterlockedAddLargeInteger(&large, {.QuadPart = -3}, &lock).QuadPart, 1);
  EXPECT_EQ(large.QuadPart, -2);
}

}  // namespace
}  // namespace wskrun::nt
