// server.h: the listening socket, and all sessions there are.
#pragma once

#include "session.h"

namespace pubsub {

class Server : public kernel::NonPaged, kernel::NotCopied {
 public:
  explicit Server(PDRIVER_OBJECT driver) : driver_(driver) {}
  ~Server();  // Ends every session.

  // Listens on 127.0.0.1. PASSIVE_LEVEL.
  NTSTATUS start(USHORT port);

  PDRIVER_OBJECT driver() const { return driver_; }
  Hub& hub() { return hub_; }
  ULONG session_count();

  // One for each session, from before it is made until after it is destroyed.
  bool acquire_place();
  void release_place();
  // The session is not open any more.
  void forget(Session& session);

 private:
  static constexpr ULONG kMaxSessions = 4096;
  static const WSK_CLIENT_LISTEN_DISPATCH events;
  static NTSTATUS WSKAPI on_accept(PVOID context, ULONG flags, PSOCKADDR local, PSOCKADDR remote,
                                   PWSK_SOCKET socket, PVOID* socket_context,
                                   const WSK_CLIENT_CONNECTION_DISPATCH** socket_events);

  NTSTATUS create_listener();
  NTSTATUS bind_listener(USHORT port);
  void remember(Session& session);
  kernel::RefPtr<Session> take_any();

  PDRIVER_OBJECT driver_;
  net::Client client_;
  net::Listener listener_;
  Hub hub_;
  kernel::Rundown places_;
  kernel::SpinLock lock_;                    // Guards the two below.
  kernel::List<Session, Session> sessions_;  // Each with a reference.
  ULONG session_count_ = 0;                  // Places taken.
};

}  // namespace pubsub
