// WskGetAddressInfo and WskGetNameInfo with names: files and DNS, in a world where the tests say
// what those hold and when a server answers (kit/name_world.h).
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "kit/dns_server.h"
#include "kit/fixture.h"
#include "kit/name_calls.h"
#include "kit/name_world.h"
#include "kit/own_world.h"

namespace wskrun::tests {
namespace {

using Texts = std::vector<std::string>;

constexpr Completed kDone = {STATUS_SUCCESS, 0};
constexpr Completed kNoMatch = {STATUS_NO_MATCH, 0};
constexpr Completed kCancelled = {STATUS_CANCELLED, 0};

constexpr std::nullopt_t kNull = std::nullopt;

class NameWorldTest : public ConformanceTest {
 protected:
  void SetUp() override {
    if (!in_own_world()) return;
    furnish_name_world();
    dns_.emplace();
    start_runtime();
  }
  void start_runtime() { ConformanceTest::SetUp(); }

  DnsServer& dns() { return *dns_; }

  // A call for TCP, to begin with.
  struct Addresses : AddressInfoCall {
    explicit Addresses(const NameWorldTest& test)
        : AddressInfoCall(test.provider(), test.client()) {
      hints.ai_socktype = SOCK_STREAM;
    }
  };
  struct Names : NameInfoCall {
    explicit Names(const NameWorldTest& test) : NameInfoCall(test.provider(), test.client()) {}
  };

