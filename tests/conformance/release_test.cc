// Lists retained by returning STATUS_PENDING, and WskRelease.
#include <atomic>
#include <deque>
#include <mutex>
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

RECEIVE_SUITE(Release);

// Keeps every list that WskReceiveEvent gets.
class Keeper {
 public:
  ConnectionEvents::Answer keep() {
    return [this](ReceiveCall& call) {
      std::lock_guard lock(mutex_);
      lists_.push_back(call.list);
      return STATUS_PENDING;
    };
  }
  PWSK_DATA_INDICATION take() {
    std::lock_guard lock(mutex_);
    if (lists_.empty()) return nullptr;
    PWSK_DATA_INDICATION list = lists_.front();
    lists_.pop_front();
    return list;
  }
  std::string bytes() {
    std::lock_guard lock(mutex_);
    std::string all;
    for (PWSK_DATA_INDICATION list : lists_) all += bytes_of(list);
    return all;
  }
  void release_all(const Connection& socket) {
    while (PWSK_DATA_INDICATION list = take()) EXPECT_EQ(socket.release(list), STATUS_SUCCESS);
  }

 private:
  std::mutex mutex_;
  std::deque<PWSK_DATA_INDICATION> lists_;
};

RECEIVE_TEST(Release, GivesARetainedListBack) {
  covers("R-059", "R-061", "R-078");
  Keeper keeper;
  auto [socket, peer] = connect_pair();
  socket.events().answer(keeper.keep());
  socket.enable(WSK_EVENT_RECEIVE);

  peer.send("abc");
  socket.events().wait_taken(3);

  EXPECT_EQ(keeper.bytes(), "abc");
  PWSK_DATA_INDICATION list = keeper.take();
  EXPECT_EQ(socket.release(list), STATUS_SUCCESS);
}

