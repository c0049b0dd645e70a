// DatagramSocket: a datagram socket, UDP or raw IP. It stands between the driver's calls
// (datagram_calls.cc) and a net::DatagramEndpoint, whose sink it is.
//   datagram.cc          bind, fixed addresses, close, cancellation
//   datagram_receive.cc  datagrams in: queued WskReceiveFrom calls, WskReceiveFromEvent, WskRelease
//   datagram_send.cc     datagrams out
//
// Locking: as in connection.h. Callbacks run on the endpoint's loop, one after the other.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "base/fifo.h"
#include "net/transport.h"
#include "wsk/buffer.h"
#include "wsk/control_info.h"
#include "wsk/retention.h"
#include "wsk/socket.h"

namespace wskrun::wsk {

struct ReceiveFromRequest : Request {
  ReceiveFromRequest() : Request(Kind::kReceive) {}
  BufferCursor cursor;
  // Where the driver wants the rest, or null.
  PSOCKADDR remote_address = nullptr;
  PULONG control_length = nullptr;
  PCMSGHDR control_info = nullptr;
  PULONG control_flags = nullptr;
};

struct SendToRequest : Request {
  SendToRequest() : Request(Kind::kSend) {}

  // Points `op` at the bytes of one buffer, or of a list of them. Each lies within its MDL chain.
  void describe(const WSK_BUF& buffer);
  void describe(const WSK_BUF_LIST& list);

  struct Op : net::DatagramSend {
    SendToRequest* request = nullptr;
  };
  Op op;
  bool has_remote = false;  // The driver named one; else a fixed one is used.

 private:
  net::DatagramSend::Message one_message_;
  std::array<iovec, 4> few_iovecs_;
  std::vector<net::DatagramSend::Message> messages_;  // Instead, for what is longer.
  std::vector<iovec> iovecs_;
};

class DatagramSocket final : public Socket, private net::DatagramSink {
 public:
  static DatagramSocket& of(PWSK_SOCKET handle) {
    return static_cast<DatagramSocket&>(Socket::of(handle));
  }

  // A new socket, not yet bound.
  DatagramSocket(base::RefPtr<Client> client, std::unique_ptr<net::Socket> socket,
                 net::Family family, PVOID context, const WSK_CLIENT_DATAGRAM_DISPATCH* dispatch,
                 const void* created_by);

  // What the dispatch entries do, arguments checked. Each ends the request, if there is one.
  NTSTATUS bind(Request& request, const net::Address& address);
  NTSTATUS get_local_address(Request& request, PSOCKADDR output);
  NTSTATUS send(SendToRequest& request);
  NTSTATUS receive(ReceiveFromRequest& request);
  NTSTATUS release(PWSK_DATAGRAM_INDICATION list);

  // SIO_WSK_SET_REMOTE_ADDRESS and SIO_WSK_SET_SENDTO_ADDRESS; nothing clears what was set.
  NTSTATUS set_remote_address(std::optional<net::Address> address);
  NTSTATUS set_sendto_address(std::optional<net::Address> address);

  // Control information that the driver asked for (options.cc).
  std::uint32_t control_kinds() const;
  void set_control_kind(std::uint32_t kind, bool wanted);
  // UDP_RECV_MAX_COALESCED_SIZE: what is joined is at most so long; 0: nothing is joined.
  ULONG coalesced_limit() const;
  void set_coalesced_limit(ULONG bytes);

 private:
  using Batch = wsk::Batch<WSK_DATAGRAM_INDICATION>;

  // The next thing to deliver, chosen under the lock and done without it.
  struct Delivery {
    enum class Kind : std::uint8_t { kFinish, kIndicate, kDead };
    Kind kind;
    // kFinish
    Request* request = nullptr;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG_PTR information = 0;
    // The others, which are calls of the driver's.
    PVOID context = nullptr;
    ULONG flags = 0;
  };

