// Retention: the lists of indications that a driver keeps of one socket, by returning
// STATUS_PENDING, until it releases them: whole or piecewise, in any order, with Next overwritten.
#pragma once

#include "wsk/indication.h"

namespace wskrun::wsk {

// Guarded by the socket's lock, which every function needs.
template <typename Api>
class Retention {
 public:
  std::size_t bytes() const { return bytes_; }

  // The driver keeps the batch; what it released inside the callback is free already.
  void keep(Batch<Api>& batch, IndicationPool<Api>& pool);

  // WskRelease: takes back every indication of the driver's `list`. False, with nothing released,
  // when something in it is not held of this `owner`, or comes twice.
  bool release(Api* list, const void* owner, IndicationPool<Api>& pool);

  // The socket goes while the driver still keeps lists: it keeps the memory, too. Returns
  // how many indications that are.
  std::size_t orphan();

 private:
  using Kept = base::List<Indication<Api>, &Indication<Api>::link>;
  using State = typename Indication<Api>::State;

  // Links what it found through Indication::next. False: not all of the list is held.
  bool find_held(Api* list, const void* owner, IndicationPool<Api>& pool, Indication<Api>*& found);

  Kept kept_;
  std::size_t bytes_ = 0;
};

}  // namespace wskrun::wsk
