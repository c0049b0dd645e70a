// What the transport tests share: backends to choose from, sinks that remember what they were told,
// and a plain blocking socket as the other end of a connection. Waits are for facts, with a bound.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/posix_socket.h"
#include "net/transport.h"

namespace wskrun::net::testing {

constexpr std::chrono::seconds kPatience{60};

inline const Error kOk;
inline const Error kCancelled(ECANCELED);

inline Address loopback(std::uint16_t port = 0, Family family = Family::kIpv4) {
  Address address{.family = family, .port = port};
  if (family == Family::kIpv4) {
    address.ip[0] = 127;
    address.ip[3] = 1;
  } else {
    address.ip[15] = 1;
  }
  return address;
}

// Bytes that differ from place to place, so that a lost or doubled one shows.
inline std::string pattern(std::size_t size, std::size_t from = 0) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t place = from + i;
    bytes[i] = static_cast<char>(place * 31 + (place >> 8) * 7 + (place >> 16));
  }
  return bytes;
}

// State that sinks change on a loop and tests wait for.
class Observed {
 public:
  template <typename Condition>
  bool wait(Condition condition, std::chrono::milliseconds patience = kPatience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, condition);
  }
  template <typename Read>
  auto read(Read get) {
    std::lock_guard lock(mutex_);
    return get();
  }

 protected:
  template <typename Change>
  void note(Change change) {
    std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// A send that owns its memory.
struct OwnedSend {
  explicit OwnedSend(std::string data, std::size_t piece = SIZE_MAX) : bytes(std::move(data)) {
    for (std::size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size() - at)) {
      iovecs.push_back({bytes.data() + at, std::min(piece, bytes.size() - at)});
    }
    op.iov = iovecs.data();
    op.iov_count = static_cast<std::uint32_t>(iovecs.size());
    op.length = bytes.size();
  }
  std::string bytes;
  std::vector<iovec> iovecs;
  SendOp op;
};

struct Ended {
  SendOp* op;
  Error error;
};

class TestStreamSink final : public StreamSink, public Observed {
 public:
  ~TestStreamSink() { EXPECT_TRUE(endpoint == nullptr || is_closed_); }

  // Also called for each chunk, on the loop.
  std::function<void(const Chunk&)> on_chunk;
  bool retain = false;  // Keeps every chunk, until release_all().
  bool forget = false;  // Does not even remember the bytes.

  StreamEndpoint* endpoint = nullptr;

  void connected(Error error) override {
    note([&] { connected_ = error; });
  }
  void received(Chunk chunk) override {
    EXPECT_TRUE(endpoint->loop().is_current());
    EXPECT_FALSE(fin_) << "nothing comes after the FIN";
    EXPECT_FALSE(lost_.has_value()) << "nothing comes after disconnected()";
    if (on_chunk && !chunk.empty()) on_chunk(chunk);
    note([&] {
      if (chunk.empty()) {
        fin_ = true;
        return;
      }
      if (forget) return;
      bytes_.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
      if (retain) chunks_.push_back(std::move(chunk));
    });
  }
  void sent(SendOp& op, Error error) override {
    note([&] { ended_.push_back({&op, error}); });
  }
  void send_shut_down(Error error) override {
    note([&] {
      EXPECT_FALSE(shut_down_.has_value());
      shut_down_ = error;
    });
  }
  void silenced(Error error) override {
    note([&] { silenced_ = error; });
  }
  void disconnected(Error error) override {
    note([&] {
      EXPECT_FALSE(lost_.has_value());
      lost_ = error;
    });
  }
  void closed() override {
    note([&] {
      EXPECT_FALSE(is_closed_);
      is_closed_ = true;
    });
  }
  void released(std::unique_ptr<Socket> socket) override {
    note([&] {
      is_closed_ = true;
      released_ = std::move(socket);
    });
  }

