// The pool of indications, and the MDL over a chunk.
#include "wsk/indication.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define WSKRUN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WSKRUN_ASAN 1
#endif
#endif
#ifdef WSKRUN_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace wskrun::wsk {
namespace {

constexpr unsigned kMaxLoops = 1024;

// What the driver may touch while an indication is its own, and at no other time: all before
// `chunk`.
template <typename Api>
std::size_t driver_bytes(const Indication<Api>& indication) {
  return static_cast<std::size_t>(reinterpret_cast<const char*>(&indication.chunk) -
                                  reinterpret_cast<const char*>(&indication));
}

template <typename Api>
void forbid(Indication<Api>& indication) {
#ifdef WSKRUN_ASAN
  ASAN_POISON_MEMORY_REGION(&indication, driver_bytes(indication));
#else
  (void)indication;
#endif
}

template <typename Api>
void permit(Indication<Api>& indication) {
#ifdef WSKRUN_ASAN
  ASAN_UNPOISON_MEMORY_REGION(&indication, driver_bytes(indication));
#else
  (void)indication;
#endif
}

// An MDL without page frame numbers: there are none in a process.
void describe(MDL& mdl, const net::Chunk& chunk) {
  const auto address = reinterpret_cast<ULONG_PTR>(chunk.data());
  const ULONG_PTR in_page = address & (PAGE_SIZE - 1);
  mdl = MDL{};
  mdl.Size = sizeof(MDL);
  mdl.MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
  mdl.StartVa = reinterpret_cast<PVOID>(address - in_page);
  mdl.ByteOffset = static_cast<ULONG>(in_page);
  mdl.ByteCount = static_cast<ULONG>(chunk.size());
  mdl.MappedSystemVa = chunk.data();
}

// Tells threads apart.
const void* this_thread() {
  static thread_local const char self = 0;
  return &self;
}

}  // namespace

template <typename Api>
IndicationPool<Api>& IndicationPool<Api>::of_loop(unsigned index) {
  static std::array<std::atomic<IndicationPool*>, kMaxLoops> pools{};
  CHECK(index < kMaxLoops);
  IndicationPool* pool = pools[index].load(std::memory_order_acquire);
  if (pool != nullptr) return *pool;
  auto made = std::make_unique<IndicationPool>();
  if (pools[index].compare_exchange_strong(pool, made.get())) pool = made.release();
  return *pool;
}

template <typename Api>
void IndicationPool<Api>::add_slab() {
  auto slab = std::make_unique<Indication<Api>[]>(kSlabCount);
  for (std::size_t i = 0; i < kSlabCount; ++i) {
    slab[i].next = free_;
    free_ = &slab[i];
    forbid(slab[i]);
  }
  base::MutexLock lock(mutex_);
  slabs_.insert(std::upper_bound(slabs_.begin(), slabs_.end(), slab), std::move(slab));
}

template <typename Api>
Indication<Api>& IndicationPool<Api>::take(const void* owner, net::Chunk chunk) {
  taker_.store(this_thread(), std::memory_order_relaxed);
  if (free_ == nullptr) free_ = returned_.take_all();
  if (free_ == nullptr) add_slab();
  Indication<Api>* indication = std::exchange(free_, free_->next);
  permit(*indication);
  describe(indication->mdl, chunk);
  indication->api.Next = nullptr;
  indication->api.Buffer = {.Mdl = &indication->mdl, .Offset = 0, .Length = chunk.size()};
  indication->chunk = std::move(chunk);
  indication->state = Indication<Api>::State::kOffered;
  indication->owner.store(owner, std::memory_order_relaxed);
  return *indication;
}

template <typename Api>
void IndicationPool<Api>::give_back(Indication<Api>& indication) {
  CHECK(!indication.link.linked());
  indication.owner.store(nullptr, std::memory_order_relaxed);
  indication.state = Indication<Api>::State::kFree;
  indication.chunk = net::Chunk();
  forbid(indication);
  if (taker_.load(std::memory_order_relaxed) != this_thread()) {
    returned_.push(indication);
    return;
  }
  indication.next = free_;
  free_ = &indication;
}

template <typename Api>
Indication<Api>* IndicationPool<Api>::find(const Api* api) {
  base::MutexLock lock(mutex_);
  const auto address = reinterpret_cast<std::uintptr_t>(api);
  const auto start_of = [](const Slab& slab) {
    return reinterpret_cast<std::uintptr_t>(slab.get());
  };
  auto after = std::upper_bound(
      slabs_.begin(), slabs_.end(), address,
      [&](std::uintptr_t wanted, const Slab& slab) { return wanted < start_of(slab); });
  if (after == slabs_.begin()) return nullptr;
  const Slab& slab = *std::prev(after);
  const std::uintptr_t offset = address - start_of(slab);
  if (offset >= kSlabCount * sizeof(Indication<Api>)) return nullptr;
  if (offset % sizeof(Indication<Api>) != 0) return nullptr;  // api comes first.
  return &slab[offset / sizeof(Indication<Api>)];
}

template class IndicationPool<WSK_DATA_INDICATION>;
template class IndicationPool<WSK_DATAGRAM_INDICATION>;

}  // namespace wskrun::wsk
