// wskrun ioctl, read and write against a wskrun that runs a driver, all of them processes: what
// they print and return, and what the driver sees when one of them dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kit/own_world.h"
#include "kit/process.h"

namespace wskrun::tests {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kDevice[] = R"(\\.\Answers)";
constexpr char kReverse[] = "0x222000";
constexpr char kCapitals[] = "0x222006";
constexpr char kTurnRound[] = "0x22200b";
constexpr char kStay[] = "0x22200c";
constexpr char kGoOn[] = "0x222010";
constexpr char kPend[] = "0x222014";
constexpr char kWarn[] = "0x222018";

using Words = std::vector<std::string>;

// A wskrun with the driver that has the device.
struct Server {
  Server() : process(wskrun_command({}, "answers_processes")) {
    process.line_with("loaded answers_processes.so: DriverEntry returned STATUS_SUCCESS");
  }
  // What `wskrun <words> --pid` of this one is.
  Words command(Words words) const {
    words.insert(words.end(), {"--pid", std::to_string(process.pid())});
    return wskrun_command(std::move(words), "");
  }
  void stop() {
    process.signal(SIGINT);
    EXPECT_EQ(process.exit_status(), 0) << process.output();
  }
  Process process;
};

struct Asked {
  explicit Asked(Words command) : process(std::move(command)), status(process.exit_status()) {}
  Asked(const Server& server, Words words) : Asked(server.command(std::move(words))) {}
  const std::string& output() const { return process.output(); }
  Process process;
  int status;
};

TEST(DeviceCommand, HelpExplainsItself) {
  for (const char* name : {"ioctl", "read", "write"}) {
    const Asked help(wskrun_command({name, "--help"}, ""));
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.output(),
                AllOf(HasSubstr("--pid"), HasSubstr("Exit status"), HasSubstr("namespace")));
  }
}

TEST(DeviceCommand, RefusesWrongUsage) {
  const std::vector<Words> wrong = {
      {"ioctl"},
      {"ioctl", kDevice},
      {"ioctl", kDevice, "soon"},
      {"ioctl", kDevice, "0x1222000000"},
      {"ioctl", kDevice, kReverse, "--input-hex", "012"},
      {"ioctl", kDevice, kReverse, "--input-hex", "0g"},
      {"ioctl", kDevice, kReverse, "--input-hex", "01", "--input", "-"},
      {"ioctl", kDevice, kReverse, "--output", "16777217"},
      {"ioctl", kDevice, kReverse, "--pid", "0"},
      {"read", kDevice},
      {"read", kDevice, "-1"},
      {"read", kDevice, "16777217"},
      {"write"},
      {"driver.so", "read", kDevice, "1"},
  };
  for (const Words& words : wrong) {
    const Asked asked(wskrun_command(words, ""));
    EXPECT_EQ(asked.status, 2) << ::testing::PrintToString(words) << asked.output();
  }
}

TEST(DeviceCommand, PassesBuffersInEachWay) {
  Server server;
  const auto ioctl = [&](const char* code, const char* input) {
    return Asked(server, {"ioctl", kDevice, code, "--input-hex", input, "--output", "64"});
  };
  const Asked reversed = ioctl(kReverse, "01020304");
  EXPECT_EQ(reversed.status, 0);
  EXPECT_THAT(reversed.output(), AllOf(StartsWith("STATUS_SUCCESS (0x00000000), 4 bytes\n"),
                                       HasSubstr("00000000  04 03 02 01 "), HasSubstr("|....|\n")));
  EXPECT_THAT(ioctl(kCapitals, "61 62 63").output(), HasSubstr("41 42 43"));
  EXPECT_THAT(ioctl(kTurnRound, "00ff55").output(), HasSubstr("ff 00 aa"));
  EXPECT_EQ(ioctl(kReverse, "").output(), "STATUS_SUCCESS (0x00000000), 0 bytes\n");
  server.stop();
}

TEST(DeviceCommand, DumpsSixteenBytesALine) {
  Server server;
  const Asked asked(server, {"ioctl", kDevice, kCapitals, "--output", "32", "--input-hex",
                             "6162636465666768696a6b6c6d6e6f7071"});
  EXPECT_THAT(
      asked.output(),
      EndsWith("\n"
               "00000000  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  |ABCDEFGHIJKLMNOP|\n"
               "00000010  51                                                |Q|\n"));
  server.stop();
}

