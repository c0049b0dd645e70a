// tests/drivers/blockclient against a server that answers in whatever order a test likes.
#include <wdm.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../drivers/blockclient/block_protocol.h"
#include "../drivers/blockclient/blockclient_ioctl.h"
#include "kit/event_log.h"
#include "kit/fixture.h"
#include "kit/loaded_driver.h"
#include "kit/peer.h"

namespace wskrun::tests {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kPiece = 16 * 1024;

template <typename Header>
Header receive_header(Peer& peer) {
  Header header{};
  const std::string bytes = peer.receive(sizeof header);
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}

template <typename Header>
std::string bytes_of(const Header& header) {
  return std::string(reinterpret_cast<const char*>(&header), sizeof header);
}

// What the server stores.
class Medium {
 public:
  static constexpr std::size_t kSize = 2 * 1024 * 1024;
  std::string read(std::size_t offset, std::size_t size) const {
    const std::lock_guard lock(mutex_);
    return bytes_.substr(offset, size);
  }
  void write(std::size_t offset, const std::string& data) {
    const std::lock_guard lock(mutex_);
    bytes_.replace(offset, data.size(), data);
  }

 private:
  mutable std::mutex mutex_;
  std::string bytes_ = pattern(kSize);
};

// One connection of the driver. Requests are carried out as they come; replies wait until there are
// `batch` of them and then go out last first.
class BlockServer {
 public:
  BlockServer(Peer peer, Medium& medium, std::size_t batch)
      : peer_(std::move(peer)), medium_(medium), batch_(batch) {
    const BLOCK_GREETING greeting = {BLOCK_MAGIC_GREETING, kBlock, Medium::kSize};
    peer_.send(bytes_of(greeting));
    thread_ = std::thread([this] { serve(); });
  }
  ~BlockServer() {
    if (thread_.joinable()) thread_.join();
  }

  // Waits until so many requests have come in, in all.
  void wait_for_requests(std::size_t count) {
    log_.wait("requests", [&] { return requests_ >= count; });
  }
  std::size_t requests() {
    return log_.look([&] { return requests_; });
  }
  // Sends what waits, and from now on every reply at once.
  void release() {
    log_.note([&] {
      batch_ = 1;
      answer_all();
    });
  }
  void fail_from(std::uint64_t offset) {
    log_.note([&] { bad_from_ = offset; });
  }
  // With that request, the connection breaks.
  void die_at(std::size_t request) {
    log_.note([&] { last_ = request; });
  }

 private:
  void serve() {
    try {
      while (serve_one()) continue;
      peer_.reset();
    } catch (const std::exception&) {
      // The driver went, or the test was done with it.
    }
  }

  bool serve_one() {
    const auto request = receive_header<BLOCK_REQUEST>(peer_);
    if (request.Magic != BLOCK_MAGIC_REQUEST) ADD_FAILURE() << "no request: " << request.Magic;
    std::string data;
    if (request.Operation == BLOCK_WRITE) data = peer_.receive(request.Length);
    return log_.note([&] {
      replies_.push_back(carry_out(request, data));
      if (replies_.size() >= batch_) answer_all();
      return ++requests_ != last_;
    });
  }

  std::string carry_out(const BLOCK_REQUEST& request, const std::string& data) {
    const bool bad = request.Offset >= bad_from_;
    const BLOCK_REPLY reply = {
        BLOCK_MAGIC_REPLY, bad ? ULONG{BLOCK_RESULT_FAILED} : ULONG{BLOCK_RESULT_OK}, request.Id};
    std::string answer = bytes_of(reply);
    if (bad) return answer;
    if (request.Operation == BLOCK_READ) answer += medium_.read(request.Offset, request.Length);
    if (request.Operation == BLOCK_WRITE) medium_.write(request.Offset, data);
    return answer;
  }

  void answer_all() {
    std::reverse(replies_.begin(), replies_.end());
    for (const std::string& reply : replies_) peer_.send(reply);
    replies_.clear();
  }

  Peer peer_;
  Medium& medium_;
  EventLog log_;  // Guards the five below.
  std::size_t batch_;
  std::size_t requests_ = 0;
  std::size_t last_ = SIZE_MAX;
  std::uint64_t bad_from_ = UINT64_MAX;
  std::vector<std::string> replies_;
  std::thread thread_;
};

class BlockClient : public ::testing::TestWithParam<Way> {
 protected:
  // The driver, connected to a server that answers in batches.
  void start(std::size_t batch, std::size_t max_pieces = 8) {
    driver_ = std::make_unique<LoadedDriver>(
        GetParam(), "blockclient",
        std::vector<Parameter>{{"Server", "127.0.0.1:" + std::to_string(listener_.port())},
                               {"PieceSize", "", kPiece},
                               {"MaxPieces", "", max_pieces},
                               {"RetryMilliseconds", "", 1}});
    serve(batch);
    device_ = std::make_unique<OpenDevice>(*driver_, "\\\\.\\RemoteBlocks");
  }
  void serve(std::size_t batch) {
    server_ = std::make_unique<BlockServer>(listener_.accept(), medium_, batch);
    driver_->line_with("connected");
  }
  void TearDown() override {
    device_.reset();
    driver_.reset();  // Before the server, whose thread ends with the connection.
    server_.reset();
  }

