// How much waits on a connection, how much should be under way, and when a send has been sent.
#include <atomic>
#include <functional>
#include <list>
#include <thread>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

constexpr ULONG kIdeal = SIO_WSK_QUERY_IDEAL_SEND_BACKLOG;
constexpr ULONG kReceive = SIO_WSK_QUERY_RECEIVE_BACKLOG;
constexpr std::size_t kPiece = 1 << 20;
constexpr std::size_t kPieces = 16;

Completed query(PWSK_SOCKET socket, ULONG code, SIZE_T& bytes) {
  const auto& basic = *static_cast<const WSK_PROVIDER_BASIC_DISPATCH*>(socket->Dispatch);
  IrpCall call;
  call.start([&](PIRP irp) {
    return basic.WskControlSocket(socket, WskIoctl, code, 0, 0, nullptr, sizeof bytes, &bytes,
                                  nullptr, irp);
  });
  return call.wait();
}

SIZE_T backlog(const Connection& connection, ULONG code) {
  SIZE_T bytes = ~SIZE_T{0};
  EXPECT_EQ(query(connection.socket(), code, bytes), (Completed{STATUS_SUCCESS, sizeof bytes}));
  return bytes;
}

// ---- queries

RECEIVE_SUITE(Backlog);

RECEIVE_TEST(Backlog, WhatWaitsIsCounted) {
  covers("K-034");
  auto [connection, peer] = connect_pair();
  EXPECT_EQ(backlog(connection, kReceive), 0u);
  peer.send(pattern(1000));
  while (backlog(connection, kReceive) != 1000) std::this_thread::yield();
  EXPECT_EQ(connection.read(400), pattern(400));
  EXPECT_EQ(backlog(connection, kReceive), 600u);
  EXPECT_EQ(connection.read(600), pattern(600, 400));
  EXPECT_EQ(backlog(connection, kReceive), 0u);
}

RECEIVE_TEST(Backlog, WhatTheKernelHoldsIsCountedToo) {
  covers("K-034");
  auto [connection, peer] = connect_pair();
  const std::size_t sent = peer.send_what_fits(pattern(kMoreThanTheKernelTakes));
  // The rest waits in the peer's kernel, because this one's is full.
  while (backlog(connection, kReceive) != sent - peer.unacknowledged()) std::this_thread::yield();
  EXPECT_EQ(connection.read(sent), pattern(sent));
}

