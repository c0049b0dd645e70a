#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "nt/executive.h"
#include "nt/ledger.h"
#include "nt/ob_object.h"
#include "nt/test_threads.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

HANDLE start(PKSTART_ROUTINE routine, void* context) {
  HANDLE handle = nullptr;
  EXPECT_EQ(
      PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, routine, context),
      STATUS_SUCCESS);
  return handle;
}

void* object_of(HANDLE handle) {
  void* object = nullptr;
  EXPECT_EQ(
      ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &object, nullptr),
      STATUS_SUCCESS);
  return object;
}

// What drivers do: take the object, close the handle, wait, give the object back.
void run_to_end(PKSTART_ROUTINE routine, void* context) {
  const HANDLE handle = start(routine, context);
  void* object = object_of(handle);
  EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);
  EXPECT_EQ(wait_for(object), STATUS_SUCCESS);
  EXPECT_EQ(wait_for(object), STATUS_SUCCESS);  // It stays signalled.
  ObDereferenceObject(object);
}

std::size_t threads_in_ledger() {
  const auto entries = ledger_entries();
  return std::count_if(entries.begin(), entries.end(),
                       [](const LedgerEntry& entry) { return entry.holding == Holding::kThread; });
}

struct SystemThread : testing::Test {
  Executive executive;
};

TEST_F(SystemThread, RunsAtPassiveLevelWithItsContextAndIsSignalledAtItsEnd) {
  int value = 0;
  run_to_end(
      [](PVOID context) {
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        *static_cast<int*>(context) = 7;
      },
      &value);
  EXPECT_EQ(value, 7);
}

TEST_F(SystemThread, TerminateEndsItFromDeepInsideWithoutReturning) {
  struct Trap {  // Its destructor must not run: Windows does not unwind here either.
    ~Trap() { ADD_FAILURE(); }
  };
  struct Deep {
    static void call(int depth) noexcept {
      Trap trap;
      if (depth > 0) return call(depth - 1);
      PsTerminateSystemThread(STATUS_SUCCESS);
      ADD_FAILURE();
    }
  };
  for (int i = 0; i < 20; ++i) {
    run_to_end([](PVOID) { Deep::call(10); }, nullptr);
  }
}

TEST_F(SystemThread, TerminateOnAnotherKindOfThreadFails) {
  const auto mistakes = probe::mistakes();
  EXPECT_EQ(PsTerminateSystemThread(STATUS_SUCCESS), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(probe::mistakes(), mistakes + 1);
}

TEST_F(SystemThread, IsInTheLedgerWhileItRuns) {
  KEVENT go;
  KeInitializeEvent(&go, NotificationEvent, FALSE);
  const std::size_t before = threads_in_ledger();
  const HANDLE handle = start([](PVOID event) { wait_for(event); }, &go);
  void* object = object_of(handle);
  ZwClose(handle);
  EXPECT_EQ(threads_in_ledger(), before + 1);
  KeSetEvent(&go, IO_NO_INCREMENT, FALSE);
  wait_for(object);
  EXPECT_EQ(threads_in_ledger(), before);
  ObDereferenceObject(object);
}

TEST_F(SystemThread, TellsItsIds) {
  CLIENT_ID ids = {};
  HANDLE handle = nullptr;
  HANDLE id_inside = nullptr;
  ASSERT_EQ(PsCreateSystemThread(
                &handle, THREAD_ALL_ACCESS, nullptr, nullptr, &ids,
                [](PVOID id) { *static_cast<HANDLE*>(id) = PsGetCurrentThreadId(); }, &id_inside),
            STATUS_SUCCESS);
  void* object = object_of(handle);
  wait_for(object);
  EXPECT_EQ(ids.UniqueThread, id_inside);
  EXPECT_EQ(PsGetThreadId(static_cast<PETHREAD>(object)), id_inside);
  EXPECT_EQ(ids.UniqueProcess, PsGetCurrentProcessId());
  ObDereferenceObject(object);
  ZwClose(handle);
}

TEST_F(SystemThread, ManyAtOnceComeAndGo) {
  std::atomic<int> runs{0};
  run_threads(4, [&](unsigned) {
    for (int i = 0; i < 50; ++i) {
      run_to_end([](PVOID count) { ++*static_cast<std::atomic<int>*>(count); }, &runs);
    }
  });
  EXPECT_EQ(runs.load(), 200);
}

TEST_F(SystemThread, DroppingTheHandleAtOnceIsFine) {
  struct Running {
    KEVENT is_set;
    PVOID thread;
  } running;
  KeInitializeEvent(&running.is_set, NotificationEvent, FALSE);
  ZwClose(start(
      [](PVOID context) {
        auto& self = *static_cast<Running*>(context);
        self.thread = KeGetCurrentThread();
        ObReferenceObject(self.thread);
        KeSetEvent(&self.is_set, 0, FALSE);
      },
      &running));
  wait_for(&running.is_set);
  wait_for(running.thread);
  ObDereferenceObject(running.thread);
}

TEST(ObHandle, UnknownAndClosedHandlesAreInvalid) {
  void* object = nullptr;
  EXPECT_EQ(ObReferenceObjectByHandle(reinterpret_cast<HANDLE>(0x7770), 0, nullptr, KernelMode,
                                      &object, nullptr),
            STATUS_INVALID_HANDLE);
  const HANDLE handle = open_handle(&current_thread());
  EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);
  EXPECT_EQ(ZwClose(handle), STATUS_INVALID_HANDLE);
  EXPECT_EQ(ZwClose(nullptr), STATUS_INVALID_HANDLE);
}

