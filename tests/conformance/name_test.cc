// WskGetAddressInfo, WskFreeAddressInfo and WskGetNameInfo as far as they ask nobody: numbers, what
// is wrong with a call, lists, buffers. name_world_test.cc has names.
#include <wskrun/host.h>

#include "kit/fixture.h"
#include "kit/name_calls.h"

namespace wskrun::tests {
namespace {

using Texts = std::vector<std::string>;

constexpr Completed kDone = {STATUS_SUCCESS, 0};
constexpr Completed kInvalid = {STATUS_INVALID_PARAMETER, 0};
constexpr Completed kNotSupported = {STATUS_NOT_SUPPORTED, 0};
constexpr Completed kNoMatch = {STATUS_NO_MATCH, 0};

constexpr std::nullopt_t kNull = std::nullopt;

std::uint64_t mistakes() {
  wskrun_statistics now{};
  wskrun_statistics_now(&now);
  return now.mistakes;
}

class NameTest : public ConformanceTest {
 protected:
  // A call for numbers of IPv4 over TCP, to begin with.
  struct Addresses : AddressInfoCall {
    explicit Addresses(const NameTest& test) : AddressInfoCall(test.provider(), test.client()) {
      hints.ai_socktype = SOCK_STREAM;
      hints.ai_protocol = IPPROTO_TCP;
    }
  };
  struct Names : NameInfoCall {
    explicit Names(const NameTest& test) : NameInfoCall(test.provider(), test.client()) {}
  };
};

class Name : public NameTest {};
INSTANTIATE_TEST_SUITE_P(, Name, ::testing::ValuesIn(kBackends), name_of);

class NameAsWindows : public NameTest {
  void adjust(wskrun_options& options) override { options.compat = WSKRUN_AS_WINDOWS; }
};
INSTANTIATE_TEST_SUITE_P(, NameAsWindows, ::testing::ValuesIn(kBackends), name_of);

// ---- WskGetAddressInfo

CONFORMANCE_TEST(Name, NumbersBecomeAddresses) {
  covers("A-001", "A-002", "A-005", "A-012", "A-023", "I-003");
  EXPECT_GE(provider().Version, MAKE_WSK_VERSION(1, 0));
  Addresses call(*this);
  EXPECT_EQ(call.run(u"127.0.0.1", u"80"), kDone);
  EXPECT_TRUE(call.irp().returned_as(STATUS_PENDING));
  EXPECT_EQ(call.irp().completions(), 1);
  EXPECT_EQ(call.addresses(), Texts{"127.0.0.1:80"});
  EXPECT_EQ(call.run(u"::1", u"65535"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"[::1]:65535"});
  EXPECT_EQ(call.run(u"fe80::1:2", kNull), kDone);
  EXPECT_EQ(call.addresses(), Texts{"[fe80::1:2]:0"});
}

CONFORMANCE_TEST(Name, AListSaysWhatItWasAskedFor) {
  covers("A-003", "A-005");
  Addresses call(*this);
  EXPECT_EQ(call.run(u"127.0.0.1", u"80"), kDone);
  const ADDRINFOEXW& first = *call.list();
  EXPECT_EQ(first.ai_family, AF_INET);
  EXPECT_EQ(first.ai_socktype, SOCK_STREAM);
  EXPECT_EQ(first.ai_protocol, IPPROTO_TCP);
  EXPECT_EQ(first.ai_canonname, nullptr);
  EXPECT_EQ(first.ai_blob, nullptr);
  EXPECT_EQ(first.ai_bloblen, 0u);
  EXPECT_EQ(first.ai_provider, nullptr);

  // Without hints an address is there once, not once for each type of socket.
  call.has_hints = false;
  EXPECT_EQ(call.run(u"127.0.0.1", u"80"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"127.0.0.1:80"});
  EXPECT_EQ(call.list()->ai_socktype, 0);
  EXPECT_EQ(call.list()->ai_protocol, 0);
}

CONFORMANCE_TEST(Name, EveryTypeAndProtocolThatWindowsTakesIsTaken) {
  covers("A-003", "A-004");
  Addresses call(*this);
  for (const INT type : {0, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW}) {
    for (const INT protocol : {0, +IPPROTO_TCP, +IPPROTO_UDP, +IPPROTO_IPV6, 999}) {
      call.hints.ai_socktype = type;
      call.hints.ai_protocol = protocol;
      EXPECT_EQ(call.run(u"::1", u"7"), kDone) << type << " " << protocol;
      EXPECT_EQ(call.addresses(), Texts{"[::1]:7"});
      EXPECT_EQ(call.list()->ai_socktype, type);
      EXPECT_EQ(call.list()->ai_protocol, protocol);
    }
  }
}

CONFORMANCE_TEST(Name, HintsRestrictTheFamily) {
  covers("A-004");
  Addresses call(*this);
  call.hints.ai_family = AF_INET;
  EXPECT_EQ(call.run(u"127.0.0.1", u"1"), kDone);
  EXPECT_EQ(call.run(u"::1", u"1"), kNoMatch);
  EXPECT_EQ(call.list(), nullptr);
  call.hints.ai_family = AF_INET6;
  EXPECT_EQ(call.run(u"127.0.0.1", u"1"), kNoMatch);
  call.hints.ai_flags = AI_V4MAPPED;
  EXPECT_EQ(call.run(u"127.0.0.1", u"1"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"[::ffff:127.0.0.1]:1"});
}

CONFORMANCE_TEST(Name, WithoutANodeItIsLoopbackOrTheWildcard) {
  covers("A-002", "A-003");
  Addresses call(*this);
  call.hints.ai_family = AF_INET;
  EXPECT_EQ(call.run(kNull, u"443"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"127.0.0.1:443"});
  call.hints.ai_flags = AI_PASSIVE;
  EXPECT_EQ(call.run(kNull, u"443"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"0.0.0.0:443"});
  call.hints.ai_family = AF_INET6;
  EXPECT_EQ(call.run(kNull, u"443"), kDone);
  EXPECT_EQ(call.addresses(), Texts{"[::]:443"});
  call.hints = {};
  EXPECT_EQ(call.run(kNull, u""), kDone);
  EXPECT_EQ(call.addresses().size(), 2u);
}

CONFORMANCE_TEST(Name, BothNamesAbsentIsAnError) {
  covers("A-003");
  Addresses call(*this);
  UNICODE_STRING absent{};  // As RtlInitUnicodeString makes it of a null pointer.
  PADDRINFOEXW list = nullptr;
  IrpCall irp;
  EXPECT_EQ(call.run(kNull, kNull), kInvalid);
  EXPECT_TRUE(call.irp().returned_as(STATUS_INVALID_PARAMETER));
  irp.start([&](PIRP each) {
    return provider().WskGetAddressInfo(client(), &absent, &absent, NS_ALL, nullptr, nullptr, &list,
                                        nullptr, nullptr, each);
  });
  EXPECT_EQ(irp.wait(), kInvalid);
}

CONFORMANCE_TEST(Name, TheCanonicalNameOfNumbersIsTheNumbers) {
  covers("A-003", "A-005");
  Addresses call(*this);
  for (const ULONG flag : {AI_CANONNAME, AI_FQDN}) {
    call.hints.ai_flags = static_cast<INT>(flag);
    EXPECT_EQ(call.run(u"127.0.0.1", u"1"), kDone);
    EXPECT_EQ(call.canonical_name(), "127.0.0.1");
    EXPECT_EQ(call.run(kNull, u"1"), kInvalid) << "a name of no node";
  }
  call.hints.ai_flags = AI_CANONNAME | AI_FQDN;
  EXPECT_EQ(call.run(u"127.0.0.1", u"1"), kInvalid);
}

CONFORMANCE_TEST(Name, WhatIsNoNumberDoesNotMatchWhereANumberIsAskedFor) {
  covers("A-001", "A-004", "A-012");
  Addresses call(*this);
  call.hints.ai_flags = AI_NUMERICHOST;
  for (const auto* node : {u"localhost", u"1.2.3.4.5", u"no such thing"}) {
    EXPECT_EQ(call.run(node, u"1"), kNoMatch);
    EXPECT_EQ(call.list(), nullptr);
  }
  EXPECT_EQ(call.run(kNull, u"1"), kNoMatch);
  call.hints.ai_flags = AI_NUMERICSERV;
  EXPECT_EQ(call.run(u"::1", u"http"), kNoMatch);
  EXPECT_EQ(call.run(u"::1", kNull), kNoMatch);
  EXPECT_EQ(call.run(u"::1", u"1"), kDone);
}

CONFORMANCE_TEST(Name, APortThatCannotBeDoesNotMatch) {
  covers("A-001", "A-002");
  Addresses call(*this);
  for (const auto* port : {u"65536", u"1000000000000000000000", u"-1"}) {
    EXPECT_EQ(call.run(u"::1", port), kNoMatch);
  }
}

CONFORMANCE_TEST(NameAsWindows, WhatDoesNotMatchIsNotFoundThere) {
  covers("A-001", "A-012");
  Addresses call(*this);
  call.hints.ai_flags = AI_NUMERICHOST;
  EXPECT_EQ(call.run(u"localhost", u"1"), (Completed{STATUS_NOT_FOUND, 0}));
  EXPECT_TRUE(call.irp().returned_as(STATUS_PENDING));
}

CONFORMANCE_TEST(Name, FlagsThatThereAreNotAreErrors) {
  covers("A-003", "A-004");
  Addresses call(*this);
  for (const ULONG flag : {0x00000200u, 0x00001000u, 0x00400000u, 0x08000000u}) {
    call.hints.ai_flags = static_cast<INT>(flag);
    EXPECT_EQ(call.run(u"::1", u"1"), kInvalid) << std::hex << flag;
  }
  for (const ULONG flag :
       {AI_DNS_ONLY, AI_FORCE_CLEAR_TEXT, AI_RETURN_TTL, AI_SECURE, AI_RETURN_PREFERRED_NAMES,
        AI_SECURE_WITH_FALLBACK, AI_EXCLUSIVE_CUSTOM_SERVERS, AI_RETURN_RESPONSE_FLAGS,
        AI_REQUIRE_SECURE, AI_RESOLUTION_HANDLE}) {
    call.hints.ai_flags = static_cast<INT>(flag);
    EXPECT_EQ(call.run(u"::1", u"1"), kNotSupported) << std::hex << flag;
  }
  call.hints.ai_flags = static_cast<INT>(AI_EXTENDED);
  EXPECT_EQ(call.run(u"::1", u"1"), kNotSupported);
  for (const ULONG flag : {AI_ALL, AI_BYPASS_DNS_CACHE, AI_FILESERVER, AI_NON_AUTHORITATIVE,
                           AI_DISABLE_IDN_ENCODING}) {
    call.hints.ai_flags = static_cast<INT>(flag);
    EXPECT_EQ(call.run(u"::1", u"1"), kDone) << std::hex << flag;
  }
}

CONFORMANCE_TEST(Name, HintsThatThereAreNotAreErrors) {
  covers("A-003", "A-004");
  Addresses call(*this);
  call.hints.ai_family = AF_UNIX;
  EXPECT_EQ(call.run(u"::1", u"1"), kNotSupported);
  call.hints = {.ai_socktype = 999};
  EXPECT_EQ(call.run(u"::1", u"1"), kNotSupported);
  call.hints = {.ai_socktype = -1};
  EXPECT_EQ(call.run(u"::1", u"1"), kNotSupported);

  WCHAR text[] = {u'x', 0};
  GUID guid{};
  Sockaddr address = loopback(1);
  const ADDRINFOEXW wrong[] = {
      {.ai_addrlen = 16}, {.ai_canonname = text}, {.ai_addr = address.get()}, {.ai_blob = text},
      {.ai_bloblen = 1},  {.ai_provider = &guid}, {.ai_next = &call.hints}};
  for (const ADDRINFOEXW& each : wrong) {
    call.hints = each;
    EXPECT_EQ(call.run(u"::1", u"1"), kInvalid);
  }
}

CONFORMANCE_TEST(Name, NamespacesAndProvidersAreWhatWindowsCallsItsOwn) {
  covers("A-004");
  Addresses call(*this);
  GUID tcpip = {0x22059d40, 0x7e9e, 0x11cf, {0xae, 0x5a, 0x00, 0xaa, 0x00, 0xa7, 0x11, 0x2b}};
  GUID other = {0x12345678, 1, 2, {3}};
  call.name_space = NS_DNS;
  EXPECT_EQ(call.run(u"::1", u"1"), kDone);
  call.provider = &tcpip;
  EXPECT_EQ(call.run(u"::1", u"1"), kDone);
  call.provider = &other;
  EXPECT_EQ(call.run(u"::1", u"1"), kNotSupported);
  call.provider = nullptr;
  for (const ULONG name_space : {NS_NETBT, NS_WINS, NS_EMAIL, 12345}) {
    call.name_space = name_space;
    EXPECT_EQ(call.run(u"::1", u"1"), kNotSupported) << name_space;
  }
}

CONFORMANCE_TEST(Name, HalfACharacterIsAnErrorAndSoIsANul) {
  covers("A-002");
  const std::uint64_t before = mistakes();
  const std::u16string wrong[] = {u"\xD800", u"a\xDC00z", u"\xD83D\xD83D", std::u16string(1, u'\0'),
                                  std::u16string(u"::1\0", 4)};
  Addresses call(*this);
  for (const std::u16string& each : wrong) {
    EXPECT_EQ(call.run(each, u"1"), kInvalid);
    EXPECT_EQ(call.run(u"::1", each), kInvalid);
  }
  EXPECT_EQ(mistakes(), before + 10);

  WCHAR digits[] = {u'1', u'2'};
  UNICODE_STRING odd = {3, 4, digits}, nowhere = {2, 2, nullptr};
  for (PUNICODE_STRING each : {&odd, &nowhere}) {
    PADDRINFOEXW list = nullptr;
    IrpCall irp;
    irp.start([&](PIRP pending) {
      return provider().WskGetAddressInfo(client(), nullptr, each, NS_ALL, nullptr, nullptr, &list,
                                          nullptr, nullptr, pending);
    });
    EXPECT_EQ(irp.wait(), kInvalid);
  }
}

CONFORMANCE_TEST(Name, TheIrpIsCheckedBeforeEverythingElse) {
  covers("A-012", "I-024");
  const auto wild = reinterpret_cast<PUNICODE_STRING>(0x10);
  PADDRINFOEXW list = reinterpret_cast<PADDRINFOEXW>(0x10);
  EXPECT_EQ(provider().WskGetAddressInfo(nullptr, wild, wild, 77, nullptr, nullptr, &list, nullptr,
                                         nullptr, nullptr),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(list, reinterpret_cast<PADDRINFOEXW>(0x10));
  EXPECT_EQ(
      provider().WskGetNameInfo(nullptr, nullptr, 0, wild, wild, 77, nullptr, nullptr, nullptr),
      STATUS_INVALID_PARAMETER);
}

CONFORMANCE_TEST(Name, AClientThatIsNoneLeavesTheIrpAlone) {
  covers("A-001", "A-013");
  const PIRP irp = IoAllocateIrp(1, FALSE);
  UnicodeText node(u"::1");
  UNICODE_STRING name{};
  Sockaddr address = loopback(1);
  PADDRINFOEXW list = nullptr;
  EXPECT_EQ(provider().WskGetAddressInfo(nullptr, node.get(), nullptr, NS_ALL, nullptr, nullptr,
                                         &list, nullptr, nullptr, irp),
            STATUS_INVALID_HANDLE);
  EXPECT_EQ(provider().WskGetNameInfo(nullptr, address.get(), sizeof(SOCKADDR_IN), &name, nullptr,
                                      0, nullptr, nullptr, irp),
            STATUS_INVALID_HANDLE);
  EXPECT_EQ(irp->CurrentLocation, irp->StackCount + 1);
  IoFreeIrp(irp);
}

CONFORMANCE_TEST(Name, AResultIsNeededAndNullWhereThereIsNone) {
  covers("A-001", "A-005");
  UnicodeText node(u"::1"), service(u"no number");
  IrpCall irp;
  irp.start([&](PIRP each) {
    return provider().WskGetAddressInfo(client(), node.get(), nullptr, NS_ALL, nullptr, nullptr,
                                        nullptr, nullptr, nullptr, each);
  });
  EXPECT_EQ(irp.wait(), kInvalid);
  ADDRINFOEXW hints = {.ai_flags = AI_NUMERICSERV};
  PADDRINFOEXW list = &hints;
  irp.start([&](PIRP each) {
    return provider().WskGetAddressInfo(client(), node.get(), service.get(), NS_ALL, nullptr,
                                        &hints, &list, nullptr, nullptr, each);
  });
  EXPECT_EQ(irp.wait(), kNoMatch);
  EXPECT_EQ(list, nullptr);
}

CONFORMANCE_TEST(Name, AnOwningThreadGoesWithItsProcess) {
  covers("A-010");
  Addresses addresses(*this);
  Names names(*this);
  addresses.thread = names.thread = PsGetCurrentThread();
  EXPECT_EQ(addresses.run(u"::1", u"1"), kInvalid);
  EXPECT_EQ(names.run(loopback(1), NI_NUMERICHOST | NI_NUMERICSERV), kInvalid);
  addresses.process = names.process = IoGetCurrentProcess();
  EXPECT_EQ(addresses.run(u"::1", u"1"), kDone);
  EXPECT_EQ(names.run(loopback(1), NI_NUMERICHOST | NI_NUMERICSERV), kDone);
}

CONFORMANCE_TEST(Name, ACallOfEitherKindIsForPassiveLevel) {
  covers("IRQL-005", "IRQL-015");
  Addresses addresses(*this);
  Names names(*this);
  const std::uint64_t before = mistakes();
  EXPECT_EQ(addresses.run(u"::1", u"1"), kDone);
  addresses.free();
  EXPECT_EQ(mistakes(), before);

  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  addresses.start(u"::1", u"1");
  names.start(loopback(1), NI_NUMERICHOST | NI_NUMERICSERV);
  KeLowerIrql(old);
  EXPECT_EQ(addresses.wait(), kDone);
  EXPECT_EQ(names.wait(), kDone);
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  addresses.free();
  KeLowerIrql(old);
  EXPECT_EQ(mistakes(), before + 3);
}

CONFORMANCE_TEST(Name, AnIrpThatWasCancelledBeforeEndsCancelled) {
  covers("I-022");
  const PIRP irp = IoAllocateIrp(1, FALSE);
  KEVENT done;
  KeInitializeEvent(&done, NotificationEvent, FALSE);
  IoSetCompletionRoutine(
      irp,
      [](PDEVICE_OBJECT, PIRP, PVOID event) {
        KeSetEvent(static_cast<PKEVENT>(event), IO_NO_INCREMENT, FALSE);
        return NTSTATUS{STATUS_MORE_PROCESSING_REQUIRED};
      },
      &done, TRUE, TRUE, TRUE);
  UnicodeText node(u"::1");
  PADDRINFOEXW list = nullptr;
  IoCancelIrp(irp);
  provider().WskGetAddressInfo(client(), node.get(), nullptr, NS_ALL, nullptr, nullptr, &list,
                               nullptr, nullptr, irp);
  wait_for_event(done, "the end of a cancelled call");
  EXPECT_EQ(irp->IoStatus.Status, STATUS_CANCELLED);
  EXPECT_EQ(list, nullptr);
  IoFreeIrp(irp);
}

// ---- WskFreeAddressInfo

CONFORMANCE_TEST(Name, AListIsFreedAsAWhole) {
  covers("A-006", "A-008");
  Addresses call(*this);
  call.hints = {};
  EXPECT_EQ(call.run(kNull, u"1"), kDone);
  ASSERT_NE(call.list()->ai_next, nullptr);
  // The driver may write what it likes into what it was given.
  const PADDRINFOEXW list = call.take();
  list->ai_next = nullptr;
  list->ai_addr = nullptr;
  const std::uint64_t before = mistakes();
  provider().WskFreeAddressInfo(client(), list);
  EXPECT_EQ(mistakes(), before);  // And the fixture finds that nothing is left.
}

CONFORMANCE_TEST(Name, FreeingWhatIsNoListIsReportedAndHarmless) {
  covers("A-006");
  Addresses call(*this);
  call.hints = {};
  EXPECT_EQ(call.run(kNull, u"1"), kDone);
  const std::uint64_t before = mistakes();
  ADDRINFOEXW own{};
  provider().WskFreeAddressInfo(client(), nullptr);
  provider().WskFreeAddressInfo(client(), &own);
  provider().WskFreeAddressInfo(client(), reinterpret_cast<PADDRINFOEXW>(0x10));
  provider().WskFreeAddressInfo(client(), call.list()->ai_next);  // Not the head.
  EXPECT_EQ(mistakes(), before + 4);
  EXPECT_EQ(call.addresses().size(), 2u);

  const PADDRINFOEXW list = call.take();
  provider().WskFreeAddressInfo(client(), list);
  provider().WskFreeAddressInfo(client(), list);
  EXPECT_EQ(mistakes(), before + 5);
}

CONFORMANCE_TEST(Name, AListThatIsKeptIsReportedAsLeft) {
  covers("A-006");
  Addresses call(*this);
  EXPECT_EQ(call.run(u"::1", u"1"), kDone);
  wskrun_report* held = wskrun_runtime_holdings(runtime());
  bool is_there = false;
  for (std::size_t i = 0; i < wskrun_report_count(held); ++i) {
    const wskrun_holding* each = wskrun_report_entry(held, i);
    if (each->kind != WSKRUN_ADDRESS_LIST) continue;
    is_there = true;
    EXPECT_STREQ(each->kind_name, "address list");
    EXPECT_EQ(each->address, call.list());
    EXPECT_GE(each->size_bytes, sizeof(ADDRINFOEXW) + sizeof(SOCKADDR_IN6));
    EXPECT_NE(std::string(each->place).find("conformance_tests"), std::string::npos) << each->place;
  }
  wskrun_report_free(held);
  EXPECT_TRUE(is_there);
}

// ---- WskGetNameInfo

constexpr ULONG kNumbers = NI_NUMERICHOST | NI_NUMERICSERV;

CONFORMANCE_TEST(Name, AddressesBecomeNumbers) {
  covers("A-013", "A-016", "A-021", "A-022", "I-003");
  Names call(*this);
  EXPECT_EQ(call.run(loopback(80), kNumbers), kDone);
  EXPECT_TRUE(call.irp().returned_as(STATUS_PENDING));
  EXPECT_EQ(call.node(), "127.0.0.1");
  EXPECT_EQ(call.service(), "80");
  EXPECT_EQ(call.run(loopback(0, IpVersion::k6), kNumbers), kDone);
  EXPECT_EQ(call.node(), "::1");
  EXPECT_EQ(call.service(), "0");

  Sockaddr zoned = loopback(1, IpVersion::k6);
  auto& in6 = reinterpret_cast<SOCKADDR_IN6&>(zoned.storage);
  in6.sin6_addr.u.Byte[0] = 0xFE;
  in6.sin6_addr.u.Byte[1] = 0x80;
  in6.sin6_scope_id = 1;
  EXPECT_EQ(call.run(zoned, kNumbers), kDone);
  EXPECT_EQ(call.node(), "fe80::1%1");
}

CONFORMANCE_TEST(Name, APartThatIsNotWantedIsNull) {
  covers("A-015");
  Names call(*this);
  call.wants_node = false;
  EXPECT_EQ(call.run(loopback(80), kNumbers), kDone);
  EXPECT_EQ(call.node(), "?");
  EXPECT_EQ(call.service(), "80");
  call.wants_node = true;
  call.wants_service = false;
  EXPECT_EQ(call.run(loopback(80), kNumbers), kDone);
  EXPECT_EQ(call.node(), "127.0.0.1");
  EXPECT_EQ(call.service(), "?");
  call.wants_node = false;
  EXPECT_EQ(call.run(loopback(80), kNumbers), kInvalid);
  EXPECT_TRUE(call.irp().returned_as(STATUS_INVALID_PARAMETER));
}

CONFORMANCE_TEST(Name, AStringNeedsRoomForItsNul) {
  covers("A-017");
  Names call(*this);
  call.node_room = 2 * sizeof "127.0.0.1";
  call.service_room = 2 * sizeof "80";
  EXPECT_EQ(call.run(loopback(80), kNumbers), kDone);
  EXPECT_EQ(call.node(), "127.0.0.1");
  EXPECT_EQ(call.service(), "80");

  const Completed too_small = {STATUS_BUFFER_TOO_SMALL, 0};
  --call.node_room;
  EXPECT_EQ(call.run(loopback(80), kNumbers), too_small);
  EXPECT_EQ(call.node() + call.service(), "??");
  call.node_room = 100;
  call.service_room -= 2;
  EXPECT_EQ(call.run(loopback(80), kNumbers), too_small);
  EXPECT_EQ(call.node() + call.service(), "??");
  call.service_room = 0;
  EXPECT_EQ(call.run(loopback(80), kNumbers), too_small);

  UNICODE_STRING nothing = {0, 100, nullptr};
  Sockaddr address = loopback(80);
  IrpCall irp;
  irp.start([&](PIRP each) {
    return provider().WskGetNameInfo(client(), address.get(), sizeof(SOCKADDR_IN), &nothing,
                                     nullptr, kNumbers, nullptr, nullptr, each);
  });
  EXPECT_EQ(irp.wait(), too_small);
}

CONFORMANCE_TEST(Name, AnAddressHasTheLengthOfItsFamily) {
  covers("A-014", "A-013");
  Names call(*this);
  call.length = sizeof(SOCKADDR_STORAGE);
  EXPECT_EQ(call.run(loopback(80), kNumbers), kDone);
  for (const ULONG length : {ULONG{1}, ULONG{sizeof(SOCKADDR_IN) - 1},
                             ULONG{sizeof(SOCKADDR_STORAGE) + 1}, 0x80000000u}) {
    call.length = length;
    EXPECT_EQ(call.run(loopback(80), kNumbers), kInvalid) << length;
  }
  call.length = sizeof(SOCKADDR_IN6) - 1;
  EXPECT_EQ(call.run(loopback(80, IpVersion::k6), kNumbers), kInvalid);
  call.length = sizeof(SOCKADDR_IN6);
  EXPECT_EQ(call.run(loopback(80, IpVersion::k6), kNumbers), kDone);

  Sockaddr unknown = loopback(80);
  unknown.get()->sa_family = AF_UNIX;
  call.length = sizeof(SOCKADDR_STORAGE);
  EXPECT_EQ(call.run(unknown, kNumbers), kInvalid);
  UNICODE_STRING name{};
  IrpCall irp;
  irp.start([&](PIRP each) {
    return provider().WskGetNameInfo(client(), nullptr, sizeof(SOCKADDR_IN), &name, nullptr,
                                     kNumbers, nullptr, nullptr, each);
  });
  EXPECT_EQ(irp.wait(), kInvalid);
}

CONFORMANCE_TEST(Name, NameFlagsThatThereAreNotAreErrors) {
  covers("A-013");
  Names call(*this);
  for (const ULONG flags : {0x20u, 0x80000000u, ULONG{NI_NUMERICHOST | NI_NAMEREQD}}) {
    EXPECT_EQ(call.run(loopback(80), flags), kInvalid) << flags;
    EXPECT_EQ(call.node() + call.service(), "??");
  }
}

// ---- both

CONFORMANCE_TEST(Name, ManyCallsAtOnceAreEachAnswered) {
  covers("A-001", "A-013", "I-002");
  constexpr std::size_t kMany = 64;
  std::vector<std::unique_ptr<Addresses>> addresses;
  std::vector<std::unique_ptr<Names>> names;
  for (std::size_t i = 0; i < kMany; ++i) {
    const std::u16string port(1, static_cast<char16_t>(u'0' + i % 10));
    addresses.push_back(std::make_unique<Addresses>(*this));
    addresses.back()->start(u"::1", port);
    names.push_back(std::make_unique<Names>(*this));
    names.back()->start(loopback(static_cast<std::uint16_t>(i)), kNumbers);
  }
  for (std::size_t i = 0; i < kMany; ++i) {
    EXPECT_EQ(addresses[i]->wait(), kDone);
    EXPECT_EQ(addresses[i]->addresses(), Texts{"[::1]:" + std::to_string(i % 10)});
    EXPECT_EQ(names[i]->wait(), kDone);
    EXPECT_EQ(names[i]->service(), std::to_string(i));
  }
}

CONFORMANCE_TEST(Name, CancellingRacesWithTheAnswerAndOneOfThemWins) {
  covers("I-022", "I-002");
  int cancelled = 0;
  for (int i = 0; i < 300; ++i) {
    Addresses call(*this);
    call.start(u"::1", u"1");
    IoCancelIrp(call.irp().irp());
    const Completed end = call.wait();
    EXPECT_EQ(call.irp().completions(), 1);
    if (end == (Completed{STATUS_CANCELLED, 0})) {
      ++cancelled;
      EXPECT_EQ(call.list(), nullptr);
    } else {
      EXPECT_EQ(end, kDone);
      EXPECT_EQ(call.addresses(), Texts{"[::1]:1"});
    }
  }
  EXPECT_TRUE(cancelled > 0 || !calls_end_naturally());
}

}  // namespace
}  // namespace wskrun::tests
