// Sources as an editor on Windows leaves them (tests/drivers/windows_habits).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/process.h"

namespace wskrun::tests {
namespace {

TEST(WindowsHabits, IncludesAreFoundInAnyCaseAndBehindBackslashes) {
  Process process(wskrun_command({"--for=0"}, "windows_habits"));
  EXPECT_EQ(process.exit_status(), 0) << process.output();
  EXPECT_THAT(process.output(), ::testing::HasSubstr("found in any case, and behind backslashes"));
}

}  // namespace
}  // namespace wskrun::tests
