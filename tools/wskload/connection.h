// One connection of the load: sends messages, awaits their echo, compares each byte and takes the
// time from a message's first byte out to its last byte back. generator.h holds many of these.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <span>
#include <string>

#include "histogram.h"
#include "pattern.h"

namespace wskload {

using Clock = std::chrono::steady_clock;

// What all connections share and add to.
struct Tally {
  Histogram latencies;
  std::uint64_t messages = 0;
  std::uint64_t bytes_received = 0;
};

struct Workload {
  sockaddr_storage address{};
  socklen_t address_size = 0;
  std::uint64_t message_bytes = 0;
  unsigned pipeline = 1;  // Messages under way at once.
};

class Connection {
 public:
  enum class State { kConnecting, kRunning, kFinishing, kEnded, kFailed };

  Connection(const Workload& workload, const Pattern& pattern, Tally& tally, unsigned index)
      : workload_(workload), pattern_(pattern), tally_(tally), first_position_(index * 4099ull) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Starts the connect; ready() is to be called at every edge of the socket.
  bool open();
  // Reads and writes until the socket would block. `scratch` is where bytes are read to.
  void ready(std::span<char> scratch);
  // Starts no further message; when the last echo is back it ends its side and awaits the peer's.
  void finish();

  State state() const { return state_; }
  bool is_over() const { return state_ == State::kEnded || state_ == State::kFailed; }
  int socket() const { return socket_; }
  const std::string& failure() const { return failure_; }
  bool has_mismatch() const { return mismatch_; }

 private:
  void complete_connect();
  void read_all(std::span<char> scratch);
  void take(std::span<const char> received);
  void write_all();
  void start_message();
  void end_when_idle();
  void fail(const char* what, int error);

  const Workload& workload_;
  const Pattern& pattern_;
  Tally& tally_;
  const std::uint64_t first_position_;
  int socket_ = -1;
  State state_ = State::kConnecting;
  std::uint64_t due_ = 0;                  // Bytes of the messages started so far.
  std::uint64_t sent_ = 0;                 // Of those, bytes the kernel took.
  std::uint64_t received_ = 0;             // Bytes that came back.
  std::deque<Clock::time_point> started_;  // Of the messages under way, oldest first.
  bool mismatch_ = false;
  std::string failure_;
};

}  // namespace wskload
