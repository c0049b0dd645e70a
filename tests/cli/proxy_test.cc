// examples/proxy: rules through its device, and what then goes through it.
#include <wdm.h>
#include <wsk.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../../examples/proxy/proxy_ioctl.h"
#include "kit/fixture.h"
#include "kit/loaded_driver.h"
#include "kit/peer.h"

namespace wskrun::tests {
namespace {

SOCKADDR_INET loopback_port(std::uint16_t port) {
  SOCKADDR_INET address{};
  address.Ipv4.sin_family = AF_INET;
  address.Ipv4.sin_port = RtlUshortByteSwap(port);
  address.Ipv4.sin_addr.s_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
  return address;
}

SOCKADDR_INET loopback6_port(std::uint16_t port) {
  SOCKADDR_INET address{};
  address.Ipv6.sin6_family = AF_INET6;
  address.Ipv6.sin6_port = RtlUshortByteSwap(port);
  address.Ipv6.sin6_addr.u.Byte[15] = 1;
  return address;
}

class Proxy : public ::testing::TestWithParam<Way> {
 protected:
  // A rule that leads from a free port to that one; the free one is returned.
  PROXY_RULE_ADDED add_rule(const SOCKADDR_INET& listen, const SOCKADDR_INET& target) {
    const PROXY_RULE rule = {listen, target};
    PROXY_RULE_ADDED added{};
    EXPECT_EQ(device_.control(IOCTL_PROXY_ADD_RULE, rule, added),
              (Ended{STATUS_SUCCESS, sizeof added}));
    return added;
  }
  std::uint16_t lead_to(const PeerListener& target) {
    rule_ = add_rule(loopback_port(0), loopback_port(target.port()));
    return port_of(rule_);
  }
  static std::uint16_t port_of(const PROXY_RULE_ADDED& added) {
    return RtlUshortByteSwap(added.Listen.Ipv4.sin_port);  // The same place in both families.
  }
  PROXY_STATISTICS statistics() {
    PROXY_STATISTICS now{};
    EXPECT_EQ(device_.ask(IOCTL_PROXY_QUERY_STATISTICS, now), (Ended{STATUS_SUCCESS, sizeof now}));
    return now;
  }
  // Asks again until the driver has counted it.
  template <typename Fact>
  void wait_for(Fact fact) {
    while (!fact(statistics())) std::this_thread::yield();
  }

