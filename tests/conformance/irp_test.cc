// What becomes of an IRP: the walk up its stack, freeing and reusing it in its completion routine,
// memory of the driver's own. The plain case, one call and one routine, is in every other test.
#include <atomic>
#include <memory>
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(Irps);

enum Invoke : unsigned { kOnSuccess = 1, kOnError = 2, kOnCancel = 4, kAlways = 7 };

// A driver in the stack of an IRP: its completion routine, and what that saw.
struct Layer {
  NTSTATUS answer = STATUS_SUCCESS;

  int calls = 0;
  int turn = 0;  // Which routine of the IRP it was: 1 is the first.
  Completed completed;
  BOOLEAN pending_returned = FALSE;
};

// An IRP as an upper driver hands it down: three stack locations, of which the upper driver's
// routine has the first, and this driver's routine, if there is one, the second; WSK gets that.
class HandedDownIrp {
 public:
  HandedDownIrp() : irp_(IoAllocateIrp(3, FALSE)) {
    KeInitializeEvent(&complete_, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp_, on_upper, this, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp_);  // From here on the IRP is this driver's.
  }
  ~HandedDownIrp() { IoFreeIrp(irp_); }
  HandedDownIrp(const HandedDownIrp&) = delete;
  HandedDownIrp& operator=(const HandedDownIrp&) = delete;

  void set_routine(unsigned invoke, NTSTATUS answer = STATUS_SUCCESS) {
    own.answer = answer;
    IoSetCompletionRoutine(irp_, on_own, this, (invoke & kOnSuccess) != 0, (invoke & kOnError) != 0,
                           (invoke & kOnCancel) != 0);
  }
  NTSTATUS receive(const Connection& connection, const Buffer& buffer) {
    return connection.receive(buffer.whole(), 0, irp_);
  }
  void wait() { wait_for_event(complete_, "the upper driver's completion routine"); }
  void wait_own() {
    own_called_.wait("the completion routine", [&] { return own.calls > 0; });
  }
  PIRP irp() { return irp_; }

  Layer upper, own;

