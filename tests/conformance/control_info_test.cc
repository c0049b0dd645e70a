// Control information: what comes and goes with a datagram beside its bytes, in CMSGHDR objects as
// Windows lays them out.
#include <cstring>
#include <stdexcept>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(ControlInfo);

const Completed kDone = {STATUS_SUCCESS, 0};

IN_ADDR in_addr(std::uint32_t address) {
  IN_ADDR bytes;
  bytes.s_addr = RtlUlongByteSwap(address);
  return bytes;
}

const ControlObject* find(const std::vector<ControlObject>& objects, INT level, INT type) {
  for (const ControlObject& each : objects) {
    if (each.level == level && each.type == type) return &each;
  }
  return nullptr;
}

template <typename T>
T value_of(const std::vector<ControlObject>& objects, INT level, INT type) {
  const ControlObject* object = find(objects, level, type);
  if (object == nullptr) throw std::runtime_error("a control object is missing");
  EXPECT_EQ(object->data.size(), sizeof(T));
  T value;
  std::memcpy(&value, object->data.data(), sizeof value);
  return value;
}

Datagram wildcard_datagram(Datagram socket, IpVersion version = IpVersion::k4) {
  Sockaddr any = wildcard(0, version);
  IrpCall call;
  call.start([&](PIRP irp) { return socket.bind(any.get(), 0, irp); });
  if (call.wait() != kDone) throw std::runtime_error("WskBind failed");
  return socket;
}

CONFORMANCE_TEST(ControlInfo, ThereIsNoneUnlessAskedFor) {
  covers("D-006", "D-007", "D-009", "D-010");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  peer.send("plain", socket.port());
  const ReceivedFrom received = socket.receive();
  EXPECT_EQ(received.bytes, "plain");
  EXPECT_TRUE(received.control.empty());
  EXPECT_EQ(received.flags, 0u);

  peer.send("no length", socket.port());
  Buffer buffer(64);
  WSK_BUF whole = buffer.whole();
  CMSGHDR untouched = {42, 42, 42};
  IrpCall call;
  call.start([&](PIRP irp) {
    return socket.dispatch().WskReceiveFrom(socket.socket(), &whole, 0, nullptr, nullptr,
                                            &untouched, nullptr, irp);
  });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 9}));
  EXPECT_EQ(untouched.cmsg_len, 42u);
}

CONFORMANCE_TEST(ControlInfo, SaysWhereAnIpv4DatagramCameTo) {
  covers("D-009", "K-012", "D-021");
  const Datagram socket = wildcard_datagram(new_datagram());
  UdpPeer peer;
  EXPECT_EQ(socket.set_number(IPPROTO_IP, IP_PKTINFO, 1), kDone);
  peer.send_to_ipv4("x", 0x7F000005, socket.port());
  const ReceivedFrom received = socket.receive();
  const auto info = value_of<IN_PKTINFO>(received.control, IPPROTO_IP, IP_PKTINFO);
  EXPECT_EQ(info.ipi_addr.s_addr, in_addr(0x7F000005).s_addr);
  EXPECT_NE(info.ipi_ifindex, 0u);

  socket.enable();
  peer.send_to_ipv4("y", 0x7F000006, socket.port());
  socket.events().wait_taken(1);
  const SeenDatagram seen = socket.events().taken().front();
  EXPECT_EQ(value_of<IN_PKTINFO>(seen.control, IPPROTO_IP, IP_PKTINFO).ipi_addr.s_addr,
            in_addr(0x7F000006).s_addr);

  ULONG value = 7;
  EXPECT_EQ(socket.get_number(IPPROTO_IP, IP_PKTINFO, value), (Completed{STATUS_SUCCESS, 4}));
  EXPECT_EQ(value, 1u);
  EXPECT_EQ(socket.set_number(IPPROTO_IP, IP_PKTINFO, 0), kDone);
  peer.send_to_ipv4("z", 0x7F000005, socket.port());
  socket.events().wait_taken(2);
  EXPECT_TRUE(socket.events().taken().back().control.empty());
}

CONFORMANCE_TEST(ControlInfo, SaysWhereAnIpv6DatagramCameTo) {
  covers("D-009", "K-012");
  const Datagram socket = wildcard_datagram(new_datagram(IpVersion::k6), IpVersion::k6);
  UdpPeer peer(IpVersion::k6);
  EXPECT_EQ(socket.set_number(IPPROTO_IPV6, IPV6_PKTINFO, 1), kDone);
  peer.send("x", socket.port());
  const auto info = value_of<IN6_PKTINFO>(socket.receive().control, IPPROTO_IPV6, IPV6_PKTINFO);
  EXPECT_TRUE(IN6_IS_ADDR_LOOPBACK(&info.ipi6_addr));
  EXPECT_NE(info.ipi6_ifindex, 0u);
}

