// WskSend.
#include <cstring>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

RECEIVE_SUITE(Send);

RECEIVE_TEST(Send, SendsExactlyTheBytes) {
  covers("S-001", "S-003", "B-005", "B-006", "B-009", "I-023");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer("0123456789");
  IrpCall call;

  call.start([&](PIRP irp) { return socket.send(buffer.part(2, 5), 0, irp); });

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 5}));
  EXPECT_EQ(peer.receive(5), "23456");
  EXPECT_EQ(peer.waiting(), 0u);
  EXPECT_TRUE(buffer.guards_intact());
}

RECEIVE_TEST(Send, FollowsLongChains) {
  covers("S-001", "B-001", "B-006", "S-008");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  std::string expected;
  Buffer chain{3, 0, 1, 4096, 7, 0, 2, 1, 65536, 5};
  WSK_BUF whole = chain.whole();
  // Filled in place, as a driver does.
  std::size_t position = 0;
  for (PMDL mdl = whole.Mdl; mdl != nullptr; mdl = mdl->Next) {
    const std::string bytes = pattern(MmGetMdlByteCount(mdl), position);
    position += bytes.size();
    expected += bytes;
    if (bytes.empty()) continue;
    std::memcpy(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), bytes.data(), bytes.size());
  }
  IrpCall call;

  call.start([&](PIRP irp) { return socket.send(whole, 0, irp); });

  EXPECT_EQ(peer.receive(expected.size()), expected);
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, expected.size()}));
}

RECEIVE_TEST(Send, CompletesOnlyWhenAllIsSent) {
  covers("S-006", "S-001");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  const std::string sent = pattern(kMoreThanTheKernelTakes);  // More than the kernel takes at once.
  Buffer buffer(sent);
  IrpCall call;

  call.start([&](PIRP irp) { return socket.send(buffer.whole(), 0, irp); });
  EXPECT_TRUE(call.returned_as(STATUS_PENDING));
  EXPECT_EQ(peer.receive(1 << 16), sent.substr(0, 1 << 16));
  EXPECT_FALSE(call.completed());

  EXPECT_TRUE(peer.receive(sent.size() - (1 << 16)) == sent.substr(1 << 16));
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, sent.size()}));
}

RECEIVE_TEST(Send, GoesOutInTheOrderOfTheCalls) {
  covers("S-007");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  constexpr int kSends = 200;
  std::vector<std::unique_ptr<Buffer>> buffers;
  std::vector<std::unique_ptr<IrpCall>> calls;
  std::string expected;
  for (int i = 0; i < kSends; ++i) {
    const std::string bytes = pattern(1 + i * 97 % 5000, expected.size());
    expected += bytes;
    buffers.push_back(std::make_unique<Buffer>(std::string_view(bytes)));
    calls.push_back(std::make_unique<IrpCall>());
  }

  for (int i = 0; i < kSends; ++i) {
    calls[i]->start([&](PIRP irp) { return socket.send(buffers[i]->whole(), 0, irp); });
  }

  EXPECT_EQ(peer.receive(expected.size()), expected);
  for (int i = 0; i < kSends; ++i) EXPECT_EQ(calls[i]->wait().status, STATUS_SUCCESS);
}

RECEIVE_TEST(Send, NoDelayIsSupported) {
  covers("S-003", "S-004");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  for (const char* word : {"a", "b", "c"}) {
    Buffer buffer{std::string_view(word)};
    IrpCall call;
    call.start([&](PIRP irp) { return socket.send(buffer.whole(), WSK_FLAG_NODELAY, irp); });
    EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 1}));
  }
  EXPECT_EQ(peer.receive(3), "abc");
}

RECEIVE_TEST(Send, NothingToSendSucceeds) {
  covers("S-009", "B-001");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  IrpCall call;
  call.start([&](PIRP irp) { return socket.send(WSK_BUF{nullptr, 0, 0}, 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  socket.disconnect();
  EXPECT_EQ(peer.receive_to_end(), "");
}

RECEIVE_TEST(Send, RefusesWhatItCannotSend) {
  covers("S-003", "B-002", "B-003", "B-010", "I-024", "I-002");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer("abc");
  IrpCall call;
  call.start([&](PIRP irp) { return socket.send(buffer.whole(), 0x80, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_NOT_SUPPORTED, 0}));
  call.start([&](PIRP irp) { return socket.send(buffer.part(1, 3), 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_PARAMETER, 0}));
  call.start([&](PIRP irp) { return socket.send(buffer.part(4, 1), 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_PARAMETER, 0}));
  call.start([&](PIRP irp) { return socket.dispatch().WskSend(socket.socket(), nullptr, 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_PARAMETER, 0}));
  EXPECT_EQ(socket.send(buffer.whole(), 0, nullptr), STATUS_INVALID_PARAMETER);
  socket.disconnect();
  EXPECT_EQ(peer.receive_to_end(), "");
}

RECEIVE_TEST(Send, CapturesTheWskBuf) {
  covers("S-008");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  const std::string sent = pattern(std::size_t{8} << 20);
  Buffer buffer(sent);
  auto on_heap = std::make_unique<WSK_BUF>(buffer.whole());
  IrpCall call;
  call.start(
      [&](PIRP irp) { return socket.dispatch().WskSend(socket.socket(), on_heap.get(), 0, irp); });
  *on_heap = WSK_BUF{};
  on_heap.reset();
  EXPECT_TRUE(peer.receive(sent.size()) == sent);
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, sent.size()}));
}

