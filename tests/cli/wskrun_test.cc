// What the wskrun command says and returns, with drivers that are wrong in one way each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "kit/process.h"

namespace wskrun::tests {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// What is to come out, when the arguments alone decide it.
struct Finished {
  explicit Finished(std::vector<std::string> options, const std::string& driver = "")
      : process(wskrun_command(std::move(options), driver)), status(process.exit_status()) {}
  const std::string& output() const { return process.output(); }
  Process process;
  int status;
};

TEST(Wskrun, HelpExplainsItself) {
  const Finished run({"--help"});
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.output(), AllOf(HasSubstr("--param"), HasSubstr("--transport"),
                                  HasSubstr("Exit status"), HasSubstr("wskrun echo.so")));
}

TEST(Wskrun, SaysItsVersion) {
  const Finished run({"--version"});
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.output(), ContainsRegex("wskrun [0-9]+\\.[0-9]+"));
}

TEST(Wskrun, RefusesWrongUsage) {
  EXPECT_EQ(Finished({}).status, 2);
  EXPECT_EQ(Finished({"--surely-not-an-option"}, "echo").status, 2);
  EXPECT_EQ(Finished({"--transport=pigeon"}, "echo").status, 2);
  EXPECT_EQ(Finished({"--processors=0"}, "echo").status, 2);
  EXPECT_EQ(Finished({"--for=-1"}, "echo").status, 2);
  EXPECT_EQ(Finished({"--provider-delay=soon"}, "echo").status, 2);
  const Finished parameter({"--param", "NoValue"}, "echo");
  EXPECT_EQ(parameter.status, 2);
  EXPECT_THAT(parameter.output(), HasSubstr("expected Name=Value"));
}

TEST(Wskrun, TellsThatAFileIsMissing) {
  const Finished run({}, "no_such_driver");
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.output(), HasSubstr("no_such_driver.so does not exist"));
}

TEST(Wskrun, TellsThatAFileIsNoDriver) {
  const Finished run({"/proc/self/status"});
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.output(), HasSubstr("is not a shared object"));
}

TEST(Wskrun, NamesEachMissingSymbol) {
  const Finished run({}, "needs_what_is_missing");
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.output(),
              AllOf(HasSubstr("wskrun lacks"),
                    HasSubstr("KeDrinkCoffee, ZwMakeCoffee (the kernel, not there yet"),
                    HasSubstr("NdisBrewCoffee (NDIS, which wskrun does not provide)"),
                    HasSubstr("pour_coffee (not the WDK's: does the driver miss a source file?)")));
}

TEST(Wskrun, TellsThatDriverEntryIsMissing) {
  const Finished run({}, "has_no_entry");
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.output(), AllOf(HasSubstr("no DriverEntry"), HasSubstr("extern \"C\"")));
}

TEST(Wskrun, NamesTheStatusOfAFailedDriverEntry) {
  const Finished run({}, "refuses_to_start");
  EXPECT_EQ(run.status, 4);
  EXPECT_THAT(run.output(),
              AllOf(HasSubstr("DriverEntry"), HasSubstr("STATUS_DEVICE_NOT_CONNECTED"),
                    Not(HasSubstr("left"))));
}

TEST(Wskrun, TellsThatADriverCannotBeUnloaded) {
  Process process(wskrun_command({}, "cannot_be_unloaded"));
  process.line_with("DriverEntry returned STATUS_SUCCESS");
  process.signal(SIGINT);
  EXPECT_EQ(process.exit_status(), 6);
  EXPECT_THAT(process.output(),
              AllOf(HasSubstr("DriverUnload"), HasSubstr("the system goes down")));
}

TEST(Wskrun, UnloadsOnEitherSignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Process process(wskrun_command({}, "says_its_parameters"));
    process.line_with("loaded says_its_parameters.so: DriverEntry returned STATUS_SUCCESS");
    process.signal(signal);
    EXPECT_EQ(process.exit_status(), 0);
    EXPECT_THAT(process.output(), HasSubstr("nothing was left behind"));
  }
}

