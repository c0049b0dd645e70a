// WskControlClient, code by code.
#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kit/fixture.h"
#include "kit/mistakes.h"
#include "kit/security.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(ClientControl);

alignas(16) char in_bytes[64];
alignas(16) char out_bytes[64];

PVOID memory(char* bytes, SIZE_T size) {
  return size == 0 ? nullptr : bytes;
}

// ---- every code

// One call: `input` bytes of zero go in, `output` bytes come out.
struct Row {
  const char* name;
  ULONG code;
  SIZE_T input;
  SIZE_T output;
  NTSTATUS without_irp;
  NTSTATUS with_irp;
};

CONFORMANCE_TEST(ClientControl, CodesHaveTheirStatuses) {
  covers("CL-001", "CL-004", "CL-014", "CL-015", "CL-017", "I-002");
  const NTSTATUS wrong = STATUS_INVALID_PARAMETER;
  constexpr SIZE_T kPointer = sizeof(PVOID);
  const Row cases[] = {
      {"no code", 0, 0, 0, STATUS_NOT_SUPPORTED, STATUS_NOT_SUPPORTED},
      {"no code", 4711, 0, 0, STATUS_NOT_SUPPORTED, STATUS_NOT_SUPPORTED},
      {"WSK_TRANSPORT_LIST_QUERY", WSK_TRANSPORT_LIST_QUERY, 0, 0, STATUS_BUFFER_OVERFLOW, wrong},
      {"... with input", WSK_TRANSPORT_LIST_QUERY, 4, 64, wrong, wrong},
      {"WSK_TRANSPORT_LIST_CHANGE with input", WSK_TRANSPORT_LIST_CHANGE, 4, 0, wrong, wrong},
      {"... with output", WSK_TRANSPORT_LIST_CHANGE, 0, 28, wrong, wrong},
      {"WSK_CACHE_SD of NULL", WSK_CACHE_SD, kPointer, kPointer, STATUS_INVALID_SECURITY_DESCR,
       wrong},
      {"... without output", WSK_CACHE_SD, kPointer, 0, wrong, wrong},
      {"... too long", WSK_CACHE_SD, kPointer, 2 * kPointer, wrong, wrong},
      {"WSK_RELEASE_SD of NULL", WSK_RELEASE_SD, kPointer, 0, wrong, wrong},
      {"... with output", WSK_RELEASE_SD, kPointer, kPointer, wrong, wrong},
      {"WSK_TDI_BEHAVIOR", WSK_TDI_BEHAVIOR, 4, 0, STATUS_SUCCESS, wrong},
      {"... too short", WSK_TDI_BEHAVIOR, 2, 0, wrong, wrong},
      {"WSK_TDI_DEVICENAME_MAPPING", WSK_TDI_DEVICENAME_MAPPING, sizeof(WSK_TDI_MAP_INFO), 0,
       STATUS_SUCCESS, wrong},
      {"... too short", WSK_TDI_DEVICENAME_MAPPING, 8, 0, wrong, wrong},
      {"static events, too short", WSK_SET_STATIC_EVENT_CALLBACKS, 8, 0, wrong, wrong},
  };
  for (const Row& each : cases) {
    const auto control_client = [&](PIRP irp) {
      return provider().WskControlClient(client(), each.code, each.input,
                                         memory(in_bytes, each.input), each.output,
                                         memory(out_bytes, each.output), nullptr, irp);
    };
    if (each.code != WSK_TRANSPORT_LIST_CHANGE) {
      EXPECT_EQ(control_client(nullptr), each.without_irp) << each.name;
    }
    IrpCall call;
    call.start(control_client);
    EXPECT_TRUE(call.returned_as(each.with_irp)) << each.name;
    EXPECT_EQ(call.wait(), (Completed{each.with_irp, 0})) << each.name;
    EXPECT_EQ(call.completions(), 1) << each.name;
  }
  EXPECT_EQ(provider().WskControlClient(client(), WSK_TRANSPORT_LIST_CHANGE, 0, nullptr, 0, nullptr,
                                        nullptr, nullptr),
            wrong);
}

CONFORMANCE_TEST(ClientControl, NeedsAClient) {
  covers("C-002", "CL-019");
  EXPECT_EQ(provider().WskControlClient(nullptr, WSK_TRANSPORT_LIST_QUERY, 0, nullptr, 0, nullptr,
                                        nullptr, nullptr),
            STATUS_INVALID_HANDLE);
}

