// ConnectionSocket: a connection-oriented socket, connected by the driver or accepted from a
// listener. It stands between the driver's calls (dispatch.cc) and a net::StreamEndpoint, whose
// sink it is.
//   connection.cc          bind, connect, disconnect, close, addresses, cancellation
//   connection_receive.cc  bytes in: queued WskReceive calls, event callbacks, WskRelease
//   connection_send.cc     bytes out, and how many should be under way
//   connection_control.cc  backlogs, silence
//
// Locking: mutex_ guards all state. Completions and callbacks run without it. Endpoint functions
// are called under it, so that their order is the order of the driver's calls; they never call
// back. Callbacks of one socket never overlap: all of them run on the endpoint's loop.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "net/transport.h"
#include "wsk/buffer.h"
#include "wsk/indication.h"
#include "wsk/receive_queue.h"
#include "wsk/retention.h"
#include "wsk/socket.h"

namespace wskrun::wsk {

struct ReceiveRequest : Request {
  ReceiveRequest() : Request(Kind::kReceive) {}
  BufferCursor cursor;
  std::size_t bytes = 0;  // Moved so far.
  bool wait_all = false;
  bool drain = false;
};

struct SendRequest : Request {
  explicit SendRequest(Kind request_kind = Kind::kSend) : Request(request_kind) {}

  // Points `op` at the bytes of `buffer`, which lies within its MDL chain.
  void describe(const WSK_BUF& buffer, bool no_delay);

  struct Op : net::SendOp {
    SendRequest* request = nullptr;
  };
  Op op;

 private:
  std::array<iovec, 4> few_iovecs_;
  std::vector<iovec> many_iovecs_;  // Instead, for a longer chain.
};

// A graceful disconnect: perhaps last bytes, then the FIN.
struct DisconnectRequest : SendRequest {
  DisconnectRequest() : SendRequest(Kind::kDisconnect) {}
  bool sending = false;  // The last bytes are with the endpoint.
};

// A connect, perhaps with first bytes.
struct ConnectRequest : SendRequest {
  ConnectRequest() : SendRequest(Kind::kConnect) {}
  void after_completion() override;
  bool connected = false;
  bool sending = false;  // The first bytes are with the endpoint.
};

class StreamSocket;

class ConnectionSocket final : public Socket, private net::StreamSink {
 public:
  // The connection behind a handle of a connection-oriented or stream socket. Null: a stream socket
  // that is none.
  static ConnectionSocket* find(PWSK_SOCKET handle);
  // The same for WskConnect: a stream socket that is bound becomes one.
  static ConnectionSocket* find_to_connect(PWSK_SOCKET handle);

  // A new socket, neither bound nor connected.
  ConnectionSocket(base::RefPtr<Client> client, std::unique_ptr<net::Socket> socket,
                   net::Family family, PVOID context,
                   const WSK_CLIENT_CONNECTION_DISPATCH* dispatch, const void* created_by);

  // The part of a stream socket that is bound and about to connect.
  ConnectionSocket(StreamSocket& whole, std::unique_ptr<net::Socket> bound,
                   const net::Address& local, PVOID context,
                   const WSK_CLIENT_CONNECTION_DISPATCH* dispatch);

  // Accepting (listen.cc), in this order. A listener makes a socket of what it accepted, and
  // perhaps inspected before:
  void adopt_connection(const std::optional<WSK_INSPECT_ID>& inspected);
  // the driver takes it (context and dispatch may be null); `inherited` events are enabled beside
  // the static ones, as far as there are callbacks;
  void accept_for(PVOID context, const WSK_CLIENT_CONNECTION_DISPATCH* dispatch, ULONG inherited);
  // and, once the driver knows the socket, bytes and events begin to flow. Keep a Hold around what
  // tells the driver: it may close the socket at once. One that it refuses is discard()ed instead.
  // The same for a socket that the driver connected.
  void begin_receiving();

  // What the dispatch entries do, arguments checked. Each ends the request, if there is one.
  NTSTATUS bind(Request& request, const net::Address& address);
  NTSTATUS connect(ConnectRequest& request, const net::Address& remote);
  // WskSocketConnect on a socket that nobody knows yet: success hands it to the driver.
  NTSTATUS bind_and_connect(ConnectRequest& request, const net::Address& local,
                            const net::Address& remote);
  NTSTATUS get_local_address(Request& request, PSOCKADDR output);
  NTSTATUS get_remote_address(Request& request, PSOCKADDR output);
  NTSTATUS send(SendRequest& request);
  NTSTATUS receive(ReceiveRequest& request);
  NTSTATUS disconnect(DisconnectRequest& request);
  NTSTATUS abort(Request& request);
  NTSTATUS release(PWSK_DATA_INDICATION list);

  // SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, SIO_WSK_QUERY_RECEIVE_BACKLOG.
  NTSTATUS get_ideal_send_backlog(SIZE_T& bytes) const;
  NTSTATUS get_receive_backlog(SIZE_T& bytes) const;
  // SIO_WSK_SET_TCP_SILENT_MODE. STATUS_PENDING, or why not.
  NTSTATUS silence(Request& request);

  // What it was inspected as, if it was; SIO_WSK_QUERY_INSPECT_ID.
  const WSK_INSPECT_ID* inspected() const { return inspected_.get(); }
  // STATUS_SUCCESS and the local address, or why there is none.
  NTSTATUS where_it_is(net::Address& local) const;
  // For a part that is not connected and not about to be: ends it, and gives the whole its socket
  // back. False: it is otherwise.
  bool give_back_socket();

  // Of a connected socket, also after the connection died.
  net::Address local_address() const;
  net::Address remote_address() const;

 private:
  enum class State : std::uint8_t { kCreated, kBound, kConnecting, kConnected };

  // How a request ends.
  struct Outcome {
    NTSTATUS status;
    ULONG_PTR information;
  };

  using Batch = wsk::Batch<WSK_DATA_INDICATION>;

  // The next thing to deliver, chosen under the lock and done without it: a request that ends, or a
  // call of the driver's.
  struct Delivery {
    enum class Kind : std::uint8_t { kFinish, kIndicate, kBacklog, kDisconnected, kDead };
    Kind kind;
    Request* request = nullptr;                                // kFinish
    Outcome outcome{};                                         // kFinish
    const WSK_CLIENT_CONNECTION_DISPATCH* dispatch = nullptr;  // Of the calls.
    PVOID context = nullptr;
    ULONG flags = 0;   // kIndicate, kDisconnected
    SIZE_T bytes = 0;  // kBacklog
  };

  // What WskReceiveEvent said.
  struct Answer {
    NTSTATUS status = STATUS_SUCCESS;
    std::size_t accepted = 0;
  };

  // Socket
  NTSTATUS set_option(net::SocketOption option, ULONG value) override;
  NTSTATUS get_option(net::SocketOption option, ULONG& value) const override;
  bool is_bound() const override;
  NTSTATUS bind_endpoint(const net::Address& wanted, net::Address& local) override;
  NTSTATUS may_control_events_locked() const override REQUIRES(mutex_);
  ULONG callbacks_locked() const override REQUIRES(mutex_);
  void on_events_enabled() override;
  void deliver() override;
  void begin_close() override;
  void cancel(Request& request) override;

  // net::StreamSink, on the loop.
  void connected(net::Error error) override;
  void received(net::Chunk chunk) override;
  void sent(net::SendOp& op, net::Error error) override;
  void send_shut_down(net::Error error) override;
  void silenced(net::Error error) override;
  void disconnected(net::Error error) override;
  void closed() override;
  void released(std::unique_ptr<net::Socket> socket) override;

  // connection.cc
  NTSTATUS usable_locked() const REQUIRES(mutex_);
  NTSTATUS may_send_locked() const REQUIRES(mutex_);
  bool is_silent_locked() const REQUIRES(mutex_) { return silent_ || silence_ != nullptr; }
  NTSTATUS start_connect_locked(ConnectRequest& request, const net::Address& remote)
      REQUIRES(mutex_);
  Outcome connect_outcome_locked(net::Error error) REQUIRES(mutex_);
  void enable_from_the_start_locked(ULONG inherited) REQUIRES(mutex_);
  void end_connect(net::Error error);
  void end_disconnect(NTSTATUS status);
  bool cancel_locked(Request& request) REQUIRES(mutex_);

  // connection_send.cc
  void watch_backlog_locked() REQUIRES(mutex_);
  bool backlog_moved_locked(std::size_t sent) REQUIRES(mutex_);
  void call_backlog_event(const Delivery& delivery);

