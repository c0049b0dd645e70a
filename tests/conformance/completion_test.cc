// The setting that forces how calls end: before they return, or after STATUS_PENDING. The rest of
// this folder runs under each of its values, too (see tests/CMakeLists.txt).
#include <algorithm>
#include <memory>
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

template <wskrun_completion completion, std::uint64_t seed = 0>
class CompletionTest : public ConformanceTest {
 protected:
  void adjust(wskrun_options& options) override {
    options.completion = completion;
    options.completion_seed = seed;
  }

  // What some calls on new sockets return. Every IrpCall compares that with its IRP.
  std::vector<NTSTATUS> some_calls() {
    std::vector<NTSTATUS> returned;
    for (int i = 0; i < 20; ++i) {
      const Connection socket = new_connection();
      Sockaddr local = wildcard(0);
      IrpCall bind, name;
      bind.start([&](PIRP irp) { return socket.bind(local.get(), 0, irp); });
      EXPECT_EQ(bind.wait(), (Completed{STATUS_SUCCESS, 0}));
      name.start([&](PIRP irp) {
        return socket.dispatch().WskGetLocalAddress(socket.socket(), local.get(), irp);
      });
      EXPECT_EQ(name.wait(), (Completed{STATUS_SUCCESS, 0}));
      returned.insert(returned.end(), {bind.returned(), name.returned()});
    }
    return returned;
  }
};

class CompletionInline : public CompletionTest<WSKRUN_COMPLETE_INLINE> {};
class CompletionPending : public CompletionTest<WSKRUN_COMPLETE_PENDING> {};
class CompletionRandom : public CompletionTest<WSKRUN_COMPLETE_RANDOMLY, 7> {};

INSTANTIATE_TEST_SUITE_P(, CompletionInline, ::testing::ValuesIn(kBackends), name_of);
INSTANTIATE_TEST_SUITE_P(, CompletionPending, ::testing::ValuesIn(kBackends), name_of);
INSTANTIATE_TEST_SUITE_P(, CompletionRandom, ::testing::ValuesIn(kBackends), name_of);

// A call waits a moment for its end. On a machine that is busy with something else the moment may
// pass, so one of many has to be met.
CONFORMANCE_TEST(CompletionInline, CallsThatEndSoonEndBeforeTheyReturn) {
  covers("I-004", "I-002");
  PeerListener listener;
  Sockaddr local = wildcard(0);
  Sockaddr remote = loopback(listener.port());
  bool connected = false, sent = false, closed = false;
  for (int i = 0; i < 200 && !(connected && sent && closed); ++i) {
    Connection socket = new_connection();
    IrpCall call;
    call.start([&](PIRP irp) { return socket.bind(local.get(), 0, irp); });
    EXPECT_EQ(call.returned(), STATUS_SUCCESS);
    call.start([&](PIRP irp) { return socket.connect(remote.get(), 0, irp); });
    EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
    connected = connected || (call.returned() == STATUS_SUCCESS && call.irql() == PASSIVE_LEVEL);
    Peer peer = listener.accept();

    Buffer data("abc");
    call.start([&](PIRP irp) { return socket.send(data.whole(), 0, irp); });
    EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 3}));
    EXPECT_EQ(peer.receive(3), "abc");
    sent = sent || call.returned() == STATUS_SUCCESS;

    call.start([&](PIRP irp) { return socket.close(irp); });
    EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
    closed = closed || call.returned() == STATUS_SUCCESS;
  }
  EXPECT_TRUE(connected && sent && closed);
}

CONFORMANCE_TEST(CompletionInline, WhatWaitsForThePeerPends) {
  covers("I-003", "R-004");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(3);
  IrpCall receive;
  receive.start([&](PIRP irp) { return socket.receive(buffer.whole(), 0, irp); });
  EXPECT_EQ(receive.returned(), STATUS_PENDING);

  Buffer much(pattern(kMoreThanTheKernelTakes));
  IrpCall send;
  send.start([&](PIRP irp) { return socket.send(much.whole(), 0, irp); });
  EXPECT_EQ(send.returned(), STATUS_PENDING);

  peer.send("abc");
  EXPECT_EQ(receive.wait(), (Completed{STATUS_SUCCESS, 3}));
  peer.receive(kMoreThanTheKernelTakes);
  EXPECT_EQ(send.wait(), (Completed{STATUS_SUCCESS, kMoreThanTheKernelTakes}));
}

