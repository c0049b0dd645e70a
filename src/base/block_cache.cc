// For each class of sizes some free blocks with each thread, and a depot for batches of them.
#include "base/block_cache.h"

#include <array>
#include <new>
#include <utility>

#include "base/mutex.h"

#if defined(__SANITIZE_ADDRESS__)
#define WSKRUN_PLAIN_BLOCKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WSKRUN_PLAIN_BLOCKS 1
#endif
#endif

namespace wskrun::base {
namespace {

#ifdef WSKRUN_PLAIN_BLOCKS
constexpr std::size_t kLargest = 0;
#else
constexpr std::size_t kLargest = kLargestCachedBlock;
#endif
constexpr std::size_t kStep = 16;
constexpr std::size_t kClasses = kLargestCachedBlock / kStep;
constexpr std::size_t kBatch = 64;
constexpr std::size_t kMostBatches = 16;  // Of a class, with nobody.

struct FreeBlock {
  FreeBlock* next = nullptr;        // In its batch.
  FreeBlock* next_batch = nullptr;  // Of the first of a batch in the depot.
};
static_assert(sizeof(FreeBlock) <= kStep);

// Free blocks of one class, at most kBatch.
class Batch {
 public:
  Batch() = default;
  explicit Batch(FreeBlock* full) : first_(full), count_(kBatch) {}

  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == kBatch; }
  FreeBlock* first() const { return first_; }
  void push(void* block) {
    first_ = new (block) FreeBlock{.next = first_};
    ++count_;
  }
  void* pop() {
    --count_;
    return std::exchange(first_, first_->next);
  }

 private:
  FreeBlock* first_ = nullptr;
  std::size_t count_ = 0;
};

void free_all(Batch batch) {
  while (!batch.empty()) ::operator delete(batch.pop());
}

// Full batches of one class, from threads that free to threads that take.
class Depot {
 public:
  void put(Batch full) {
    {
      MutexLock lock(mutex_);
      if (count_ < kMostBatches) {
        full.first()->next_batch = std::exchange(first_, full.first());
        ++count_;
        return;
      }
    }
    free_all(full);
  }
  // Full, or empty where there is none.
  Batch take() {
    MutexLock lock(mutex_);
    if (count_ == 0) return Batch();
    --count_;
    return Batch(std::exchange(first_, first_->next_batch));
  }

 private:
  Mutex mutex_;
  FreeBlock* first_ GUARDED_BY(mutex_) = nullptr;
  std::size_t count_ GUARDED_BY(mutex_) = 0;
};

Depot& depot_of(std::size_t size_class) {
  static auto* const depots = new std::array<Depot, kClasses>;  // Outlives static destruction.
  return (*depots)[size_class];
}

// What a thread has of one class. With two batches, one of which is empty or full, it goes to the
// depot once for so many blocks, whatever it does.
struct Shelf {
  Batch current;
  Batch other;
};

struct Cache {
  ~Cache() {
    for (Shelf& shelf : shelves) {
      free_all(shelf.current);
      free_all(shelf.other);
      shelf = Shelf();  // What is freed later in the thread's end lies there for good.
    }
  }
  std::array<Shelf, kClasses> shelves;
};

thread_local Cache cache;

std::size_t class_of(std::size_t bytes) {
  return (bytes - 1) / kStep;
}

void* take_from_elsewhere(Shelf& shelf, std::size_t size_class) {
  std::swap(shelf.current, shelf.other);
  if (shelf.current.empty()) shelf.current = depot_of(size_class).take();
  return shelf.current.empty() ? ::operator new((size_class + 1) * kStep) : shelf.current.pop();
}

void make_room(Shelf& shelf, std::size_t size_class) {
  if (shelf.other.full()) depot_of(size_class).put(shelf.other);
  shelf.other = std::exchange(shelf.current, Batch());
}

}  // namespace

void* take_block(std::size_t bytes) {
  if (bytes > kLargest) return ::operator new(bytes);
  Shelf& shelf = cache.shelves[class_of(bytes)];
  return shelf.current.empty() ? take_from_elsewhere(shelf, class_of(bytes)) : shelf.current.pop();
}

void give_block(void* block, std::size_t bytes) {
  if (bytes > kLargest) return ::operator delete(block);
  Shelf& shelf = cache.shelves[class_of(bytes)];
  if (shelf.current.full()) make_room(shelf, class_of(bytes));
  shelf.current.push(block);
}

}  // namespace wskrun::base
