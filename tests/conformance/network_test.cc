// What takes a network to show: silent mode, and this host's addresses. The tests run in a world of
// their own (kit/own_world.h), with a neighbour at the other end of a cable.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "kit/fixture.h"
#include "kit/neighbour.h"
#include "kit/own_world.h"
#include "kit/text_address.h"

namespace wskrun::tests {
namespace {

class NetworkTest : public ConformanceTest {
 protected:
  void SetUp() override {
    if (!in_own_world()) return;
    bring_up_loopback();
    neighbour_.emplace();
    ConformanceTest::SetUp();
  }

  Neighbour& neighbour() { return *neighbour_; }

  // A connection to the neighbour, over which a byte has gone each way, and nothing is on its way.
  std::pair<Connection, Peer> connect_to_neighbour(IpVersion version);

  std::optional<Neighbour> neighbour_;
};

Sockaddr neighbours_address(std::uint16_t port, IpVersion version) {
  if (version == IpVersion::k4) return ipv4(0xC0000202, port);
  IN6_ADDR address{};
  address.u.Byte[0] = 0x20;
  address.u.Byte[1] = 0x01;
  address.u.Byte[2] = 0x0d;
  address.u.Byte[3] = 0xb8;
  address.u.Byte[15] = 2;
  return ipv6(address, port);
}

std::pair<Connection, Peer> NetworkTest::connect_to_neighbour(IpVersion version) {
  PeerListener listener = neighbour().listen(version);
  Connection connection = new_connection(version);
  Sockaddr local = wildcard(0, version);
  Sockaddr remote = neighbours_address(listener.port(), version);
  IrpCall bind;
  bind.start([&](PIRP irp) { return connection.bind(local.get(), 0, irp); });
  EXPECT_EQ(bind.wait(), (Completed{STATUS_SUCCESS, 0}));
  IrpCall connect;
  connect.start([&](PIRP irp) { return connection.connect(remote.get(), 0, irp); });
  EXPECT_EQ(connect.wait(), (Completed{STATUS_SUCCESS, 0}));
  Peer peer = listener.accept();
  connection.write("a");
  EXPECT_EQ(peer.receive(1), "a");
  peer.send("b");
  EXPECT_EQ(connection.read(1), "b");
  EXPECT_GT(neighbour().segments(), 0);
  return {std::move(connection), std::move(peer)};
}

// ---- silent mode

class SilentMode : public NetworkTest {};
INSTANTIATE_TEST_SUITE_P(, SilentMode, ::testing::ValuesIn(kBackends), name_of);

Completed silence(const Connection& connection) {
  IrpCall call;
  call.start([&](PIRP irp) {
    return connection.dispatch().Basic.WskControlSocket(connection.socket(), WskIoctl,
                                                        SIO_WSK_SET_TCP_SILENT_MODE, 0, 0, nullptr,
                                                        0, nullptr, nullptr, irp);
  });
  return call.wait();
}

CONFORMANCE_TEST(SilentMode, NothingIsSentAndNothingReceived) {
  covers("K-042", "K-043");
  if (!in_own_world()) return repeat_in_own_world();
  for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
    auto pair = connect_to_neighbour(version);
    Connection& connection = pair.first;
    Peer& peer = pair.second;
    peer.send("heard");
    EXPECT_EQ(connection.read(5), "heard");
    EXPECT_GT(neighbour().segments(), 0);  // The acknowledgement: it is counted here.
    Buffer buffer(16);
    IrpCall receive;
    receive.start([&](PIRP irp) { return connection.receive(buffer.whole(), 0, irp); });

    EXPECT_EQ(silence(connection), (Completed{STATUS_SUCCESS, 0}));
    neighbour().segments();
    peer.send("not heard");
    EXPECT_EQ(neighbour().segments(), 0);
    EXPECT_FALSE(receive.completed());
    EXPECT_EQ(peer.unacknowledged(), 9u);

    IrpCall close;
    close.start([&](PIRP irp) { return connection.close(irp); });
    EXPECT_EQ(receive.wait(), (Completed{STATUS_CANCELLED, 0}));
    EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
  }
}

CONFORMANCE_TEST(SilentMode, TheCloseIsSilentToo) {
  covers("K-043", "G-38");
  if (!in_own_world()) return repeat_in_own_world();
  for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
    auto pair = connect_to_neighbour(version);
    Connection& connection = pair.first;
    EXPECT_EQ(silence(connection), (Completed{STATUS_SUCCESS, 0}));
    neighbour().segments();
    IrpCall close;
    close.start([&](PIRP irp) { return connection.close(irp); });
    EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
    EXPECT_EQ(neighbour().segments(), 0);
  }
}

