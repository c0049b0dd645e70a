// Options out of a file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "kit/process.h"

namespace wskrun::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Settings : public ::testing::Test {
 protected:
  ~Settings() override { std::filesystem::remove(path_); }

  // What wskrun says with these lines as its settings.
  Process run_with(const std::string& lines, std::vector<std::string> options = {}) {
    std::ofstream(path_) << lines;
    options.push_back("--settings=" + path_);
    return Process(wskrun_command(std::move(options), "says_its_parameters"));
  }

  const std::string path_ =
      ::testing::TempDir() + "wskrun_settings." + std::to_string(getpid()) + ".ini";
};

TEST_F(Settings, GoIntoTheDriversKey) {
  Process process = run_with("for=0\nparam=[\"Port=7777\", \"Peer=10.0.0.1\"]\n");
  EXPECT_EQ(process.exit_status(), 0) << process.output();
  EXPECT_THAT(process.output(), AllOf(HasSubstr("Port is the number 7777"), HasSubstr("10.0.0.1")));
}

TEST_F(Settings, GiveWayToTheCommandLine) {
  Process process = run_with("for=1000\nlog=error\n", {"--for=0", "--log=info"});
  EXPECT_EQ(process.exit_status(), 0);
  EXPECT_THAT(process.output(), HasSubstr("nothing was left behind"));
}

TEST_F(Settings, ThatWskrunDoesNotKnowAreRefused) {
  Process process = run_with("prozessors=1\n");
  EXPECT_EQ(process.exit_status(), 2);
  EXPECT_THAT(process.output(), HasSubstr("prozessors"));
}

TEST_F(Settings, HaveToBeThere) {
  Process process(wskrun_command({"--settings=" + path_}, "says_its_parameters"));
  EXPECT_EQ(process.exit_status(), 2);
  EXPECT_THAT(process.output(), HasSubstr(path_));
}

}  // namespace
}  // namespace wskrun::tests
