// WskReceive: the page "Receiving Data over a Connection-Oriented Socket", by IRP. On sockets the
// driver connected and on sockets it accepted.
#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

RECEIVE_SUITE(Receive);

RECEIVE_TEST(Receive, TakesBytesThatWaitAlready) {
  covers("R-001", "R-003", "R-037");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  peer.send("abc");
  // A receive that takes a first byte shows that the rest has come as well.
  EXPECT_EQ(socket.read(1), "a");
  Buffer buffer(16);
  IrpCall call;

  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });

  EXPECT_TRUE(call.returned_as(STATUS_SUCCESS));
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 2}));
  EXPECT_EQ(buffer.first(2), "bc");
  EXPECT_TRUE(buffer.guards_intact());
}

RECEIVE_TEST(Receive, PendsUntilBytesCome) {
  covers("R-001", "R-004", "R-010", "I-003");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(64);
  IrpCall call;

  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  EXPECT_TRUE(call.returned_as(STATUS_PENDING));
  EXPECT_FALSE(call.completed());
  peer.send("abc");

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 3}));
  EXPECT_EQ(buffer.first(3), "abc");
  EXPECT_TRUE(buffer.guards_intact());
}

RECEIVE_TEST(Receive, StoresAtOffsetAndThroughTheChain) {
  covers("R-011", "B-001", "B-005", "B-006", "B-009");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer{4, 0, 3, 8};
  IrpCall call;

  call.start([&](PIRP irp) { return socket.receive(buffer.part(2, 9), WSK_FLAG_WAITALL, irp); });
  peer.send("123456789ABC");

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 9}));
  EXPECT_EQ(buffer.bytes(),
            "\xA5\xA5"
            "123456789"
            "\xA5\xA5\xA5\xA5");
  EXPECT_TRUE(buffer.guards_intact());
  EXPECT_EQ(socket.read(3), "ABC");
}

RECEIVE_TEST(Receive, KeepsStreamOrderOverManyReads) {
  covers("R-012");
  auto [socket, peer] = connect_pair();
  const std::string sent = pattern(100'000);
  std::string received;
  std::size_t offset = 0;

  for (std::size_t step = 1; received.size() < sent.size(); step = step % 977 + 13) {
    const std::size_t size = std::min(step * 7, sent.size() - offset);
    peer.send(std::string_view(sent).substr(offset, size));
    offset += size;
    received += socket.read(std::min(step * 5, offset - received.size()));
    if (offset == sent.size()) received += socket.read(sent.size() - received.size());
  }

  EXPECT_EQ(received, sent);
}

RECEIVE_TEST(Receive, FillsQueuedReceivesInTheOrderOfTheCalls) {
  covers("R-013");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer first(3), second(3), third(3);
  IrpCall one, two, three;
  one.start([&](PIRP irp) { return socket.receive(first.whole(), WSK_FLAG_WAITALL, irp); });
  two.start([&](PIRP irp) { return socket.receive(second.whole(), WSK_FLAG_WAITALL, irp); });
  three.start([&](PIRP irp) { return socket.receive(third.whole(), WSK_FLAG_WAITALL, irp); });

  peer.send("aaabbbccc");

  EXPECT_EQ(one.wait(), (Completed{STATUS_SUCCESS, 3}));
  EXPECT_EQ(two.wait(), (Completed{STATUS_SUCCESS, 3}));
  EXPECT_EQ(three.wait(), (Completed{STATUS_SUCCESS, 3}));
  EXPECT_EQ(first.bytes() + second.bytes() + third.bytes(), "aaabbbccc");
}

RECEIVE_TEST(Receive, WaitAllFillsTheBuffer) {
  covers("R-014", "R-015", "R-025");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(6), probe(1);
  IrpCall call;
  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), WSK_FLAG_WAITALL, irp); });

  peer.send("abc");
  EXPECT_FALSE(call.completed());
  peer.send("defg");

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 6}));
  EXPECT_EQ(buffer.bytes(), "abcdef");
  EXPECT_EQ(socket.read(1), "g");
}

RECEIVE_TEST(Receive, WaitAllEndsShortWhenThePeerDisconnects) {
  covers("R-014", "R-016");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(6), none(6);
  IrpCall call, next;
  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), WSK_FLAG_WAITALL, irp); });
  next.start([&](PIRP irp) { return socket.receive(none.whole(), WSK_FLAG_WAITALL, irp); });

  peer.send("abc");
  peer.shutdown_send();

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 3}));
  EXPECT_EQ(buffer.first(3), "abc");
  EXPECT_EQ(next.wait(), (Completed{STATUS_SUCCESS, 0}));
}

