// Datagram endpoints against plain UDP sockets, on every backend.
#include <linux/udp.h>
#include <netinet/in.h>

#include <thread>

#include "net/transport_test_kit.h"

namespace wskrun::net::testing {
namespace {

class TestDatagramSink final : public DatagramSink, public Observed {
 public:
  struct Received {
    std::string bytes;
    Address remote;
    PacketInfo info;
    bool broadcast;
    bool multicast;
  };
  struct End {
    DatagramSend* send;
    Error error;
  };

  DatagramEndpoint* endpoint = nullptr;
  bool retain = false;  // Set before resume_receive().

  void received(std::span<Datagram> batch) override {
    EXPECT_TRUE(endpoint->loop().is_current());
    note([&] {
      for (Datagram& each : batch) {
        const auto* bytes = reinterpret_cast<const char*>(each.data.data());
        received_.push_back({std::string(bytes, each.data.size()), each.remote, each.info,
                             each.broadcast, each.multicast});
        bytes_ += each.data.size();
        if (retain) kept_.push_back(std::move(each.data));
      }
    });
  }
  void sent(DatagramSend& send, Error error) override {
    note([&] { ended_.push_back({&send, error}); });
  }
  void failed(Error error) override {
    note([&] { failed_ = error; });
  }
  void closed() override {
    note([&] { closed_ = true; });
  }

  Received take() {
    EXPECT_TRUE(wait([&] { return !received_.empty(); }));
    return read([&] {
      Received first = received_.empty() ? Received{} : received_.front();
      if (!received_.empty()) received_.erase(received_.begin());
      return first;
    });
  }
  std::size_t count() {
    return read([&] { return received_.size(); });
  }
  std::size_t byte_count() {
    return read([&] { return bytes_; });
  }
  bool wait_count(std::size_t count) {
    return wait([&] { return received_.size() >= count; });
  }
  std::vector<End> wait_sent(std::size_t count) {
    EXPECT_TRUE(wait([&] { return ended_.size() >= count; }));
    return read([&] { return ended_; });
  }
  void release() {
    std::vector<Chunk> kept = read([&] { return std::move(kept_); });
  }
  bool close() {
    endpoint->close();
    return wait([&] { return closed_; });
  }

