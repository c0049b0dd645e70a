// One row for each kind that can be received, and one for each that can be sent.
#include "wsk/control_info.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace wskrun::wsk {
namespace {

constexpr std::uint8_t kEcnBits = 0x03;

// Appends objects, each with its head.
class Writer {
 public:
  explicit Writer(ControlInfo& output) : output_(output) { output_.length = 0; }

  template <typename T>
  void append(INT level, INT type, const T& value) {
    UCHAR* at = output_.bytes + output_.length;
    const CMSGHDR head = {WSA_CMSG_LEN(sizeof value), level, type};
    std::memset(at, 0, WSA_CMSG_SPACE(sizeof value));
    std::memcpy(at, &head, sizeof head);
    std::memcpy(WSA_CMSG_DATA(at), &value, sizeof value);
    output_.length += static_cast<ULONG>(WSA_CMSG_SPACE(sizeof value));
  }

 private:
  ControlInfo& output_;
};

IN_ADDR in_addr_of(const net::Address& address) {
  IN_ADDR bytes;
  std::memcpy(&bytes, address.ip.data(), sizeof bytes);
  return bytes;
}

IN6_ADDR in6_addr_of(const net::Address& address) {
  IN6_ADDR bytes;
  std::memcpy(&bytes, address.ip.data(), sizeof bytes);
  return bytes;
}

bool came_by_ipv4(const net::Datagram& datagram) {
  return datagram.remote.family == net::Family::kIpv4 || net::is_mapped_ipv4(datagram.remote);
}

void write_addresses(const net::PacketInfo& info, std::uint32_t wanted, Writer& writer) {
  if (info.ipv4) {
    const IN_PKTINFO packet = {in_addr_of(*info.ipv4), info.ipv4->scope_id};
    if ((wanted & kControlDestination4) != 0) writer.append(IPPROTO_IP, IP_PKTINFO, packet);
    if ((wanted & kControlAddress4) != 0) {
      writer.append(IPPROTO_IP, IP_RECVDSTADDR, packet.ipi_addr);
    }
    if ((wanted & kControlInterface4) != 0) {
      writer.append(IPPROTO_IP, IP_RECVIF, packet.ipi_ifindex);
    }
  }
  if (info.ipv6) {
    const IN6_PKTINFO packet = {in6_addr_of(*info.ipv6), info.ipv6->scope_id};
    if ((wanted & kControlDestination6) != 0) writer.append(IPPROTO_IPV6, IPV6_PKTINFO, packet);
    if ((wanted & kControlAddress6) != 0) {
      writer.append(IPPROTO_IPV6, IPV6_RECVDSTADDR, packet.ipi6_addr);
    }
    if ((wanted & kControlInterface6) != 0) {
      writer.append(IPPROTO_IPV6, IPV6_RECVIF, packet.ipi6_ifindex);
    }
  }
}

// ---- what can be sent

template <typename T>
T data_of(const UCHAR* object) {
  T value;
  std::memcpy(&value, WSA_CMSG_DATA(object), sizeof value);
  return value;
}

net::Address address_of(net::Family family, const void* bytes, std::size_t size, ULONG interface) {
  net::Address address{.family = family};
  std::memcpy(address.ip.data(), bytes, size);
  address.scope_id = interface;
  return address;
}

void read_packet4(const UCHAR* object, net::PacketInfo& info) {
  const auto packet = data_of<IN_PKTINFO>(object);
  info.ipv4 =
      address_of(net::Family::kIpv4, &packet.ipi_addr, sizeof packet.ipi_addr, packet.ipi_ifindex);
}

void read_packet6(const UCHAR* object, net::PacketInfo& info) {
  const auto packet = data_of<IN6_PKTINFO>(object);
  info.ipv6 = address_of(net::Family::kIpv6, &packet.ipi6_addr, sizeof packet.ipi6_addr,
                         packet.ipi6_ifindex);
}

void read_hop_limit(const UCHAR* object, net::PacketInfo& info) {
  info.hop_limit = static_cast<std::uint8_t>(data_of<INT>(object));
}

void read_traffic_class(const UCHAR* object, net::PacketInfo& info) {
  info.traffic_class = static_cast<std::uint8_t>(data_of<INT>(object));
}

void read_ecn(const UCHAR* object, net::PacketInfo& info) {
  const auto bits = static_cast<std::uint8_t>(data_of<INT>(object) & kEcnBits);
  info.traffic_class =
      static_cast<std::uint8_t>((info.traffic_class.value_or(0) & ~kEcnBits) | bits);
}

void read_segment_size(const UCHAR* object, net::PacketInfo& info) {
  const auto size = data_of<ULONG>(object);
  if (size != 0) info.segment_bytes = static_cast<std::uint16_t>(std::min<ULONG>(size, 0xffff));
}

struct SendRow {
  INT level;
  INT type;
  std::size_t size_bytes;
  void (*read)(const UCHAR* object, net::PacketInfo& info);
};

constexpr SendRow kSendRows[] = {
    {IPPROTO_IP, IP_PKTINFO, sizeof(IN_PKTINFO), read_packet4},
    {IPPROTO_IPV6, IPV6_PKTINFO, sizeof(IN6_PKTINFO), read_packet6},
    {IPPROTO_IP, IP_TTL, sizeof(INT), read_hop_limit},
    {IPPROTO_IP, IP_HOPLIMIT, sizeof(INT), read_hop_limit},
    {IPPROTO_IPV6, IPV6_HOPLIMIT, sizeof(INT), read_hop_limit},
    {IPPROTO_IP, IP_TOS, sizeof(INT), read_traffic_class},
    {IPPROTO_IPV6, IPV6_TCLASS, sizeof(INT), read_traffic_class},
    {IPPROTO_IP, IP_ECN, sizeof(INT), read_ecn},
    {IPPROTO_IPV6, IPV6_ECN, sizeof(INT), read_ecn},
    {IPPROTO_UDP, UDP_SEND_MSG_SIZE, sizeof(ULONG), read_segment_size},
};

NTSTATUS read_object(const UCHAR* object, const CMSGHDR& head, net::PacketInfo& info) {
  const auto* row =
      std::find_if(std::begin(kSendRows), std::end(kSendRows), [&](const SendRow& each) {
        return each.level == head.cmsg_level && each.type == head.cmsg_type;
      });
  if (row == std::end(kSendRows)) return STATUS_NOT_SUPPORTED;
  if (head.cmsg_len != WSA_CMSG_LEN(row->size_bytes)) return STATUS_INVALID_PARAMETER;
  row->read(object, info);
  return STATUS_SUCCESS;
}

}  // namespace

