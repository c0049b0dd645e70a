// Listener: a listening socket with the test as the driver.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "kit/connection.h"

namespace wskrun::tests {

// What WskAcceptEvent was called with.
struct AcceptCall {
  PVOID context;
  ULONG flags;
  PWSK_SOCKET socket;
  SOCKADDR_STORAGE local;
  SOCKADDR_STORAGE remote;
  PVOID* accept_context;
  const WSK_CLIENT_CONNECTION_DISPATCH** accept_dispatch;
  bool outputs_preset_to_null;
  KIRQL irql;
};

// What WskInspectEvent was called with.
struct InspectCall {
  PVOID context;
  std::optional<WSK_INSPECT_ID> id;
  SOCKADDR_STORAGE local;
  SOCKADDR_STORAGE remote;
};

inline bool same(const WSK_INSPECT_ID& one, const WSK_INSPECT_ID& other) {
  return one.Key == other.Key && one.SerialNumber == other.SerialNumber;
}

// The SocketContext of a listener. The first answer accepts with new ConnectionEvents; in
// conditional accept mode the first inspection admits.
class ListenerEvents {
 public:
  using Answer = std::function<NTSTATUS(AcceptCall&)>;
  using Inspection = std::function<WSK_INSPECT_ACTION(InspectCall&)>;

  static const WSK_CLIENT_LISTEN_DISPATCH dispatch;

  void answer(Answer answer);
  void inspect(Inspection inspection);
  // Waits for a call of WskInspectEvent, the oldest that was not taken yet.
  InspectCall take_inspected();
  // The same for WskAbortEvent.
  WSK_INSPECT_ID take_aborted();
  int inspections() const;
  int aborts() const;
  // Waits for a connection that WskAcceptEvent accepted with the first answer.
  Connection take();
  int calls() const;
  void wait_calls(int count);
  AcceptCall last() const;

 private:
  static NTSTATUS WSKAPI on_accept(PVOID context, ULONG flags, PSOCKADDR local, PSOCKADDR remote,
                                   PWSK_SOCKET socket, PVOID* accept_context,
                                   const WSK_CLIENT_CONNECTION_DISPATCH** accept_dispatch);
  static WSK_INSPECT_ACTION WSKAPI on_inspect(PVOID context, PSOCKADDR local, PSOCKADDR remote,
                                              PWSK_INSPECT_ID id);
  static NTSTATUS WSKAPI on_abort(PVOID context, PWSK_INSPECT_ID id);

  struct Accepted {
    PWSK_SOCKET socket;
    std::shared_ptr<ConnectionEvents> events;
  };
  static Accepted keep(AcceptCall& call);

  EventLog log_;
  std::shared_ptr<Answer> answer_;
  std::deque<Accepted> accepted_;
  int calls_ = 0;
  AcceptCall last_{};
  std::shared_ptr<Inspection> inspection_;
  std::deque<InspectCall> inspected_;
  std::deque<WSK_INSPECT_ID> aborted_;
  int inspections_ = 0;
  int aborts_ = 0;
};

class Listener {
 public:
  explicit Listener(PWSK_SOCKET socket, std::shared_ptr<ListenerEvents> events = nullptr)
      : socket_(socket), events_(std::move(events)) {}
  ~Listener();  // Closes the socket and waits, unless close() was called.
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&&) = delete;

  PWSK_SOCKET socket() const { return socket_; }
  ListenerEvents& events() const { return *events_; }
  const WSK_PROVIDER_LISTEN_DISPATCH& dispatch() const {
    return *static_cast<const WSK_PROVIDER_LISTEN_DISPATCH*>(socket_->Dispatch);
  }

  NTSTATUS bind(PSOCKADDR address, ULONG flags, PIRP irp) const;
  NTSTATUS accept(PVOID context, const WSK_CLIENT_CONNECTION_DISPATCH* accept_dispatch,
                  PSOCKADDR local, PSOCKADDR remote, PIRP irp) const;
  NTSTATUS control_events(ULONG mask, PIRP irp = nullptr) const;
  void enable(ULONG events) const;
  NTSTATUS close(PIRP irp);

  std::uint16_t port() const;
  // Waits for a WskAccept; the connection has ConnectionEvents, none enabled.
  Connection accept() const;

 private:
  PWSK_SOCKET socket_;
  std::shared_ptr<ListenerEvents> events_;
};

}  // namespace wskrun::tests
