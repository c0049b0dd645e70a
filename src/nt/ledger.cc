// Keeps the entries in shards: a thread adds to its own one, so threads that allocate at once
// seldom meet; an entry remembers its shard, because another thread may remove it.
#include "nt/ledger.h"

#include <array>
#include <atomic>

#include "base/mutex.h"

namespace wskrun::nt {
namespace {

constexpr unsigned kShards = 16;

struct alignas(64) Shard {
  base::Mutex mutex;
  base::List<LedgerEntry, &LedgerEntry::link> entries GUARDED_BY(mutex);
};

std::array<Shard, kShards>& shards() {
  static auto* const instance = new std::array<Shard, kShards>;  // Outlives static destruction.
  return *instance;
}

std::uint8_t own_shard() {
  static std::atomic<unsigned> threads{0};
  static thread_local const auto own =
      static_cast<std::uint8_t>(threads.fetch_add(1, std::memory_order_relaxed) % kShards);
  return own;
}

}  // namespace

void ledger_add(LedgerEntry& entry, Holding holding, const void* object, std::size_t size_bytes,
                std::uint32_t tag, const void* allocated_by) {
  entry.object = object;
  entry.allocated_by = allocated_by;
  entry.size_bytes = size_bytes;
  entry.tag = tag;
  entry.holding = holding;
  entry.shard = own_shard();
  Shard& shard = shards()[entry.shard];
  base::MutexLock lock(shard.mutex);
  shard.entries.push_back(entry);
}

void ledger_remove(LedgerEntry& entry) {
  Shard& shard = shards()[entry.shard];
  base::MutexLock lock(shard.mutex);
  shard.entries.remove(entry);
}

TagText tag_text(std::uint32_t tag) {
  TagText text{};
  for (unsigned i = 0; i < 4; ++i) {
    const auto character = static_cast<unsigned char>(tag >> (8 * (3 - i)));
    text.characters[i] = character >= 0x20 && character < 0x7f ? static_cast<char>(character) : '.';
  }
  return text;
}

std::vector<LedgerEntry> ledger_entries() {
  std::vector<LedgerEntry> copies;
  for (Shard& shard : shards()) {
    base::MutexLock lock(shard.mutex);
    for (LedgerEntry* entry = shard.entries.front(); entry != nullptr;
         entry = shard.entries.next(*entry)) {
      copies.push_back(*entry);
      copies.back().link = {};
    }
  }
  return copies;
}

}  // namespace wskrun::nt
