// Linux' side of the options: level, name, and the few that are not plain integers.
#include "net/socket_option.h"

#include <arpa/inet.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "net/posix_socket.h"

namespace wskrun::net {
namespace {

// How the value lies in setsockopt's integer.
enum class Shape : std::uint8_t {
  kPlain,
  kNetworkOrder,  // An interface index.
  kDoubled,    // The kernel doubles a buffer's size for its own bookkeeping, and tells the double.
  kInterface,  // An interface index, in a structure.
  kDiscoverPath,  // One of the ways of path MTU discovery.
  kGetOnly,
};

struct Row {
  SocketOption option;
  int level;
  int name;
  Shape shape = Shape::kPlain;
};

using Option = SocketOption;

constexpr Row kRows[] = {
    {Option::kBroadcast, SOL_SOCKET, SO_BROADCAST},
    {Option::kKeepAlive, SOL_SOCKET, SO_KEEPALIVE},
    {Option::kReceiveBuffer, SOL_SOCKET, SO_RCVBUF, Shape::kDoubled},
    {Option::kSendBuffer, SOL_SOCKET, SO_SNDBUF, Shape::kDoubled},
    {Option::kShareAddress, SOL_SOCKET, SO_REUSEPORT},
    {Option::kIpv6Only, IPPROTO_IPV6, IPV6_V6ONLY},
    {Option::kNoDelay, IPPROTO_TCP, TCP_NODELAY},
    {Option::kKeepAliveIdle, IPPROTO_TCP, TCP_KEEPIDLE},
    {Option::kKeepAliveInterval, IPPROTO_TCP, TCP_KEEPINTVL},
    {Option::kKeepAliveCount, IPPROTO_TCP, TCP_KEEPCNT},
    {Option::kUserTimeout, IPPROTO_TCP, TCP_USER_TIMEOUT},
    {Option::kMaximumSegment, IPPROTO_TCP, TCP_MAXSEG, Shape::kGetOnly},
    {Option::kFastOpen, IPPROTO_TCP, TCP_FASTOPEN_CONNECT},
    {Option::kHopLimit4, IPPROTO_IP, IP_TTL},
    {Option::kTrafficClass4, IPPROTO_IP, IP_TOS},
    {Option::kDontFragment4, IPPROTO_IP, IP_MTU_DISCOVER, Shape::kDiscoverPath},
    {Option::kUnicastInterface4, IPPROTO_IP, IP_UNICAST_IF, Shape::kNetworkOrder},
    {Option::kMulticastInterface4, IPPROTO_IP, IP_MULTICAST_IF, Shape::kInterface},
    {Option::kMulticastHopLimit4, IPPROTO_IP, IP_MULTICAST_TTL},
    {Option::kMulticastLoop4, IPPROTO_IP, IP_MULTICAST_LOOP},
    {Option::kHeaderIncluded4, IPPROTO_IP, IP_HDRINCL},
    {Option::kMtu4, IPPROTO_IP, IP_MTU, Shape::kGetOnly},
    {Option::kReceiveHopLimit4, IPPROTO_IP, IP_RECVTTL},
    {Option::kReceiveTrafficClass4, IPPROTO_IP, IP_RECVTOS},
    {Option::kReceiveDestination4, IPPROTO_IP, IP_PKTINFO},
    {Option::kHopLimit6, IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    {Option::kTrafficClass6, IPPROTO_IPV6, IPV6_TCLASS},
    {Option::kDontFragment6, IPPROTO_IPV6, IPV6_DONTFRAG},
    {Option::kUnicastInterface6, IPPROTO_IPV6, IPV6_UNICAST_IF, Shape::kNetworkOrder},
    {Option::kMulticastInterface6, IPPROTO_IPV6, IPV6_MULTICAST_IF},
    {Option::kMulticastHopLimit6, IPPROTO_IPV6, IPV6_MULTICAST_HOPS},
    {Option::kMulticastLoop6, IPPROTO_IPV6, IPV6_MULTICAST_LOOP},
    {Option::kMtu6, IPPROTO_IPV6, IPV6_MTU, Shape::kGetOnly},
    {Option::kChecksumOffset6, IPPROTO_IPV6, IPV6_CHECKSUM},
    {Option::kReceiveHopLimit6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT},
    {Option::kReceiveTrafficClass6, IPPROTO_IPV6, IPV6_RECVTCLASS},
    {Option::kReceiveDestination6, IPPROTO_IPV6, IPV6_RECVPKTINFO},
    {Option::kNoChecksum, SOL_SOCKET, SO_NO_CHECK},
    {Option::kSegmentBytes, IPPROTO_UDP, UDP_SEGMENT},
    {Option::kReceiveCoalesced, IPPROTO_UDP, UDP_GRO},
};

const Row* find_row(SocketOption option) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                 [option](const Row& each) { return each.option == option; });
  return row == std::end(kRows) ? nullptr : row;
}

Error result_of(int result) {
  return result == 0 ? Error() : Error(errno);
}

Error set_interface(int fd, const Row& row, std::uint32_t index) {
  ip_mreqn request{};
  request.imr_ifindex = static_cast<int>(index);
  return result_of(::setsockopt(fd, row.level, row.name, &request, sizeof request));
}

Error get_int(int fd, const Row& row, int& value) {
  socklen_t length = sizeof value;
  return result_of(::getsockopt(fd, row.level, row.name, &value, &length));
}

Error get_interface(int fd, const Row& row, std::uint32_t& index) {
  ip_mreqn answer{};  // An older kernel answers with the address alone, which leaves the index 0.
  socklen_t length = sizeof answer;
  const Error error = result_of(::getsockopt(fd, row.level, row.name, &answer, &length));
  if (error.ok()) index = static_cast<std::uint32_t>(answer.imr_ifindex);
  return error;
}

struct LinuxChange {
  int join_name;
  bool has_source;
};

LinuxChange linux_change(GroupMembership::Change change) {
  using Change = GroupMembership::Change;
  switch (change) {
    case Change::kJoin:
      return {MCAST_JOIN_GROUP, false};
    case Change::kLeave:
      return {MCAST_LEAVE_GROUP, false};
    case Change::kJoinSource:
      return {MCAST_JOIN_SOURCE_GROUP, true};
    case Change::kLeaveSource:
      return {MCAST_LEAVE_SOURCE_GROUP, true};
    case Change::kBlockSource:
      return {MCAST_BLOCK_SOURCE, true};
    case Change::kUnblockSource:
      return {MCAST_UNBLOCK_SOURCE, true};
  }
  return {0, false};
}

}  // namespace

