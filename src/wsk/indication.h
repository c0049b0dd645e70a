// Indication: a WSK_DATA_INDICATION over received memory, with the MDL that describes it. Nothing
// is copied: the driver reads where the kernel wrote. connection.cc builds lists of them, hands
// them out and takes them back.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <atomic>
#include <memory>
#include <vector>

#include "base/list.h"
#include "base/mutex.h"
#include "net/chunk.h"

namespace wskrun::wsk {

struct Indication {
  enum class State : std::uint8_t {
    kFree,
    kOffered,   // The callback is looking at it.
    kReleased,  // Released inside the callback that is about to keep it.
    kKept,      // The driver's, until WskRelease.
  };

  WSK_DATA_INDICATION api;  // The driver may write Next; nothing here reads it back.
  MDL mdl;
  net::Chunk chunk;
  // Who offered it; compared without the owner's lock by WskRelease on another socket.
  std::atomic<const void*> owner{nullptr};
  State state = State::kFree;  // Guarded by the owner's lock.
  base::Link link;             // In the owner's list of kept ones.
  Indication* next_free = nullptr;
};

// Where indications come from. Their memory stays with the pool, so that a pointer that a driver
// passes to WskRelease can be looked at whatever it is: never handed out, kept, or given back
// already. One pool per loop; taken on the loop, given back on any thread.
class IndicationPool {
 public:
  // The pools outlive every runtime, because a driver may keep a list beyond its socket.
  static IndicationPool& of_loop(unsigned index);

  // An indication of all of `chunk`, linked to nothing, in state kOffered.
  Indication& take(const void* owner, net::Chunk chunk) EXCLUDES(mutex_);
  // Frees it and drops its chunk.
  void give_back(Indication& indication) EXCLUDES(mutex_);
  // The indication that `api` is, if this pool ever made it; its state may be anything.
  Indication* find(const WSK_DATA_INDICATION* api) EXCLUDES(mutex_);

 private:
  static constexpr std::size_t kSlabCount = 128;
  using Slab = std::unique_ptr<Indication[]>;

  void add_slab() REQUIRES(mutex_);

  base::Mutex mutex_;
  std::vector<Slab> slabs_ GUARDED_BY(mutex_);  // By address.
  Indication* free_ GUARDED_BY(mutex_) = nullptr;
};

}  // namespace wskrun::wsk
