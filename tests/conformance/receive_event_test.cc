// WskReceiveEvent: the page "Receiving Data over a Connection-Oriented Socket", by callback.
#include <atomic>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

RECEIVE_SUITE(ReceiveEvent);

RECEIVE_TEST(ReceiveEvent, IsCalledOnlyWhenEnabled) {
  covers("R-041", "R-074", "E-001", "E-016");
  auto [socket, peer] = connect_pair();
  peer.send("xabc");
  EXPECT_EQ(socket.read(1), "x");
  EXPECT_EQ(socket.events().receive_calls(), 0);

  socket.enable(WSK_EVENT_RECEIVE);  // What waits is indicated without more data.

  socket.events().wait_taken(3);
  EXPECT_EQ(socket.events().taken(), "abc");
}

RECEIVE_TEST(ReceiveEvent, GetsContextFlagsAndList) {
  covers("R-042", "R-043", "R-044", "R-047", "R-048", "R-049", "B-008", "IRQL-012");
  auto [socket, peer] = connect_pair();
  std::atomic<bool> sums_up{false};
  socket.events().answer([&](ReceiveCall& call) {
    SIZE_T sum = 0;
    for (PWSK_DATA_INDICATION i = call.list; i != nullptr; i = i->Next) {
      EXPECT_LE(i->Buffer.Offset + i->Buffer.Length, MmGetMdlByteCount(i->Buffer.Mdl));
      sum += i->Buffer.Length;
    }
    sums_up = sum == call.indicated;
    return STATUS_SUCCESS;
  });
  socket.enable(WSK_EVENT_RECEIVE);

  peer.send("hello");

  socket.events().wait_taken(5);
  const ReceiveCall call = socket.events().last_receive();
  EXPECT_EQ(call.context, &socket.events());
  EXPECT_EQ(call.flags & ~ULONG{WSK_FLAG_RELEASE_ASAP | WSK_FLAG_ENTIRE_MESSAGE |
                                WSK_FLAG_AT_DISPATCH_LEVEL},
            0u);
  EXPECT_EQ((call.flags & WSK_FLAG_AT_DISPATCH_LEVEL) != 0, call.irql == DISPATCH_LEVEL);
  EXPECT_LE(call.irql, DISPATCH_LEVEL);
  EXPECT_EQ(call.accepted_on_entry, call.indicated);
  EXPECT_TRUE(sums_up);
}

RECEIVE_TEST(ReceiveEvent, QueuedReceiveGoesFirst) {
  covers("R-038");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  socket.enable(WSK_EVENT_RECEIVE);
  Buffer buffer(3);
  IrpCall call;
  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), WSK_FLAG_WAITALL, irp); });

  peer.send("abcdef");

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 3}));
  EXPECT_EQ(buffer.bytes(), "abc");
  socket.events().wait_taken(3);
  EXPECT_EQ(socket.events().taken(), "def");
}

RECEIVE_TEST(ReceiveEvent, GoesOnAfterEachAcceptedList) {
  covers("R-053", "R-012");
  auto [socket, peer] = connect_pair();
  socket.enable(WSK_EVENT_RECEIVE);
  const std::string sent = pattern(500'000);

  peer.send(sent);

  socket.events().wait_taken(sent.size());
  EXPECT_EQ(socket.events().taken(), sent);
  EXPECT_FALSE(socket.events().overlapped());
}

RECEIVE_TEST(ReceiveEvent, StopsAfterPartialAcceptanceUntilReceive) {
  covers("R-054", "R-055", "R-064", "R-065", "R-066", "R-069");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  socket.events().answer([](ReceiveCall& call) {
    *call.accepted = 2;
    return STATUS_SUCCESS;
  });
  peer.send("abcdef");
  EXPECT_EQ(socket.read(1), "a");
  socket.enable(WSK_EVENT_RECEIVE);
  socket.events().wait_receive_calls(1);
  EXPECT_EQ(socket.events().taken(), "bc");
  socket.events().answer(ConnectionEvents::take_all());

  // Stopped: more bytes do not call it again. The peer's answer shows that they have arrived.
  peer.send("ghi");
  Buffer buffer(2);
  IrpCall call;
  EXPECT_EQ(socket.events().receive_calls(), 1);
  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 2}));
  EXPECT_EQ(buffer.bytes(), "de");
  socket.events().wait_taken(6);
  EXPECT_EQ(socket.events().taken(), "bcfghi");
}