TEST(DeviceCommand, WritesRawOutputOnRequest) {
  Server server;
  const Words command = server.command(
      {"ioctl", kDevice, kReverse, "--input-hex", "000a62610a", "--output", "8", "--raw"});
  std::string line;
  for (const std::string& word : command) line += "'" + word + "' ";
  const Asked asked({"/bin/sh", "-c", line + "2>/dev/null"});
  EXPECT_EQ(asked.output(), std::string("\nab\n\0", 5));
  EXPECT_THAT(Asked(command).output(), HasSubstr("STATUS_SUCCESS (0x00000000), 5 bytes\n"));
  server.stop();
}

TEST(DeviceCommand, TellsFailuresAndWarningsFromSuccess) {
  Server server;
  const Asked unknown(server, {"ioctl", kDevice, "0x222ffc", "--output", "8"});
  EXPECT_EQ(unknown.status, 4);
  EXPECT_EQ(unknown.output(), "STATUS_INVALID_DEVICE_REQUEST (0xC0000010), 0 bytes\n");
  const Asked warned(server, {"ioctl", kDevice, kWarn, "--output", "8"});
  EXPECT_EQ(warned.status, 4);
  EXPECT_THAT(warned.output(), AllOf(HasSubstr("STATUS_BUFFER_OVERFLOW (0x80000005), 4 bytes"),
                                     HasSubstr("|part|")));
  server.stop();
}

TEST(DeviceCommand, WritesStandardInputAndReadsItBack) {
  Server server;
  std::string write;
  for (const std::string& word : server.command({"write", kDevice, "--offset", "7"})) {
    write += "'" + word + "' ";
  }
  const Asked written({"/bin/sh", "-c", "printf 'hello there' | " + write});
  EXPECT_EQ(written.output(), "STATUS_SUCCESS (0x00000000), 11 bytes\n");
  server.process.line_with("a write of 11 bytes at 7");
  const Asked read(server, {"read", kDevice, "512"});
  EXPECT_EQ(read.status, 0);
  EXPECT_THAT(read.output(), HasSubstr("|hello there|"));
  server.stop();
}

// A file of zeros in the system's folder for such things.
class FileOfZeros {
 public:
  explicit FileOfZeros(std::uintmax_t size) : path_(::testing::TempDir() + "wskrun_XXXXXX") {
    ::close(mkstemp(path_.data()));
    std::filesystem::resize_file(path_, size);
  }
  ~FileOfZeros() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(DeviceCommand, CarriesUpToSixteenMebibytesEachWay) {
  Server server;
  const FileOfZeros most(16 << 20);
  const Asked carried(server, {"ioctl", kDevice, kReverse, "--input", most.path(), "--output",
                               "16777216", "--raw"});
  EXPECT_EQ(carried.status, 0);
  EXPECT_GT(carried.output().size(), std::size_t{16} << 20);

  const FileOfZeros more((16 << 20) + 1);
  const Asked refused(server, {"write", kDevice, "--input", more.path()});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output(), HasSubstr("more than 16777216 bytes"));
  EXPECT_THAT(server.process.output(), Not(HasSubstr("create 2")));
  server.stop();
}

TEST(DeviceCommand, NamesWhatCannotBeOpened) {
  Server server;
  const Asked asked(server, {"read", R"(\\.\Nobody)", "1"});
  EXPECT_EQ(asked.status, 3);
  EXPECT_EQ(asked.output(),
            "wskrun: opening \\\\.\\Nobody: STATUS_OBJECT_NAME_NOT_FOUND (0xC0000034)\n");
  const Asked long_name(server, {"read", std::string(5000, 'n'), "1"});
  EXPECT_EQ(long_name.status, 1);
  EXPECT_THAT(long_name.output(), HasSubstr("at most 4096"));
  const Asked no_file(server, {"write", kDevice, "--input", "/no/such/file"});
  EXPECT_EQ(no_file.status, 1);
  EXPECT_THAT(no_file.output(), HasSubstr("/no/such/file: No such file"));
  server.stop();
}

TEST(DeviceCommand, AProcessThatDiesTakesItsReadAlong) {
  Server server;
  Process reader(server.command({"read", kDevice, "512"}));
  server.process.line_with("create 1");
  server.process.line_with("a read waits");

  reader.signal(SIGKILL);

  server.process.line_with("cancel 1");
  server.process.line_with("cleanup 1");
  server.process.line_with("close 1");
  EXPECT_EQ(reader.exit_status(), -1);
  server.stop();
  EXPECT_THAT(server.process.output(), HasSubstr("1 creates, 1 cleanups, 1 closes, 1 cancels"));
}

TEST(DeviceCommand, WhatHasNoCancelRoutineEndsInCleanup) {
  Server server;
  Process caller(server.command({"ioctl", kDevice, kPend}));
  server.process.line_with("a request is kept");
  caller.signal(SIGKILL);
  server.process.line_with("cleanup 1");
  server.process.line_with("close 1");
  server.stop();
}

