// Peers and owners that misbehave: resets at any moment, a byte at a time, silence, calls that race
// each other from several threads. Nothing may be lost, invented, leaked or left waiting.
#include <netinet/tcp.h>

#include <random>
#include <thread>

#include "net/transport_test_kit.h"

namespace wskrun::net::testing {
namespace {

class HostileTest : public TransportTest {};

INSTANTIATE_TEST_SUITE_P(Backends, HostileTest, ::testing::ValuesIn(kBackends), backend_name);

// Waits a little, differently each time; how long does not matter.
void linger(std::mt19937& random) {
  for (unsigned rounds = random() % 2000; rounds != 0; --rounds) __builtin_ia32_pause();
  if (random() % 4 == 0) std::this_thread::yield();
}

TEST_P(HostileTest, OneByteAtATime) {
  constexpr std::size_t kTotal = 20'000;
  Connection connection = accept_connection();
  const int one = 1;
  ::setsockopt(connection.peer.fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const std::string all = pattern(kTotal);
  for (const char& byte : all) ASSERT_TRUE(connection.peer.write(std::string_view(&byte, 1)));
  connection.peer.send_fin();
  ASSERT_TRUE(connection.sink->wait_fin());
  EXPECT_TRUE(connection.sink->bytes() == all);
  EXPECT_TRUE(connection.sink->close());
}

// Each byte is kept, in memory that is hardly enough for anything.
TEST_P(HostileTest, OneRetainedByteAtATimeStaysWithinBounds) {
  constexpr std::size_t kBound = 256 << 10;
  constexpr std::size_t kTotal = 1 << 20;
  restart({.loop_count = 1, .receive_memory_bytes = kBound});
  Connection connection = accept_connection(/*paused=*/true);
  connection.sink->retain = true;
  connection.endpoint().resume_receive();
  std::thread writer([&] {
    const int one = 1;
    ::setsockopt(connection.peer.fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const std::string all = pattern(kTotal);
    for (std::size_t at = 0; at < kTotal; at += at < 5000 ? 1 : 1000) {
      connection.peer.write(std::string_view(all).substr(at, at < 5000 ? 1 : 1000));
    }
    connection.peer.send_fin();
  });
  std::size_t most_held = 0;
  while (!connection.sink->read([&] { return connection.sink->fin_now(); })) {
    std::size_t held = 0;
    for (const Chunk& chunk : connection.sink->take_chunks()) held += chunk.size();
    most_held = std::max(most_held, held);
    std::this_thread::yield();
  }
  writer.join();
  EXPECT_LE(most_held, kBound + (64 << 10));
  EXPECT_TRUE(connection.sink->bytes() ==
              pattern(kTotal + 1000).substr(0, connection.sink->byte_count()));
  EXPECT_GE(connection.sink->byte_count(), kTotal);
  connection.sink->take_chunks();
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(HostileTest, UrgentDataIsDataLikeAnyOther) {
  Connection connection = accept_connection();
  connection.peer.write("before ");
  ASSERT_EQ(::send(connection.peer.fd(), "!", 1, MSG_OOB), 1);
  connection.peer.write(" after");
  connection.peer.send_fin();
  ASSERT_TRUE(connection.sink->wait_fin());
  EXPECT_EQ(connection.sink->bytes(), "before ! after");
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(HostileTest, ResetAtAnyMomentLosesOrInventsNothing) {
  constexpr int kRounds = 150;
  std::mt19937 random(7);
  for (int round = 0; round < kRounds; ++round) {
    Connection connection = accept_connection();
    OwnedSend sends[4] = {OwnedSend(pattern(random() % 300'000 + 1)), OwnedSend("a"),
                          OwnedSend(pattern(random() % 300'000 + 1)), OwnedSend("b")};
    const std::string all = pattern(random() % 400'000);
    const std::size_t sent = sends[0].bytes.size() + sends[2].bytes.size() + 2;
    std::thread peer([&, seed = random()] {
      std::mt19937 moment(seed);
      connection.peer.write(all);
      if (moment() % 2 == 0) connection.peer.read(moment() % sent + 1);
      linger(moment);
      connection.peer.reset();
    });
    for (OwnedSend& send : sends) connection.endpoint().send(send.op);
    if (round % 3 == 0) connection.endpoint().shutdown_send();
    if (round % 5 == 0) connection.endpoint().pause_receive();
    peer.join();
    const std::optional<Error> lost = connection.sink->wait_lost();
    ASSERT_TRUE(lost.has_value());
    ASSERT_FALSE(lost->ok());
    ASSERT_EQ(connection.sink->wait_sent(4).size(), 4u);
    if (round % 3 == 0) {
      ASSERT_TRUE(connection.sink->wait_shut_down().has_value());
    }
    ASSERT_TRUE(connection.sink->close());
    const std::string got = connection.sink->bytes();
    ASSERT_TRUE(got == all.substr(0, got.size()));
  }
}

TEST_P(HostileTest, PeersThatConnectAndResetDoNotHurtTheListener) {
  constexpr int kPeers = 300;
  for (int i = 0; i < kPeers; ++i) {
    Peer peer;
    ASSERT_TRUE(peer.connect(listening_));
    peer.reset();
  }
  // Whatever was accepted of them is dead; the next connection is not among those.
  Connection connection{.peer = Peer()};
  ASSERT_TRUE(connection.peer.connect(listening_));
  const Address self = local_address_of(connection.peer.fd());
  std::unique_ptr<Socket> socket;
  do {
    socket = listener_.wait_accepted();
    ASSERT_NE(socket, nullptr);
  } while (socket->remote_address() != self);
  open(std::move(socket), *connection.sink);
  connection.endpoint().resume_receive();
  connection.peer.write("alive");
  EXPECT_TRUE(connection.sink->wait_bytes(5));
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(HostileTest, SilentPeersCostNothingAndCloseWell) {
  constexpr int kConnections = 500;
  std::vector<Connection> connections;
  for (int i = 0; i < kConnections; ++i) connections.push_back(accept_connection());
  EXPECT_FALSE(transport_->under_memory_pressure());
  for (Connection& connection : connections) connection.endpoint().close(CloseMode::kAbort);
  for (Connection& connection : connections) {
    ASSERT_TRUE(connection.sink->wait([&] { return connection.sink->closed_now(); }));
    connection.peer.read();
    ASSERT_EQ(connection.peer.why_ended(), ECONNRESET);
  }
}

TEST_P(HostileTest, PauseAndResumeFromAnotherThreadLoseNothing) {
  constexpr std::size_t kTotal = 16 << 20;
  restart({.loop_count = 2});
  Connection connection = accept_connection();
  const std::string all = pattern(kTotal);
  std::thread writer([&] {
    connection.peer.write(all);
    connection.peer.send_fin();
  });
  std::mt19937 random(1);
  while (!connection.sink->read([&] { return connection.sink->fin_now(); })) {
    connection.endpoint().pause_receive();
    linger(random);
    connection.endpoint().resume_receive();
    linger(random);
  }
  writer.join();
  EXPECT_TRUE(connection.sink->bytes() == all);
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(HostileTest, SendsOfSeveralThreadsKeepEachThreadsOrder) {
  constexpr int kThreads = 4;
  constexpr int kSends = 1000;
  Connection connection = accept_connection();
  std::vector<std::unique_ptr<OwnedSend>> sends[kThreads];
  for (int thread = 0; thread < kThreads; ++thread) {
    for (int i = 0; i < kSends; ++i) {
      char record[32];
      std::snprintf(record, sizeof record, "%02d:%06d\n", thread, i);
      sends[thread].push_back(std::make_unique<OwnedSend>(record));
    }
  }
  std::vector<std::thread> threads;
  for (auto& mine : sends) {
    threads.emplace_back([&] {
      for (auto& send : mine) connection.endpoint().send(send->op);
    });
  }
  constexpr std::size_t kRecord = 10;
  const std::string got = connection.peer.read(kThreads * kSends * kRecord);
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(got.size(), kThreads * kSends * kRecord);
  int next[kThreads] = {};
  for (std::size_t at = 0; at < got.size(); at += kRecord) {
    const int thread = std::stoi(got.substr(at, 2));
    ASSERT_EQ(std::stoi(got.substr(at + 3, 6)), next[thread]++);
  }
  EXPECT_EQ(connection.sink->wait_sent(kThreads * kSends).size(),
            static_cast<std::size_t>(kThreads * kSends));
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(HostileTest, CancelledSendsRaceTheirEnd) {
  constexpr int kRounds = 300;
  Connection connection = accept_connection();
  std::thread reader([&] { connection.peer.read(); });
  std::mt19937 random(3);
  std::size_t ended = 0;
  for (int round = 0; round < kRounds; ++round) {
    OwnedSend one(std::string(random() % 200'000 + 1, 'x'));
    OwnedSend two("y");
    connection.endpoint().send(one.op);
    connection.endpoint().send(two.op);
    linger(random);
    connection.endpoint().cancel_send(one.op);
    connection.endpoint().cancel_send(two.op);
    ended += 2;
    const std::vector<Ended> ends = connection.sink->wait_sent(ended);
    ASSERT_EQ(ends.size(), ended);
    for (const OwnedSend* send : {&one, &two}) {
      const Error error = ends[ends[ended - 2].op == &send->op ? ended - 2 : ended - 1].error;
      ASSERT_TRUE(error == kCancelled || send->op.sent == send->bytes.size());
      ASSERT_TRUE(error == kOk || send->op.sent < send->bytes.size());
    }
  }
  EXPECT_TRUE(connection.sink->close());
  reader.join();
}

TEST_P(HostileTest, ConnectRacesCancelAbortAndClose) {
  constexpr int kRounds = 300;
  Peer server;
  const Address address = server.listen(4096);
  std::mt19937 random(5);
  for (int round = 0; round < kRounds; ++round) {
    auto sink = open_unconnected();
    sink->endpoint->connect(address);
    linger(random);
    if (round % 3 == 0) sink->endpoint->cancel_connect();
    if (round % 3 == 1) sink->endpoint->abort();
    ASSERT_TRUE(sink->close(round % 2 == 0 ? CloseMode::kAbort : CloseMode::kOrderly));
    const std::optional<Error> connected = sink->wait_connected();
    ASSERT_TRUE(connected == kOk || connected == kCancelled);
  }
}

TEST_P(HostileTest, CloseFromWithinACall) {
  constexpr int kRounds = 100;
  for (int round = 0; round < kRounds; ++round) {
    Connection connection = accept_connection(/*paused=*/true);
    StreamEndpoint& endpoint = connection.endpoint();
    OwnedSend send(pattern(100'000));
    connection.sink->on_chunk = [&](const Chunk&) {
      endpoint.send(send.op);
      endpoint.pause_receive();
      if (round % 2 == 0) endpoint.abort();
      endpoint.close(CloseMode::kAbort);
    };
    connection.peer.write("go");
    endpoint.resume_receive();
    ASSERT_TRUE(connection.sink->wait([&] { return connection.sink->closed_now(); }));
    ASSERT_EQ(connection.sink->wait_sent(1).at(0).error, kCancelled);
    ASSERT_EQ(connection.sink->byte_count(), 2u);
  }
}

TEST_P(HostileTest, ChunksGoBackFromManyThreadsWhileMemoryIsShort) {
  constexpr std::size_t kTotal = 16 << 20;
  constexpr int kThreads = 3;
  restart({.loop_count = 2, .receive_memory_bytes = 2 << 20});
  Connection connections[2] = {accept_connection(true), accept_connection(true)};
  const std::string all = pattern(kTotal);
  std::vector<std::thread> threads;
  for (Connection& connection : connections) {
    connection.sink->retain = true;
    connection.endpoint().resume_receive();
    threads.emplace_back([&] {
      connection.peer.write(all);
      connection.peer.send_fin();
    });
  }
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (Connection& connection : connections) {
        while (!connection.sink->read([&] { return connection.sink->fin_now(); })) {
          connection.sink->take_chunks();
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (Connection& connection : connections) {
    connection.sink->take_chunks();
    EXPECT_TRUE(connection.sink->bytes() == all);
    EXPECT_TRUE(connection.sink->close());
  }
}

}  // namespace
}  // namespace wskrun::net::testing