RECEIVE_TEST(Backlog, TheIdealIsKnownWhileConnected) {
  covers("K-033", "K-035", "S-033");
  auto [connection, peer] = connect_pair();
  EXPECT_GT(backlog(connection, kIdeal), 0u);
  const Connection unconnected = new_connection();
  SIZE_T bytes = 0;
  for (const ULONG code : {kIdeal, kReceive}) {
    EXPECT_EQ(query(unconnected.socket(), code, bytes),
              (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
  }
  connection.enable(WSK_EVENT_DISCONNECT);
  peer.reset();
  connection.events().wait_disconnects(1);
  for (const ULONG code : {kIdeal, kReceive}) {
    EXPECT_EQ(query(connection.socket(), code, bytes), (Completed{STATUS_FILE_FORCED_CLOSED, 0}));
  }
}

// ---- WskSendBacklogEvent

// Sends all pieces, of which the peer reads every byte.
void stream_out(const Connection& connection, Peer& peer) {
  std::thread reader([&] { EXPECT_EQ(peer.receive(kPiece * kPieces).size(), kPiece * kPieces); });
  const std::string piece = pattern(kPiece);
  for (std::size_t i = 0; i < kPieces; ++i) connection.write(piece);
  reader.join();
}

RECEIVE_TEST(Backlog, ChangesOfTheIdealAreTold) {
  covers("S-031", "S-033", "E-008");
  auto [connection, peer] = connect_pair();
  const SIZE_T before = backlog(connection, kIdeal);
  connection.enable(WSK_EVENT_SEND_BACKLOG);
  stream_out(connection, peer);  // The windows grow meanwhile.
  connection.events().wait_backlogs(1);
  SIZE_T last = before;
  for (const SIZE_T ideal : connection.events().backlogs()) {
    EXPECT_GT(ideal, 0u);
    EXPECT_NE(ideal, last);
    last = ideal;
  }
  EXPECT_FALSE(connection.events().overlapped());
}

RECEIVE_TEST(Backlog, NothingIsToldUnlessItIsEnabled) {
  covers("S-031", "E-001");
  auto [connection, peer] = connect_pair();
  stream_out(connection, peer);
  EXPECT_TRUE(connection.events().backlogs().empty());
}

// ---- when a send has been sent

template <wskrun_send_completion setting>
class SendsEnd : public ConformanceTest {
 protected:
  void adjust(wskrun_options& options) override { options.send_completion = setting; }
};

class SendsEndAtTheKernel : public SendsEnd<WSKRUN_SENT_TO_KERNEL> {};
class SendsEndAtThePeer : public SendsEnd<WSKRUN_SENT_TO_PEER> {};

INSTANTIATE_TEST_SUITE_P(, SendsEndAtTheKernel, ::testing::ValuesIn(kBackends), name_of);
INSTANTIATE_TEST_SUITE_P(, SendsEndAtThePeer, ::testing::ValuesIn(kBackends), name_of);

// A send of the test, whose end notes how far the peer had come.
struct Send {
  explicit Send(std::size_t size) : buffer(pattern(size)) {}
  Buffer buffer;
  IrpCall call;
  std::size_t at_peer_then = 0;
};

CONFORMANCE_TEST(SendsEndAtTheKernel, ThePeerNeedNotHaveThem) {
  covers("S-001", "S-006");
  auto [connection, peer] = connect_pair();
  // The kernel holds more than what fits into the peer's window at first, so these sends end
  // though the peer reads nothing.
  std::size_t sent = 0;
  while (sent <= peer.waiting() || sent < kPiece) {
    connection.write(pattern(kPiece));
    sent += kPiece;
  }
  EXPECT_EQ(peer.receive(sent).size(), sent);
}

CONFORMANCE_TEST(SendsEndAtThePeer, ThePeerHasEachThatEnded) {
  covers("S-001", "S-006", "S-007");
  auto pair = connect_pair();
  Connection& connection = pair.first;
  Peer& peer = pair.second;
  std::atomic<std::size_t> read = 0;  // Or about to be.
  std::list<Send> sends;
  for (std::size_t i = 0; i < kPieces; ++i) {
    Send& send = sends.emplace_back(kPiece);
    send.call.on_completion([&] {
      const std::size_t waiting = peer.waiting();  // What is read after this is counted twice.
      send.at_peer_then = waiting + read;
    });
    send.call.start([&](PIRP irp) { return connection.send(send.buffer.whole(), 0, irp); });
  }
  std::string all;
  while (all.size() < kPiece * kPieces) {
    read += kPiece / 2;
    all += peer.receive(kPiece / 2);
  }
  std::size_t end = 0;
  for (Send& send : sends) {
    EXPECT_EQ(send.call.wait(), (Completed{STATUS_SUCCESS, kPiece}));
    end += kPiece;
    EXPECT_GE(send.at_peer_then, end);
  }
}

CONFORMANCE_TEST(SendsEndAtThePeer, WhatThePeerNeverGotFails) {
  covers("S-006", "S-011");
  auto pair = connect_pair();
  Connection& connection = pair.first;
  Peer& peer = pair.second;
  // More than the peer's window: it cannot all be acknowledged unless somebody reads.
  Send send(kMoreThanTheKernelTakes);
  send.call.start([&](PIRP irp) { return connection.send(send.buffer.whole(), 0, irp); });
  EXPECT_TRUE(send.call.returned_as(STATUS_PENDING));
  peer.reset();
  EXPECT_FALSE(NT_SUCCESS(send.call.wait().status));
}

CONFORMANCE_TEST(SendsEndAtThePeer, TheyCanBeCancelled) {
  covers("I-022", "S-006");
  auto pair = connect_pair();
  Connection& connection = pair.first;
  Peer& peer = pair.second;
  std::list<Send> sends;
  // The kernel has the first of these and waits for the peer, which reads nothing.
  for (std::size_t i = 0; i < kPieces; ++i) {
    Send& send = sends.emplace_back(kPiece);
    send.call.start([&](PIRP irp) { return connection.send(send.buffer.whole(), 0, irp); });
  }
  for (Send& send : sends) IoCancelIrp(send.call.irp());
  std::size_t sent = 0;
  bool one_was_cancelled = false;
  for (Send& send : sends) {
    const Completed completed = send.call.wait();
    one_was_cancelled |= completed.status == STATUS_CANCELLED;
    EXPECT_TRUE(completed.status == STATUS_CANCELLED || completed.status == STATUS_SUCCESS);
    sent += completed.information;
  }
  EXPECT_TRUE(one_was_cancelled);
  // What they say went out is what the peer gets, and the connection lives on.
  IrpCall disconnect;
  disconnect.start([&](PIRP irp) { return connection.disconnect(nullptr, 0, irp); });
  EXPECT_EQ(peer.receive_to_end().size(), sent);
  EXPECT_EQ(disconnect.wait(), (Completed{STATUS_SUCCESS, 0}));
}

CONFORMANCE_TEST(SendsEndAtThePeer, ADisconnectWithLastBytesEndsAfterThem) {
  covers("S-015", "S-017", "S-018");
  auto pair = connect_pair();
  Connection& connection = pair.first;
  Peer& peer = pair.second;
  Send first(1000);
  Send last(500);
  WSK_BUF last_bytes = last.buffer.whole();
  first.call.start([&](PIRP irp) { return connection.send(first.buffer.whole(), 0, irp); });
  last.call.on_completion([&] { last.at_peer_then = first.call.completed() ? 1 : 0; });
  last.call.start([&](PIRP irp) { return connection.disconnect(&last_bytes, 0, irp); });
  EXPECT_EQ(first.call.wait(), (Completed{STATUS_SUCCESS, 1000}));
  EXPECT_EQ(last.call.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(last.at_peer_then, 1u);
  EXPECT_EQ(peer.receive_to_end(), pattern(1000) + pattern(500));
}

}  // namespace
}  // namespace wskrun::tests
