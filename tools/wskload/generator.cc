// The epoll loop around the connections.
#include "generator.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace wskload {
namespace {

constexpr std::size_t kScratchBytes = 256 * 1024;

int milliseconds_until(Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
}

}  // namespace

Generator::Generator(Workload workload, unsigned connections)
    : workload_(workload), scratch_(kScratchBytes), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  connections_.reserve(connections);
  for (unsigned i = 0; i < connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(workload_, pattern_, second_, i));
  }
}

Generator::~Generator() {
  close(epoll_);
}

Outcome Generator::run(Clock::duration length, Clock::duration patience,
                       const std::function<void(const Sample&)>& on_second) {
  start_ = Clock::now();
  open_all();
  const auto end = start_ + length;
  for (auto from = start_; alive_ > 0 && from < end; from += std::chrono::seconds(1)) {
    serve(std::min(from + std::chrono::seconds(1), end));
    on_second(take_sample(from));
  }
  for (auto& connection : connections_) {
    if (connection->is_over()) continue;
    connection->finish();
    if (connection->is_over()) forget(*connection);
  }
  serve(Clock::now() + patience);
  take_sample(start_);
  return outcome();
}

void Generator::open_all() {
  for (auto& connection : connections_) {
    if (!connection->open()) continue;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = connection.get();
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection->socket(), &event);
    ++alive_;
  }
}

void Generator::serve(Clock::time_point until) {
  std::array<epoll_event, 256> events;
  while (alive_ > 0 && Clock::now() < until) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                 milliseconds_until(until));
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      connection.ready(scratch_);
      if (connection.is_over()) forget(connection);
    }
  }
}

void Generator::forget(Connection& connection) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.socket(), nullptr);
  --alive_;
}

Sample Generator::take_sample(Clock::time_point from) {
  const auto now = Clock::now();
  Sample sample{now - start_, now - from, alive_, second_};
  whole_.latencies.merge(second_.latencies);
  whole_.messages += second_.messages;
  whole_.bytes_received += second_.bytes_received;
  second_ = Tally{};
  return sample;
}

Outcome Generator::outcome() const {
  const auto elapsed = Clock::now() - start_;
  Outcome outcome;
  outcome.whole = {elapsed, elapsed, static_cast<unsigned>(connections_.size()), whole_};
  for (const auto& connection : connections_) {
    if (connection->state() == Connection::State::kEnded) continue;
    ++outcome.failed;
    if (connection->has_mismatch()) ++outcome.mismatched;
    if (outcome.first_failure.empty()) {
      outcome.first_failure = connection->failure().empty()
                                  ? "the peer did not echo and end the connection in time"
                                  : connection->failure();
    }
  }
  return outcome;
}

}  // namespace wskload