RECEIVE_TEST(Receive, WaitAllFailsOnReset) {
  covers("R-014", "R-017", "R-030", "I-023");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(6);
  IrpCall call;
  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), WSK_FLAG_WAITALL, irp); });

  peer.send("abc");
  peer.reset();

  EXPECT_EQ(call.wait(), (Completed{STATUS_CONNECTION_RESET, 0}));
}

RECEIVE_TEST(Receive, WaitAllFailsOnLocalAbort) {
  covers("R-014", "R-017", "R-032", "S-022");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(6);
  IrpCall call, abort;
  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), WSK_FLAG_WAITALL, irp); });

  abort.start([&](PIRP irp) { return socket.disconnect(nullptr, WSK_FLAG_ABORTIVE, irp); });

  EXPECT_EQ(abort.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(call.wait(), (Completed{STATUS_CONNECTION_ABORTED, 0}));
  EXPECT_FALSE(peer.ends_orderly());
}

RECEIVE_TEST(Receive, CancelledWaitAllReportsTheBytesItTook) {
  covers("R-014", "R-018", "I-022");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(6);
  IrpCall call;
  peer.send("xabc");
  EXPECT_EQ(socket.read(1), "x");  // So "abc" has arrived, too.
  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), WSK_FLAG_WAITALL, irp); });

  IoCancelIrp(call.irp());

  const Completed completed = call.wait();
  EXPECT_EQ(completed.status, STATUS_CANCELLED);
  EXPECT_TRUE(completed.information == 3 || !calls_end_naturally());
  peer.send("def");
  EXPECT_EQ(buffer.first(completed.information) + socket.read(6 - completed.information), "abcdef");
}

RECEIVE_TEST(Receive, DrainDiscardsUntilThePeerDisconnects) {
  covers("R-019", "R-020", "R-021", "R-025");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(4);
  IrpCall call;
  call.start([&](PIRP irp) { return socket.receive(buffer.part(0, 0), WSK_FLAG_DRAIN, irp); });
  EXPECT_TRUE(call.returned_as(STATUS_PENDING));

  peer.send(pattern(1'000'000));  // More than all buffers on the way hold.
  EXPECT_FALSE(call.completed());
  peer.shutdown_send();

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(buffer.bytes(), std::string(4, Buffer::kUntouched));
}

RECEIVE_TEST(Receive, DrainEndedByResetOrCancelFails) {
  covers("R-019", "R-020");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(1);
  IrpCall cancelled, reset;
  cancelled.start([&](PIRP irp) { return socket.receive(buffer.part(0, 0), WSK_FLAG_DRAIN, irp); });
  reset.start([&](PIRP irp) { return socket.receive(buffer.part(0, 0), WSK_FLAG_DRAIN, irp); });

  IoCancelIrp(cancelled.irp());
  EXPECT_EQ(cancelled.wait(), (Completed{STATUS_CANCELLED, 0}));
  peer.reset();
  EXPECT_EQ(reset.wait(), (Completed{STATUS_CONNECTION_RESET, 0}));
}

RECEIVE_TEST(Receive, RefusesContradictoryArguments) {
  covers("R-007", "R-008", "R-009", "R-022", "R-024", "I-002", "B-003", "B-010");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(8);
  const auto& table = socket.dispatch();
  const WSK_BUF whole = buffer.whole(), empty = buffer.part(0, 0), beyond = buffer.part(4, 5),
                outside = buffer.part(9, 0 + 1);
  struct Row {
    const WSK_BUF* buffer;
    ULONG flags;
    NTSTATUS status;
  };
  const Row rows[] = {
      {&empty, WSK_FLAG_WAITALL | WSK_FLAG_DRAIN, STATUS_INVALID_PARAMETER},
      {&whole, WSK_FLAG_DRAIN, STATUS_INVALID_PARAMETER},
      {nullptr, WSK_FLAG_DRAIN, STATUS_INVALID_PARAMETER},
      {nullptr, 0, STATUS_INVALID_PARAMETER},
      {&beyond, 0, STATUS_INVALID_PARAMETER},
      {&outside, 0, STATUS_INVALID_PARAMETER},
      {&whole, 0x80, STATUS_NOT_SUPPORTED},
  };

  for (const Row& row : rows) {
    IrpCall call;
    call.start([&](PIRP irp) {
      return table.WskReceive(socket.socket(), const_cast<PWSK_BUF>(row.buffer), row.flags, irp);
    });
    EXPECT_TRUE(call.returned_as(row.status));
    EXPECT_EQ(call.wait(), (Completed{row.status, 0}));
    EXPECT_EQ(call.completions(), 1);
  }
  peer.send("still");
  EXPECT_EQ(socket.read(5), "still");
}

