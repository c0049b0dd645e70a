// PosixSocket: a Socket over a file descriptor, and every fact about Linux sockets that uring and
// epoll share (addresses, options, TCP states). It moves no byte; the backends' streams do.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <optional>

#include "base/block_cache.h"
#include "net/socket_option.h"
#include "net/transport.h"
#include "net/unique_fd.h"

namespace wskrun::net {

// An Address in the kernel's layout.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const Address& address);
Address from_socket_address(const sockaddr& address);  // Of another family: all zero.

// What a backend wants of its descriptors: epoll never blocks in them, io_uring waits in them.
enum class Blocking : bool { kNo, kYes };

class PosixSocket final : public Socket, public base::Recycled {
 public:
  static std::unique_ptr<PosixSocket> create(const SocketSpec& spec, Blocking blocking,
                                             Error& error);
  // Takes a connection that accept() returned, with what is known of its addresses.
  static std::unique_ptr<PosixSocket> adopt(UniqueFd connection, std::optional<Address> local = {},
                                            std::optional<Address> remote = {});
  // A stream socket that was an endpoint and never connected.
  static std::unique_ptr<PosixSocket> take_back(UniqueFd fd);

  Error bind(const Address& address) override;
  Error listen() override;
  Address local_address() const override;
  Address remote_address() const override;
  Error set_option(SocketOption option, std::uint32_t value) override {
    return set_socket_option(fd_.get(), option, value);
  }
  Error get_option(SocketOption option, std::uint32_t& value) const override {
    return get_socket_option(fd_.get(), option, value);
  }
  Error change_membership(const GroupMembership& change) override {
    return change_group_membership(fd_.get(), change);
  }
  void drop_connection() override;

  bool connected() const { return connected_; }
  UniqueFd take() { return std::move(fd_); }  // What remains can only be destroyed.

 private:
  PosixSocket(UniqueFd fd, SocketKind kind, bool connected)
      : fd_(std::move(fd)), kind_(kind), connected_(connected) {}

  UniqueFd fd_;
  const SocketKind kind_;
  const bool connected_;
  std::optional<Address> local_;  // Known without asking.
  std::optional<Address> remote_;
};

// All zero when the socket has none. Any thread.
Address local_address_of(int fd);
Address remote_address_of(int fd);

void set_no_delay(int fd);        // Switches Nagle's algorithm off for good.
Error take_socket_error(int fd);  // SO_ERROR: the pending error, which is cleared by asking.

// Ends whatever connection `fd` has, with a reset where TCP has one to send, and wakes what waits
// on it. False: it has it still.
bool drop_connection(int fd);
// Ends a connect() that failed or is in progress, so that the socket can connect again, from the
// address that it was `bound` to before (all zero: to none).
void forget_connect(int fd, const Address& bound);

// How far our own FIN has come, as TCP sees it.
enum class FinState { kInFlight, kAcknowledged };
FinState fin_state(int fd);

// The connection that accept() was about to return is gone; the next may be well.
bool lost_one_connection(Error error);
// accept() fails for want of descriptors or memory, which is no reason to give the listener up.
bool is_shortage(Error error);
// The error of a send speaks of that send only (bad memory, no memory), not of the connection.
bool concerns_one_send(Error error);

// The error of a receive speaks of a datagram sent earlier, by an ICMP answer; the datagrams that
// wait are all well.
bool concerns_an_earlier_send(Error error);

// Lets the process have as many sockets as it may: RLIMIT_NOFILE up to its hard limit.
void raise_descriptor_limit();

}  // namespace wskrun::net
