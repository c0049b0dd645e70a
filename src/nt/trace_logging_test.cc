// TraceLogging: an event and its fields as a line.
#include <TraceLoggingProvider.h>
#include <gtest/gtest.h>
#include <wdm.h>
#include <ws2ipdef.h>

#include "nt/log_lines.h"

namespace wskrun::nt {
namespace {

using base::LogLevel;

TRACELOGGING_DEFINE_PROVIDER(provider, "Echo.Driver",
                             (0x12345678, 0x1234, 0x5678, 1, 2, 3, 4, 5, 6, 7, 8));

struct TraceLogging : testing::Test {
  TraceLogging() { EXPECT_EQ(TraceLoggingRegister(provider), STATUS_SUCCESS); }
  ~TraceLogging() override { TraceLoggingUnregister(provider); }
};

TEST(TraceLoggingUnregistered, WritesNothing) {
  const LogLines lines;
  TraceLoggingWrite(provider, "Lost", TraceLoggingLevel(WINEVENT_LEVEL_ERROR));
  EXPECT_EQ(lines.count(), 0u);
  EXPECT_FALSE(TraceLoggingProviderEnabled(provider, 0, 0));
}

TEST_F(TraceLogging, AnEventHasALevel) {
  LogLines lines;
  TraceLoggingWrite(provider, "Plain");
  EXPECT_EQ(lines.last().text, "Echo.Driver.Plain");
  EXPECT_EQ(lines.last().source, "driver");
  EXPECT_EQ(lines.last().level, LogLevel::kDebug);
  TraceLoggingWrite(provider, "Bad", TraceLoggingLevel(WINEVENT_LEVEL_WARNING),
                    TraceLoggingKeyword(0x10), TraceLoggingOpcode(WINEVENT_OPCODE_START),
                    TraceLoggingDescription("nothing to see"));
  EXPECT_EQ(lines.last().text, "Echo.Driver.Bad");
  EXPECT_EQ(lines.last().level, LogLevel::kWarning);
  EXPECT_TRUE(TraceLoggingProviderEnabled(provider, WINEVENT_LEVEL_VERBOSE, 0));
}

TEST_F(TraceLogging, NumbersAreNamedByTheirTextOrTheGivenName) {
  LogLines lines;
  const int port = -5;
  const NTSTATUS status = STATUS_CANCELLED;
  TraceLoggingWrite(provider, "E", TraceLoggingInt32(port), TraceLoggingUInt32(7u, "count"),
                    TraceLoggingInt8(-1, "tiny"), TraceLoggingUInt64(~0ull, "huge", "described"),
                    TraceLoggingNTStatus(status), TraceLoggingHexUInt16(0xBEEF, "magic"),
                    TraceLoggingBoolean(TRUE, "yes"), TraceLoggingBool(0, "no"),
                    TraceLoggingFloat64(2.5, "ratio"),
                    TraceLoggingPointer(reinterpret_cast<void*>(0x1000), "at"),
                    TraceLoggingChar('c', "letter"), TraceLoggingWChar(0x00E4, "wide"));
  EXPECT_EQ(lines.last().text,
            "Echo.Driver.E port=-5 count=7 tiny=-1 huge=18446744073709551615 status=0xc0000120 "
            "magic=0xbeef yes=true no=false ratio=2.5 at=0x1000 letter='c' wide='\u00e4'");
}

TEST_F(TraceLogging, TextsAreQuoted) {
  LogLines lines;
  UNICODE_STRING name = RTL_CONSTANT_STRING(u"\\Device\\Echo");
  ANSI_STRING narrow = RTL_CONSTANT_STRING("ansi");
  PCSTR missing = nullptr;
  TraceLoggingWrite(
      provider, "E", TraceLoggingString("a b", "text"), TraceLoggingWideString(u"w", "wide"),
      TraceLoggingUnicodeString(&name, "name"), TraceLoggingAnsiString(&narrow, "narrow"),
      TraceLoggingCountedString("abcdef", 3, "cut"),
      TraceLoggingCountedWideString(u"abcdef", 2, "wcut"), TraceLoggingString(missing));
  EXPECT_EQ(lines.last().text,
            "Echo.Driver.E text=\"a b\" wide=\"w\" name=\"\\Device\\Echo\" narrow=\"ansi\" "
            "cut=\"abc\" wcut=\"ab\" missing=\"\"");
}

TEST_F(TraceLogging, AddressesGuidsTimesAndBytes) {
  LogLines lines;
  SOCKADDR_IN in = {};
  in.sin_family = AF_INET;
  in.sin_port = RtlUshortByteSwap(80);
  in.sin_addr.s_addr = RtlUlongByteSwap(0x7F000001);
  SOCKADDR_IN6 in6 = {};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = RtlUshortByteSwap(443);
  in6.sin6_addr.u.Byte[15] = 1;
  const GUID id = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
  LARGE_INTEGER time = {.QuadPart = 125911584000000000};
  const UCHAR bytes[] = {0xDE, 0xAD};
  TraceLoggingWrite(provider, "E", TraceLoggingSocketAddress(&in, sizeof in, "local"),
                    TraceLoggingSocketAddress(&in6, sizeof in6, "remote"),
                    TraceLoggingSocketAddress(bytes, sizeof bytes, "none"),
                    TraceLoggingIPv4Address(in.sin_addr.s_addr, "v4"),
                    TraceLoggingIPv6Address(&in6.sin6_addr, "v6"),
                    TraceLoggingPort(in.sin_port, "port"), TraceLoggingGuid(id),
                    TraceLoggingFileTime(time, "when"),
                    TraceLoggingBinary(bytes, sizeof bytes, "raw"));
  EXPECT_EQ(lines.last().text,
            "Echo.Driver.E local=127.0.0.1:80 remote=[::1]:443 none=dead v4=127.0.0.1 v6=::1 "
            "port=80 id={00000001-0002-0003-0405-060708090a0b} when=2000-01-01T00:00:00.000Z "
            "raw=dead");
}

TEST_F(TraceLogging, ArraysAndStructs) {
  LogLines lines;
  const INT16 numbers[] = {-1, 2};
  TraceLoggingWrite(provider, "E", TraceLoggingInt16Array(numbers, 2, "numbers"),
                    TraceLoggingStruct(2, "pair"), TraceLoggingUInt8(1, "a"),
                    TraceLoggingUInt8(2, "b"), TraceLoggingHexUInt32Array(nullptr, 0, "none"));
  EXPECT_EQ(lines.last().text, "Echo.Driver.E numbers=[-1 2] pair={a=1 b=2} none=[]");
}

TEST_F(TraceLogging, TheKindOfAValueIsFound) {
  LogLines lines;
  const long count = 3;
  const USHORT word = 4;
  PCSTR text = "t";
  const GUID id = {};
  TraceLoggingWrite(provider, "E", TraceLoggingValue(count), TraceLoggingValue(word, "w"),
                    TraceLoggingValue(text), TraceLoggingValue(u"x", "wide"),
                    TraceLoggingValue(true, "flag"), TraceLoggingValue(0.5f, "half"),
                    TraceLoggingValue(id),
                    TraceLoggingValue(static_cast<const void*>(nullptr), "at"));
  EXPECT_EQ(lines.last().text,
            "Echo.Driver.E count=3 w=4 text=\"t\" wide=\"x\" flag=true half=0.5 "
            "id={00000000-0000-0000-0000-000000000000} at=0x0");
}

TEST_F(TraceLogging, AnActivityIsNamed) {
  LogLines lines;
  const GUID activity = {5, 0, 0, {}};
  TraceLoggingWriteActivity(provider, "E", &activity, nullptr, TraceLoggingInt32(1, "a"));
  EXPECT_EQ(lines.last().text, "Echo.Driver.E a=1 activity={00000005-0000-0000-0000-000000000000}");
}

}  // namespace
}  // namespace wskrun::nt
