// Plain UDP, and the calls a driver makes on a datagram socket.
#include "kit/datagram.h"

#include <cstring>
#include <stdexcept>
#include <utility>

#include "kit/udp.h"

namespace wskrun::tests {

UdpPeer::UdpPeer(IpVersion version) : fd_(udp_open(version)), version_(version) {}

UdpPeer::~UdpPeer() {
  udp_close(fd_);
}

void UdpPeer::send(std::string_view data, std::uint16_t port) const {
  udp_send(fd_, data, version_, port);
}

void UdpPeer::send_to_ipv4(std::string_view data, std::uint32_t address, std::uint16_t port) const {
  udp_send_to_ipv4(fd_, data, address, port);
}

void UdpPeer::join(std::uint32_t group) const {
  udp_join(fd_, group);
}

std::string UdpPeer::receive() const {
  return udp_receive(fd_);
}

std::string UdpPeer::receive_from(std::uint16_t& sender_port) const {
  return udp_receive_from(fd_, sender_port);
}

void UdpPeer::hear_only_ipv4(std::uint32_t address, std::uint16_t port) const {
  udp_hear_only_ipv4(fd_, address, port);
}

bool UdpPeer::waits() const {
  return udp_waits(fd_);
}

std::uint16_t UdpPeer::port() const {
  return udp_port(fd_);
}

std::vector<ControlObject> control_objects(const CMSGHDR* control, SIZE_T length) {
  std::vector<ControlObject> objects;
  const auto* bytes = reinterpret_cast<const char*>(control);
  for (SIZE_T at = 0; at + sizeof(CMSGHDR) <= length;) {
    CMSGHDR head;
    std::memcpy(&head, bytes + at, sizeof head);
    const SIZE_T size = std::min(head.cmsg_len, length - at) - WSA_CMSG_LEN(0);
    objects.push_back(
        {head.cmsg_level, head.cmsg_type, std::string(bytes + at + WSA_CMSG_LEN(0), size)});
    at += WSA_CMSGHDR_ALIGN(head.cmsg_len);
  }
  return objects;
}

std::string control_bytes(const std::vector<ControlObject>& objects) {
  std::string bytes;
  for (const ControlObject& object : objects) {
    const CMSGHDR head = {WSA_CMSG_LEN(object.data.size()), object.level, object.type};
    std::string space(WSA_CMSG_SPACE(object.data.size()), '\0');
    std::memcpy(space.data(), &head, sizeof head);
    std::memcpy(space.data() + WSA_CMSG_LEN(0), object.data.data(), object.data.size());
    bytes += space;
  }
  return bytes;
}

const WSK_CLIENT_DATAGRAM_DISPATCH DatagramEvents::dispatch = {on_receive_from};

void DatagramEvents::answer(Answer answer) {
  log_.note([&] { answer_ = std::make_shared<Answer>(std::move(answer)); });
}

NTSTATUS WSKAPI DatagramEvents::on_receive_from(PVOID context, ULONG flags,
                                                PWSK_DATAGRAM_INDICATION list) {
  auto& self = *static_cast<DatagramEvents*>(context);
  self.log_.note([&] { self.overlapped_ = ++self.running_ > 1 || self.overlapped_; });
  if (list == nullptr) {
    self.log_.note([&] {
      --self.running_;
      ++self.dead_calls_;
    });
    return STATUS_SUCCESS;
  }
  std::vector<SeenDatagram> seen;
  for (PWSK_DATAGRAM_INDICATION each = list; each != nullptr; each = each->Next) {
    SeenDatagram datagram{
        .bytes = bytes_of(each->Buffer),
        .remote = {},
        .control = control_objects(each->ControlInfo, each->ControlInfoLength),
        .flags = flags,
        .irql = KeGetCurrentIrql(),
    };
    std::memcpy(&datagram.remote, each->RemoteAddress, sockaddr_size(each->RemoteAddress));
    seen.push_back(std::move(datagram));
  }
  const std::shared_ptr<Answer> answer = self.log_.look([&] { return self.answer_; });
  ReceiveFromCall call{context, flags, list};
  const NTSTATUS status = answer ? (*answer)(call) : STATUS_SUCCESS;
  self.log_.note([&] {
    --self.running_;
    ++self.calls_;
    const bool taken = status == STATUS_SUCCESS || status == STATUS_PENDING;
    if (taken) self.taken_.insert(self.taken_.end(), seen.begin(), seen.end());
  });
  return status;
}

std::deque<SeenDatagram> DatagramEvents::taken() const {
  return log_.look([&] { return taken_; });
}
void DatagramEvents::wait_taken(std::size_t count) {
  log_.wait("datagrams in WskReceiveFromEvent", [&] { return taken_.size() >= count; });
}
int DatagramEvents::calls() const {
  return log_.look([&] { return calls_; });
}
void DatagramEvents::wait_calls(int count) {
  log_.wait("a call of WskReceiveFromEvent", [&] { return calls_ >= count; });
}
int DatagramEvents::dead_calls() const {
  return log_.look([&] { return dead_calls_; });
}
bool DatagramEvents::overlapped() const {
  return log_.look([&] { return overlapped_; });
}

Datagram::Datagram(Datagram&& other) noexcept
    : socket_(std::exchange(other.socket_, nullptr)), events_(std::move(other.events_)) {}

Datagram::~Datagram() {
  if (socket_ == nullptr) return;
  IrpCall call;
  call.start([&](PIRP irp) { return close(irp); });
  call.wait();
}

NTSTATUS Datagram::bind(PSOCKADDR address, ULONG flags, PIRP irp) const {
  return dispatch().WskBind(socket_, address, flags, irp);
}
NTSTATUS Datagram::send_to(WSK_BUF buffer, PSOCKADDR remote, PIRP irp,
                           std::string_view control) const {
  const auto* info = reinterpret_cast<const CMSGHDR*>(control.data());
  return dispatch().WskSendTo(socket_, &buffer, 0, remote, static_cast<ULONG>(control.size()),
                              control.empty() ? nullptr : const_cast<PCMSGHDR>(info), irp);
}
NTSTATUS Datagram::release(PWSK_DATAGRAM_INDICATION list) const {
  return dispatch().WskRelease(socket_, list);
}
NTSTATUS Datagram::close(PIRP irp) {
  const auto close_socket = dispatch().Basic.WskCloseSocket;
  return close_socket(std::exchange(socket_, nullptr), irp);
}

NTSTATUS Datagram::control_events(ULONG mask, PIRP irp) const {
  WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID, mask};
  return dispatch().Basic.WskControlSocket(socket_, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                           sizeof control, &control, 0, nullptr, nullptr, irp);
}

