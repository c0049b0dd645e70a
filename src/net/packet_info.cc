// Control messages, one by one.
#include "net/packet_info.h"

#include <linux/udp.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "net/posix_socket.h"

namespace wskrun::net {
namespace {

template <typename T>
T data_of(const cmsghdr& control) {
  T value;
  std::memcpy(&value, CMSG_DATA(&control), sizeof value);
  return value;
}

Address ipv4_of(const in_addr& bytes, unsigned interface) {
  Address address{.family = Family::kIpv4};
  std::memcpy(address.ip.data(), &bytes, sizeof bytes);
  address.scope_id = interface;
  return address;
}

Address ipv6_of(const in6_addr& bytes, unsigned interface) {
  Address address{.family = Family::kIpv6};
  std::memcpy(address.ip.data(), &bytes, sizeof bytes);
  address.scope_id = interface;
  return address;
}

bool is_multicast(const in_addr& address) {
  return IN_MULTICAST(ntohl(address.s_addr));
}

void read_ipv4(const cmsghdr& control, Datagram& datagram) {
  switch (control.cmsg_type) {
    case IP_PKTINFO: {
      const auto info = data_of<in_pktinfo>(control);
      datagram.info.ipv4 = ipv4_of(info.ipi_addr, static_cast<unsigned>(info.ipi_ifindex));
      datagram.multicast = is_multicast(info.ipi_addr);
      // Where they differ the datagram came to an address that is not one host's.
      datagram.broadcast = !datagram.multicast && info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr;
      break;
    }
    case IP_TTL:
      datagram.info.hop_limit = static_cast<std::uint8_t>(data_of<int>(control));
      break;
    case IP_TOS:
      datagram.info.traffic_class = data_of<std::uint8_t>(control);
      break;
    default:
      break;
  }
}

void read_ipv6(const cmsghdr& control, Datagram& datagram) {
  switch (control.cmsg_type) {
    case IPV6_PKTINFO: {
      const auto info = data_of<in6_pktinfo>(control);
      datagram.info.ipv6 = ipv6_of(info.ipi6_addr, info.ipi6_ifindex);
      if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) datagram.multicast = true;
      break;
    }
    case IPV6_HOPLIMIT:
      datagram.info.hop_limit = static_cast<std::uint8_t>(data_of<int>(control));
      break;
    case IPV6_TCLASS:
      datagram.info.traffic_class = static_cast<std::uint8_t>(data_of<int>(control));
      break;
    default:
      break;
  }
}

// Appends control messages to a ControlSpace.
class Writer {
 public:
  explicit Writer(ControlSpace& space) : space_(space) {}

  template <typename T>
  void append(int level, int type, const T& value) {
    auto* control = reinterpret_cast<cmsghdr*>(space_.bytes + used_);
    *control = cmsghdr{};
    control->cmsg_len = CMSG_LEN(sizeof value);
    control->cmsg_level = level;
    control->cmsg_type = type;
    std::memcpy(CMSG_DATA(control), &value, sizeof value);
    used_ += CMSG_SPACE(sizeof value);
  }
  std::size_t used() const { return used_; }

 private:
  ControlSpace& space_;
  std::size_t used_ = 0;
};

}  // namespace

Datagram make_datagram(const msghdr& message, Chunk data) {
  Datagram datagram{.data = std::move(data), .remote = {}, .info = {}};
  if (message.msg_namelen >= sizeof(sockaddr)) {
    datagram.remote = from_socket_address(*static_cast<const sockaddr*>(message.msg_name));
  }
  auto& unguarded = const_cast<msghdr&>(message);  // CMSG_NXTHDR only reads.
  for (cmsghdr* control = CMSG_FIRSTHDR(&unguarded); control != nullptr;
       control = CMSG_NXTHDR(&unguarded, control)) {
    if (control->cmsg_level == IPPROTO_IP) read_ipv4(*control, datagram);
    if (control->cmsg_level == IPPROTO_IPV6) read_ipv6(*control, datagram);
    if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
      datagram.info.segment_bytes = static_cast<std::uint16_t>(data_of<int>(*control));
    }
  }
  return datagram;
}

void write_control(const PacketInfo& info, const Address& remote, ControlSpace& space,
                   msghdr& message) {
  Writer writer(space);
  if (info.ipv4.has_value()) {
    in_pktinfo source{};
    source.ipi_ifindex = static_cast<int>(info.ipv4->scope_id);
    std::memcpy(&source.ipi_spec_dst, info.ipv4->ip.data(), sizeof source.ipi_spec_dst);
    writer.append(IPPROTO_IP, IP_PKTINFO, source);
  }
  if (info.ipv6.has_value()) {
    in6_pktinfo source{};
    source.ipi6_ifindex = info.ipv6->scope_id;
    std::memcpy(&source.ipi6_addr, info.ipv6->ip.data(), sizeof source.ipi6_addr);
    writer.append(IPPROTO_IPV6, IPV6_PKTINFO, source);
  }
  const bool over_ipv4 = remote.family == Family::kIpv4 || is_mapped_ipv4(remote);
  if (info.hop_limit.has_value()) {
    over_ipv4 ? writer.append(IPPROTO_IP, IP_TTL, int{*info.hop_limit})
              : writer.append(IPPROTO_IPV6, IPV6_HOPLIMIT, int{*info.hop_limit});
  }
  if (info.traffic_class.has_value()) {
    over_ipv4 ? writer.append(IPPROTO_IP, IP_TOS, int{*info.traffic_class})
              : writer.append(IPPROTO_IPV6, IPV6_TCLASS, int{*info.traffic_class});
  }
  if (info.segment_bytes.has_value()) {
    writer.append(IPPROTO_UDP, UDP_SEGMENT, *info.segment_bytes);
  }
  message.msg_control = writer.used() == 0 ? nullptr : space.bytes;
  message.msg_controllen = writer.used();
}

}  // namespace wskrun::net
