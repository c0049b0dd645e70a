// StreamCore: what a stream endpoint is on every backend: its states, its queue of sends, FIN,
// loss, abort and close. A backend adds how one connect, receive or send is started and stopped.
#pragma once

#include <atomic>
#include <optional>
#include <span>

#include "base/block_cache.h"
#include "base/ref_ptr.h"
#include "net/buffer_pool.h"
#include "net/event_loop.h"
#include "net/posix_socket.h"
#include "net/send_queue.h"
#include "net/tcp_figures.h"
#include "net/transport.h"

namespace wskrun::net {

// A process may have very many of these, most of them idle: what only few need is allocated when
// they do.
class StreamCore : public StreamEndpoint, public base::Recycled, private LoopResident {
 public:
  void connect(const Address& remote) final;
  void cancel_connect() final;
  void resume_receive() final;
  void pause_receive() final;
  void send(SendOp& op) final;
  void cancel_send(SendOp& op) final;
  void shutdown_send() final;
  void silence() final;
  void cancel_silence() final;
  void abort() final;
  void close(CloseMode mode) final;
  void release() final;

  Loop& loop() final { return home_; }
  Address local_address() const final { return local_address_of(fd()); }
  Address remote_address() const final { return remote_address_of(fd()); }
  std::size_t unread_bytes() const final { return net::unread_bytes(fd()); }
  std::size_t ideal_send_backlog() const final { return net::ideal_send_backlog(fd()); }
  Error set_option(SocketOption option, std::uint32_t value) final {
    return set_socket_option(fd(), option, value);
  }
  Error get_option(SocketOption option, std::uint32_t& value) const final {
    return get_socket_option(fd(), option, value);
  }

 protected:
  StreamCore(EventLoop& loop, PosixSocket& socket, StreamSink& sink);
  virtual ~StreamCore();

  // The backend's part, on the loop, outside every endpoint call.

  virtual void attach() = 0;  // Once, before the others.
  // Leads to connect_ended(), at once or later; abandoned, soon.
  virtual void begin_connect(const SocketAddress& remote) = 0;
  virtual void abandon_connect() = 0;
  // Receives as long as wants_data(), and not otherwise; watches for a reset as long as
  // can_be_reset().
  virtual void receive() = 0;
  // Sends what next_batch() gives; leads to bytes_sent() or send_failed(). Abandoned, soon.
  virtual void begin_send() = 0;
  virtual void abandon_send() = 0;
  virtual bool is_sending() const = 0;  // The kernel holds memory of queued ops.
  // Takes everything back from the kernel. True when it has nothing any more; until then each end
  // of an operation calls progress().
  virtual bool detach() = 0;
  // The descriptor goes on to live without this stream.
  virtual void let_go() = 0;

  // For the backend, on the loop.

  int fd() const { return fd_.get(); }
  EventLoop& home() { return home_; }
  BufferPool& buffers() { return home_.buffers(); }
  bool is_connected() const { return phase_ == Phase::kConnected; }
  bool wants_data() const {
    return wants_data_.load(std::memory_order_relaxed) && is_connected() && !fin_received_ &&
           !waits_for_memory();
  }

  // We ended the connection ourselves: what waited on the socket was woken by that, and will end.
  bool is_dropped() const { return dropped_; }
  // Not once both directions have ended. False also while more is asked: it may be the end.
  bool can_be_reset() { return !asked() && (!fin_received_ || fin_ != Fin::kDone); }

  void connect_ended(Error error);
  void deliver(Chunk chunk);
  void deliver_fin();
  // The connection is dead: tells the sink, ends what is queued.
  void lose(Error error);
  // For a backend that saw an error while nobody receives, so that no receive can meet it.
  void check_for_reset();
  // What to send next; longer than one op where several wait. `scratch` holds it then.
  std::span<iovec> next_batch(std::span<iovec> scratch);
  void bytes_sent(std::size_t bytes);
  void send_failed(Error error);  // ECANCELED: abandoned.

