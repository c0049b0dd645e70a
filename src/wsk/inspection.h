// Inspections: the connections of a listening socket in conditional accept mode that the driver has
// not decided about. listen.cc makes the calls, WskInspectEvent and WskAbortEvent, and takes what
// is admitted; here are the books. Linux has finished a connection's handshake by then, so one that
// is refused is reset.
#pragma once

#include <wsk.h>

#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>

#include "net/transport.h"

namespace wskrun::wsk {

class PendedConnection;

// What becomes of a pended connection; on its loop, with no lock held.
class PendedConnectionOwner {
 public:
  // The peer gave it up before it was admitted or dropped.
  virtual void lost(PendedConnection& connection) = 0;
  // Its last call after admit(); it is freed then.
  virtual void admitted(PendedConnection& connection, std::unique_ptr<net::Socket> socket) = 0;
  // Its last call after drop(); it is freed then.
  virtual void dropped() = 0;

 protected:
  ~PendedConnectionOwner() = default;
};

// A connection whose inspection is pending. It is watched, since the driver is told when the peer
// gives it up; what the peer sends meanwhile waits in the kernel. Either admit() or drop(), once.
class PendedConnection final : private net::StreamSink {
 public:
  PendedConnection(const WSK_INSPECT_ID& id, net::Transport& transport,
                   std::unique_ptr<net::Socket> socket, PendedConnectionOwner& owner);

  const WSK_INSPECT_ID& id() const { return id_; }
  void admit() { endpoint_.release(); }
  void drop() { endpoint_.close(net::CloseMode::kAbort); }

 private:
  ~PendedConnection() = default;

  void connected(net::Error) override {}
  void received(net::Chunk) override {}
  void sent(net::SendOp&, net::Error) override {}
  void send_shut_down(net::Error) override {}
  void silenced(net::Error) override {}
  void disconnected(net::Error error) override;
  void closed() override;
  void released(std::unique_ptr<net::Socket> socket) override;

  const WSK_INSPECT_ID id_;
  PendedConnectionOwner& owner_;
  bool lost_ = false;  // The loop's.
  net::StreamEndpoint& endpoint_;
};

// Guarded by the listener's lock.
class Inspections {
 public:
  // More wait in the kernel, so that no number of peers can fill the memory.
  static constexpr std::size_t kMaxUndecided = 1024;

  bool full() const { return arrived_.size() + pended_.size() >= kMaxUndecided; }
  bool none_arrived() const { return arrived_.empty(); }
  void arrive(std::unique_ptr<net::Socket> socket) { arrived_.push_back(std::move(socket)); }

  // Takes the next connection to inspect and gives it its id. Its WskInspectEvent follows.
  std::unique_ptr<net::Socket> begin(WSK_INSPECT_ID& id);
  // WskInspectEvent has returned. The decision, if WskInspectComplete was called meanwhile.
  std::optional<WSK_INSPECT_ACTION> end();
  void pend(PendedConnection& connection) { pended_[connection.id().Key] = &connection; }

  // WskInspectComplete. False: `id` is not of a connection that waits for it.
  bool decide(const WSK_INSPECT_ID& id, WSK_INSPECT_ACTION action);

  // The peer gave up a pended connection, which is aborted and to be dropped. False: it was decided
  // before.
  bool lose(const PendedConnection& connection);
  // The driver is to be told that this one ended.
  void abort(const WSK_INSPECT_ID& id) { aborts_.push_back(id); }
  // Takes the next of those.
  std::optional<WSK_INSPECT_ID> next_abort();

  // Drops everything; `tell`: and aborts what is pended.
  void drop_all(bool tell);

 private:
  // Ids of lost connections that the driver may still answer, not knowing yet.
  static constexpr std::size_t kMaxRemembered = 1024;

  struct Inspecting {
    WSK_INSPECT_ID id;
    std::optional<WSK_INSPECT_ACTION> decision;
  };

  void abort_pended(const WSK_INSPECT_ID& id);

  ULONG_PTR last_key_ = 0;
  std::deque<std::unique_ptr<net::Socket>> arrived_;
  std::optional<Inspecting> inspecting_;
  std::unordered_map<ULONG_PTR, PendedConnection*> pended_;
  std::deque<WSK_INSPECT_ID> aborts_;
  std::deque<WSK_INSPECT_ID> lost_;
};

}  // namespace wskrun::wsk
