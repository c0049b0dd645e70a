// Transport: how bytes move. One model, completions, for every backend (uring, epoll, later sim);
// what a kernel cannot do the backend emulates. It knows bytes, errno and addresses, nothing of NT.
//
// Threads. A transport runs loops, one thread each. Every endpoint has a home loop, and all calls
// to its sink are made there, one after the other, with no lock held. Endpoint functions may be
// called from any thread, also from inside a sink's call; they never block and never call the sink
// before they return. A sink hears nothing before the first call of a function of its endpoint that
// asks for something, so open_*() may be called before the caller is ready for it. closed() is the
// last call to a sink and always comes after close(); the endpoint is freed when closed() returns
// and must not be used from the moment closed() is called.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "net/address.h"
#include "net/chunk.h"
#include "net/datagram.h"
#include "net/error.h"
#include "net/socket_option.h"

namespace wskrun::net {

// Work for a loop. The storage is the caller's and is free for reuse when run() is entered.
struct Task {
  void (*run)(Task& task) = nullptr;
  Task* next = nullptr;  // The loop's, while queued.
};

class Loop {
 public:
  // Runs the task on the loop's thread, soon, in the order of posting. Any thread. Wakes the loop
  // only if it sleeps.
  virtual void post(Task& task) = 0;
  // Makes the loop finish a turn soon, hooks included. Any thread.
  virtual void wake() = 0;
  virtual bool is_current() const = 0;  // Is the caller on the loop's thread?
  virtual unsigned index() const = 0;   // 0 .. loop_count - 1

 protected:
  ~Loop() = default;
};

// What surrounds the turns of a loop; the runtime uses it to make a loop thread a processor.
class LoopHooks {
 public:
  virtual void loop_started(unsigned index) = 0;   // First, on the loop's thread.
  virtual void turn_ended(unsigned index) = 0;     // After each batch of events, before sleeping.
  virtual void about_to_wait(unsigned index) = 0;  // For events; after all else of the turn.
  virtual void loop_stopping(unsigned index) = 0;  // Last, on the loop's thread.

 protected:
  ~LoopHooks() = default;
};

enum class SocketKind : std::uint8_t {
  kStream,    // TCP
  kDatagram,  // UDP
  kRaw,       // One protocol of IP; only for the privileged.
  // The kernel's news of this host's interfaces and their addresses of the family: a datagram for
  // each change. Bound already.
  kAddressNews,
};

struct SocketSpec {
  Family family = Family::kIpv4;
  SocketKind kind = SocketKind::kStream;
  int protocol = 0;  // IP's number; kRaw only.
};

// A socket that no loop serves yet, or no longer. Not for two threads at once. Closed when
// destroyed before it became an endpoint.
class Socket {
 public:
  virtual ~Socket() = default;
  virtual Error bind(const Address& address) = 0;
  virtual Error listen() = 0;  // Backlog: the system's largest.
  virtual Address local_address() const = 0;
  virtual Address remote_address() const = 0;
  virtual Error set_option(SocketOption option, std::uint32_t value) = 0;
  virtual Error get_option(SocketOption option, std::uint32_t& value) const = 0;
  virtual Error change_membership(const GroupMembership& change) = 0;
  // Resets the connection that it has, now.
  virtual void drop_connection() = 0;
};

// One send. Lies in the caller's memory from send() until StreamSink::sent. The endpoint may change
// the iovecs. `sent` is how many bytes the kernel took, also when the operation failed.
struct SendOp {
  iovec* iov = nullptr;
  std::uint32_t iov_count = 0;
  std::size_t length = 0;  // Sum over iov; not zero.
  bool no_delay = false;   // Send this, and what waits before it, without Nagle's delay.
  // It has ended only when the peer acknowledged it; all ops of a stream, or none.
  bool until_acknowledged = false;
  std::size_t sent = 0;
  SendOp* next = nullptr;  // The endpoint's, while queued.
  bool cancelled = false;  // The endpoint's, while queued.
  std::uint64_t end = 0;   // The endpoint's: its place in the stream.
};

class StreamSink {
 public:
  // The end of connect(). After an error the endpoint may connect() again or be closed.
  virtual void connected(Error error) = 0;
  // Bytes in order; an empty chunk: the peer sends no more (FIN). Nothing after that chunk.
  virtual void received(Chunk chunk) = 0;
  // Each op exactly once, in the order of sending. All of it was taken by the kernel, or
  // acknowledged where the op says so, or error.
  virtual void sent(SendOp& op, Error error) = 0;
  // The end of shutdown_send(): the peer acknowledged our FIN, or error.
  virtual void send_shut_down(Error error) = 0;
  // The end of silence().
  virtual void silenced(Error error) = 0;
  // The connection is dead (reset, timed out). At most once; nothing is received after it. Comes
  // while receiving is paused too. Ops in flight have ended or end with an error.
  virtual void disconnected(Error error) = 0;
  // The last call; every op has ended before it.
  virtual void closed() = 0;
  // The last call instead, after release().
  virtual void released(std::unique_ptr<Socket> socket) = 0;

