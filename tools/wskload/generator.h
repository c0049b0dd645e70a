// Drives all connections from one thread with one epoll set, and speaks up once a second.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connection.h"

namespace wskload {

// What happened in a second, or in the whole run.
struct Sample {
  Clock::duration since_start{};
  Clock::duration length{};
  unsigned connections = 0;  // Alive at its end.
  Tally tally;
};

struct Outcome {
  Sample whole;
  unsigned failed = 0;      // Connections that did not end well, mismatches included.
  unsigned mismatched = 0;  // Whose echo differed.
  std::string first_failure;
};

class Generator {
 public:
  Generator(Workload workload, unsigned connections);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // Opens all connections, keeps them busy for `length`, then lets each finish what is under way
  // and end; those that have not after `patience` failed.
  Outcome run(Clock::duration length, Clock::duration patience,
              const std::function<void(const Sample&)>& on_second);

 private:
  void open_all();
  // Serves the sockets until `until`, or until no connection is left.
  void serve(Clock::time_point until);
  void forget(Connection& connection);
  Sample take_sample(Clock::time_point from);
  Outcome outcome() const;

  const Workload workload_;
  const Pattern pattern_;
  Tally second_;
  Tally whole_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<char> scratch_;
  Clock::time_point start_;
  unsigned alive_ = 0;
  int epoll_ = -1;
};

}  // namespace wskload
