// ETW's functions: who is registered, and what the log gets of an event.
#include <gtest/gtest.h>
#include <wdm.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "nt/ledger.h"
#include "nt/log_lines.h"

namespace wskrun::nt {
namespace {

using base::LogLevel;

constexpr GUID kId = {0x01234567, 0x89ab, 0xcdef, {1, 2, 3, 4, 5, 6, 7, 8}};
constexpr char kIdText[] = "{01234567-89ab-cdef-0102-030405060708}";
constexpr GUID kActivity = {1, 0, 0, {}};
constexpr char kActivityText[] = "{00000001-0000-0000-0000-000000000000}";

constexpr EVENT_DESCRIPTOR event_of(USHORT id, UCHAR level) {
  return {
      .Id = id, .Version = 0, .Channel = 0, .Level = level, .Opcode = 0, .Task = 0, .Keyword = 0};
}

std::size_t providers_in_ledger() {
  const auto entries = ledger_entries();
  return static_cast<std::size_t>(
      std::ranges::count(entries, Holding::kTraceProvider, &LedgerEntry::holding));
}

struct Enabling {
  int calls = 0;
  ULONG code = 99;
  UCHAR level = 99;
};

VOID on_enable(LPCGUID, ULONG code, UCHAR level, ULONGLONG any, ULONGLONG all,
               PEVENT_FILTER_DESCRIPTOR filter, PVOID context) {
  auto& enabling = *static_cast<Enabling*>(context);
  ++enabling.calls;
  enabling.code = code;
  enabling.level = level;
  EXPECT_EQ(any, ~ULONGLONG{0});
  EXPECT_EQ(all, 0u);
  EXPECT_EQ(filter, nullptr);
}

struct Etw : testing::Test {
  Etw() { EXPECT_EQ(EtwRegister(&kId, nullptr, nullptr, &handle), STATUS_SUCCESS); }
  ~Etw() override { EXPECT_EQ(EtwUnregister(handle), STATUS_SUCCESS); }
  REGHANDLE handle = 0;
};

TEST_F(Etw, AProviderIsHeldUntilItUnregisters) {
  const std::size_t before = providers_in_ledger();
  REGHANDLE other = 0;
  EXPECT_EQ(EtwRegister(&kId, nullptr, nullptr, &other), STATUS_SUCCESS);
  EXPECT_NE(other, handle);
  EXPECT_EQ(providers_in_ledger(), before + 1);
  EXPECT_EQ(EtwUnregister(other), STATUS_SUCCESS);
  EXPECT_EQ(providers_in_ledger(), before);
  EXPECT_EQ(EtwUnregister(other), STATUS_INVALID_HANDLE);
  EXPECT_EQ(EtwRegister(nullptr, nullptr, nullptr, &other), STATUS_INVALID_PARAMETER);
}

struct LevelRow {
  LogLevel log;
  UCHAR highest;
};

TEST_F(Etw, TheLogsLevelEnables) {
  constexpr LevelRow kRows[] = {
      {LogLevel::kDebug, 5}, {LogLevel::kInfo, 4}, {LogLevel::kWarning, 3}, {LogLevel::kError, 2}};
  for (const LevelRow& row : kRows) {
    const LogLines lines(row.log);
    Enabling enabling;
    REGHANDLE enabled = 0;
    EXPECT_EQ(EtwRegister(&kId, on_enable, &enabling, &enabled), STATUS_SUCCESS);
    EXPECT_EQ(enabling.calls, 1);
    EXPECT_EQ(enabling.code, ULONG{EVENT_CONTROL_CODE_ENABLE_PROVIDER});
    EXPECT_EQ(enabling.level, row.highest);
    for (UCHAR level = 1; level <= 5; ++level) {
      const EVENT_DESCRIPTOR event = event_of(1, level);
      EXPECT_EQ(EtwEventEnabled(enabled, &event) != FALSE, level <= row.highest);
      EXPECT_EQ(EtwProviderEnabled(enabled, level, 0) != FALSE, level <= row.highest);
    }
    EXPECT_TRUE(EtwProviderEnabled(enabled, 0, 0));
    EXPECT_EQ(EtwUnregister(enabled), STATUS_SUCCESS);
    EXPECT_FALSE(EtwProviderEnabled(enabled, 0, 0));
  }
}

TEST_F(Etw, AnEventIsALineOfItsData) {
  LogLines lines;
  const EVENT_DESCRIPTOR event = event_of(17, 3);
  const UCHAR byte = 5;
  const ULONG number = 0xC000000D;
  const char bytes[] = {'a', 'b', 'c'};
  EVENT_DATA_DESCRIPTOR data[4];
  EventDataDescCreate(&data[0], &byte, sizeof byte);
  EventDataDescCreate(&data[1], &number, sizeof number);
  EventDataDescCreate(&data[2], bytes, sizeof bytes);
  EventDataDescCreate(&data[3], bytes, sizeof bytes);
  data[3].Type = EVENT_DATA_DESCRIPTOR_TYPE_PROVIDER_METADATA;
  EXPECT_EQ(EtwWrite(handle, &event, nullptr, 4, data), STATUS_SUCCESS);
  EXPECT_EQ(lines.last().level, LogLevel::kWarning);
  EXPECT_EQ(lines.last().source, "driver");
  EXPECT_EQ(lines.last().text, std::string(kIdText) + " event 17 0x5 0xc000000d 616263");
  EXPECT_EQ(EtwWriteTransfer(handle, &event, &kActivity, &kId, 0, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(lines.last().text,
            std::string(kIdText) + " event 17 activity=" + kActivityText + " related=" + kIdText);
}

TEST_F(Etw, WhatNobodyWantsIsNotWrittenAndIsNoError) {
  const LogLines lines(LogLevel::kWarning);
  const EVENT_DESCRIPTOR event = event_of(1, 4);
  EXPECT_EQ(EtwWrite(handle, &event, nullptr, 0, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(EtwWriteString(handle, 5, 0, nullptr, u"verbose"), STATUS_SUCCESS);
  EXPECT_EQ(lines.count(), 0u);
}

TEST_F(Etw, RefusesBadHandlesAndTooMuchData) {
  const LogLines lines;
  const EVENT_DESCRIPTOR event = event_of(1, 2);
  EXPECT_EQ(EtwWrite(0, &event, nullptr, 0, nullptr), STATUS_INVALID_HANDLE);
  EXPECT_EQ(EtwWriteString(~REGHANDLE{0}, 2, 0, nullptr, u"text"), STATUS_INVALID_HANDLE);
  std::vector<EVENT_DATA_DESCRIPTOR> data(MAX_EVENT_DATA_DESCRIPTORS + 1);
  EXPECT_EQ(EtwWrite(handle, &event, nullptr, static_cast<ULONG>(data.size()), data.data()),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(EtwWriteEx(handle, &event, 0, 1, nullptr, nullptr, 0, nullptr),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(lines.count(), 0u);
}

TEST_F(Etw, TraitsNameTheProvider) {
  LogLines lines;
  struct {
    USHORT size = sizeof(USHORT) + sizeof "Echo";
    char name[sizeof "Echo"] = "Echo";
  } traits;
  EXPECT_EQ(EtwSetInformation(handle, EventProviderSetTraits, &traits, traits.size),
            STATUS_SUCCESS);
  EXPECT_EQ(EtwWriteString(handle, 2, 0, nullptr, u"it fails"), STATUS_SUCCESS);
  EXPECT_EQ(lines.last().text, "Echo it fails");
  EXPECT_EQ(lines.last().level, LogLevel::kError);
  traits.size = 3;
  EXPECT_EQ(EtwSetInformation(handle, EventProviderSetTraits, &traits, sizeof traits),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(EtwSetInformation(handle, EventProviderBinaryTrackInfo, nullptr, 0),
            STATUS_INVALID_DEVICE_REQUEST);
  EXPECT_EQ(EtwSetInformation(0, EventProviderSetTraits, &traits, sizeof traits),
            STATUS_INVALID_HANDLE);
}

bool is_same(const GUID& one, const GUID& other) {
  return std::memcmp(&one, &other, sizeof one) == 0;
}

TEST_F(Etw, AThreadHasAnActivity) {
  LogLines lines;
  GUID id = kActivity;
  EXPECT_EQ(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_SET_ID, &id), STATUS_SUCCESS);
  EXPECT_EQ(EtwWriteString(handle, 4, 0, nullptr, u"x"), STATUS_SUCCESS);
  EXPECT_EQ(lines.last().text, std::string(kIdText) + " x activity=" + kActivityText);
  EXPECT_EQ(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_SET_ID, &id), STATUS_SUCCESS);
  EXPECT_TRUE(is_same(id, kActivity));
  EXPECT_EQ(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_GET_ID, &id), STATUS_SUCCESS);
  EXPECT_FALSE(is_same(id, kActivity));
  id = {};
  EXPECT_EQ(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_GET_SET_ID, &id), STATUS_SUCCESS);
  EXPECT_FALSE(is_same(id, kActivity));
  EXPECT_EQ(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_GET_ID, &id), STATUS_SUCCESS);
  EXPECT_TRUE(is_same(id, GUID{}));
  EXPECT_EQ(EtwActivityIdControl(77, &id), STATUS_INVALID_PARAMETER);
}

}  // namespace
}  // namespace wskrun::nt
