#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "nt/executive.h"
#include "nt/ledger.h"
#include "nt/test_threads.h"

namespace wskrun::nt {
namespace {

struct WorkItem : testing::Test {
  Executive executive;
};

struct Done {
  Done() { KeInitializeEvent(&event, NotificationEvent, FALSE); }
  void wait() { wait_for(&event); }
  void set() { KeSetEvent(&event, IO_NO_INCREMENT, FALSE); }
  KEVENT event;
};

TEST_F(WorkItem, RunsAtPassiveLevelOnAnotherThread) {
  Done done;
  WORK_QUEUE_ITEM item;
  ExInitializeWorkItem(
      &item,
      [](PVOID context) {
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        static_cast<Done*>(context)->set();
      },
      &done);
  ExQueueWorkItem(&item, DelayedWorkQueue);
  done.wait();
}

TEST_F(WorkItem, MayQueueItselfAgainAndFreeItself) {
  struct Chain {
    WORK_QUEUE_ITEM item;
    int left = 1'000;
    Done* done;
  };
  Done done;
  auto* chain = new Chain;
  chain->done = &done;
  ExInitializeWorkItem(
      &chain->item,
      [](PVOID context) {
        auto* self = static_cast<Chain*>(context);
        if (--self->left != 0) return ExQueueWorkItem(&self->item, DelayedWorkQueue);
        Done* end = self->done;
        delete self;
        end->set();
      },
      chain);
  ExQueueWorkItem(&chain->item, DelayedWorkQueue);
  done.wait();
}

// Each item waits for the next one queued after it: with a fixed pool that would be the end.
TEST_F(WorkItem, ThoseThatWaitForEachOtherDoNotStarve) {
  constexpr unsigned kItems = 100;
  struct Link {
    WORK_QUEUE_ITEM item;
    Done done;
    Link* next = nullptr;
  };
  std::vector<Link> links(kItems);
  for (unsigned i = 0; i < kItems; ++i) {
    if (i + 1 < kItems) links[i].next = &links[i + 1];
    ExInitializeWorkItem(
        &links[i].item,
        [](PVOID context) {
          auto* self = static_cast<Link*>(context);
          if (self->next != nullptr) self->next->done.wait();
          self->done.set();
        },
        &links[i]);
  }
  for (Link& link : links) ExQueueWorkItem(&link.item, DelayedWorkQueue);
  links[0].done.wait();
}

TEST_F(WorkItem, ManyFromManyThreadsRunOnceEach) {
  constexpr unsigned kThreads = 4;
  constexpr int kItems = 500;
  std::atomic<int> left{static_cast<int>(kThreads) * kItems};
  Done done;
  struct Each {
    WORK_QUEUE_ITEM item;
    std::atomic<int>* left;
    Done* done;
  };
  std::vector<std::unique_ptr<Each[]>> all;
  for (unsigned i = 0; i < kThreads; ++i) all.push_back(std::make_unique<Each[]>(kItems));
  run_threads(kThreads, [&](unsigned thread) {
    for (int i = 0; i < kItems; ++i) {
      Each& each = all[thread][i];
      each.left = &left;
      each.done = &done;
      ExInitializeWorkItem(
          &each.item,
          [](PVOID context) {
            auto* self = static_cast<Each*>(context);
            if (self->left->fetch_sub(1) == 1) self->done->set();
          },
          &each);
      ExQueueWorkItem(&each.item, DelayedWorkQueue);
    }
  });
  done.wait();
  EXPECT_EQ(left.load(), 0);
}

TEST_F(WorkItem, IoWorkItemGetsItsDeviceAndContextAndMayBeFreedInside) {
  static Done* done;
  Done here;
  done = &here;
  auto* device = reinterpret_cast<PDEVICE_OBJECT>(0x1230);
  PIO_WORKITEM item = IoAllocateWorkItem(device);
  ASSERT_NE(item, nullptr);
  IoQueueWorkItem(
      item,
      [](PDEVICE_OBJECT object, PVOID context) {
        EXPECT_EQ(object, reinterpret_cast<PDEVICE_OBJECT>(0x1230));
        IoFreeWorkItem(static_cast<PIO_WORKITEM>(context));
        done->set();
      },
      DelayedWorkQueue, item);
  here.wait();
  for (const LedgerEntry& entry : ledger_entries()) {
    EXPECT_NE(entry.holding, Holding::kWorkItem);
  }
}

TEST_F(WorkItem, IoWorkItemOnTheDriversMemory) {
  std::vector<std::max_align_t> memory(IoSizeofWorkItem() / sizeof(std::max_align_t) + 1);
  auto* item = reinterpret_cast<PIO_WORKITEM>(memory.data());
  Done done;
  IoInitializeWorkItem(&memory, item);
  EXPECT_TRUE(IoTryQueueWorkItem(
      item,
      [](PVOID object, PVOID context, PIO_WORKITEM self) {
        EXPECT_NE(object, nullptr);
        IoUninitializeWorkItem(self);
        static_cast<Done*>(context)->set();
      },
      DelayedWorkQueue, &done));
  done.wait();
}

TEST(Executive, StartsAndStopsManyTimes) {
  for (int i = 0; i < 30; ++i) {
    std::atomic<int> runs{0};
    WORK_QUEUE_ITEM item;
    ExInitializeWorkItem(
        &item, [](PVOID count) { ++*static_cast<std::atomic<int>*>(count); }, &runs);
    {
      nt::Executive executive;
      ExQueueWorkItem(&item, DelayedWorkQueue);
    }
    ASSERT_EQ(runs, 1);  // Stopping works off what is queued.
  }
}

TEST(WorkItemDeathTest, QueueingTwiceStops) {
  WORK_QUEUE_ITEM item;
  ExInitializeWorkItem(
      &item, [](PVOID) {}, nullptr);
  item.List.Flink = &item.List;
  EXPECT_DEATH(ExQueueWorkItem(&item, DelayedWorkQueue), "WORKER_INVALID");
}

}  // namespace
}  // namespace wskrun::nt