TEST(ObHandle, TypeIsChecked) {
  void* object = nullptr;
  EXPECT_EQ(
      ObReferenceObjectByHandle(NtCurrentProcess(), 0, *PsThreadType, KernelMode, &object, nullptr),
      STATUS_OBJECT_TYPE_MISMATCH);
  EXPECT_EQ(
      ObReferenceObjectByHandle(NtCurrentThread(), 0, *PsThreadType, KernelMode, &object, nullptr),
      STATUS_SUCCESS);
  EXPECT_EQ(object, KeGetCurrentThread());
  ObDereferenceObject(object);
}

TEST(ObHandleDeathTest, GivingBackMoreReferencesThanWereTakenStops) {
  EXPECT_DEATH(
      {
        void* self = KeGetCurrentThread();
        reference_object(self);
        object_header(self).references = 0;
        ObDereferenceObject(self);
      },
      "REFERENCE_BY_POINTER");
}

TEST(KeRegionDeathTest, LeavingWhatWasNotEnteredStops) {
  EXPECT_DEATH(KeLeaveCriticalRegion(), "APC_INDEX_MISMATCH");
}

TEST(KeRegion, CriticalAndGuardedRegionsDisableApcs) {
  KeEnterCriticalRegion();
  EXPECT_TRUE(KeAreApcsDisabled());
  EXPECT_FALSE(KeAreAllApcsDisabled());
  KeEnterGuardedRegion();
  EXPECT_TRUE(KeAreAllApcsDisabled());
  KeLeaveGuardedRegion();
  KeLeaveCriticalRegion();
  EXPECT_FALSE(KeAreApcsDisabled());
}

struct SeenStack {
  ULONG_PTR low, high, local, left;
  PVOID initial;
};

void look_at_stack(SeenStack& seen) {
  IoGetStackLimits(&seen.low, &seen.high);
  seen.local = reinterpret_cast<ULONG_PTR>(__builtin_frame_address(0));
  seen.left = IoGetRemainingStackSize();
  seen.initial = IoGetInitialStack();
}

VOID look_at_stack_and_end(PVOID context) {
  look_at_stack(*static_cast<SeenStack*>(context));
}

void expect_whole(const SeenStack& seen) {
  EXPECT_LT(seen.low, seen.local);
  EXPECT_LT(seen.local, seen.high);
  EXPECT_EQ(seen.initial, reinterpret_cast<PVOID>(seen.high));
  EXPECT_LE(seen.left, seen.local - seen.low);
  EXPECT_GT(seen.left, seen.local - seen.low - PAGE_SIZE);
}

TEST_F(SystemThread, HasAStackWithLimits) {
  SeenStack here = {}, there = {};
  look_at_stack(here);
  run_to_end(look_at_stack_and_end, &there);
  expect_whole(here);
  expect_whole(there);
}

}  // namespace
}  // namespace wskrun::nt
