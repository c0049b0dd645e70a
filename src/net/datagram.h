// Datagrams: what a datagram endpoint (UDP or raw IP) and its owner tell each other. The rules of
// transport.h about threads, loops and closed() hold here, too.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/address.h"
#include "net/chunk.h"
#include "net/error.h"

namespace wskrun::net {

inline constexpr std::size_t kLargestDatagram = 64 << 10;  // Also of several joined.

class Loop;
enum class SocketOption : std::uint8_t;
struct GroupMembership;

// What the network layer says of a datagram beside its bytes. Receiving: as far as the socket was
// told to ask for it. Sending: what to do other than the socket's options say.
struct PacketInfo {
  // The address it came to, or leaves from, with the interface as scope_id; no port. An IPv4
  // datagram on an IPv6 socket may have either family.
  std::optional<Address> ipv4;
  std::optional<Address> ipv6;
  std::optional<std::uint8_t> hop_limit;
  std::optional<std::uint8_t> traffic_class;  // DSCP and ECN.
  // Several datagrams of this size (the last may be shorter), joined when received, to be cut when
  // sent.
  std::optional<std::uint16_t> segment_bytes;
};

struct Datagram {
  Chunk data;  // May be empty.
  Address remote;
  PacketInfo info;
  bool broadcast = false;
  bool multicast = false;
};

// One send: some datagrams to one address. Lies in the caller's memory, like what it points to,
// until it has ended.
struct DatagramSend {
  struct Message {
    iovec* iov = nullptr;
    std::uint32_t iov_count = 0;
    std::size_t length = 0;  // Sum over iov; may be zero.
  };
  Message* messages = nullptr;
  std::uint32_t count = 0;
  Address remote;
  PacketInfo info;
  std::uint32_t sent_count = 0;  // Messages that the kernel took, also when the send failed.
  std::size_t sent_bytes = 0;
  DatagramSend* next = nullptr;  // The endpoint's, while queued.
  bool cancelled = false;        // The endpoint's, while queued.
};

class DatagramSink {
 public:
  // In the order of arrival. The owner takes what it wants out of the batch.
  virtual void received(std::span<Datagram> batch) = 0;
  // Each send that was queued, exactly once, in the order of sending. An error ends the send at the
  // message it met.
  virtual void sent(DatagramSend& send, Error error) = 0;
  virtual void failed(Error error) = 0;  // It receives no more. At most once.
  virtual void closed() = 0;

 protected:
  ~DatagramSink() = default;
};

class DatagramEndpoint {
 public:
  // Receiving starts paused. After pause_receive() datagrams wait in the kernel, which drops what
  // its buffer does not hold; a bounded number may still come.
  virtual void resume_receive() = 0;
  virtual void pause_receive() = 0;
  // Sends go out in the order of the calls. First try_send(): true if it has ended, with `error`.
  // False: not all of it could go out at once; send() queues the rest, and sent() will tell.
  virtual bool try_send(DatagramSend& send, Error& error) = 0;
  virtual void send(DatagramSend& send) = 0;
  // Takes back what of a queued send the kernel has not taken: sent(ECANCELED), unless it ended
  // before; then nothing happens, and `send` is compared only, not touched.
  virtual void cancel_send(DatagramSend& send) = 0;
  // Queued sends end with ECANCELED, then closed().
  virtual void close() = 0;

  virtual Loop& loop() = 0;
  virtual Address local_address() const = 0;
  virtual Error set_option(SocketOption option, std::uint32_t value) = 0;
  virtual Error get_option(SocketOption option, std::uint32_t& value) const = 0;
  virtual Error change_membership(const GroupMembership& change) = 0;

 protected:
  ~DatagramEndpoint() = default;
};

}  // namespace wskrun::net
