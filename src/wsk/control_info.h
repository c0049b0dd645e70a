// Control information: what comes or goes with a datagram beside its bytes, in Windows' CMSGHDRs on
// the driver's side and as net::PacketInfo on the other. net/packet_info.cc does the same for
// Linux' control messages.
#pragma once

#include <wdm.h>
#include <ws2ipdef.h>

#include <cstddef>
#include <cstdint>

#include "net/datagram.h"

namespace wskrun::wsk {

// Which control information a socket delivers; the driver asks for each by an option.
enum ControlKind : std::uint32_t {
  kControlDestination4 = 1u << 0,   // IP_PKTINFO
  kControlDestination6 = 1u << 1,   // IPV6_PKTINFO
  kControlHopLimit4 = 1u << 2,      // IP_HOPLIMIT
  kControlHopLimit6 = 1u << 3,      // IPV6_HOPLIMIT
  kControlTrafficClass4 = 1u << 4,  // IP_RECVTOS
  kControlTrafficClass6 = 1u << 5,  // IPV6_RECVTCLASS
  kControlEcn4 = 1u << 6,           // IP_RECVECN
  kControlEcn6 = 1u << 7,           // IPV6_RECVECN
  kControlAddress4 = 1u << 8,       // IP_RECVDSTADDR
  kControlAddress6 = 1u << 9,       // IPV6_RECVDSTADDR
  kControlInterface4 = 1u << 10,    // IP_RECVIF
  kControlInterface6 = 1u << 11,    // IPV6_RECVIF
  kControlCoalesced = 1u << 12,     // UDP_RECV_MAX_COALESCED_SIZE
};

// All of the above at once have room.
struct ControlInfo {
  alignas(CMSGHDR) UCHAR bytes[320];
  ULONG length = 0;
};

// Writes what `wanted` asks for of what came with `datagram`.
void write_control_info(const net::Datagram& datagram, std::uint32_t wanted, ControlInfo& output);

// Copies `info` to the driver's buffer of `*length` bytes, which then says how much it was; what
// does not fit is cut off. True: something was.
bool copy_control_info(const ControlInfo& info, PCMSGHDR output, ULONG& length);

// Reads what a driver passed with a send. STATUS_INVALID_PARAMETER: it is malformed, or of a length
// that its kind does not have; STATUS_NOT_SUPPORTED: a kind that cannot be sent.
NTSTATUS read_control_info(const CMSGHDR* input, ULONG length, net::PacketInfo& info);

}  // namespace wskrun::wsk