 private:
  std::vector<Received> received_;
  std::vector<Chunk> kept_;
  std::vector<End> ended_;
  std::size_t bytes_ = 0;
  std::optional<Error> failed_;
  bool closed_ = false;
};

// A send that owns its memory.
struct Outgoing {
  Outgoing(std::vector<std::string> texts, const Address& remote) : bytes(std::move(texts)) {
    iovecs.reserve(bytes.size());
    for (std::string& each : bytes) {
      iovecs.push_back({each.data(), each.size()});
      messages.push_back({&iovecs.back(), 1, each.size()});
    }
    send.messages = messages.data();
    send.count = static_cast<std::uint32_t>(messages.size());
    send.remote = remote;
  }
  std::vector<std::string> bytes;
  std::vector<iovec> iovecs;
  std::vector<DatagramSend::Message> messages;
  DatagramSend send;
};

Error send_and_wait(TestDatagramSink& sink, DatagramSend& send) {
  Error error;
  if (sink.endpoint->try_send(send, error)) return error;
  sink.endpoint->send(send);
  return sink.wait_sent(1).back().error;
}

class UdpPeer {
 public:
  explicit UdpPeer(Family family = Family::kIpv4)
      : fd_(::socket(family == Family::kIpv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const SocketAddress any = to_socket_address(loopback(0, family));
    EXPECT_EQ(::bind(fd(), any.get(), any.length), 0);
    const timeval patience{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  int fd() const { return fd_.get(); }
  Address address() const { return local_address_of(fd()); }
  void send(const std::string& bytes, const Address& to) {
    const SocketAddress remote = to_socket_address(to);
    EXPECT_EQ(::sendto(fd(), bytes.data(), bytes.size(), 0, remote.get(), remote.length),
              static_cast<ssize_t>(bytes.size()));
  }
  std::string receive() {
    std::string bytes(70'000, '\0');
    const ssize_t got = ::recv(fd(), bytes.data(), bytes.size(), 0);
    EXPECT_GE(got, 0);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return bytes;
  }

 private:
  UniqueFd fd_;
};

class DatagramTest : public TransportTest {
 protected:
  std::unique_ptr<TestDatagramSink> open(Family family = Family::kIpv4,
                                         const std::function<void(Socket&)>& prepare = {},
                                         std::optional<Address> bind_to = {}) {
    Error error;
    auto socket =
        transport_->create_socket({.family = family, .kind = SocketKind::kDatagram}, error);
    EXPECT_EQ(error, kOk);
    if (prepare) prepare(*socket);
    EXPECT_EQ(socket->bind(bind_to.value_or(loopback(0, family))), kOk);
    auto sink = std::make_unique<TestDatagramSink>();
    sink->endpoint = &transport_->open_datagram(std::move(socket), *sink);
    return sink;
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, DatagramTest, ::testing::ValuesIn(kBackends), backend_name);

TEST_P(DatagramTest, EachDatagramComesAsItWasSent) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    auto sink = open(family);
    sink->endpoint->resume_receive();
    UdpPeer peer(family);
    for (const std::size_t size : {0u, 1u, 1400u, 9000u, 16384u, 16385u, 65507u, 3u}) {
      peer.send(pattern(size), sink->endpoint->local_address());
      const auto received = sink->take();
      EXPECT_TRUE(received.bytes == pattern(size)) << size;
      EXPECT_EQ(received.remote, peer.address());
      EXPECT_FALSE(received.broadcast || received.multicast);
    }
    EXPECT_TRUE(sink->close());
  }
}

TEST_P(DatagramTest, SaysWhereADatagramCameToWhenAsked) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const bool ipv4 = family == Family::kIpv4;
    auto sink = open(family, [ipv4](Socket& socket) {
      EXPECT_EQ(
          socket.set_option(
              ipv4 ? SocketOption::kReceiveDestination4 : SocketOption::kReceiveDestination6, 1),
          kOk);
    });
    sink->endpoint->resume_receive();
    UdpPeer peer(family);
    peer.send("to you", sink->endpoint->local_address());
    const auto received = sink->take();
    const auto& destination = ipv4 ? received.info.ipv4 : received.info.ipv6;
    ASSERT_TRUE(destination.has_value());
    EXPECT_EQ(destination->ip, loopback(0, family).ip);
    EXPECT_NE(destination->scope_id, 0u);  // The interface.
    EXPECT_TRUE(sink->close());
  }
}

TEST_P(DatagramTest, SendsGoOutInOrder) {
  auto sink = open();
  UdpPeer peer;
  Error error(EIO);
  std::vector<std::string> texts;
  texts.reserve(100);
  for (int i = 0; i < 100; ++i) texts.push_back(pattern(i * 7 % 50, i));
  Outgoing list(texts, peer.address());
  error = send_and_wait(*sink, list.send);
  EXPECT_EQ(error, kOk);
  EXPECT_EQ(list.send.sent_count, 100u);
  for (const std::string& each : texts) EXPECT_EQ(peer.receive(), each);
  EXPECT_TRUE(sink->close());
}

TEST_P(DatagramTest, AFailedSendSaysHowFarItGot) {
  auto sink = open();
  UdpPeer peer;
  Outgoing list({"one", "two", pattern(65'508), "four"}, peer.address());
  Error error;
  error = send_and_wait(*sink, list.send);
  EXPECT_EQ(error, Error(EMSGSIZE));
  EXPECT_EQ(list.send.sent_count, 2u);
  EXPECT_EQ(list.send.sent_bytes, 6u);
  EXPECT_EQ(peer.receive(), "one");
  EXPECT_EQ(peer.receive(), "two");
  EXPECT_TRUE(sink->close());
}

TEST_P(DatagramTest, WhatIsSentCanSayWhereItComesFromAndHow) {
  Error error;
  auto sink = open(Family::kIpv4, {}, Address{.family = Family::kIpv4});
  auto receiver = open(Family::kIpv4, [](Socket& socket) {
    EXPECT_EQ(socket.set_option(SocketOption::kReceiveHopLimit4, 1), kOk);
    EXPECT_EQ(socket.set_option(SocketOption::kReceiveTrafficClass4, 1), kOk);
  });
  receiver->endpoint->resume_receive();
  Outgoing hello({"hello"}, receiver->endpoint->local_address());
  Address source{.family = Family::kIpv4};
  source.ip = {127, 0, 0, 9};
  hello.send.info.ipv4 = source;
  hello.send.info.hop_limit = 7;
  hello.send.info.traffic_class = 0x2a;
  error = send_and_wait(*sink, hello.send);
  EXPECT_EQ(error, kOk);
  const auto received = receiver->take();
  EXPECT_EQ(received.bytes, "hello");
  EXPECT_EQ(received.remote.ip, source.ip);
  EXPECT_EQ(received.info.hop_limit, 7);
  EXPECT_EQ(received.info.traffic_class, 0x2a);
  EXPECT_TRUE(sink->close());
  EXPECT_TRUE(receiver->close());
}

TEST_P(DatagramTest, Ipv6CarriesTheSame) {
  Error error;
  auto sink = open(Family::kIpv6);
  auto receiver = open(Family::kIpv6, [](Socket& socket) {
    EXPECT_EQ(socket.set_option(SocketOption::kReceiveHopLimit6, 1), kOk);
    EXPECT_EQ(socket.set_option(SocketOption::kReceiveTrafficClass6, 1), kOk);
  });
  receiver->endpoint->resume_receive();
  Outgoing hello({"hello"}, receiver->endpoint->local_address());
  hello.send.info.ipv6 = loopback(0, Family::kIpv6);
  hello.send.info.hop_limit = 9;
  hello.send.info.traffic_class = 3;
  error = send_and_wait(*sink, hello.send);
  EXPECT_EQ(error, kOk);
  const auto received = receiver->take();
  EXPECT_EQ(received.info.hop_limit, 9);
  EXPECT_EQ(received.info.traffic_class, 3);
  EXPECT_TRUE(sink->close());
  EXPECT_TRUE(receiver->close());
}

TEST_P(DatagramTest, AnIpv6SocketMayServeIpv4) {
  Error error;
  auto sink = open(
      Family::kIpv6,
      [](Socket& socket) { EXPECT_EQ(socket.set_option(SocketOption::kIpv6Only, 0), kOk); },
      Address{.family = Family::kIpv6});
  sink->endpoint->resume_receive();
  UdpPeer peer;
  Address to = loopback();
  to.port = sink->endpoint->local_address().port;
  peer.send("over IPv4", to);
  const auto received = sink->take();
  EXPECT_EQ(received.bytes, "over IPv4");
  EXPECT_EQ(received.remote.family, Family::kIpv6);
  EXPECT_EQ(received.remote.ip[11], 0xff);  // ::ffff:127.0.0.1
  ASSERT_TRUE(received.info.ipv4 && received.info.ipv6);
  EXPECT_EQ(received.info.ipv4->ip, loopback().ip);

  Outgoing answer({"answer"}, received.remote);
  answer.send.info.traffic_class = 4;
  error = send_and_wait(*sink, answer.send);
  EXPECT_EQ(error, kOk);
  EXPECT_EQ(peer.receive(), "answer");
  EXPECT_TRUE(sink->close());
}

TEST_P(DatagramTest, MulticastsAndBroadcastsAreToldApart) {
  auto sink = open(
      Family::kIpv4,
      [](Socket& socket) {
        GroupMembership join{.group = Address{.family = Family::kIpv4}, .source = {}};
        join.group.ip = {239, 1, 2, 3};
        join.interface = 1;  // lo
        EXPECT_EQ(socket.change_membership(join), kOk);
      },
      Address{.family = Family::kIpv4});
  sink->endpoint->resume_receive();
  Address to{.family = Family::kIpv4, .port = sink->endpoint->local_address().port};
  UdpPeer peer;
  const in_addr loopback_interface{htonl(INADDR_LOOPBACK)};
  ::setsockopt(peer.fd(), IPPROTO_IP, IP_MULTICAST_IF, &loopback_interface,
               sizeof loopback_interface);
  to.ip = {239, 1, 2, 3};
  peer.send("to a group", to);
  const auto group = sink->take();
  EXPECT_EQ(group.bytes, "to a group");
  EXPECT_TRUE(group.multicast && !group.broadcast);

  const int one = 1;
  ::setsockopt(peer.fd(), SOL_SOCKET, SO_BROADCAST, &one, sizeof one);
  to.ip = {127, 255, 255, 255};
  peer.send("to all", to);
  const auto all = sink->take();
  EXPECT_EQ(all.bytes, "to all");
  EXPECT_TRUE(all.broadcast && !all.multicast);
  EXPECT_TRUE(sink->close());
}

TEST_P(DatagramTest, BoundToABroadcastAddressAllAreBroadcasts) {
  Address everybody{.family = Family::kIpv4};
  everybody.ip = {127, 255, 255, 255};
  auto sink = open(Family::kIpv4, {}, everybody);
  sink->endpoint->resume_receive();
  UdpPeer peer;
  const int one = 1;
  ::setsockopt(peer.fd(), SOL_SOCKET, SO_BROADCAST, &one, sizeof one);
  peer.send("to all", sink->endpoint->local_address());
  const auto received = sink->take();
  EXPECT_EQ(received.bytes, "to all");
  EXPECT_TRUE(received.broadcast && !received.multicast);
  EXPECT_TRUE(sink->close());
}

// More than the kernel has buffers of ours for, and less than its own holds.
TEST_P(DatagramTest, WhatWaitedComesWholeAndInOrder) {
  constexpr int kCount = 150;
  auto sink = open();
  UdpPeer peer;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kCount; ++i) {
      peer.send(std::to_string(i), sink->endpoint->local_address());
    }
    sink->endpoint->resume_receive();
    for (int i = 0; i < kCount; ++i) ASSERT_EQ(sink->take().bytes, std::to_string(i));
    sink->endpoint->pause_receive();
  }
  EXPECT_TRUE(sink->close());
}

TEST_P(DatagramTest, SegmentsAreCutAndJoined) {
  Error error;
  auto sink = open();
  auto receiver = open(Family::kIpv4, [](Socket& socket) {
    EXPECT_EQ(socket.set_option(SocketOption::kReceiveCoalesced, 1), kOk);
  });
  receiver->endpoint->resume_receive();
  Outgoing joined({pattern(10'500)}, receiver->endpoint->local_address());
  joined.send.info.segment_bytes = 1000;
  error = send_and_wait(*sink, joined.send);
  ASSERT_EQ(error, kOk);
  std::string all;
  while (all.size() < 10'500) {
    const auto received = receiver->take();
    EXPECT_TRUE(received.bytes.size() <= 1000 || received.info.segment_bytes == 1000);
    all += received.bytes;
  }
  EXPECT_TRUE(all == pattern(10'500));
  EXPECT_TRUE(sink->close());
  EXPECT_TRUE(receiver->close());
}

TEST_P(DatagramTest, APauseLeavesDatagramsInTheKernel) {
  auto sink = open();
  UdpPeer peer;
  peer.send("early", sink->endpoint->local_address());
  sink->endpoint->pause_receive();
  drain(sink->endpoint->loop());
  EXPECT_EQ(sink->count(), 0u);
  sink->endpoint->resume_receive();
  EXPECT_EQ(sink->take().bytes, "early");
  EXPECT_TRUE(sink->close());
}

TEST_P(DatagramTest, WhoKeepsEverythingStarvesNobodyElse) {
  restart({.loop_count = 1, .receive_memory_bytes = 1 << 20});
  auto greedy = open();
  greedy->retain = true;
  greedy->endpoint->resume_receive();
  UdpPeer peer;
  std::size_t sent = 0;
  while (!transport_->under_memory_pressure()) {
    peer.send(pattern(1000), greedy->endpoint->local_address());
    ASSERT_TRUE(greedy->wait_count(++sent));
  }
  for (int i = 0; i < 2000; ++i) peer.send(pattern(1000), greedy->endpoint->local_address());

  auto modest = open();
  modest->endpoint->resume_receive();
  for (std::size_t i = 0; i < 100; ++i) {
    peer.send(pattern(900, i), modest->endpoint->local_address());
    EXPECT_TRUE(modest->take().bytes == pattern(900, i));
  }
  EXPECT_LE(greedy->byte_count(), (1u << 20) + (64u << 10));
  const std::size_t before = greedy->count();
  greedy->release();
  // What waits in the kernel comes now, and where nothing waits, the next one.
  peer.send(pattern(1000), greedy->endpoint->local_address());
  EXPECT_TRUE(greedy->wait_count(before + 1));
  EXPECT_TRUE(greedy->close());
  EXPECT_TRUE(modest->close());
}

// A raw socket's send buffer that is full is hard to come by on loopback; a closing endpoint gives
// back what waits all the same.
TEST_P(DatagramTest, ManyThreadsSendAtOnceAndCloseEndsWhatWaits) {
  auto sink = open();
  UdpPeer peer;
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> pending{0};
  std::vector<std::unique_ptr<Outgoing>> sends;
  sends.reserve(400);
  for (int i = 0; i < 400; ++i) {
    sends.push_back(
        std::make_unique<Outgoing>(std::vector<std::string>(4, pattern(100)), peer.address()));
  }
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < 400; i += 4) {
        Error error;
        if (!sink->endpoint->try_send(sends[i]->send, error)) {
          ++pending;
          sink->endpoint->send(sends[i]->send);
          sink->endpoint->cancel_send(sends[i]->send);
        } else {
          EXPECT_EQ(error, kOk);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(sink->close());
  EXPECT_EQ(static_cast<int>(sink->wait_sent(0).size()), pending.load());
}

TEST_P(DatagramTest, AnAnswerThatNobodyListensDoesNoHarm) {
  auto sink = open();
  sink->endpoint->resume_receive();
  Address nobody;
  {
    UdpPeer gone;
    nobody = gone.address();
  }
  Error error;
  for (int i = 0; i < 3; ++i) {
    Outgoing lost({"lost"}, nobody);
    error = send_and_wait(*sink, lost.send);
    EXPECT_EQ(error, kOk);
  }
  UdpPeer peer;
  peer.send("found", sink->endpoint->local_address());
  EXPECT_EQ(sink->take().bytes, "found");
  EXPECT_TRUE(sink->close());
}

}  // namespace
}  // namespace wskrun::net::testing