Error set_socket_option(int fd, SocketOption option, std::uint32_t value) {
  const Row* row = find_row(option);
  if (row == nullptr || row->shape == Shape::kGetOnly) return Error(ENOPROTOOPT);
  if (row->shape == Shape::kInterface) return set_interface(fd, *row, value);
  constexpr std::uint32_t kMost = 0x7fffffff;
  // "All ones" stands for the default in some options.
  int given = value == ~0u ? -1 : static_cast<int>(std::min(value, kMost));
  if (row->shape == Shape::kNetworkOrder) given = static_cast<int>(htonl(value));
  if (row->shape == Shape::kDiscoverPath) given = value != 0 ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT;
  return result_of(::setsockopt(fd, row->level, row->name, &given, sizeof given));
}

Error get_socket_option(int fd, SocketOption option, std::uint32_t& value) {
  const Row* row = find_row(option);
  if (row == nullptr) return Error(ENOPROTOOPT);
  if (row->shape == Shape::kInterface) return get_interface(fd, *row, value);
  int answer = 0;
  const Error error = get_int(fd, *row, answer);
  if (!error.ok()) return error;
  if (row->shape == Shape::kDoubled) answer /= 2;
  if (row->shape == Shape::kDiscoverPath) answer = answer == IP_PMTUDISC_DO ? 1 : 0;
  value = static_cast<std::uint32_t>(answer);
  if (row->shape == Shape::kNetworkOrder) value = ntohl(value);
  return Error();
}

Error change_group_membership(int fd, const GroupMembership& change) {
  const int level = change.group.family == Family::kIpv4 ? IPPROTO_IP : IPPROTO_IPV6;
  const LinuxChange wanted = linux_change(change.change);
  if (!wanted.has_source) {
    group_req request{};
    request.gr_interface = change.interface;
    request.gr_group = to_socket_address(change.group).storage;
    return result_of(::setsockopt(fd, level, wanted.join_name, &request, sizeof request));
  }
  group_source_req request{};
  request.gsr_interface = change.interface;
  request.gsr_group = to_socket_address(change.group).storage;
  request.gsr_source = to_socket_address(change.source).storage;
  return result_of(::setsockopt(fd, level, wanted.join_name, &request, sizeof request));
}

}  // namespace wskrun::net
