// What DbgPrint and its family put into the log.
#include <gtest/gtest.h>
#include <wdm.h>

#include <string>

#include "nt/log_lines.h"

namespace wskrun::nt {
namespace {

using base::LogLevel;

TEST(DbgPrint, GoesIntoTheLogAsTheDrivers) {
  LogLines lines;
  UNICODE_STRING name = RTL_CONSTANT_STRING(u"\\Device\\Echo");
  EXPECT_EQ(DbgPrint("%wZ: status %08lX\n", &name, STATUS_CONNECTION_RESET), 0u);
  EXPECT_EQ(lines.last().level, LogLevel::kInfo);
  EXPECT_EQ(lines.last().source, "driver");
  EXPECT_EQ(lines.last().text, "\\Device\\Echo: status C000020D");
}

struct LevelRow {
  ULONG level;
  LogLevel expected;
};

TEST(DbgPrint, LevelsAreNumbersOrMasks) {
  constexpr LevelRow kRows[] = {
      {DPFLTR_ERROR_LEVEL, LogLevel::kError},
      {DPFLTR_WARNING_LEVEL, LogLevel::kWarning},
      {DPFLTR_TRACE_LEVEL, LogLevel::kInfo},
      {DPFLTR_INFO_LEVEL, LogLevel::kDebug},
      {31, LogLevel::kDebug},
      {DPFLTR_MASK | 0x1, LogLevel::kError},
      {DPFLTR_MASK | 0x6, LogLevel::kWarning},
  };
  LogLines lines;
  for (const LevelRow& row : kRows) {
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, row.level, "level %#x", row.level);
    EXPECT_EQ(lines.last().level, row.expected) << row.level;
  }
}

ULONG print_with_prefix(PCSTR format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const ULONG status = vDbgPrintExWithPrefix("echo: ", 77, 0, format, arguments);
  va_end(arguments);
  return status;
}

TEST(DbgPrint, LongMessagesAreCut) {
  LogLines lines;
  DbgPrint("%600d", 1);
  EXPECT_EQ(lines.last().text, std::string(512, ' '));
  print_with_prefix("%506d%d", 1, 2);
  EXPECT_EQ(lines.last().text, "echo: " + std::string(505, ' ') + "1");
}

TEST(DbgPrintDeathTest, FailedAssertionStops) {
  char expression[] = "Socket != NULL";
  char file[] = "echo.c";
  EXPECT_DEATH(RtlAssert(expression, file, 7, nullptr), "echo.c:7: Socket != NULL");
}

}  // namespace
}  // namespace wskrun::nt
