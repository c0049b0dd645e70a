// What the contract in transport.h promises, on every backend. Peers that misbehave are in
// transport_hostile_test.cc.
#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "net/transport_test_kit.h"

namespace wskrun::net::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(Backends, TransportTest, ::testing::ValuesIn(kBackends), backend_name);

// Connections.

TEST_P(TransportTest, AcceptedStreamReceivesBytesAndThenTheFin) {
  Connection connection = accept_connection();
  connection.peer.write("hello");
  connection.peer.send_fin();
  EXPECT_TRUE(connection.sink->wait_fin());
  EXPECT_EQ(connection.sink->bytes(), "hello");
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, ConnectsAndTalksBothWays) {
  Peer server;
  const Address address = server.listen();
  auto sink = open_unconnected();
  const Address local = sink->endpoint->local_address();
  sink->endpoint->connect(address);
  EXPECT_EQ(sink->wait_connected(), kOk);
  EXPECT_EQ(sink->endpoint->remote_address(), address);
  EXPECT_EQ(sink->endpoint->local_address(), local);

  Peer peer = server.accept();
  sink->endpoint->resume_receive();
  OwnedSend send("ping");
  sink->endpoint->send(send.op);
  EXPECT_EQ(peer.read(4), "ping");
  peer.write("pong");
  EXPECT_TRUE(sink->wait_bytes(4));
  EXPECT_EQ(sink->bytes(), "pong");
  EXPECT_EQ(sink->wait_sent(1).at(0).error, kOk);
  EXPECT_EQ(send.op.sent, 4u);
  EXPECT_TRUE(sink->close());
}

TEST_P(TransportTest, RefusedConnectSaysSoAndMayBeTriedAgainFromTheSamePort) {
  Address nobody;
  {
    Peer gone;
    nobody = gone.listen();
  }
  auto sink = open_unconnected();
  const Address local = sink->endpoint->local_address();
  for (int attempt = 0; attempt < 3; ++attempt) {
    sink->endpoint->connect(nobody);
    EXPECT_EQ(sink->wait_connected(), Error(ECONNREFUSED));
  }
  Peer server;
  sink->endpoint->connect(server.listen());
  EXPECT_EQ(sink->wait_connected(), kOk);
  EXPECT_EQ(sink->endpoint->local_address(), local);
  EXPECT_TRUE(sink->close());
}

// A listener whose backlog is full lets further connects hang.
struct BusyListener {
  BusyListener() : address(server.listen(0)) { EXPECT_TRUE(first.connect(address)); }
  Peer server;
  Address address;
  Peer first;
};

TEST_P(TransportTest, CancelledConnectEndsAndMayBeTriedAgain) {
  BusyListener busy;
  auto sink = open_unconnected();
  const Address local = sink->endpoint->local_address();
  sink->endpoint->connect(busy.address);
  drain(sink->endpoint->loop());
  sink->endpoint->cancel_connect();
  EXPECT_EQ(sink->wait_connected(), kCancelled);

  Peer server;
  sink->endpoint->connect(server.listen());
  EXPECT_EQ(sink->wait_connected(), kOk);
  EXPECT_EQ(sink->endpoint->local_address(), local);
  EXPECT_TRUE(sink->close());
}

TEST_P(TransportTest, CloseEndsAConnectInProgress) {
  BusyListener busy;
  auto sink = open_unconnected();
  sink->endpoint->connect(busy.address);
  drain(sink->endpoint->loop());
  EXPECT_TRUE(sink->close());
  EXPECT_EQ(sink->wait_connected(), kCancelled);
}

TEST_P(TransportTest, WorksOverIpv6) {
  ASSERT_TRUE(listener_.close());
  listener_.~TestListenerSink();
  new (&listener_) TestListenerSink;
  listen(Family::kIpv6);
  Connection connection = accept_connection();
  EXPECT_EQ(connection.endpoint().remote_address(), local_address_of(connection.peer.fd()));
  connection.peer.write("six");
  EXPECT_TRUE(connection.sink->wait_bytes(3));
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, ASocketThatNeverBecameAnEndpointClosesInSilence) {
  auto socket = make_socket();
  ASSERT_EQ(socket->bind(loopback()), kOk);
  const Address address = socket->local_address();
  EXPECT_NE(address.port, 0);
  socket.reset();
  EXPECT_EQ(make_socket()->bind(address), kOk);
}

