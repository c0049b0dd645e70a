// Keeping, releasing, and what remains at the end.
#include "wsk/retention.h"

#include <utility>

namespace wskrun::wsk {

template <typename Api>
void Retention<Api>::keep(Batch<Api>& batch, IndicationPool<Api>& pool) {
  for (std::size_t i = 0; i < batch.count; ++i) {
    Indication<Api>& indication = *batch.indications[i];
    if (indication.state == State::kReleased) {
      pool.give_back(indication);
      continue;
    }
    indication.state = State::kKept;
    bytes_ += indication.chunk.size();
    kept_.push_back(indication);
  }
  batch.clear();
}

template <typename Api>
bool Retention<Api>::find_held(Api* list, const void* owner, IndicationPool<Api>& pool,
                               Indication<Api>*& found) {
  for (Api* api = list; api != nullptr; api = api->Next) {
    Indication<Api>* indication = pool.find(api);
    if (indication == nullptr || indication->owner.load(std::memory_order_relaxed) != owner) {
      return false;
    }
    if (indication->state != State::kKept && indication->state != State::kOffered) return false;
    indication->next = std::exchange(found, indication);
    // For a list that comes back on itself: its first indication is found again as released.
    indication->state = State::kReleased;
  }
  return true;
}

template <typename Api>
bool Retention<Api>::release(Api* list, const void* owner, IndicationPool<Api>& pool) {
  Indication<Api>* found = nullptr;
  const bool valid = list != nullptr && find_held(list, owner, pool, found);
  while (Indication<Api>* indication = found) {
    found = indication->next;
    const bool kept = indication->link.linked();
    if (!valid) {
      indication->state = kept ? State::kKept : State::kOffered;
      continue;
    }
    if (!kept) continue;  // The callback that offers it settles it.
    bytes_ -= indication->chunk.size();
    Kept::remove(*indication);
    pool.give_back(*indication);
  }
  return valid;
}

template <typename Api>
std::size_t Retention<Api>::orphan() {
  std::size_t count = 0;
  while (Indication<Api>* indication = kept_.pop_front()) {
    indication->owner.store(nullptr, std::memory_order_relaxed);
    ++count;
  }
  return count;
}

template class Retention<WSK_DATA_INDICATION>;
template class Retention<WSK_DATAGRAM_INDICATION>;

}  // namespace wskrun::wsk