TEST(DeviceCommand, TwoProcessesMeetInTheDriver) {
  Server server;
  Process reader(server.command({"read", kDevice, "512"}));
  server.process.line_with("a read waits");
  EXPECT_EQ(Asked(server, {"write", kDevice, "--input-hex", "6869"}).status, 0);
  reader.line_with("STATUS_SUCCESS (0x00000000), 2 bytes");
  reader.line_with("|hi|");
  EXPECT_EQ(reader.exit_status(), 0);
  server.stop();
  EXPECT_THAT(server.process.output(), HasSubstr("2 creates, 2 cleanups, 2 closes, 0 cancels"));
}

TEST(DeviceCommand, ADriverThatTakesItsTimeHoldsUpNobodyElse) {
  Server server;
  Process slow(server.command({"ioctl", kDevice, kStay}));
  server.process.line_with("a request stays");
  EXPECT_EQ(
      Asked(server, {"ioctl", kDevice, kReverse, "--input-hex", "01", "--output", "1"}).status, 0);
  EXPECT_EQ(Asked(server, {"ioctl", kDevice, kGoOn}).status, 0);
  slow.line_with("STATUS_SUCCESS");
  EXPECT_EQ(slow.exit_status(), 0);
  server.stop();
}

TEST(DeviceCommand, StoppingClosesWhatIsOpen) {
  Server server;
  Process reader(server.command({"read", kDevice, "512"}));
  server.process.line_with("a read waits");
  server.stop();
  EXPECT_THAT(server.process.output(),
              AllOf(HasSubstr("1 creates, 1 cleanups, 1 closes, 1 cancels"),
                    HasSubstr("nothing was left behind")));
  EXPECT_EQ(reader.exit_status(), 1);
  EXPECT_THAT(reader.output(), HasSubstr("ended before the driver had answered"));
}

// ---- which wskrun

TEST(DeviceCommand, SaysThatNobodyRuns) {
  if (!in_own_world()) return repeat_in_own_world();
  const Asked asked(wskrun_command({"read", kDevice, "1"}, ""));
  EXPECT_EQ(asked.status, 1);
  EXPECT_THAT(asked.output(), HasSubstr("no wskrun is running a driver here"));
}

TEST(DeviceCommand, FindsTheOnlyOneThatRuns) {
  if (!in_own_world()) return repeat_in_own_world();
  Server server;
  const Asked asked(
      wskrun_command({"ioctl", kDevice, kReverse, "--input-hex", "0102", "--output", "2"}, ""));
  EXPECT_EQ(asked.status, 0);
  EXPECT_THAT(asked.output(), HasSubstr("02 01"));
  server.stop();
}

TEST(DeviceCommand, FindsItWhileOthersHaveItsDeviceOpen) {
  if (!in_own_world()) return repeat_in_own_world();
  Server server;
  Process reader(server.command({"read", kDevice, "512"}));
  server.process.line_with("a read waits");
  EXPECT_EQ(Asked(wskrun_command({"write", kDevice, "--input-hex", "01"}, "")).status, 0);
  EXPECT_EQ(reader.exit_status(), 0);
  server.stop();
}

TEST(DeviceCommand, ListsThemWhenSeveralRun) {
  if (!in_own_world()) return repeat_in_own_world();
  Server one, other;
  const Asked asked(wskrun_command({"read", kDevice, "0"}, ""));
  EXPECT_EQ(asked.status, 1);
  const auto entry = [](const Server& server) {
    return ContainsRegex("--pid " + std::to_string(server.process.pid()) +
                         "   .*wskrun .*answers_processes.so");
  };
  EXPECT_THAT(asked.output(), AllOf(HasSubstr("choose one"), entry(one), entry(other)));
  EXPECT_EQ(Asked(one, {"read", kDevice, "0"}).status, 0);
  one.stop();
  other.stop();
}

TEST(DeviceCommand, SaysThatAProcessIsNoWskrun) {
  const std::string self = std::to_string(getpid());
  const Asked asked(wskrun_command({"read", kDevice, "1", "--pid", self}, ""));
  EXPECT_EQ(asked.status, 1);
  EXPECT_THAT(asked.output(), HasSubstr("process " + self + " is no wskrun"));
}

// ---- a peer that does not keep to the protocol

