// Cancel-safe queues: IRPs go in, come out, or are cancelled, each exactly once.
#include <wdm.h>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "nt/io_irp.h"
#include "nt/ledger.h"

namespace wskrun::nt {
namespace {

// A driver's queue: a list under a spin lock.
struct Queue {
  IO_CSQ csq;
  LIST_ENTRY irps;
  KSPIN_LOCK lock;
  std::atomic<int> cancelled{0};
  NTSTATUS insert_answer = STATUS_SUCCESS;
  PVOID insert_context = nullptr;

  explicit Queue(bool extended = false) {
    InitializeListHead(&irps);
    KeInitializeSpinLock(&lock);
    if (extended) {
      IoCsqInitializeEx(&csq, insert_ex, remove, peek, acquire, release, complete_cancelled);
    } else {
      IoCsqInitialize(&csq, insert, remove, peek, acquire, release, complete_cancelled);
    }
  }

  static Queue& of(PIO_CSQ csq) { return *CONTAINING_RECORD(csq, Queue, csq); }
  static void insert(PIO_CSQ csq, PIRP irp) {
    InsertTailList(&of(csq).irps, &irp->Tail.Overlay.ListEntry);
  }
  static NTSTATUS insert_ex(PIO_CSQ csq, PIRP irp, PVOID context) {
    of(csq).insert_context = context;
    if (NT_SUCCESS(of(csq).insert_answer)) insert(csq, irp);
    return of(csq).insert_answer;
  }
  static void remove(PIO_CSQ, PIRP irp) { RemoveEntryList(&irp->Tail.Overlay.ListEntry); }
  // The context is the file object asked for, NULL: any.
  static PIRP peek(PIO_CSQ csq, PIRP irp, PVOID context) {
    PLIST_ENTRY head = &of(csq).irps;
    PLIST_ENTRY entry = irp == nullptr ? head->Flink : irp->Tail.Overlay.ListEntry.Flink;
    for (; entry != head; entry = entry->Flink) {
      PIRP next = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
      if (context == nullptr || IoGetCurrentIrpStackLocation(next)->FileObject == context) {
        return next;
      }
    }
    return nullptr;
  }
  static void acquire(PIO_CSQ csq, PKIRQL irql) { KeAcquireSpinLock(&of(csq).lock, irql); }
  static void release(PIO_CSQ csq, KIRQL irql) { KeReleaseSpinLock(&of(csq).lock, irql); }
  static void complete_cancelled(PIO_CSQ csq, PIRP irp) {
    ++of(csq).cancelled;
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
  }
};

// An IRP that a driver has.
class QueuedIrp {
 public:
  QueuedIrp() : irp(IoAllocateIrp(1, FALSE)) { arm(); }
  ~QueuedIrp() { IoFreeIrp(irp); }
  QueuedIrp(const QueuedIrp&) = delete;
  QueuedIrp& operator=(const QueuedIrp&) = delete;

  void complete() {
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
  }
  // To be queued once more.
  void again() {
    IoReuseIrp(irp, STATUS_SUCCESS);
    arm();
  }

  PIRP irp;
  std::atomic<int> completions{0};

