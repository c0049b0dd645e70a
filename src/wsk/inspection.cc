// The books of conditional accept.
#include "wsk/inspection.h"

#include <algorithm>
#include <utility>

namespace wskrun::wsk {
namespace {

bool same(const WSK_INSPECT_ID& one, const WSK_INSPECT_ID& other) {
  return one.Key == other.Key && one.SerialNumber == other.SerialNumber;
}

}  // namespace

// ---- a pended connection

PendedConnection::PendedConnection(const WSK_INSPECT_ID& id, net::Transport& transport,
                                   std::unique_ptr<net::Socket> socket,
                                   PendedConnectionOwner& owner)
    : id_(id), owner_(owner), endpoint_(transport.open_stream(std::move(socket), *this)) {
  endpoint_.pause_receive();  // Receives nothing, but lets the endpoint watch.
}

void PendedConnection::disconnected(net::Error) {
  lost_ = true;
  owner_.lost(*this);
}

void PendedConnection::closed() {
  owner_.dropped();
  delete this;
}

void PendedConnection::released(std::unique_ptr<net::Socket> socket) {
  owner_.admitted(*this, lost_ ? nullptr : std::move(socket));
  delete this;
}

// ---- the books

std::unique_ptr<net::Socket> Inspections::begin(WSK_INSPECT_ID& id) {
  ++last_key_;
  id = {last_key_, static_cast<ULONG>(last_key_)};
  inspecting_ = {id, std::nullopt};
  std::unique_ptr<net::Socket> socket = std::move(arrived_.front());
  arrived_.pop_front();
  return socket;
}

std::optional<WSK_INSPECT_ACTION> Inspections::end() {
  return std::exchange(inspecting_, std::nullopt)->decision;
}

bool Inspections::decide(const WSK_INSPECT_ID& id, WSK_INSPECT_ACTION action) {
  if (inspecting_ && same(inspecting_->id, id)) {
    return !std::exchange(inspecting_->decision, action).has_value();
  }
  if (const auto found = pended_.find(id.Key);
      found != pended_.end() && same(found->second->id(), id)) {
    action == WskInspectAccept ? found->second->admit() : found->second->drop();
    pended_.erase(found);
    return true;
  }
  const auto gone = std::find_if(lost_.begin(), lost_.end(),
                                 [&](const WSK_INSPECT_ID& each) { return same(each, id); });
  if (gone == lost_.end()) return false;
  lost_.erase(gone);
  return true;
}

bool Inspections::lose(const PendedConnection& connection) {
  if (pended_.erase(connection.id().Key) == 0) return false;
  abort_pended(connection.id());
  return true;
}

void Inspections::abort_pended(const WSK_INSPECT_ID& id) {
  abort(id);
  lost_.push_back(id);
  if (lost_.size() > kMaxRemembered) lost_.pop_front();
}

std::optional<WSK_INSPECT_ID> Inspections::next_abort() {
  if (aborts_.empty()) return std::nullopt;
  const WSK_INSPECT_ID id = aborts_.front();
  aborts_.pop_front();
  return id;
}

void Inspections::drop_all(bool tell) {
  for (const auto& socket : arrived_) socket->drop_connection();
  arrived_.clear();
  for (const auto& [key, connection] : pended_) {
    if (tell) abort_pended(connection->id());
    connection->drop();
  }
  pended_.clear();
}

}  // namespace wskrun::wsk
