// The choice of an ending, and the meeting of a waiting call with whoever finishes its request.
#include "wsk/completion.h"

#include "nt/irql.h"
#include "nt/ke_processor.h"
#include "wsk/request.h"

namespace wskrun::wsk {
namespace {

// Far longer than anything on loopback takes; what has not ended by then ends after STATUS_PENDING.
constexpr std::int64_t kPatience_100ns = 1'000'000;

thread_local InlineCall* current_call = nullptr;

// A well-mixed number of a seed and a count (the finaliser of SplitMix64).
std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

bool thread_may_wait() {
  return nt::own_processor() == nt::kNoProcessor && nt::current_irql() == PASSIVE_LEVEL;
}

}  // namespace

std::atomic<bool> inline_calls{false};
thread_local const void* call_site = nullptr;

EndingChoice::EndingChoice(CompletionMode mode, std::uint64_t seed) : mode_(mode), seed_(seed) {}

Ending EndingChoice::next() {
  switch (mode_) {
    case CompletionMode::kNatural:
      return Ending::kNatural;
    case CompletionMode::kInline:
      return Ending::kInline;
    case CompletionMode::kPending:
      return Ending::kPending;
    case CompletionMode::kRandom:
      return static_cast<Ending>(mix(seed_ ^ mix(calls_.fetch_add(1))) % 3);
  }
  return Ending::kNatural;
}

InlineCall::InlineCall() {
  // A call inside a call: the driver's completion routine, run by the outer one, calls again.
  if (current_call == nullptr && thread_may_wait()) current_call = this;
}

InlineCall::~InlineCall() {
  if (current_call == this) current_call = nullptr;
}

InlineCall* InlineCall::current() {
  return current_call;
}

void InlineCall::attach(Request& request) {
  request_ = &request;
  current_call = nullptr;  // One request each.
}

void InlineCall::deliver() {
  delivered_.unpark();
}

NTSTATUS InlineCall::settle(NTSTATUS status) {
  if (current_call == this) current_call = nullptr;
  if (request_ == nullptr || status != STATUS_PENDING) return status;
  const bool came = delivered_.park_until(nt::sched::interrupt_time_100ns() + kPatience_100ns);
  if (!came) {
    if (release_caller(*request_)) return STATUS_PENDING;
    delivered_.park();  // It is being handed over at this moment.
  }
  return complete_for_caller(*request_);
}

}  // namespace wskrun::wsk
