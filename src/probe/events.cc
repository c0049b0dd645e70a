// Holds the one reader of the facts.
#include "probe/events.h"

namespace wskrun::probe {

std::atomic<Reader*> reader{nullptr};

void set_reader(Reader* next) {
  reader.store(next, std::memory_order_release);
}

}  // namespace wskrun::probe
