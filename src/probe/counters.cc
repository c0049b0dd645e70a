// Keeps every thread's block; the block of a thread that ended is folded into the rest.
#include "probe/counters.h"

#include <algorithm>
#include <vector>

#include "base/mutex.h"

namespace wskrun::probe {
namespace {

struct Blocks {
  base::Mutex mutex;
  std::vector<detail::CounterBlock*> live GUARDED_BY(mutex);
  Totals ended GUARDED_BY(mutex){};
};

Blocks& blocks() {
  static Blocks* const instance = new Blocks;  // Threads may end after static destruction began.
  return *instance;
}

void add(Totals& sums, const detail::CounterBlock& block) {
  for (std::size_t i = 0; i < sums.size(); ++i) {
    sums[i] += block.values[i].load(std::memory_order_relaxed);
  }
}

struct ThreadBlock {
  detail::CounterBlock block;
  ThreadBlock() {
    base::MutexLock lock(blocks().mutex);
    blocks().live.push_back(&block);
  }
  ~ThreadBlock() {
    base::MutexLock lock(blocks().mutex);
    auto& live = blocks().live;
    live.erase(std::find(live.begin(), live.end(), &block));
    add(blocks().ended, block);
  }
};

}  // namespace

detail::CounterBlock& detail::thread_block() {
  static thread_local ThreadBlock block;
  return block.block;
}

Totals totals() {
  base::MutexLock lock(blocks().mutex);
  Totals sums = blocks().ended;
  for (const detail::CounterBlock* block : blocks().live) add(sums, *block);
  return sums;
}

}  // namespace wskrun::probe
