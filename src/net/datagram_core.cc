// Receiving and sending many datagrams by one call each. As in stream_core.cc, endpoint functions
// note wishes and the loop carries them out; only a send that nothing waits before goes out at
// once.
#include "net/datagram_core.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/check.h"
#include "net/packet_info.h"
#include "probe/counters.h"

namespace wskrun::net {
namespace {

constexpr std::size_t kBatch = 32;  // Datagrams a call.
constexpr int kBatchesPerTurn = 4;  // Then it is the next socket's turn.
// Where the kernel puts datagrams before they are packed into the loop's buffers: untouched memory
// costs nothing, so each has room for the largest. One for each loop thread.
struct ReceiveScratch {
  std::array<std::array<std::byte, kLargestDatagram>, kBatch> data;
  std::array<ControlSpace, kBatch> control;
  std::array<sockaddr_storage, kBatch> address;
  std::array<iovec, kBatch> iovecs;
  std::array<mmsghdr, kBatch> messages;
  std::array<Datagram, kBatch> datagrams;  // What was made of them; empty outside of a call.

  ReceiveScratch() { prepare(kBatch); }

  // For the next call: what the kernel wrote over in the first `count`.
  void prepare(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      iovecs[i] = {data[i].data(), data[i].size()};
      messages[i] = mmsghdr{};
      msghdr& header = messages[i].msg_hdr;
      header.msg_name = &address[i];
      header.msg_namelen = sizeof address[i];
      header.msg_iov = &iovecs[i];
      header.msg_iovlen = 1;
      header.msg_control = control[i].bytes;
      header.msg_controllen = sizeof control[i].bytes;
    }
  }
};

ReceiveScratch& receive_scratch() {
  static thread_local const std::unique_ptr<ReceiveScratch> scratch(new ReceiveScratch);
  return *scratch;
}

// What a call that sends some messages of one send points to.
struct SendScratch {
  std::array<mmsghdr, kBatch> messages;
  ControlSpace control;
  SocketAddress remote;

  // Describes what of `send` has not gone yet; returns how many messages of it.
  unsigned prepare(const DatagramSend& send) {
    const unsigned count = std::min<unsigned>(kBatch, send.count - send.sent_count);
    remote = to_socket_address(send.remote);
    msghdr common{};
    common.msg_name = remote.get();
    common.msg_namelen = remote.length;
    write_control(send.info, send.remote, control, common);
    for (unsigned i = 0; i < count; ++i) {
      const DatagramSend::Message& message = send.messages[send.sent_count + i];
      messages[i] = mmsghdr{.msg_hdr = common, .msg_len = 0};
      messages[i].msg_hdr.msg_iov = message.iov;
      messages[i].msg_hdr.msg_iovlen = message.iov_count;
    }
    return count;
  }
};

// Sends as much of `send` as the socket takes. False: the rest has to wait. True: it has ended.
bool send_now(int fd, DatagramSend& send, Error& error) {
  SendScratch scratch;
  while (send.sent_count < send.count) {
    const unsigned count = scratch.prepare(send);
    const int taken = ::sendmmsg(fd, scratch.messages.data(), count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0 && errno == EAGAIN) return false;
    if (taken < 0) {
      error = Error(errno);
      return true;
    }
    for (int i = 0; i < taken; ++i) {
      send.sent_bytes += send.messages[send.sent_count++].length;
    }
  }
  error = Error();
  return true;
}

}  // namespace

DatagramCore::DatagramCore(EventLoop& loop, PosixSocket& socket, DatagramSink& sink)
    : LoopResident(loop), fd_(socket.take()), sink_(sink) {
  home_.endpoint_opened();
}

DatagramCore::~DatagramCore() {
  home_.endpoint_closed();
}

// Endpoint functions: any thread.

void DatagramCore::resume_receive() {
  ask([&]() REQUIRES(mutex_) { wants_.store(true, std::memory_order_relaxed); });
}

void DatagramCore::pause_receive() {
  ask([&]() REQUIRES(mutex_) { wants_.store(false, std::memory_order_relaxed); });
}

bool DatagramCore::try_send(DatagramSend& send, Error& error) {
  send.sent_count = 0;
  send.sent_bytes = 0;
  send.cancelled = false;
  base::MutexLock lock(mutex_);
  if (!sends_.empty()) return false;
  const bool has_ended = send_now(fd(), send, error);
  probe::count(probe::Counter::kBytesSent, send.sent_bytes);
  return has_ended;
}

void DatagramCore::send(DatagramSend& send) {
  ask([&]() REQUIRES(mutex_) { sends_.push(send); });
}

void DatagramCore::cancel_send(DatagramSend& send) {
  ask([&]() REQUIRES(mutex_) {
    if (!sends_.contains(send)) return;
    send.cancelled = true;
    cancel_wanted_ = true;
  });
}

void DatagramCore::close() {
  ask([&]() REQUIRES(mutex_) {
    close_wanted_ = true;
    wants_.store(false, std::memory_order_relaxed);
  });
}

// The rest: the loop's thread.

void DatagramCore::service() {
  if (!std::exchange(attached_, true)) attach();
  bool cancel = false;
  {
    base::MutexLock lock(mutex_);
    take_wishes_locked();
    closing_ = close_wanted_;
    cancel = std::exchange(cancel_wanted_, false);
  }
  if (cancel) end_cancelled_sends();
  hand_over_arrived();
  progress();
}

void DatagramCore::progress() {
  if (closing_) return finish_close();
  push_sends();
  receive();
}

void DatagramCore::writable() {
  writable_ = true;
  progress();
}

void DatagramCore::give_up(Error error) {
  hand_over_arrived();  // It came before.
  if (closing_ || std::exchange(failed_, true)) return;
  sink_.failed(error);
}

