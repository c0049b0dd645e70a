// Settings: where Microsoft's pages leave WSK a choice, which one it takes. One set for a runtime.
#pragma once

#include <cstdint>

namespace wskrun::wsk {

// How calls end that may end either way: at once, or with STATUS_PENDING and later.
enum class CompletionMode : std::uint8_t {
  kNatural,  // As it comes.
  kInline,   // Before they return, wherever they end soon enough; see completion.h.
  kPending,  // After STATUS_PENDING, on another thread.
  kRandom,   // One of the three, each time anew.
};

// Where the pages say one thing and Windows was seen to do another (observed in section G of
// docs/requirements/readings.md).
enum class Compat : std::uint8_t { kDocumented, kWindows };

// What it takes for a WskSend to complete.
enum class SendCompletion : std::uint8_t {
  kKernel,  // The kernel has all its bytes.
  kPeer,    // The peer has acknowledged all its bytes.
};

struct Settings {
  CompletionMode completion = CompletionMode::kNatural;
  std::uint64_t completion_seed = 0;  // kRandom
  Compat compat = Compat::kDocumented;
  SendCompletion send_completion = SendCompletion::kKernel;
};

}  // namespace wskrun::wsk
