// tests/drivers/tunnel: its entry against an exit of the test's, and both ends together.
#include <wdm.h>
#include <wsk.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../drivers/tunnel/tunnel_protocol.h"
#include "kit/datagram.h"
#include "kit/fixture.h"
#include "kit/loaded_driver.h"
#include "kit/process.h"

namespace wskrun::tests {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t kLoopback = 0x7F000001;

std::string wrapped(std::uint32_t sequence, const std::string& data) {
  const TUNNEL_HEADER header = {RtlUlongByteSwap(TUNNEL_MAGIC), RtlUlongByteSwap(sequence)};
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) + data;
}

std::uint16_t port_in(const std::string& line) {
  return static_cast<std::uint16_t>(std::stoul(line.substr(line.rfind(':') + 1)));
}

class Tunnel : public ::testing::TestWithParam<Way> {
 protected:
  void enter(std::uint16_t exit_port, unsigned max_flows = 100) {
    entry_ = std::make_unique<LoadedDriver>(
        GetParam(), "tunnel",
        std::vector<Parameter>{{"Exit", "127.0.0.1:" + std::to_string(exit_port)},
                               {"MaxFlows", "", max_flows}});
    port_ = port_in(entry_->line_with("the entry is listening"));
  }
  void enter() { enter(exit_.port()); }

  UdpPeer exit_;
  std::unique_ptr<LoadedDriver> entry_;
  std::uint16_t port_ = 0;
};

INSTANTIATE_TEST_SUITE_P(, Tunnel, ::testing::ValuesIn(kWays),
                         [](const auto& info) { return info.param.name; });

TEST_P(Tunnel, AnswersComeFromTheAddressThatWasAsked) {
  enter();
  for (const std::uint32_t address : {kLoopback, 0x7F000005u, 0x7F000006u}) {
    const UdpPeer asker;
    asker.hear_only_ipv4(address, port_);
    asker.send_to_ipv4("question", address, port_);
    std::uint16_t flow = 0;
    EXPECT_EQ(exit_.receive_from(flow), wrapped(1, "question"));
    exit_.send(wrapped(1, "answer"), flow);
    EXPECT_EQ(asker.receive(), "answer");
  }
}

TEST_P(Tunnel, OneWhoAsksAtTwoAddressesIsTwo) {
  enter();
  const UdpPeer asker;
  std::uint16_t one = 0, other = 0;
  asker.send_to_ipv4("x", 0x7F000005, port_);
  EXPECT_EQ(exit_.receive_from(one), wrapped(1, "x"));
  asker.send_to_ipv4("y", 0x7F000006, port_);
  EXPECT_EQ(exit_.receive_from(other), wrapped(1, "y"));
  EXPECT_NE(one, other);
  asker.send_to_ipv4("z", 0x7F000005, port_);
  EXPECT_EQ(exit_.receive_from(other), wrapped(2, "z"));
  EXPECT_EQ(one, other);
}

TEST_P(Tunnel, TakesIPv6ToIPv4) {
  enter();
  const UdpPeer asker(IpVersion::k6);
  asker.send("over six", port_);
  std::uint16_t flow = 0;
  EXPECT_EQ(exit_.receive_from(flow), wrapped(1, "over six"));
  exit_.send(wrapped(1, "back"), flow);
  EXPECT_EQ(asker.receive(), "back");
}