 private:
  static NTSTATUS on_own(PDEVICE_OBJECT, PIRP irp, PVOID context) {
    auto& self = *static_cast<HandedDownIrp*>(context);
    if (irp->PendingReturned && self.own.answer != STATUS_MORE_PROCESSING_REQUIRED) {
      IoMarkIrpPending(irp);
    }
    self.own_called_.note([&] { self.saw(self.own, irp); });
    return self.own.answer;
  }
  static NTSTATUS on_upper(PDEVICE_OBJECT, PIRP irp, PVOID context) {
    auto& self = *static_cast<HandedDownIrp*>(context);
    self.saw(self.upper, irp);
    KeSetEvent(&self.complete_, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
  }
  void saw(Layer& layer, PIRP irp) {
    ++layer.calls;
    layer.turn = ++turns_;
    layer.completed = {irp->IoStatus.Status, irp->IoStatus.Information};
    layer.pending_returned = irp->PendingReturned;
  }

  PIRP irp_;
  KEVENT complete_;
  EventLog own_called_;
  int turns_ = 0;
};

// ---- handed down by an upper driver

CONFORMANCE_TEST(Irps, AHandedDownIrpNeedsNoRoutine) {
  covers("I-015", "I-008");
  auto [socket, peer] = connect_pair();
  Buffer buffer(16);
  HandedDownIrp pended, at_once;

  EXPECT_EQ(pended.receive(socket, buffer), STATUS_PENDING);
  peer.send("xabc");
  pended.wait();
  EXPECT_EQ(pended.upper.completed.status, STATUS_SUCCESS);
  EXPECT_EQ(pended.upper.calls, 1);
  EXPECT_TRUE(pended.upper.pending_returned);  // Carried up, as nobody else could.

  const NTSTATUS returned = socket.receive({nullptr, 0, 0}, 0, at_once.irp());
  at_once.wait();
  EXPECT_EQ(at_once.upper.calls, 1);
  EXPECT_EQ(at_once.upper.completed, (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(at_once.upper.pending_returned, returned == STATUS_PENDING);
  EXPECT_TRUE(returned == STATUS_SUCCESS || !calls_end_naturally());
}

CONFORMANCE_TEST(Irps, CompletionContinuesUpwardAfterTheRoutine) {
  covers("I-016", "I-019");
  auto [socket, peer] = connect_pair();
  Buffer buffer(16);
  HandedDownIrp call;
  call.set_routine(kAlways);

  EXPECT_EQ(call.receive(socket, buffer), STATUS_PENDING);
  peer.send("abc");
  call.wait();

  EXPECT_EQ(call.own.turn, 1);
  EXPECT_EQ(call.upper.turn, 2);
  EXPECT_EQ(call.own.completed, (Completed{STATUS_SUCCESS, 3}));
  EXPECT_EQ(call.upper.completed, (Completed{STATUS_SUCCESS, 3}));
  EXPECT_TRUE(call.own.pending_returned);
  EXPECT_TRUE(call.upper.pending_returned);
}

CONFORMANCE_TEST(Irps, TheRoutineMayKeepTheIrpAndCompleteItLater) {
  covers("I-016", "I-017");
  auto [socket, peer] = connect_pair();
  Buffer buffer(16);
  HandedDownIrp call;
  call.set_routine(kAlways, STATUS_MORE_PROCESSING_REQUIRED);
  IoMarkIrpPending(call.irp());  // What a driver does that keeps an IRP.

  EXPECT_EQ(call.receive(socket, buffer), STATUS_PENDING);
  peer.send("abc");
  call.wait_own();
  EXPECT_EQ(call.upper.calls, 0);

  call.irp()->IoStatus.Status = STATUS_END_OF_FILE;
  IoCompleteRequest(call.irp(), IO_NO_INCREMENT);

  EXPECT_EQ(call.upper.calls, 1);
  EXPECT_EQ(call.upper.completed, (Completed{STATUS_END_OF_FILE, 3}));
  EXPECT_EQ(call.own.calls, 1);
}

CONFORMANCE_TEST(Irps, RoutinesRunForTheResultsTheyAskedFor) {
  covers("I-020");
  auto [socket, peer] = connect_pair();
  WSK_BUF nothing = {nullptr, 0, 0};
  WSK_BUF too_long = {nullptr, 0, 1};
  struct Case {
    unsigned invoke;
    PWSK_BUF buffer;
    int calls;
  };
  for (const Case& each : {Case{kOnSuccess, &nothing, 1}, Case{kOnSuccess, &too_long, 0},
                           Case{kOnError, &nothing, 0}, Case{kOnError, &too_long, 1},
                           Case{kOnCancel, &nothing, 0}, Case{kOnCancel, &too_long, 0}}) {
    HandedDownIrp call;
    call.set_routine(each.invoke);

    socket.receive(*each.buffer, 0, call.irp());

    call.wait();
    EXPECT_EQ(call.own.calls, each.calls) << each.invoke;
    EXPECT_EQ(call.upper.calls, 1);
  }
}

CONFORMANCE_TEST(Irps, ASkippedRoutineStillCarriesThePendingFlagUp) {
  covers("I-020", "I-005");
  auto [socket, peer] = connect_pair();
  Buffer buffer(16);
  HandedDownIrp call;
  call.set_routine(kOnSuccess);
  EXPECT_EQ(call.receive(socket, buffer), STATUS_PENDING);

  peer.reset();
  call.wait();

  EXPECT_EQ(call.own.calls, 0);
  EXPECT_EQ(call.upper.completed, (Completed{STATUS_CONNECTION_RESET, 0}));
  EXPECT_TRUE(call.upper.pending_returned);
}

CONFORMANCE_TEST(Irps, ARoutineForCancellationRunsWhenTheIrpWasCancelled) {
  covers("I-020", "I-022");
  auto [socket, peer] = connect_pair();
  Buffer buffer(16);
  HandedDownIrp call;
  call.set_routine(kOnCancel);
  EXPECT_EQ(call.receive(socket, buffer), STATUS_PENDING);

  EXPECT_TRUE(IoCancelIrp(call.irp()));
  call.wait();

  EXPECT_EQ(call.own.calls, 1);
  EXPECT_EQ(call.own.completed, (Completed{STATUS_CANCELLED, 0}));
}

// ---- the driver's own

// A receive that frees its IRP in the completion routine.
struct FreedInRoutine {
  static NTSTATUS on_complete(PDEVICE_OBJECT, PIRP irp, PVOID context) {
    auto& self = *static_cast<FreedInRoutine*>(context);
    self.completed = {irp->IoStatus.Status, irp->IoStatus.Information};
    IoFreeIrp(irp);
    KeSetEvent(&self.done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
  }
  Completed receive(const Connection& connection, const Buffer& buffer, Peer* peer = nullptr) {
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetCompletionRoutine(irp, on_complete, this, TRUE, TRUE, TRUE);
    connection.receive(buffer.whole(), WSK_FLAG_WAITALL, irp);
    if (peer != nullptr) peer->send("z");
    wait_for_event(done, "a completion");
    return completed;
  }

  KEVENT done;
  Completed completed;
};

CONFORMANCE_TEST(Irps, MayBeFreedInTheCompletionRoutine) {
  covers("I-012", "I-001");
  auto [socket, peer] = connect_pair();
  Buffer buffer(1);
  FreedInRoutine call;
  peer.send("ab");
  EXPECT_EQ(socket.read(1), "a");

  EXPECT_EQ(call.receive(socket, buffer), (Completed{STATUS_SUCCESS, 1}));         // At once.
  EXPECT_EQ(call.receive(socket, buffer, &peer), (Completed{STATUS_SUCCESS, 1}));  // Pended.
  EXPECT_EQ(buffer.bytes(), "z");
}

// Receives byte after byte, each WskReceive made in the completion routine of the one before.
struct Chain {
  static NTSTATUS on_complete(PDEVICE_OBJECT, PIRP irp, PVOID context) {
    auto& self = *static_cast<Chain*>(context);
    if (irp->IoStatus.Status == STATUS_SUCCESS && irp->IoStatus.Information == 1) {
      self.received += self.buffer.bytes();
      if (self.received.size() < self.wanted) {
        IoReuseIrp(irp, STATUS_SUCCESS);
        self.receive(irp);
        return STATUS_MORE_PROCESSING_REQUIRED;
      }
    }
    KeSetEvent(&self.done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
  }
  void receive(PIRP irp) {
    IoSetCompletionRoutine(irp, on_complete, this, TRUE, TRUE, TRUE);
    socket.receive(buffer.whole(), 0, irp);
  }

  const Connection& socket;
  std::size_t wanted;
  Buffer buffer{1};
  std::string received{};
  KEVENT done{};
};

CONFORMANCE_TEST(Irps, MayBeReusedForANewRequestInTheCompletionRoutine) {
  covers("I-013", "I-021", "I-009");
  auto [socket, peer] = connect_pair();
  const std::string sent = pattern(200);
  Chain chain{socket, sent.size()};
  KeInitializeEvent(&chain.done, NotificationEvent, FALSE);
  PIRP irp = IoAllocateIrp(1, FALSE);

  chain.receive(irp);
  peer.send(std::string_view(sent).substr(0, 1));
  peer.send(std::string_view(sent).substr(1));
  wait_for_event(chain.done, "the last byte");

  EXPECT_EQ(chain.received, sent);
  IoFreeIrp(irp);
}

CONFORMANCE_TEST(Irps, MayLieInTheDriversOwnMemory) {
  covers("I-007", "I-013");
  struct Context {
    KEVENT done;
    Completed completed;
    alignas(16) unsigned char memory[sizeof(IRP) + 2 * sizeof(IO_STACK_LOCATION)];
  };
  auto [socket, peer] = connect_pair();
  Buffer buffer(3);
  auto context = std::make_unique<Context>();
  KeInitializeEvent(&context->done, SynchronizationEvent, FALSE);
  auto* irp = reinterpret_cast<PIRP>(context->memory);
  IoInitializeIrp(irp, IoSizeOfIrp(2), 2);

  for (const char* text : {"abc", "def"}) {
    IoSetCompletionRoutine(
        irp,
        [](PDEVICE_OBJECT, PIRP done, PVOID its_context) -> NTSTATUS {
          auto& self = *static_cast<Context*>(its_context);
          self.completed = {done->IoStatus.Status, done->IoStatus.Information};
          KeSetEvent(&self.done, IO_NO_INCREMENT, FALSE);
          return STATUS_MORE_PROCESSING_REQUIRED;
        },
        context.get(), TRUE, TRUE, TRUE);
    socket.receive(buffer.whole(), WSK_FLAG_WAITALL, irp);
    peer.send(text);
    wait_for_event(context->done, "a completion");
    EXPECT_EQ(context->completed, (Completed{STATUS_SUCCESS, 3}));
    EXPECT_EQ(buffer.bytes(), text);
    IoReuseIrp(irp, STATUS_SUCCESS);
  }
}

CONFORMANCE_TEST(Irps, HaveTheirStackLocationsBackAfterCompletion) {
  covers("I-008", "I-016");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  IrpCall call;
  const CHAR location = call.irp()->CurrentLocation;
  PIO_STACK_LOCATION const next = IoGetNextIrpStackLocation(call.irp());

  call.start([&](PIRP irp) { return socket.receive({nullptr, 0, 0}, 0, irp); });
  call.wait();

  EXPECT_EQ(call.irp()->CurrentLocation, location);
  EXPECT_EQ(IoGetNextIrpStackLocation(call.irp()), next);
}

CONFORMANCE_TEST(Irps, TheSocketMayBeClosedInACompletionRoutine) {
  covers("I-021", "X-003");
  auto [socket, peer] = connect_pair();
  Buffer first(16), second(16);
  IrpCall receive, queued, close;
  receive.on_completion(
      [&, &socket = socket] { close.start([&](PIRP irp) { return socket.close(irp); }); });
  receive.start([&, &socket = socket](PIRP irp) { return socket.receive(first.whole(), 0, irp); });
  queued.start([&, &socket = socket](PIRP irp) { return socket.receive(second.whole(), 0, irp); });

  peer.send("abc");

  EXPECT_EQ(receive.wait(), (Completed{STATUS_SUCCESS, 3}));
  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(queued.wait(), (Completed{STATUS_CANCELLED, 0}));
}

CONFORMANCE_TEST(Irps, CancellingACompletedIrpDoesNothing) {
  covers("I-022");
  auto [socket, peer] = connect_pair();
  Buffer buffer(3);
  IrpCall call;
  call.start([&, &socket = socket](PIRP irp) {
    return socket.receive(buffer.whole(), WSK_FLAG_WAITALL, irp);
  });
  peer.send("abc");
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 3}));

  EXPECT_FALSE(IoCancelIrp(call.irp()));

  EXPECT_EQ(call.completions(), 1);
  peer.send("d");
  EXPECT_EQ(socket.read(1), "d");
}

CONFORMANCE_TEST(Irps, OnlyTheCancelledOneOfManyEnds) {
  covers("I-022", "R-013");
  auto [socket, peer] = connect_pair();
  Buffer buffers[3] = {Buffer(1), Buffer(1), Buffer(1)};
  IrpCall calls[3];
  for (int i = 0; i < 3; ++i) {
    calls[i].start(
        [&, &socket = socket](PIRP irp) { return socket.receive(buffers[i].whole(), 0, irp); });
  }

  EXPECT_TRUE(IoCancelIrp(calls[1].irp()));
  EXPECT_EQ(calls[1].wait(), (Completed{STATUS_CANCELLED, 0}));
  peer.send("ab");

  EXPECT_EQ(calls[0].wait(), (Completed{STATUS_SUCCESS, 1}));
  EXPECT_EQ(calls[2].wait(), (Completed{STATUS_SUCCESS, 1}));
  EXPECT_EQ(buffers[0].bytes() + buffers[2].bytes(), "ab");
}

}  // namespace
}  // namespace wskrun::tests
