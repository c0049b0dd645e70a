// A million datagrams there and back, of IPv4 and IPv6 and of random sizes, each with control
// information of its own. The driver keeps every list and sends each datagram back from the memory
// it was received in; the plain peer at the other end compares all of it.
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <random>

#include "kit/fixture.h"
#include "kit/udp.h"

namespace wskrun::tests {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint32_t kDatagrams = 25'000;
#else
constexpr std::uint32_t kDatagrams = 250'000;  // Twice, each there and back.
#endif

// So many are on their way: less than any buffer between the two holds, so none may be lost.
constexpr std::size_t kWindow = 32;

CONFORMANCE_SUITE(ManyDatagrams);

// The driver: it sends back what comes.
class Echo {
 public:
  explicit Echo(const Datagram& socket) : socket_(socket) {}

  NTSTATUS send_back(PWSK_DATAGRAM_INDICATION list);
  // Every list is WSK's again, so the socket may be closed.
  void wait_idle() {
    log_.wait("the release of a list", [&] { return lists_ == 0; });
  }

 private:
  // Kept until all its datagrams have been sent.
  struct KeptList {
    Echo& echo;
    PWSK_DATAGRAM_INDICATION list;
    std::atomic<std::size_t> uses{1};  // The sends, and the callback.
  };

  static NTSTATUS NTAPI sent(PDEVICE_OBJECT, PIRP irp, PVOID kept);
  void drop(KeptList* kept);

  const Datagram& socket_;
  EventLog log_;  // Guards it.
  int lists_ = 0;
};

void Echo::drop(KeptList* kept) {
  if (--kept->uses != 0) return;
  EXPECT_EQ(socket_.release(kept->list), STATUS_SUCCESS);
  delete kept;
  log_.note([&] { --lists_; });
}

NTSTATUS Echo::sent(PDEVICE_OBJECT, PIRP irp, PVOID context) {
  EXPECT_EQ(irp->IoStatus.Status, STATUS_SUCCESS);
  IoFreeIrp(irp);
  auto* kept = static_cast<KeptList*>(context);
  kept->echo.drop(kept);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS Echo::send_back(PWSK_DATAGRAM_INDICATION list) {
  log_.note([&] { ++lists_; });
  auto* kept = new KeptList{*this, list};
  for (PWSK_DATAGRAM_INDICATION each = list; each != nullptr; each = each->Next) {
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetCompletionRoutine(irp, sent, kept, TRUE, TRUE, TRUE);
    ++kept->uses;
    socket_.dispatch().WskSendTo(socket_.socket(), &each->Buffer, 0, each->RemoteAddress,
                                 each->ControlInfoLength, each->ControlInfo, irp);
  }
  drop(kept);
  return STATUS_PENDING;
}

// What the datagram of a number is: the number, bytes that go with it, and a mark (DSCP).
MarkedDatagram datagram(std::uint32_t number) {
  std::minstd_rand random(number + 1);
  const std::size_t longest = number % 64 == 0 ? 8000 : 1400;
  MarkedDatagram made;
  made.data = pattern(sizeof number + random() % longest, number);
  std::memcpy(made.data.data(), &number, sizeof number);
  made.mark = static_cast<int>(random() % 64) << 2;
  return made;
}

class PlainPeer {
 public:
  explicit PlainPeer(IpVersion version) : version_(version), fd_(udp_open(version)) {}
  ~PlainPeer() { udp_close(fd_); }
  PlainPeer(const PlainPeer&) = delete;
  PlainPeer& operator=(const PlainPeer&) = delete;

  void exchange(std::uint16_t port) {
    for (std::uint32_t number = 0; number < kDatagrams; ++number) {
      while (under_way_.size() == kWindow) receive();
      const auto [place, is_new] = under_way_.emplace(number, datagram(number));
      udp_send_marked(fd_, place->second, version_, port);
    }
    while (!under_way_.empty()) receive();
    EXPECT_FALSE(udp_waits(fd_));
  }

 private:
  void receive() {
    const MarkedDatagram received = udp_receive_marked(fd_);
    std::uint32_t number = 0;
    std::memcpy(&number, received.data.data(), std::min(received.data.size(), sizeof number));
    const auto place = under_way_.find(number);
    ASSERT_NE(place, under_way_.end()) << number << " was not sent, or came twice";
    ASSERT_TRUE(received.data == place->second.data) << number;
    ASSERT_EQ(received.mark, place->second.mark) << number;
    under_way_.erase(place);
  }

  const IpVersion version_;
  const int fd_;
  std::map<std::uint32_t, MarkedDatagram> under_way_;
};

CONFORMANCE_TEST(ManyDatagrams, ComeBackAsTheyWere) {
  covers("D-019", "D-021", "D-025", "D-034");
  for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
    const Datagram socket = bound_datagram(version);
    const bool ipv4 = version == IpVersion::k4;
    const ULONG level = ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
    for (const ULONG option :
         {ipv4 ? IP_RECVTOS : IPV6_RECVTCLASS, ipv4 ? IP_PKTINFO : IPV6_PKTINFO}) {
      EXPECT_EQ(socket.set_number(level, option, 1), (Completed{STATUS_SUCCESS, 0}));
    }
    const auto echo = std::make_shared<Echo>(socket);  // The last callback may be on its way out.
    socket.events().answer([echo](ReceiveFromCall& call) { return echo->send_back(call.list); });
    socket.enable();
    PlainPeer(version).exchange(socket.port());
    echo->wait_idle();
  }
}

}  // namespace
}  // namespace wskrun::tests