// ---- transports

std::vector<WSK_TRANSPORT> query_transports(const WSK_PROVIDER_DISPATCH& provider,
                                            PWSK_CLIENT client) {
  std::vector<WSK_TRANSPORT> list(64);
  SIZE_T size = 0;
  EXPECT_EQ(provider.WskControlClient(client, WSK_TRANSPORT_LIST_QUERY, 0, nullptr,
                                      list.size() * sizeof list[0], list.data(), &size, nullptr),
            STATUS_SUCCESS);
  EXPECT_EQ(size % sizeof list[0], 0u);
  list.resize(size / sizeof list[0]);
  return list;
}

CONFORMANCE_TEST(ClientControl, TheTransportListTellsHowLongItIs) {
  covers("CL-001", "CL-005", "CL-006");
  SIZE_T size = 0;
  const auto query = [&](SIZE_T room, PVOID list) {
    return provider().WskControlClient(client(), WSK_TRANSPORT_LIST_QUERY, 0, nullptr, room, list,
                                       &size, nullptr);
  };
  EXPECT_EQ(query(0, nullptr), STATUS_BUFFER_OVERFLOW);
  ASSERT_GT(size, 0u);
  ASSERT_EQ(size % sizeof(WSK_TRANSPORT), 0u);
  const SIZE_T needed = size;
  std::vector<char> bytes(needed + 8, 'x');
  EXPECT_EQ(query(needed - 1, bytes.data()), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(size, needed);
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), std::string(needed + 8, 'x'));

  EXPECT_EQ(query(bytes.size(), bytes.data()), STATUS_SUCCESS);

  EXPECT_EQ(size, needed);
  EXPECT_EQ(std::string(bytes.end() - 8, bytes.end()), "xxxxxxxx");
}

CONFORMANCE_TEST(ClientControl, TheTransportListHasTcpAndUdpOverBothFamilies) {
  covers("CL-007");
  std::set<std::array<ULONG, 3>> seen;
  std::set<std::pair<ADDRESS_FAMILY, std::string>> providers;
  for (const WSK_TRANSPORT& each : query_transports(provider(), client())) {
    seen.insert({each.AddressFamily, each.SocketType, each.Protocol});
    const auto* id = reinterpret_cast<const char*>(&each.ProviderId);
    providers.emplace(each.AddressFamily, std::string(id, sizeof each.ProviderId));
  }
  const std::set<std::array<ULONG, 3>> wanted = {{AF_INET, SOCK_STREAM, IPPROTO_TCP},
                                                 {AF_INET, SOCK_DGRAM, IPPROTO_UDP},
                                                 {AF_INET6, SOCK_STREAM, IPPROTO_TCP},
                                                 {AF_INET6, SOCK_DGRAM, IPPROTO_UDP}};
  EXPECT_EQ(seen, wanted);
  EXPECT_EQ(providers.size(), 2u);  // One of each family, with several combinations.
}

CONFORMANCE_TEST(ClientControl, EveryListedTransportCanBeMade) {
  covers("C-009");
  for (const WSK_TRANSPORT& each : query_transports(provider(), client())) {
    const bool tcp = each.SocketType == SOCK_STREAM;
    const std::vector<ULONG> categories =
        tcp ? std::vector<ULONG>{WSK_FLAG_LISTEN_SOCKET, WSK_FLAG_CONNECTION_SOCKET,
                                 WSK_FLAG_STREAM_SOCKET, WSK_FLAG_BASIC_SOCKET}
            : std::vector<ULONG>{WSK_FLAG_DATAGRAM_SOCKET, WSK_FLAG_BASIC_SOCKET};
    for (const ULONG flags : categories) {
      IrpCall call;
      call.start([&](PIRP irp) {
        return provider().WskSocket(client(), each.AddressFamily, each.SocketType, each.Protocol,
                                    flags, nullptr, nullptr, nullptr, nullptr, nullptr, irp);
      });
      ASSERT_EQ(call.wait().status, STATUS_SUCCESS) << each.Protocol << " as " << flags;
      const Connection closed_again(reinterpret_cast<PWSK_SOCKET>(call.wait().information));
    }
  }
}

// ---- changes of the list