TEST_P(TransportTest, APortInUseIsRefusedUnlessSharingWasAsked) {
  auto second = make_socket();
  const Error bound = second->bind(listening_);
  EXPECT_EQ(bound.ok() ? second->listen() : bound, Error(EADDRINUSE));

  auto one = make_socket();
  auto other = make_socket();
  EXPECT_EQ(one->set_option(SocketOption::kShareAddress, 1), kOk);
  EXPECT_EQ(other->set_option(SocketOption::kShareAddress, 1), kOk);
  ASSERT_EQ(one->bind(loopback()), kOk);
  EXPECT_EQ(other->bind(one->local_address()), kOk);
  EXPECT_EQ(one->listen(), kOk);
  EXPECT_EQ(other->listen(), kOk);
}

TEST_P(TransportTest, Ipv6SocketsTakeNoIpv4UnlessAsked) {
  auto socket = make_socket(Family::kIpv6);
  std::uint32_t value = 7;
  EXPECT_EQ(socket->get_option(SocketOption::kIpv6Only, value), kOk);
  EXPECT_EQ(value, 1u);
  EXPECT_EQ(socket->set_option(SocketOption::kIpv6Only, 0), kOk);
  EXPECT_EQ(socket->get_option(SocketOption::kIpv6Only, value), kOk);
  EXPECT_EQ(value, 0u);
}

// Receiving.

TEST_P(TransportTest, ReceivesALongStreamUnharmed) {
  constexpr std::size_t kTotal = 32 << 20;
  Connection connection = accept_connection();
  const std::string all = pattern(kTotal);
  for (std::size_t at = 0, piece = 1; at < kTotal; at += piece, piece = piece * 5 % 200'003 + 1) {
    ASSERT_TRUE(connection.peer.write(std::string_view(all).substr(at, piece)));
  }
  connection.peer.send_fin();
  ASSERT_TRUE(connection.sink->wait_fin());
  EXPECT_TRUE(connection.sink->bytes() == all);
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, RetainedChunksKeepTheirBytes) {
  constexpr std::size_t kTotal = 8 << 20;
  Connection connection = accept_connection(/*paused=*/true);
  connection.sink->retain = true;
  connection.endpoint().resume_receive();
  const std::string all = pattern(kTotal);
  ASSERT_TRUE(connection.peer.write(all));
  ASSERT_TRUE(connection.sink->wait_bytes(kTotal));
  EXPECT_TRUE(connection.sink->close());

  std::string held;
  for (Chunk& chunk : connection.sink->take_chunks()) {
    held.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
  }
  EXPECT_TRUE(held == all);
}

