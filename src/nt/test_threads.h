// Helpers for the unit tests of this room: threads, and waiting for a fact instead of for a time.
#pragma once

#include <wdm.h>

#include <functional>
#include <thread>
#include <vector>

#include "nt/ke_dispatcher.h"
#include "nt/sched.h"

namespace wskrun::nt {

// Runs body(0) ... body(count - 1) on a thread each, and joins them.
inline void run_threads(unsigned count, const std::function<void(unsigned)>& body) {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < count; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

// Returns once `count` wait blocks hang in the object's list.
inline void await_waiters(DISPATCHER_HEADER& header, unsigned count) {
  for (unsigned round = 0;; ++round) {
    {
      DispatcherLock lock;
      unsigned waiters = 0;
      for (LIST_ENTRY* entry = header.WaitListHead.Flink; entry != &header.WaitListHead;
           entry = entry->Flink) {
        ++waiters;
      }
      if (waiters == count) return;
    }
    sched::pause(round);
  }
}

inline NTSTATUS wait_for(PVOID object) {
  return KeWaitForSingleObject(object, ::Executive, KernelMode, FALSE, nullptr);
}

// A relative timeout.
inline LARGE_INTEGER in_ms(LONGLONG ms) {
  LARGE_INTEGER timeout;
  timeout.QuadPart = ms * -10'000;
  return timeout;
}

inline NTSTATUS poll(PVOID object) {
  LARGE_INTEGER now = in_ms(0);
  return KeWaitForSingleObject(object, ::Executive, KernelMode, FALSE, &now);
}

}  // namespace wskrun::nt