TEST_P(Tunnel, TakesDatagramsOfEverySize) {
  enter();
  const UdpPeer asker;
  std::uint32_t sequence = 0;
  for (const std::size_t size : {0, 1, 1400, 9000, 60'000}) {
    const std::string data = pattern(size);
    asker.send(data, port_);
    std::uint16_t flow = 0;
    EXPECT_TRUE(exit_.receive_from(flow) == wrapped(++sequence, data)) << size;
    exit_.send(wrapped(sequence, data), flow);
    EXPECT_TRUE(asker.receive() == data) << size;
  }
}

TEST_P(Tunnel, KeepsTheOrderOfManyAtOnce) {
  enter();
  const UdpPeer asker;
  for (int i = 0; i < 100; ++i) asker.send(std::to_string(i), port_);
  std::uint16_t flow = 0;
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(exit_.receive_from(flow), wrapped(i + 1, std::to_string(i)));
  for (int i = 0; i < 100; ++i) exit_.send(wrapped(i + 1, std::to_string(i)), flow);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(asker.receive(), std::to_string(i));
  entry_->unload();
  EXPECT_THAT(entry_->line_with("to the backs"),
              HasSubstr("100 to the backs, 100 to the front; dropped 0, malformed 0, lost 0"));
}

TEST_P(Tunnel, CountsWhatIsLostAndWhatIsNoneOfIts) {
  enter();
  const UdpPeer asker;
  asker.send("x", port_);
  std::uint16_t flow = 0;
  exit_.receive_from(flow);
  for (const std::string& data :
       {wrapped(1, "a"), std::string("short"), std::string("not a tunnel"), wrapped(5, "b"),
        wrapped(4, "late"), wrapped(6, "c")}) {
    exit_.send(data, flow);
  }
  for (const char* data : {"a", "b", "late", "c"}) EXPECT_EQ(asker.receive(), data);
  entry_->unload();
  EXPECT_THAT(entry_->line_with("to the backs"),
              HasSubstr("1 to the backs, 4 to the front; dropped 0, malformed 2, lost 3"));
}

TEST_P(Tunnel, ForgetsWhoHasBeenSilentLongest) {
  enter(exit_.port(), 3);
  std::array<UdpPeer, 10> askers;
  std::set<std::uint16_t> flows;
  for (int round = 0; round < 2; ++round) {
    for (const UdpPeer& asker : askers) {
      asker.send("question", port_);
      std::uint16_t flow = 0;
      EXPECT_EQ(exit_.receive_from(flow), wrapped(1, "question"));
      exit_.send(wrapped(1, "answer"), flow);
      EXPECT_EQ(asker.receive(), "answer");
      flows.insert(flow);
    }
  }
  EXPECT_GT(flows.size(), askers.size());
}

TEST_P(Tunnel, IsUnloadedWhileDatagramsCome) {
  enter();
  std::array<UdpPeer, 5> askers;
  for (int i = 0; i < 50; ++i) {
    for (const UdpPeer& asker : askers) asker.send(pattern(1000), port_);
  }
  entry_->unload();
}

TEST_P(Tunnel, HasTwoEnds) {
  UdpPeer target;
  Process out(
      wskrun_command({std::string("--transport=") + GetParam().transport, "--param", "Port=0",
                      "--param", "Target=127.0.0.1:" + std::to_string(target.port())},
                     "tunnel"));
  enter(port_in(out.line_with("the exit is listening")));
  std::array<UdpPeer, 8> askers;
  for (int round = 0; round < 20; ++round) {
    for (const UdpPeer& asker : askers) asker.send(std::to_string(asker.port()), port_);
    for (std::size_t i = 0; i < askers.size(); ++i) {
      std::uint16_t flow = 0;
      const std::string question = target.receive_from(flow);
      target.send(question + pattern(1200), flow);
    }
    for (const UdpPeer& asker : askers) {
      EXPECT_EQ(asker.receive(), std::to_string(asker.port()) + pattern(1200));
    }
  }
  out.signal(SIGINT);
  EXPECT_EQ(out.exit_status(), 0) << out.output();
  EXPECT_THAT(out.output(), HasSubstr("160 to the backs, 160 to the front; dropped 0"));
  EXPECT_THAT(out.output(), HasSubstr("nothing was left behind"));
}

TEST_P(Tunnel, HasOneDirection) {
  const std::vector<Parameter> both = {{"Exit", "127.0.0.1:1"}, {"Target", "127.0.0.1:1"}};
  EXPECT_THROW(LoadedDriver(GetParam(), "tunnel", both), std::runtime_error);
  EXPECT_THROW(LoadedDriver(GetParam(), "tunnel"), std::runtime_error);
}

}  // namespace
}  // namespace wskrun::tests
