// Memory that drivers describe: partial MDLs, locked pages, long chains, and what is no buffer.
#include <limits>
#include <thread>
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

RECEIVE_SUITE(Buffers);

// Sends back what WskReceiveEvent brings, from the memory it came in: each list is kept, partial
// MDLs over it are sent, and the list is released when the send has completed.
class Echo {
 public:
  explicit Echo(const Connection& connection) : connection_(connection) {}

  void start() {
    connection_.events().answer([this](ReceiveCall& call) {
      log_.note([&] { ++in_flight_; });
      send(call.list, call.indicated);
      return STATUS_PENDING;
    });
    connection_.enable(WSK_EVENT_RECEIVE);
  }
  void wait(std::size_t size) {
    log_.wait("the last echo", [&] { return sent_ >= size && in_flight_ == 0; });
  }
  std::size_t failures() const {
    return log_.look([&] { return failures_; });
  }

 private:
  struct Send {
    Echo* echo;
    PWSK_DATA_INDICATION list;
    PMDL mdls = nullptr;
  };

  void send(PWSK_DATA_INDICATION list, SIZE_T size) {
    auto* send = new Send{this, list};
    PMDL* end = &send->mdls;
    for (PWSK_DATA_INDICATION each = list; each != nullptr; each = each->Next) {
      SIZE_T left = each->Buffer.Length;
      SIZE_T offset = each->Buffer.Offset;
      for (PMDL source = each->Buffer.Mdl; left > 0; source = source->Next) {
        const auto step =
            static_cast<ULONG>(std::min<SIZE_T>(left, MmGetMdlByteCount(source) - offset));
        auto* from = static_cast<char*>(MmGetMdlVirtualAddress(source)) + offset;
        *end = IoAllocateMdl(from, step, FALSE, FALSE, nullptr);
        IoBuildPartialMdl(source, *end, from, step);
        end = &(*end)->Next;
        left -= step;
        offset = 0;
      }
    }
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetCompletionRoutine(irp, on_sent, send, TRUE, TRUE, TRUE);
    connection_.send({send->mdls, 0, size}, 0, irp);
  }

  static NTSTATUS on_sent(PDEVICE_OBJECT, PIRP irp, PVOID context) {
    const std::unique_ptr<Send> send(static_cast<Send*>(context));
    Echo& echo = *send->echo;
    while (send->mdls != nullptr) {
      PMDL next = send->mdls->Next;
      IoFreeMdl(send->mdls);
      send->mdls = next;
    }
    const bool released = echo.connection_.release(send->list) == STATUS_SUCCESS;
    const bool succeeded = irp->IoStatus.Status == STATUS_SUCCESS;
    const SIZE_T size = irp->IoStatus.Information;
    IoFreeIrp(irp);
    echo.log_.note([&] {
      echo.sent_ += size;
      if (!released || !succeeded) ++echo.failures_;
      --echo.in_flight_;
    });
    return STATUS_MORE_PROCESSING_REQUIRED;
  }

  const Connection& connection_;
  EventLog log_;
  int in_flight_ = 0;
  std::size_t sent_ = 0;
  std::size_t failures_ = 0;
};