NTSTATUS await_change(const WSK_PROVIDER_DISPATCH& provider, PWSK_CLIENT client, PIRP irp) {
  return provider.WskControlClient(client, WSK_TRANSPORT_LIST_CHANGE, 0, nullptr, 0, nullptr,
                                   nullptr, irp);
}

constexpr Completed kCancelled = {STATUS_CANCELLED, 0};

CONFORMANCE_TEST(ClientControl, WaitingForAnotherTransportPendsUntilItIsCancelled) {
  covers("I-022", "CL-001");
  IrpCall first, second;
  first.start([&](PIRP irp) { return await_change(provider(), client(), irp); });
  second.start([&](PIRP irp) { return await_change(provider(), client(), irp); });
  EXPECT_EQ(first.returned(), STATUS_PENDING);
  EXPECT_EQ(second.returned(), STATUS_PENDING);
  EXPECT_EQ(query_transports(provider(), client()).size(), 4u);
  EXPECT_FALSE(first.completed());
  EXPECT_FALSE(second.completed());

  IoCancelIrp(second.irp());
  EXPECT_EQ(second.wait(), kCancelled);
  EXPECT_FALSE(first.completed());
  IoCancelIrp(first.irp());
  EXPECT_EQ(first.wait(), kCancelled);
}

CONFORMANCE_TEST(ClientControl, ACancelledIrpDoesNotWaitForAnotherTransport) {
  covers("I-022");
  IrpCall call;
  call.start([&](PIRP irp) {
    irp->Cancel = TRUE;
    return await_change(provider(), client(), irp);
  });
  EXPECT_EQ(call.wait(), kCancelled);
}

// A driver beside the fixture's.
struct OtherDriver {
  OtherDriver() {
    static constexpr WSK_CLIENT_DISPATCH kDispatch = {MAKE_WSK_VERSION(1, 0), 0, nullptr};
    WSK_CLIENT_NPI client = {nullptr, &kDispatch};
    EXPECT_EQ(WskRegister(&client, &registration), STATUS_SUCCESS);
    EXPECT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_SUCCESS);
  }
  WSK_REGISTRATION registration;
  WSK_PROVIDER_NPI npi{};
};

CONFORMANCE_TEST(ClientControl, DeregisteringCancelsTheWaitForAnotherTransport) {
  covers("CL-009", "N-025");
  OtherDriver driver;
  IrpCall mine, others;
  others.start([&](PIRP irp) { return await_change(provider(), client(), irp); });
  mine.start([&](PIRP irp) { return await_change(*driver.npi.Dispatch, driver.npi.Client, irp); });
  EXPECT_EQ(mine.returned(), STATUS_PENDING);
  WskReleaseProviderNPI(&driver.registration);
  EXPECT_FALSE(mine.completed());

  WskDeregister(&driver.registration);

  EXPECT_TRUE(mine.completed());  // It did not return before.
  EXPECT_EQ(mine.wait(), kCancelled);
  EXPECT_FALSE(others.completed());
  IoCancelIrp(others.irp());
  EXPECT_EQ(others.wait(), kCancelled);
}

CONFORMANCE_TEST(ClientControl, NobodyWaitsForAnotherTransportWhileDeregistering) {
  covers("CL-009");
  OtherDriver driver;
  IrpCall before, after;
  before.start(
      [&](PIRP irp) { return await_change(*driver.npi.Dispatch, driver.npi.Client, irp); });
  std::thread deregistration([&] { WskDeregister(&driver.registration); });

  EXPECT_EQ(before.wait(), kCancelled);  // Although the NPI is still captured.
  after.start([&](PIRP irp) { return await_change(*driver.npi.Dispatch, driver.npi.Client, irp); });
  EXPECT_TRUE(after.returned_as(STATUS_CANCELLED));
  EXPECT_EQ(after.wait(), kCancelled);

  WskReleaseProviderNPI(&driver.registration);
  deregistration.join();
}

CONFORMANCE_TEST(ClientControl, CancellingAndDeregisteringMayRace) {
  covers("CL-009", "I-002");
  for (int round = 0; round < 100; ++round) {
    OtherDriver driver;
    IrpCall call;
    call.start(
        [&](PIRP irp) { return await_change(*driver.npi.Dispatch, driver.npi.Client, irp); });
    WskReleaseProviderNPI(&driver.registration);
    std::thread canceller([&] { IoCancelIrp(call.irp()); });
    WskDeregister(&driver.registration);
    canceller.join();
    EXPECT_EQ(call.wait(), kCancelled);
    EXPECT_EQ(call.completions(), 1);
  }
}