TEST(Wskrun, UnloadsAfterATime) {
  EXPECT_EQ(Finished({"--for", "0"}, "says_its_parameters").status, 0);
  EXPECT_EQ(Finished({"--for", "0.05"}, "says_its_parameters").status, 0);
}

TEST(Wskrun, OffersWskAtOnceUnlessToldOtherwise) {
  Process process(wskrun_command({}, "waits_for_wsk"));
  process.line_with("WSK at the start: 0x00000000");
  process.line_with("WSK has come");
  process.signal(SIGINT);
  EXPECT_EQ(process.exit_status(), 0);
}

TEST(Wskrun, OffersWskLateToADriverThatWaitsForIt) {
  Process process(wskrun_command({"--provider-delay=300"}, "waits_for_wsk"));
  process.line_with("WSK at the start: 0xc00000a3");
  process.line_with("WSK has come");
  process.signal(SIGINT);
  EXPECT_EQ(process.exit_status(), 0);
}

TEST(Wskrun, UnloadsADriverThatStillWaitsForWsk) {
  Process process(wskrun_command({"--provider-delay=3600000"}, "waits_for_wsk"));
  process.line_with("loaded waits_for_wsk.so: DriverEntry returned STATUS_SUCCESS");
  process.signal(SIGINT);
  EXPECT_EQ(process.exit_status(), 0);
  EXPECT_THAT(process.output(), AllOf(HasSubstr("no longer waiting for WSK: 0xc00000a3"),
                                      HasSubstr("nothing was left behind")));
}

TEST(Wskrun, ShowsNumbersEverySecond) {
  Process process(wskrun_command({"--stats"}, "says_its_parameters"));
  EXPECT_THAT(process.line_with("connections"),
              AllOf(HasSubstr("MB/s"), HasSubstr("callbacks"), HasSubstr("IRPs")));
  process.line_with("connections");
  process.signal(SIGINT);
  EXPECT_EQ(process.exit_status(), 0);
}

TEST(Wskrun, PutsParametersIntoTheDriversKey) {
  const Finished run(
      {"--for=0", "--param", "Port=7777", "--param", "Peer=10.0.0.1", "--param", "Quoted=\"42\"",
       "--param", "Big=0x100000000", "--param", "Parameters\\Deep=1"},
      "says_its_parameters");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(
      run.output(),
      AllOf(HasSubstr("Port is the number 7777"), HasSubstr("Peer is the text 10.0.0.1"),
            HasSubstr("Quoted is the text 42"), HasSubstr("Big is the long number 4294967296"),
            HasSubstr("Deep is the number 1"),
            ContainsRegex("path is .*\\\\Services\\\\says_its_parameters")));
}

TEST(Wskrun, ListsWhatADriverLeavesBehind) {
  Process process(wskrun_command({}, "leaves_things_behind"));
  process.line_with("DriverEntry returned STATUS_SUCCESS");
  process.signal(SIGINT);
  EXPECT_EQ(process.exit_status(), 5);
  const auto held = [](const char* kind, const char* function) {
    return ContainsRegex(std::string("1 x ") + kind + " .*leaves_things_behind.so: " + function +
                         ".*\\(leaves_things_behind.c:[0-9]+\\)");
  };
  EXPECT_THAT(process.output(),
              AllOf(held("IRP", "DriverEntry"), held("MDL", "DriverEntry"),
                    held("pool 'Left'", "DriverEntry"), held("work item", "DriverEntry")));
  EXPECT_THAT(
      process.output(),
      AllOf(held("thread", "[A-Za-z]+"), held("timer", "[A-Za-z]+"), held("socket", "[A-Za-z]+"),
            held("address list", "[A-Za-z]+"), held("trace provider", "[A-Za-z]+")));
}

}  // namespace
}  // namespace wskrun::tests
