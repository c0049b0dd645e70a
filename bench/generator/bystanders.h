// Bystanders: connections that stand beside a load and do nothing, after each has been served once.
// What the load costs more with them than without grows with the number of sockets.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "generator/load.h"

namespace bench {

class Bystanders {
 public:
  Bystanders(const Job& job, unsigned count);
  ~Bystanders();
  Bystanders(const Bystanders&) = delete;
  Bystanders& operator=(const Bystanders&) = delete;

  void open();  // Before anything else.
  bool are_served() const { return served_ == count_; }

 private:
  class Bystander;

  void open_more();
  void served_one();

  const Job job_;
  const unsigned count_;
  unsigned served_ = 0;
  const std::vector<char> message_;
  std::deque<Bystander> bystanders_;
};

}  // namespace bench
