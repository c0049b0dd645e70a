// Datagram sockets: WskReceiveFrom, WskReceiveFromEvent, WskSendTo, WskSendMessages. What comes and
// goes beside the bytes is in control_info_test.cc.
#include <atomic>
#include <mutex>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(Datagrams);

const Completed kDone = {STATUS_SUCCESS, 0};
const Completed kWrongState = {STATUS_INVALID_DEVICE_STATE, 0};

Completed bind(const Datagram& socket, Sockaddr address, ULONG flags = 0) {
  IrpCall call;
  call.start([&](PIRP irp) { return socket.bind(address.get(), flags, irp); });
  return call.wait();
}

std::string text_of(const SOCKADDR_STORAGE& address) {
  return std::string(reinterpret_cast<const char*>(&address),
                     sockaddr_size(reinterpret_cast<const SOCKADDR*>(&address)));
}

// ---- bind

CONFORMANCE_TEST(Datagrams, BindMakesItReadyToSendAndReceive) {
  covers("C-019", "C-048", "C-051", "D-034", "D-001", "D-004", "C-005", "C-006");
  for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
    const Datagram socket = new_datagram(version);
    EXPECT_EQ(bind(socket, wildcard(0, version)), kDone);
    UdpPeer peer(version);
    peer.send("ask", socket.port());
    const ReceivedFrom received = socket.receive();
    EXPECT_EQ(received.completed, (Completed{STATUS_SUCCESS, 3}));
    EXPECT_EQ(received.bytes, "ask");
    EXPECT_EQ(text_of(received.remote), text_of(loopback(peer.port(), version).storage));
    EXPECT_EQ(socket.send("answer", loopback(peer.port(), version)),
              (Completed{STATUS_SUCCESS, 6}));
    EXPECT_EQ(peer.receive(), "answer");
  }
}

