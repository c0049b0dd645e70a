// Indication: a WSK_DATA_INDICATION or WSK_DATAGRAM_INDICATION over received memory, with the MDL
// that describes it. Nothing is copied: the driver reads where the transport wrote. The sockets
// build lists of them (a Batch), hand them out and take them back; retention.h has what drivers
// keep.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "base/list.h"
#include "base/mpsc_queue.h"
#include "base/mutex.h"
#include "net/chunk.h"
#include "wsk/control_info.h"

namespace wskrun::wsk {

// What lies beside an indication of a kind.
template <typename Api>
struct IndicationExtras {};

template <>
struct IndicationExtras<WSK_DATAGRAM_INDICATION> {
  SOCKADDR_INET remote;
  ControlInfo control;
};

// What an indication was made of, to be received again if the driver refuses it.
template <typename Api>
struct IndicationOrigin {};

template <>
struct IndicationOrigin<WSK_DATAGRAM_INDICATION> {
  net::Datagram datagram;  // Without its data.
};

template <typename Api>
struct Indication {
  enum class State : std::uint8_t {
    kFree,
    kOffered,   // The callback is looking at it.
    kReleased,  // Released inside the callback that is about to keep it.
    kKept,      // The driver's, until WskRelease.
  };

  Api api;  // The driver may write Next; nothing here reads it back.
  MDL mdl;
  [[no_unique_address]] IndicationExtras<Api> extras;
  net::Chunk chunk;
  [[no_unique_address]] IndicationOrigin<Api> origin;
  // Who offered it; compared without the owner's lock by WskRelease on another socket.
  std::atomic<const void*> owner{nullptr};
  State state = State::kFree;  // Guarded by the owner's lock.
  base::Link link;             // In the owner's list of kept ones.
  Indication* next = nullptr;  // While it is free, or found by Retention.
};

using DataIndication = Indication<WSK_DATA_INDICATION>;
using DatagramIndication = Indication<WSK_DATAGRAM_INDICATION>;

// Where indications come from. Their memory stays with the pool, so that a pointer that a driver
// passes to WskRelease can be looked at whatever it is: never handed out, kept, or given back
// already. One pool per loop; taken on the loop, given back on any thread, which costs the loop's
// own thread no lock.
template <typename Api>
class IndicationPool {
 public:
  // The pools outlive every runtime, because a driver may keep a list beyond its socket.
  static IndicationPool& of_loop(unsigned index);

  // An indication of all of `chunk`, linked to nothing, in state kOffered.
  Indication<Api>& take(const void* owner, net::Chunk chunk) EXCLUDES(mutex_);
  // Frees it and drops its chunk.
  void give_back(Indication<Api>& indication);
  // The indication that `api` is, if this pool ever made it; its state may be anything.
  Indication<Api>* find(const Api* api) EXCLUDES(mutex_);

 private:
  static constexpr std::size_t kSlabCount = 128;
  using Slab = std::unique_ptr<Indication<Api>[]>;

  void add_slab() EXCLUDES(mutex_);

  std::atomic<const void*> taker_{nullptr};    // The thread that takes: the loop's.
  Indication<Api>* free_ = nullptr;            // Its own.
  base::MpscQueue<Indication<Api>> returned_;  // By other threads.
  base::Mutex mutex_;
  std::vector<Slab> slabs_ GUARDED_BY(mutex_);  // By address.
};

// The indications of one call of the driver's event. The list that the driver got is never read
// again.
template <typename Api>
struct Batch {
  static constexpr std::size_t kMax = 32;

  std::array<Indication<Api>*, kMax> indications;
  std::size_t count = 0;
  std::size_t bytes = 0;

  void clear() { count = bytes = 0; }
  bool full() const { return count == kMax; }
  Api* list() { return &indications[0]->api; }
  void add(Indication<Api>& indication) {
    if (count > 0) indications[count - 1]->api.Next = &indication.api;
    indications[count++] = &indication;
    bytes += indication.chunk.size();
  }
};

}  // namespace wskrun::wsk