CONFORMANCE_TEST(SilentMode, OnlyTheCloseIsLeft) {
  covers("K-043");
  if (!in_own_world()) return repeat_in_own_world();
  auto pair = connect_to_neighbour(IpVersion::k4);
  Connection& connection = pair.first;
  EXPECT_EQ(silence(connection), (Completed{STATUS_SUCCESS, 0}));
  neighbour().segments();

  Buffer buffer("word");
  IrpCall send, disconnect, abort;
  send.start([&](PIRP irp) { return connection.send(buffer.whole(), 0, irp); });
  disconnect.start([&](PIRP irp) { return connection.disconnect(nullptr, 0, irp); });
  abort.start([&](PIRP irp) { return connection.disconnect(nullptr, WSK_FLAG_ABORTIVE, irp); });
  for (IrpCall* call : {&send, &disconnect, &abort}) {
    EXPECT_EQ(call->wait(), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
  }
  EXPECT_EQ(silence(connection), (Completed{STATUS_INVALID_DEVICE_STATE, 0}));
  EXPECT_EQ(neighbour().segments(), 0);
}

// ---- addresses

class AddressList : public NetworkTest {};
INSTANTIATE_TEST_SUITE_P(, AddressList, ::testing::ValuesIn(kBackends), name_of);

// SIO_ADDRESS_LIST_QUERY into room for `room` bytes.
struct Answer {
  NTSTATUS status;
  SIZE_T size;
  std::vector<std::string> addresses;
};

Answer query(PWSK_SOCKET socket, SIZE_T room) {
  const auto& basic = *static_cast<const WSK_PROVIDER_BASIC_DISPATCH*>(socket->Dispatch);
  alignas(SOCKET_ADDRESS_LIST) char bytes[2048];
  Answer answer{};
  answer.status = basic.WskControlSocket(socket, WskIoctl, SIO_ADDRESS_LIST_QUERY, 0, 0, nullptr,
                                         room, room == 0 ? nullptr : bytes, &answer.size, nullptr);
  if (answer.status != STATUS_SUCCESS) return answer;
  const auto& list = *reinterpret_cast<const SOCKET_ADDRESS_LIST*>(bytes);
  for (INT i = 0; i < list.iAddressCount; ++i) {
    const SOCKET_ADDRESS& each = list.Address[i];
    const auto* address = reinterpret_cast<const char*>(each.lpSockaddr);
    // Each lies behind the list, within what was said to be copied.
    EXPECT_GE(address, reinterpret_cast<const char*>(&list.Address[list.iAddressCount]));
    EXPECT_LE(address + each.iSockaddrLength, bytes + answer.size);
    EXPECT_EQ(each.iSockaddrLength, static_cast<INT>(sockaddr_size(each.lpSockaddr)));
    answer.addresses.push_back(
        each.lpSockaddr->sa_family == AF_INET
            ? ipv4_text(&reinterpret_cast<const SOCKADDR_IN*>(each.lpSockaddr)->sin_addr)
            : ipv6_text(&reinterpret_cast<const SOCKADDR_IN6*>(each.lpSockaddr)->sin6_addr));
  }
  return answer;
}

bool has(const std::vector<std::string>& addresses, const std::string& address) {
  return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

// SIO_ADDRESS_LIST_CHANGE, which waits.
struct Change : IrpCall {
  explicit Change(PWSK_SOCKET socket) {
    start([&](PIRP irp) {
      const auto& basic = *static_cast<const WSK_PROVIDER_BASIC_DISPATCH*>(socket->Dispatch);
      return basic.WskControlSocket(socket, WskIoctl, SIO_ADDRESS_LIST_CHANGE, 0, 0, nullptr, 0,
                                    nullptr, nullptr, irp);
    });
    EXPECT_TRUE(returned_as(STATUS_PENDING));
  }
};

CONFORMANCE_TEST(AddressList, AllOfTheFamilyAreListed) {
  covers("K-027");
  if (!in_own_world()) return repeat_in_own_world();
  const Listener listener = listen();
  const Connection connection = new_connection();
  const Datagram datagram = new_datagram();
  for (PWSK_SOCKET socket : {listener.socket(), connection.socket(), datagram.socket()}) {
    const Answer answer = query(socket, 2048);
    EXPECT_EQ(answer.status, STATUS_SUCCESS);
    EXPECT_EQ(answer.addresses, (std::vector<std::string>{"127.0.0.1", "192.0.2.1"}));
  }
  const Connection ipv6 = new_connection(IpVersion::k6);
  const Answer answer = query(ipv6.socket(), 2048);
  EXPECT_TRUE(has(answer.addresses, "::1"));
  EXPECT_TRUE(has(answer.addresses, "2001:db8::1"));
}

CONFORMANCE_TEST(AddressList, ShortRoomLearnsWhatItTakes) {
  covers("K-028");
  if (!in_own_world()) return repeat_in_own_world();
  const Connection connection = new_connection();
  const Answer whole = query(connection.socket(), 2048);
  for (const SIZE_T room : {SIZE_T{0}, SIZE_T{1}, whole.size - 1}) {
    const Answer answer = query(connection.socket(), room);
    EXPECT_EQ(answer.status, STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(answer.size, whole.size);
  }
  EXPECT_EQ(query(connection.socket(), whole.size).addresses, whole.addresses);
}

CONFORMANCE_TEST(AddressList, AChangeOfTheFamilyIsTold) {
  covers("K-004", "K-030");
  if (!in_own_world()) return repeat_in_own_world();
  const Listener ipv4 = listen();
  const Connection ipv6 = new_connection(IpVersion::k6);
  const Datagram datagram = new_datagram();
  Change of_ipv4(ipv4.socket()), again_of_ipv4(ipv4.socket()), of_datagram(datagram.socket());
  Change of_ipv6(ipv6.socket());
  ip("address add 192.0.2.9/24 dev here");
  for (Change* each : {&of_ipv4, &again_of_ipv4, &of_datagram}) {
    EXPECT_EQ(each->wait(), (Completed{STATUS_SUCCESS, 0}));
  }
  EXPECT_TRUE(has(query(ipv4.socket(), 2048).addresses, "192.0.2.9"));
  EXPECT_FALSE(of_ipv6.completed());

  Change gone(ipv4.socket());
  ip("address del 192.0.2.9/24 dev here");
  EXPECT_EQ(gone.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_FALSE(has(query(ipv4.socket(), 2048).addresses, "192.0.2.9"));

  ip("address add 2001:db8::9/64 dev here nodad");
  EXPECT_EQ(of_ipv6.wait(), (Completed{STATUS_SUCCESS, 0}));
}

CONFORMANCE_TEST(AddressList, WaitingForAChangeEndsWithItsIrpOrItsSocket) {
  covers("K-030", "I-022");
  if (!in_own_world()) return repeat_in_own_world();
  Connection connection = new_connection();
  Change cancelled(connection.socket()), closed(connection.socket());
  EXPECT_TRUE(IoCancelIrp(cancelled.irp()));
  EXPECT_EQ(cancelled.wait(), (Completed{STATUS_CANCELLED, 0}));
  EXPECT_FALSE(closed.completed());
  IrpCall close;
  close.start([&](PIRP irp) { return connection.close(irp); });
  EXPECT_EQ(closed.wait(), (Completed{STATUS_CANCELLED, 0}));
  EXPECT_EQ(close.wait(), (Completed{STATUS_SUCCESS, 0}));
}

}  // namespace
}  // namespace wskrun::tests
