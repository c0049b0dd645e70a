// ListenSocket: a listening socket. It stands between the driver's calls (dispatch.cc) and a
// net::ListenerEndpoint, whose sink it is, and makes a ConnectionSocket of each connection that the
// driver takes, by WskAccept or in WskAcceptEvent. In conditional accept mode each connection
// passes WskInspectEvent before (inspection.h).
//
// Locking: as in connection.h. Callbacks run on the endpoint's loop, one after the other.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "net/transport.h"
#include "wsk/connection.h"
#include "wsk/inspection.h"
#include "wsk/socket.h"

namespace wskrun::wsk {

struct AcceptRequest : Request {
  AcceptRequest() : Request(Kind::kAccept) {}
  PVOID context = nullptr;  // For the accepted socket, like the dispatch table.
  const WSK_CLIENT_CONNECTION_DISPATCH* dispatch = nullptr;
  PSOCKADDR local_address = nullptr;  // Where the driver wants the addresses, or null.
  PSOCKADDR remote_address = nullptr;
  const void* called_from = nullptr;     // In the driver, for the ledger.
  ConnectionSocket* accepted = nullptr;  // Once there is one, held.
  std::optional<Socket::Hold> hold;

  void accept(ConnectionSocket& connection) {
    accepted = &connection;
    hold.emplace(connection);  // The driver may close it at once.
  }
  void after_completion() override {
    if (accepted != nullptr) accepted->begin_receiving();
  }
};

class ListenSocket final : public Socket, private net::ListenerSink, private PendedConnectionOwner {
 public:
  static ListenSocket& of(PWSK_SOCKET handle) {
    return static_cast<ListenSocket&>(Socket::of(handle));
  }
  // The same for a handle that may be a stream socket's. Null: that does not listen.
  static ListenSocket* find(PWSK_SOCKET handle);

  // A new socket, not yet bound.
  ListenSocket(base::RefPtr<Client> client, std::unique_ptr<net::Socket> socket, net::Family family,
               PVOID context, const WSK_CLIENT_LISTEN_DISPATCH* dispatch, const void* created_by);

  // The part of a stream socket that listens.
  ListenSocket(StreamSocket& whole, std::unique_ptr<net::Socket> listening, PVOID context,
               const WSK_CLIENT_LISTEN_DISPATCH* dispatch);

  // What the dispatch entries do, arguments checked. Each ends the request.
  NTSTATUS bind(Request& request, const net::Address& address);
  NTSTATUS accept(AcceptRequest& request);
  NTSTATUS get_local_address(Request& request, PSOCKADDR output);
  NTSTATUS inspect_complete(Request& request, const WSK_INSPECT_ID& id, WSK_INSPECT_ACTION action);

  // SO_CONDITIONAL_ACCEPT; before binding only. STATUS_INVALID_PARAMETER without the callbacks.
  NTSTATUS set_conditional_accept(bool conditional);
  bool conditional_accept() const;

 private:
  // Connections that wait here for the driver to take them; the others wait in the kernel.
  static constexpr std::size_t kMaxWaiting = 16;

  // A connection that may be accepted.
  struct Arrival {
    std::unique_ptr<net::Socket> socket;
    std::optional<WSK_INSPECT_ID> inspected;
  };

  // The next thing to deliver, chosen under the lock and done without it.
  struct Delivery {
    enum class Kind : std::uint8_t { kInspect, kAbort, kAccept, kRefuse, kEvent, kDeadEvent };
    Kind kind;
    AcceptRequest* request = nullptr;      // kAccept, kRefuse
    ConnectionSocket* accepted = nullptr;  // kEvent
    ULONG event = 0;                       // kDeadEvent
    WSK_INSPECT_ID id{};                   // kInspect, kAbort
    std::unique_ptr<net::Socket> socket;   // kInspect
  };

  // Socket
  NTSTATUS set_option(net::SocketOption option, ULONG value) override;
  NTSTATUS get_option(net::SocketOption option, ULONG& value) const override;
  bool is_bound() const override;
  NTSTATUS bind_endpoint(const net::Address& wanted, net::Address& local) override;
  NTSTATUS may_control_events_locked() const override REQUIRES(mutex_);
  ULONG callbacks_locked() const override REQUIRES(mutex_);
  ULONG permanent_events() const override { return kConnectionEvents; }
  void on_events_enabled() override { deliver_soon(); }
  void deliver() override;
  void begin_close() override;
  void cancel(Request& request) override;

  // net::ListenerSink, on the loop.
  void accepted(std::unique_ptr<net::Socket> socket) override;
  void failed(net::Error error) override;
  void closed() override;

  // PendedConnectionOwner, on the connection's loop.
  void lost(PendedConnection& connection) override;
  void admitted(PendedConnection& connection, std::unique_ptr<net::Socket> socket) override;
  void dropped() override { remove_user(); }

  NTSTATUS usable_locked() const REQUIRES(mutex_);
  void open_locked() REQUIRES(mutex_);
  void adjust_flow_locked() REQUIRES(mutex_);
  ConnectionSocket& take_connection_locked(const void* taken_by) REQUIRES(mutex_);
  void hand_over_locked(AcceptRequest& request) REQUIRES(mutex_);
  std::optional<Delivery> next_delivery();
  void deliver_soon();
  void offer(ConnectionSocket& connection);
  void tell_dead(ULONG event);

  // listen_inspect.cc
  std::optional<Delivery> next_inspection_locked() REQUIRES(mutex_);
  void inspect(WSK_INSPECT_ID id, std::unique_ptr<net::Socket> socket);
  void settle_inspection_locked(const WSK_INSPECT_ID& id, WSK_INSPECT_ACTION action,
                                std::unique_ptr<net::Socket> socket) REQUIRES(mutex_);
  void call_abort_event(WSK_INSPECT_ID id);

  const WSK_CLIENT_LISTEN_DISPATCH* const dispatch_;
  std::unique_ptr<net::Socket> socket_ GUARDED_BY(mutex_);        // Until it listens.
  net::ListenerEndpoint* endpoint_ GUARDED_BY(mutex_) = nullptr;  // From then on.
  net::Address local_ GUARDED_BY(mutex_);
  bool accepting_ GUARDED_BY(mutex_) = false;  // As the endpoint was told.
  bool dead_ GUARDED_BY(mutex_) = false;       // The endpoint failed.
  bool told_dead_ GUARDED_BY(mutex_) = false;
  bool conditional_ GUARDED_BY(mutex_) = false;
  Inspections inspections_ GUARDED_BY(mutex_);
  std::deque<Arrival> waiting_ GUARDED_BY(mutex_);
  RequestQueue accepts_ GUARDED_BY(mutex_);
};

}  // namespace wskrun::wsk