CONFORMANCE_TEST(ControlInfo, ADualStackSocketSaysItInEitherWay) {
  covers("D-009", "K-012");
  Datagram made = new_datagram(IpVersion::k6);
  EXPECT_EQ(made.set_number(IPPROTO_IPV6, IPV6_V6ONLY, 0), kDone);
  const Datagram socket = wildcard_datagram(std::move(made), IpVersion::k6);
  EXPECT_EQ(socket.set_number(IPPROTO_IP, IP_PKTINFO, 1), kDone);
  EXPECT_EQ(socket.set_number(IPPROTO_IPV6, IPV6_PKTINFO, 1), kDone);
  UdpPeer peer;
  peer.send("over IPv4", socket.port());
  const ReceivedFrom received = socket.receive();
  EXPECT_EQ(value_of<IN_PKTINFO>(received.control, IPPROTO_IP, IP_PKTINFO).ipi_addr.s_addr,
            in_addr(0x7F000001).s_addr);
  const auto mapped = value_of<IN6_PKTINFO>(received.control, IPPROTO_IPV6, IPV6_PKTINFO);
  EXPECT_TRUE(IN6_IS_ADDR_V4MAPPED(&mapped.ipi6_addr));
  const auto& remote = reinterpret_cast<const SOCKADDR_IN6&>(received.remote);
  EXPECT_EQ(remote.sin6_family, AF_INET6);
  EXPECT_TRUE(IN6_IS_ADDR_V4MAPPED(&remote.sin6_addr));

  // The answer may name its source in IPv4's words, too.
  Sockaddr to;
  to.storage = received.remote;
  const IN_PKTINFO source = {in_addr(0x7F000001), 0};
  const std::string control = control_bytes({control_object(IPPROTO_IP, IP_PKTINFO, source),
                                             control_object(IPPROTO_IP, IP_TOS, INT{0x2e << 2})});
  EXPECT_EQ(socket.send("answer", to, control), (Completed{STATUS_SUCCESS, 6}));
  EXPECT_EQ(peer.receive(), "answer");
}

CONFORMANCE_TEST(ControlInfo, HopLimitTrafficClassAndEcnTravel) {
  covers("D-009", "D-040", "D-042", "K-012");
  for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
    const bool ipv4 = version == IpVersion::k4;
    const INT level = ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
    const INT traffic_class = ipv4 ? IP_TOS : IPV6_TCLASS;
    const INT hop_limit = ipv4 ? IP_TTL : IPV6_HOPLIMIT;
    const Datagram sender = bound_datagram(version);
    const Datagram receiver = bound_datagram(version);
    const auto ask = [&](ULONG option) {
      EXPECT_EQ(receiver.set_number(static_cast<ULONG>(level), option, 1), kDone);
    };
    ask(ipv4 ? IP_RECVTOS : IPV6_RECVTCLASS);
    ask(ipv4 ? IP_HOPLIMIT : IPV6_HOPLIMIT);
    ask(ipv4 ? IP_ECN : IPV6_ECN);
    const std::string control = control_bytes({
        control_object(level, traffic_class, INT{0x0a << 2 | 2}),
        control_object(level, hop_limit, INT{17}),
    });
    EXPECT_EQ(sender.send("x", loopback(receiver.port(), version), control),
              (Completed{STATUS_SUCCESS, 1}));
    const ReceivedFrom received = receiver.receive();
    EXPECT_EQ(value_of<INT>(received.control, level, traffic_class), 0x0a << 2 | 2);
    EXPECT_EQ(value_of<INT>(received.control, level, hop_limit), 17);
    EXPECT_EQ(value_of<INT>(received.control, level, ipv4 ? IP_ECN : IPV6_ECN), 2);

    // ECN alone, by the sender's object and to the receiver's option.
    EXPECT_EQ(
        receiver.set_number(static_cast<ULONG>(level), ipv4 ? IP_RECVTOS : IPV6_RECVTCLASS, 0),
        kDone);
    EXPECT_EQ(sender.send("y", loopback(receiver.port(), version),
                          control_bytes({control_object(level, ipv4 ? IP_ECN : IPV6_ECN, INT{3})})),
              (Completed{STATUS_SUCCESS, 1}));
    const ReceivedFrom marked = receiver.receive();
    EXPECT_EQ(find(marked.control, level, traffic_class), nullptr);
    EXPECT_EQ(value_of<INT>(marked.control, level, ipv4 ? IP_ECN : IPV6_ECN), 3);
  }
}

