// The small helpers: memory, time, random numbers, version, bitmaps, GUIDs, run-once, names of
// routines.
#include <gtest/gtest.h>
#include <wdm.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "nt/rtl_string.h"

namespace wskrun::nt {
namespace {

TEST(RtlMemory, CountsEqualBytes) {
  EXPECT_EQ(RtlCompareMemory("abcd", "abxd", 4), 2u);
  EXPECT_EQ(RtlCompareMemory("abcd", "abcd", 4), 4u);
  EXPECT_EQ(RtlCompareMemory("a", "b", 0), 0u);
}

TEST(RtlMemory, RepeatsAPattern) {
  ULONG words[4] = {};
  RtlFillMemoryUlong(words, 3 * sizeof(ULONG), 0x01020304);
  EXPECT_EQ(words[2], 0x01020304u);
  EXPECT_EQ(words[3], 0u);
  EXPECT_EQ(RtlCompareMemoryUlong(words, sizeof words, 0x01020304), 12u);
  RtlFillMemoryUlonglong(words, sizeof words, 0x0000000500000006);
  EXPECT_EQ(words[2], 6u);
  EXPECT_EQ(words[3], 5u);
}

TEST(RtlMemory, IsZeroOrEqualWithoutTellingWhere) {
  UCHAR bytes[8] = {};
  EXPECT_TRUE(RtlIsZeroMemory(bytes, sizeof bytes));
  EXPECT_TRUE(RtlConstantTimeEqualMemory(bytes, bytes, sizeof bytes));
  UCHAR other[8] = {};
  other[7] = 1;
  EXPECT_FALSE(RtlIsZeroMemory(other, sizeof other));
  EXPECT_FALSE(RtlConstantTimeEqualMemory(bytes, other, sizeof bytes));
}

TEST(RtlMemory, StoresWhereNothingIsAligned) {
  UCHAR bytes[16] = {};
  RtlStoreUlong(bytes + 1, 0x11223344);
  RtlStoreUshort(bytes + 5, 0x5566);
  RtlStoreUlonglong(bytes + 7, 0x0102030405060708);
  ULONG word = 0;
  USHORT half = 0;
  RtlRetrieveUlong(&word, bytes + 1);
  RtlRetrieveUshort(&half, bytes + 5);
  EXPECT_EQ(word, 0x11223344u);
  EXPECT_EQ(half, 0x5566);
  EXPECT_EQ(bytes[7], 8);
  EXPECT_EQ(RtlConvertLongToLargeInteger(-2).QuadPart, -2);
  EXPECT_EQ(RtlConvertUlongToLargeInteger(0xFFFFFFFF).QuadPart, 0xFFFFFFFF);
  const LUID luid = RtlConvertLongToLuid(-2);
  EXPECT_EQ(luid.HighPart, -1);
  const LUID zero = {};
  EXPECT_TRUE(RtlIsZeroLuid(&zero));
  EXPECT_FALSE(RtlEqualLuid(&luid, &zero));
}

struct TimeRow {
  LONGLONG time;
  TIME_FIELDS fields;
};

TEST(RtlTime, IsACalendar) {
  constexpr TimeRow kRows[] = {
      {0, {1601, 1, 1, 0, 0, 0, 0, 1}},
      {116444736000000000, {1970, 1, 1, 0, 0, 0, 0, 4}},
      {125911584000000000, {2000, 1, 1, 0, 0, 0, 0, 6}},
      {133536799625670000, {2024, 2, 29, 11, 32, 42, 567, 4}},
  };
  for (const TimeRow& row : kRows) {
    LARGE_INTEGER time = {.QuadPart = row.time};
    TIME_FIELDS fields;
    RtlTimeToTimeFields(&time, &fields);
    EXPECT_EQ(std::memcmp(&fields, &row.fields, sizeof fields), 0) << row.time;
    LARGE_INTEGER back;
    ASSERT_TRUE(RtlTimeFieldsToTime(&fields, &back));
    EXPECT_EQ(back.QuadPart, row.time);
  }
  TIME_FIELDS wrong = {2023, 2, 29, 0, 0, 0, 0, 0};
  LARGE_INTEGER time;
  EXPECT_FALSE(RtlTimeFieldsToTime(&wrong, &time));
}

TEST(RtlTime, CountsSecondsFromOtherStarts) {
  LARGE_INTEGER time;
  ULONG seconds = 1;
  RtlSecondsSince1970ToTime(0, &time);
  EXPECT_EQ(time.QuadPart, 116444736000000000);
  EXPECT_TRUE(RtlTimeToSecondsSince1970(&time, &seconds));
  EXPECT_EQ(seconds, 0u);
  EXPECT_FALSE(RtlTimeToSecondsSince1980(&time, &seconds));
  RtlSecondsSince1980ToTime(MAXULONG, &time);
  EXPECT_TRUE(RtlTimeToSecondsSince1980(&time, &seconds));
  EXPECT_EQ(seconds, MAXULONG);
}

TEST(RtlRandom, RepeatsItselfFromTheSameSeed) {
  ULONG a = 1;
  ULONG b = 1;
  EXPECT_EQ(RtlUniform(&a), (0x7FFFFFEDull + 0x7FFFFFC3ull) % 0x7FFFFFFFull);
  b = a;
  for (int i = 0; i < 100; ++i) {
    const ULONG number = RtlRandomEx(&a);
    EXPECT_LT(number, 0x7FFFFFFFu);
    EXPECT_EQ(number, RtlRandomEx(&b));
  }
}

TEST(RtlVersion, IsWindows11) {
  RTL_OSVERSIONINFOEXW version = {};
  version.dwOSVersionInfoSize = sizeof version;
  ASSERT_EQ(RtlGetVersion(reinterpret_cast<PRTL_OSVERSIONINFOW>(&version)), STATUS_SUCCESS);
  EXPECT_EQ(version.dwMajorVersion, 10u);
  EXPECT_GE(version.dwBuildNumber, 22000u);
  EXPECT_EQ(version.wProductType, VER_NT_WORKSTATION);
  EXPECT_TRUE(RtlIsNtDdiVersionAvailable(NTDDI_WIN10_RS2));
  EXPECT_FALSE(RtlIsNtDdiVersionAvailable(0x0B000000));

  ULONG major = 0, build = 0;
  EXPECT_FALSE(PsGetVersion(&major, nullptr, &build, nullptr));
  EXPECT_EQ(major, version.dwMajorVersion);
  EXPECT_EQ(build, version.dwBuildNumber);

  RTL_OSVERSIONINFOEXW wanted = {};
  wanted.dwMajorVersion = 6;
  wanted.dwMinorVersion = 3;
  ULONGLONG conditions = VerSetConditionMask(0, VER_MAJORVERSION, VER_GREATER_EQUAL);
  conditions = VerSetConditionMask(conditions, VER_MINORVERSION, VER_GREATER_EQUAL);
  EXPECT_EQ(RtlVerifyVersionInfo(&wanted, VER_MAJORVERSION | VER_MINORVERSION, conditions),
            STATUS_SUCCESS);
  wanted.dwMajorVersion = 11;
  EXPECT_EQ(RtlVerifyVersionInfo(&wanted, VER_MAJORVERSION | VER_MINORVERSION, conditions),
            STATUS_REVISION_MISMATCH);
}

TEST(RtlBitMap, SetsFindsAndCounts) {
  ULONG words[3];
  RTL_BITMAP map;
  RtlInitializeBitMap(&map, words, 70);
  RtlClearAllBits(&map);
  RtlSetBits(&map, 30, 5);
  EXPECT_EQ(RtlNumberOfSetBits(&map), 5u);
  EXPECT_EQ(RtlNumberOfClearBits(&map), 65u);
  EXPECT_TRUE(RtlTestBit(&map, 34));
  EXPECT_FALSE(RtlTestBit(&map, 35));
  EXPECT_TRUE(RtlAreBitsSet(&map, 30, 5));
  EXPECT_FALSE(RtlAreBitsSet(&map, 30, 6));
  EXPECT_TRUE(RtlAreBitsClear(&map, 35, 35));
  EXPECT_FALSE(RtlAreBitsClear(&map, 35, 36));  // Behind the end.
  EXPECT_EQ(RtlFindSetBits(&map, 3, 0), 30u);
  EXPECT_EQ(RtlFindClearBits(&map, 31, 0), 35u);
  EXPECT_EQ(RtlFindClearBits(&map, 10, 65), 0u);  // From the start again.
  EXPECT_EQ(RtlFindClearBits(&map, 36, 0), MAXULONG);
  EXPECT_EQ(RtlFindClearBitsAndSet(&map, 2, 29), 35u);
  EXPECT_TRUE(RtlAreBitsSet(&map, 30, 7));
  RtlClearBit(&map, 32);
  RtlSetBit(&map, 69);
  EXPECT_EQ(RtlFindSetBitsAndClear(&map, 1, 40), 69u);
  RtlSetAllBits(&map);
  EXPECT_EQ(RtlFindClearBits(&map, 1, 0), MAXULONG);
}

// A map of these bits, the first one leftmost; 1 is set.
struct BitText {
  explicit BitText(const std::string& text) : words((text.size() + 31) / 32 + 1) {
    RtlInitializeBitMap(&map, words.data(), static_cast<ULONG>(text.size()));
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '1') RtlSetBit(&map, static_cast<ULONG>(i));
    }
  }
  std::vector<ULONG> words;
  RTL_BITMAP map;
};