CONFORMANCE_TEST(Datagrams, NothingWorksBeforeBind) {
  covers("D-002", "D-035", "C-023", "C-049", "E-020");
  const Datagram socket = new_datagram();
  EXPECT_EQ(socket.receive().completed, kWrongState);
  EXPECT_EQ(socket.send("x", loopback(9)), kWrongState);
  EXPECT_EQ(socket.control_events(WSK_EVENT_RECEIVE_FROM), STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(bind(socket, loopback(0)), kDone);
  EXPECT_EQ(bind(socket, loopback(0)), kWrongState);
}

CONFORMANCE_TEST(Datagrams, ArgumentsAreChecked) {
  covers("D-003", "D-035", "C-015", "C-016", "B-003", "D-044");
  const Completed wrong = {STATUS_INVALID_PARAMETER, 0};
  const Datagram unbound = new_datagram();
  EXPECT_EQ(bind(unbound, loopback(0), 1), wrong);
  EXPECT_EQ(bind(unbound, loopback(0, IpVersion::k6)), wrong);
  const Datagram socket = bound_datagram();
  Buffer buffer("abc");
  WSK_BUF whole = buffer.whole();
  WSK_BUF beyond = buffer.part(0, 4);
  WSK_BUF_LIST list = {nullptr, beyond};
  Sockaddr remote = loopback(9);
  IrpCall call;
  const auto ends = [&](const std::function<NTSTATUS(PIRP)>& start) {
    call.start(start);
    return call.wait();
  };
  const auto& wsk = socket.dispatch();
  EXPECT_EQ(ends([&](PIRP irp) {
              return wsk.WskSendTo(socket.socket(), &whole, 1, remote.get(), 0, nullptr, irp);
            }),
            wrong);
  EXPECT_EQ(ends([&](PIRP irp) {
              return wsk.WskSendTo(socket.socket(), &beyond, 0, remote.get(), 0, nullptr, irp);
            }),
            wrong);
  EXPECT_EQ(ends([&](PIRP irp) {
              return wsk.WskSendTo(socket.socket(), nullptr, 0, remote.get(), 0, nullptr, irp);
            }),
            wrong);
  EXPECT_EQ(ends([&](PIRP irp) {
              return wsk.WskSendTo(socket.socket(), &whole, 0, remote.get(), 24, nullptr, irp);
            }),
            wrong);
  EXPECT_EQ(ends([&](PIRP irp) {
              return wsk.WskSendMessages(socket.socket(), &list, 0, remote.get(), 0, nullptr, irp);
            }),
            wrong);
  EXPECT_EQ(ends([&](PIRP irp) {
              return wsk.WskSendMessages(socket.socket(), nullptr, 0, remote.get(), 0, nullptr,
                                         irp);
            }),
            wrong);
  EXPECT_EQ(ends([&](PIRP irp) {
              return wsk.WskReceiveFrom(socket.socket(), &whole, 1, nullptr, nullptr, nullptr,
                                        nullptr, irp);
            }),
            wrong);
  EXPECT_EQ(socket.send("x", loopback(9, IpVersion::k6)), wrong);
  EXPECT_EQ(wsk.WskSendTo(socket.socket(), &whole, 0, remote.get(), 0, nullptr, nullptr),
            STATUS_INVALID_PARAMETER);
}

// ---- WskReceiveFrom

CONFORMANCE_TEST(Datagrams, EachReceiveTakesOneDatagram) {
  covers("D-001", "D-012", "D-018", "D-010");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  for (const char* each : {"one", "", "three, which is longer", "four"}) {
    peer.send(each, socket.port());
  }
  EXPECT_EQ(socket.receive().bytes, "one");
  const ReceivedFrom empty = socket.receive();
  EXPECT_EQ(empty.completed, kDone);
  EXPECT_EQ(empty.flags, 0u);
  const ReceivedFrom cut = socket.receive(5);
  EXPECT_EQ(cut.completed, (Completed{STATUS_SUCCESS, 5}));
  EXPECT_EQ(cut.bytes, "three");
  EXPECT_EQ(cut.flags, ULONG{MSG_TRUNC});
  EXPECT_EQ(socket.receive().bytes, "four");
}

CONFORMANCE_TEST(Datagrams, TheLargestFit) {
  covers("D-001", "D-034");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  const std::string large = pattern(65'507);
  peer.send(large, socket.port());
  EXPECT_TRUE(socket.receive(70'000).bytes == large);
  EXPECT_EQ(socket.send(large, loopback(peer.port())), (Completed{STATUS_SUCCESS, 65'507}));
  EXPECT_TRUE(peer.receive() == large);
  const Completed too_large = socket.send(pattern(65'508), loopback(peer.port()));
  EXPECT_EQ(too_large, (Completed{STATUS_INVALID_BUFFER_SIZE, 0}));
}

CONFORMANCE_TEST(Datagrams, ReceivesWaitAndAreServedInOrder) {
  covers("D-001", "D-015", "I-003");
  const Datagram socket = bound_datagram();
  socket.enable();
  UdpPeer peer;
  Buffer first(8), second(8);
  WSK_BUF one = first.whole(), two = second.whole();
  IrpCall a, b;
  a.start([&](PIRP irp) {
    return socket.dispatch().WskReceiveFrom(socket.socket(), &one, 0, nullptr, nullptr, nullptr,
                                            nullptr, irp);
  });
  b.start([&](PIRP irp) {
    return socket.dispatch().WskReceiveFrom(socket.socket(), &two, 0, nullptr, nullptr, nullptr,
                                            nullptr, irp);
  });
  EXPECT_EQ(a.returned(), STATUS_PENDING);
  peer.send("a", socket.port());
  EXPECT_EQ(a.wait(), (Completed{STATUS_SUCCESS, 1}));
  EXPECT_FALSE(b.completed());
  peer.send("b", socket.port());
  EXPECT_EQ(b.wait(), (Completed{STATUS_SUCCESS, 1}));
  EXPECT_EQ(first.first(1) + second.first(1), "ab");
  peer.send("c", socket.port());
  socket.events().wait_taken(1);
  EXPECT_EQ(socket.events().taken().front().bytes, "c");
  EXPECT_EQ(socket.events().calls(), 1);
}

CONFORMANCE_TEST(Datagrams, AReceiveCanBeCancelledAndLosesNothing) {
  covers("I-012", "I-022", "D-001");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  Buffer buffer(8);
  WSK_BUF whole = buffer.whole();
  IrpCall call;
  call.start([&](PIRP irp) {
    return socket.dispatch().WskReceiveFrom(socket.socket(), &whole, 0, nullptr, nullptr, nullptr,
                                            nullptr, irp);
  });
  IoCancelIrp(call.irp());
  EXPECT_EQ(call.wait(), (Completed{STATUS_CANCELLED, 0}));
  peer.send("still there", socket.port());
  EXPECT_EQ(socket.receive().bytes, "still there");
}

CONFORMANCE_TEST(Datagrams, ReceivesIntoChainsOfMdls) {
  covers("B-005", "B-006", "D-001");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  Buffer buffer({4, 0, 3, 10});
  WSK_BUF part = buffer.part(2, 12);
  IrpCall call;
  peer.send("0123456789", socket.port());
  call.start([&](PIRP irp) {
    return socket.dispatch().WskReceiveFrom(socket.socket(), &part, 0, nullptr, nullptr, nullptr,
                                            nullptr, irp);
  });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 10}));
  EXPECT_EQ(buffer.bytes().substr(2, 10), "0123456789");
  EXPECT_TRUE(buffer.guards_intact());
}

// ---- WskReceiveFromEvent

CONFORMANCE_TEST(Datagrams, EventGetsListsOfDatagrams) {
  covers("D-019", "D-021", "D-024", "E-007", "D-020", "IRQL-012");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  std::atomic<PVOID> context{nullptr};
  socket.events().answer([&](ReceiveFromCall& call) {
    context = call.context;
    return STATUS_SUCCESS;
  });
  socket.enable();
  for (int i = 0; i < 100; ++i) peer.send("datagram " + std::to_string(i), socket.port());
  socket.events().wait_taken(100);
  const std::deque<SeenDatagram> taken = socket.events().taken();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(taken[i].bytes, "datagram " + std::to_string(i));
    EXPECT_EQ(text_of(taken[i].remote), text_of(loopback(peer.port()).storage));
    EXPECT_TRUE(taken[i].control.empty());
    EXPECT_EQ(taken[i].flags & ~ULONG{WSK_FLAG_AT_DISPATCH_LEVEL}, 0u);
    EXPECT_EQ((taken[i].flags & WSK_FLAG_AT_DISPATCH_LEVEL) != 0, taken[i].irql == DISPATCH_LEVEL);
  }
  EXPECT_EQ(context.load(), &socket.events());
  EXPECT_FALSE(socket.events().overlapped());
}

CONFORMANCE_TEST(Datagrams, WhatCameBeforeTheEventWasEnabledIsIndicated) {
  covers("D-019", "D-033");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  peer.send("early", socket.port());
  socket.enable();
  socket.events().wait_taken(1);
  EXPECT_EQ(socket.events().taken().front().bytes, "early");
}

CONFORMANCE_TEST(Datagrams, OtherEventsAreRefused) {
  covers("E-007");
  const Datagram socket = bound_datagram();
  const ULONG others[] = {WSK_EVENT_RECEIVE, WSK_EVENT_DISCONNECT, WSK_EVENT_ACCEPT,
                          WSK_EVENT_SEND_BACKLOG, 0x1};
  for (const ULONG event : others) {
    EXPECT_EQ(socket.control_events(event), STATUS_INVALID_PARAMETER) << event;
    EXPECT_EQ(socket.control_events(event | WSK_EVENT_RECEIVE_FROM), STATUS_INVALID_PARAMETER);
  }
}

CONFORMANCE_TEST(Datagrams, AKeptListStaysUntilItIsReleased) {
  covers("D-025", "D-026", "D-031");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  std::mutex mutex;
  std::vector<PWSK_DATAGRAM_INDICATION> kept;
  socket.events().answer([&](ReceiveFromCall& call) {
    std::lock_guard lock(mutex);
    for (auto* each = call.list; each != nullptr; each = each->Next) kept.push_back(each);
    return STATUS_PENDING;
  });
  socket.enable();
  for (int i = 0; i < 50; ++i) {
    peer.send(pattern(100, i), socket.port());
    socket.events().wait_taken(i + 1);
  }
  std::vector<PWSK_DATAGRAM_INDICATION> pieces;
  {
    std::lock_guard lock(mutex);
    pieces = kept;
  }
  ASSERT_EQ(pieces.size(), 50u);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(bytes_of(pieces[i]->Buffer), pattern(100, i));
  // Backwards, two at a time, linked by the driver.
  for (int i = 48; i >= 0; i -= 2) {
    pieces[i + 1]->Next = pieces[i];
    pieces[i]->Next = nullptr;
    EXPECT_EQ(socket.release(pieces[i + 1]), STATUS_SUCCESS);
  }
}

CONFORMANCE_TEST(Datagrams, ReleaseTakesOnlyWhatIsKept) {
  covers("D-031");
  const Datagram socket = bound_datagram();
  const Datagram other = bound_datagram();
  UdpPeer peer;
  std::atomic<PWSK_DATAGRAM_INDICATION> kept{nullptr};
  socket.events().answer([&](ReceiveFromCall& call) {
    kept = call.list;
    return STATUS_PENDING;
  });
  socket.enable();
  peer.send("x", socket.port());
  socket.events().wait_taken(1);
  WSK_DATAGRAM_INDICATION invented{};
  EXPECT_EQ(socket.release(nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(socket.release(&invented), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(other.release(kept), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(socket.release(kept), STATUS_SUCCESS);
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_EQ(socket.release(kept), STATUS_INVALID_PARAMETER);
#endif
}

CONFORMANCE_TEST(Datagrams, ReleaseInsideTheCallbackThatKeeps) {
  covers("D-031");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  std::atomic<int> released{0};
  socket.events().answer([&](ReceiveFromCall& call) {
    for (auto* each = call.list; each != nullptr;) {
      auto* next = each->Next;
      each->Next = nullptr;
      if (socket.release(each) == STATUS_SUCCESS) ++released;
      each = next;
    }
    return STATUS_PENDING;
  });
  socket.enable();
  for (int i = 0; i < 20; ++i) peer.send("x", socket.port());
  socket.events().wait_taken(20);
  EXPECT_EQ(released.load(), 20);
}

CONFORMANCE_TEST(Datagrams, ARefusalDisablesTheEventAndKeepsTheDatagrams) {
  covers("D-027", "D-028");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  socket.events().answer([](ReceiveFromCall&) { return STATUS_DATA_NOT_ACCEPTED; });
  socket.enable();
  peer.send("first", socket.port());
  socket.events().wait_calls(1);
  peer.send("second", socket.port());
  // It is disabled: a receive gets the next one, and no further call is made.
  const ReceivedFrom first = socket.receive();
  EXPECT_EQ(first.bytes, "first");
  EXPECT_EQ(socket.events().calls(), 1);
  socket.events().answer([](ReceiveFromCall&) { return STATUS_SUCCESS; });
  socket.enable();
  socket.events().wait_taken(1);
  peer.send("third", socket.port());
  socket.events().wait_taken(2);
  EXPECT_EQ(socket.events().taken()[0].bytes, "second");
  EXPECT_EQ(socket.events().taken()[1].bytes, "third");
}

CONFORMANCE_TEST(Datagrams, ARefusalByAStaticEventDropsThem) {
  covers("D-029", "E-032");
  ASSERT_EQ(set_static_events(WSK_EVENT_RECEIVE_FROM), STATUS_SUCCESS);
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  socket.events().answer([](ReceiveFromCall&) { return STATUS_DATA_NOT_ACCEPTED; });
  peer.send("refused", socket.port());
  socket.events().wait_calls(1);
  socket.events().answer([](ReceiveFromCall&) { return STATUS_SUCCESS; });
  peer.send("taken", socket.port());
  socket.events().wait_taken(1);
  EXPECT_EQ(socket.events().taken().front().bytes, "taken");
}

CONFORMANCE_TEST(Datagrams, AnyOtherAnswerDropsTheListAndIsReported) {
  covers("D-030");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  wskrun_statistics before{}, after{};
  wskrun_statistics_now(&before);
  socket.events().answer([](ReceiveFromCall&) { return STATUS_UNSUCCESSFUL; });
  socket.enable();
  peer.send("dropped", socket.port());
  socket.events().wait_calls(1);
  socket.events().answer([](ReceiveFromCall&) { return STATUS_SUCCESS; });
  peer.send("taken", socket.port());
  socket.events().wait_taken(1);
  EXPECT_EQ(socket.events().taken().front().bytes, "taken");
  wskrun_statistics_now(&after);
  EXPECT_EQ(after.mistakes, before.mistakes + 1);
}

CONFORMANCE_TEST(Datagrams, NothingIsIndicatedOnceTheEventIsDisabled) {
  covers("D-016", "E-015");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  socket.enable();
  IrpCall disable;
  disable.start([&](PIRP irp) {
    return socket.control_events(WSK_EVENT_RECEIVE_FROM | WSK_EVENT_DISABLE, irp);
  });
  EXPECT_EQ(disable.wait(), kDone);
  peer.send("for a receive", socket.port());
  EXPECT_EQ(socket.receive().bytes, "for a receive");
  EXPECT_EQ(socket.events().calls(), 0);
}

CONFORMANCE_TEST(Datagrams, KeptDatagramsStarveNobodyElse) {
  covers("D-025", "R-076");
  const Datagram greedy = bound_datagram();
  const Datagram modest = bound_datagram();
  UdpPeer peer;
  // Shared with the callback, which is called for as long as the socket is open.
  struct Kept {
    std::mutex mutex;
    std::vector<PWSK_DATAGRAM_INDICATION> lists;
    bool enough = false;
  };
  auto kept = std::make_shared<Kept>();
  greedy.events().answer([kept](ReceiveFromCall& call) {
    std::lock_guard lock(kept->mutex);
    if (kept->enough) return STATUS_SUCCESS;
    kept->lists.push_back(call.list);
    return STATUS_PENDING;
  });
  greedy.enable();
  modest.enable();
  // More than a socket may keep; the kernel drops what it cannot hold.
  for (int i = 0; i < 600; ++i) peer.send(pattern(60'000), greedy.port());
  for (std::size_t i = 0; i < 50; ++i) {
    peer.send(pattern(1000, i), modest.port());
    modest.events().wait_taken(i + 1);
  }
  std::lock_guard lock(kept->mutex);
  kept->enough = true;
  for (PWSK_DATAGRAM_INDICATION list : kept->lists) {
    EXPECT_EQ(greedy.release(list), STATUS_SUCCESS);
  }
}

// ---- WskSendTo and WskSendMessages

CONFORMANCE_TEST(Datagrams, SendsFromChainsOfMdls) {
  covers("D-034", "B-005", "B-006");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  Buffer buffer({5, 0, 3, 20});
  WSK_BUF part = buffer.part(1, 20);
  Sockaddr remote = loopback(peer.port());
  IrpCall call;
  call.start([&](PIRP irp) {
    return socket.dispatch().WskSendTo(socket.socket(), &part, 0, remote.get(), 0, nullptr, irp);
  });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 20}));
  EXPECT_EQ(peer.receive(), std::string(20, Buffer::kUntouched));
}

CONFORMANCE_TEST(Datagrams, ASendEndsWhenTheDatagramIsSent) {
  covers("D-041");
  const UdpPeer peer;
  const Datagram socket = bound_datagram();
  Sockaddr to = loopback(peer.port());
  Buffer buffer("sent");
  bool arrived = false;
  IrpCall call;
  // Loopback has no way between: what was sent is there.
  call.on_completion([&] { arrived = peer.waits(); });
  call.start([&](PIRP irp) { return socket.send_to(buffer.whole(), to.get(), irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 4}));
  EXPECT_TRUE(arrived);
}

CONFORMANCE_TEST(Datagrams, EmptyOnesCanBeSent) {
  covers("D-034", "B-001");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  Sockaddr remote = loopback(peer.port());
  IrpCall call;
  call.start([&](PIRP irp) { return socket.send_to({nullptr, 0, 0}, remote.get(), irp); });
  EXPECT_EQ(call.wait(), kDone);
  EXPECT_EQ(peer.receive(), "");
}

CONFORMANCE_TEST(Datagrams, MessagesGoOutInOrderAndAreCounted) {
  covers("D-043", "D-045");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  constexpr int kCount = 100;
  std::vector<std::unique_ptr<Buffer>> buffers;
  std::vector<WSK_BUF_LIST> list(kCount);
  std::size_t total = 0;
  for (int i = 0; i < kCount; ++i) {
    const std::string text = pattern(i * 7 % 60, i);
    total += text.size();
    buffers.push_back(std::make_unique<Buffer>(text + "!"));
    list[i] = {i + 1 < kCount ? &list[i + 1] : nullptr, buffers[i]->part(0, text.size())};
  }
  Sockaddr remote = loopback(peer.port());
  IrpCall call;
  call.start([&](PIRP irp) {
    return socket.dispatch().WskSendMessages(socket.socket(), list.data(), 0, remote.get(), 0,
                                             nullptr, irp);
  });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, total}));
  for (int i = 0; i < kCount; ++i) EXPECT_EQ(peer.receive(), pattern(i * 7 % 60, i));
}

CONFORMANCE_TEST(Datagrams, BroadcastsNeedTheOption) {
  covers("D-047", "K-015", "K-014");
  const Datagram socket = bound_datagram();
  ULONG value = 7;
  EXPECT_EQ(socket.get_number(SOL_SOCKET, SO_BROADCAST, value), (Completed{STATUS_SUCCESS, 4}));
  EXPECT_EQ(value, 0u);
  const Sockaddr everybody = ipv4(0x7FFFFFFF, 9);
  EXPECT_EQ(socket.send("x", everybody), (Completed{STATUS_ACCESS_DENIED, 0}));
  EXPECT_EQ(socket.set_number(SOL_SOCKET, SO_BROADCAST, 1), kDone);
  EXPECT_EQ(socket.send("x", everybody), (Completed{STATUS_SUCCESS, 1}));
  EXPECT_EQ(socket.get_number(SOL_SOCKET, SO_BROADCAST, value), (Completed{STATUS_SUCCESS, 4}));
  EXPECT_EQ(value, 1u);
}

// ---- fixed addresses

CONFORMANCE_TEST(Datagrams, AFixedSendToAddressIsForSendsAlone) {
  covers("D-036", "D-037", "D-038", "K-040", "K-041");
  const Datagram socket = bound_datagram();
  UdpPeer fixed, other;
  EXPECT_EQ(socket.send_without_address("x"), (Completed{STATUS_INVALID_PARAMETER, 0}));
  Sockaddr address = loopback(fixed.port());
  EXPECT_EQ(socket.ioctl(SIO_WSK_SET_SENDTO_ADDRESS, address.get(), sizeof(SOCKADDR_IN)), kDone);
  EXPECT_EQ(socket.send_without_address("fixed"), (Completed{STATUS_SUCCESS, 5}));
  EXPECT_EQ(fixed.receive(), "fixed");
  EXPECT_EQ(socket.send("other", loopback(other.port())), (Completed{STATUS_SUCCESS, 5}));
  EXPECT_EQ(other.receive(), "other");
  other.send("from elsewhere", socket.port());
  EXPECT_EQ(socket.receive().bytes, "from elsewhere");
  EXPECT_EQ(socket.ioctl(SIO_WSK_SET_SENDTO_ADDRESS, nullptr, 0), kDone);
  EXPECT_EQ(socket.send_without_address("x"), (Completed{STATUS_INVALID_PARAMETER, 0}));
  const Datagram unbound = new_datagram();
  EXPECT_EQ(unbound.ioctl(SIO_WSK_SET_SENDTO_ADDRESS, address.get(), sizeof(SOCKADDR_IN)),
            kWrongState);
}

CONFORMANCE_TEST(Datagrams, AFixedRemoteAddressAlsoFilters) {
  covers("D-014", "D-036", "D-038", "D-039", "K-038", "K-039", "K-041");
  const Datagram socket = bound_datagram();
  UdpPeer fixed, other;
  Sockaddr address = loopback(fixed.port());
  EXPECT_EQ(socket.ioctl(SIO_WSK_SET_REMOTE_ADDRESS, address.get(), sizeof(SOCKADDR_IN)), kDone);
  EXPECT_EQ(socket.send_without_address("fixed"), (Completed{STATUS_SUCCESS, 5}));
  EXPECT_EQ(fixed.receive(), "fixed");
  EXPECT_EQ(socket.send("other", loopback(other.port())), (Completed{STATUS_SUCCESS, 5}));
  EXPECT_EQ(other.receive(), "other");
  other.send("a reply that is not accepted", socket.port());
  fixed.send("accepted", socket.port());
  EXPECT_EQ(socket.receive().bytes, "accepted");
  EXPECT_EQ(socket.ioctl(SIO_WSK_SET_REMOTE_ADDRESS, nullptr, 0), kDone);
  other.send("accepted again", socket.port());
  EXPECT_EQ(socket.receive().bytes, "accepted again");
  const Datagram unbound = new_datagram();
  EXPECT_EQ(unbound.ioctl(SIO_WSK_SET_REMOTE_ADDRESS, address.get(), sizeof(SOCKADDR_IN)),
            kWrongState);
}

CONFORMANCE_TEST(Datagrams, OfBothFixedAddressesTheLaterOneIsSentTo) {
  covers("D-036", "K-039", "K-040");
  const Datagram socket = bound_datagram();
  UdpPeer remote, sendto;
  Sockaddr first = loopback(remote.port()), second = loopback(sendto.port());
  EXPECT_EQ(socket.ioctl(SIO_WSK_SET_REMOTE_ADDRESS, first.get(), sizeof(SOCKADDR_IN)), kDone);
  EXPECT_EQ(socket.ioctl(SIO_WSK_SET_SENDTO_ADDRESS, second.get(), sizeof(SOCKADDR_IN)), kDone);
  EXPECT_EQ(socket.send_without_address("x"), (Completed{STATUS_SUCCESS, 1}));
  EXPECT_EQ(sendto.receive(), "x");
  sendto.send("filtered", socket.port());
  remote.send("passes", socket.port());
  EXPECT_EQ(socket.receive().bytes, "passes");
  EXPECT_EQ(socket.ioctl(SIO_WSK_SET_SENDTO_ADDRESS, nullptr, 0), kDone);
  EXPECT_EQ(socket.send_without_address("y"), (Completed{STATUS_SUCCESS, 1}));
  EXPECT_EQ(remote.receive(), "y");
}

// ---- close

CONFORMANCE_TEST(Datagrams, CloseCancelsWhatWaits) {
  covers("X-001", "X-004", "X-006");
  Datagram socket = bound_datagram();
  Buffer buffer(8);
  WSK_BUF whole = buffer.whole();
  IrpCall receive, close;
  receive.start([&](PIRP irp) {
    return socket.dispatch().WskReceiveFrom(socket.socket(), &whole, 0, nullptr, nullptr, nullptr,
                                            nullptr, irp);
  });
  bool receive_was_done = false;
  close.on_completion([&] { receive_was_done = receive.completed(); });
  close.start([&](PIRP irp) { return socket.close(irp); });
  EXPECT_EQ(close.wait(), kDone);
  EXPECT_TRUE(receive_was_done);
  EXPECT_EQ(receive.wait(), (Completed{STATUS_CANCELLED, 0}));
}

CONFORMANCE_TEST(Datagrams, CloseInsideTheCallback) {
  covers("X-013", "X-005");
  Datagram socket = bound_datagram();
  UdpPeer peer;
  IrpCall close;
  bool running = false;
  bool closed_while_running = false;
  const auto events = socket.shared_events();
  close.on_completion([&] { closed_while_running = running; });
  events->answer([&](ReceiveFromCall&) {
    running = true;
    close.start([&](PIRP irp) { return socket.close(irp); });
    running = false;
    return STATUS_SUCCESS;
  });
  socket.enable();
  peer.send("x", socket.port());
  events->wait_calls(1);
  EXPECT_EQ(close.wait(), kDone);
  EXPECT_FALSE(closed_while_running);
}

CONFORMANCE_TEST(Datagrams, WhatIsKeptAtCloseIsReportedAndHarmless) {
  covers("D-032");
  wskrun_statistics before{}, after{};
  wskrun_statistics_now(&before);
  {
    const Datagram socket = bound_datagram();
    UdpPeer peer;
    socket.events().answer([&](ReceiveFromCall&) { return STATUS_PENDING; });
    socket.enable();
    peer.send("kept for good", socket.port());
    socket.events().wait_taken(1);
  }
  wskrun_statistics_now(&after);
  EXPECT_EQ(after.mistakes, before.mistakes + 1);
}

// ---- raw sockets

CONFORMANCE_TEST(Datagrams, RawSocketsAreForThePrivileged) {
  covers("C-006");
  IrpCall call;
  call.start([&](PIRP irp) {
    return provider().WskSocket(client(), AF_INET, SOCK_RAW, IPPROTO_ICMP, WSK_FLAG_DATAGRAM_SOCKET,
                                nullptr, nullptr, nullptr, nullptr, nullptr, irp);
  });
  const Completed completed = call.wait();
  if (completed.status == STATUS_ACCESS_DENIED) return;  // This process may not.
  ASSERT_EQ(completed.status, STATUS_SUCCESS);
  const Datagram socket(reinterpret_cast<PWSK_SOCKET>(completed.information));
  ASSERT_EQ(bind(socket, loopback(0)), kDone);
  // An echo request to ourselves: it comes back as request and as reply, each with its IP header.
  std::string ping = "\x08";
  ping += std::string(1, '\0') + "\xf7\xff" + std::string(4, '\0');  // With its checksum.
  EXPECT_EQ(socket.send(ping, loopback(0)), (Completed{STATUS_SUCCESS, 8}));
  std::string types;
  while (types.find('\0') == std::string::npos) {
    const ReceivedFrom received = socket.receive();
    ASSERT_EQ(received.completed.status, STATUS_SUCCESS);
    ASSERT_GE(received.bytes.size(), 28u);
    types += received.bytes[20];
  }
}

}  // namespace
}  // namespace wskrun::tests