// A connection of the test's own, to write on what it likes.
class Stranger {
 public:
  explicit Stranger(const Server& server) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    const std::string name = "wskrun/" + std::to_string(server.process.pid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    need(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0, "connecting");
  }
  ~Stranger() { ::close(socket_); }
  void send(const std::string& bytes) { ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  std::string receive(std::size_t count) {
    std::string bytes(count, '\0');
    const ssize_t received = ::recv(socket_, bytes.data(), count, MSG_WAITALL);
    EXPECT_EQ(received, static_cast<ssize_t>(count));
    return bytes;
  }
  // All that the server says until it ends the connection.
  std::string receive_all() {
    std::string all;
    char bytes[512];
    for (ssize_t count = 0; (count = ::recv(socket_, bytes, sizeof bytes, 0)) > 0;) {
      all.append(bytes, static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  int socket_;
};

// As the command sends it: magic, call, control code, sizes of input and output, 0, offset.
std::string request(std::uint32_t call, std::uint32_t input_bytes, std::uint32_t output_bytes) {
  const std::uint32_t words[8] = {0x314B5357, call, 0x222000, input_bytes, output_bytes, 0, 0, 0};
  return std::string(reinterpret_cast<const char*>(words), sizeof words);
}

constexpr std::size_t kReplySize = 24;

TEST(DeviceCommand, AMalformedMessageEndsItsConnectionAndNothingElse) {
  Server server;
  Process reader(server.command({"read", kDevice, "512"}));
  server.process.line_with("a read waits");

  const std::pair<std::string, const char*> wrong[] = {
      {std::string(64, 'x'), "malformed"},
      {request(99, 0, 0), "there is no request 99"},
      {request(4, 0, 0), "before the device is open"},
      {request(1, 4097, 0), "at most 4096"},
      {request(1, 7, 0) + "Answers" + request(1, 7, 0), "a second open"},
      {request(1, 7, 0) + "Answers" + request(4, 16777217, 0), "at most 16777216"},
      {request(1, 7, 0) + "Answers" + request(2, 0, 0xFFFFFFFF), "at most 16777216"},
  };
  for (const auto& [message, answer] : wrong) {
    Stranger stranger(server);
    stranger.send(message);
    EXPECT_THAT(stranger.receive_all(), HasSubstr(answer));
    EXPECT_THAT(server.process.line_with("wanted to use a device"),
                AllOf(HasSubstr("process " + std::to_string(getpid())), HasSubstr(answer)));
  }

  EXPECT_EQ(Asked(server, {"write", kDevice, "--input-hex", "01"}).status, 0);
  EXPECT_EQ(reader.exit_status(), 0);
  server.stop();
  EXPECT_THAT(server.process.output(), HasSubstr("5 creates, 5 cleanups, 5 closes"));
}

TEST(DeviceCommand, HalfAMessageHoldsUpNobody) {
  Server server;
  Stranger stranger(server);
  stranger.send(request(1, 7, 0) + "Answ");
  EXPECT_EQ(Asked(server, {"read", kDevice, "0"}).status, 0);
  server.stop();
  EXPECT_EQ(stranger.receive_all(), "");
}

TEST(DeviceCommand, OneHandleTakesAnyNumberOfRequests) {
  Server server;
  Stranger stranger(server);
  stranger.send(request(1, 7, 0) + "Answers");
  stranger.receive(kReplySize);
  for (int i = 0; i < 100; ++i) {
    stranger.send(request(3, 1, 0) + "x" + request(2, 0, 8));
    stranger.receive(kReplySize);
    EXPECT_EQ(stranger.receive(kReplySize + 1).back(), 'x');
  }
  server.stop();
  EXPECT_THAT(server.process.output(), HasSubstr("1 creates, 1 cleanups, 1 closes, 0 cancels"));
}

TEST(DeviceCommand, WhoDoesNotTakeItsAnswerHoldsUpNobody) {
  Server server;
  Stranger stranger(server);
  constexpr std::uint32_t kBig = 4 << 20;
  stranger.send(request(1, 7, 0) + "Answers" + request(4, kBig, kBig) + std::string(kBig, 'x'));
  EXPECT_EQ(Asked(server, {"read", kDevice, "0"}).status, 0);
  server.stop();
}

TEST(DeviceCommand, MoreThanSixtyFourHandlesAreRefused) {
  Server server;
  std::vector<std::unique_ptr<Stranger>> strangers;
  for (int i = 1; i <= 64; ++i) {
    strangers.push_back(std::make_unique<Stranger>(server));
    strangers.back()->send(request(1, 7, 0) + "Answers");
    server.process.line_with("create " + std::to_string(i));
  }
  const Asked asked(server, {"read", kDevice, "0"});
  EXPECT_EQ(asked.status, 1);
  EXPECT_THAT(asked.output(), HasSubstr("64 processes have devices open"));
  server.stop();
  EXPECT_THAT(server.process.output(), HasSubstr("64 creates, 64 cleanups, 64 closes"));
}

}  // namespace
}  // namespace wskrun::tests