 protected:
  ~StreamSink() = default;
};

enum class CloseMode : std::uint8_t {
  kOrderly,  // Both directions have ended: close without a reset.
  kAbort,    // Reset; unsent data is discarded.
};

class StreamEndpoint {
 public:
  // Starts a connection; connected() tells how it ended.
  virtual void connect(const Address& remote) = 0;
  // Ends a connect() in progress: connected(ECANCELED), unless it ended otherwise before.
  virtual void cancel_connect() = 0;
  // Receiving starts paused. pause_receive() stops soon; what the kernel has handed over already
  // still arrives, a bounded amount. A reset is reported while paused too.
  virtual void resume_receive() = 0;
  virtual void pause_receive() = 0;
  // Sends go out in the order of the calls. Never fails here; sent() tells.
  virtual void send(SendOp& op) = 0;
  // Takes back what of `op` the kernel has not taken: sent(op, ECANCELED), unless it ended before;
  // then nothing happens. `op` lives until this returns, even where sent(op) has been called.
  virtual void cancel_send(SendOp& op) = 0;
  // FIN after all sends queued so far. send_shut_down() when the peer acknowledged it. Once.
  virtual void shutdown_send() = 0;
  // Puts nothing on the wire any more and hears nothing, not even at close(); once what was sent is
  // acknowledged. silenced() tells. Only close() may follow.
  virtual void silence() = 0;
  // Gives up waiting: silenced(ECANCELED), unless it ended before.
  virtual void cancel_silence() = 0;
  // Reset now. connect(), ops in flight and shutdown_send() end with ECANCELED; no received() and
  // no disconnected() begins after this returned. close() is still to come.
  virtual void abort() = 0;
  // The last call, from any thread. What is in flight ends with ECANCELED, then closed().
  virtual void close(CloseMode mode) = 0;
  // The last call instead, while nothing is under way: no connect(), no send, and receiving has
  // been paused since the beginning. The socket comes back, bound or connected, by released().
  virtual void release() = 0;

  virtual Loop& loop() = 0;
  virtual Address local_address() const = 0;           // Also of a bound, unconnected one.
  virtual Address remote_address() const = 0;          // While connected; else all zero.
  virtual std::size_t unread_bytes() const = 0;        // That the kernel holds.
  virtual std::size_t ideal_send_backlog() const = 0;  // See tcp_figures.h.
  virtual Error set_option(SocketOption option, std::uint32_t value) = 0;
  virtual Error get_option(SocketOption option, std::uint32_t& value) const = 0;

 protected:
  ~StreamEndpoint() = default;
};

class ListenerSink {
 public:
  virtual void accepted(std::unique_ptr<Socket> socket) = 0;
  virtual void failed(Error error) = 0;  // It will not accept any more. At most once.
  virtual void closed() = 0;

 protected:
  ~ListenerSink() = default;
};

class ListenerEndpoint {
 public:
  // Accepting starts paused. After pause_accept() connections wait in the kernel's backlog; a
  // bounded number of accepted() may still come.
  virtual void resume_accept() = 0;
  virtual void pause_accept() = 0;
  virtual void close() = 0;
  virtual Loop& loop() = 0;
  virtual Address local_address() const = 0;
  // Connections accepted from now on inherit keep-alive and the size of the receive buffer.
  virtual Error set_option(SocketOption option, std::uint32_t value) = 0;
  virtual Error get_option(SocketOption option, std::uint32_t& value) const = 0;

 protected:
  ~ListenerEndpoint() = default;
};

struct TransportOptions {
  unsigned loop_count = 0;                                    // 0: one per processor.
  std::size_t receive_memory_bytes = std::size_t{256} << 20;  // Bound for received, held memory.
  LoopHooks* hooks = nullptr;
  bool newest_kernel_features = true;  // uring: false uses only what Linux 6.1 has (for tests).
};

class Transport {
 public:
  // Every endpoint must have been closed. Chunks that are still held stay valid; but nobody may be
  // giving one back meanwhile.
  virtual ~Transport() = default;

  virtual const char* name() const = 0;  // "uring", "epoll"
  // Makes a socket; `error` says why it could not.
  virtual std::unique_ptr<Socket> create_socket(const SocketSpec& spec, Error& error) = 0;
  // Give a socket (bound, or from accepted()) a home loop and a sink. Any thread.
  virtual StreamEndpoint& open_stream(std::unique_ptr<Socket> socket, StreamSink& sink) = 0;
  virtual ListenerEndpoint& open_listener(std::unique_ptr<Socket> listening,
                                          ListenerSink& sink) = 0;
  virtual DatagramEndpoint& open_datagram(std::unique_ptr<Socket> bound, DatagramSink& sink) = 0;
  virtual unsigned loop_count() const = 0;
  virtual Loop& loop(unsigned index) = 0;
  // Received memory runs short: whoever holds chunks should give them back. Any thread.
  virtual bool under_memory_pressure() const = 0;
};

// Each returns nullptr and sets `error` where the kernel does not allow it.
std::unique_ptr<Transport> make_uring_transport(const TransportOptions& options, Error& error);
std::unique_ptr<Transport> make_epoll_transport(const TransportOptions& options, Error& error);

}  // namespace wskrun::net
