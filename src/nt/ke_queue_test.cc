// KQUEUE: entries and turns; and device queues.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "nt/irql.h"
#include "nt/test_threads.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

PLIST_ENTRY remove_from(KQUEUE& queue) {
  return KeRemoveQueue(&queue, KernelMode, nullptr);
}

PLIST_ENTRY poll_queue(KQUEUE& queue) {
  LARGE_INTEGER now = in_ms(0);
  return KeRemoveQueue(&queue, KernelMode, &now);
}

NTSTATUS status_of(PLIST_ENTRY result) {
  return static_cast<NTSTATUS>(reinterpret_cast<LONG_PTR>(result));
}

TEST(KeQueue, GivesEntriesInOrderAndCountsThem) {
  KQUEUE queue;
  KeInitializeQueue(&queue, 1);
  LIST_ENTRY entries[3];
  EXPECT_EQ(status_of(poll_queue(queue)), STATUS_TIMEOUT);
  EXPECT_EQ(KeInsertQueue(&queue, &entries[0]), 0);
  EXPECT_EQ(KeInsertQueue(&queue, &entries[1]), 1);
  EXPECT_EQ(KeInsertHeadQueue(&queue, &entries[2]), 2);
  EXPECT_EQ(KeReadStateQueue(&queue), 3);
  for (int expected : {2, 0, 1}) EXPECT_EQ(remove_from(queue), &entries[expected]);
  EXPECT_EQ(KeReadStateQueue(&queue), 0);
  EXPECT_EQ(KeRundownQueue(&queue), nullptr);
}

TEST(KeQueue, AnEntryEndsOneWait) {
  KQUEUE queue;
  KeInitializeQueue(&queue, 4);
  std::atomic<PLIST_ENTRY> got{nullptr};
  std::thread waiter([&] { got = remove_from(queue); });
  await_waiters(queue.Header, 1);
  LIST_ENTRY entry;
  EXPECT_EQ(KeInsertQueue(&queue, &entry), 0);
  waiter.join();
  EXPECT_EQ(got, &entry);
  EXPECT_EQ(KeReadStateQueue(&queue), 0);
}

// One thread may work at a time: the second gets its entry when the first asks again, sleeps or
// ends.
TEST(KeQueue, OnlySoManyWorkAtATime) {
  KQUEUE queue;
  KeInitializeQueue(&queue, 1);
  LIST_ENTRY entries[3];
  for (LIST_ENTRY& entry : entries) KeInsertQueue(&queue, &entry);
  KEVENT sleep;
  KeInitializeEvent(&sleep, NotificationEvent, FALSE);
  ASSERT_EQ(remove_from(queue), &entries[0]);
  std::atomic<PLIST_ENTRY> got{nullptr};
  std::thread second([&] { got = remove_from(queue); });
  await_waiters(queue.Header, 1);
  EXPECT_EQ(got, nullptr);
  EXPECT_EQ(KeReadStateQueue(&queue), 2);
  std::thread waker([&] {
    await_waiters(sleep.Header, 1);
    second.join();  // It gets its turn while this test sleeps.
    KeSetEvent(&sleep, IO_NO_INCREMENT, FALSE);
  });
  EXPECT_EQ(wait_for(&sleep), STATUS_SUCCESS);
  EXPECT_EQ(got, &entries[1]);
  waker.join();
  EXPECT_EQ(remove_from(queue), &entries[2]);
  EXPECT_EQ(KeRundownQueue(&queue), nullptr);
}

TEST(KeQueue, AskingAnotherQueueLeavesTheFirst) {
  KQUEUE queues[2];
  LIST_ENTRY entries[2];
  for (KQUEUE& queue : queues) KeInitializeQueue(&queue, 1);
  KeInsertQueue(&queues[0], &entries[0]);
  KeInsertQueue(&queues[1], &entries[1]);
  EXPECT_EQ(remove_from(queues[0]), &entries[0]);
  EXPECT_EQ(queues[0].CurrentCount, 1u);
  EXPECT_EQ(remove_from(queues[1]), &entries[1]);
  EXPECT_EQ(queues[0].CurrentCount, 0u);
  EXPECT_EQ(queues[1].CurrentCount, 1u);
  for (KQUEUE& queue : queues) KeRundownQueue(&queue);
}