 private:
  void arm() {
    IoSetCompletionRoutine(irp, on_complete, this, TRUE, TRUE, TRUE);
    take_irp(*irp, "test");
  }
  static NTSTATUS on_complete(PDEVICE_OBJECT, PIRP, PVOID context) {
    ++static_cast<QueuedIrp*>(context)->completions;
    return STATUS_MORE_PROCESSING_REQUIRED;
  }
};

TEST(CancelSafeQueue, GivesIrpsInTheirOrderAndMarksThemPending) {
  Queue queue;
  QueuedIrp one, two;
  IoCsqInsertIrp(&queue.csq, one.irp, nullptr);
  IoCsqInsertIrp(&queue.csq, two.irp, nullptr);
  EXPECT_NE(IoGetCurrentIrpStackLocation(one.irp)->Control & SL_PENDING_RETURNED, 0);
  EXPECT_NE(one.irp->CancelRoutine, nullptr);

  EXPECT_EQ(IoCsqRemoveNextIrp(&queue.csq, nullptr), one.irp);
  EXPECT_EQ(one.irp->CancelRoutine, nullptr);
  EXPECT_EQ(IoCsqRemoveNextIrp(&queue.csq, nullptr), two.irp);
  EXPECT_EQ(IoCsqRemoveNextIrp(&queue.csq, nullptr), nullptr);
  one.complete();
  two.complete();
  EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

TEST(CancelSafeQueue, GivesWhatIsAskedFor) {
  Queue queue;
  QueuedIrp one, two;
  FILE_OBJECT file = {};
  IoGetCurrentIrpStackLocation(two.irp)->FileObject = &file;
  IoCsqInsertIrp(&queue.csq, one.irp, nullptr);
  IoCsqInsertIrp(&queue.csq, two.irp, nullptr);

  EXPECT_EQ(IoCsqRemoveNextIrp(&queue.csq, &file), two.irp);
  EXPECT_EQ(IoCsqRemoveNextIrp(&queue.csq, &file), nullptr);
  EXPECT_EQ(IoCsqRemoveNextIrp(&queue.csq, nullptr), one.irp);
  one.complete();
  two.complete();
}

TEST(CancelSafeQueue, CompletesWhatIsCancelled) {
  Queue queue;
  QueuedIrp one, two;
  IO_CSQ_IRP_CONTEXT context;
  IoCsqInsertIrp(&queue.csq, one.irp, &context);
  IoCsqInsertIrp(&queue.csq, two.irp, nullptr);

  EXPECT_TRUE(IoCancelIrp(one.irp));
  EXPECT_TRUE(IoCancelIrp(two.irp));

  EXPECT_EQ(queue.cancelled, 2);
  EXPECT_EQ(one.irp->IoStatus.Status, STATUS_CANCELLED);
  EXPECT_EQ(one.completions, 1);
  EXPECT_EQ(IoCsqRemoveIrp(&queue.csq, &context), nullptr);
  EXPECT_TRUE(IsListEmpty(&queue.irps));
}

TEST(CancelSafeQueue, RemovesTheOneThatIsMeantOnce) {
  Queue queue;
  QueuedIrp one, two;
  IO_CSQ_IRP_CONTEXT context;
  IoCsqInsertIrp(&queue.csq, one.irp, nullptr);
  IoCsqInsertIrp(&queue.csq, two.irp, &context);

  EXPECT_EQ(IoCsqRemoveIrp(&queue.csq, &context), two.irp);
  EXPECT_EQ(IoCsqRemoveIrp(&queue.csq, &context), nullptr);
  EXPECT_EQ(IoCsqRemoveNextIrp(&queue.csq, nullptr), one.irp);
  one.complete();
  two.complete();
}

TEST(CancelSafeQueue, DoesNotInsertWhatIsCancelledAlready) {
  Queue queue;
  QueuedIrp one;
  IoCancelIrp(one.irp);

  IoCsqInsertIrp(&queue.csq, one.irp, nullptr);

  EXPECT_EQ(queue.cancelled, 1);
  EXPECT_EQ(one.completions, 1);
  EXPECT_TRUE(IsListEmpty(&queue.irps));
}

TEST(CancelSafeQueue, TheExtendedInsertMayRefuse) {
  Queue queue(true);
  QueuedIrp one;
  int context = 0;
  queue.insert_answer = STATUS_DEVICE_BUSY;

  EXPECT_EQ(IoCsqInsertIrpEx(&queue.csq, one.irp, nullptr, &context), STATUS_DEVICE_BUSY);
  EXPECT_EQ(queue.insert_context, &context);
  EXPECT_EQ(one.irp->CancelRoutine, nullptr);
  EXPECT_EQ(IoGetCurrentIrpStackLocation(one.irp)->Control & SL_PENDING_RETURNED, 0);

  queue.insert_answer = STATUS_SUCCESS;
  EXPECT_EQ(IoCsqInsertIrpEx(&queue.csq, one.irp, nullptr, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(IoCsqRemoveNextIrp(&queue.csq, nullptr), one.irp);
  one.complete();
}

// One thread cancels what another takes out: each IRP completes once, by one of the two.
TEST(CancelSafeQueue, CancelAndRemoveMeet) {
  Queue queue;
  QueuedIrp irp;
  int removed = 0;
  constexpr int kRounds = 2000;
  std::atomic<int> round{0};
  std::atomic<int> cancels{0};
  std::thread canceller([&] {
    for (int next = 1; next <= kRounds; ++next) {
      while (round < next) std::this_thread::yield();
      IoCancelIrp(irp.irp);
      ++cancels;
    }
  });
  for (int i = 1; i <= kRounds; ++i) {
    IoCsqInsertIrp(&queue.csq, irp.irp, nullptr);
    round = i;
    if (IoCsqRemoveNextIrp(&queue.csq, nullptr) != nullptr) {
      ++removed;
      irp.complete();
    }
    while (cancels < i) std::this_thread::yield();
    ASSERT_EQ(irp.completions, i);
    irp.again();
  }
  canceller.join();
  EXPECT_EQ(removed + queue.cancelled, kRounds);
  irp.complete();
}

}  // namespace
}  // namespace wskrun::nt