TEST_P(TransportTest, ReceivesNothingBeforeItIsResumed) {
  Connection connection = accept_connection(/*paused=*/true);
  connection.peer.write("early");
  connection.peer.send_fin();
  connection.endpoint().pause_receive();
  drain(connection.endpoint().loop());
  EXPECT_EQ(connection.sink->byte_count(), 0u);
  connection.endpoint().resume_receive();
  EXPECT_TRUE(connection.sink->wait_fin());
  EXPECT_EQ(connection.sink->bytes(), "early");
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, PausePushesBackOnThePeerAndResumeLosesNothing) {
  constexpr std::size_t kTotal = 32 << 20;
  Connection connection = accept_connection(/*paused=*/true);
  connection.sink->on_chunk = [&](const Chunk&) { connection.endpoint().pause_receive(); };
  const std::string all = pattern(kTotal);
  std::thread writer([&] {
    connection.peer.write(all);
    connection.peer.send_fin();
  });
  while (!connection.sink->read([&] { return connection.sink->fin_now(); })) {
    connection.endpoint().resume_receive();
    drain(connection.endpoint().loop());
  }
  writer.join();
  EXPECT_TRUE(connection.sink->bytes() == all);
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, AResetIsReportedOnceWhileReceiving) {
  Connection connection = accept_connection();
  connection.peer.write("last words");
  ASSERT_TRUE(connection.sink->wait_bytes(10));
  connection.peer.reset();
  EXPECT_EQ(connection.sink->wait_lost(), Error(ECONNRESET));
  OwnedSend late("too late");
  connection.endpoint().send(late.op);
  EXPECT_EQ(connection.sink->wait_sent(1).at(0).error, Error(ECONNRESET));
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, AResetIsReportedWhilePaused) {
  Connection connection = accept_connection();
  connection.endpoint().pause_receive();
  drain(connection.endpoint().loop());
  connection.peer.write("unread");
  connection.peer.reset();
  EXPECT_EQ(connection.sink->wait_lost(), Error(ECONNRESET));
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, AResetAfterTheFinIsReported) {
  Connection connection = accept_connection();
  connection.peer.send_fin();
  ASSERT_TRUE(connection.sink->wait_fin());
  connection.peer.reset();
  const std::optional<Error> lost = connection.sink->wait_lost();
  ASSERT_TRUE(lost.has_value());
  EXPECT_FALSE(lost->ok());
  EXPECT_TRUE(connection.sink->close());
}

// Sending.

TEST_P(TransportTest, SendsThatWaitGoOutInOrder) {
  constexpr std::size_t kCount = 2000;
  Connection connection = accept_connection();
  std::vector<std::unique_ptr<OwnedSend>> sends;
  std::string all;
  for (std::size_t i = 0; i < kCount; ++i) {
    sends.push_back(std::make_unique<OwnedSend>(pattern(i % 300 + 1, all.size()), i % 50 + 1));
    all += sends.back()->bytes;
  }
  for (auto& send : sends) connection.endpoint().send(send->op);
  EXPECT_TRUE(connection.peer.read(all.size()) == all);
  const std::vector<Ended> ended = connection.sink->wait_sent(kCount);
  ASSERT_EQ(ended.size(), kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(ended[i].op, &sends[i]->op);
    ASSERT_EQ(ended[i].error, kOk);
    ASSERT_EQ(sends[i]->op.sent, sends[i]->bytes.size());
  }
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, ALongSendOfManyPiecesGoesOutWhole) {
  constexpr std::size_t kTotal = 32 << 20;
  Connection connection = accept_connection();
  OwnedSend send(pattern(kTotal), 5000);  // More pieces than one system call takes.
  send.op.no_delay = true;
  connection.endpoint().send(send.op);
  EXPECT_TRUE(connection.peer.read(kTotal) == pattern(kTotal));
  EXPECT_EQ(connection.sink->wait_sent(1).at(0).error, kOk);
  EXPECT_EQ(send.op.sent, kTotal);
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, SendingGoesOnAfterThePeersFin) {
  Connection connection = accept_connection();
  connection.peer.send_fin();
  ASSERT_TRUE(connection.sink->wait_fin());
  OwnedSend send("still here");
  connection.endpoint().send(send.op);
  EXPECT_EQ(connection.peer.read(10), "still here");
  EXPECT_EQ(connection.sink->wait_sent(1).at(0).error, kOk);
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, ACancelledSendEndsAndTellsWhatWasTaken) {
  constexpr std::size_t kMoreThanTheSocketHolds = 24 << 20;
  Connection connection = accept_connection();
  OwnedSend big(pattern(kMoreThanTheSocketHolds));
  OwnedSend behind("behind");
  connection.endpoint().send(big.op);
  connection.endpoint().send(behind.op);
  connection.endpoint().cancel_send(behind.op);
  std::vector<Ended> ended = connection.sink->wait_sent(1);
  ASSERT_EQ(ended.at(0).op, &behind.op);
  EXPECT_EQ(ended.at(0).error, kCancelled);
  EXPECT_EQ(behind.op.sent, 0u);

  connection.endpoint().cancel_send(big.op);
  ended = connection.sink->wait_sent(2);
  ASSERT_EQ(ended.at(1).op, &big.op);
  EXPECT_EQ(ended.at(1).error, kCancelled);
  const std::size_t taken = big.op.sent;
  EXPECT_LT(taken, kMoreThanTheSocketHolds);
  connection.endpoint().cancel_send(big.op);  // It has ended: nothing happens.

  OwnedSend next("next");
  connection.endpoint().send(next.op);
  EXPECT_TRUE(connection.peer.read(taken) == pattern(taken));
  EXPECT_EQ(connection.peer.read(4), "next");
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, BadMemoryFailsItsOwnSendOnly) {
  Connection connection = accept_connection();
  OwnedSend good("good");
  OwnedSend bad("bad?");
  OwnedSend after("after");
  bad.iovecs[0].iov_base = reinterpret_cast<void*>(8);
  connection.endpoint().send(good.op);
  connection.endpoint().send(bad.op);
  connection.endpoint().send(after.op);
  const std::vector<Ended> ended = connection.sink->wait_sent(3);
  EXPECT_EQ(ended.at(0).error, kOk);
  EXPECT_EQ(ended.at(1).error, Error(EFAULT));
  EXPECT_EQ(ended.at(2).error, kOk);
  EXPECT_EQ(connection.peer.read(9), "goodafter");
  EXPECT_TRUE(connection.sink->close());
}