RECEIVE_TEST(Receive, WithoutAnIrpDoesNothing) {
  covers("I-024");
  auto [socket, peer] = connect_pair();
  Buffer buffer(8);

  EXPECT_EQ(socket.receive(buffer.whole(), 0, nullptr), STATUS_INVALID_PARAMETER);

  peer.send("abc");
  EXPECT_EQ(socket.read(3), "abc");
}

RECEIVE_TEST(Receive, ReadsTheWskBufDuringTheCallOnly) {
  covers("R-028");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(8);
  auto on_heap = std::make_unique<WSK_BUF>(buffer.whole());
  IrpCall call;
  call.start([&](PIRP irp) {
    return socket.dispatch().WskReceive(socket.socket(), on_heap.get(), 0, irp);
  });

  *on_heap = WSK_BUF{};
  on_heap.reset();
  peer.send("abc");

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 3}));
  EXPECT_EQ(buffer.first(3), "abc");
}

RECEIVE_TEST(Receive, AfterTheLastByteEveryReceiveEndsWithNothing) {
  covers("R-029");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer first(8), second(8), third(8);
  IrpCall one, two, three;
  one.start([&](PIRP irp) { return socket.receive(first.whole(), 0, irp); });
  two.start([&](PIRP irp) { return socket.receive(second.whole(), 0, irp); });

  peer.send("end");
  EXPECT_EQ(one.wait(), (Completed{STATUS_SUCCESS, 3}));
  peer.shutdown_send();

  EXPECT_EQ(two.wait(), (Completed{STATUS_SUCCESS, 0}));
  three.start([&](PIRP irp) { return socket.receive(third.whole(), 0, irp); });
  EXPECT_TRUE(three.returned_as(STATUS_SUCCESS));
  EXPECT_EQ(three.wait(), (Completed{STATUS_SUCCESS, 0}));
}

RECEIVE_TEST(Receive, ResetFailsQueuedReceivesAndThenRefusesCalls) {
  covers("R-005", "R-030", "I-027", "S-011");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(8), data("abc");
  IrpCall one, two, later, send;
  one.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  two.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });

  peer.reset();

  EXPECT_EQ(one.wait(), (Completed{STATUS_CONNECTION_RESET, 0}));
  EXPECT_EQ(two.wait(), (Completed{STATUS_CONNECTION_RESET, 0}));
  later.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  EXPECT_TRUE(later.returned_as(STATUS_FILE_FORCED_CLOSED));
  EXPECT_EQ(later.wait(), (Completed{STATUS_FILE_FORCED_CLOSED, 0}));
  send.start([&](PIRP irp) { return socket.send(data.whole(), 0, irp); });
  EXPECT_EQ(send.wait(), (Completed{STATUS_FILE_FORCED_CLOSED, 0}));
}

RECEIVE_TEST(Receive, GoesOnAfterOwnGracefulDisconnect) {
  covers("R-031", "S-019", "S-017");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;

  socket.disconnect();
  EXPECT_EQ(peer.receive_to_end(), "");
  peer.send("late");
  EXPECT_EQ(socket.read(4), "late");
  peer.shutdown_send();

  Buffer buffer(1);
  IrpCall call;
  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
}

RECEIVE_TEST(Receive, NothingIsReceivedAfterOwnAbort) {
  covers("R-032", "S-022", "S-011");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Buffer buffer(8);
  IrpCall abort, call;

  abort.start([&](PIRP irp) { return socket.disconnect(nullptr, WSK_FLAG_ABORTIVE, irp); });
  EXPECT_EQ(abort.wait(), (Completed{STATUS_SUCCESS, 0}));

  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_FILE_FORCED_CLOSED, 0}));
}

RECEIVE_TEST(Receive, CloseCancelsQueuedReceives) {
  covers("R-033", "X-003", "X-004", "X-006");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(8);
  IrpCall one, two, close;
  one.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  two.start([&](PIRP irp) { return socket.receive(buffer.whole(), WSK_FLAG_WAITALL, irp); });
  bool receives_first = false;
  close.on_completion([&] { receives_first = one.completed() && two.completed(); });

  close.start([&](PIRP irp) { return socket.close(irp); });

  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(one.wait(), (Completed{STATUS_CANCELLED, 0}));
  EXPECT_EQ(two.wait(), (Completed{STATUS_CANCELLED, 0}));
  EXPECT_TRUE(receives_first);
  EXPECT_FALSE(peer.ends_orderly());
}

