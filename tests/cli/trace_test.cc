// Events that a driver traces, as lines of the log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "kit/process.h"

namespace wskrun::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// All that the driver's load and unload put out at that level.
std::string output_at(const std::string& log) {
  Process process(wskrun_command({"--log=" + log}, "traces_events"));
  process.line_with("event 42");
  process.signal(SIGINT);
  EXPECT_EQ(process.exit_status(), 0);
  return process.output();
}

TEST(TraceEvents, HaveTheirFieldsByName) {
  EXPECT_THAT(
      output_at("debug"),
      AllOf(HasSubstr("driver: Sample.Traces.Detail when=\"w\u00e4hrend\""),
            HasSubstr("Sample.Traces.Entry count=3 status=0xc0000120 path=\"\\Registry\\Machine\\"),
            HasSubstr("\" level=5"), HasSubstr("Sample.Traces.Unload"),
            HasSubstr("{a1b2c3d4-0001-0002-0304-05060708090a} event 42 0xbad"),
            HasSubstr("event 42 0xc0ffee")));
}

TEST(TraceEvents, AreFilteredByTheLogsLevel) {
  EXPECT_THAT(output_at("warning"),
              AllOf(HasSubstr("Sample.Traces.Entry"), HasSubstr("\" level=3"),
                    HasSubstr("event 42 0xbad"), Not(HasSubstr("Sample.Traces.Detail")),
                    Not(HasSubstr("Sample.Traces.Unload")), Not(HasSubstr("0xc0ffee"))));
}

}  // namespace
}  // namespace wskrun::tests