// The end of a connection.

TEST_P(TransportTest, ShutdownComesAfterTheSendsAndReceivingGoesOn) {
  Connection connection = accept_connection();
  OwnedSend send(pattern(4 << 20));
  connection.endpoint().send(send.op);
  connection.endpoint().shutdown_send();
  EXPECT_TRUE(connection.peer.read() == pattern(4 << 20));
  EXPECT_EQ(connection.peer.why_ended(), 0);
  EXPECT_EQ(connection.sink->wait_shut_down(), kOk);

  connection.peer.write("more");
  connection.peer.send_fin();
  EXPECT_TRUE(connection.sink->wait_fin());
  EXPECT_EQ(connection.sink->bytes(), "more");
  OwnedSend late("late");
  connection.endpoint().send(late.op);
  EXPECT_EQ(connection.sink->wait_sent(2).at(1).error, Error(EPIPE));
  EXPECT_TRUE(connection.sink->close(CloseMode::kOrderly));
  EXPECT_EQ(connection.sink->lost(), std::nullopt);
}

TEST_P(TransportTest, ShutdownAfterThePeersFinIsAcknowledgedToo) {
  Connection connection = accept_connection();
  connection.peer.send_fin();
  ASSERT_TRUE(connection.sink->wait_fin());
  connection.endpoint().shutdown_send();
  EXPECT_EQ(connection.sink->wait_shut_down(), kOk);
  EXPECT_EQ(connection.peer.read(), "");
  EXPECT_EQ(connection.peer.why_ended(), 0);
  EXPECT_TRUE(connection.sink->close(CloseMode::kOrderly));
}

TEST_P(TransportTest, ShutdownEndsWithAnErrorWhenTheConnectionDies) {
  Connection connection = accept_connection(/*paused=*/true);
  OwnedSend send(pattern(24 << 20));  // Never all taken.
  connection.endpoint().send(send.op);
  connection.endpoint().shutdown_send();
  drain(connection.endpoint().loop());
  connection.peer.reset();
  EXPECT_EQ(connection.sink->wait_shut_down(), Error(ECONNRESET));
  EXPECT_EQ(connection.sink->wait_sent(1).at(0).error, Error(ECONNRESET));
  EXPECT_EQ(connection.sink->wait_lost(), Error(ECONNRESET));
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, AbortResetsThePeerAndEndsWhatIsInFlight) {
  Connection connection = accept_connection();
  OwnedSend send(pattern(24 << 20));
  connection.endpoint().send(send.op);
  connection.endpoint().shutdown_send();
  drain(connection.endpoint().loop());
  connection.endpoint().abort();
  EXPECT_EQ(connection.sink->wait_sent(1).at(0).error, kCancelled);
  EXPECT_EQ(connection.sink->wait_shut_down(), kCancelled);
  connection.peer.read();
  EXPECT_EQ(connection.peer.why_ended(), ECONNRESET);

  OwnedSend late("late");
  connection.endpoint().send(late.op);
  EXPECT_EQ(connection.sink->wait_sent(2).at(1).error, kCancelled);
  EXPECT_TRUE(connection.sink->close());
  EXPECT_EQ(connection.sink->lost(), std::nullopt);
}

