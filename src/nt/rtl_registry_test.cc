// Registry queries by table, as drivers read their parameters in DriverEntry.
#include <gtest/gtest.h>
#include <wdm.h>

#include <cstring>
#include <string>
#include <vector>

#include "nt/cm_registry.h"
#include "nt/rtl_string.h"

namespace wskrun::nt {
namespace {

constexpr ULONG kDirect = RTL_QUERY_REGISTRY_DIRECT;

// The service key "query", with a value of each kind.
class QueryTable : public ::testing::Test {
 protected:
  void SetUp() override {
    const ULONG port = 5001;
    const ULONGLONG large = 1ull << 40;
    write(u"Port", REG_DWORD, &port, sizeof port);
    write(u"Large", REG_QWORD, &large, sizeof large);
    write(u"Address", REG_SZ, u"::1", 8);
    write(u"Names", REG_MULTI_SZ, u"one\0two\0", 18);
    ASSERT_EQ(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"query\\Sub", u"Depth", REG_DWORD,
                                    const_cast<ULONG*>(&port), sizeof port),
              STATUS_SUCCESS);
  }
  void TearDown() override {
    registry::delete_tree(std::u16string(registry::kServices) + u"\\query");
  }

  static void write(PCWSTR name, ULONG type, const void* data, ULONG size) {
    ASSERT_EQ(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"query", name, type,
                                    const_cast<void*>(data), size),
              STATUS_SUCCESS);
  }

  // One entry and the end of the table.
  static NTSTATUS query(RTL_QUERY_REGISTRY_TABLE entry, void* context = nullptr) {
    RTL_QUERY_REGISTRY_TABLE table[2] = {entry, {}};
    return RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"query", table, context, nullptr);
  }

  static RTL_QUERY_REGISTRY_TABLE direct(const char16_t* name, void* target, ULONG flags = 0) {
    RTL_QUERY_REGISTRY_TABLE entry = {};
    entry.Flags = kDirect | flags;
    entry.Name = const_cast<PWSTR>(name);
    entry.EntryContext = target;
    return entry;
  }
};

TEST_F(QueryTable, StoresNumbersDirectly) {
  ULONG port = 0;
  EXPECT_EQ(query(direct(u"port", &port)), STATUS_SUCCESS);
  EXPECT_EQ(port, 5001u);

  alignas(8) LONG room[4] = {-static_cast<LONG>(sizeof room)};
  ASSERT_EQ(query(direct(u"Large", room)), STATUS_SUCCESS);
  EXPECT_EQ(room[1], 1 << 8);
  room[0] = sizeof room;
  ASSERT_EQ(query(direct(u"Large", room)), STATUS_SUCCESS);
  EXPECT_EQ(room[0], 8);
  EXPECT_EQ(room[1], REG_QWORD);
  EXPECT_EQ(room[3], 1 << 8);
  room[0] = -4;
  EXPECT_EQ(query(direct(u"Large", room)), STATUS_BUFFER_TOO_SMALL);
}

TEST_F(QueryTable, StoresStringsDirectly) {
  UNICODE_STRING address = {};
  ASSERT_EQ(query(direct(u"Address", &address)), STATUS_SUCCESS);
  EXPECT_EQ(view_of(address), u"::1");
  RtlFreeUnicodeString(&address);

  WCHAR units[2];
  UNICODE_STRING small = {0, sizeof units, units};
  EXPECT_EQ(query(direct(u"Address", &small)), STATUS_BUFFER_TOO_SMALL);
}

TEST_F(QueryTable, ChecksTypes) {
  ULONG port = 0;
  RTL_QUERY_REGISTRY_TABLE entry = direct(u"Address", &port, RTL_QUERY_REGISTRY_TYPECHECK);
  entry.DefaultType = REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
  EXPECT_EQ(query(entry), STATUS_OBJECT_TYPE_MISMATCH);
  entry.Name = const_cast<PWSTR>(u"Port");
  EXPECT_EQ(query(entry), STATUS_SUCCESS);
}

TEST_F(QueryTable, FallsBackToDefaults) {
  ULONG depth = 0;
  ULONG wanted = 9;
  RTL_QUERY_REGISTRY_TABLE entry = direct(u"Missing", &depth);
  EXPECT_EQ(query(entry), STATUS_SUCCESS);
  EXPECT_EQ(depth, 0u);
  entry.DefaultType = REG_DWORD;
  entry.DefaultData = &wanted;
  entry.DefaultLength = sizeof wanted;
  EXPECT_EQ(query(entry), STATUS_SUCCESS);
  EXPECT_EQ(depth, 9u);
  entry.Flags |= RTL_QUERY_REGISTRY_REQUIRED;
  EXPECT_EQ(query(entry), STATUS_OBJECT_NAME_NOT_FOUND);
}

NTSTATUS collect(PWSTR name, ULONG type, PVOID data, ULONG length, PVOID context, PVOID) {
  auto& lines = *static_cast<std::vector<std::u16string>*>(context);
  std::u16string line = name;
  if (type == REG_SZ) line += u"=" + std::u16string(static_cast<PCWSTR>(data), length / 2 - 1);
  lines.push_back(line);
  return STATUS_SUCCESS;
}

TEST_F(QueryTable, CallsTheRoutineForEachValueAndEachString) {
  std::vector<std::u16string> lines;
  RTL_QUERY_REGISTRY_TABLE entry = {};
  entry.QueryRoutine = collect;
  EXPECT_EQ(query(entry, &lines), STATUS_SUCCESS);
  EXPECT_EQ(lines, (std::vector<std::u16string>{u"Port", u"Large", u"Address=::1", u"Names=one",
                                                u"Names=two"}));
  lines.clear();
  entry.Flags = RTL_QUERY_REGISTRY_SUBKEY;
  entry.Name = const_cast<PWSTR>(u"Sub");
  EXPECT_EQ(query(entry, &lines), STATUS_SUCCESS);
  EXPECT_EQ(lines, (std::vector<std::u16string>{u"Depth"}));
}

TEST_F(QueryTable, KnowsWhetherTheKeyIsThere) {
  RTL_QUERY_REGISTRY_TABLE end = {};
  EXPECT_EQ(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"none", &end, nullptr, nullptr),
            STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES | RTL_REGISTRY_OPTIONAL, u"none", &end,
                                   nullptr, nullptr),
            STATUS_SUCCESS);
  EXPECT_EQ(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, const_cast<PWSTR>(u"query")),
            STATUS_SUCCESS);
  EXPECT_EQ(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"query", u"Port"), STATUS_SUCCESS);
  EXPECT_EQ(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"query", u"Port"),
            STATUS_OBJECT_NAME_NOT_FOUND);
}

}  // namespace
}  // namespace wskrun::nt