  LoadedDriver driver_{GetParam(), "proxy"};
  OpenDevice device_{driver_, "\\\\.\\Proxy"};
  PROXY_RULE_ADDED rule_{};
};

INSTANTIATE_TEST_SUITE_P(, Proxy, ::testing::ValuesIn(kWays),
                         [](const auto& info) { return info.param.name; });

// Sends in a thread of its own while the other end reads.
void pass(Peer& from, Peer& to, const std::string& bytes) {
  std::thread sender([&] { from.send(bytes); });
  EXPECT_TRUE(to.receive(bytes.size()) == bytes);
  sender.join();
}

TEST_P(Proxy, BytesGoBothWays) {
  PeerListener target;
  Peer client = Peer::connect(lead_to(target));
  Peer server = target.accept();
  pass(client, server, pattern(1));
  pass(server, client, pattern(8'000'000));
  pass(client, server, pattern(8'000'000, 77));
  const PROXY_STATISTICS now = statistics();
  EXPECT_EQ(now.Accepted, 1);
  EXPECT_LE(now.BytesToClients, 8'000'000);
}

TEST_P(Proxy, AnEndIsPassedOnAndTheOtherDirectionGoesOn) {
  PeerListener target;
  Peer client = Peer::connect(lead_to(target));
  Peer server = target.accept();
  client.send("question");
  client.shutdown_send();
  EXPECT_EQ(server.receive_to_end(), "question");
  pass(server, client, pattern(3'000'000));
  server.shutdown_send();
  EXPECT_TRUE(client.ends_orderly());
  wait_for([](const PROXY_STATISTICS& now) { return now.Ended == 1; });
  const PROXY_STATISTICS now = statistics();
  EXPECT_EQ(now.BytesToTargets, 8);
  EXPECT_EQ(now.BytesToClients, 3'000'000);
  EXPECT_EQ(now.Broken, 0);
}

TEST_P(Proxy, AnEndMayComeBeforeTheTargetIsThere) {
  PeerListener target;
  const std::uint16_t port = lead_to(target);
  for (int i = 0; i < 20; ++i) {
    Peer client = Peer::connect(port);
    client.send("short");
    client.shutdown_send();
    Peer server = target.accept();
    EXPECT_EQ(server.receive_to_end(), "short");
    server.shutdown_send();
    EXPECT_TRUE(client.ends_orderly());
  }
  wait_for([](const PROXY_STATISTICS& now) { return now.Ended == 20; });
}

TEST_P(Proxy, AResetIsPassedOn) {
  PeerListener target;
  const std::uint16_t port = lead_to(target);
  Peer client = Peer::connect(port);
  Peer server = target.accept();
  pass(client, server, "ping");
  client.reset();
  server.wait_reset();

  Peer other_client = Peer::connect(port);
  Peer other_server = target.accept();
  pass(other_client, other_server, "ping");
  other_server.reset();
  other_client.wait_reset();
  wait_for([](const PROXY_STATISTICS& now) { return now.Broken == 2; });
}

TEST_P(Proxy, ATargetThatRefusesIsAResetForTheClient) {
  SilentPort nobody;
  const PROXY_RULE_ADDED rule = add_rule(loopback_port(0), loopback_port(nobody.port()));
  Peer client = Peer::connect(port_of(rule));
  EXPECT_FALSE(client.ends_orderly());
  EXPECT_EQ(statistics().ConnectsFailed, 1);
}

// The client sends and nobody reads: the driver keeps a little, and TCP stops the client.
TEST_P(Proxy, ATargetThatDoesNotReadStopsTheClient) {
  PeerListener target;
  Peer client = Peer::connect(lead_to(target));
  Peer server = target.accept();
  const std::string bytes = pattern(64'000'000);
  // A full socket buffer may have room again, as long as something between here and there moves.
  std::size_t sent = 0, more = 0;
  do {
    more = client.send_what_fits(std::string_view(bytes).substr(sent));
    sent += more;
  } while (more > 0);
  EXPECT_LT(sent, bytes.size());

  std::thread sender([&] {
    client.send(std::string_view(bytes).substr(sent));
    client.shutdown_send();
  });
  EXPECT_TRUE(server.receive_to_end() == bytes);
  sender.join();
}

TEST_P(Proxy, ManyConnectionsAtOnce) {
  constexpr int kCount = 100;
  PeerListener target;
  const std::uint16_t port = lead_to(target);
  std::thread echo([&] {
    std::vector<std::thread> each;
    each.reserve(kCount);
    for (int i = 0; i < kCount; ++i) {
      each.emplace_back([peer = std::make_shared<Peer>(target.accept())] {
        peer->send(peer->receive_to_end());
        peer->shutdown_send();
      });
    }
    for (std::thread& thread : each) thread.join();
  });
  std::vector<Peer> clients;
  clients.reserve(kCount);
  for (int i = 0; i < kCount; ++i) clients.push_back(Peer::connect(port));
  for (int i = 0; i < kCount; ++i) {
    clients[i].send(pattern(100'000, i));
    clients[i].shutdown_send();
  }
  for (int i = 0; i < kCount; ++i) {
    EXPECT_TRUE(clients[i].receive_to_end() == pattern(100'000, i)) << i;
  }
  echo.join();
  wait_for([](const PROXY_STATISTICS& now) { return now.Ended == kCount; });
}

TEST_P(Proxy, ConnectionsAreListed) {
  PeerListener target;
  Peer client = Peer::connect(lead_to(target));
  Peer server = target.accept();
  Peer second = Peer::connect(port_of(rule_));
  Peer second_server = target.accept();
  pass(client, server, "twelve bytes");
  wait_for([](const PROXY_STATISTICS& now) { return now.BytesToTargets == 12; });

  struct {
    PROXY_CONNECTION_LIST list;
    PROXY_CONNECTION more[3];
  } out{};
  Ended ended = device_.ask(IOCTL_PROXY_LIST_CONNECTIONS, out);
  EXPECT_EQ(ended.status, STATUS_SUCCESS);
  EXPECT_EQ(out.list.Total, 2u);
  EXPECT_EQ(out.list.Count, 2u);
  const PROXY_CONNECTION& first = out.list.Connections[0];
  EXPECT_EQ(first.RuleId, rule_.Id);
  EXPECT_EQ(first.Client.Ipv4.sin_port, RtlUshortByteSwap(client.local_port()));
  EXPECT_EQ(first.Target.Ipv4.sin_port, RtlUshortByteSwap(target.port()));
  EXPECT_EQ(first.BytesToTarget, 12u);

  PROXY_CONNECTION_LIST one{};
  ended = device_.ask(IOCTL_PROXY_LIST_CONNECTIONS, one);
  EXPECT_EQ(ended.status, STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(one.Total, 2u);
  EXPECT_EQ(one.Count, 1u);
}

TEST_P(Proxy, RemovingARuleBreaksItsConnectionsAndNoOthers) {
  PeerListener target;
  Peer kept_client = Peer::connect(lead_to(target));
  Peer kept_server = target.accept();
  Peer client = Peer::connect(lead_to(target));
  Peer server = target.accept();
  pass(client, server, "ping");

  EXPECT_EQ(device_.send(IOCTL_PROXY_REMOVE_RULE, rule_.Id), (Ended{STATUS_SUCCESS, 0}));
  client.wait_reset();
  server.wait_reset();
  pass(kept_client, kept_server, "still here");
  EXPECT_EQ(device_.send(IOCTL_PROXY_REMOVE_RULE, rule_.Id), (Ended{STATUS_NOT_FOUND, 0}));
}

TEST_P(Proxy, RulesEndWithTheHandleTheyWereAddedBy) {
  PeerListener target;
  Peer client = Peer::connect(lead_to(target));
  Peer server = target.accept();
  client.send_what_fits(pattern(4'000'000));
  device_.close();
  client.wait_reset();
  server.wait_reset();
}

TEST_P(Proxy, IPv6LeadsToIPv4) {
  PeerListener target;
  const PROXY_RULE_ADDED rule = add_rule(loopback6_port(0), loopback_port(target.port()));
  Peer client = Peer::connect(port_of(rule), IpVersion::k6);
  Peer server = target.accept();
  pass(client, server, "from six to four");
}

TEST_P(Proxy, WhatIsNoRuleIsRefused) {
  PeerListener target;
  const PROXY_RULE empty{};
  PROXY_RULE_ADDED added{};
  EXPECT_EQ(device_.control(IOCTL_PROXY_ADD_RULE, empty, added),
            (Ended{STATUS_INVALID_PARAMETER, 0}));
  EXPECT_EQ(device_.send(IOCTL_PROXY_ADD_RULE, empty), (Ended{STATUS_BUFFER_TOO_SMALL, 0}));
  const std::uint16_t port = lead_to(target);
  const PROXY_RULE taken = {loopback_port(port), loopback_port(target.port())};
  EXPECT_EQ(device_.control(IOCTL_PROXY_ADD_RULE, taken, added),
            (Ended{STATUS_ADDRESS_ALREADY_EXISTS, 0}));
  EXPECT_EQ(device_.send(PROXY_CODE(99, FILE_ANY_ACCESS), taken),
            (Ended{STATUS_INVALID_DEVICE_REQUEST, 0}));
}

class ProxyOfRegistry : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(, ProxyOfRegistry, ::testing::ValuesIn(kWays),
                         [](const auto& info) { return info.param.name; });

TEST_P(ProxyOfRegistry, NeedsNoProgram) {
  PeerListener target;
  LoadedDriver driver(GetParam(), "proxy",
                      {{"TargetAddress", "127.0.0.1"}, {"TargetPort", "", target.port()}});
  Peer client = Peer::connect(driver.listening_port());
  Peer server = target.accept();
  pass(client, server, pattern(100'000));
}

}  // namespace
}  // namespace wskrun::tests