TEST_P(TransportTest, AbortiveCloseResetsThePeer) {
  Connection connection = accept_connection();
  drain(connection.endpoint().loop());
  EXPECT_TRUE(connection.sink->close(CloseMode::kAbort));
  connection.peer.read();
  EXPECT_EQ(connection.peer.why_ended(), ECONNRESET);
}

TEST_P(TransportTest, OrderlyCloseDoesNotResetThePeer) {
  Connection connection = accept_connection();
  connection.peer.send_fin();
  ASSERT_TRUE(connection.sink->wait_fin());
  connection.endpoint().shutdown_send();
  ASSERT_EQ(connection.sink->wait_shut_down(), kOk);
  EXPECT_TRUE(connection.sink->close(CloseMode::kOrderly));
  EXPECT_EQ(connection.peer.read(), "");
  EXPECT_EQ(connection.peer.why_ended(), 0);
}

TEST_P(TransportTest, CloseEndsEverySendBeforeClosed) {
  Connection connection = accept_connection();
  std::vector<std::unique_ptr<OwnedSend>> sends;
  for (int i = 0; i < 8; ++i) {
    sends.push_back(std::make_unique<OwnedSend>(std::string(4 << 20, 'x')));
    connection.endpoint().send(sends.back()->op);
  }
  EXPECT_TRUE(connection.sink->close());
  const std::vector<Ended> ended =
      connection.sink->read([&] { return connection.sink->sent_now(); });
  ASSERT_EQ(ended.size(), sends.size());
  EXPECT_EQ(ended.back().error, kCancelled);
}

TEST_P(TransportTest, CloseOfAnUntouchedStreamIsTheOnlyCall) {
  Peer peer;
  ASSERT_TRUE(peer.connect(listening_));
  TestStreamSink sink;
  open(listener_.wait_accepted(), sink);
  EXPECT_TRUE(sink.close());
}

// Listeners.

TEST_P(TransportTest, APausedListenerLeavesConnectionsInTheBacklog) {
  listener_.endpoint->pause_accept();
  drain(listener_.endpoint->loop());
  drain(listener_.endpoint->loop());  // The kernel has been told now.
  // Connections that were on the way are accepted, a few at most.
  std::vector<Peer> peers(40);
  for (Peer& peer : peers) ASSERT_TRUE(peer.connect(listening_));
  drain(listener_.endpoint->loop());
  EXPECT_LT(listener_.accepted_count(), peers.size());
  listener_.endpoint->resume_accept();
  EXPECT_TRUE(listener_.wait([&] { return listener_.accepted_now() == peers.size(); }));
}

TEST_P(TransportTest, AListenerSurvivesTheLackOfDescriptors) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  std::vector<Peer> peers(8);
  // Not asked to accept before, since io_uring keeps to the limit that held when it was asked.
  TestListenerSink listener;
  auto socket = make_socket();
  ASSERT_EQ(socket->bind(loopback(0)), kOk);
  ASSERT_EQ(socket->listen(), kOk);
  const Address address = socket->local_address();
  listener.endpoint = &transport_->open_listener(std::move(socket), listener);
  drain(listener.endpoint->loop());

  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(::dup(0));
  ::close(static_cast<int>(tight.rlim_cur));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  listener.endpoint->resume_accept();
  for (Peer& peer : peers) ASSERT_TRUE(peer.connect(address));
  drain(listener.endpoint->loop());
  EXPECT_EQ(listener.accepted_count(), 0u);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(listener.wait([&] { return listener.accepted_now() == peers.size(); }));
  EXPECT_TRUE(listener.close());
}