// Receiving.

void DatagramCore::arrived(Datagram datagram) {
  probe::count(probe::Counter::kBytesReceived, datagram.data.size());
  arrived_.push_back(std::move(datagram));
  if (arrived_.size() == 1) ask([] {});
  if (arrived_.size() == kBatch) hand_over_arrived();
}

void DatagramCore::hand_over_arrived() {
  if (!arrived_.empty() && !closing_) sink_.received(arrived_);
  arrived_.clear();
}

void DatagramCore::receive_what_is_there() {
  for (int batches = 0; readable_ && wants_datagrams(); ++batches) {
    if (batches == kBatchesPerTurn) return ask([] {});
    const bool went_on = buffers().has_free() ? receive_batch() : receive_into_reserve();
    if (!went_on) return;
  }
}

// False: nothing more is to be had now.
bool DatagramCore::receive_batch() {
  ReceiveScratch& scratch = receive_scratch();
  const std::size_t wanted = buffers().count_free(kBatch);
  const int got = ::recvmmsg(fd(), scratch.messages.data(), static_cast<unsigned>(wanted),
                             MSG_DONTWAIT, nullptr);
  if (got < 0 && (errno == EINTR || concerns_an_earlier_send(Error(errno)))) return true;
  if (got < 0 && errno == EAGAIN) return readable_ = false;
  if (got < 0) return give_up(Error(errno)), false;
  std::size_t bytes = 0;
  const auto count = static_cast<std::size_t>(got);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t length = scratch.messages[i].msg_len;
    scratch.datagrams[i] = make_datagram(scratch.messages[i].msg_hdr,
                                         buffers().copy(std::span(scratch.data[i]).first(length)));
    bytes += length;
  }
  scratch.prepare(count);
  probe::count(probe::Counter::kBytesReceived, bytes);
  // Fewer than asked for have emptied the socket, and what comes later is a new event.
  if (count < wanted) readable_ = false;
  const std::span<Datagram> batch = std::span(scratch.datagrams).first(count);
  sink_.received(batch);
  for (Datagram& unwanted : batch) unwanted.data = Chunk();
  return true;
}

// One datagram into memory of this socket alone, if it fits in there.
bool DatagramCore::receive_into_reserve() {
  if (!reserve_) {
    reserve_ = base::RefPtr<Reserve>::adopt(new Reserve(buffers()));
  }
  const ssize_t length = ::recv(fd(), nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
  if (length < 0 && errno == EAGAIN) return readable_ = false;
  if (length < 0) return errno == EINTR || concerns_an_earlier_send(Error(errno));
  if (static_cast<std::size_t>(length) > reserve_->room()) {
    buffers().wait_for_memory(*this);
    return false;
  }
  ReceiveScratch& scratch = receive_scratch();
  const ssize_t got = ::recvmsg(fd(), &scratch.messages[0].msg_hdr, MSG_DONTWAIT);
  if (got < 0) return true;  // The next round meets the error.
  const auto bytes = std::span(scratch.data[0]).first(static_cast<std::size_t>(got));
  probe::count(probe::Counter::kBytesReceived, bytes.size());
  Datagram datagram =
      make_datagram(scratch.messages[0].msg_hdr, bytes.empty() ? Chunk() : reserve_->copy(bytes));
  scratch.prepare(1);
  sink_.received(std::span(&datagram, 1));
  return true;
}

// Sending.

void DatagramCore::push_sends() {
  while (writable_ && !failed_) {
    Error error;
    Sends ended;
    {
      base::MutexLock lock(mutex_);
      DatagramSend* send = sends_.front();
      if (send == nullptr) return;
      const std::size_t before = send->sent_bytes;
      const bool has_ended = send_now(fd(), *send, error);
      probe::count(probe::Counter::kBytesSent, send->sent_bytes - before);
      if (has_ended) {
        ended.push(sends_.pop());
      } else {
        writable_ = false;
      }
    }
    report(ended, error);
  }
  if (!writable_) await_writable();
}

void DatagramCore::end_cancelled_sends() {
  Sends cancelled;
  {
    base::MutexLock lock(mutex_);
    cancelled = sends_.take_cancelled();
  }
  report(cancelled, Error(ECANCELED));
}

void DatagramCore::report(Sends ended, Error error) {
  while (!ended.empty()) sink_.sent(ended.pop(), error);
}

// The end.

void DatagramCore::finish_close() {
  Sends left;
  {
    base::MutexLock lock(mutex_);
    left = std::exchange(sends_, Sends());
  }
  report(left, Error(ECANCELED));
  if (!detach()) return;
  buffers().stop_waiting(*this);
  if (asked()) return;
  fd_.reset();
  DatagramSink& sink = sink_;
  sink.closed();
  delete this;
}

// The queue.

void DatagramCore::Sends::push(DatagramSend& send) {
  send.next = nullptr;
  (last_ == nullptr ? first_ : last_->next) = &send;
  last_ = &send;
}

DatagramSend& DatagramCore::Sends::pop() {
  CHECK(first_ != nullptr);
  DatagramSend& send = *first_;
  first_ = send.next;
  if (first_ == nullptr) last_ = nullptr;
  send.next = nullptr;
  return send;
}

bool DatagramCore::Sends::contains(const DatagramSend& send) const {
  for (const DatagramSend* each = first_; each != nullptr; each = each->next) {
    if (each == &send) return true;
  }
  return false;
}

DatagramCore::Sends DatagramCore::Sends::take_cancelled() {
  Sends cancelled;
  Sends rest;
  while (!empty()) {
    DatagramSend& send = pop();
    (send.cancelled ? cancelled : rest).push(send);
  }
  *this = rest;
  return cancelled;
}

}  // namespace wskrun::net