  std::unique_ptr<Socket> wait_released() {
    wait([&] { return released_ != nullptr; });
    return read([&] { return std::move(released_); });
  }
  std::optional<Error> wait_connected() {
    wait([&] { return connected_.has_value(); });
    return read([&] { return std::exchange(connected_, std::nullopt); });
  }
  bool wait_bytes(std::size_t count) {
    return wait([&] { return bytes_.size() >= count; });
  }
  std::string bytes() {
    return read([&] { return bytes_; });
  }
  std::size_t byte_count() {
    return read([&] { return bytes_.size(); });
  }
  bool wait_fin() {
    return wait([&] { return fin_; });
  }
  std::optional<Error> wait_lost() {
    wait([&] { return lost_.has_value(); });
    return read([&] { return lost_; });
  }
  std::optional<Error> lost() {
    return read([&] { return lost_; });
  }
  std::optional<Error> wait_shut_down() {
    wait([&] { return shut_down_.has_value(); });
    return read([&] { return shut_down_; });
  }
  std::optional<Error> wait_silenced() {
    wait([&] { return silenced_.has_value(); });
    return read([&] { return std::exchange(silenced_, std::nullopt); });
  }
  // The ends of the first `count` sends, in order.
  std::vector<Ended> wait_sent(std::size_t count) {
    wait([&] { return ended_.size() >= count; });
    return read([&] { return ended_; });
  }
  // For use inside read() and wait().
  bool fin_now() const { return fin_; }
  bool closed_now() const { return is_closed_; }
  const std::vector<Ended>& sent_now() const { return ended_; }

  bool close(CloseMode mode = CloseMode::kAbort) {
    endpoint->close(mode);
    return wait([&] { return is_closed_; });
  }
  std::vector<Chunk> take_chunks() {
    return read([&] { return std::move(chunks_); });
  }

 private:
  std::optional<Error> connected_;
  std::string bytes_;
  std::vector<Chunk> chunks_;
  bool fin_ = false;
  std::vector<Ended> ended_;
  std::optional<Error> shut_down_;
  std::optional<Error> lost_;
  std::optional<Error> silenced_;
  bool is_closed_ = false;
  std::unique_ptr<Socket> released_;
};

class TestListenerSink final : public ListenerSink, public Observed {
 public:
  ListenerEndpoint* endpoint = nullptr;

  void accepted(std::unique_ptr<Socket> socket) override {
    note([&] { sockets_.push_back(std::move(socket)); });
  }
  void failed(Error error) override {
    note([&] { failed_ = error; });
  }
  void closed() override {
    note([&] { is_closed_ = true; });
  }

  std::unique_ptr<Socket> wait_accepted() {
    if (!wait([&] { return !sockets_.empty(); })) return nullptr;
    return read([&] {
      auto socket = std::move(sockets_.front());
      sockets_.erase(sockets_.begin());
      return socket;
    });
  }
  std::size_t accepted_now() const { return sockets_.size(); }  // Inside read() and wait().
  std::size_t accepted_count() {
    return read([&] { return sockets_.size(); });
  }
  bool close() {
    endpoint->close();
    return wait([&] { return is_closed_; });
  }

 private:
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::optional<Error> failed_;
  bool is_closed_ = false;
};