RECEIVE_TEST(Buffers, IndicatedMemoryCanBeSentOnThroughPartialMdls) {
  covers("B-005", "B-007", "S-007");
  auto [socket, peer] = connect_pair();
  const std::string sent = pattern(1'000'000);
  Echo echo(socket);
  echo.start();

  std::thread sender([&, &peer = peer] {
    for (std::size_t from = 0, step = 1; from < sent.size(); from += step) {
      step = std::min(step * 3 % 40'009, sent.size() - from);
      peer.send(std::string_view(sent).substr(from, step));
    }
  });
  const std::string received = peer.receive(sent.size());
  sender.join();

  EXPECT_EQ(received, sent);
  echo.wait(sent.size());
  EXPECT_EQ(echo.failures(), 0u);
}

RECEIVE_TEST(Buffers, AnIndicationsOwnBufferCanBeSent) {
  covers("B-005", "B-008");
  auto [socket, peer] = connect_pair();
  IrpCall send;
  EventLog log;
  PWSK_DATA_INDICATION kept = nullptr;
  socket.events().answer([&](ReceiveCall& call) {
    log.note([&] { kept = call.list; });
    return STATUS_PENDING;
  });
  socket.enable(WSK_EVENT_RECEIVE);

  peer.send("abc");
  log.wait("an indication", [&] { return kept != nullptr; });
  const SIZE_T size = kept->Buffer.Length;
  send.start([&, &socket = socket](PIRP irp) { return socket.send(kept->Buffer, 0, irp); });

  EXPECT_EQ(send.wait(), (Completed{STATUS_SUCCESS, size}));
  EXPECT_EQ(peer.receive(size), std::string("abc").substr(0, size));
  EXPECT_EQ(socket.release(kept), STATUS_SUCCESS);
}

RECEIVE_TEST(Buffers, APartialMdlBoundsAReceive) {
  covers("B-005", "B-009");
  auto [socket, peer] = connect_pair();
  Buffer buffer(12);
  auto* from = static_cast<char*>(MmGetMdlVirtualAddress(buffer.mdl())) + 4;
  PMDL part = IoAllocateMdl(from, 5, FALSE, FALSE, nullptr);
  IoBuildPartialMdl(buffer.mdl(), part, from, 5);
  IrpCall call;

  call.start([&, &socket = socket](PIRP irp) {
    return socket.receive({part, 1, 4}, WSK_FLAG_WAITALL, irp);
  });
  peer.send("abcdef");

  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 4}));
  EXPECT_EQ(buffer.bytes(),
            "\xA5\xA5\xA5\xA5\xA5"
            "abcd"
            "\xA5\xA5\xA5");
  EXPECT_TRUE(buffer.guards_intact());
  EXPECT_EQ(socket.read(2), "ef");
  IoFreeMdl(part);
}

