// One TCP connection to the server: connects, sends, receives. What is sent and what it means when
// something comes is added by the loads.
#pragma once

#include <netinet/in.h>

#include <span>

#include "generator/ring.h"

namespace bench {

// A socket of its own source address for every 20,000, so that ports never run short.
int open_socket(int type, unsigned index);

class Connection : public Actor {
 public:
  Connection(Ring& ring, unsigned index) : ring_(ring), index_(index) {}
  virtual ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void open(const sockaddr_in& server);

  // Resets a connection that only receives, whatever is on its way; it is over when it is_closed().
  void hang_up();
  bool is_closed() const { return socket_ < 0; }

 protected:
  virtual void connected() = 0;
  virtual void received(std::span<const char> bytes) = 0;
  virtual void sent(std::size_t bytes) = 0;

  // All of them, then sent() is called. One at a time; the bytes stay until then.
  void send(std::span<const char> bytes);
  [[noreturn]] void fail(const char* what, int error = 0) const;
  unsigned index() const { return index_; }

 private:
  enum Operation { kConnect, kReceive, kSend };

  void ended(unsigned operation, const io_uring_cqe& cqe) final;
  void receive_ended(const io_uring_cqe& cqe);
  void end_of_hung_up(unsigned operation, const io_uring_cqe& cqe);

  Ring& ring_;
  const unsigned index_;
  int socket_ = -1;
  bool has_hung_up_ = false;
  sockaddr_in server_{};
};

}  // namespace bench