  std::optional<DnsServer> dns_;
};

class NameWorld : public NameWorldTest {};
INSTANTIATE_TEST_SUITE_P(, NameWorld, ::testing::ValuesIn(kBackends), name_of);

class NameWorldAsWindows : public NameWorldTest {
  void adjust(wskrun_options& options) override { options.compat = WSKRUN_AS_WINDOWS; }
};
INSTANTIATE_TEST_SUITE_P(, NameWorldAsWindows, ::testing::ValuesIn(kBackends), name_of);

Texts sorted(Texts texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

// How many threads of this process are the resolver's.
int resolver_threads() {
  int count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    count += name == "wskrun-names" ? 1 : 0;
  }
  return count;
}

// ---- addresses

CONFORMANCE_TEST(NameWorld, AHostHasItsAddressesOfBothFamilies) {
  covers("A-001", "A-002", "A-003", "A-004", "A-005", "A-012");
  if (!in_own_world()) return repeat_in_own_world();
  dns().add_address("two.test", "192.0.2.10");
  dns().add_address("two.test", "192.0.2.11");
  dns().add_address("two.test", "2001:db8::10");
  Addresses call(*this);
  EXPECT_EQ(call.run(u"two.test", u"80"), kDone);
  EXPECT_TRUE(call.irp().returned_as(STATUS_PENDING));
  EXPECT_EQ(sorted(call.addresses()),
            (Texts{"192.0.2.10:80", "192.0.2.11:80", "[2001:db8::10]:80"}));
  call.hints.ai_family = AF_INET;
  EXPECT_EQ(call.run(u"two.test", u"80"), kDone);
  EXPECT_EQ(sorted(call.addresses()), (Texts{"192.0.2.10:80", "192.0.2.11:80"}));
  call.hints.ai_family = AF_INET6;
  EXPECT_EQ(call.run(u"TWO.test", kNull), kDone);
  EXPECT_EQ(call.addresses(), Texts{"[2001:db8::10]:0"});
}

CONFORMANCE_TEST(NameWorld, OnlyFamiliesThatTheMachineHasAreFoundIfAskedSo) {
  covers("A-003", "A-004");
  if (!in_own_world()) return repeat_in_own_world();
  dns().add_address("both.test", "192.0.2.10");
  dns().add_address("both.test", "2001:db8::10");
  Addresses call(*this);
  call.hints.ai_flags = AI_ADDRCONFIG;  // Its only IPv6 address is loopback, which does not count.
  EXPECT_EQ(call.run(u"both.test", u"1"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"192.0.2.10:1"});
  call.hints.ai_family = AF_INET6;
  EXPECT_EQ(call.run(u"both.test", u"1"), kNoMatch);
}

CONFORMANCE_TEST(NameWorld, AHostWithoutIpv6CanBeMapped) {
  covers("A-003", "A-004");
  if (!in_own_world()) return repeat_in_own_world();
  dns().add_address("four.test", "192.0.2.10");
  dns().add_address("both.test", "192.0.2.11");
  dns().add_address("both.test", "2001:db8::11");
  Addresses call(*this);
  call.hints.ai_family = AF_INET6;
  EXPECT_EQ(call.run(u"four.test", u"1"), kNoMatch);
  call.hints.ai_flags = AI_V4MAPPED;
  EXPECT_EQ(call.run(u"four.test", u"1"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"[::ffff:192.0.2.10]:1"});
  EXPECT_EQ(call.run(u"both.test", u"1"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"[2001:db8::11]:1"});
  call.hints.ai_flags = AI_V4MAPPED | AI_ALL;
  EXPECT_EQ(call.run(u"both.test", u"1"), kDone);
  EXPECT_EQ(sorted(call.addresses()), (Texts{"[2001:db8::11]:1", "[::ffff:192.0.2.11]:1"}));
}

CONFORMANCE_TEST(NameWorld, TheCanonicalNameIsWhereAliasesLead) {
  covers("A-003", "A-005");
  if (!in_own_world()) return repeat_in_own_world();
  dns().add_alias("www.test", "real.test");
  dns().add_address("real.test", "192.0.2.10");
  dns().add_address("flat.corp.test", "192.0.2.11");
  Addresses call(*this);
  EXPECT_EQ(call.run(u"www.test", u"1"), kDone);
  EXPECT_EQ(call.canonical_name(), "-");
  call.hints.ai_flags = AI_CANONNAME;
  EXPECT_EQ(call.run(u"www.test", u"1"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"192.0.2.10:1"});
  EXPECT_EQ(call.canonical_name(), "real.test");
  call.hints.ai_flags = AI_FQDN;
  EXPECT_EQ(call.run(u"flat", u"1"), kDone);
  EXPECT_EQ(call.canonical_name(), "flat.corp.test");
}

CONFORMANCE_TEST(NameWorld, FilesComeBeforeDns) {
  covers("A-002", "A-003");
  if (!in_own_world()) return repeat_in_own_world();
  dns().add_address("box", "192.0.2.99");
  Addresses call(*this);
  EXPECT_EQ(call.run(u"box", u"1"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"192.0.2.1:1"});
  EXPECT_EQ(call.run(u"localhost", u"1"), kDone);
  EXPECT_EQ(sorted(call.addresses()), (Texts{"127.0.0.1:1", "[::1]:1"}));
  EXPECT_FALSE(dns().was_asked("box"));
  EXPECT_FALSE(dns().was_asked("localhost"));
}

CONFORMANCE_TEST(NameWorld, AnEmptyNameIsThisMachine) {
  covers("A-003");
  if (!in_own_world()) return repeat_in_own_world();
  Addresses call(*this);
  for (const auto* name : {u"", u"..localmachine"}) {
    EXPECT_EQ(call.run(name, u"7"), kDone);
    EXPECT_EQ(call.addresses(), Texts{"192.0.2.1:7"});
    EXPECT_EQ(call.run(name, kNull), kDone);
    EXPECT_EQ(call.addresses(), Texts{"192.0.2.1:0"});
  }
  EXPECT_EQ(call.run(u"", u""), kDone);
  EXPECT_EQ(call.addresses(), Texts{"192.0.2.1:0"});
}

CONFORMANCE_TEST(NameWorld, AServiceHasThePortOfItsProtocol) {
  covers("A-002", "A-003", "A-005");
  if (!in_own_world()) return repeat_in_own_world();
  Addresses call(*this);
  const auto ports = [&](INT type, INT protocol, const char16_t* service) {
    call.hints.ai_socktype = type;
    call.hints.ai_protocol = protocol;
    call.run(u"::1", service);
    return call.addresses();
  };
  EXPECT_EQ(ports(SOCK_STREAM, 0, u"blink"), Texts{"[::1]:4001"});
  EXPECT_EQ(ports(SOCK_DGRAM, 0, u"blink"), Texts{"[::1]:4002"});
  EXPECT_EQ(ports(0, IPPROTO_TCP, u"blink"), Texts{"[::1]:4001"});
  EXPECT_EQ(ports(0, IPPROTO_UDP, u"blink"), Texts{"[::1]:4002"});
  EXPECT_EQ(ports(0, 0, u"rays"), Texts{"[::1]:4003"});
  EXPECT_EQ(ports(SOCK_RAW, 0, u"12"), Texts{"[::1]:12"});
  EXPECT_EQ(sorted(ports(0, 0, u"blink")), (Texts{"[::1]:4001", "[::1]:4002"}));
  EXPECT_EQ(ports(SOCK_STREAM, 0, u"rays"), Texts{});
  call.hints = {.ai_socktype = SOCK_STREAM};
  EXPECT_EQ(call.run(u"::1", u"rays"), kNoMatch);
  EXPECT_EQ(call.run(u"::1", u"no-such-service"), kNoMatch);
}

CONFORMANCE_TEST(NameWorld, WhatCannotBeResolvedDoesNotMatch) {
  covers("A-001", "A-012");
  if (!in_own_world()) return repeat_in_own_world();
  dns().add_alias("empty.test", "nowhere.test");  // It exists, and has no address.
  dns().fail("broken.test");
  Addresses call(*this);
  for (const auto* name : {u"missing.test", u"empty.test", u"broken.test", u"flat-and-missing"}) {
    EXPECT_EQ(call.run(name, u"80"), kNoMatch);
    EXPECT_EQ(call.list(), nullptr);
  }
  EXPECT_EQ(call.run(std::u16string(300, u'a'), u"80"), kNoMatch);
  EXPECT_EQ(call.run(u"a..test", u"80"), kNoMatch);
  dns_.reset();  // Now nobody is there to be asked.
  EXPECT_EQ(call.run(u"missing.test", u"80"), kNoMatch);
}

CONFORMANCE_TEST(NameWorldAsWindows, AnUnknownHostIsNotFoundThere) {
  covers("A-001");
  if (!in_own_world()) return repeat_in_own_world();
  Addresses call(*this);
  EXPECT_EQ(call.run(u"missing.test", u"80"), (Completed{STATUS_NOT_FOUND, 0}));
  EXPECT_TRUE(call.irp().returned_as(STATUS_PENDING));
  EXPECT_EQ(call.list(), nullptr);
}

CONFORMANCE_TEST(NameWorld, AHostOutsideOfAsciiIsAskedForInPunycode) {
  covers("A-003");
  if (!in_own_world()) return repeat_in_own_world();
  dns().add_address("xn--bcher-kva.test", "192.0.2.10");
  Addresses call(*this);
  EXPECT_EQ(call.run(u"b\u00fccher.test", u"1"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"192.0.2.10:1"});
  // As it is, it is a name of /etc/hosts only: libc asks no server for such a name.
  call.hints.ai_flags = AI_DISABLE_IDN_ENCODING;
  EXPECT_EQ(call.run(u"b\u00fccher.test", u"1"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"192.0.2.2:1"});
}

// ---- names

CONFORMANCE_TEST(NameWorld, AnAddressHasAFullNameAndAPortAService) {
  covers("A-013", "A-016", "A-018");
  if (!in_own_world()) return repeat_in_own_world();
  dns().add_pointer("10.2.0.192.in-addr.arpa", "ten.other.test");
  Names call(*this);
  EXPECT_EQ(call.run(ipv4(0xC000020A, 4001), 0), kDone);
  EXPECT_TRUE(call.irp().returned_as(STATUS_PENDING));
  EXPECT_EQ(call.node(), "ten.other.test");
  EXPECT_EQ(call.service(), "blink");
  EXPECT_EQ(call.run(ipv4(0xC000020A, 4002), NI_DGRAM), kDone);
  EXPECT_EQ(call.service(), "blink");
  EXPECT_EQ(call.run(ipv4(0xC000020A, 4002), 0), kDone);
  EXPECT_EQ(call.service(), "4002");  // A port of UDP.
  EXPECT_EQ(call.run(loopback(1, IpVersion::k6), 0), kDone);
  EXPECT_EQ(call.node(), "localhost");
}

CONFORMANCE_TEST(NameWorld, AHostOfTheOwnDomainCanBeNamedShort) {
  covers("A-020", "A-016");
  if (!in_own_world()) return repeat_in_own_world();
  dns().add_pointer("10.2.0.192.in-addr.arpa", "ten.corp.test");
  dns().add_pointer("11.2.0.192.in-addr.arpa", "eleven.other.test");
  Names call(*this);
  EXPECT_EQ(call.run(ipv4(0xC000020A, 1), 0), kDone);
  EXPECT_EQ(call.node(), "ten.corp.test");
  EXPECT_EQ(call.run(ipv4(0xC000020A, 1), NI_NOFQDN), kDone);
  EXPECT_EQ(call.node(), "ten");
  EXPECT_EQ(call.run(ipv4(0xC000020B, 1), NI_NOFQDN), kDone);
  EXPECT_EQ(call.node(), "eleven.other.test");
}

CONFORMANCE_TEST(NameWorld, AHostWithoutANameIsItsAddressUnlessANameIsRequired) {
  covers("A-019", "A-021", "A-022", "A-013");
  if (!in_own_world()) return repeat_in_own_world();
  dns().fail("11.2.0.192.in-addr.arpa");
  Names call(*this);
  for (const std::uint32_t address : {0xC000020Au, 0xC000020Bu}) {
    EXPECT_EQ(call.run(ipv4(address, 4001), NI_NUMERICSERV), kDone);
    EXPECT_EQ(call.node(), address == 0xC000020A ? "192.0.2.10" : "192.0.2.11");
    EXPECT_EQ(call.service(), "4001");
    EXPECT_EQ(call.run(ipv4(address, 4001), NI_NAMEREQD), kNoMatch);
    EXPECT_EQ(call.node() + call.service(), "??");
  }
  EXPECT_EQ(call.run(ipv4(0xC0000201, 4001), NI_NAMEREQD), kDone);
  EXPECT_EQ(call.node(), "box.corp.test");
  EXPECT_EQ(call.run(ipv4(0xC0000201, 4001), NI_NUMERICHOST), kDone);
  EXPECT_EQ(call.node(), "192.0.2.1");
  EXPECT_EQ(call.service(), "blink");
}

// ---- servers that are slow

CONFORMANCE_TEST(NameWorld, ACallThatWaitsForAServerCanBeCancelled) {
  covers("I-022", "A-001", "A-012", "A-013");
  if (!in_own_world()) return repeat_in_own_world();
  dns().hold("slow.test");
  dns().hold("10.2.0.192.in-addr.arpa");
  dns().add_address("slow.test", "192.0.2.10");
  Addresses addresses(*this);
  Names names(*this);
  addresses.start(u"slow.test", u"1");
  names.start(ipv4(0xC000020A, 1), 0);
  EXPECT_EQ(addresses.irp().returned(), STATUS_PENDING);
  EXPECT_EQ(names.irp().returned(), STATUS_PENDING);
  dns().wait_asked("slow.test");
  dns().wait_asked("10.2.0.192.in-addr.arpa");
  EXPECT_FALSE(addresses.irp().completed());
  EXPECT_FALSE(names.irp().completed());

  IoCancelIrp(addresses.irp().irp());
  IoCancelIrp(names.irp().irp());
  EXPECT_EQ(addresses.wait(), kCancelled);
  EXPECT_EQ(names.wait(), kCancelled);
  EXPECT_EQ(addresses.list(), nullptr);
  EXPECT_EQ(names.node() + names.service(), "??");

  // What the server says in the end reaches nobody, and the IRPs serve other calls meanwhile.
  dns().release("slow.test");
  dns().release("10.2.0.192.in-addr.arpa");
  EXPECT_EQ(addresses.run(u"slow.test", u"2"), kDone);
  EXPECT_EQ(addresses.addresses(), Texts{"192.0.2.10:2"});
  EXPECT_EQ(addresses.irp().completions(), 1);
}

CONFORMANCE_TEST(NameWorld, ASlowServerKeepsOnlyItsOwnCallWaiting) {
  covers("A-001", "A-007", "I-003");
  if (!in_own_world()) return repeat_in_own_world();
  dns().hold("slow.test");
  dns().add_address("slow.test", "192.0.2.10");
  dns().add_address("fast.test", "192.0.2.11");
  Addresses slow(*this), fast(*this);
  slow.hints.ai_family = AF_INET;
  slow.start(u"slow.test", u"1");
  dns().wait_asked("slow.test");
  EXPECT_EQ(fast.run(u"fast.test", u"1"), kDone);
  EXPECT_FALSE(slow.irp().completed());
  dns().release("slow.test");
  EXPECT_EQ(slow.wait(), kDone);
  EXPECT_EQ(slow.addresses(), Texts{"192.0.2.10:1"});
}

CONFORMANCE_TEST(NameWorld, DeregistrationWaitsForACall) {
  covers("N-025");
  if (!in_own_world()) return repeat_in_own_world();
  static constexpr WSK_CLIENT_DISPATCH kDispatch = {MAKE_WSK_VERSION(1, 0), 0, nullptr};
  dns().hold("slow.test");
  dns().add_address("slow.test", "192.0.2.10");
  WSK_CLIENT_NPI client = {nullptr, &kDispatch};
  WSK_REGISTRATION registration;
  WSK_PROVIDER_NPI npi;
  ASSERT_EQ(WskRegister(&client, &registration), STATUS_SUCCESS);
  ASSERT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_SUCCESS);
  AddressInfoCall call(*npi.Dispatch, npi.Client);
  call.hints.ai_family = AF_INET;
  call.start(u"slow.test", u"1");
  dns().wait_asked("slow.test");
  WskReleaseProviderNPI(&registration);