RECEIVE_TEST(ReceiveEvent, AcceptingNothingStopsIt) {
  covers("R-056", "R-068", "R-064");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  socket.events().answer([](ReceiveCall& call) {
    *call.accepted = 0;
    return STATUS_SUCCESS;
  });
  socket.enable(WSK_EVENT_RECEIVE);
  peer.send("abc");
  socket.events().wait_receive_calls(1);
  EXPECT_EQ(socket.events().taken(), "");
  socket.events().answer(ConnectionEvents::take_all());

  WSK_BUF nothing = {nullptr, 0, 0};
  IrpCall call;
  call.start([&](PIRP irp) { return socket.receive(nothing, 0, irp); });

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  socket.events().wait_taken(3);
  EXPECT_EQ(socket.events().taken(), "abc");
}

RECEIVE_TEST(ReceiveEvent, AcceptingTooMuchMeansAll) {
  covers("R-057");
  auto [socket, peer] = connect_pair();
  socket.events().answer([](ReceiveCall& call) {
    const SIZE_T all = *call.accepted;
    *call.accepted = all + 100;
    return STATUS_SUCCESS;
  });
  socket.enable(WSK_EVENT_RECEIVE);

  peer.send("abc");
  socket.events().wait_receive_calls(1);
  peer.send("def");

  socket.events().wait_taken(6);
  EXPECT_EQ(socket.events().taken(), "abcdef");
}

RECEIVE_TEST(ReceiveEvent, RefusalKeepsEveryByteAndStopsIt) {
  covers("R-063", "R-058", "R-064", "R-065", "R-066");
  auto [socket, peer] = connect_pair();
  socket.events().answer([](ReceiveCall& call) {
    *call.accepted = 1;  // Ignored with this status.
    return STATUS_DATA_NOT_ACCEPTED;
  });
  socket.enable(WSK_EVENT_RECEIVE);
  peer.send("abc");
  socket.events().wait_receive_calls(1);
  socket.events().answer(ConnectionEvents::take_all());

  EXPECT_EQ(socket.read(2), "ab");

  socket.events().wait_taken(1);
  EXPECT_EQ(socket.events().taken(), "c");
}

RECEIVE_TEST(ReceiveEvent, AnotherStatusMeansRefusal) {
  covers("R-071", "R-058");
  auto [socket, peer] = connect_pair();
  socket.events().answer([](ReceiveCall&) { return STATUS_UNSUCCESSFUL; });
  socket.enable(WSK_EVENT_RECEIVE);
  wskrun_statistics before, after;
  wskrun_statistics_now(&before);

  peer.send("abc");
  socket.events().wait_receive_calls(1);

  EXPECT_EQ(socket.read(3), "abc");
  wskrun_statistics_now(&after);
  EXPECT_GT(after.mistakes, before.mistakes);
}

RECEIVE_TEST(ReceiveEvent, ReceiveInsideTheRefusingCallbackRestartsIt) {
  covers("R-067");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(2);
  IrpCall call;
  socket.events().answer([&](ReceiveCall&) {
    socket.events().answer(ConnectionEvents::take_all());
    call.start([&](PIRP irp) { return socket.receive(buffer.whole(), WSK_FLAG_WAITALL, irp); });
    EXPECT_TRUE(call.returned_as(STATUS_PENDING));
    return STATUS_DATA_NOT_ACCEPTED;
  });
  socket.enable(WSK_EVENT_RECEIVE);

  peer.send("abcd");

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 2}));
  EXPECT_EQ(buffer.bytes(), "ab");
  socket.events().wait_taken(2);
  EXPECT_EQ(socket.events().taken(), "cd");
}

RECEIVE_TEST(ReceiveEvent, StoppedPeerMeetsAClosedWindowAndLosesNothing) {
  covers("R-064", "R-012");
  auto [socket, peer] = connect_pair();
  socket.events().answer([](ReceiveCall&) { return STATUS_DATA_NOT_ACCEPTED; });
  socket.enable(WSK_EVENT_RECEIVE);
  const std::string sent = pattern(kMoreThanTheKernelTakes);
  peer.send("x");
  socket.events().wait_receive_calls(1);

  // What fits before the window closes is bounded, whatever the peer has to send.
  std::size_t fitted = 0;
  for (std::size_t step = 1; step > 0 && fitted < sent.size();) {
    step = peer.send_what_fits(std::string_view(sent).substr(fitted));
    fitted += step;
  }
  EXPECT_LT(fitted, sent.size());
  EXPECT_EQ(socket.events().receive_calls(), 1);
  EXPECT_EQ(socket.read(1), "x");

  std::string received = socket.read(fitted);
  EXPECT_TRUE(received == sent.substr(0, fitted));
}