  wskrun_request* begin_read(std::string& into, std::size_t offset) {
    return wskrun_device_read(device_->get(), into.data(), into.size(), offset);
  }
  wskrun_request* begin_write(const std::string& from, std::size_t offset) {
    return wskrun_device_write(device_->get(), from.data(), from.size(), offset);
  }
  void expect_read(std::size_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    EXPECT_EQ(end(begin_read(bytes, offset)), (Ended{STATUS_SUCCESS, size}));
    EXPECT_TRUE(bytes == medium_.read(offset, size));
  }

  Medium medium_;
  PeerListener listener_;
  std::unique_ptr<BlockServer> server_;
  std::unique_ptr<LoadedDriver> driver_;
  std::unique_ptr<OpenDevice> device_;
};

INSTANTIATE_TEST_SUITE_P(, BlockClient, ::testing::ValuesIn(kWays),
                         [](const auto& info) { return info.param.name; });

TEST_P(BlockClient, SaysWhatTheServerHas) {
  start(1);
  REMOTE_BLOCKS_MEDIUM medium{};
  EXPECT_EQ(device_->ask(IOCTL_REMOTE_BLOCKS_QUERY_MEDIUM, medium),
            (Ended{STATUS_SUCCESS, sizeof medium}));
  EXPECT_EQ(medium.Size, Medium::kSize);
  EXPECT_EQ(medium.BlockSize, kBlock);
}

TEST_P(BlockClient, SmallReadsAreOneRequest) {
  start(1);
  expect_read(0, kBlock);
  expect_read(kBlock, kPiece);
  expect_read(Medium::kSize - kBlock, kBlock);
  EXPECT_EQ(server_->requests(), 3u);
}

TEST_P(BlockClient, LargeReadsAreSplitAndPutTogetherInAnyOrder) {
  start(8);
  expect_read(0, 8 * kPiece);
  expect_read(3 * kBlock, 7 * kPiece + 5 * kBlock);
  EXPECT_EQ(server_->requests(), 16u);
}

TEST_P(BlockClient, LargeWritesAreSplitToo) {
  start(8);
  const std::string bytes = pattern(8 * kPiece, 12345);
  EXPECT_EQ(end(begin_write(bytes, 5 * kBlock)), (Ended{STATUS_SUCCESS, bytes.size()}));
  EXPECT_TRUE(medium_.read(5 * kBlock, bytes.size()) == bytes);
  EXPECT_EQ(server_->requests(), 8u);
  server_->release();
  expect_read(0, Medium::kSize);
}

TEST_P(BlockClient, ReadsAndWritesOfManyThreads) {
  start(1);
  constexpr std::size_t kArea = 256 * 1024;
  std::vector<std::thread> threads;
  for (std::size_t area = 0; area < 8; ++area) {
    threads.emplace_back([this, area] {
      const std::size_t offset = area * kArea;
      for (std::size_t round = 0; round < 5; ++round) {
        const std::string bytes = pattern(kArea, area * 1000 + round);
        EXPECT_EQ(end(begin_write(bytes, offset)), (Ended{STATUS_SUCCESS, kArea}));
        std::string back(kArea, '\0');
        EXPECT_EQ(end(begin_read(back, offset)), (Ended{STATUS_SUCCESS, kArea}));
        EXPECT_TRUE(back == bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(BlockClient, WhatLiesOutsideIsRefused) {
  start(1);
  std::string bytes(kBlock, '\0');
  EXPECT_EQ(end(begin_read(bytes, Medium::kSize)), (Ended{STATUS_END_OF_FILE, 0}));
  EXPECT_EQ(end(begin_read(bytes, 1)), (Ended{STATUS_INVALID_PARAMETER, 0}));
  bytes.resize(kBlock - 1);
  EXPECT_EQ(end(begin_write(bytes, 0)), (Ended{STATUS_INVALID_PARAMETER, 0}));
  EXPECT_EQ(server_->requests(), 0u);
}

TEST_P(BlockClient, OneBadPieceFailsTheWholeRequestAndNoOther) {
  start(1);
  server_->fail_from(4 * kPiece);
  std::string bytes(8 * kPiece, '\0');
  EXPECT_EQ(end(begin_read(bytes, 0)), (Ended{STATUS_IO_DEVICE_ERROR, 0}));
  expect_read(0, 4 * kPiece);
}

TEST_P(BlockClient, ACancelledReadEndsAtOnceAndItsReplyGoesNowhere) {
  start(100);
  std::string cancelled(2 * kPiece, 'x'), kept(kPiece, '\0');
  wskrun_request* one = begin_read(cancelled, 0);
  wskrun_request* other = begin_read(kept, 2 * kPiece);
  server_->wait_for_requests(3);
  wskrun_request_cancel(one);
  EXPECT_EQ(end(one), (Ended{STATUS_CANCELLED, 0}));
  EXPECT_EQ(wskrun_request_wait(other, 0), 0);

  server_->release();
  EXPECT_EQ(end(other), (Ended{STATUS_SUCCESS, kPiece}));
  EXPECT_TRUE(kept == medium_.read(2 * kPiece, kPiece));
  EXPECT_TRUE(cancelled == std::string(2 * kPiece, 'x'));
}

TEST_P(BlockClient, ACancelledWriteEndsAtOnce) {
  start(100);
  const std::string bytes = pattern(2 * kPiece, 99);
  wskrun_request* request = begin_write(bytes, 0);
  server_->wait_for_requests(2);
  wskrun_request_cancel(request);
  EXPECT_EQ(end(request), (Ended{STATUS_CANCELLED, 0}));
  server_->release();
  expect_read(0, kPiece);
}

// There is room for two requests at the server, so the others wait in the driver.
TEST_P(BlockClient, WhatWaitsIsCancelledToo) {
  start(100, 2);
  std::string first(2 * kPiece, '\0'), waiting(kPiece, '\0');
  wskrun_request* out = begin_read(first, 0);
  wskrun_request* queued = begin_read(waiting, 0);
  server_->wait_for_requests(2);
  wskrun_request_cancel(queued);
  // The one may have got the other's place at the server: whoever is asked second waits.
  EXPECT_EQ(end(queued), (Ended{STATUS_CANCELLED, 0}));
  server_->release();
  EXPECT_EQ(end(out), (Ended{STATUS_SUCCESS, first.size()}));
}

TEST_P(BlockClient, ClosingTheHandleCancelsWhatItHas) {
  start(100);
  std::string bytes(4 * kPiece, '\0');
  wskrun_request* request = begin_read(bytes, 0);
  server_->wait_for_requests(4);
  device_.reset();
  EXPECT_EQ(end(request), (Ended{STATUS_CANCELLED, 0}));
}

TEST_P(BlockClient, CancelsThatRaceWithRepliesEndEachRequestOnce) {
  start(1);
  for (int round = 0; round < 200; ++round) {
    std::string bytes(4 * kPiece, 'x');
    const std::string from = pattern(2 * kPiece, round);
    wskrun_request* read = begin_read(bytes, 0);
    wskrun_request* write = begin_write(from, 8 * kPiece);
    wskrun_request_cancel(read);
    wskrun_request_cancel(write);
    const Ended ended = end(read);
    if (ended.status == STATUS_SUCCESS) {
      EXPECT_TRUE(bytes == medium_.read(0, bytes.size()));
    } else {
      EXPECT_EQ(ended, (Ended{STATUS_CANCELLED, 0}));
    }
    const Ended written = end(write);
    EXPECT_TRUE(written.status == STATUS_SUCCESS || written.status == STATUS_CANCELLED);
  }
  expect_read(0, 16 * kPiece);
}

TEST_P(BlockClient, ADeadServerFailsEverythingAndIsFoundAgain) {
  start(100);
  server_->die_at(8);
  std::string bytes(4 * kPiece, '\0');
  const std::string from = pattern(20 * kPiece);
  wskrun_request* read = begin_read(bytes, 0);
  wskrun_request* write = begin_write(from, 0);
  EXPECT_EQ(end(read), (Ended{STATUS_CONNECTION_DISCONNECTED, 0}));
  EXPECT_EQ(end(write), (Ended{STATUS_CONNECTION_DISCONNECTED, 0}));
  driver_->line_with("the server is lost");
  EXPECT_EQ(end(begin_read(bytes, 0)), (Ended{STATUS_DEVICE_NOT_CONNECTED, 0}));

  server_.reset();
  serve(1);
  expect_read(0, 4 * kPiece);
}

TEST_P(BlockClient, AServerThatTalksNonsenseIsLeft) {
  driver_ = std::make_unique<LoadedDriver>(
      GetParam(), "blockclient",
      std::vector<Parameter>{{"Server", "127.0.0.1:" + std::to_string(listener_.port())},
                             {"RetryMilliseconds", "", 1}});
  Peer nonsense = listener_.accept();
  nonsense.send("HTTP/1.1 400 Bad Request");
  driver_->line_with("the server is lost: 0xC0");
  nonsense.wait_reset();
}

TEST_P(BlockClient, IsUnloadedBeforeAServerGreets) {
  driver_ = std::make_unique<LoadedDriver>(
      GetParam(), "blockclient",
      std::vector<Parameter>{{"Server", "127.0.0.1:" + std::to_string(listener_.port())}});
  const Peer silent = listener_.accept();
  OpenDevice device(*driver_, "\\\\.\\RemoteBlocks");
  char byte = 0;
  EXPECT_EQ(end(wskrun_device_read(device.get(), &byte, 1, 0)),
            (Ended{STATUS_DEVICE_NOT_CONNECTED, 0}));
  device.close();
  driver_.reset();
}

}  // namespace
}  // namespace wskrun::tests
