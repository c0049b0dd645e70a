// The life of one connection over a non-blocking socket that epoll watches edge by edge.
#include "connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cstring>

#include <fmt/format.h>

namespace wskload {

Connection::~Connection() {
  if (socket_ >= 0) close(socket_);
}

bool Connection::open() {
  const auto* address = reinterpret_cast<const sockaddr*>(&workload_.address);
  socket_ = ::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return fail("cannot open a socket", errno), false;
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(socket_, address, workload_.address_size) != 0 && errno != EINPROGRESS) {
    return fail("cannot connect", errno), false;
  }
  return true;
}

void Connection::ready(std::span<char> scratch) {
  if (state_ == State::kConnecting) complete_connect();
  if (!is_over() && state_ != State::kConnecting) read_all(scratch);
  if (!is_over() && state_ != State::kConnecting) write_all();
  end_when_idle();
}

void Connection::complete_connect() {
  sockaddr_storage peer;
  socklen_t size = sizeof peer;
  if (getpeername(socket_, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    int error = 0;
    socklen_t error_size = sizeof error;
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &error_size);
    if (error != 0) fail("cannot connect", error);
    return;  // Without an error: not connected yet, this edge came too early.
  }
  state_ = State::kRunning;
  for (unsigned i = 0; i < workload_.pipeline; ++i) start_message();
}

void Connection::start_message() {
  due_ += workload_.message_bytes;
  started_.push_back(Clock::now());
}

void Connection::read_all(std::span<char> scratch) {
  for (;;) {
    const ssize_t count = recv(socket_, scratch.data(), scratch.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) return fail("the connection broke", errno);
    if (count == 0) {
      if (!started_.empty() || state_ != State::kFinishing) {
        return fail("the peer ended the connection early", 0);
      }
      state_ = State::kEnded;
      return;
    }
    take(scratch.first(static_cast<std::size_t>(count)));
    if (is_over()) return;
  }
}

void Connection::take(std::span<const char> received) {
  const std::size_t right = pattern_.matching(first_position_ + received_, received);
  if (right != received.size() || received_ + received.size() > sent_) {
    mismatch_ = true;
    failure_ = fmt::format("byte {} of the echo is not what was sent",
                           right == received.size() ? sent_ : received_ + right);
    state_ = State::kFailed;
    return;
  }
  const std::uint64_t complete_before = received_ / workload_.message_bytes;
  received_ += received.size();
  tally_.bytes_received += received.size();
  const auto now = Clock::now();
  for (auto n = received_ / workload_.message_bytes - complete_before; n > 0; --n) {
    tally_.latencies.add(now - started_.front());
    ++tally_.messages;
    started_.pop_front();
    if (state_ == State::kRunning) start_message();
  }
}

void Connection::write_all() {
  while (sent_ < due_) {
    const auto bytes = pattern_.at(first_position_ + sent_, due_ - sent_);
    const ssize_t count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) return fail("the connection broke", errno);
    sent_ += static_cast<std::uint64_t>(count);
  }
}

void Connection::finish() {
  if (state_ == State::kConnecting) return fail("not connected in time", 0);
  if (state_ == State::kRunning) state_ = State::kFinishing;
  end_when_idle();
}

void Connection::end_when_idle() {
  if (state_ == State::kFinishing && started_.empty()) shutdown(socket_, SHUT_WR);
}

void Connection::fail(const char* what, int error) {
  failure_ = error == 0 ? what : fmt::format("{}: {}", what, std::strerror(error));
  state_ = State::kFailed;
}

}  // namespace wskload
