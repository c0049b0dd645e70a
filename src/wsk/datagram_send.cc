// Datagrams out: WskSendTo and WskSendMessages.
#include "wsk/datagram.h"
#include "wsk/status.h"

namespace wskrun::wsk {

void SendToRequest::describe(const WSK_BUF& buffer) {
  const BufferCursor cursor(buffer);
  op.request = this;
  op.messages = &one_message_;
  op.count = 1;
  one_message_.length = buffer.Length;
  one_message_.iov = few_iovecs_.data();
  const std::size_t count = cursor.describe(few_iovecs_.data(), few_iovecs_.size());
  if (count > few_iovecs_.size()) {
    iovecs_.resize(count);
    cursor.describe(iovecs_.data(), count);
    one_message_.iov = iovecs_.data();
  }
  one_message_.iov_count = static_cast<std::uint32_t>(count);
}

void SendToRequest::describe(const WSK_BUF_LIST& list) {
  if (list.Next == nullptr) return describe(list.Buffer);
  std::size_t iovec_count = 0;
  for (const WSK_BUF_LIST* each = &list; each != nullptr; each = each->Next) {
    iovec_count += BufferCursor(each->Buffer).describe(nullptr, 0);
  }
  iovecs_.resize(iovec_count);
  std::size_t used = 0;
  for (const WSK_BUF_LIST* each = &list; each != nullptr; each = each->Next) {
    iovec* const first = iovecs_.data() + used;
    const std::size_t count = BufferCursor(each->Buffer).describe(first, iovec_count - used);
    messages_.push_back({first, static_cast<std::uint32_t>(count), each->Buffer.Length});
    used += count;
  }
  op.request = this;
  op.messages = messages_.data();
  op.count = static_cast<std::uint32_t>(messages_.size());
}

// Where a send without an address of its own goes: as the later of the two settings says.
NTSTATUS DatagramSocket::send(SendToRequest& request) {
  base::MutexLock lock(mutex_);
  NTSTATUS status = usable_locked();
  if (NT_SUCCESS(status) && !request.has_remote) {
    const auto& last = remote_set_last_ ? fixed_remote_ : fixed_sendto_;
    const auto& other = remote_set_last_ ? fixed_sendto_ : fixed_remote_;
    const auto& fixed = last ? last : other;
    if (fixed) request.op.remote = *fixed;
    status = fixed ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
  }
  if (!NT_SUCCESS(status)) {
    lock.unlock();
    return finish(request, status);
  }
  net::Error error;
  if (endpoint_->try_send(request.op, error)) {
    lock.unlock();
    return finish(request, status_of(error), error.ok() ? request.op.sent_bytes : 0);
  }
  mark_pending(request);
  if (!make_cancellable(request)) {
    const std::size_t sent_bytes = request.op.sent_bytes;
    lock.unlock();
    finish(request, STATUS_CANCELLED, sent_bytes);
    return STATUS_PENDING;
  }
  endpoint_->send(request.op);  // The IRP may complete as soon as mutex_ is free.
  return STATUS_PENDING;
}

void DatagramSocket::sent(net::DatagramSend& op, net::Error error) {
  SendToRequest& request = *static_cast<SendToRequest::Op&>(op).request;
  base::MutexLock lock(mutex_);
  const NTSTATUS status = status_of(error);
  const bool moved = error.ok() || status == STATUS_CANCELLED;
  const ULONG_PTR information = moved ? op.sent_bytes : 0;
  const bool mine = claim(request, status, information);
  lock.unlock();
  if (mine) finish(request, status, information);
}

}  // namespace wskrun::wsk
