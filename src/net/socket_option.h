// Socket options, by names of our own: Windows' and Linux' numbers differ. socket_option.cc has
// Linux' side of the table, wsk/options.cc Windows'.
#pragma once

#include <cstdint>

#include "net/address.h"
#include "net/error.h"

namespace wskrun::net {

// Values are 0 or 1 where nothing else is said.
enum class SocketOption : std::uint8_t {
  kBroadcast,
  kKeepAlive,
  kReceiveBuffer,  // Bytes.
  kSendBuffer,     // Bytes.
  kShareAddress,   // Several sockets on one address and port, all of which have it set.
  kIpv6Only,

  // TCP
  kNoDelay,
  kKeepAliveIdle,      // Seconds until the first probe.
  kKeepAliveInterval,  // Seconds between probes.
  kKeepAliveCount,     // Probes without an answer.
  kUserTimeout,        // Milliseconds that sent data may go without acknowledgement.
  kMaximumSegment,     // Bytes; get only.
  kFastOpen,           // Data of a connect() may go with its first segment.

  // IPv4
  kHopLimit4,
  kTrafficClass4,
  kDontFragment4,
  kUnicastInterface4,    // Interface index; 0: by routing.
  kMulticastInterface4,  // Interface index; 0: by routing.
  kMulticastHopLimit4,
  kMulticastLoop4,
  kHeaderIncluded4,  // Raw sockets send their own IP header.
  kMtu4,             // Bytes; get only, connected sockets.
  kReceiveHopLimit4,
  kReceiveTrafficClass4,
  kReceiveDestination4,  // Where datagrams came to. Set only: bind() may have set it, too.

  // IPv6
  kHopLimit6,
  kTrafficClass6,
  kDontFragment6,
  kUnicastInterface6,
  kMulticastInterface6,
  kMulticastHopLimit6,
  kMulticastLoop6,
  kMtu6,
  kChecksumOffset6,  // Raw sockets: where the kernel writes the checksum.
  kReceiveHopLimit6,
  kReceiveTrafficClass6,
  kReceiveDestination6,  // Set only.

  // UDP
  kNoChecksum,
  kSegmentBytes,      // What is sent is cut into datagrams of that size; 0: it is not.
  kReceiveCoalesced,  // Datagrams of one sender may be joined (PacketInfo::segment_bytes).
};

// A change of who is listened to in a multicast group.
struct GroupMembership {
  enum class Change : std::uint8_t {
    kJoin,
    kLeave,
    kJoinSource,
    kLeaveSource,
    kBlockSource,
    kUnblockSource,
  };
  Change change = Change::kJoin;
  Address group;
  Address source;               // The last four only.
  std::uint32_t interface = 0;  // Index; 0: as routing says.
};

// ENOPROTOOPT where Linux has no such option.
Error set_socket_option(int fd, SocketOption option, std::uint32_t value);
Error get_socket_option(int fd, SocketOption option, std::uint32_t& value);
Error change_group_membership(int fd, const GroupMembership& change);

}  // namespace wskrun::net
