// Peer: the other end of a connection, written with ordinary sockets. Every call waits for its fact
// and throws when it does not come within a minute; nothing here sleeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wskrun::tests {

enum class IpVersion : std::uint8_t { k4, k6 };

class Peer {
 public:
  static Peer connect(std::uint16_t port, IpVersion version = IpVersion::k4);
  // To an address of this host that need not be 127.0.0.1.
  static Peer connect_to(std::uint32_t ipv4_address, std::uint16_t port);
  explicit Peer(int fd) : fd_(fd) {}
  Peer(Peer&& other) noexcept;
  Peer& operator=(Peer&& other) noexcept;
  ~Peer();

  // Sends all of it.
  void send(std::string_view data);
  // Sends what fits without waiting; returns how much that was. Nothing fits after a reset.
  std::size_t send_what_fits(std::string_view data);
  std::string receive(std::size_t size);
  // Everything up to the FIN.
  std::string receive_to_end();
  // How many bytes have arrived that were not received yet.
  std::size_t waiting() const;
  // How many bytes were sent that the other side's kernel has not got yet.
  std::size_t unacknowledged() const;
  // Waits for the end of what the other side sends: true for a FIN, false for a reset.
  bool ends_orderly();
  // Waits for a reset, also where a FIN has been received before.
  void wait_reset();
  void shutdown_send();
  void reset();
  void close();
  std::uint16_t local_port() const;
  std::uint16_t remote_port() const;
  int fd() const { return fd_; }

 private:
  int fd_;
};

class PeerListener {
 public:
  enum class At : std::uint8_t { kLoopback, kEveryAddress };
  explicit PeerListener(IpVersion version = IpVersion::k4, At at = At::kLoopback);
  PeerListener(PeerListener&& other) noexcept;
  ~PeerListener();

  std::uint16_t port() const { return port_; }
  Peer accept();

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

// A port of 127.0.0.1 on which nobody listens, and nobody else will.
class SilentPort {
 public:
  explicit SilentPort(std::uint16_t port = 0);  // Throws where another process has it.
  ~SilentPort();
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  std::uint16_t port() const;

 private:
  int fd_;
};

}  // namespace wskrun::tests