RECEIVE_TEST(Send, WorksAfterThePeersGracefulDisconnect) {
  covers("S-010", "S-027");
  auto [socket, peer] = connect_pair();
  socket.enable(WSK_EVENT_DISCONNECT);
  peer.shutdown_send();
  socket.events().wait_disconnects(1);
  socket.write("answer");
  EXPECT_EQ(peer.receive(6), "answer");
}

RECEIVE_TEST(Send, FailsAfterOwnGracefulDisconnect) {
  covers("S-011");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  socket.disconnect();
  Buffer buffer("late");
  IrpCall call;
  call.start([&](PIRP irp) { return socket.send(buffer.whole(), 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
  EXPECT_EQ(peer.receive_to_end(), "");
}

// A send that stays pending, because the peer reads nothing.
struct StuckSend {
  explicit StuckSend(const Connection& socket) : buffer(kMoreThanTheKernelTakes) {
    call.start([&](PIRP irp) { return socket.send(buffer.whole(), 0, irp); });
  }
  Buffer buffer;
  IrpCall call;
};

RECEIVE_TEST(Send, PendingOnesAreCancelledByAbort) {
  covers("S-022", "S-011");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  StuckSend first(socket), second(socket);
  IrpCall abort;
  abort.start([&](PIRP irp) { return socket.disconnect(nullptr, WSK_FLAG_ABORTIVE, irp); });
  EXPECT_EQ(abort.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(first.call.wait().status, STATUS_CANCELLED);
  EXPECT_EQ(second.call.wait(), (Completed{STATUS_CANCELLED, 0}));
  EXPECT_FALSE(peer.ends_orderly());
}

RECEIVE_TEST(Send, PendingOnesAreCancelledByClose) {
  covers("X-004", "X-006", "X-009");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  StuckSend first(socket), second(socket);
  IrpCall close;
  bool sends_first = false;
  close.on_completion([&] { sends_first = first.call.completed() && second.call.completed(); });
  close.start([&](PIRP irp) { return socket.close(irp); });
  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_TRUE(sends_first);
  EXPECT_EQ(first.call.wait().status, STATUS_CANCELLED);
  EXPECT_EQ(second.call.wait(), (Completed{STATUS_CANCELLED, 0}));
  EXPECT_FALSE(peer.ends_orderly());
}

RECEIVE_TEST(Send, PendingOnesFailWhenThePeerResets) {
  covers("S-011", "R-030");
  auto [socket, peer] = connect_pair();
  StuckSend stuck(socket);
  peer.reset();
  EXPECT_EQ(stuck.call.wait(), (Completed{STATUS_CONNECTION_RESET, 0}));
}

RECEIVE_TEST(Send, CancelTakesBackWhatHasNotGone) {
  covers("I-022", "X-004");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  StuckSend stuck(socket);
  Buffer buffer("next");
  IrpCall waiting;
  waiting.start([&](PIRP irp) { return socket.send(buffer.whole(), 0, irp); });

  EXPECT_TRUE(IoCancelIrp(stuck.call.irp()));
  const Completed cancelled = stuck.call.wait();

  EXPECT_EQ(cancelled.status, STATUS_CANCELLED);
  EXPECT_LT(cancelled.information, kMoreThanTheKernelTakes);
  // The stream goes on right after the bytes that had gone out.
  EXPECT_EQ(peer.receive(cancelled.information),
            std::string(cancelled.information, Buffer::kUntouched));
  EXPECT_EQ(peer.receive(4), "next");
  EXPECT_EQ(waiting.wait(), (Completed{STATUS_SUCCESS, 4}));
}

RECEIVE_TEST(Send, AQueuedOneIsCancelledWhole) {
  covers("I-022");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  StuckSend stuck(socket);
  Buffer buffer("never");
  IrpCall queued;
  queued.start([&](PIRP irp) { return socket.send(buffer.whole(), 0, irp); });
  EXPECT_TRUE(IoCancelIrp(queued.irp()));
  EXPECT_EQ(queued.wait(), (Completed{STATUS_CANCELLED, 0}));
  EXPECT_TRUE(peer.receive(kMoreThanTheKernelTakes) ==
              std::string(kMoreThanTheKernelTakes, Buffer::kUntouched));
  EXPECT_EQ(stuck.call.wait().status, STATUS_SUCCESS);
  socket.disconnect();
  EXPECT_EQ(peer.receive_to_end(), "");
}

RECEIVE_TEST(Send, AndReceiveTogether) {
  covers("I-014", "S-001");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer in(16), out("to the peer");
  IrpCall receive, send;
  receive.start([&](PIRP irp) { return socket.receive(in.whole(), 0, irp); });
  send.start([&](PIRP irp) { return socket.send(out.whole(), 0, irp); });
  EXPECT_EQ(peer.receive(11), "to the peer");
  peer.send("back");
  EXPECT_EQ(send.wait(), (Completed{STATUS_SUCCESS, 11}));
  EXPECT_EQ(receive.wait(), (Completed{STATUS_SUCCESS, 4}));
}

CONFORMANCE_SUITE(SendStates);

CONFORMANCE_TEST(SendStates, NeedsAConnection) {
  covers("S-002", "S-013");
  Connection socket = new_connection();
  Buffer buffer("abc");
  IrpCall call;
  call.start([&](PIRP irp) { return socket.send(buffer.whole(), 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
  call.start([&](PIRP irp) { return socket.disconnect(nullptr, 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
}

}  // namespace
}  // namespace wskrun::tests