  // connection_receive.cc
  std::optional<Outcome> fill_locked(ReceiveRequest& request) REQUIRES(mutex_);
  void deliver_with(net::Chunk* arrived);
  bool queue_locked(net::Chunk chunk) REQUIRES(mutex_);
  std::optional<Delivery> next_delivery_locked(Batch& batch) REQUIRES(mutex_);
  std::optional<Delivery> next_receive_locked() REQUIRES(mutex_);
  std::optional<Delivery> next_event_locked(Batch& batch) REQUIRES(mutex_);
  std::optional<Delivery> next_event_of_dead_locked() REQUIRES(mutex_);
  void take_batch_locked(Batch& batch) REQUIRES(mutex_);
  void deliver_soon();
  Delivery call_locked(Delivery::Kind kind) REQUIRES(mutex_);
  Answer carry_out(const Delivery& delivery, Batch& batch);
  Answer indicate(const Delivery& delivery, Batch& batch);
  void settle_locked(Batch& batch, Answer answer) REQUIRES(mutex_);
  void settle_accepted_locked(Batch& batch, std::size_t accepted) REQUIRES(mutex_);
  void report_answer(const Batch& batch, Answer answer) const;
  void call_disconnect_event(const Delivery& delivery);
  static void call_dead_event(const Delivery& delivery);
  void adjust_flow_locked() REQUIRES(mutex_);
  void cancel_receives_locked(std::vector<Delivery>& ended, NTSTATUS status) REQUIRES(mutex_);
  IndicationPool<WSK_DATA_INDICATION>& indications_locked() REQUIRES(mutex_);
  void report_kept_locked() REQUIRES(mutex_);

  State state_ GUARDED_BY(mutex_) = State::kCreated;
  bool for_socket_connect_ GUARDED_BY(mutex_) = false;
  bool known_ GUARDED_BY(mutex_) = false;       // The driver was told that it is connected.
  bool send_ended_ GUARDED_BY(mutex_) = false;  // The driver disconnected gracefully.
  bool fin_acknowledged_ GUARDED_BY(mutex_) = false;
  bool peer_ended_ GUARDED_BY(mutex_) = false;  // The peer's FIN came; queue_ may hold bytes yet.
  bool silent_ GUARDED_BY(mutex_) = false;      // Nothing comes or goes any more.
  bool dead_ GUARDED_BY(mutex_) = false;        // Reset, by either end.
  bool dead_by_peer_ GUARDED_BY(mutex_) = false;
  bool paused_ GUARDED_BY(mutex_) = true;       // As the endpoint was told.
  bool stopped_ GUARDED_BY(mutex_) = false;     // WskReceiveEvent refused; WskReceive restarts it.
  bool indicating_ GUARDED_BY(mutex_) = false;  // WskReceiveEvent is looking at a batch.
  bool restarted_ GUARDED_BY(mutex_) = false;   // WskReceive was called meanwhile.
  bool told_end_ GUARDED_BY(mutex_) = false;    // WskDisconnectEvent, graceful.
  bool told_abort_ GUARDED_BY(mutex_) = false;  // WskDisconnectEvent, abortive.
  bool told_dead_ GUARDED_BY(mutex_) = false;   // WskReceiveEvent without data.

  bool backlog_changed_ GUARDED_BY(mutex_) = false;     // See ideal_backlog_.
  NTSTATUS death_ GUARDED_BY(mutex_) = STATUS_SUCCESS;  // What pending receives end with.

  const WSK_CLIENT_CONNECTION_DISPATCH* dispatch_ GUARDED_BY(mutex_);
  net::StreamEndpoint* endpoint_ GUARDED_BY(mutex_) = nullptr;  // Until closed().
  ReceiveQueue queue_ GUARDED_BY(mutex_);
  RequestQueue receives_ GUARDED_BY(mutex_);
  Retention<WSK_DATA_INDICATION> kept_ GUARDED_BY(mutex_);

  // While WskSendBacklogEvent is enabled.
  SIZE_T ideal_backlog_ GUARDED_BY(mutex_) = 0;  // As last seen.
  std::size_t sent_since_check_ GUARDED_BY(mutex_) = 0;

  // From here on no message touches anything.
  std::unique_ptr<net::Socket> socket_ GUARDED_BY(mutex_);  // Until there is an endpoint.
  net::Address local_ GUARDED_BY(mutex_);
  net::Address remote_ GUARDED_BY(mutex_);
  // Set before the driver knows the socket.
  std::unique_ptr<const WSK_INSPECT_ID> inspected_;
  ConnectRequest* connect_ GUARDED_BY(mutex_) = nullptr;
  DisconnectRequest* disconnect_ GUARDED_BY(mutex_) = nullptr;
  Request* silence_ GUARDED_BY(mutex_) = nullptr;
};

}  // namespace wskrun::wsk