RECEIVE_TEST(Buffers, LockedPagesAreReceivedIntoAndSentFrom) {
  covers("B-004", "B-005");
  auto [socket, peer] = connect_pair();
  const std::string sent = pattern(30'000);
  std::string memory(sent.size() + 2, 'g');  // A guard byte on each side.
  PMDL mdl =
      IoAllocateMdl(memory.data() + 1, static_cast<ULONG>(sent.size()), FALSE, FALSE, nullptr);
  MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
  IrpCall receive, send;

  receive.start([&, &socket = socket](PIRP irp) {
    return socket.receive({mdl, 0, sent.size()}, WSK_FLAG_WAITALL, irp);
  });
  peer.send(sent);
  EXPECT_EQ(receive.wait(), (Completed{STATUS_SUCCESS, sent.size()}));
  send.start([&, &socket = socket](PIRP irp) {
    return socket.send({mdl, 0, sent.size()}, 0, irp);
  });

  EXPECT_EQ(peer.receive(sent.size()), sent);
  EXPECT_EQ(send.wait(), (Completed{STATUS_SUCCESS, sent.size()}));
  EXPECT_EQ(memory, "g" + sent + "g");
  MmUnlockPages(mdl);
  IoFreeMdl(mdl);
}

// More MDLs than one system call takes buffers.
class LongChain {
 public:
  explicit LongChain(std::string& memory, std::size_t step) {
    PMDL* end = &first_;
    for (std::size_t from = 0; from < memory.size(); from += step) {
      const auto size = static_cast<ULONG>(std::min(step, memory.size() - from));
      *end = IoAllocateMdl(memory.data() + from, size, FALSE, FALSE, nullptr);
      MmBuildMdlForNonPagedPool(*end);
      end = &(*end)->Next;
    }
  }
  ~LongChain() {
    while (first_ != nullptr) {
      PMDL next = first_->Next;
      IoFreeMdl(first_);
      first_ = next;
    }
  }
  LongChain(const LongChain&) = delete;
  LongChain& operator=(const LongChain&) = delete;
  PMDL first() const { return first_; }

 private:
  PMDL first_ = nullptr;
};

RECEIVE_TEST(Buffers, ChainsMayBeLong) {
  covers("B-001", "B-005", "B-006");
  auto [socket, peer] = connect_pair();
  std::string out = pattern(10'000);
  std::string in(out.size(), '\0');
  const LongChain out_chain(out, 3), in_chain(in, 7);
  IrpCall send, receive;

  send.start([&, &socket = socket](PIRP irp) {
    return socket.send({out_chain.first(), 0, out.size()}, 0, irp);
  });
  EXPECT_EQ(peer.receive(out.size()), out);
  EXPECT_EQ(send.wait(), (Completed{STATUS_SUCCESS, out.size()}));
  receive.start([&, &socket = socket](PIRP irp) {
    return socket.receive({in_chain.first(), 0, in.size()}, WSK_FLAG_WAITALL, irp);
  });
  peer.send(out);

  EXPECT_EQ(receive.wait(), (Completed{STATUS_SUCCESS, in.size()}));
  EXPECT_EQ(in, out);
}

RECEIVE_TEST(Buffers, NoMdlIsNeededForNoBytes) {
  covers("B-001");
  auto [socket, peer] = connect_pair();
  IrpCall send, receive;

  send.start([&, &socket = socket](PIRP irp) { return socket.send({nullptr, 7, 0}, 0, irp); });
  receive.start([&, &socket = socket](PIRP irp) {
    return socket.receive({nullptr, 7, 0}, 0, irp);
  });

  EXPECT_EQ(send.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(receive.wait(), (Completed{STATUS_SUCCESS, 0}));
}

RECEIVE_TEST(Buffers, WhatLiesOutsideTheChainIsRefused) {
  covers("B-001", "B-002", "B-003", "B-009");
  auto [socket, peer] = connect_pair();
  Buffer buffer{4, 0, 4};
  constexpr SIZE_T kHuge = std::numeric_limits<SIZE_T>::max();
  constexpr ULONG kFar = std::numeric_limits<ULONG>::max();
  peer.send("abc");

  for (const WSK_BUF& wrong : {WSK_BUF{nullptr, 0, 1}, buffer.part(0, 9), buffer.part(4, 5),
                               buffer.part(5, 1), buffer.part(kFar, 1), buffer.part(0, kHuge),
                               buffer.part(1, kHuge), buffer.part(3, kHuge)}) {
    IrpCall send, receive, disconnect;
    send.start([&, &socket = socket](PIRP irp) { return socket.send(wrong, 0, irp); });
    receive.start([&, &socket = socket](PIRP irp) { return socket.receive(wrong, 0, irp); });
    WSK_BUF last = wrong;
    disconnect.start([&, &socket = socket](PIRP irp) { return socket.disconnect(&last, 0, irp); });

    for (IrpCall* call : {&send, &receive, &disconnect}) {
      EXPECT_TRUE(call->returned_as(STATUS_INVALID_PARAMETER));
      EXPECT_EQ(call->wait(), (Completed{STATUS_INVALID_PARAMETER, 0}));
    }
  }

  // Nothing was read, written or ended.
  EXPECT_EQ(buffer.bytes(), std::string(8, Buffer::kUntouched));
  EXPECT_TRUE(buffer.guards_intact());
  EXPECT_EQ(socket.read(3), "abc");
  socket.write("xyz");
  EXPECT_EQ(peer.receive(3), "xyz");
}

RECEIVE_TEST(Buffers, NoBufferAtAllIsRefused) {
  covers("B-010");
  auto [socket, peer] = connect_pair();
  IrpCall send, receive;

  send.start([&, &socket = socket](PIRP irp) {
    return socket.dispatch().WskSend(socket.socket(), nullptr, 0, irp);
  });
  receive.start([&, &socket = socket](PIRP irp) {
    return socket.dispatch().WskReceive(socket.socket(), nullptr, 0, irp);
  });

  EXPECT_EQ(send.wait(), (Completed{STATUS_INVALID_PARAMETER, 0}));
  EXPECT_EQ(receive.wait(), (Completed{STATUS_INVALID_PARAMETER, 0}));
}

}  // namespace
}  // namespace wskrun::tests