TEST(RtlBitMap, FindsRunsOfClearBits) {
  BitText bits("1001110001011111111111111111111111111000010");
  RTL_BITMAP* const map = &bits.map;
  ULONG start = 99;
  EXPECT_EQ(RtlFindFirstRunClear(map, &start), 2u);
  EXPECT_EQ(start, 1u);
  EXPECT_EQ(RtlFindLongestRunClear(map, &start), 4u);
  EXPECT_EQ(start, 37u);
  EXPECT_EQ(RtlFindNextForwardRunClear(map, 3, &start), 3u);
  EXPECT_EQ(start, 6u);
  EXPECT_EQ(RtlFindNextForwardRunClear(map, 43, &start), 0u);
  EXPECT_EQ(RtlFindLastBackwardRunClear(map, 36, &start), 1u);
  EXPECT_EQ(start, 10u);
  EXPECT_EQ(RtlFindLastBackwardRunClear(map, 7, &start), 2u);  // Bits beyond the index stay out.
  EXPECT_EQ(start, 6u);
  EXPECT_EQ(RtlFindLastBackwardRunClear(map, 0, &start), 0u);
  EXPECT_TRUE(RtlCheckBit(map, 0));
  EXPECT_FALSE(RtlCheckBit(map, 42));
}

TEST(RtlBitMap, ListsTheFirstOrTheLongestRuns) {
  BitText bits("0100110001000011110");
  RTL_BITMAP_RUN runs[3];
  EXPECT_EQ(RtlFindClearRuns(&bits.map, runs, 2, FALSE), 2u);
  EXPECT_EQ(runs[0].StartingIndex, 0u);
  EXPECT_EQ(runs[1].StartingIndex, 2u);
  EXPECT_EQ(RtlFindClearRuns(&bits.map, runs, 3, TRUE), 3u);
  const ULONG lengths[] = {4, 3, 2};
  const ULONG starts[] = {10, 6, 2};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(runs[i].NumberOfBits, lengths[i]);
    EXPECT_EQ(runs[i].StartingIndex, starts[i]);
  }
  BitText full("111");
  EXPECT_EQ(RtlFindClearRuns(&full.map, runs, 3, TRUE), 0u);
}

