// A load that runs for a while, window by window. Between windows it stands still with all its
// connections, because nobody turns the ring; a load whose server would go on by itself has to stop
// it. The file in bench/loads adds what goes over the wire.
#pragma once

#include "generator/load.h"

namespace bench {

class TimedLoad : public Load {
 public:
  void prepare() final;
  Measurement measure(const Timing& timing) final;

 protected:
  TimedLoad(const Row& row, const Job& job) : row_(row), job_(job) {}

  virtual void start() = 0;
  // Every connection has been served once.
  virtual bool is_served() const = 0;
  // After a window, and before the next one.
  virtual void pause() {}
  virtual void resume() {}
  // Called a few times a second, also when nothing moves.
  virtual void look_after() {}

  void count_message(nanoseconds latency) {
    ++count_;
    latencies_.add(latency);
  }
  void count_bytes(std::size_t bytes) { bytes_ += bytes; }

  // Throws when it has not come after long.
  void run_until_true(const std::function<bool()>& condition, const char* what_is_awaited);

  const Row row_;
  const Job job_;

 private:
  void run_until_served();
  void run_until(Clock::time_point until);
  bool is_enough() const;
  double figure_of(const Measurement& measured) const;

  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  wskload::Histogram latencies_;
};

}  // namespace bench
