// Sleeping and waking, at once as pthread's mutex does: std::atomic's wait() gives the processor up
// several times first. Which of the two is cheaper was within the noise.
#include "base/mutex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace wskrun::base {

// Whoever comes out of here may have others behind it, and says so.
void SmallMutex::wait() {
  while (state_.exchange(kWanted, std::memory_order_acquire) != kFree) {
    ::syscall(SYS_futex, &state_, FUTEX_WAIT_PRIVATE, kWanted, nullptr, nullptr, 0);
  }
}

// The mutex may be gone already: then the kernel finds nobody at its address.
void SmallMutex::wake_one() {
  ::syscall(SYS_futex, &state_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace wskrun::base
