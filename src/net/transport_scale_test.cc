// What the contract in transport.h promises with many endpoints on a loop: a bounded wait beside
// others that never stop, memory for each, and endpoints spread evenly over the loops.
#include <algorithm>
#include <atomic>
#include <thread>

#include "net/tcp_figures.h"
#include "net/transport_test_kit.h"

namespace wskrun::net::testing {
namespace {

class TransportScaleTest : public TransportTest {
 protected:
  std::vector<Connection> accept_connections(std::size_t count, bool paused = false) {
    std::vector<Connection> connections;
    connections.reserve(count);
    while (connections.size() < count) connections.push_back(accept_connection(paused));
    return connections;
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, TransportScaleTest, ::testing::ValuesIn(kBackends),
                         backend_name);

// Streams whose peers write as fast as they can. `bytes` of them have been delivered so far.
class Flood {
 public:
  explicit Flood(std::vector<Connection> connections) : connections_(std::move(connections)) {
    for (Connection& each : connections_) {
      each.sink->forget = true;
      each.sink->on_chunk = [this](const Chunk& chunk) { bytes_.fetch_add(chunk.size()); };
      each.endpoint().resume_receive();
    }
    writer_ = std::thread([this] { write(); });
  }
  ~Flood() {
    stopping_.store(true);
    writer_.join();
    for (Connection& each : connections_) EXPECT_TRUE(each.sink->close());
  }
  std::size_t bytes() const { return bytes_.load(); }

 private:
  void write() {
    const std::string piece(64 << 10, 'f');
    while (!stopping_.load()) {
      for (Connection& each : connections_) {
        static_cast<void>(::send(each.peer.fd(), piece.data(), piece.size(), MSG_DONTWAIT));
      }
    }
  }

  std::vector<Connection> connections_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<bool> stopping_{false};
  std::thread writer_;
};

// What one stream may take before it is the next one's turn: on uring all buffers that lie with the
// kernel, on epoll what it reads at once, up to three times a turn.
std::size_t most_in_a_turn(const Backend& backend) {
  return backend.make == make_epoll ? std::size_t{768} << 10 : std::size_t{2} << 20;
}

TEST_P(TransportScaleTest, AFloodDelaysOthersByABoundedNumberOfBytes) {
  for (const std::size_t floods : {1, 4, 16}) {
    Connection modest = accept_connection(/*paused=*/true);
    Flood flood(accept_connections(floods, /*paused=*/true));
    std::atomic<std::size_t> at_delivery{0};
    modest.sink->on_chunk = [&](const Chunk&) { at_delivery.store(flood.bytes()); };
    modest.endpoint().resume_receive();
    while (flood.bytes() < floods << 20) std::this_thread::yield();

    std::size_t worst = 0;
    for (std::size_t i = 0; i < 50; ++i) {
      ASSERT_TRUE(modest.peer.write("m"));
      while (unacknowledged_bytes(modest.peer.fd()) != 0) std::this_thread::yield();
      const std::size_t before = flood.bytes();  // The byte waits in the socket by now.
      ASSERT_TRUE(modest.sink->wait_bytes(i + 1));
      const std::size_t after = at_delivery.load();
      if (after > before) worst = std::max(worst, after - before);
    }
    // Each of the others once, what had been taken already on either side of that, and one more.
    EXPECT_LE(worst, (floods + 3) * most_in_a_turn(GetParam())) << floods << " floods";
    EXPECT_TRUE(modest.sink->close());
  }
}

// The connections of each loop.
std::vector<std::vector<Connection>> by_loop(std::vector<Connection> connections, unsigned loops) {
  std::vector<std::vector<Connection>> found(loops);
  for (Connection& each : connections) {
    found.at(each.endpoint().loop().index()).push_back(std::move(each));
  }
  return found;
}

TEST_P(TransportScaleTest, ALoopThatIsLeftWithFewerGetsTheNextOnes) {
  restart({.loop_count = 2});
  auto connections = by_loop(accept_connections(32), 2);
  // The listener lives on a loop, too.
  EXPECT_NEAR(static_cast<double>(connections[0].size()), 16, 1);

  const std::size_t left = connections[1].size();
  for (Connection& each : connections[0]) EXPECT_TRUE(each.sink->close());
  drain(transport_->loop(0));  // The last of them has gone altogether.
  for (Connection& each : accept_connections(left - 1)) {
    EXPECT_EQ(each.endpoint().loop().index(), 0u);
    EXPECT_TRUE(each.sink->close());
  }
  for (Connection& each : connections[1]) EXPECT_TRUE(each.sink->close());
}

TEST_P(TransportScaleTest, ManyLoopsShareTheStreamsEvenly) {
  constexpr unsigned kLoops = 4;
  restart({.loop_count = kLoops});
  for (std::vector<Connection>& each : by_loop(accept_connections(64), kLoops)) {
    EXPECT_NEAR(static_cast<double>(each.size()), 16, 2);
    for (Connection& connection : each) EXPECT_TRUE(connection.sink->close());
  }
}

TEST_P(TransportScaleTest, EachOfManyThatWaitForMemoryGetsSome) {
  restart({.loop_count = 1, .receive_memory_bytes = 1 << 20});
  // More than a stream may have when the memory is all gone, and more streams than are told of new
  // memory in a turn.
  const std::string all = pattern(100 << 10);
  std::vector<Connection> connections = accept_connections(150, /*paused=*/true);
  for (Connection& each : connections) {
    each.sink->retain = true;
    ASSERT_TRUE(each.peer.write(all));
  }
  for (Connection& each : connections) each.endpoint().resume_receive();
  while (!transport_->under_memory_pressure()) std::this_thread::yield();

  const auto is_whole = [&](Connection& each) { return each.sink->byte_count() == all.size(); };
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!std::all_of(connections.begin(), connections.end(), is_whole)) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    for (Connection& each : connections) each.sink->take_chunks();
    std::this_thread::yield();
  }
  for (Connection& each : connections) {
    each.sink->take_chunks();
    EXPECT_TRUE(each.sink->bytes() == all);
    EXPECT_TRUE(each.sink->close());
  }
}

}  // namespace
}  // namespace wskrun::net::testing
