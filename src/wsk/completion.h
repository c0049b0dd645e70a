// Completion: how the call that a request belongs to ends. Windows may complete an IRP before the
// call returns or after STATUS_PENDING, and a driver has to bear both; the setting CompletionMode
// forces the one or the other. request.cc asks here; dispatch.cc wraps each function in an Entry.
#pragma once

#include <wsk.h>

#include <atomic>

#include "nt/sched.h"
#include "wsk/settings.h"

namespace wskrun::wsk {

class Request;

// How one call is to end.
enum class Ending : std::uint8_t { kNatural, kInline, kPending };

// Draws the ending of the next call.
class EndingChoice {
 public:
  EndingChoice(CompletionMode mode, std::uint64_t seed);
  Ending next();

 private:
  const CompletionMode mode_;
  const std::uint64_t seed_;
  std::atomic<std::uint64_t> calls_{0};
};

// A call of the driver's that waits a moment for its request, to return what it ended with instead
// of STATUS_PENDING. It lies on the caller's stack. Only threads that may wait have one: not
// processors, and not above PASSIVE_LEVEL.
class InlineCall {
 public:
  InlineCall();
  ~InlineCall();
  InlineCall(const InlineCall&) = delete;
  InlineCall& operator=(const InlineCall&) = delete;

  // The call that the thread is in and that may still take a request; null where there is none.
  static InlineCall* current();

  // The thread's request has begun and ends here, if it does so soon.
  void attach(Request& request);
  // Who finishes the request hands it over. Any thread.
  void deliver();
  // The function has returned `status`: what the call returns. Completes the IRP if it came.
  NTSTATUS settle(NTSTATUS status);

 private:
  Request* request_ = nullptr;
  nt::sched::Parker delivered_;
};

// Set while a runtime forces calls to end inline; without it a call costs one branch.
extern std::atomic<bool> inline_calls;

// Where in the driver the thread called WSK last.
extern thread_local const void* call_site;

// A dispatch entry: notes where it is called from, and may make the call end before it returns.
template <auto function>
struct Entry;

template <typename... Arguments, NTSTATUS(WSKAPI* function)(Arguments...)>
struct Entry<function> {
  static NTSTATUS WSKAPI call(Arguments... arguments) {
    call_site = __builtin_return_address(0);
    if (__builtin_expect(!inline_calls.load(std::memory_order_relaxed), 1)) {
      return function(arguments...);
    }
    InlineCall call;
    return call.settle(function(arguments...));
  }
};

}  // namespace wskrun::wsk
