// Thread: what PKTHREAD and PETHREAD point to. One per Linux thread that meets the executive:
// system threads are made by PsCreateSystemThread, others (loop threads, the host's own) get theirs
// on the first call and lose it when they end. ke_wait.cc blocks threads, sched.h runs them.
#pragma once

#include <wdm.h>

#include <atomic>
#include <csetjmp>
#include <cstdint>

#include "base/list.h"
#include "nt/ledger.h"
#include "nt/sched.h"

namespace wskrun::nt {

// What a thread waits for. Guarded by the dispatcher lock while `active`; then the waiter's.
struct Wait {
  KWAIT_BLOCK* blocks = nullptr;
  ULONG count = 0;
  WAIT_TYPE type = WaitAny;
  bool active = false;               // The objects hold the blocks.
  NTSTATUS status = STATUS_SUCCESS;  // How it ended.
};

inline constexpr KPRIORITY kNormalPriority = 8;

struct Thread {
  Thread();

  DISPATCHER_HEADER header;  // First: a thread is an object to wait for. Signalled: it has ended.

  sched::Parker parker;
  Wait wait;
  Thread* next_woken = nullptr;  // DispatcherLock's list.
  KWAIT_BLOCK own_blocks[THREAD_WAIT_OBJECTS];
  LIST_ENTRY owned_mutexes;  // KMUTEX::MutantListEntry. Guarded by the dispatcher lock.

  // The KQUEUE that the thread works for. Guarded by the dispatcher lock.
  KQUEUE* queue = nullptr;
  LIST_ENTRY queue_entry_of_thread;         // In KQUEUE::ThreadListHead, while there is a queue.
  std::atomic<bool> has_queue_turn{false};  // Counts among those that work. Only itself takes one.
  LIST_ENTRY* queue_entry = nullptr;        // What its wait for a queue has given it.

  // The thread's own; while it waits, also of who gives it a mutex.
  LONG critical_regions = 0;  // How often it has disabled normal kernel APCs.
  LONG guarded_regions = 0;   // How often it has disabled all of them.

  void (*on_block)(bool begins) = nullptr;  // Called before and after the thread sleeps.

  const std::uint32_t id;
  std::atomic<KPRIORITY> priority{kNormalPriority};
  std::atomic<KAFFINITY> affinity{0};  // Where the driver wants to run it; 0: anywhere.
  std::atomic<ULONG> ideal_processor;  // An index. Kept for the driver to read.
  std::atomic<int> native_id{0};       // sched's; 0: it does not run yet.

  // Set for threads of PsCreateSystemThread.
  void (*start_routine)(void* context) = nullptr;
  void* start_context = nullptr;
  std::jmp_buf* exit = nullptr;  // Where PsTerminateSystemThread goes on.
  sched::ThreadToken token{};    // Written and read under the lock of the list of ended threads.
  base::Link ended_link;
  LedgerEntry ledger;
};

// The calling thread's. Lives at least as long as the thread; ObReferenceObject keeps it longer.
Thread& current_thread();

// A record for a thread to come, with one reference; nullptr when memory is short. The thread makes
// it its own with become_thread(), first of all, and ends with the two below.
Thread* make_thread();
void become_thread(Thread& thread);
// Stops where Windows does not let a thread end: holding a mutex, inside a critical region.
void check_may_end(const Thread& thread);
// Lets those go on who wait for the thread's end.
void signal_end(Thread& thread);

// Joins the system threads that have ended. A driver's thread that still runs is left alone; the
// ledger lists it.
void join_ended_threads();

inline Thread& thread_of(void* object) {
  return *static_cast<Thread*>(object);
}
inline PKTHREAD ke_thread(Thread& thread) {
  return reinterpret_cast<PKTHREAD>(&thread);
}

}  // namespace wskrun::nt
