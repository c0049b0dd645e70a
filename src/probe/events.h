// The facts that cross the driver boundary, each emitted once. Readers (verifier, trace, tests)
// only look; with no reader an emission costs one predictable branch. Counters are beside this, in
// counters.h; what a driver did wrong is said by mistake.h.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace wskrun::probe {

// `subject` and `related` are compared, never dereferenced by readers.
enum class Fact : std::uint8_t {
  kUpcallEnter,      // subject: the driver's function; text: what it is called as
  kUpcallLeave,      // subject: the driver's function; status: what it returned
  kRequest,          // subject: socket or client; related: IRP; text: operation; amount: bytes
  kIrpCompleted,     // subject: IRP; status, amount: IoStatus
  kIrpCancelled,     // subject: IRP; IoCancelIrp was called for it
  kSocketCreated,    // subject: socket; text: category
  kSocketClosed,     // subject: socket
  kIndicated,        // subject: socket; related: list head; amount: bytes; status: flags
  kIndicationTaken,  // subject: socket; related: list head; amount: bytes accepted; status
  kReleased,         // subject: socket; related: list head; amount: bytes
  kMistake,          // subject: object concerned; text: the line
};

struct Event {
  Fact fact;
  const void* subject = nullptr;
  const void* related = nullptr;
  std::int64_t status = 0;
  std::uint64_t amount = 0;
  const char* text = nullptr;
};

class Reader {
 public:
  virtual void on_event(const Event& event) = 0;  // Any thread, any IRQL; must not block.

 protected:
  ~Reader() = default;
};

extern std::atomic<Reader*> reader;

// At most one reader; set before the runtime starts, cleared after it stopped.
void set_reader(Reader* next);

inline void emit(const Event& event) {
  Reader* current = reader.load(std::memory_order_acquire);
  if (__builtin_expect(current != nullptr, 0)) current->on_event(event);
}

}  // namespace wskrun::probe
