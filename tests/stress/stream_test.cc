// One long stream through a driver that takes it in every way the page allows, as chance will have
// it: all, a part, nothing, kept and released piecewise later from another thread, by WskReceive
// into chains of MDLs. Every byte is compared with the one that was sent at its place.
#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

// Sanitizers make it slower by far, and find what they find much earlier.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kStreamBytes = std::size_t{64} << 20;
#else
constexpr std::size_t kStreamBytes = std::size_t{1} << 30;
#endif

// What the stream says: a block of a prime length, over and over. No shift of it looks like it.
class Stream {
 public:
  Stream() : block_(kPeriod + kLongestPiece, '\0') {
    std::mt19937_64 random(1);
    for (char& byte : block_) byte = static_cast<char>(random());
    std::copy_n(block_.begin(), kLongestPiece, block_.begin() + kPeriod);
  }
  // At most kLongestPiece bytes.
  std::string_view at(std::size_t position, std::size_t size) const {
    return std::string_view(block_).substr(position % kPeriod, size);
  }
  bool says(std::size_t position, const char* bytes, std::size_t size) const {
    for (std::size_t done = 0; done < size;) {
      const std::size_t step = std::min(size - done, kLongestPiece);
      const std::string_view expected = at(position + done, step);
      if (std::memcmp(expected.data(), bytes + done, step) != 0) return false;
      done += step;
    }
    return true;
  }

  static constexpr std::size_t kLongestPiece = std::size_t{256} << 10;

 private:
  static constexpr std::size_t kPeriod = 1'048'583;
  std::string block_;
};

// The driver. Its callback runs on a loop; release() and restart() run in a thread of its own.
class Taker {
 public:
  static const WSK_CLIENT_CONNECTION_DISPATCH dispatch;

  Taker(const Stream& stream, unsigned seed) : stream_(stream), random_(seed) {}

  // Works until the stream has come to its end, which the peer's FIN says.
  void serve(const Connection& socket) {
    std::mt19937 random(42);
    while (std::optional<Work> work = next_work()) {
      release(socket, work->kept, random);
      if (work->restart) restart(socket, random);
    }
    std::lock_guard lock(mutex_);
    EXPECT_TRUE(intact_);
    EXPECT_EQ(position_, kStreamBytes);
  }

 private:
  struct Piece {
    PWSK_DATA_INDICATION indication;
    std::size_t position;  // In the stream.
  };
  struct Work {
    std::vector<Piece> kept;
    bool restart;
  };

  // ---- in the callback

  static NTSTATUS WSKAPI on_receive(PVOID context, ULONG flags, PWSK_DATA_INDICATION list,
                                    SIZE_T indicated, SIZE_T* accepted) {
    return static_cast<Taker*>(context)->take(flags, list, indicated, accepted);
  }
  static NTSTATUS WSKAPI on_disconnect(PVOID context, ULONG flags) {
    auto& self = *static_cast<Taker*>(context);
    std::lock_guard lock(self.mutex_);
    EXPECT_EQ(flags & WSK_FLAG_ABORTIVE, 0u);
    self.ended_ = true;
    self.changed_.notify_all();
    return STATUS_SUCCESS;
  }

  NTSTATUS take(ULONG flags, PWSK_DATA_INDICATION list, SIZE_T indicated, SIZE_T* accepted) {
    std::lock_guard lock(mutex_);
    check(list);
    const unsigned way = random_() % 16;
    if (way == 0) {  // Refuses it.
      restart_ = true;
      changed_.notify_all();
      return STATUS_DATA_NOT_ACCEPTED;
    }
    if (way <= 3) {  // Takes a part, perhaps none or all of it.
      *accepted = random_() % (indicated + 1);
      position_ += *accepted;
      if (*accepted < indicated) restart_ = true;
      changed_.notify_all();
      return STATUS_SUCCESS;
    }
    if (way <= 9 && (flags & WSK_FLAG_RELEASE_ASAP) == 0) {  // Keeps it.
      keep(list);
      changed_.notify_all();
      return STATUS_PENDING;
    }
    position_ += indicated;
    return STATUS_SUCCESS;
  }

  void check(PWSK_DATA_INDICATION list) {
    std::size_t position = position_;
    for (; list != nullptr; list = list->Next) {
      intact_ = intact_ && says(list->Buffer, position);
      position += list->Buffer.Length;
    }
  }

  void keep(PWSK_DATA_INDICATION list) {
    while (list != nullptr) {
      kept_.push_back({list, position_});
      position_ += list->Buffer.Length;
      list = list->Next;
    }
  }

