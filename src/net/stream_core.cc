// The stream's state machine. Endpoint functions only note wishes; service() and the backend's
// events carry them out on the loop, so the sink is never called from within an endpoint function.
#include "net/stream_core.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/check.h"
#include "net/silence.h"
#include "probe/counters.h"

namespace wskrun::net {

StreamCore::StreamCore(EventLoop& loop, PosixSocket& socket, StreamSink& sink)
    : LoopResident(loop),
      fd_(socket.take()),
      sink_(sink),
      phase_(socket.connected() ? Phase::kConnected : Phase::kUnconnected),
      end_error_(ENOTCONN) {
  home_.endpoint_opened();
}

StreamCore::~StreamCore() {
  home_.endpoint_closed();
}

// Endpoint functions: any thread.

void StreamCore::connect(const Address& remote) {
  ask([&]() REQUIRES(mutex_) {
    Wishes& wishes = wishes_locked();
    wishes.connect = std::make_unique<const Address>(remote);
    wishes.cancel_connect = false;  // It was meant for an earlier connect().
  });
}

void StreamCore::cancel_connect() {
  ask([&]() REQUIRES(mutex_) { wishes_locked().cancel_connect = true; });
}

void StreamCore::resume_receive() {
  ask([&]() REQUIRES(mutex_) { wants_data_.store(true, std::memory_order_relaxed); });
}

void StreamCore::pause_receive() {
  ask([&]() REQUIRES(mutex_) { wants_data_.store(false, std::memory_order_relaxed); });
}

void StreamCore::send(SendOp& op) {
  op.sent = 0;
  op.cancelled = false;
  ask([&]() REQUIRES(mutex_) { new_sends_.push(op); });
}

void StreamCore::cancel_send(SendOp& op) {
  ask([&]() REQUIRES(mutex_) {
    op.cancelled = true;
    wishes_locked().cancel_sends = true;
  });
}

void StreamCore::shutdown_send() {
  ask([&]() REQUIRES(mutex_) { wishes_locked().shut_down = true; });
}

void StreamCore::silence() {
  ask([&]() REQUIRES(mutex_) { wishes_locked().silence = true; });
}

void StreamCore::cancel_silence() {
  ask([&]() REQUIRES(mutex_) { wishes_locked().cancel_silence = true; });
}

void StreamCore::abort() {
  ask([&]() REQUIRES(mutex_) {
    wishes_locked().abort = true;
    wants_data_.store(false, std::memory_order_relaxed);
    silent_.store(true, std::memory_order_release);
  });
}

void StreamCore::close(CloseMode mode) {
  ask([&]() REQUIRES(mutex_) {
    wishes_locked().close = mode;
    wants_data_.store(false, std::memory_order_relaxed);
    silent_.store(true, std::memory_order_release);
  });
}

void StreamCore::release() {
  ask([&]() REQUIRES(mutex_) { wishes_locked().release = true; });
}

// The rest: the loop's thread.

void StreamCore::service() {
  std::optional<Wishes> wishes;
  {
    base::MutexLock lock(mutex_);
    take_wishes_locked();
    sends_.push_all(std::exchange(new_sends_, SendQueue()));
    if (wished_) wishes = std::exchange(wishes_, Wishes{});
    wished_ = false;
  }
  if (!std::exchange(attached_, true)) attach();
  if (wishes.has_value()) fulfil(*wishes);
  progress();
}

void StreamCore::fulfil(const Wishes& wishes) {
  if (wishes.connect) start_connect(*wishes.connect);
  if (wishes.cancel_connect && phase_ == Phase::kConnecting) abandon_connect();
  if (wishes.cancel_sends) cancel_sends_ = true;
  if (wishes.shut_down) fin_ = Fin::kWanted;
  if (wishes.silence) silence_wanted_ = true;
  if (wishes.cancel_silence) end_silence(Error(ECANCELED));
  if (wishes.abort) break_connection();
  if (wishes.close.has_value()) {
    closing_ = true;
    if (silenced_) hide_end(fd());
    if (*wishes.close == CloseMode::kAbort || phase_ == Phase::kConnecting) break_connection();
  }
  if (wishes.release) {
    CHECK(phase_ != Phase::kConnecting);
    closing_ = releasing_ = true;
  }
}

void StreamCore::progress() {
  if (cancel_sends_) end_cancelled_sends();
  push_sends();
  check_acknowledged();
  push_fin();
  check_silence();
  if (is_connected() && !closing_) receive();
  if (!is_connected() || closing_) wind_down();
  if (closing_) finish_close();
}

void StreamCore::start_connect(const Address& remote) {
  CHECK(phase_ == Phase::kUnconnected);
  phase_ = Phase::kConnecting;
  bound_ = std::make_unique<const Address>(local_address_of(fd()));
  begin_connect(to_socket_address(remote));
}

void StreamCore::connect_ended(Error error) {
  CHECK(phase_ == Phase::kConnecting);
  // abort() or close() came while the handshake was ending well.
  if (silent_.load(std::memory_order_acquire)) error = Error(ECANCELED);
  phase_ = error.ok() ? Phase::kConnected : Phase::kUnconnected;
  const std::unique_ptr<const Address> bound = std::move(bound_);
  if (!error.ok()) forget_connect(fd(), *bound);
  sink_.connected(error);
}

// Our own end of it, by abort() or close().
void StreamCore::break_connection() {
  if (phase_ == Phase::kConnecting) return abandon_connect();
  if (!is_connected()) return;
  phase_ = Phase::kEnded;
  end_error_ = Error(ECANCELED);
  dropped_ = drop_connection(fd());
  if (is_sending()) abandon_send();
}

void StreamCore::lose(Error error) {
  if (!is_connected()) return;
  phase_ = Phase::kEnded;
  end_error_ = error;
  if (!silent_.load(std::memory_order_acquire)) sink_.disconnected(error);
}

void StreamCore::check_for_reset() {
  const Error error = take_socket_error(fd());
  if (!error.ok()) lose(error);
}

void StreamCore::deliver(Chunk chunk) {
  probe::count(probe::Counter::kBytesReceived, chunk.size());
  if (!is_connected() || silent_.load(std::memory_order_acquire)) return;
  sink_.received(std::move(chunk));
}

void StreamCore::deliver_fin() {
  fin_received_ = true;
  if (is_connected() && !silent_.load(std::memory_order_acquire)) sink_.received(Chunk());
}

StreamCore::ReserveResult StreamCore::receive_into_reserve() {
  if (!shortage_) shortage_ = std::make_unique<Shortage>(*this);
  Reserve& reserve = *shortage_->reserve;
  std::array<std::byte, 4096> scratch;
  const std::size_t room = std::min(scratch.size(), reserve.room());
  if (room == 0) return ReserveResult::kNoRoom;
  const ssize_t got = ::recv(fd(), scratch.data(), room, MSG_DONTWAIT);
  if (got > 0) {
    deliver(reserve.copy(std::span(scratch).first(static_cast<std::size_t>(got))));
    return ReserveResult::kReceived;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return ReserveResult::kNothingThere;
  got == 0 ? deliver_fin() : lose(Error(errno));
  return ReserveResult::kEnded;
}

// Sends.

void StreamCore::push_sends() {
  if (!is_connected() || is_sending() || sends_.empty()) return;
  if (silent_.load(std::memory_order_acquire)) return;  // They are about to be cancelled.
  if (fin_ == Fin::kSent || fin_ == Fin::kDone) return end_sends(Error(EPIPE));
  begin_send();
}

std::span<iovec> StreamCore::next_batch(std::span<iovec> scratch) {
  const std::span<iovec> batch = sends_.gather(scratch, send_one_by_one_);
  if (!no_delay_ && sends_.wants_no_delay(batch.size())) {
    no_delay_ = true;
    set_no_delay(fd());
  }
  return batch;
}

void StreamCore::bytes_sent(std::size_t bytes) {
  probe::count(probe::Counter::kBytesSent, bytes);
  taken_bytes_ += bytes;
  SendQueue complete;
  SendQueue taken = sends_.advance(bytes);
  while (!taken.empty()) {
    SendOp& op = taken.pop();
    ended_bytes_ += op.length;
    op.end = ended_bytes_;
    if (op.until_acknowledged) check_soon();
    (op.until_acknowledged ? unacknowledged_ : complete).push(op);
  }
  report(complete, Error());
}

void StreamCore::check_acknowledged() {
  if (unacknowledged_.empty() || !is_connected()) return;
  std::size_t under_way = net::unacknowledged_bytes(fd());
  if (under_way > 0 && fin_ == Fin::kSent) --under_way;
  SendQueue acknowledged;
  while (!unacknowledged_.empty() && unacknowledged_.front().end + under_way <= taken_bytes_) {
    acknowledged.push(unacknowledged_.pop());
  }
  if (!unacknowledged_.empty()) check_again();
  report(acknowledged, Error());
}

void StreamCore::send_failed(Error error) {
  // progress() knows what was to be cancelled, and why the connection ended.
  if (error == Error(ECANCELED) || !is_connected()) return;
  const bool one_of_many = concerns_one_send(error) && !std::exchange(send_one_by_one_, true);
  if (one_of_many) return;
  ended_bytes_ += sends_.front().sent;
  sink_.sent(sends_.pop(), error);
  const bool after_own_fin = fin_ == Fin::kSent || fin_ == Fin::kDone;
  if (!concerns_one_send(error) && !after_own_fin) lose(error);
}

void StreamCore::end_cancelled_sends() {
  if (is_sending()) return abandon_send();
  cancel_sends_ = false;
  SendQueue cancelled;
  {
    base::MutexLock lock(mutex_);  // For SendOp::cancelled.
    cancelled = unacknowledged_.take_cancelled();
    SendQueue untaken = sends_.take_cancelled();
    while (!untaken.empty()) {
      ended_bytes_ += untaken.front().sent;
      cancelled.push(untaken.pop());
    }
  }
  report(cancelled, Error(ECANCELED));
}

void StreamCore::end_sends(Error error) {
  SendQueue ended = std::exchange(unacknowledged_, SendQueue());
  ended.push_all(std::exchange(sends_, SendQueue()));
  report(ended, error);
}

void StreamCore::report(SendQueue ended, Error error) {
  while (!ended.empty()) sink_.sent(ended.pop(), error);
}

// FIN.

void StreamCore::push_fin() {
  if (!is_connected() || closing_) return;
  if (fin_ == Fin::kWanted && !is_sending() && sends_.empty()) {
    fin_ = Fin::kSent;
    check_soon();
    if (::shutdown(fd(), SHUT_WR) != 0) {  // The connection has just died.
      const Error error = take_socket_error(fd());
      if (!error.ok()) return lose(error);
    }
  }
  if (fin_ == Fin::kSent) check_fin();
}

void StreamCore::check_fin() {
  // Zero: all was acknowledged, the FIN, too. Else ask further, which costs more: what is left of a
  // connection that died is never acknowledged.
  if (net::unacknowledged_bytes(fd()) != 0) {
    if (fin_state(fd()) == FinState::kInFlight) return check_again();
    const Error error = take_socket_error(fd());
    if (!error.ok()) return lose(error);
  }
  check_acknowledged();  // All of it is.
  fin_ = Fin::kDone;
  sink_.send_shut_down(Error());
}

// Nothing tells when the peer has acknowledged something, so TCP is asked: at once, then less and
// less often, and whenever something else happens on the socket. We are late by a third of the wait
// at most, and many whose peers never answer do not keep the loop busy.
void StreamCore::check_again() {
  if (!checks_) checks_ = std::make_unique<Checks>(*this);
  if (checks_->is_set()) {
    if (checks_->delay != kFirstCheck) return;
    home_.cancel_timer(*checks_);
  }
  home_.set_timer(*checks_, checks_->delay);
  checks_->delay = std::min(checks_->delay * 3 / 2 + kFirstCheck, kLongestCheck);
}

// There is something new to ask for.
void StreamCore::check_soon() {
  if (checks_) checks_->delay = kFirstCheck;
}

// Silence.

void StreamCore::check_silence() {
  if (!silence_wanted_ || !is_connected() || closing_) return;
  if (!sends_.empty() || net::unacknowledged_bytes(fd()) != 0) return check_again();
  const Error error = net::silence(fd());
  silenced_ = error.ok();
  end_silence(error);
}

void StreamCore::end_silence(Error error) {
  if (std::exchange(silence_wanted_, false)) sink_.silenced(error);
}

// The end.

// There is no connection (any more), or soon none: everything that waits for it ends.
void StreamCore::wind_down() {
  if (is_sending()) return abandon_send();
  const Error error = closing_ ? Error(ECANCELED) : end_error_;
  end_sends(error);
  end_silence(error);
  if (fin_ != Fin::kWanted && fin_ != Fin::kSent) return;
  fin_ = Fin::kDone;
  sink_.send_shut_down(error);
}

void StreamCore::finish_close() {
  if (phase_ == Phase::kConnecting || !detach()) return;
  if (shortage_) buffers().stop_waiting(*shortage_);
  // A call that came before closed() still has its service to come.
  if (asked()) return;
  StreamSink& sink = sink_;
  if (releasing_) {
    let_go();
    sink.released(phase_ == Phase::kUnconnected ? PosixSocket::take_back(std::move(fd_))
                                                : PosixSocket::adopt(std::move(fd_)));
  } else {
    fd_.reset();
    sink.closed();
  }
  delete this;
}

}  // namespace wskrun::net
