// StreamSocket: a stream socket. It is bound, and then becomes a listening socket by its first
// WskListen or a connection by its first successful WskConnect. What it has become is a
// ListenSocket or ConnectionSocket of its own, a part that the driver knows by the stream socket's
// handle; here is only how it comes to be.
#pragma once

#include <memory>

#include "net/transport.h"
#include "wsk/connection.h"
#include "wsk/listen.h"
#include "wsk/socket.h"

namespace wskrun::wsk {

class StreamSocket final : public Socket {
 public:
  static StreamSocket& of(PWSK_SOCKET handle) {
    return static_cast<StreamSocket&>(Socket::of(handle));
  }

  // A new socket, not yet bound.
  StreamSocket(base::RefPtr<Client> client, std::unique_ptr<net::Socket> socket, net::Family family,
               PVOID context, const WSK_CLIENT_STREAM_DISPATCH* dispatch, const void* created_by);

  // What the dispatch entries do, arguments checked. Each ends the request.
  NTSTATUS bind(Request& request, const net::Address& address);
  NTSTATUS listen(Request& request);
  NTSTATUS get_local_address(Request& request, PSOCKADDR output);

  // What it is now, if it is that; else null. A part stays until the whole is closed, except a
  // connection that never came to be, which WskListen takes away.
  ConnectionSocket* connection();
  ListenSocket* listener();
  // For WskConnect: the connection to be. Null: it is not bound, or is a listener.
  ConnectionSocket* connection_to_be();

  // From the connection that WskListen takes away.
  void take_back(std::unique_ptr<net::Socket> socket);

  Socket& acting() override;

 private:
  // Socket
  NTSTATUS set_option(net::SocketOption option, ULONG value) override;
  NTSTATUS get_option(net::SocketOption option, ULONG& value) const override;
  bool is_bound() const override;
  NTSTATUS bind_endpoint(const net::Address& wanted, net::Address& local) override;
  NTSTATUS share_address() override;
  NTSTATUS may_control_events_locked() const override REQUIRES(mutex_) {
    return STATUS_INVALID_DEVICE_STATE;
  }
  ULONG callbacks_locked() const override REQUIRES(mutex_) { return 0; }
  void on_events_enabled() override {}
  void begin_close() override;
  void cancel(Request& request) override;

  NTSTATUS listen_locked() REQUIRES(mutex_);

  const WSK_CLIENT_STREAM_DISPATCH* const dispatch_;
  std::unique_ptr<net::Socket> socket_ GUARDED_BY(mutex_);  // Until a part has it.
  net::Address local_ GUARDED_BY(mutex_);
  bool bound_ GUARDED_BY(mutex_) = false;
  ConnectionSocket* connection_ GUARDED_BY(mutex_) = nullptr;
  ListenSocket* listener_ GUARDED_BY(mutex_) = nullptr;
  Request* listen_request_ GUARDED_BY(mutex_) = nullptr;  // Waits for take_back().
};

}  // namespace wskrun::wsk
