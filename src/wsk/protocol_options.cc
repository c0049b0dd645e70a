// Options of the protocols: IPv4, IPv6, TCP and UDP. Microsoft's pages leave open which of them WSK
// has (K-012); these are the ones that Linux has, too.
#include "net/local_addresses.h"
#include "wsk/datagram.h"
#include "wsk/options.h"

namespace wskrun::wsk {
namespace {

using Option = net::SocketOption;

DatagramSocket& datagram_of(ControlCall& call) {
  return static_cast<DatagramSocket&>(call.socket);
}

std::uint32_t swapped(std::uint32_t value) {
  return __builtin_bswap32(value);
}

// ---- control information that comes with datagrams

// What the transport has to ask for, so that these kinds can be delivered.
struct KindSource {
  Option option;
  std::uint32_t kinds;
  bool is_for_good = false;  // The transport may want it itself: it is not switched off again.
};

constexpr KindSource kKindSources[] = {
    {Option::kReceiveHopLimit4, kControlHopLimit4},
    {Option::kReceiveHopLimit6, kControlHopLimit6},
    {Option::kReceiveTrafficClass4, kControlTrafficClass4 | kControlEcn4},
    {Option::kReceiveTrafficClass6, kControlTrafficClass6 | kControlEcn6},
    {Option::kReceiveDestination4, kControlDestination4 | kControlAddress4 | kControlInterface4,
     true},
    {Option::kReceiveDestination6, kControlDestination6 | kControlAddress6 | kControlInterface6,
     true},
};

template <std::uint32_t kind>
NTSTATUS set_kind(ControlCall& call) {
  DatagramSocket& socket = datagram_of(call);
  const bool wanted = number_of(call.buffers) != 0;
  const std::uint32_t kinds =
      wanted ? socket.control_kinds() | kind : socket.control_kinds() & ~kind;
  for (const KindSource& source : kKindSources) {
    if ((source.kinds & kind) == 0 || (source.is_for_good && !wanted)) continue;
    const NTSTATUS status =
        call.socket.set_option(source.option, (kinds & source.kinds) != 0 ? 1 : 0);
    if (!NT_SUCCESS(status)) return status;
  }
  socket.set_control_kind(kind, wanted);
  return STATUS_SUCCESS;
}

template <std::uint32_t kind>
NTSTATUS get_kind(ControlCall& call) {
  return return_value(call, (datagram_of(call).control_kinds() & kind) != 0 ? 1 : 0);
}

// ---- interfaces, which IPv4 names by index (0.x.x.x) or address, in network byte order

std::uint32_t interface_of(const IN_ADDR& name) {
  const std::uint32_t number = swapped(name.s_addr);
  if ((number >> 24) == 0) return number;
  net::Address address{.family = net::Family::kIpv4};
  std::memcpy(address.ip.data(), &name, sizeof name);
  return net::interface_with(address);
}

NTSTATUS set_multicast_interface4(ControlCall& call) {
  const auto name = input_of<IN_ADDR>(call.buffers);
  const std::uint32_t index = interface_of(name);
  if (index == 0 && name.s_addr != 0) return STATUS_INVALID_PARAMETER;
  return call.socket.set_option(Option::kMulticastInterface4, index);
}

template <Option option>
NTSTATUS set_swapped(ControlCall& call) {
  return call.socket.set_option(option, swapped(input_of<ULONG>(call.buffers)));
}

template <Option option>
NTSTATUS get_swapped(ControlCall& call) {
  ULONG value = 0;
  const NTSTATUS status = call.socket.get_option(option, value);
  return NT_SUCCESS(status) ? return_value(call, swapped(value)) : status;
}

// ---- groups

using Change = net::GroupMembership::Change;

net::Address ipv4_of(const IN_ADDR& bytes) {
  net::Address address{.family = net::Family::kIpv4};
  std::memcpy(address.ip.data(), &bytes, sizeof bytes);
  return address;
}

NTSTATUS change_on_interface4(ControlCall& call, net::GroupMembership change,
                              const IN_ADDR& interface) {
  change.interface = interface_of(interface);
  if (change.interface == 0 && interface.s_addr != 0) return STATUS_INVALID_PARAMETER;
  return call.socket.change_membership(change);
}

template <Change change>
NTSTATUS change_group4(ControlCall& call) {
  const auto request = input_of<IP_MREQ>(call.buffers);
  return change_on_interface4(
      call, {.change = change, .group = ipv4_of(request.imr_multiaddr), .source = {}},
      request.imr_interface);
}

template <Change change>
NTSTATUS change_source4(ControlCall& call) {
  const auto request = input_of<IP_MREQ_SOURCE>(call.buffers);
  return change_on_interface4(call,
                              {.change = change,
                               .group = ipv4_of(request.imr_multiaddr),
                               .source = ipv4_of(request.imr_sourceaddr)},
                              request.imr_interface);
}

template <Change change>
NTSTATUS change_group6(ControlCall& call) {
  const auto request = input_of<IPV6_MREQ>(call.buffers);
  net::GroupMembership membership{.change = change,
                                  .group = {.family = net::Family::kIpv6},
                                  .source = {},
                                  .interface = request.ipv6mr_interface};
  std::memcpy(membership.group.ip.data(), &request.ipv6mr_multiaddr,
              sizeof request.ipv6mr_multiaddr);
  return call.socket.change_membership(membership);
}

// ---- TCP

// Windows counts in seconds here.
NTSTATUS set_retransmit_seconds(ControlCall& call) {
  constexpr ULONG kMost = 0x7fffffff / 1000;
  return call.socket.set_option(Option::kUserTimeout,
                                std::min(input_of<ULONG>(call.buffers), kMost) * 1000);
}

NTSTATUS get_retransmit_seconds(ControlCall& call) {
  ULONG milliseconds = 0;
  const NTSTATUS status = call.socket.get_option(Option::kUserTimeout, milliseconds);
  return NT_SUCCESS(status) ? return_value(call, milliseconds / 1000) : status;
}

// ---- UDP

NTSTATUS set_coalesced_size(ControlCall& call) {
  const ULONG limit = input_of<ULONG>(call.buffers);
  const NTSTATUS status = call.socket.set_option(Option::kReceiveCoalesced, limit != 0 ? 1 : 0);
  if (!NT_SUCCESS(status)) return status;
  datagram_of(call).set_coalesced_limit(limit);
  datagram_of(call).set_control_kind(kControlCoalesced, limit != 0);
  return STATUS_SUCCESS;
}

NTSTATUS get_coalesced_size(ControlCall& call) {
  return return_value(call, datagram_of(call).coalesced_limit());
}

// ---- the rows

constexpr ControlShape kSetNumber = {IrpRule::kEither, kOneOrFour, 0};
constexpr ControlShape kSetWhole = {IrpRule::kEither, sizeof(ULONG), 0};
constexpr ControlShape kGetNumber = {IrpRule::kEither, 0, sizeof(ULONG)};

template <typename T>
constexpr ControlShape kSetStructure = {IrpRule::kEither, sizeof(T), 0};

using Run = NTSTATUS (*)(ControlCall&);

constexpr ControlRow set(ULONG level, ULONG code, const char* name, unsigned categories, Run run,
                         ControlShape shape = kSetNumber, When when = When::kAlways) {
  return {WskSetOption, level, code, name, categories, when, shape, run};
}

constexpr ControlRow get(ULONG level, ULONG code, const char* name, unsigned categories, Run run) {
  return {WskGetOption, level, code, name, categories, When::kAlways, kGetNumber, run};
}

constexpr ULONG kIp = IPPROTO_IP;
constexpr ULONG kIp6 = IPPROTO_IPV6;
constexpr ULONG kTcp = IPPROTO_TCP;
constexpr ULONG kUdp = IPPROTO_UDP;

constexpr ControlRow kRows[] = {
    // IPv4
    set(kIp, IP_TTL, "IP_TTL", kOnTransport, set_number<Option::kHopLimit4>),
    get(kIp, IP_TTL, "IP_TTL", kOnTransport, get_number<Option::kHopLimit4>),
    set(kIp, IP_TOS, "IP_TOS", kOnTransport, set_number<Option::kTrafficClass4>),
    get(kIp, IP_TOS, "IP_TOS", kOnTransport, get_number<Option::kTrafficClass4>),
    set(kIp, IP_DONTFRAGMENT, "IP_DONTFRAGMENT", kOnTransport, set_flag<Option::kDontFragment4>),
    get(kIp, IP_DONTFRAGMENT, "IP_DONTFRAGMENT", kOnTransport, get_number<Option::kDontFragment4>),
    set(kIp, IP_UNICAST_IF, "IP_UNICAST_IF", kOnTransport, set_swapped<Option::kUnicastInterface4>,
        kSetWhole),
    get(kIp, IP_UNICAST_IF, "IP_UNICAST_IF", kOnTransport, get_swapped<Option::kUnicastInterface4>),
    get(kIp, IP_MTU, "IP_MTU", kOnTransport, get_number<Option::kMtu4>),
    set(kIp, IP_HDRINCL, "IP_HDRINCL", kOnDatagram, set_flag<Option::kHeaderIncluded4>),
    get(kIp, IP_HDRINCL, "IP_HDRINCL", kOnDatagram, get_number<Option::kHeaderIncluded4>),

    set(kIp, IP_MULTICAST_IF, "IP_MULTICAST_IF", kOnDatagram, set_multicast_interface4, kSetWhole),
    get(kIp, IP_MULTICAST_IF, "IP_MULTICAST_IF", kOnDatagram,
        get_swapped<Option::kMulticastInterface4>),
    set(kIp, IP_MULTICAST_TTL, "IP_MULTICAST_TTL", kOnDatagram,
        set_number<Option::kMulticastHopLimit4>),
    get(kIp, IP_MULTICAST_TTL, "IP_MULTICAST_TTL", kOnDatagram,
        get_number<Option::kMulticastHopLimit4>),
    set(kIp, IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP", kOnDatagram,
        set_flag<Option::kMulticastLoop4>),
    get(kIp, IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP", kOnDatagram,
        get_number<Option::kMulticastLoop4>),
    set(kIp, IP_ADD_MEMBERSHIP, "IP_ADD_MEMBERSHIP", kOnDatagram, change_group4<Change::kJoin>,
        kSetStructure<IP_MREQ>),
    set(kIp, IP_DROP_MEMBERSHIP, "IP_DROP_MEMBERSHIP", kOnDatagram, change_group4<Change::kLeave>,
        kSetStructure<IP_MREQ>),
    set(kIp, IP_ADD_SOURCE_MEMBERSHIP, "IP_ADD_SOURCE_MEMBERSHIP", kOnDatagram,
        change_source4<Change::kJoinSource>, kSetStructure<IP_MREQ_SOURCE>),
    set(kIp, IP_DROP_SOURCE_MEMBERSHIP, "IP_DROP_SOURCE_MEMBERSHIP", kOnDatagram,
        change_source4<Change::kLeaveSource>, kSetStructure<IP_MREQ_SOURCE>),
    set(kIp, IP_BLOCK_SOURCE, "IP_BLOCK_SOURCE", kOnDatagram, change_source4<Change::kBlockSource>,
        kSetStructure<IP_MREQ_SOURCE>),
    set(kIp, IP_UNBLOCK_SOURCE, "IP_UNBLOCK_SOURCE", kOnDatagram,
        change_source4<Change::kUnblockSource>, kSetStructure<IP_MREQ_SOURCE>),

    set(kIp, IP_PKTINFO, "IP_PKTINFO", kOnDatagram, set_kind<kControlDestination4>),
    get(kIp, IP_PKTINFO, "IP_PKTINFO", kOnDatagram, get_kind<kControlDestination4>),
    set(kIp, IP_HOPLIMIT, "IP_HOPLIMIT", kOnDatagram, set_kind<kControlHopLimit4>),
    get(kIp, IP_HOPLIMIT, "IP_HOPLIMIT", kOnDatagram, get_kind<kControlHopLimit4>),
    set(kIp, IP_RECVTOS, "IP_RECVTOS", kOnDatagram, set_kind<kControlTrafficClass4>),
    get(kIp, IP_RECVTOS, "IP_RECVTOS", kOnDatagram, get_kind<kControlTrafficClass4>),
    set(kIp, IP_ECN, "IP_ECN", kOnDatagram, set_kind<kControlEcn4>),
    get(kIp, IP_ECN, "IP_ECN", kOnDatagram, get_kind<kControlEcn4>),
    set(kIp, IP_RECVDSTADDR, "IP_RECVDSTADDR", kOnDatagram, set_kind<kControlAddress4>),
    get(kIp, IP_RECVDSTADDR, "IP_RECVDSTADDR", kOnDatagram, get_kind<kControlAddress4>),
    set(kIp, IP_RECVIF, "IP_RECVIF", kOnDatagram, set_kind<kControlInterface4>),
    get(kIp, IP_RECVIF, "IP_RECVIF", kOnDatagram, get_kind<kControlInterface4>),

    // IPv6
    set(kIp6, IPV6_V6ONLY, "IPV6_V6ONLY", kOnTransport, set_flag<Option::kIpv6Only>, kSetNumber,
        When::kBeforeBind),
    get(kIp6, IPV6_V6ONLY, "IPV6_V6ONLY", kOnTransport, get_number<Option::kIpv6Only>),
    set(kIp6, IPV6_UNICAST_HOPS, "IPV6_UNICAST_HOPS", kOnTransport, set_number<Option::kHopLimit6>),
    get(kIp6, IPV6_UNICAST_HOPS, "IPV6_UNICAST_HOPS", kOnTransport, get_number<Option::kHopLimit6>),
    set(kIp6, IPV6_TCLASS, "IPV6_TCLASS", kOnTransport, set_number<Option::kTrafficClass6>),
    get(kIp6, IPV6_TCLASS, "IPV6_TCLASS", kOnTransport, get_number<Option::kTrafficClass6>),
    set(kIp6, IPV6_DONTFRAG, "IPV6_DONTFRAG", kOnTransport, set_flag<Option::kDontFragment6>),
    get(kIp6, IPV6_DONTFRAG, "IPV6_DONTFRAG", kOnTransport, get_number<Option::kDontFragment6>),
    set(kIp6, IPV6_UNICAST_IF, "IPV6_UNICAST_IF", kOnTransport,
        set_number<Option::kUnicastInterface6>, kSetWhole),
    get(kIp6, IPV6_UNICAST_IF, "IPV6_UNICAST_IF", kOnTransport,
        get_number<Option::kUnicastInterface6>),
    get(kIp6, IPV6_MTU, "IPV6_MTU", kOnTransport, get_number<Option::kMtu6>),
    set(kIp6, IPV6_CHECKSUM, "IPV6_CHECKSUM", kOnDatagram, set_number<Option::kChecksumOffset6>,
        kSetWhole),
    get(kIp6, IPV6_CHECKSUM, "IPV6_CHECKSUM", kOnDatagram, get_number<Option::kChecksumOffset6>),

    set(kIp6, IPV6_MULTICAST_IF, "IPV6_MULTICAST_IF", kOnDatagram,
        set_number<Option::kMulticastInterface6>, kSetWhole),
    get(kIp6, IPV6_MULTICAST_IF, "IPV6_MULTICAST_IF", kOnDatagram,
        get_number<Option::kMulticastInterface6>),
    set(kIp6, IPV6_MULTICAST_HOPS, "IPV6_MULTICAST_HOPS", kOnDatagram,
        set_number<Option::kMulticastHopLimit6>),
    get(kIp6, IPV6_MULTICAST_HOPS, "IPV6_MULTICAST_HOPS", kOnDatagram,
        get_number<Option::kMulticastHopLimit6>),
    set(kIp6, IPV6_MULTICAST_LOOP, "IPV6_MULTICAST_LOOP", kOnDatagram,
        set_flag<Option::kMulticastLoop6>),
    get(kIp6, IPV6_MULTICAST_LOOP, "IPV6_MULTICAST_LOOP", kOnDatagram,
        get_number<Option::kMulticastLoop6>),
    set(kIp6, IPV6_ADD_MEMBERSHIP, "IPV6_ADD_MEMBERSHIP", kOnDatagram, change_group6<Change::kJoin>,
        kSetStructure<IPV6_MREQ>),
    set(kIp6, IPV6_DROP_MEMBERSHIP, "IPV6_DROP_MEMBERSHIP", kOnDatagram,
        change_group6<Change::kLeave>, kSetStructure<IPV6_MREQ>),

    set(kIp6, IPV6_PKTINFO, "IPV6_PKTINFO", kOnDatagram, set_kind<kControlDestination6>),
    get(kIp6, IPV6_PKTINFO, "IPV6_PKTINFO", kOnDatagram, get_kind<kControlDestination6>),
    set(kIp6, IPV6_HOPLIMIT, "IPV6_HOPLIMIT", kOnDatagram, set_kind<kControlHopLimit6>),
    get(kIp6, IPV6_HOPLIMIT, "IPV6_HOPLIMIT", kOnDatagram, get_kind<kControlHopLimit6>),
    set(kIp6, IPV6_RECVTCLASS, "IPV6_RECVTCLASS", kOnDatagram, set_kind<kControlTrafficClass6>),
    get(kIp6, IPV6_RECVTCLASS, "IPV6_RECVTCLASS", kOnDatagram, get_kind<kControlTrafficClass6>),
    set(kIp6, IPV6_ECN, "IPV6_ECN", kOnDatagram, set_kind<kControlEcn6>),
    get(kIp6, IPV6_ECN, "IPV6_ECN", kOnDatagram, get_kind<kControlEcn6>),
    set(kIp6, IPV6_RECVDSTADDR, "IPV6_RECVDSTADDR", kOnDatagram, set_kind<kControlAddress6>),
    get(kIp6, IPV6_RECVDSTADDR, "IPV6_RECVDSTADDR", kOnDatagram, get_kind<kControlAddress6>),
    set(kIp6, IPV6_RECVIF, "IPV6_RECVIF", kOnDatagram, set_kind<kControlInterface6>),
    get(kIp6, IPV6_RECVIF, "IPV6_RECVIF", kOnDatagram, get_kind<kControlInterface6>),

    // TCP
    set(kTcp, TCP_NODELAY, "TCP_NODELAY", kOnTcp, set_flag<Option::kNoDelay>),
    get(kTcp, TCP_NODELAY, "TCP_NODELAY", kOnTcp, get_number<Option::kNoDelay>),
    set(kTcp, TCP_KEEPIDLE, "TCP_KEEPIDLE", kOnTcp, set_number<Option::kKeepAliveIdle>, kSetWhole),
    get(kTcp, TCP_KEEPIDLE, "TCP_KEEPIDLE", kOnTcp, get_number<Option::kKeepAliveIdle>),
    set(kTcp, TCP_KEEPCNT, "TCP_KEEPCNT", kOnTcp, set_number<Option::kKeepAliveCount>, kSetWhole),
    get(kTcp, TCP_KEEPCNT, "TCP_KEEPCNT", kOnTcp, get_number<Option::kKeepAliveCount>),
    set(kTcp, TCP_KEEPINTVL, "TCP_KEEPINTVL", kOnTcp, set_number<Option::kKeepAliveInterval>,
        kSetWhole),
    get(kTcp, TCP_KEEPINTVL, "TCP_KEEPINTVL", kOnTcp, get_number<Option::kKeepAliveInterval>),
    set(kTcp, TCP_MAXRT, "TCP_MAXRT", kOnTcp, set_retransmit_seconds, kSetWhole),
    get(kTcp, TCP_MAXRT, "TCP_MAXRT", kOnTcp, get_retransmit_seconds),
    set(kTcp, TCP_MAXRTMS, "TCP_MAXRTMS", kOnTcp, set_number<Option::kUserTimeout>, kSetWhole),
    get(kTcp, TCP_MAXRTMS, "TCP_MAXRTMS", kOnTcp, get_number<Option::kUserTimeout>),
    get(kTcp, TCP_MAXSEG, "TCP_MAXSEG", kOnTcp, get_number<Option::kMaximumSegment>),
    set(kTcp, TCP_FASTOPEN, "TCP_FASTOPEN", kOnConnected, set_flag<Option::kFastOpen>),
    get(kTcp, TCP_FASTOPEN, "TCP_FASTOPEN", kOnConnected, get_number<Option::kFastOpen>),

    // UDP
    set(kUdp, UDP_NOCHECKSUM, "UDP_NOCHECKSUM", kOnDatagram, set_flag<Option::kNoChecksum>),
    get(kUdp, UDP_NOCHECKSUM, "UDP_NOCHECKSUM", kOnDatagram, get_number<Option::kNoChecksum>),
    set(kUdp, UDP_SEND_MSG_SIZE, "UDP_SEND_MSG_SIZE", kOnDatagram,
        set_number<Option::kSegmentBytes>, kSetWhole),
    get(kUdp, UDP_SEND_MSG_SIZE, "UDP_SEND_MSG_SIZE", kOnDatagram,
        get_number<Option::kSegmentBytes>),
    set(kUdp, UDP_RECV_MAX_COALESCED_SIZE, "UDP_RECV_MAX_COALESCED_SIZE", kOnDatagram,
        set_coalesced_size, kSetWhole),
    get(kUdp, UDP_RECV_MAX_COALESCED_SIZE, "UDP_RECV_MAX_COALESCED_SIZE", kOnDatagram,
        get_coalesced_size),
};

}  // namespace

std::span<const ControlRow> protocol_option_rows() {
  return kRows;
}

}  // namespace wskrun::wsk