RECEIVE_TEST(ReceiveEvent, CallsAreSerial) {
  covers("R-072");
  auto [socket, peer] = connect_pair();
  socket.enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
  const std::string sent = pattern(200'000);

  for (std::size_t i = 0; i < sent.size(); i += 1000) peer.send(sent.substr(i, 1000));
  peer.shutdown_send();

  socket.events().wait_disconnects(1);
  EXPECT_FALSE(socket.events().overlapped());
  EXPECT_EQ(socket.events().taken(), sent);
}

RECEIVE_TEST(ReceiveEvent, AllDataComesBeforeTheGracefulDisconnect) {
  covers("R-073", "R-029", "S-025", "S-026", "S-027", "S-029");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  std::atomic<std::size_t> taken_at_disconnect{0};
  socket.events().on_disconnect([&] { taken_at_disconnect = socket.events().taken().size(); });
  const std::string sent = pattern(300'000);
  socket.enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);

  peer.send(sent);
  peer.shutdown_send();

  socket.events().wait_disconnects(1);
  EXPECT_EQ(taken_at_disconnect, sent.size());
  EXPECT_EQ(socket.events().taken(), sent);
  EXPECT_EQ(socket.events().disconnects()[0].flags & WSK_FLAG_ABORTIVE, 0u);
  EXPECT_EQ(socket.events().dead_calls(), 0);
  // Sending still works.
  socket.write("answer");
  EXPECT_EQ(peer.receive(6), "answer");
  EXPECT_EQ(socket.events().disconnects().size(), 1u);
}

RECEIVE_TEST(ReceiveEvent, GracefulDisconnectWaitsWhileDataIsRefused) {
  covers("R-073", "S-030");
  auto [socket, peer] = connect_pair();
  socket.events().answer([](ReceiveCall&) { return STATUS_DATA_NOT_ACCEPTED; });
  socket.enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
  peer.send("abc");
  peer.shutdown_send();
  socket.events().wait_receive_calls(1);
  EXPECT_EQ(socket.events().disconnects().size(), 0u);

  EXPECT_EQ(socket.read(3), "abc");

  socket.events().wait_disconnects(1);
}

RECEIVE_TEST(ReceiveEvent, ResetIsToldOnce) {
  covers("R-050", "R-030", "S-026", "S-027", "S-029");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  socket.enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);

  peer.reset();

  socket.events().wait_dead_call();
  const ReceiveCall call = socket.events().last_receive();
  EXPECT_EQ(call.list, nullptr);
  EXPECT_EQ(call.indicated, 0u);
  ASSERT_EQ(socket.events().disconnects().size(), 1u);
  EXPECT_NE(socket.events().disconnects()[0].flags & WSK_FLAG_ABORTIVE, 0u);
  IrpCall later;
  Buffer buffer(1);
  later.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  EXPECT_EQ(later.wait(), (Completed{STATUS_FILE_FORCED_CLOSED, 0}));
  EXPECT_EQ(socket.events().dead_calls(), 1);
  EXPECT_EQ(socket.events().disconnects().size(), 1u);
}

RECEIVE_TEST(ReceiveEvent, ClosesInsideTheCallback) {
  covers("R-052", "X-013", "X-005", "R-051");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  IrpCall close;
  std::atomic<bool> closed_inside{false};
  socket.events().answer([&](ReceiveCall&) {
    close.start([&](PIRP irp) { return socket.close(irp); });
    closed_inside = close.completed();
    return STATUS_SUCCESS;
  });
  socket.enable(WSK_EVENT_RECEIVE);

  peer.send("abc");

  EXPECT_EQ((socket.events().wait_receive_calls(1), close.returned()), STATUS_PENDING);
  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_FALSE(closed_inside);
  EXPECT_FALSE(peer.ends_orderly());
}

RECEIVE_TEST(ReceiveEvent, AfterDisablingBytesWaitForReceive) {
  covers("R-075", "E-022", "E-026");
  auto [socket, peer] = connect_pair();
  socket.enable(WSK_EVENT_RECEIVE);
  peer.send("abc");
  socket.events().wait_taken(3);
  NTSTATUS disabled = socket.control_events(WSK_EVENT_RECEIVE | WSK_EVENT_DISABLE);
  EXPECT_TRUE(disabled == STATUS_SUCCESS || disabled == STATUS_EVENT_PENDING);

  peer.send("def");

  EXPECT_EQ(socket.read(3), "def");
  EXPECT_EQ(socket.events().taken(), "abc");
}

RECEIVE_TEST(ReceiveEvent, IsNotCalledAfterClose) {
  covers("X-006", "X-005");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  auto& events = socket.events();
  socket.enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
  peer.send("abc");
  events.wait_taken(3);
  IrpCall close;

  close.start([&](PIRP irp) { return socket.close(irp); });
  const int calls = (close.wait(), events.receive_calls());

  EXPECT_FALSE(peer.ends_orderly());
  EXPECT_EQ(events.receive_calls(), calls);
  EXPECT_EQ(events.disconnects().size(), 0u);
  EXPECT_EQ(events.dead_calls(), 0);
}

}  // namespace
}  // namespace wskrun::tests