void Datagram::enable() const {
  if (control_events(WSK_EVENT_RECEIVE_FROM) != STATUS_SUCCESS) {
    throw std::runtime_error("WSK_EVENT_RECEIVE_FROM cannot be enabled");
  }
}

std::uint16_t Datagram::port() const {
  Sockaddr address;
  IrpCall call;
  call.start([&](PIRP irp) { return dispatch().WskGetLocalAddress(socket_, address.get(), irp); });
  if (call.wait().status != STATUS_SUCCESS) throw std::runtime_error("no address");
  return port_of(address.storage);
}

Completed Datagram::send(std::string_view data, Sockaddr remote, std::string_view control) const {
  Buffer buffer(data);
  IrpCall call;
  call.start([&](PIRP irp) { return send_to(buffer.whole(), remote.get(), irp, control); });
  return call.wait();
}

Completed Datagram::send_without_address(std::string_view data) const {
  Buffer buffer(data);
  IrpCall call;
  call.start([&](PIRP irp) { return send_to(buffer.whole(), nullptr, irp); });
  return call.wait();
}

ReceivedFrom Datagram::receive(std::size_t size, std::size_t control_room) const {
  Buffer buffer(size);
  WSK_BUF whole = buffer.whole();
  ReceivedFrom received;
  std::vector<std::uint64_t> control(control_room / sizeof(std::uint64_t) + 1);
  auto* info = reinterpret_cast<PCMSGHDR>(control.data());
  auto length = static_cast<ULONG>(control_room);
  IrpCall call;
  call.start([&](PIRP irp) {
    return dispatch().WskReceiveFrom(socket_, &whole, 0,
                                     reinterpret_cast<PSOCKADDR>(&received.remote), &length, info,
                                     &received.flags, irp);
  });
  received.completed = call.wait();
  received.bytes = buffer.first(received.completed.information);
  if (NT_SUCCESS(received.completed.status)) received.control = control_objects(info, length);
  return received;
}

Completed Datagram::set(ULONG level, ULONG option, const void* value, SIZE_T size) const {
  IrpCall call;
  call.start([&](PIRP irp) {
    return dispatch().Basic.WskControlSocket(socket_, WskSetOption, option, level, size,
                                             const_cast<PVOID>(value), 0, nullptr, nullptr, irp);
  });
  return call.wait();
}

Completed Datagram::get_number(ULONG level, ULONG option, ULONG& value) const {
  IrpCall call;
  call.start([&](PIRP irp) {
    return dispatch().Basic.WskControlSocket(socket_, WskGetOption, option, level, 0, nullptr,
                                             sizeof value, &value, nullptr, irp);
  });
  return call.wait();
}

Completed Datagram::ioctl(ULONG code, const void* input, SIZE_T size) const {
  IrpCall call;
  call.start([&](PIRP irp) {
    return dispatch().Basic.WskControlSocket(socket_, WskIoctl, code, 0, size,
                                             const_cast<PVOID>(input), 0, nullptr, nullptr, irp);
  });
  return call.wait();
}

}  // namespace wskrun::tests