RECEIVE_TEST(Receive, CancelLosesNoByte) {
  covers("R-034", "I-022");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer first(8), second(8);
  IrpCall one, two;
  one.start([&](PIRP irp) { return socket.receive(first.whole(), 0, irp); });
  two.start([&](PIRP irp) { return socket.receive(second.whole(), 0, irp); });

  EXPECT_TRUE(IoCancelIrp(one.irp()));

  EXPECT_EQ(one.wait(), (Completed{STATUS_CANCELLED, 0}));
  EXPECT_FALSE(two.completed());
  peer.send("abc");
  EXPECT_EQ(two.wait(), (Completed{STATUS_SUCCESS, 3}));
  EXPECT_EQ(second.first(3), "abc");
}

RECEIVE_TEST(Receive, AnIrpCancelledBeforeTheCallIsNotQueued) {
  covers("I-022", "R-034");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(8);
  IrpCall call;

  call.start([&](PIRP irp) {
    irp->Cancel = TRUE;
    return socket.receive(buffer.whole(), 0, irp);
  });

  EXPECT_EQ(call.wait(), (Completed{STATUS_CANCELLED, 0}));
  peer.send("abc");
  EXPECT_EQ(socket.read(3), "abc");
}

RECEIVE_TEST(Receive, CancelRacingWithBytesLosesNothing) {
  covers("R-034", "R-012", "I-002");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  constexpr int kRounds = 300;
  std::string received;

  for (int round = 0; round < kRounds; ++round) {
    Buffer buffer(4);
    IrpCall call;
    call.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
    peer.send(std::string(1, static_cast<char>('a' + round % 26)));
    IoCancelIrp(call.irp());
    const Completed completed = call.wait();
    EXPECT_TRUE(completed.status == STATUS_SUCCESS || completed == (Completed{STATUS_CANCELLED, 0}))
        << completed;
    EXPECT_EQ(call.completions(), 1);
    if (completed.status == STATUS_SUCCESS) received += buffer.first(completed.information);
  }

  received += socket.read(kRounds - received.size());
  for (int round = 0; round < kRounds; ++round) ASSERT_EQ(received[round], 'a' + round % 26);
}

RECEIVE_TEST(Receive, ZeroLengthCompletesAtOnceAndTakesNothing) {
  covers("R-035", "R-036", "B-001");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  WSK_BUF nothing = {nullptr, 0, 0};
  IrpCall call, with_data;

  call.start([&](PIRP irp) { return socket.receive(nothing, 0, irp); });
  EXPECT_TRUE(call.returned_as(STATUS_SUCCESS));
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));

  peer.send("abc");
  EXPECT_EQ(socket.read(1), "a");
  with_data.start([&](PIRP irp) { return socket.receive(nothing, WSK_FLAG_WAITALL, irp); });
  EXPECT_EQ(with_data.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(socket.read(2), "bc");
}

RECEIVE_TEST(Receive, PendingReturnedSaysWhatTheCallReturned) {
  covers("I-002", "I-003", "I-004", "I-005", "IRQL-013");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(1);
  IrpCall pended, direct;
  pended.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  peer.send("ab");
  EXPECT_EQ(pended.wait(), (Completed{STATUS_SUCCESS, 1}));
  EXPECT_TRUE(pended.returned_as(STATUS_PENDING));
  EXPECT_TRUE(pended.pending_returned());
  EXPECT_LE(pended.irql(), DISPATCH_LEVEL);

  direct.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  EXPECT_TRUE(direct.returned_as(STATUS_SUCCESS));
  EXPECT_EQ(direct.wait(), (Completed{STATUS_SUCCESS, 1}));  // Which compares what it returned.
}

CONFORMANCE_SUITE(ReceiveStates);

CONFORMANCE_TEST(ReceiveStates, NeedsAConnection) {
  covers("R-002", "I-023");
  Connection socket = new_connection();
  Buffer buffer(8);
  IrpCall call, bind;

  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  EXPECT_TRUE(call.returned_as(STATUS_INVALID_DEVICE_STATE));
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));

  Sockaddr local = wildcard(0);
  bind.start([&](PIRP irp) { return socket.bind(local.get(), 0, irp); });
  EXPECT_EQ(bind.wait(), (Completed{STATUS_SUCCESS, 0}));
  call.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
}

}  // namespace
}  // namespace wskrun::tests
