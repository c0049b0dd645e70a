// Connection and Listener: sockets as a driver has them, with the test as the driver. Callbacks are
// noted and answered as the test says.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "kit/buffer.h"
#include "kit/event_log.h"
#include "kit/irp_call.h"
#include "kit/peer.h"

namespace wskrun::tests {

// A call of WskReceiveEvent.
struct ReceiveCall {
  PVOID context;
  ULONG flags;
  PWSK_DATA_INDICATION list;
  SIZE_T indicated;
  SIZE_T* accepted;
  SIZE_T accepted_on_entry;
  KIRQL irql;
};

struct DisconnectCall {
  ULONG flags;
  KIRQL irql;
};

// What the callbacks of one connection saw, and how they answer. The SocketContext of the socket.
class ConnectionEvents {
 public:
  using Answer = std::function<NTSTATUS(ReceiveCall&)>;

  static const WSK_CLIENT_CONNECTION_DISPATCH dispatch;

  // From now on WskReceiveEvent does this. The first answer takes everything and notes the bytes.
  void answer(Answer answer);
  static Answer take_all() {
    return [](ReceiveCall&) { return STATUS_SUCCESS; };
  }

  void on_disconnect(std::function<void()> action);

  // Bytes indicated and accepted so far (returned STATUS_SUCCESS or STATUS_PENDING).
  std::string taken() const;
  std::size_t taken_bytes() const;
  void wait_taken(std::size_t size);  // At least that many.
  int receive_calls() const;
  void wait_receive_calls(int count);
  int dead_calls() const;  // With a NULL list.
  void wait_dead_call();
  std::deque<DisconnectCall> disconnects() const;
  void wait_disconnects(std::size_t count);
  // What WskSendBacklogEvent said.
  std::deque<SIZE_T> backlogs() const;
  void wait_backlogs(std::size_t count);
  // Two callbacks of this connection ran at the same time.
  bool overlapped() const;
  ReceiveCall last_receive() const;

 private:
  static NTSTATUS WSKAPI on_receive(PVOID context, ULONG flags, PWSK_DATA_INDICATION list,
                                    SIZE_T indicated, SIZE_T* accepted);
  static NTSTATUS WSKAPI on_disconnect_event(PVOID context, ULONG flags);
  static NTSTATUS WSKAPI on_send_backlog(PVOID context, SIZE_T ideal);

  void enter();
  void leave();

  EventLog log_;
  std::shared_ptr<Answer> answer_ = std::make_shared<Answer>(take_all());
  std::function<void()> disconnect_action_;
  std::string taken_;
  int receive_calls_ = 0;
  int dead_calls_ = 0;
  std::deque<DisconnectCall> disconnects_;
  std::deque<SIZE_T> backlogs_;
  ReceiveCall last_{};
  int running_ = 0;
  bool overlapped_ = false;
};

// A connection-oriented socket. The functions are WSK's, the IRP last as there.
class Connection {
 public:
  explicit Connection(PWSK_SOCKET socket, std::shared_ptr<ConnectionEvents> events = nullptr)
      : socket_(socket), events_(std::move(events)) {}
  // Closes the socket and waits for that, unless close() was called.
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;

  PWSK_SOCKET socket() const { return socket_; }
  ConnectionEvents& events() const { return *events_; }
  // For callbacks that come until the close has completed.
  std::shared_ptr<ConnectionEvents> shared_events() const { return events_; }
  const WSK_PROVIDER_CONNECTION_DISPATCH& dispatch() const {
    return *static_cast<const WSK_PROVIDER_CONNECTION_DISPATCH*>(socket_->Dispatch);
  }

  NTSTATUS bind(PSOCKADDR address, ULONG flags, PIRP irp) const;
  NTSTATUS connect(PSOCKADDR address, ULONG flags, PIRP irp) const;
  NTSTATUS receive(WSK_BUF buffer, ULONG flags, PIRP irp) const;
  NTSTATUS send(WSK_BUF buffer, ULONG flags, PIRP irp) const;
  NTSTATUS disconnect(PWSK_BUF buffer, ULONG flags, PIRP irp) const;
  NTSTATUS release(PWSK_DATA_INDICATION list) const;
  NTSTATUS close(PIRP irp);  // The object gives the socket up.
  NTSTATUS control_events(ULONG mask, PIRP irp = nullptr) const;

  void enable(ULONG events) const;  // Throws when it is refused.
  // Receives with WSK_FLAG_WAITALL and waits.
  std::string read(std::size_t size) const;
  // Sends and waits; throws when it fails.
  void write(std::string_view data) const;
  // Disconnects gracefully and waits.
  void disconnect() const;

 private:
  PWSK_SOCKET socket_;
  std::shared_ptr<ConnectionEvents> events_;
};

}  // namespace wskrun::tests