CONFORMANCE_TEST(ControlInfo, DestinationAndInterfaceComeAlone) {
  covers("D-009", "K-012");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  EXPECT_EQ(socket.set_number(IPPROTO_IP, IP_RECVDSTADDR, 1), kDone);
  EXPECT_EQ(socket.set_number(IPPROTO_IP, IP_RECVIF, 1), kDone);
  peer.send("x", socket.port());
  const ReceivedFrom received = socket.receive();
  EXPECT_EQ(received.control.size(), 2u);
  EXPECT_EQ(value_of<IN_ADDR>(received.control, IPPROTO_IP, IP_RECVDSTADDR).s_addr,
            in_addr(0x7F000001).s_addr);
  EXPECT_NE(value_of<ULONG>(received.control, IPPROTO_IP, IP_RECVIF), 0u);
}

CONFORMANCE_TEST(ControlInfo, ASendCanNameItsSource) {
  covers("D-040");
  const Datagram sender = wildcard_datagram(new_datagram());
  const Datagram receiver = bound_datagram();
  const IN_PKTINFO source = {in_addr(0x7F000009), 0};
  EXPECT_EQ(sender.send("x", loopback(receiver.port()),
                        control_bytes({control_object(IPPROTO_IP, IP_PKTINFO, source)})),
            (Completed{STATUS_SUCCESS, 1}));
  const ReceivedFrom received = receiver.receive();
  EXPECT_EQ(reinterpret_cast<const SOCKADDR_IN&>(received.remote).sin_addr.s_addr,
            source.ipi_addr.s_addr);
}

CONFORMANCE_TEST(ControlInfo, WhatDoesNotFitIsCutOffAndSaid) {
  covers("D-006", "D-013");
  const Datagram socket = bound_datagram();
  UdpPeer peer;
  EXPECT_EQ(socket.set_number(IPPROTO_IP, IP_PKTINFO, 1), kDone);
  peer.send("x", socket.port());
  const ReceivedFrom cut = socket.receive(64, WSA_CMSG_LEN(4));
  EXPECT_EQ(cut.completed, (Completed{STATUS_SUCCESS, 1}));
  EXPECT_EQ(cut.flags, ULONG{MSG_CTRUNC});
  peer.send("y", socket.port());
  const ReceivedFrom fits = socket.receive(64, WSA_CMSG_SPACE(sizeof(IN_PKTINFO)));
  EXPECT_EQ(fits.flags, 0u);
  EXPECT_EQ(fits.control.size(), 1u);
}

CONFORMANCE_TEST(ControlInfo, MalformedObjectsAreRefused) {
  covers("D-040", "D-046");
  const Datagram socket = bound_datagram();
  const Sockaddr remote = loopback(9);
  const IN_PKTINFO source = {in_addr(0x7F000001), 0};
  const std::string good = control_bytes({control_object(IPPROTO_IP, IP_PKTINFO, source)});
  const Completed wrong = {STATUS_INVALID_PARAMETER, 0};
  EXPECT_EQ(socket.send("x", remote, good.substr(0, 15)), wrong);  // Not even a head.
  EXPECT_EQ(socket.send("x", remote, good.substr(0, 20)), wrong);  // The data is cut.
  EXPECT_EQ(socket.send("x", remote, control_bytes({{IPPROTO_IP, IP_PKTINFO, "abc"}})), wrong);
  std::string head = good;
  head[0] = 3;  // Shorter than a head.
  EXPECT_EQ(socket.send("x", remote, head), wrong);
  EXPECT_EQ(socket.send("x", remote, control_bytes({{IPPROTO_IP, 0x4711, "abcd"}})),
            (Completed{STATUS_NOT_SUPPORTED, 0}));
}

CONFORMANCE_TEST(ControlInfo, BroadcastsAndMulticastsSaySo) {
  covers("D-010", "D-011", "D-020", "K-012");
  const Datagram socket = wildcard_datagram(new_datagram());
  UdpPeer peer;
  const IP_MREQ group = {in_addr(0xEF010203), in_addr(0x7F000001)};
  EXPECT_EQ(socket.set(IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group), kDone);
  peer.send_to_ipv4("group", 0xEF010203, socket.port());
  ReceivedFrom received = socket.receive();
  EXPECT_EQ(received.bytes, "group");
  EXPECT_EQ(received.flags, ULONG{MSG_MCAST});
  peer.send_to_ipv4("everybody", 0x7FFFFFFF, socket.port());
  received = socket.receive();
  EXPECT_EQ(received.bytes, "everybody");
  EXPECT_EQ(received.flags, ULONG{MSG_BCAST});

  // The flags of a call speak of all its datagrams.
  socket.enable();
  for (int i = 0; i < 10; ++i) {
    peer.send_to_ipv4("g", 0xEF010203, socket.port());
    peer.send_to_ipv4("b", 0x7FFFFFFF, socket.port());
    peer.send_to_ipv4("u", 0x7F000001, socket.port());
  }
  socket.events().wait_taken(30);
  for (const SeenDatagram& each : socket.events().taken()) {
    const ULONG expected = each.bytes == "g" ? MSG_MCAST : each.bytes == "b" ? MSG_BCAST : 0;
    EXPECT_EQ(each.flags & ~ULONG{WSK_FLAG_AT_DISPATCH_LEVEL}, expected);
  }

  // Other sockets of this host may be in a group that this one has left.
  peer.join(0xEF010203);
  EXPECT_EQ(socket.set(IPPROTO_IP, IP_DROP_MEMBERSHIP, &group, sizeof group), kDone);
  peer.send_to_ipv4("not heard", 0xEF010203, socket.port());
  peer.send("heard", socket.port());
  socket.events().wait_taken(31);
  EXPECT_EQ(socket.events().taken()[30].bytes, "heard");
}

