// The server under test as the kernel's accounting sees it: what it has used of the processor and
// of memory. All threads of the process count, those that io_uring makes for it as well.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>

namespace bench {

struct Usage {
  std::chrono::nanoseconds cpu{};   // User and system, exact.
  std::chrono::nanoseconds user{};  // How the kernel divides it, by samples at every tick.
  std::chrono::nanoseconds system{};
  std::uint64_t sleeps = 0;     // How often a thread stopped to wait for something.
  unsigned kernel_threads = 0;  // Of io_uring's, at this moment.
};

// Throws std::runtime_error when there is no such process, or it has ended.
class ServerProcess {
 public:
  explicit ServerProcess(pid_t pid);

  Usage usage() const;
  std::uint64_t resident_bytes() const;

 private:
  pid_t pid_;
  clockid_t clock_{};
};

// The generator's own processor time.
std::chrono::nanoseconds own_cpu();

// What all processors have done since the machine started, whoever asked for it, and what the
// hypervisor took from them.
std::chrono::nanoseconds machine_busy();

}  // namespace bench