// A plain blocking socket, with no code of ours but addresses behind it.
class Peer {
 public:
  explicit Peer(Family family = Family::kIpv4)
      : fd_(::socket(family == Family::kIpv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  }
  explicit Peer(UniqueFd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  bool connect(const Address& to) {
    const SocketAddress address = to_socket_address(to);
    return ::connect(fd(), address.get(), address.length) == 0;
  }
  Address listen(int backlog = 64, Family family = Family::kIpv4) {
    const SocketAddress address = to_socket_address(loopback(0, family));
    EXPECT_EQ(::bind(fd(), address.get(), address.length), 0);
    EXPECT_EQ(::listen(fd(), backlog), 0);
    return local_address_of(fd());
  }
  Peer accept() { return Peer(UniqueFd(::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC))); }

  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Reads `count` bytes, or less if the stream ends before; why_ended() tells how.
  std::string read(std::size_t count = SIZE_MAX) {
    std::string bytes;
    char buffer[65536];
    while (bytes.size() < count) {
      const ssize_t got = ::recv(fd(), buffer, std::min(sizeof buffer, count - bytes.size()), 0);
      ended_ = got == 0 ? 0 : errno;
      if (got <= 0) return bytes;
      bytes.append(buffer, static_cast<std::size_t>(got));
    }
    return bytes;
  }
  int why_ended() const { return ended_; }  // 0: the FIN; else an errno.

  void send_fin() { ::shutdown(fd(), SHUT_WR); }
  void reset() {
    reset_now(fd());
    fd_.reset();
  }
  void close() { fd_.reset(); }

 private:
  static void reset_now(int fd) {
    const linger none{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  }

  UniqueFd fd_;
  int ended_ = -1;
};

struct Backend {
  const char* name;
  std::unique_ptr<Transport> (*make)(const TransportOptions& options, Error& error);
};

inline std::unique_ptr<Transport> make_epoll(const TransportOptions& options, Error& error) {
  return make_epoll_transport(options, error);
}

inline std::unique_ptr<Transport> make_uring(const TransportOptions& options, Error& error) {
  return make_uring_transport(options, error);
}

// As on Linux 6.1.
inline std::unique_ptr<Transport> make_uring_basic(const TransportOptions& options, Error& error) {
  TransportOptions basic = options;
  basic.newest_kernel_features = false;
  return make_uring_transport(basic, error);
}

inline const Backend kBackends[] = {
    {"epoll", make_epoll},
    {"uring", make_uring},
    {"uring_basic", make_uring_basic},
};

inline std::string backend_name(const ::testing::TestParamInfo<Backend>& info) {
  return info.param.name;
}

// A stream of the transport, and the peer at its other end.
struct Connection {
  std::unique_ptr<TestStreamSink> sink = std::make_unique<TestStreamSink>();
  Peer peer;

  StreamEndpoint& endpoint() { return *sink->endpoint; }
};

class TransportTest : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (!start()) return;
    listen(Family::kIpv4);
  }
  void TearDown() override {
    if (listener_.endpoint != nullptr) {
      EXPECT_TRUE(listener_.close());
    }
    transport_.reset();
  }

  // Tests that need other options call this first.
  void restart(const TransportOptions& options) {
    TearDown();
    listener_.~TestListenerSink();
    new (&listener_) TestListenerSink;
    options_ = options;
    SetUp();
  }

  bool start() {
    Error error;
    transport_ = GetParam().make(options_, error);
    EXPECT_NE(transport_, nullptr) << std::strerror(error.code());
    return transport_ != nullptr;
  }

  void listen(Family family) {
    auto socket = make_socket(family);
    ASSERT_EQ(socket->bind(loopback(0, family)), kOk);
    ASSERT_EQ(socket->listen(), kOk);
    listening_ = socket->local_address();
    listener_.endpoint = &transport_->open_listener(std::move(socket), listener_);
    listener_.endpoint->resume_accept();
  }

  std::unique_ptr<Socket> make_socket(Family family = Family::kIpv4) {
    Error error;
    auto socket = transport_->create_socket({.family = family}, error);
    EXPECT_EQ(error, kOk);
    return socket;
  }

  void open(std::unique_ptr<Socket> socket, TestStreamSink& sink) {
    sink.endpoint = &transport_->open_stream(std::move(socket), sink);
  }

  // An accepted connection; receiving, unless `paused`.
  Connection accept_connection(bool paused = false) {
    Connection connection{.peer = Peer(listening_.family)};
    EXPECT_TRUE(connection.peer.connect(listening_));
    open(listener_.wait_accepted(), *connection.sink);
    if (!paused) connection.endpoint().resume_receive();
    return connection;
  }

  // A stream that is not connected.
  std::unique_ptr<TestStreamSink> open_unconnected() {
    auto sink = std::make_unique<TestStreamSink>();
    auto socket = make_socket();
    EXPECT_EQ(socket->bind(loopback()), kOk);
    open(std::move(socket), *sink);
    return sink;
  }

  // Returns when the loop has done everything that was asked of it before.
  static void drain(Loop& loop) {
    struct Marker : Task, Observed {
      bool done = false;
      Marker() {
        run = [](Task& task) {
          auto& self = static_cast<Marker&>(task);
          self.note([&] { self.done = true; });
        };
      }
    } marker;
    loop.post(marker);
    EXPECT_TRUE(marker.wait([&] { return marker.done; }));
  }

  TransportOptions options_{.loop_count = 1};
  std::unique_ptr<Transport> transport_;
  TestListenerSink listener_;
  Address listening_;
};

}  // namespace wskrun::net::testing