// Memory.

TEST_P(TransportTest, WhoRetainsEverythingStarvesNobodyElse) {
  constexpr std::size_t kBound = 4 << 20;
  restart({.loop_count = 1, .receive_memory_bytes = kBound});
  Connection greedy = accept_connection(/*paused=*/true);
  greedy.sink->retain = true;
  greedy.endpoint().resume_receive();
  const std::string all = pattern(24 << 20);
  std::thread writer([&] {
    greedy.peer.write(all);
    greedy.peer.send_fin();
  });
  while (!transport_->under_memory_pressure()) std::this_thread::yield();

  Connection modest = accept_connection();
  for (std::size_t i = 0; i < 300; ++i) {
    ASSERT_TRUE(modest.peer.write(pattern(1000, i * 1000)));
    ASSERT_TRUE(modest.sink->wait_bytes((i + 1) * 1000));
  }
  EXPECT_TRUE(modest.sink->bytes() == pattern(300'000));
  EXPECT_LE(greedy.sink->byte_count(), kBound + (64 << 10));

  while (!greedy.sink->read([&] { return greedy.sink->fin_now(); })) {
    greedy.sink->take_chunks();  // Given back by this thread.
    std::this_thread::yield();
  }
  writer.join();
  greedy.sink->take_chunks();
  EXPECT_TRUE(greedy.sink->bytes() == all);
  EXPECT_TRUE(greedy.sink->close());
  EXPECT_TRUE(modest.sink->close());
}

TEST_P(TransportTest, ChunksOutliveTheTransport) {
  Connection connection = accept_connection(/*paused=*/true);
  connection.sink->retain = true;
  connection.endpoint().resume_receive();
  connection.peer.write("kept");
  ASSERT_TRUE(connection.sink->wait_bytes(4));
  EXPECT_TRUE(connection.sink->close());
  TearDown();
  listener_.endpoint = nullptr;
  const std::vector<Chunk> chunks = connection.sink->take_chunks();
  EXPECT_EQ(std::memcmp(chunks.at(0).data(), "kept", 4), 0);
}

// Loops.

TEST_P(TransportTest, TasksRunInTheOrderOfPosting) {
  constexpr int kCount = 1000;
  struct Step : Task {
    std::vector<int>* order = nullptr;
    int number = 0;
  };
  std::vector<int> order;
  std::vector<Step> steps(kCount);
  for (int i = 0; i < kCount; ++i) {
    steps[i].run = [](Task& task) {
      auto& step = static_cast<Step&>(task);
      step.order->push_back(step.number);
    };
    steps[i].order = &order;
    steps[i].number = i;
    transport_->loop(0).post(steps[i]);
  }
  drain(transport_->loop(0));
  ASSERT_EQ(order.size(), static_cast<std::size_t>(kCount));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_P(TransportTest, WakeEndsATurnWithItsHook) {
  struct Hooks : LoopHooks, Observed {
    int started = 0, turns = 0, stopped = 0;
    void loop_started(unsigned) override {
      note([&] { ++started; });
    }
    void turn_ended(unsigned) override {
      note([&] { ++turns; });
    }
    void about_to_wait(unsigned) override {}
    void loop_stopping(unsigned) override {
      note([&] { ++stopped; });
    }
  } hooks;
  restart({.loop_count = 1, .hooks = &hooks});
  for (int i = 0; i < 100; ++i) {
    drain(transport_->loop(0));
    const int before = hooks.read([&] { return hooks.turns; });
    transport_->loop(0).wake();
    ASSERT_TRUE(hooks.wait([&] { return hooks.turns > before; }));
  }
  restart({.loop_count = 1});
  EXPECT_EQ(hooks.started, 1);
  EXPECT_EQ(hooks.stopped, 1);
}

TEST_P(TransportTest, TheSinkIsNeverCalledFromWithinAnEndpointFunction) {
  Connection connection = accept_connection(/*paused=*/true);
  OwnedSend send("x");
  bool inside = false;
  bool seen_inside = false;
  int rounds = 0;
  connection.sink->on_chunk = [&](const Chunk&) {
    seen_inside |= inside;
    if (rounds++ != 0) return;
    inside = true;
    connection.endpoint().pause_receive();
    connection.endpoint().resume_receive();
    connection.endpoint().send(send.op);
    inside = false;
  };
  connection.endpoint().resume_receive();
  connection.peer.write("a");
  EXPECT_EQ(connection.peer.read(1), "x");
  connection.peer.write("b");
  EXPECT_TRUE(connection.sink->wait_bytes(2));
  EXPECT_FALSE(seen_inside);
  EXPECT_TRUE(connection.sink->close());
}

TEST_P(TransportTest, AFailedConnectGivesTheSocketBack) {
  auto sink = open_unconnected();
  const Address bound = sink->endpoint->local_address();
  Address nobody;
  {
    Peer gone;
    nobody = gone.listen();
  }
  sink->endpoint->connect(nobody);
  EXPECT_EQ(sink->wait_connected(), Error(ECONNREFUSED));
  sink->endpoint->release();
  auto socket = sink->wait_released();
  ASSERT_NE(socket, nullptr);
  EXPECT_EQ(socket->local_address(), bound);

  // It can do something else now.
  ASSERT_EQ(socket->listen(), kOk);
  TestListenerSink listener;
  listener.endpoint = &transport_->open_listener(std::move(socket), listener);
  listener.endpoint->resume_accept();
  Peer peer;
  EXPECT_TRUE(peer.connect(bound));
  EXPECT_NE(listener.wait_accepted(), nullptr);
  EXPECT_TRUE(listener.close());
}

TEST_P(TransportTest, AConnectionThatWaitedIsGivenBackWhole) {
  Connection waiting = accept_connection(/*paused=*/true);
  waiting.peer.write("early, ");
  waiting.endpoint().pause_receive();
  drain(waiting.endpoint().loop());
  const Address remote = waiting.endpoint().remote_address();
  waiting.endpoint().release();
  auto socket = waiting.sink->wait_released();
  ASSERT_NE(socket, nullptr);
  EXPECT_EQ(socket->remote_address(), remote);
  EXPECT_EQ(waiting.sink->byte_count(), 0u);

  TestStreamSink sink;
  open(std::move(socket), sink);
  sink.endpoint->resume_receive();
  waiting.peer.write("late");
  waiting.peer.send_fin();
  EXPECT_TRUE(sink.wait_fin());
  EXPECT_EQ(sink.bytes(), "early, late");
  EXPECT_TRUE(sink.close());
}

TEST_P(TransportTest, ASocketDropsItsConnectionWithAReset) {
  Peer peer;
  ASSERT_TRUE(peer.connect(listening_));
  auto socket = listener_.wait_accepted();
  socket->drop_connection();
  EXPECT_EQ(peer.read(), "");
  EXPECT_EQ(peer.why_ended(), ECONNRESET);
}

TEST_P(TransportTest, TwoLoopsShareTheStreams) {
  restart({.loop_count = 2});
  EXPECT_EQ(transport_->loop_count(), 2u);
  std::vector<Connection> connections;
  bool seen[2] = {};
  for (int i = 0; i < 8; ++i) {
    connections.push_back(accept_connection());
    seen[connections.back().endpoint().loop().index()] = true;
  }
  EXPECT_TRUE(seen[0] && seen[1]);
  for (Connection& connection : connections) {
    connection.peer.write("hi");
    EXPECT_TRUE(connection.sink->wait_bytes(2));
    EXPECT_TRUE(connection.sink->close());
  }
}

}  // namespace
}  // namespace wskrun::net::testing