CONFORMANCE_TEST(CompletionInline, FailuresAreReturned) {
  covers("I-004", "C-032");
  const Connection socket = new_connection();
  Sockaddr local = wildcard(0);
  const SilentPort nobody;
  Sockaddr remote = loopback(nobody.port());
  IrpCall call;
  call.start([&](PIRP irp) { return socket.bind(local.get(), 0, irp); });
  EXPECT_EQ(call.wait().status, STATUS_SUCCESS);
  bool refused = false;
  for (int i = 0; i < 200 && !refused; ++i) {
    call.start([&](PIRP irp) { return socket.connect(remote.get(), 0, irp); });
    EXPECT_EQ(call.wait(), (Completed{STATUS_CONNECTION_REFUSED, 0}));
    refused = call.returned() == STATUS_CONNECTION_REFUSED;
  }
  EXPECT_TRUE(refused);
}

CONFORMANCE_TEST(CompletionPending, EveryCallReturnsPendingFirst) {
  covers("I-003", "I-002");
  for (const NTSTATUS returned : some_calls()) EXPECT_EQ(returned, STATUS_PENDING);

  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  Buffer buffer(3), data("xyz");
  IrpCall call;
  peer.send("abc");
  EXPECT_EQ(socket.read(1), "a");  // The rest has come, too.
  call.start([&](PIRP irp) { return socket.receive(buffer.part(0, 2), 0, irp); });
  EXPECT_EQ(call.returned(), STATUS_PENDING);
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 2}));
  EXPECT_EQ(buffer.first(2), "bc");
  call.start([&](PIRP irp) { return socket.receive({nullptr, 0, 0}, 0, irp); });
  EXPECT_EQ(call.returned(), STATUS_PENDING);
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  call.start([&](PIRP irp) { return socket.send(data.whole(), 0xffff0000, irp); });
  EXPECT_EQ(call.returned(), STATUS_PENDING);
  EXPECT_EQ(call.wait(), (Completed{STATUS_NOT_SUPPORTED, 0}));
}

CONFORMANCE_TEST(CompletionPending, AnAcceptedConnectionIsQuietUntilTheDriverKnowsIt) {
  covers("L-001");
  ASSERT_EQ(set_static_events(WSK_EVENT_RECEIVE), STATUS_SUCCESS);
  const Listener listener = listen();
  for (int i = 0; i < 50; ++i) {
    Peer peer = Peer::connect(listener.port());
    peer.send("first words");
    auto events = std::make_shared<ConnectionEvents>();
    IrpCall accept;
    bool known = false;
    bool early = false;
    events->answer([&](ReceiveCall&) {
      early = early || !known;
      return STATUS_SUCCESS;
    });
    accept.on_completion([&] { known = true; });
    accept.start([&](PIRP irp) {
      return listener.accept(events.get(), &ConnectionEvents::dispatch, nullptr, nullptr, irp);
    });
    const Connection socket(reinterpret_cast<PWSK_SOCKET>(accept.wait().information), events);
    events->wait_taken(11);
    EXPECT_FALSE(early);
  }
}

CONFORMANCE_TEST(CompletionRandom, CallsEndEitherWayAndTheSeedSaysWhich) {
  covers("I-002");
  const std::vector<NTSTATUS> first = some_calls();
  EXPECT_NE(std::count(first.begin(), first.end(), STATUS_PENDING), 0);
  EXPECT_NE(std::count(first.begin(), first.end(), STATUS_SUCCESS), 0);
  TearDown();
  SetUp();
  EXPECT_EQ(some_calls(), first);
}

}  // namespace
}  // namespace wskrun::tests
