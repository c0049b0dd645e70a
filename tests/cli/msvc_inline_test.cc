// What MSVC's C makes of `inline` (tests/drivers/msvc_inline).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/process.h"

namespace wskrun::tests {
namespace {

TEST(MsvcInline, IsThereInEveryFileAndOneFunction) {
  Process process(wskrun_command({"--for=0"}, "msvc_inline"));
  EXPECT_EQ(process.exit_status(), 0) << process.output();
  EXPECT_THAT(process.output(), ::testing::HasSubstr("twice and twice: 4, one function"));
}

}  // namespace
}  // namespace wskrun::tests