  std::atomic<bool> done = false;
  bool completed_before = false;
  std::thread thread([&] {
    WskDeregister(&registration);
    completed_before = call.irp().completed();
    done = true;
  });
  WSK_PROVIDER_NPI more;
  while (WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &more) == STATUS_SUCCESS) {
    WskReleaseProviderNPI(&registration);
    std::this_thread::yield();
  }
  EXPECT_FALSE(done);  // It has begun.
  dns().release("slow.test");
  thread.join();
  EXPECT_TRUE(completed_before);
  EXPECT_EQ(call.wait(), kDone);
  provider().WskFreeAddressInfo(this->client(), call.take());  // Its own client is gone.
}

CONFORMANCE_TEST(NameWorld, TheRuntimeEndsWithoutWaitingForAServer) {
  covers("N-025");
  if (!in_own_world()) return repeat_in_own_world();
  dns().hold("slow.test");
  {
    Addresses call(*this);
    call.hints.ai_family = AF_INET;
    call.start(u"slow.test", u"1");
    dns().wait_asked("slow.test");
    IoCancelIrp(call.irp().irp());
    EXPECT_EQ(call.wait(), kCancelled);
  }
  TearDown();
  EXPECT_EQ(resolver_threads(), 1);  // libc waits there for the server, alone.

  start_runtime();
  {
    Addresses call(*this);
    EXPECT_EQ(call.run(u"box", u"1"), kDone);
  }
  dns().release("slow.test");
  TearDown();
  while (resolver_threads() != 0) std::this_thread::yield();
}

}  // namespace
}  // namespace wskrun::tests