CONFORMANCE_TEST(ControlInfo, MulticastIsSentWhereTheOptionsSay) {
  covers("K-012");
  const Datagram sender = bound_datagram();
  const Datagram receiver = wildcard_datagram(new_datagram());
  const IP_MREQ group = {in_addr(0xEF010204), in_addr(0x7F000001)};
  EXPECT_EQ(receiver.set(IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group), kDone);
  EXPECT_EQ(receiver.set_number(IPPROTO_IP, IP_HOPLIMIT, 1), kDone);
  const IN_ADDR by_address = in_addr(0x7F000001);
  EXPECT_EQ(sender.set(IPPROTO_IP, IP_MULTICAST_IF, &by_address, sizeof by_address), kDone);
  EXPECT_EQ(sender.set_number(IPPROTO_IP, IP_MULTICAST_TTL, 3), kDone);
  EXPECT_EQ(sender.send("x", ipv4(0xEF010204, receiver.port())), (Completed{STATUS_SUCCESS, 1}));
  const ReceivedFrom received = receiver.receive();
  EXPECT_EQ(received.bytes, "x");
  EXPECT_EQ(value_of<INT>(received.control, IPPROTO_IP, IP_TTL), 3);
  ULONG value = 0;
  EXPECT_EQ(sender.get_number(IPPROTO_IP, IP_MULTICAST_TTL, value), (Completed{STATUS_SUCCESS, 4}));
  EXPECT_EQ(value, 3u);
  const IN_ADDR nobody = in_addr(0x01020304);
  EXPECT_EQ(sender.set(IPPROTO_IP, IP_MULTICAST_IF, &nobody, sizeof nobody),
            (Completed{STATUS_INVALID_PARAMETER, 0}));
}

CONFORMANCE_TEST(ControlInfo, SegmentsAreCutAndJoined) {
  covers("K-012", "D-040", "D-009");
  const Datagram sender = bound_datagram();
  const Datagram receiver = bound_datagram();
  ULONG value = 7;
  EXPECT_EQ(sender.get_number(IPPROTO_UDP, UDP_SEND_MSG_SIZE, value),
            (Completed{STATUS_SUCCESS, 4}));
  EXPECT_EQ(value, 0u);
  EXPECT_EQ(receiver.set_number(IPPROTO_UDP, UDP_RECV_MAX_COALESCED_SIZE, 3000), kDone);
  receiver.enable();
  const std::string control =
      control_bytes({control_object(IPPROTO_UDP, UDP_SEND_MSG_SIZE, ULONG{1000})});
  EXPECT_EQ(sender.send(pattern(10'400), loopback(receiver.port()), control),
            (Completed{STATUS_SUCCESS, 10'400}));
  std::string all;
  for (std::size_t count = 1; all.size() < 10'400; ++count) {
    receiver.events().wait_taken(count);
    const SeenDatagram each = receiver.events().taken()[count - 1];
    EXPECT_LE(each.bytes.size(), 3000u);
    if (each.bytes.size() > 1000) {
      EXPECT_EQ(value_of<ULONG>(each.control, IPPROTO_UDP, UDP_COALESCED_INFO), 1000u);
    }
    all += each.bytes;
  }
  EXPECT_TRUE(all == pattern(10'400));

  // Not asked for, they come one by one.
  const Datagram plain = bound_datagram();
  EXPECT_EQ(sender.set_number(IPPROTO_UDP, UDP_SEND_MSG_SIZE, 500), kDone);
  EXPECT_EQ(sender.send(pattern(1'200), loopback(plain.port())),
            (Completed{STATUS_SUCCESS, 1'200}));
  EXPECT_EQ(plain.receive().bytes.size(), 500u);
  EXPECT_EQ(plain.receive().bytes.size(), 500u);
  EXPECT_EQ(plain.receive().bytes.size(), 200u);
}

}  // namespace
}  // namespace wskrun::tests