  // Socket
  NTSTATUS set_option(net::SocketOption option, ULONG value) override;
  NTSTATUS get_option(net::SocketOption option, ULONG& value) const override;
  NTSTATUS change_membership(const net::GroupMembership& change) override;
  bool is_bound() const override;
  NTSTATUS bind_endpoint(const net::Address& wanted, net::Address& local) override;
  NTSTATUS may_control_events_locked() const override REQUIRES(mutex_);
  ULONG callbacks_locked() const override REQUIRES(mutex_);
  void on_events_enabled() override;
  void deliver() override;
  void begin_close() override;
  void cancel(Request& request) override;

  // net::DatagramSink, on the loop.
  void received(std::span<net::Datagram> batch) override;
  void sent(net::DatagramSend& op, net::Error error) override;
  void failed(net::Error error) override;
  void closed() override;

  // datagram.cc
  NTSTATUS usable_locked() const REQUIRES(mutex_);

  // datagram_receive.cc
  void deliver_with(std::span<net::Datagram> arrived);
  bool queue_all_locked(std::span<net::Datagram> arrived) REQUIRES(mutex_);
  void queue_locked(net::Datagram datagram) REQUIRES(mutex_);
  NTSTATUS take_locked(ReceiveFromRequest& request, ULONG_PTR& information) REQUIRES(mutex_);
  std::optional<Delivery> next_delivery_locked(Batch& batch) REQUIRES(mutex_);
  std::optional<Delivery> next_receive_locked() REQUIRES(mutex_);
  std::optional<Delivery> next_event_locked(Batch& batch) REQUIRES(mutex_);
  void take_batch_locked(Batch& batch) REQUIRES(mutex_);
  void describe(DatagramIndication& indication) const REQUIRES(mutex_);
  void deliver_soon();
  // The driver's status, of an indication.
  NTSTATUS carry_out(const Delivery& delivery, Batch& batch);
  NTSTATUS indicate(const Delivery& delivery, Batch& batch);
  void settle_locked(Batch& batch, NTSTATUS status) REQUIRES(mutex_);
  void call_dead_event(const Delivery& delivery);
  void adjust_flow_locked() REQUIRES(mutex_);
  IndicationPool<WSK_DATAGRAM_INDICATION>& indications_locked() REQUIRES(mutex_);
  void report_kept_locked() REQUIRES(mutex_);

  bool dead_ GUARDED_BY(mutex_) = false;  // The endpoint failed.
  bool told_dead_ GUARDED_BY(mutex_) = false;
  bool indicating_ GUARDED_BY(mutex_) = false;
  bool paused_ GUARDED_BY(mutex_) = true;  // As the endpoint was told.

  const WSK_CLIENT_DATAGRAM_DISPATCH* const dispatch_;
  std::unique_ptr<net::Socket> socket_ GUARDED_BY(mutex_);        // Until it is bound.
  net::DatagramEndpoint* endpoint_ GUARDED_BY(mutex_) = nullptr;  // From then on, until closed().
  net::Address local_ GUARDED_BY(mutex_);

  std::optional<net::Address> fixed_remote_ GUARDED_BY(mutex_);
  std::optional<net::Address> fixed_sendto_ GUARDED_BY(mutex_);
  bool remote_set_last_ GUARDED_BY(mutex_) = false;  // Of the two, where sends without address go.
  std::uint32_t control_kinds_ GUARDED_BY(mutex_) = 0;
  ULONG coalesced_limit_ GUARDED_BY(mutex_) = 0;

  base::Fifo<net::Datagram> queue_ GUARDED_BY(mutex_);
  std::size_t queued_bytes_ GUARDED_BY(mutex_) = 0;
  RequestQueue receives_ GUARDED_BY(mutex_);
  Retention<WSK_DATAGRAM_INDICATION> kept_ GUARDED_BY(mutex_);
};

}  // namespace wskrun::wsk
