// The listener's states.
#include "net/listener_core.h"

#include "base/log.h"

namespace wskrun::net {
namespace {

constexpr std::chrono::milliseconds kRetryAfterShortage{20};

std::optional<Address> address_of_all_connections(int listening) {
  const Address bound = local_address_of(listening);
  if (is_unspecified(bound)) return std::nullopt;
  return bound;
}

}  // namespace

ListenerCore::ListenerCore(EventLoop& loop, PosixSocket& socket, ListenerSink& sink)
    : LoopResident(loop),
      fd_(socket.take()),
      local_(address_of_all_connections(fd_.get())),
      sink_(sink) {
  home_.endpoint_opened();
}

ListenerCore::~ListenerCore() {
  home_.endpoint_closed();
}

void ListenerCore::resume_accept() {
  ask([&]() REQUIRES(mutex_) { wants_connections_.store(true, std::memory_order_relaxed); });
}

void ListenerCore::pause_accept() {
  ask([&]() REQUIRES(mutex_) { wants_connections_.store(false, std::memory_order_relaxed); });
}

void ListenerCore::close() {
  ask([&]() REQUIRES(mutex_) {
    close_wanted_ = true;
    wants_connections_.store(false, std::memory_order_relaxed);
  });
}

void ListenerCore::service() {
  if (!std::exchange(attached_, true)) attach();
  {
    base::MutexLock lock(mutex_);
    take_wishes_locked();
    closing_ = close_wanted_;
  }
  progress();
}

void ListenerCore::progress() {
  if (closing_) return finish_close();
  accept();
}

// A connection that arrives after close() ends here, as those in the backlog do.
void ListenerCore::deliver(UniqueFd connection, std::optional<Address> remote) {
  if (closing_) return;
  sink_.accepted(PosixSocket::adopt(std::move(connection), local_, remote));
}

void ListenerCore::accept_failed(Error error) {
  if (closing_ || failed_ || lost_one_connection(error)) return;
  if (is_shortage(error)) {
    base::log(
        base::LogLevel::kWarning,
        "cannot accept a connection for want of descriptors or memory (errno %d); trying again",
        error.code());
    if (!is_set()) home_.set_timer(*this, kRetryAfterShortage);
    return;
  }
  failed_ = true;
  sink_.failed(error);
}

void ListenerCore::finish_close() {
  if (!detach() || asked()) return;
  if (is_set()) home_.cancel_timer(*this);
  fd_.reset();
  ListenerSink& sink = sink_;
  sink.closed();
  delete this;
}

}  // namespace wskrun::net