TEST(RtlBitMap, TellsAboutTheBitsOfANumber) {
  EXPECT_EQ(RtlFindMostSignificantBit(0), -1);
  EXPECT_EQ(RtlFindLeastSignificantBit(0), -1);
  EXPECT_EQ(RtlFindMostSignificantBit(0x8000000000000010), 63);
  EXPECT_EQ(RtlFindLeastSignificantBit(0x8000000000000010), 4);
  EXPECT_EQ(RtlNumberOfSetBitsUlongPtr(0x8000000000000011), 3u);
}

TEST(RtlGuid, IsTextAndBack) {
  const GUID guid = {0x2227E803, 0x8D8B, 0x11D4, {0xAB, 0xAD, 0x00, 0x90, 0x27, 0x71, 0x9E, 0x09}};
  UNICODE_STRING text;
  ASSERT_EQ(RtlStringFromGUID(guid, &text), STATUS_SUCCESS);
  EXPECT_EQ(view_of(text), u"{2227E803-8D8B-11D4-ABAD-009027719E09}");
  GUID back = {};
  EXPECT_EQ(RtlGUIDFromString(&text, &back), STATUS_SUCCESS);
  EXPECT_EQ(std::memcmp(&back, &guid, sizeof guid), 0);
  text.Buffer[3] = u'x';
  EXPECT_EQ(RtlGUIDFromString(&text, &back), STATUS_INVALID_PARAMETER);
  RtlFreeUnicodeString(&text);
}

