// Calls that race each other: what the driver starts, cancels and closes from several threads while
// the peer comes, speaks and goes. Each IRP completes once, with a status that one of the two could
// have given it; no byte is lost; nothing is left behind (the fixture looks).
#include <array>
#include <barrier>
#include <functional>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

constexpr int kRounds = 1'000;

// A second thread that acts at the same moment as the test, again and again.
class Rival {
 public:
  ~Rival() {
    action_ = nullptr;
    start_.arrive_and_wait();
    thread_.join();
  }

  // Runs both at once and waits for both. Now the one, now the other is a little later.
  template <typename Mine, typename Other>
  void race(Mine mine, Other other) {
    std::function<void()> action = [&] {
      linger();
      other();
    };
    action_ = &action;
    start_.arrive_and_wait();
    mine();
    end_.arrive_and_wait();
  }

 private:
  void linger() {
    for (unsigned spins = random_() % 3'000; spins != 0; --spins) YieldProcessor();
  }
  void run() {
    for (;;) {
      start_.arrive_and_wait();
      if (action_ == nullptr) return;
      (*action_)();
      end_.arrive_and_wait();
    }
  }

  std::barrier<> start_{2};
  std::barrier<> end_{2};
  std::function<void()>* action_ = nullptr;
  std::mt19937 random_{11};
  std::thread thread_{[this] { run(); }};  // Last: it uses the others.
};

CONFORMANCE_SUITE(Races);

CONFORMANCE_TEST(Races, ConnectAndCancel) {
  covers("C-033", "I-012");
  Rival rival;
  PeerListener peer_listener;
  for (int round = 0; round < kRounds; ++round) {
    Connection socket = new_connection();
    Sockaddr local = wildcard(0);
    Sockaddr remote = loopback(peer_listener.port());
    IrpCall bind, connect;
    bind.start([&](PIRP irp) { return socket.bind(local.get(), 0, irp); });
    ASSERT_EQ(bind.wait().status, STATUS_SUCCESS);
    rival.race(
        [&] { connect.start([&](PIRP irp) { return socket.connect(remote.get(), 0, irp); }); },
        [&] { IoCancelIrp(connect.irp()); });
    const Completed completed = connect.wait();
    EXPECT_TRUE(completed.status == STATUS_SUCCESS || completed.status == STATUS_CANCELLED)
        << completed;
    EXPECT_EQ(connect.completions(), 1);
    if (completed.status == STATUS_SUCCESS) peer_listener.accept();
  }
}

CONFORMANCE_TEST(Races, ConnectAndClose) {
  covers("X-003", "X-004");
  Rival rival;
  PeerListener peer_listener;
  for (int round = 0; round < kRounds; ++round) {
    Connection socket = new_connection();
    Sockaddr local = wildcard(0);
    Sockaddr remote = loopback(peer_listener.port());
    IrpCall bind, connect, close;
    bind.start([&](PIRP irp) { return socket.bind(local.get(), 0, irp); });
    ASSERT_EQ(bind.wait().status, STATUS_SUCCESS);
    connect.start([&](PIRP irp) { return socket.connect(remote.get(), 0, irp); });
    rival.race([&] { close.start([&](PIRP irp) { return socket.close(irp); }); },
               [&] { IoCancelIrp(connect.irp()); });
    EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
    EXPECT_TRUE(connect.completed()) << "the close came before the connect";
    const NTSTATUS status = connect.wait().status;
    EXPECT_TRUE(status == STATUS_SUCCESS || status == STATUS_CANCELLED) << std::hex << status;
  }
}

// A receive that loses against its cancellation leaves the byte to the next one.
CONFORMANCE_TEST(Races, ReceiveAndCancelLoseNoByte) {
  covers("R-034", "R-012");
  Rival rival;
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  char next = 'a';
  for (int round = 0; round < kRounds; ++round) {
    Buffer buffer(1);
    IrpCall receive;
    receive.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
    rival.race([&] { peer.send(std::string(1, next)); }, [&] { IoCancelIrp(receive.irp()); });
    const Completed completed = receive.wait();
    EXPECT_EQ(receive.completions(), 1);
    if (completed.status == STATUS_CANCELLED) {
      EXPECT_EQ(completed.information, 0u);
      ASSERT_EQ(socket.read(1), std::string(1, next));
    } else {
      ASSERT_EQ(completed, (Completed{STATUS_SUCCESS, 1}));
      ASSERT_EQ(buffer.bytes(), std::string(1, next));
    }
    next = next == 'z' ? 'a' : static_cast<char>(next + 1);
  }
}

CONFORMANCE_TEST(Races, ReceivesDataAndClose) {
  covers("R-033", "X-004");
  Rival rival;
  const Listener listener = listen();
  for (int round = 0; round < kRounds; ++round) {
    Peer peer = Peer::connect(listener.port());
    Connection socket = listener.accept();
    socket.enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    Buffer one(3), two(3);
    IrpCall first, second, close;
    first.start([&](PIRP irp) { return socket.receive(one.whole(), WSK_FLAG_WAITALL, irp); });
    second.start([&](PIRP irp) { return socket.receive(two.whole(), 0, irp); });
    const std::shared_ptr<ConnectionEvents> events = socket.shared_events();
    rival.race([&] { close.start([&](PIRP irp) { return socket.close(irp); }); },
               [&] {
                 peer.send_what_fits("abcdef and more");
                 if (round % 3 == 0) peer.reset();
               });
    EXPECT_EQ(close.wait().status, STATUS_SUCCESS);
    EXPECT_TRUE(first.completed() && second.completed());
    EXPECT_TRUE(first.wait().status != STATUS_SUCCESS || one.bytes() == "abc");
    EXPECT_TRUE(second.wait() != (Completed{STATUS_SUCCESS, 3}) || two.bytes() == "def");
    EXPECT_FALSE(events->overlapped());
  }
}

CONFORMANCE_TEST(Races, SendAndCancelSayHowFarItGot) {
  covers("S-005", "I-012");
  Rival rival;
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  const std::string data = pattern(100'000);
  for (int round = 0; round < kRounds; ++round) {
    Buffer buffer(data);
    IrpCall send;
    rival.race([&] { send.start([&](PIRP irp) { return socket.send(buffer.whole(), 0, irp); }); },
               [&] { IoCancelIrp(send.irp()); });
    const Completed completed = send.wait();
    EXPECT_TRUE(completed.status == STATUS_SUCCESS || completed.status == STATUS_CANCELLED)
        << completed;
    const std::size_t sent = completed.information;
    ASSERT_EQ(peer.receive(sent), data.substr(0, sent));
    // Exactly as far as it said: what comes next is the next thing.
    socket.write("|");
    ASSERT_EQ(peer.receive(1), "|");
  }
}

CONFORMANCE_TEST(Races, SendsAndClose) {
  covers("S-014", "X-004");
  Rival rival;
  const Listener listener = listen();
  const std::string data = pattern(300'000);
  for (int round = 0; round < kRounds; ++round) {
    Peer peer = Peer::connect(listener.port());
    Connection socket = listener.accept();
    Buffer buffer(data);
    IrpCall first, second, disconnect, close;
    first.start([&](PIRP irp) { return socket.send(buffer.whole(), 0, irp); });
    second.start([&](PIRP irp) { return socket.send(buffer.whole(), 0, irp); });
    if (round % 2 == 0) {
      disconnect.start([&](PIRP irp) { return socket.disconnect(nullptr, 0, irp); });
    }
    rival.race([&] { close.start([&](PIRP irp) { return socket.close(irp); }); },
               [&] { round % 3 == 0 ? peer.reset() : peer.close(); });
    EXPECT_EQ(close.wait().status, STATUS_SUCCESS);
    EXPECT_TRUE(first.completed() && second.completed());
    EXPECT_TRUE(round % 2 != 0 || disconnect.completed());
  }
}

CONFORMANCE_TEST(Races, AcceptsConnectionsCancelAndClose) {
  covers("L-013", "L-015");
  Rival rival;
  for (int round = 0; round < kRounds / 4; ++round) {
    Listener listener = listen();
    const std::uint16_t port = listener.port();
    std::array<IrpCall, 4> accepts;
    for (IrpCall& accept : accepts) {
      accept.start(
          [&](PIRP irp) { return listener.accept(nullptr, nullptr, nullptr, nullptr, irp); });
    }
    std::vector<Peer> peers;
    IrpCall close;
    rival.race(
        [&] {
          for (int i = 0; i < 2; ++i) peers.push_back(Peer::connect(port));
          close.start([&](PIRP irp) { return listener.close(irp); });
        },
        [&] { IoCancelIrp(accepts[1].irp()); });
    EXPECT_EQ(close.wait().status, STATUS_SUCCESS);
    for (IrpCall& accept : accepts) {
      ASSERT_TRUE(accept.completed());
      const Completed completed = accept.wait();
      if (completed.status == STATUS_SUCCESS) {
        const Connection accepted(reinterpret_cast<PWSK_SOCKET>(completed.information));
      } else {
        EXPECT_EQ(completed, (Completed{STATUS_CANCELLED, 0}));
      }
    }
  }
}

// Events are switched from a thread while data flows and the peer resets.
CONFORMANCE_TEST(Races, EventsSwitchedWhileDataComes) {
  covers("E-020", "R-072");
  Rival rival;
  const Listener listener = listen();
  for (int round = 0; round < kRounds; ++round) {
    Peer peer = Peer::connect(listener.port());
    Connection socket = listener.accept();
    rival.race(
        [&] {
          for (int i = 0; i < 20; ++i) {
            if (socket.control_events(WSK_EVENT_RECEIVE) != STATUS_SUCCESS) break;
            IrpCall disable;
            disable.start([&](PIRP irp) {
              return socket.control_events(WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE, irp);
            });
            disable.wait();
            const int calls = socket.events().receive_calls();
            YieldProcessor();
            EXPECT_EQ(socket.events().receive_calls(), calls) << "a call after the disable ended";
          }
        },
        [&] {
          for (int i = 0; i < 20; ++i) peer.send_what_fits("some bytes");
          if (round % 2 == 0) peer.reset();
        });
    EXPECT_FALSE(socket.events().overlapped());
  }
}

}  // namespace
}  // namespace wskrun::tests
