// Resolver: runs lookups (lookup.h) on a few threads of its own and tells on a loop how they ended.
// The threads start with the first query. docs/design/names.md says why it is so.
#pragma once

#include <cstdint>

#include "base/list.h"
#include "base/ref_ptr.h"
#include "net/error.h"
#include "net/lookup.h"
#include "net/transport.h"

namespace wskrun::net {

// A lookup and who waits for it. Its memory is the owner's, who keeps it from start() until
// answered() has been called, and as long as cancel() may still be.
class Query : private Task {
 public:
  explicit Query(base::RefPtr<Lookup> lookup);
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

 protected:
  ~Query() = default;

  // On the loop, once after start(): what run() returned, and then the lookup has its answer;
  // ECANCELED after cancel(); ENOMEM: the system has no thread for it.
  virtual void answered(Error error) = 0;

 private:
  friend class Resolver;
  enum class State : std::uint8_t { kNew, kCancelled, kQueued, kRunning, kEnded };

  const base::RefPtr<Lookup> lookup_;
  // Guarded by the resolver's lock.
  State state_ = State::kNew;
  Loop* loop_ = nullptr;
  base::Link link_;
  Error error_;
};

class Resolver {
 public:
  Resolver();
  // No query may be on its way. Waits for no lookup: a thread that is inside one, for a query that
  // was cancelled, ends by itself when libc returns, and touches nothing of ours then.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Any thread. answered() comes on `loop`, perhaps before this returns.
  void start(Query& query, Loop& loop);
  // Has answered() come with ECANCELED, at once, unless it is on its way or has come; also before
  // start(). What a lookup that runs already will find is thrown away. Any thread.
  void cancel(Query& query);

 private:
  class Pool;
  const base::RefPtr<Pool> pool_;
};

}  // namespace wskrun::net
