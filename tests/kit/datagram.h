// Datagram: a datagram socket with the test as the driver, and UdpPeer, a plain UDP socket at the
// other end. Callbacks are noted and answered as the test says.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kit/address.h"
#include "kit/buffer.h"
#include "kit/event_log.h"
#include "kit/irp_call.h"

namespace wskrun::tests {

class UdpPeer {
 public:
  explicit UdpPeer(IpVersion version = IpVersion::k4);
  ~UdpPeer();
  UdpPeer(const UdpPeer&) = delete;
  UdpPeer& operator=(const UdpPeer&) = delete;

  void send(std::string_view data, std::uint16_t port) const;  // To loopback.
  void send_to_ipv4(std::string_view data, std::uint32_t address, std::uint16_t port) const;
  void join(std::uint32_t group) const;
  std::string receive() const;  // Throws when none comes within a minute.
  std::string receive_from(std::uint16_t& sender_port) const;
  void hear_only_ipv4(std::uint32_t address, std::uint16_t port) const;
  bool waits() const;  // One has come that was not received yet.
  std::uint16_t port() const;
  int fd() const { return fd_; }

 private:
  int fd_;
  IpVersion version_;
};

// A piece of control information, as bytes.
struct ControlObject {
  INT level;
  INT type;
  std::string data;
  bool operator==(const ControlObject&) const = default;
};
std::vector<ControlObject> control_objects(const CMSGHDR* control, SIZE_T length);
// The objects one after the other, each with its head.
std::string control_bytes(const std::vector<ControlObject>& objects);
template <typename T>
ControlObject control_object(INT level, INT type, const T& value) {
  return {level, type, std::string(reinterpret_cast<const char*>(&value), sizeof value)};
}

// A datagram as WskReceiveFromEvent saw it.
struct SeenDatagram {
  std::string bytes;
  SOCKADDR_STORAGE remote;
  std::vector<ControlObject> control;
  ULONG flags;
  KIRQL irql;
};

// A call of WskReceiveFromEvent.
struct ReceiveFromCall {
  PVOID context;
  ULONG flags;
  PWSK_DATAGRAM_INDICATION list;
};

// The SocketContext of a datagram socket. The first answer takes everything.
class DatagramEvents {
 public:
  using Answer = std::function<NTSTATUS(ReceiveFromCall&)>;

  static const WSK_CLIENT_DATAGRAM_DISPATCH dispatch;

  void answer(Answer answer);
  // Datagrams that were taken or kept.
  std::deque<SeenDatagram> taken() const;
  void wait_taken(std::size_t count);
  int calls() const;
  void wait_calls(int count);
  int dead_calls() const;
  bool overlapped() const;

 private:
  static NTSTATUS WSKAPI on_receive_from(PVOID context, ULONG flags, PWSK_DATAGRAM_INDICATION list);

  EventLog log_;
  std::shared_ptr<Answer> answer_;
  std::deque<SeenDatagram> taken_;
  int calls_ = 0;
  int dead_calls_ = 0;
  int running_ = 0;
  bool overlapped_ = false;
};

// What a WskReceiveFrom gave.
struct ReceivedFrom {
  Completed completed;
  std::string bytes;
  SOCKADDR_STORAGE remote{};
  std::vector<ControlObject> control;
  ULONG flags = 0;
};

class Datagram {
 public:
  explicit Datagram(PWSK_SOCKET socket, std::shared_ptr<DatagramEvents> events = nullptr)
      : socket_(socket), events_(std::move(events)) {}
  ~Datagram();  // Closes the socket and waits, unless close() was called.
  Datagram(Datagram&& other) noexcept;
  Datagram& operator=(Datagram&&) = delete;

  PWSK_SOCKET socket() const { return socket_; }
  DatagramEvents& events() const { return *events_; }
  // For callbacks that come until the close has completed.
  std::shared_ptr<DatagramEvents> shared_events() const { return events_; }
  const WSK_PROVIDER_DATAGRAM_DISPATCH& dispatch() const {
    return *static_cast<const WSK_PROVIDER_DATAGRAM_DISPATCH*>(socket_->Dispatch);
  }

  NTSTATUS bind(PSOCKADDR address, ULONG flags, PIRP irp) const;
  NTSTATUS send_to(WSK_BUF buffer, PSOCKADDR remote, PIRP irp, std::string_view control = {}) const;
  NTSTATUS release(PWSK_DATAGRAM_INDICATION list) const;
  NTSTATUS control_events(ULONG mask, PIRP irp = nullptr) const;
  NTSTATUS close(PIRP irp);

  void enable() const;  // WSK_EVENT_RECEIVE_FROM
  std::uint16_t port() const;
  // Sends and waits.
  Completed send(std::string_view data, Sockaddr remote, std::string_view control = {}) const;
  Completed send_without_address(std::string_view data) const;
  // Waits for a WskReceiveFrom into `size` bytes, with room for so much control information.
  ReceivedFrom receive(std::size_t size = 2048, std::size_t control_room = 512) const;
  // WskControlSocket with an IRP.
  Completed set(ULONG level, ULONG option, const void* value, SIZE_T size) const;
  Completed set_number(ULONG level, ULONG option, ULONG value) const {
    return set(level, option, &value, sizeof value);
  }
  Completed get_number(ULONG level, ULONG option, ULONG& value) const;
  Completed ioctl(ULONG code, const void* input, SIZE_T size) const;

 private:
  PWSK_SOCKET socket_;
  std::shared_ptr<DatagramEvents> events_;
};

}  // namespace wskrun::tests
