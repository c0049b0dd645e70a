// Requests and completions of one datagram socket.
#include <poll.h>

#include <cerrno>

#include "base/check.h"
#include "net/packet_info.h"
#include "net/uring/uring_datagram.h"

namespace wskrun::net {
namespace {

// A longer datagram keeps the buffer that it came in; of others there is a copy, and the buffer,
// which could hold the largest, goes back to the kernel.
constexpr std::size_t kCopiedBytes = std::size_t{16} << 10;

// What the kernel writes before the bytes of a datagram. It only reads this.
msghdr& room_for_head() {
  static msghdr room = [] {
    msghdr message{};
    message.msg_namelen = 32;  // sockaddr_in6, rounded up so that the rest is aligned.
    message.msg_controllen = sizeof(ControlSpace);
    return message;
  }();
  return room;
}

}  // namespace

void UringDatagram::start(io_uring_sqe& request, Operation operation) {
  UringLoop::address(request, *this, operation);
  with_kernel_.add(operation);
}

void UringDatagram::start_receive() {
  io_uring_sqe& request = loop_.next_request();
  io_uring_prep_recvmsg_multishot(&request, fd(), &room_for_head(), 0);
  request.flags |= IOSQE_BUFFER_SELECT;
  request.buf_group = loop_.datagram_ring().group();
  start(request, kReceive);
}

void UringDatagram::stop(Operation operation) {
  if (!with_kernel_.has(operation) || stopped_.has(operation)) return;
  stopped_.add(operation);
  loop_.cancel(*this, operation);
}

void UringDatagram::start_poll(unsigned events, Operation operation) {
  io_uring_sqe& request = loop_.next_request();
  io_uring_prep_poll_add(&request, fd(), events);
  start(request, operation);
}

void UringDatagram::receive() {
  if (!wants_datagrams()) return stop(kReceive);
  if (with_kernel_.has(kReceive) || with_kernel_.has(kReadable)) return;
  loop_.datagram_ring().refill();
  loop_.datagram_ring().empty() ? start_poll(POLLIN, kReadable) : start_receive();
}

void UringDatagram::await_writable() {
  if (!with_kernel_.has(kWritable)) start_poll(POLLOUT, kWritable);
}

void UringDatagram::on_completion(unsigned operation, const io_uring_cqe& cqe) {
  const bool goes_on = (cqe.flags & IORING_CQE_F_MORE) != 0;
  if (!goes_on) {
    with_kernel_.remove(operation);
    stopped_.remove(operation);
  }
  switch (operation) {
    case kReceive:
      on_receive(cqe);
      if (goes_on) return;  // arrived() sees to the rest.
      break;
    case kReadable:
      readable();
      receive_what_is_there();
      break;
    case kWritable:
      return writable();
  }
  progress();
}

void UringDatagram::on_receive(const io_uring_cqe& cqe) {
  if (cqe.res >= 0) return arrived(take(cqe));
  const Error error(-cqe.res);
  const bool means_nothing = error == Error(ECANCELED) || error == Error(ENOBUFS) ||
                             error == Error(EAGAIN) || error == Error(EINTR);
  if (!means_nothing && !concerns_an_earlier_send(error)) give_up(error);
}

Datagram UringDatagram::take(const io_uring_cqe& cqe) {
  BufferRing& ring = loop_.datagram_ring();
  const std::span<std::byte> received = ring.received(cqe);
  msghdr& room = room_for_head();
  io_uring_recvmsg_out* head = io_uring_recvmsg_validate(received.data(), cqe.res, &room);
  CHECK(head != nullptr);
  msghdr message{};
  message.msg_name = io_uring_recvmsg_name(head);
  message.msg_namelen = head->namelen;
  message.msg_control = static_cast<std::byte*>(message.msg_name) + room.msg_namelen;
  message.msg_controllen = head->controllen;
  auto* bytes = static_cast<std::byte*>(io_uring_recvmsg_payload(head, &room));
  const std::size_t length = io_uring_recvmsg_payload_length(head, cqe.res, &room);
  if (length <= kCopiedBytes && buffers().has_free()) {
    Datagram datagram = make_datagram(message, buffers().copy({bytes, length}));
    ring.put_back(cqe);
    return datagram;
  }
  Chunk data = ring.take(cqe);
  Datagram datagram = make_datagram(message, Chunk());
  data.remove_prefix(static_cast<std::size_t>(bytes - received.data()));
  datagram.data = std::move(data);
  ring.refill();
  return datagram;
}

bool UringDatagram::detach() {
  for (const Operation each : {kReceive, kReadable, kWritable}) stop(each);
  return with_kernel_.empty();
}

}  // namespace wskrun::net