  // Receives a little into memory of this stream alone, when the pool is at its bound.
  enum class ReserveResult { kReceived, kNothingThere, kNoRoom, kEnded };
  ReserveResult receive_into_reserve();
  // Wants no data until there is memory again.
  void wait_for_memory() { buffers().wait_for_memory(*shortage_); }

  // Does what is possible now. The last thing to call in an event: it may free the stream.
  void progress();
  // Does so again later in this turn or in the next.
  void progress_later() {
    ask([] {});
  }

 private:
  enum class Phase : std::uint8_t { kUnconnected, kConnecting, kConnected, kEnded };
  enum class Fin : std::uint8_t { kNone, kWanted, kSent, kDone };

  struct Wishes {
    std::unique_ptr<const Address> connect;
    std::optional<CloseMode> close;
    bool cancel_connect : 1 = false;
    bool cancel_sends : 1 = false;
    bool shut_down : 1 = false;
    bool silence : 1 = false;
    bool cancel_silence : 1 = false;
    bool abort : 1 = false;
    bool release : 1 = false;
  };

  // Asks again and again, less and less often, for what TCP does not tell.
  struct Checks final : Timer {
    explicit Checks(StreamCore& owner) : stream(owner) {}
    void on_timer() override { stream.progress(); }

    StreamCore& stream;
    std::chrono::milliseconds delay = kFirstCheck;
  };

  // The pool was at its bound.
  struct Shortage final : MemoryWaiter {
    explicit Shortage(StreamCore& owner)
        : stream(owner), reserve(base::RefPtr<Reserve>::adopt(new Reserve(owner.buffers()))) {}
    void on_memory() override { stream.progress(); }

    StreamCore& stream;
    const base::RefPtr<Reserve> reserve;
  };

  static constexpr std::chrono::milliseconds kFirstCheck{1};
  static constexpr std::chrono::milliseconds kLongestCheck{1000};

  Wishes& wishes_locked() REQUIRES(mutex_) {
    wished_ = true;
    return wishes_;
  }
  void service() final;
  void fulfil(const Wishes& wishes);
  bool waits_for_memory() const { return shortage_ && shortage_->memory_link.linked(); }

  void start_connect(const Address& remote);
  void break_connection();
  void push_sends();
  void push_fin();
  void check_fin();
  void check_acknowledged();
  void check_silence();
  void check_soon();
  void check_again();
  void wind_down();
  void finish_close();
  void end_cancelled_sends();
  void end_sends(Error error);
  void end_silence(Error error);
  void report(SendQueue ended, Error error);

  UniqueFd fd_;
  StreamSink& sink_;

  Wishes wishes_ GUARDED_BY(mutex_);
  SendQueue new_sends_ GUARDED_BY(mutex_);
  bool wished_ GUARDED_BY(mutex_) = false;  // There are any.
  std::atomic<bool> wants_data_{false};
  std::atomic<bool> silent_{false};  // abort() or close() was called: no more news of the peer.

  // The loop's.
  Phase phase_;
  Fin fin_ = Fin::kNone;
  bool attached_ = false;
  bool closing_ = false;
  bool releasing_ = false;
  bool fin_received_ = false;
  bool no_delay_ = false;
  bool send_one_by_one_ = false;  // A batch was refused; its ops are tried alone.
  bool cancel_sends_ = false;     // As soon as the kernel has given the ops back.
  bool dropped_ = false;
  bool silence_wanted_ = false;
  bool silenced_ = false;
  Error end_error_;  // How sends end while there is no connection.
  SendQueue sends_;
  SendQueue unacknowledged_;              // Which the kernel has.
  std::uint64_t taken_bytes_ = 0;         // By the kernel.
  std::uint64_t ended_bytes_ = 0;         // Of ops that it has taken, or that ended otherwise.
  std::unique_ptr<const Address> bound_;  // Before connect(), while that is under way.
  std::unique_ptr<Checks> checks_;        // Since they were first needed,
  std::unique_ptr<Shortage> shortage_;    // and so this.
};

}  // namespace wskrun::net
