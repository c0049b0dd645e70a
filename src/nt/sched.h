// sched: all blocking, waking, thread creation, yielding and time of the executive. Nothing else in
// nt, nmr or wsk calls pthread, futex, sleep or clock_gettime. sched_threads.cc implements it over
// Linux threads; what objects a thread waits for is ke_dispatcher's business.
//
// Times are in NT's unit, 100 ns.
#pragma once

#include <atomic>
#include <cstdint>

namespace wskrun::nt::sched {

// Since an unspecified start; never goes back. NT's interrupt time.
std::int64_t interrupt_time_100ns();
// Since 1601-01-01, UTC. Moves when somebody sets the clock.
std::int64_t system_time_100ns();

inline constexpr std::int64_t kNever = INT64_MAX;

// Blocks one thread until another lets it go on. Holds at most one permit; an unpark() before the
// park() is not lost.
class Parker {
 public:
  Parker() = default;
  Parker(const Parker&) = delete;
  Parker& operator=(const Parker&) = delete;

  // Waits for the permit and takes it. Only the owner's thread.
  void park();
  // As park(), but gives up when the interrupt time reaches `due_100ns` (kNever: never). Returns
  // whether it took the permit.
  bool park_until(std::int64_t due_100ns);
  // Gives the permit. Any thread. From the moment the owner can see the permit *this may be gone;
  // this function does not look at it again.
  void unpark();

 private:
  std::atomic<std::int32_t> state_{0};
};

// Called in a loop that waits for another thread to leave a lock of a few instructions; `round`
// counts from 0. Spins at first, then gives the processor away: the holder may not be running.
void pause(unsigned round);

// Lets other threads run.
void yield();

enum class ThreadToken : std::uintptr_t {};

// Runs entry(context) on a new thread called `name`, a literal (15 characters count). False: the
// system has no thread to give. Every thread started must be joined.
bool start_thread(const char* name, void (*entry)(void* context), void* context,
                  ThreadToken& token);
void join_thread(ThreadToken token);

// The addresses of the calling thread's stack: from `low` on, up to below `high`.
struct Stack {
  std::uintptr_t low;
  std::uintptr_t high;
};
Stack own_stack();

// What the system calls the calling thread by, and a name for a thread for people to see. Nothing
// happens when the thread has ended.
int native_thread_id();
void name_thread(int native_id, const char* name);

// How many processors the process may use; at least 1.
unsigned processors();

}  // namespace wskrun::nt::sched
