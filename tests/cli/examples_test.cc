// The drivers in examples/, run as their readers run them, against plain peers: on every
// transport and at both delivery levels. Unloaded, none leaves anything behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <signal.h>

#include <memory>
#include <numeric>
#include <thread>

#include "kit/dns_server.h"
#include "kit/neighbour.h"
#include "kit/own_world.h"
#include "kit/peer.h"
#include "kit/process.h"

namespace wskrun::tests {
namespace {

using ::testing::HasSubstr;

struct Setting {
  const char* transport;
  const char* irql;
};

class Examples : public ::testing::TestWithParam<Setting> {
 protected:
  std::vector<std::string> command(const char* driver, std::vector<std::string> options = {}) {
    options.push_back(std::string("--transport=") + GetParam().transport);
    options.push_back(std::string("--irql=") + GetParam().irql);
    return wskrun_command(std::move(options), driver);
  }

  void unload(Process& process) {
    process.signal(SIGINT);
    EXPECT_EQ(process.exit_status(), 0) << process.output();
    EXPECT_THAT(process.output(), HasSubstr("nothing was left behind"));
  }
};

INSTANTIATE_TEST_SUITE_P(
    , Examples,
    ::testing::Values(Setting{"uring", "dispatch"}, Setting{"uring", "passive"},
                      Setting{"epoll", "dispatch"}, Setting{"epoll", "passive"}),
    [](const auto& info) { return std::string(info.param.transport) + "_" + info.param.irql; });

// `size` bytes that do not repeat with any power of two.
std::string bytes(std::size_t size) {
  std::string made(size, '\0');
  for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<char>(i * 31 % 251);
  return made;
}

std::string totals_of(const std::string& sent) {
  std::uint64_t sum = 0;
  for (const char c : sent) sum += static_cast<unsigned char>(c);
  return "received " + std::to_string(sent.size()) + " bytes, their sum is " + std::to_string(sum);
}

// Sends from a thread of its own, so that the echo can be read meanwhile.
std::string echo_of(Peer& peer, const std::string& sent) {
  std::thread sender([&] {
    peer.send(sent);
    peer.shutdown_send();
  });
  std::string received = peer.receive_to_end();
  sender.join();
  return received;
}

TEST_P(Examples, HelloComesAndGoes) {
  Process process(command("hello"));
  EXPECT_NE(process.line_with("hello from"), "");
  unload(process);
}

TEST_P(Examples, EchoSendsEverythingBack) {
  Process process(command("echo"));
  const std::uint16_t port = listening_port(process);
  for (const std::size_t size : {1u, 100'000u, 5'000'000u}) {
    Peer peer = Peer::connect(port);
    EXPECT_TRUE(echo_of(peer, bytes(size)) == bytes(size)) << size;
  }
  unload(process);
}

TEST_P(Examples, EchoServesManyPeersAtOnce) {
  Process process(command("echo"));
  const std::uint16_t port = listening_port(process);
  std::vector<Peer> peers;
  for (int i = 0; i < 50; ++i) peers.push_back(Peer::connect(port));
  for (Peer& peer : peers) peer.send(bytes(1000));
  for (Peer& peer : peers) EXPECT_EQ(peer.receive(1000), bytes(1000));
  for (Peer& peer : peers) peer.shutdown_send();
  for (Peer& peer : peers) EXPECT_TRUE(peer.ends_orderly());
  unload(process);
}

// The peer sends and reads nothing: the driver has to stop taking, and must get rid of it all.
TEST_P(Examples, EchoIsUnloadedUnderPeersThatDoNotRead) {
  Process process(command("echo"));
  const std::uint16_t port = listening_port(process);
  std::vector<Peer> peers;
  for (int i = 0; i < 4; ++i) peers.push_back(Peer::connect(port));
  for (Peer& peer : peers) {
    peer.send(bytes(1000));
    EXPECT_EQ(peer.receive(1000), bytes(1000));
    peer.send_what_fits(bytes(8'000'000));
  }
  unload(process);
}

TEST_P(Examples, EchoBearsResets) {
  Process process(command("echo"));
  const std::uint16_t port = listening_port(process);
  for (int i = 0; i < 20; ++i) {
    Peer peer = Peer::connect(port);
    peer.send_what_fits(bytes(1'000'000));
    peer.reset();
  }
  Peer last = Peer::connect(port);
  EXPECT_EQ(echo_of(last, bytes(10)), bytes(10));
  unload(process);
}

TEST_P(Examples, ReceiveEventCountsEveryByte) {
  Process process(command("receive_event"));
  const std::uint16_t port = listening_port(process);
  for (const std::size_t size : {1u, 70'000u, 20'000'000u}) {
    Peer peer = Peer::connect(port);
    const std::string sent = bytes(size);
    peer.send(sent);
    peer.shutdown_send();
    EXPECT_TRUE(peer.ends_orderly());
    EXPECT_THAT(process.line_with("received"), HasSubstr(totals_of(sent)));
  }
  unload(process);
}

TEST_P(Examples, ReceiveEventIsUnloadedUnderLoad) {
  Process process(command("receive_event"));
  Peer peer = Peer::connect(listening_port(process));
  peer.send(bytes(3'000'000));
  unload(process);
}

TEST_P(Examples, ReceiveIrpCountsEveryByteOfOnePeerAfterTheOther) {
  Process process(command("receive_irp"));
  const std::uint16_t port = listening_port(process);
  for (const std::size_t size : {0u, 1u, 3'000'000u}) {
    Peer peer = Peer::connect(port);
    const std::string sent = bytes(size);
    peer.send(sent);
    peer.shutdown_send();
    EXPECT_TRUE(peer.ends_orderly());
    EXPECT_THAT(process.line_with("received"), HasSubstr(totals_of(sent)));
  }
  unload(process);
}

TEST_P(Examples, ReceiveIrpConnectsWhenToldTo) {
  PeerListener listener;
  Process process(command("receive_irp", {"--param", "Connect=127.0.0.1", "--param",
                                          "Port=" + std::to_string(listener.port())}));
  Peer peer = listener.accept();
  const std::string sent = bytes(1'000'000);
  peer.send(sent);
  peer.shutdown_send();
  EXPECT_TRUE(peer.ends_orderly());
  EXPECT_THAT(process.line_with("received"), HasSubstr(totals_of(sent)));
  unload(process);
}

TEST_P(Examples, ReceiveIrpIsUnloadedWhileItReceives) {
  Process process(command("receive_irp"));
  Peer peer = Peer::connect(listening_port(process));
  peer.send(bytes(1000));
  unload(process);
}

TEST_P(Examples, DnsPrintsTheAddressesOfAName) {
  DnsServer server(0);
  server.add_address("host.example", "192.0.2.7");
  server.add_address("host.example", "192.0.2.8");
  server.add_address("host.example", "2001:db8::7");
  Process process(command(
      "dns", {"--param", "Name=host.example", "--param", "Port=" + std::to_string(server.port())}));
  EXPECT_NE(process.line_with("that is all"), "");
  for (const char* address : {"192.0.2.7", "192.0.2.8", "2001:db8:0:0:0:0:0:7"}) {
    EXPECT_THAT(process.output(), HasSubstr(std::string("host.example has ") + address + "\n"));
  }
  unload(process);
}

TEST_P(Examples, DnsSaysThatANameDoesNotExist) {
  DnsServer server(0);
  Process process(command("dns", {"--param", "Name=nobody.example", "--param",
                                  "Port=" + std::to_string(server.port())}));
  EXPECT_NE(process.line_with("nobody.example does not exist"), "");
  unload(process);
}

TEST_P(Examples, DnsIsUnloadedWhileItAsks) {
  DnsServer server(0);
  server.hold("host.example");
  Process process(command(
      "dns", {"--param", "Name=host.example", "--param", "Port=" + std::to_string(server.port())}));
  server.wait_asked("host.example");
  unload(process);
}

TEST_P(Examples, DnsRefusesWhatIsNoName) {
  Process missing(command("dns"));
  EXPECT_NE(missing.line_with("Name is missing"), "");
  EXPECT_NE(missing.exit_status(), 0);
  Process empty_label(command("dns", {"--param", "Name=a..b"}));
  EXPECT_NE(empty_label.line_with("asking for 'a..b' failed with 0xC000000D"), "");
  unload(empty_label);
}

TEST_P(Examples, MulticastIsHeardByAllInTheGroup) {
  if (!in_own_world()) return repeat_in_own_world();
  bring_up_loopback();
  Neighbour neighbour;
  Process here(command("multicast", {"--param", "Say=hello", "--param",
                                     "Interface=" + std::to_string(if_nametoindex("here"))}));
  EXPECT_NE(here.line_with("heard 'hello' from [2001:db8:0:0:0:0:0:1]:5151"), "");

  std::unique_ptr<Process> there;
  neighbour.in_its_network([&] {
    const std::string index = std::to_string(if_nametoindex("there"));
    there = std::make_unique<Process>(
        command("multicast", {"--param", "Say=good day", "--param", "Interface=" + index}));
  });
  EXPECT_NE(here.line_with("heard 'good day' from [2001:db8:0:0:0:0:0:2]:5151"), "");
  EXPECT_NE(there->line_with("heard 'good day'"), "");
  unload(here);
  unload(*there);
}

}  // namespace
}  // namespace wskrun::tests