// ---- security descriptors

CONFORMANCE_TEST(ClientControl, ACachedDescriptorIsACopyInOnePiece) {
  covers("CL-010", "CL-011");
  PSECURITY_DESCRIPTOR cached = nullptr;
  {
    Descriptor uncached;
    uncached.allow(NtSid::system(), FILE_READ_DATA).deny(NtSid::everyone(), FILE_WRITE_DATA);
    ASSERT_EQ(cache_descriptor(provider(), client(), uncached.get(), cached), STATUS_SUCCESS);
    ASSERT_NE(cached, nullptr);
    EXPECT_NE(cached, uncached.get());
  }
  const auto& copy = *static_cast<const SECURITY_DESCRIPTOR_RELATIVE*>(cached);
  EXPECT_TRUE(RtlValidSecurityDescriptor(cached));
  EXPECT_EQ(copy.Control, SE_SELF_RELATIVE | SE_DACL_PRESENT);
  const auto* dacl = reinterpret_cast<const ACL*>(static_cast<const char*>(cached) + copy.Dacl);
  ASSERT_EQ(dacl->AceCount, 2);
  const auto* entry = reinterpret_cast<const ACCESS_ALLOWED_ACE*>(dacl + 1);
  EXPECT_EQ(entry[0].Mask, static_cast<ACCESS_MASK>(FILE_READ_DATA));

  // A cached one can be cached as well: it is a descriptor as any other.
  PSECURITY_DESCRIPTOR again = nullptr;
  ASSERT_EQ(cache_descriptor(provider(), client(), cached, again), STATUS_SUCCESS);
  EXPECT_NE(again, cached);
  EXPECT_EQ(RtlLengthSecurityDescriptor(again), RtlLengthSecurityDescriptor(cached));

  EXPECT_EQ(release_descriptor(provider(), client(), cached), STATUS_SUCCESS);
  EXPECT_TRUE(RtlValidSecurityDescriptor(again));
  EXPECT_EQ(release_descriptor(provider(), client(), again), STATUS_SUCCESS);
}

CONFORMANCE_TEST(ClientControl, TheDescriptorThatTheSystemAssignsCanBeCached) {
  covers("CL-010");
  SECURITY_SUBJECT_CONTEXT subject;
  PSECURITY_DESCRIPTOR assigned = nullptr;
  SeCaptureSubjectContext(&subject);
  ASSERT_EQ(SeAssignSecurity(nullptr, nullptr, &assigned, FALSE, &subject,
                             IoGetFileObjectGenericMapping(), PagedPool),
            STATUS_SUCCESS);
  SeReleaseSubjectContext(&subject);
  const Cached cached(provider(), client(), assigned);
  SeDeassignSecurity(&assigned);
  EXPECT_TRUE(RtlValidSecurityDescriptor(cached.get()));
}

CONFORMANCE_TEST(ClientControl, WhatIsNoDescriptorIsNotCached) {
  covers("CL-010");
  Descriptor broken;
  static_cast<SECURITY_DESCRIPTOR*>(broken.get())->Revision = 17;
  PSECURITY_DESCRIPTOR cached = nullptr;
  const std::uint64_t before = mistakes();

  EXPECT_EQ(cache_descriptor(provider(), client(), nullptr, cached), STATUS_INVALID_SECURITY_DESCR);
  EXPECT_EQ(cache_descriptor(provider(), client(), broken.get(), cached),
            STATUS_INVALID_SECURITY_DESCR);

  EXPECT_EQ(cached, nullptr);
  EXPECT_EQ(mistakes(), before + 2);
}