  bool says(const WSK_BUF& buffer, std::size_t position) const {
    const auto* bytes = static_cast<const char*>(
        MmGetSystemAddressForMdlSafe(buffer.Mdl, NormalPagePriority | MdlMappingNoExecute));
    return stream_.says(position, bytes + buffer.Offset, buffer.Length);
  }

  // ---- in the driver's thread

  std::optional<Work> next_work() {
    std::unique_lock lock(mutex_);
    const bool come = changed_.wait_for(lock, std::chrono::minutes(2),
                                        [&] { return !kept_.empty() || restart_ || ended_; });
    if (!come) throw std::runtime_error("the stream stands still");
    if (kept_.empty() && !restart_) return std::nullopt;
    return Work{std::exchange(kept_, {}), std::exchange(restart_, false)};
  }

  // What was kept still says what it said; then it goes back in any order, in lists of any length
  // that the driver links itself.
  void release(const Connection& socket, std::vector<Piece>& kept, std::mt19937& random) {
    for (const Piece& piece : kept) {
      if (says(piece.indication->Buffer, piece.position)) continue;
      std::lock_guard lock(mutex_);
      intact_ = false;
    }
    std::shuffle(kept.begin(), kept.end(), random);
    for (std::size_t i = 0; i < kept.size();) {
      const std::size_t end = std::min<std::size_t>(kept.size(), i + 1 + random() % 4);
      PWSK_DATA_INDICATION list = nullptr;
      for (; i < end; ++i) {
        kept[i].indication->Next = list;
        list = kept[i].indication;
      }
      EXPECT_EQ(socket.release(list), STATUS_SUCCESS);
    }
  }

  // WskReceive, which lets the callback go on: of nothing, or of what comes next. The next callback
  // may come before this call returns, so it is kept out until the completion routine has counted.
  void restart(const Connection& socket, std::mt19937& random) {
    const std::size_t size = random() % 3 == 0 ? 0 : 1 + random() % 20'000;
    const std::size_t first = size / (1 + random() % 4);
    const ULONG flags = size != 0 && random() % 4 == 0 ? WSK_FLAG_WAITALL : 0;
    Buffer buffer({first + 1, 0, size - first});  // To be filled from offset 1 on.
    IrpCall call;
    call.on_completion([&] {
      std::lock_guard lock(mutex_);
      const std::string bytes = buffer.bytes().substr(1, call.irp()->IoStatus.Information);
      intact_ = intact_ && call.irp()->IoStatus.Status == STATUS_SUCCESS &&
                stream_.says(position_, bytes.data(), bytes.size());
      position_ += bytes.size();
    });
    {
      std::lock_guard lock(mutex_);
      call.start([&](PIRP irp) { return socket.receive(buffer.part(1, size), flags, irp); });
    }
    call.wait();
  }

  const Stream& stream_;
  std::recursive_mutex mutex_;  // A receive may complete in the call that starts it.
  std::condition_variable_any changed_;
  std::mt19937 random_;
  std::size_t position_ = 0;  // In the stream: where the next callback begins.
  std::vector<Piece> kept_;
  bool restart_ = false;  // The callback has stopped.
  bool ended_ = false;
  bool intact_ = true;
};

const WSK_CLIENT_CONNECTION_DISPATCH Taker::dispatch = {on_receive, on_disconnect, nullptr};

void send_in_random_pieces(Peer& peer, const Stream& stream) {
  std::mt19937 random(7);
  for (std::size_t position = 0; position < kStreamBytes;) {
    const std::size_t longest = random() % 2 == 0 ? 2'000 : Stream::kLongestPiece;
    const std::size_t size = std::min(kStreamBytes - position, 1 + random() % longest);
    peer.send(stream.at(position, size));
    position += size;
  }
  peer.shutdown_send();
}

CONFORMANCE_SUITE(LongStream);

CONFORMANCE_TEST(LongStream, ArrivesByteForByteHoweverItIsTaken) {
  covers("R-012", "R-055", "R-059", "R-063", "R-064", "R-065", "R-066", "R-081");
  const Stream stream;
  Taker taker(stream, 3);
  const Listener listener = listen();
  Peer peer = Peer::connect(listener.port());
  IrpCall accept;
  accept.start(
      [&](PIRP irp) { return listener.accept(&taker, &Taker::dispatch, nullptr, nullptr, irp); });
  const Connection socket(reinterpret_cast<PWSK_SOCKET>(accept.wait().information));
  socket.enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);

  std::thread sender([&] { send_in_random_pieces(peer, stream); });
  taker.serve(socket);
  sender.join();
}

}  // namespace
}  // namespace wskrun::tests