TEST(KeQueue, RundownGivesBackEntriesAndEndsWaits) {
  KQUEUE queue;
  KeInitializeQueue(&queue, 1);
  std::thread waiter([&] { EXPECT_EQ(status_of(remove_from(queue)), STATUS_ABANDONED); });
  await_waiters(queue.Header, 1);
  EXPECT_EQ(KeRundownQueue(&queue), nullptr);
  waiter.join();
  EXPECT_EQ(status_of(remove_from(queue)), STATUS_ABANDONED);

  KeInitializeQueue(&queue, 1);
  LIST_ENTRY entries[2];
  for (LIST_ENTRY& entry : entries) KeInsertQueue(&queue, &entry);
  EXPECT_EQ(KeRundownQueue(&queue), &entries[0]);
  EXPECT_EQ(entries[0].Flink, &entries[1]);
  EXPECT_EQ(entries[1].Flink, &entries[0]);
}

TEST(KeQueue, EveryEntryGoesToOneThread) {
  constexpr unsigned kThreads = 4;
  constexpr int kEntries = 4'000;
  KQUEUE queue;
  KeInitializeQueue(&queue, 2);
  struct Item {
    LIST_ENTRY link;
    int times = 0;
  };
  std::vector<Item> items(kEntries);
  std::atomic<int> done{0};
  std::atomic<unsigned> working{0};
  run_threads(kThreads + 1, [&](unsigned thread) {
    if (thread == kThreads) {
      for (Item& item : items) KeInsertQueue(&queue, &item.link);
      for (unsigned round = 0; done < kEntries; ++round) sched::pause(round);
      EXPECT_EQ(KeRundownQueue(&queue), nullptr);
      return;
    }
    for (;;) {
      const PLIST_ENTRY entry = remove_from(queue);
      if (status_of(entry) == STATUS_ABANDONED) return;
      EXPECT_LE(++working, 2u);
      ++CONTAINING_RECORD(entry, Item, link)->times;
      --working;
      ++done;
    }
  });
  for (const Item& item : items) EXPECT_EQ(item.times, 1);
}

struct KeDeviceQueue : testing::Test {
  KeDeviceQueue() { KeInitializeDeviceQueue(&queue); }
  IrqlScope dispatch{DISPATCH_LEVEL};
  KDEVICE_QUEUE queue;
  KDEVICE_QUEUE_ENTRY entries[4] = {};
};

TEST_F(KeDeviceQueue, QueuesOnlyWhileItIsBusy) {
  EXPECT_FALSE(KeInsertDeviceQueue(&queue, &entries[0]));
  EXPECT_TRUE(KeInsertDeviceQueue(&queue, &entries[1]));
  EXPECT_TRUE(KeInsertDeviceQueue(&queue, &entries[2]));
  EXPECT_FALSE(KeRemoveEntryDeviceQueue(&queue, &entries[0]));
  EXPECT_EQ(KeRemoveDeviceQueue(&queue), &entries[1]);
  EXPECT_EQ(KeRemoveDeviceQueue(&queue), &entries[2]);
  EXPECT_TRUE(queue.Busy);
  EXPECT_EQ(KeRemoveDeviceQueue(&queue), nullptr);
  EXPECT_FALSE(queue.Busy);
  EXPECT_FALSE(KeInsertDeviceQueue(&queue, &entries[3]));
}

TEST_F(KeDeviceQueue, KeysOrderTheEntries) {
  EXPECT_FALSE(KeInsertByKeyDeviceQueue(&queue, &entries[0], 7));
  EXPECT_TRUE(KeInsertByKeyDeviceQueue(&queue, &entries[1], 30));
  EXPECT_TRUE(KeInsertByKeyDeviceQueue(&queue, &entries[2], 10));
  EXPECT_TRUE(KeInsertByKeyDeviceQueue(&queue, &entries[3], 10));
  EXPECT_EQ(KeRemoveByKeyDeviceQueue(&queue, 11), &entries[1]);
  EXPECT_EQ(KeRemoveByKeyDeviceQueue(&queue, 31), &entries[2]);
  EXPECT_TRUE(KeRemoveEntryDeviceQueue(&queue, &entries[3]));
  EXPECT_FALSE(KeRemoveEntryDeviceQueue(&queue, &entries[3]));
  EXPECT_EQ(KeRemoveByKeyDeviceQueue(&queue, 0), nullptr);
}

TEST_F(KeDeviceQueue, RemovingWhileItIsNotBusyIsReported) {
  const std::uint64_t before = probe::mistakes();
  EXPECT_EQ(KeRemoveDeviceQueue(&queue), nullptr);
  EXPECT_EQ(probe::mistakes(), before + 1);
}

}  // namespace
}  // namespace wskrun::nt