CONFORMANCE_TEST(ClientControl, ADescriptorIsReleasedOnce) {
  covers("CL-011", "CL-012");
  Descriptor uncached;
  PSECURITY_DESCRIPTOR cached = nullptr;
  ASSERT_EQ(cache_descriptor(provider(), client(), uncached.get(), cached), STATUS_SUCCESS);
  const std::uint64_t before = mistakes();
  EXPECT_EQ(release_descriptor(provider(), client(), cached), STATUS_SUCCESS);
  EXPECT_EQ(mistakes(), before);

  EXPECT_EQ(release_descriptor(provider(), client(), cached), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(release_descriptor(provider(), client(), uncached.get()), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(release_descriptor(provider(), client(), nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(mistakes(), before + 3);
}

CONFORMANCE_TEST(ClientControl, ADescriptorThatIsNotReleasedIsReportedAsHeld) {
  covers("CL-012");
  Descriptor uncached;
  Cached cached(provider(), client(), uncached.get());
  const auto held = [&] {
    wskrun_report* report = wskrun_runtime_holdings(runtime());
    std::vector<const void*> found;
    for (std::size_t i = 0; i < wskrun_report_count(report); ++i) {
      const wskrun_holding& each = *wskrun_report_entry(report, i);
      if (each.kind != WSKRUN_SECURITY_DESCRIPTOR) continue;
      EXPECT_STREQ(each.kind_name, "security descriptor");
      EXPECT_NE(std::string(each.place).find("security.cc"), std::string::npos) << each.place;
      found.push_back(each.address);
    }
    wskrun_report_free(report);
    return found;
  };
  EXPECT_EQ(held(), std::vector<const void*>{cached.get()});

  cached.release();

  EXPECT_TRUE(held().empty());
}

// ---- TDI, which is not there

NTSTATUS map_tdi(const WSK_PROVIDER_DISPATCH& provider, PWSK_CLIENT client, ULONG count,
                 const WSK_TDI_MAP* map) {
  WSK_TDI_MAP_INFO info = {count, map};
  return provider.WskControlClient(client, WSK_TDI_DEVICENAME_MAPPING, sizeof info, &info, 0,
                                   nullptr, nullptr, nullptr);
}

NTSTATUS set_tdi_behavior(const WSK_PROVIDER_DISPATCH& provider, PWSK_CLIENT client, ULONG flags) {
  return provider.WskControlClient(client, WSK_TDI_BEHAVIOR, sizeof flags, &flags, 0, nullptr,
                                   nullptr, nullptr);
}

const WSK_TDI_MAP kTdiMap[] = {
    {SOCK_STREAM, AF_INET, IPPROTO_TCP, reinterpret_cast<PCWSTR>(u"\\Device\\Tcp")},
    {SOCK_STREAM, 6 /* AF_NS */, 1256, reinterpret_cast<PCWSTR>(u"\\Device\\NwlnkSpx")},
};

CONFORMANCE_TEST(ClientControl, MappingsToTdiLeadNowhere) {
  covers("CL-015", "CL-017", "CL-018");
  EXPECT_EQ(map_tdi(provider(), client(), 2, kTdiMap), STATUS_SUCCESS);
  EXPECT_EQ(set_tdi_behavior(provider(), client(), WSK_TDI_BEHAVIOR_BYPASS_TDI), STATUS_SUCCESS);

  EXPECT_NO_THROW(new_connection());  // A transport of WSK's own goes before a mapping.
  IrpCall call;
  call.start([&](PIRP irp) {
    return provider().WskSocket(client(), kTdiMap[1].AddressFamily, SOCK_STREAM, 1256,
                                WSK_FLAG_CONNECTION_SOCKET, nullptr, nullptr, nullptr, nullptr,
                                nullptr, irp);
  });
  EXPECT_EQ(call.wait(), (Completed{STATUS_NOT_SUPPORTED, 0}));
}

CONFORMANCE_TEST(ClientControl, TdiIsSpokenOfBeforeTheFirstSocket) {
  covers("CL-016");
  { const Connection first = new_connection(); }
  const std::uint64_t before = mistakes();

  EXPECT_EQ(map_tdi(provider(), client(), 2, kTdiMap), STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(set_tdi_behavior(provider(), client(), 0), STATUS_INVALID_DEVICE_STATE);

  EXPECT_EQ(mistakes(), before + 2);
}

CONFORMANCE_TEST(ClientControl, WhatMakesNoSenseForTdiIsRefused) {
  covers("CL-015", "CL-017");
  const WSK_TDI_MAP nameless = {SOCK_STREAM, AF_INET, IPPROTO_TCP, nullptr};
  EXPECT_EQ(map_tdi(provider(), client(), 1, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(map_tdi(provider(), client(), 1, &nameless), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(set_tdi_behavior(provider(), client(), 2), STATUS_INVALID_PARAMETER);
}

}  // namespace
}  // namespace wskrun::tests