void write_control_info(const net::Datagram& datagram, std::uint32_t wanted, ControlInfo& output) {
  Writer writer(output);
  if (wanted == 0) return;
  const net::PacketInfo& info = datagram.info;
  write_addresses(info, wanted, writer);
  const bool ipv4 = came_by_ipv4(datagram);
  const INT level = ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
  if (info.hop_limit && (wanted & (ipv4 ? kControlHopLimit4 : kControlHopLimit6)) != 0) {
    writer.append(level, ipv4 ? IP_TTL : IPV6_HOPLIMIT, INT{*info.hop_limit});
  }
  if (info.traffic_class &&
      (wanted & (ipv4 ? kControlTrafficClass4 : kControlTrafficClass6)) != 0) {
    writer.append(level, ipv4 ? IP_TOS : IPV6_TCLASS, INT{*info.traffic_class});
  }
  if (info.traffic_class && (wanted & (ipv4 ? kControlEcn4 : kControlEcn6)) != 0) {
    static_assert(IP_ECN == IPV6_ECN);
    writer.append(level, IP_ECN, INT{*info.traffic_class & kEcnBits});
  }
  if (info.segment_bytes && (wanted & kControlCoalesced) != 0) {
    writer.append(IPPROTO_UDP, UDP_COALESCED_INFO, ULONG{*info.segment_bytes});
  }
}

bool copy_control_info(const ControlInfo& info, PCMSGHDR output, ULONG& length) {
  const ULONG fits = std::min(info.length, output == nullptr ? 0 : length);
  std::memcpy(static_cast<void*>(output), info.bytes, fits);
  length = fits;
  return fits < info.length;
}

NTSTATUS read_control_info(const CMSGHDR* input, ULONG length, net::PacketInfo& info) {
  const auto* bytes = reinterpret_cast<const UCHAR*>(input);
  for (SIZE_T at = 0; at < length;) {
    if (length - at < sizeof(CMSGHDR)) return STATUS_INVALID_PARAMETER;
    CMSGHDR head;
    std::memcpy(&head, bytes + at, sizeof head);
    if (head.cmsg_len < sizeof head || head.cmsg_len > length - at) return STATUS_INVALID_PARAMETER;
    const NTSTATUS status = read_object(bytes + at, head, info);
    if (!NT_SUCCESS(status)) return status;
    at += WSA_CMSGHDR_ALIGN(head.cmsg_len);
  }
  return STATUS_SUCCESS;
}

}  // namespace wskrun::wsk