ULONG initialize_once(PRTL_RUN_ONCE, PVOID parameter, PVOID* context) {
  auto& calls = *static_cast<std::atomic<int>*>(parameter);
  *context = &calls;
  return ++calls > 1;  // The first attempt fails.
}

TEST(RtlRunOnce, RunsUntilItSucceedsAndThenNoMore) {
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
    alignas(8) std::atomic<int> calls{0};
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        PVOID context = nullptr;
        const NTSTATUS status = RtlRunOnceExecuteOnce(&once, initialize_once, &calls, &context);
        if (NT_SUCCESS(status)) {
          EXPECT_EQ(context, &calls);
        } else {
          ++failures;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(calls, 2);
    ASSERT_EQ(failures, 1);
  }
}

TEST(RtlRunOnce, AsyncLetsTheFirstToCompleteWin) {
  RTL_RUN_ONCE once;
  RtlRunOnceInitialize(&once);
  EXPECT_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, nullptr),
            STATUS_UNSUCCESSFUL);
  EXPECT_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, nullptr), STATUS_PENDING);
  EXPECT_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, nullptr), STATUS_PENDING);
  EXPECT_EQ(RtlRunOnceBeginInitialize(&once, 0, nullptr), STATUS_INVALID_PARAMETER);
  const auto context = reinterpret_cast<PVOID>(0x1000);
  EXPECT_EQ(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, context), STATUS_SUCCESS);
  EXPECT_EQ(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, context), STATUS_OBJECT_NAME_COLLISION);
  PVOID seen = nullptr;
  EXPECT_EQ(RtlRunOnceBeginInitialize(&once, 0, &seen), STATUS_SUCCESS);
  EXPECT_EQ(seen, context);
}

TEST(SystemRoutine, IsTheRuntimesAndNothingElse) {
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, u"IoAllocateIrp");
  EXPECT_EQ(MmGetSystemRoutineAddress(&name), reinterpret_cast<PVOID>(&IoAllocateIrp));
  for (const char16_t* other : {u"connect", u"NoSuchRoutine"}) {
    RtlInitUnicodeString(&name, other);
    EXPECT_EQ(MmGetSystemRoutineAddress(&name), nullptr);
  }
}

TEST(MmMemory, IsProbedAndAllocatedInPages) {
  int local = 0;
  EXPECT_TRUE(MmIsAddressValid(&local));
  EXPECT_FALSE(MmIsAddressValid(nullptr));
  ProbeForWrite(&local, sizeof local, sizeof local);
  PVOID pages = MmAllocateContiguousMemory(100, {.QuadPart = -1});
  EXPECT_EQ(reinterpret_cast<ULONG_PTR>(pages) % PAGE_SIZE, 0u);
  MmFreeContiguousMemory(pages);
}

}  // namespace
}  // namespace wskrun::nt