RECEIVE_TEST(Release, NewDataComesWhileAListIsRetained) {
  covers("R-059", "R-060");
  Keeper keeper;
  auto [socket, peer] = connect_pair();
  socket.events().answer(keeper.keep());
  socket.enable(WSK_EVENT_RECEIVE);
  const std::string sent = pattern(50'000);

  for (std::size_t i = 0; i < sent.size(); i += 500) {
    peer.send(sent.substr(i, 500));
    socket.events().wait_taken(i + 500);
  }

  EXPECT_EQ(keeper.bytes(), sent);  // Still intact, all of it.
  keeper.release_all(socket);
}

RECEIVE_TEST(Release, TakesPiecesInAnyOrderWithNextOverwritten) {
  covers("R-081");
  std::vector<PWSK_DATA_INDICATION> pieces;
  std::mutex mutex;
  auto [socket, peer] = connect_pair();
  socket.events().answer([&](ReceiveCall& call) {
    std::lock_guard lock(mutex);
    for (PWSK_DATA_INDICATION next, piece = call.list; piece != nullptr; piece = next) {
      next = piece->Next;
      piece->Next = nullptr;
      pieces.push_back(piece);
    }
    return STATUS_PENDING;
  });
  // Bytes that come piece by piece before the event is enabled make lists of several pieces.
  for (int i = 0; i < 20; ++i) {
    peer.send(std::string(1, 'x') + pattern(100, i * 100));
    EXPECT_EQ(socket.read(1), "x");
    if (i == 19) break;
    EXPECT_EQ(socket.read(100), pattern(100, i * 100));
  }
  socket.enable(WSK_EVENT_RECEIVE);
  for (int i = 0; i < 50; ++i) {
    peer.send(pattern(10, i * 10));
    socket.events().wait_taken(100 + (i + 1) * 10);
  }

  std::lock_guard lock(mutex);
  for (std::size_t i = 0; i < pieces.size(); i += 2) {
    EXPECT_EQ(socket.release(pieces[i]), STATUS_SUCCESS);
  }
  // The odd ones as one list, linked anew and backwards.
  PWSK_DATA_INDICATION rest = nullptr;
  for (std::size_t i = 1; i < pieces.size(); i += 2) {
    pieces[i]->Next = rest;
    rest = pieces[i];
  }
  EXPECT_EQ(socket.release(rest), STATUS_SUCCESS);
}

RECEIVE_TEST(Release, WorksInsideTheCallbackThatRetains) {
  covers("R-082");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  std::atomic<NTSTATUS> released{STATUS_UNSUCCESSFUL};
  socket.events().answer([&](ReceiveCall& call) {
    released = socket.release(call.list);
    return STATUS_PENDING;
  });
  socket.enable(WSK_EVENT_RECEIVE);

  peer.send("abc");
  socket.events().wait_taken(3);
  EXPECT_EQ(released, STATUS_SUCCESS);
  peer.send("def");
  socket.events().wait_taken(6);
  EXPECT_EQ(socket.events().taken(), "abcdef");
}

RECEIVE_TEST(Release, RefusesWhatIsNotRetained) {
  covers("R-079", "R-080", "R-083");
  Keeper keeper;
  auto [socket, peer] = connect_pair();
  auto [other, other_peer] = connect_pair();
  socket.events().answer(keeper.keep());
  socket.enable(WSK_EVENT_RECEIVE);
  peer.send("abc");
  socket.events().wait_taken(3);
  PWSK_DATA_INDICATION list = keeper.take();
  WSK_DATA_INDICATION copy = *list;

  EXPECT_EQ(socket.release(nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(socket.release(&copy), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(other.release(list), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(bytes_of(list), "abc");  // None of that took it away.
  EXPECT_EQ(socket.release(list), STATUS_SUCCESS);
  EXPECT_EQ(socket.release(list), STATUS_INVALID_PARAMETER);
}

RECEIVE_TEST(Release, RefusesAListThatComesBackOnItself) {
  covers("R-079", "R-083");
  Keeper keeper;
  auto [socket, peer] = connect_pair();
  socket.events().answer(keeper.keep());
  socket.enable(WSK_EVENT_RECEIVE);
  peer.send("abc");
  socket.events().wait_taken(3);
  PWSK_DATA_INDICATION list = keeper.take();

  list->Next = list;
  EXPECT_EQ(socket.release(list), STATUS_INVALID_PARAMETER);
  list->Next = nullptr;
  EXPECT_EQ(socket.release(list), STATUS_SUCCESS);
}

RECEIVE_TEST(Release, RetainingSocketMeetsBackPressureAndLosesNothing) {
  covers("R-059", "R-060", "R-076", "R-064");
  Keeper keeper;
  auto [socket, peer] = connect_pair();
  socket.events().answer(keeper.keep());
  socket.enable(WSK_EVENT_RECEIVE);
  const std::string block = pattern(std::size_t{1} << 20);

  // Everything is kept, so the memory is bounded by stopping the peer.
  constexpr std::size_t kEnough = std::size_t{256} << 20;
  std::size_t fitted = 0;
  std::size_t taken_before = 0;
  for (bool stopped = false; !stopped && fitted < kEnough;) {
    const std::size_t step =
        peer.send_what_fits(std::string_view(block).substr(fitted % block.size()));
    fitted += step;
    const std::size_t taken = socket.events().taken_bytes();
    const bool asked = (socket.events().last_receive().flags & WSK_FLAG_RELEASE_ASAP) != 0;
    stopped = asked && step == 0 && taken == taken_before;
    taken_before = taken;
  }
  EXPECT_LT(fitted, kEnough);

  // Given back piece by piece, everything that was sent comes, and as it was sent.
  std::size_t checked = 0;
  while (checked < fitted) {
    PWSK_DATA_INDICATION list = keeper.take();
    if (list == nullptr) {
      socket.events().wait_taken(checked + 1);
      continue;
    }
    const std::string bytes = bytes_of(list);
    EXPECT_EQ(socket.release(list), STATUS_SUCCESS);
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t in_block = checked % block.size();
      const std::size_t size = std::min(bytes.size() - at, block.size() - in_block);
      ASSERT_TRUE(std::string_view(bytes).substr(at, size) ==
                  std::string_view(block).substr(in_block, size));
      at += size;
      checked += size;
    }
  }
  EXPECT_EQ(checked, fitted);
}

RECEIVE_TEST(Release, IsInTheConnectionTable) {
  covers("R-086");
  auto [socket, peer] = connect_pair();
  EXPECT_NE(socket.dispatch().WskRelease, nullptr);
}

CONFORMANCE_SUITE(RetainedMemory);

CONFORMANCE_TEST(RetainedMemory, OneSocketsListsStarveNoOther) {
  covers("R-076", "R-060");
  Keeper keeper;
  auto [greedy, greedy_peer] = connect_pair();
  auto [modest, modest_peer] = connect_pair();
  greedy.events().answer(keeper.keep());
  greedy.enable(WSK_EVENT_RECEIVE);
  modest.enable(WSK_EVENT_RECEIVE);
  const std::string block = pattern(std::size_t{1} << 20);
  while ((greedy.events().last_receive().flags & WSK_FLAG_RELEASE_ASAP) == 0) {
    greedy_peer.send_what_fits(block);
  }

  for (int i = 1; i <= 100; ++i) {
    modest_peer.send("ping");
    modest.events().wait_taken(static_cast<std::size_t>(i) * 4);
  }

  greedy_peer.reset();
  keeper.release_all(greedy);
}

CONFORMANCE_TEST(RetainedMemory, CloseReportsListsThatAreStillKept) {
  covers("R-085", "R-084");
  wskrun_statistics before, after;
  {
    Keeper keeper;
    auto pair = connect_pair();
    Connection& socket = pair.first;
    Peer& peer = pair.second;
    socket.events().answer(keeper.keep());
    socket.enable(WSK_EVENT_RECEIVE);
    peer.send("abc");
    socket.events().wait_taken(3);
    wskrun_statistics_now(&before);
    IrpCall close;
    close.start([&](PIRP irp) { return socket.close(irp); });
    EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
    EXPECT_EQ(keeper.bytes(), "abc");  // WSK took nothing back.
  }
  wskrun_statistics_now(&after);
  EXPECT_EQ(after.mistakes, before.mistakes + 1);
}

}  // namespace
}  // namespace wskrun::tests
