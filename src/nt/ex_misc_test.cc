// The executive's and the kernel's odds and ends: GUIDs by chance, local time, what the processor
// can do, how processors belong together, silos, the one process, larger stacks, pulses,
// cache-aware rundown.
#include <gtest/gtest.h>
#include <winerror.h>

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include "nt/executive.h"
#include "nt/ob_object.h"
#include "nt/test_threads.h"

namespace wskrun::nt {
namespace {

TEST(ExUuid, IsOfVersionFourAndNew) {
  GUID one, other;
  EXPECT_EQ(ExUuidCreate(&one), STATUS_SUCCESS);
  EXPECT_EQ(ExUuidCreate(&other), STATUS_SUCCESS);
  EXPECT_NE(std::memcmp(&one, &other, sizeof one), 0);
  EXPECT_EQ(one.Data3 >> 12, 4);
  EXPECT_EQ(one.Data4[0] >> 6, 2);
}

// A time zone, while it lives.
class TimeZone {
 public:
  explicit TimeZone(const char* zone) {
    setenv("TZ", zone, 1);
    tzset();
  }
  ~TimeZone() {
    unsetenv("TZ");
    tzset();
  }
};

TEST(ExLocalTime, IsTheZonesDistanceFromUtc) {
  const TimeZone zone("XYZ-5:30");
  LARGE_INTEGER utc = {.QuadPart = 133536799625670000};
  LARGE_INTEGER local, back;
  ExSystemTimeToLocalTime(&utc, &local);
  EXPECT_EQ(local.QuadPart - utc.QuadPart, (5 * 3600 + 30 * 60) * 10'000'000LL);
  ExLocalTimeToSystemTime(&local, &back);
  EXPECT_EQ(back.QuadPart, utc.QuadPart);
}

TEST(ExProcessorFeature, X64HasTheseAndNotThose) {
  EXPECT_TRUE(ExIsProcessorFeaturePresent(PF_XMMI64_INSTRUCTIONS_AVAILABLE));
  EXPECT_TRUE(ExIsProcessorFeaturePresent(PF_RDTSC_INSTRUCTION_AVAILABLE));
  EXPECT_TRUE(ExIsProcessorFeaturePresent(PF_FASTFAIL_AVAILABLE));
  EXPECT_FALSE(ExIsProcessorFeaturePresent(PF_FLOATING_POINT_EMULATED));
  EXPECT_FALSE(ExIsProcessorFeaturePresent(12345));
  EXPECT_EQ(ExIsProcessorFeaturePresent(PF_AVX2_INSTRUCTIONS_AVAILABLE) != FALSE,
            __builtin_cpu_supports("avx2") != 0);
}

TEST(ExPreviousMode, IsKernelMode) {
  EXPECT_EQ(ExGetPreviousMode(), KernelMode);
}

TEST(RtlDosError, IsATable) {
  EXPECT_EQ(RtlNtStatusToDosError(STATUS_SUCCESS), ULONG{ERROR_SUCCESS});
  EXPECT_EQ(RtlNtStatusToDosError(STATUS_CONNECTION_REFUSED), ULONG{ERROR_CONNECTION_REFUSED});
  EXPECT_EQ(RtlNtStatusToDosErrorNoTeb(STATUS_CANCELLED), ULONG{ERROR_OPERATION_ABORTED});
  EXPECT_EQ(RtlNtStatusToDosError(static_cast<NTSTATUS>(0xC0070057)),
            ULONG{ERROR_INVALID_PARAMETER});
  EXPECT_EQ(RtlNtStatusToDosError(static_cast<NTSTATUS>(0xE0000123)), 0xE0000123u);
  EXPECT_EQ(RtlNtStatusToDosError(static_cast<NTSTATUS>(0xC0FFFFFF)),
            ULONG{ERROR_MR_MID_NOT_FOUND});
}

TEST(KeNode, IsOneWithAllProcessors) {
  const Executive executive({.processor_count = 3});
  GROUP_AFFINITY affinity;
  USHORT count = 0;
  KeQueryNodeActiveAffinity(KeGetCurrentNodeNumber(), &affinity, &count);
  EXPECT_EQ(affinity.Mask, KAFFINITY{7});
  EXPECT_EQ(count, 3);
  KeQueryNodeActiveAffinity(1, &affinity, &count);
  EXPECT_EQ(affinity.Mask, KAFFINITY{0});
  EXPECT_EQ(count, 0);
  EXPECT_EQ(KeQueryHighestNodeNumber(), 0);
  EXPECT_EQ(KeQueryNodeMaximumProcessorCount(0), 3);
}

// The records of one kind, with the processors each is about.
std::vector<KAFFINITY> relations(PPROCESSOR_NUMBER of, LOGICAL_PROCESSOR_RELATIONSHIP what) {
  ULONG length = 0;
  EXPECT_EQ(KeQueryLogicalProcessorRelationship(of, what, nullptr, &length),
            STATUS_INFO_LENGTH_MISMATCH);
  std::vector<ULONG64> memory(length / sizeof(ULONG64) + 1);
  auto* const first = reinterpret_cast<PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX>(memory.data());
  EXPECT_EQ(KeQueryLogicalProcessorRelationship(of, what, first, &length), STATUS_SUCCESS);
  std::vector<KAFFINITY> found;
  for (ULONG at = 0; at < length;) {
    const auto& record = *reinterpret_cast<PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX>(
        reinterpret_cast<char*>(first) + at);
    EXPECT_EQ(record.Relationship, what);
    found.push_back(what == RelationGroup ? record.Group.GroupInfo[0].ActiveProcessorMask
                                          : record.Processor.GroupMask[0].Mask);
    at += record.Size;
  }
  return found;
}

TEST(KeTopology, ProcessorsAreCoresOfOnePackageNodeAndGroup) {
  const Executive executive({.processor_count = 3});
  const std::vector<KAFFINITY> all = {7};
  EXPECT_EQ(relations(nullptr, RelationProcessorCore), (std::vector<KAFFINITY>{1, 2, 4}));
  EXPECT_EQ(relations(nullptr, RelationProcessorPackage), all);
  EXPECT_EQ(relations(nullptr, RelationNumaNode), all);
  EXPECT_EQ(relations(nullptr, RelationGroup), all);
  PROCESSOR_NUMBER number = {.Group = 0, .Number = 1, .Reserved = 0};
  EXPECT_EQ(relations(&number, RelationProcessorCore), std::vector<KAFFINITY>{2});
  EXPECT_EQ(relations(&number, RelationNumaNode), all);
  number.Number = 3;
  ULONG length = 0;
  EXPECT_EQ(KeQueryLogicalProcessorRelationship(&number, RelationGroup, nullptr, &length),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(KeQueryLogicalProcessorRelationship(nullptr, RelationAll, nullptr, &length),
            STATUS_INFO_LENGTH_MISMATCH);
  EXPECT_EQ(length, 3 * 48 + 48 + 48 + 80u);
}

TEST(PsSilo, IsTheHost) {
  EXPECT_TRUE(PsIsHostSilo(PsGetCurrentServerSilo()));
  EXPECT_FALSE(PsIsCurrentThreadInServerSilo());
  const PESILO before = PsAttachSiloToCurrentThread(PsGetHostSilo());
  EXPECT_EQ(PsGetCurrentSilo(), PsGetHostSilo());
  PsDetachSiloFromCurrentThread(before);
}

TEST(KeProcess, IsAttachedTo) {
  KAPC_STATE state;
  auto* const process = reinterpret_cast<PRKPROCESS>(PsInitialSystemProcess);
  KeStackAttachProcess(process, &state);
  EXPECT_EQ(PsGetCurrentProcess(), PsInitialSystemProcess);
  KeUnstackDetachProcess(&state);
}

TEST(KeProcessDeathTest, WhatIsNoProcessIsNotAttachedTo) {
  KAPC_STATE state = {};
  EXPECT_DEATH(KeStackAttachProcess(nullptr, &state), "INVALID_PROCESS_ATTACH_ATTEMPT");
  EXPECT_DEATH(KeUnstackDetachProcess(&state), "INVALID_PROCESS_DETACH_ATTEMPT");
}

TEST(KeExpandStack, CallsUpToTheLimit) {
  int calls = 0;
  const auto callout = [](PVOID parameter) { ++*static_cast<int*>(parameter); };
  EXPECT_EQ(KeExpandKernelStackAndCallout(callout, &calls, MAXIMUM_EXPANSION_SIZE), STATUS_SUCCESS);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(
      KeExpandKernelStackAndCalloutEx(callout, &calls, MAXIMUM_EXPANSION_SIZE + 1, TRUE, nullptr),
      STATUS_INVALID_PARAMETER_3);
  EXPECT_EQ(calls, 1);
}

TEST(KePulse, EndsTheWaitsThereAreAndNoMore) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  std::thread waiters[2];
  for (std::thread& waiter : waiters) {
    waiter = std::thread([&] { EXPECT_EQ(wait_for(&event), STATUS_SUCCESS); });
  }
  await_waiters(event.Header, 2);
  EXPECT_EQ(KePulseEvent(&event, IO_NO_INCREMENT, FALSE), 0);
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(poll(&event), STATUS_TIMEOUT);
  KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
  EXPECT_NE(KePulseEvent(&event, IO_NO_INCREMENT, FALSE), 0);
  EXPECT_EQ(KeReadStateEvent(&event), 0);
}

TEST(ObReference, SafelyUnlessItIsOnItsWayOut) {
  ObjectHeader header[2] = {};  // An object's, and room for nothing behind it.
  void* const body = &header[1];
  header[0].references = 1;
  EXPECT_TRUE(ObReferenceObjectSafe(body));
  EXPECT_EQ(header[0].references, 2);
  header[0].references = 0;
  EXPECT_FALSE(ObReferenceObjectSafe(body));
}

TEST(ExRundownCacheAware, IsRunDownLikeTheOther) {
  PEX_RUNDOWN_REF_CACHE_AWARE const reference =
      ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, 'nuRT');
  ASSERT_NE(reference, nullptr);
  EXPECT_TRUE(ExAcquireRundownProtectionCacheAware(reference));
  EXPECT_TRUE(ExAcquireRundownProtectionCacheAwareEx(reference, 2));
  std::thread owner([&] { ExWaitForRundownProtectionReleaseCacheAware(reference); });
  for (unsigned round = 0; ExAcquireRundownProtectionCacheAware(reference); ++round) {
    ExReleaseRundownProtectionCacheAware(reference);
    sched::pause(round);
  }
  ExReleaseRundownProtectionCacheAwareEx(reference, 3);
  owner.join();
  ExRundownCompletedCacheAware(reference);
  ExReInitializeRundownProtectionCacheAware(reference);
  EXPECT_TRUE(ExAcquireRundownProtectionCacheAware(reference));
  ExReleaseRundownProtectionCacheAware(reference);
  ExFreeCacheAwareRundownProtection(reference);
}

}  // namespace
}  // namespace wskrun::nt
