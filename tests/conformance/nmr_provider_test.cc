// Drivers that are providers of an NPI of their own, and their clients: what the Network Module
// Registrar does beside WSK. nmr_client_test.cc has the clients of WSK.
#include <netioddk.h>

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "kit/fixture.h"
#include "kit/mistakes.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(NmrProvider);

constexpr NPIID kNpi = {0x77ab3e51, 0x2222, 0x4333, {1, 2, 3, 4, 5, 6, 7, 8}};
constexpr NPIID kOtherNpi = {0x77ab3e51, 0x2222, 0x4333, {1, 2, 3, 4, 5, 6, 7, 9}};
constexpr NPI_MODULEID kModuleId = {.Length = sizeof(NPI_MODULEID), .Type = MIT_GUID, .Guid = {}};
constexpr int kClientDispatch = 1;
constexpr int kProviderDispatch = 2;
constexpr int kCharacteristics = 3;  // Of the provider's NPI.

NPI_REGISTRATION_INSTANCE instance_of(const NPIID& npi, ULONG number, const void* specific) {
  return {.Version = 0,
          .Size = sizeof(NPI_REGISTRATION_INSTANCE),
          .NpiId = &npi,
          .ModuleId = &kModuleId,
          .Number = number,
          .NpiSpecificCharacteristics = specific};
}

// One side of a binding; its address is the binding context.
struct Side {
  struct Module* module = nullptr;
  HANDLE binding = nullptr;
  const void* other_context = nullptr;
  const void* other_dispatch = nullptr;
  ULONG other_number = 0;
  std::atomic<int> detaches = 0;
  std::atomic<int> cleanups = 0;
  KIRQL cleanup_irql = HIGH_LEVEL;
};

// What clients and providers have in common.
struct Module {
  Side& add(HANDLE binding) {
    const std::lock_guard lock(mutex);
    Side& side = sides.emplace_back();
    side.module = this;
    side.binding = binding;
    return side;
  }
  static NTSTATUS NTAPI on_detach(PVOID context) {
    auto& side = *static_cast<Side*>(context);
    ++side.detaches;
    return side.module->detach(side);
  }
  static VOID NTAPI on_cleanup(PVOID context) {
    auto& side = *static_cast<Side*>(context);
    side.cleanup_irql = KeGetCurrentIrql();
    ++side.cleanups;
  }
  // Each binding was detached once and cleaned up once.
  void expect_ended() {
    const std::lock_guard lock(mutex);
    for (const Side& side : sides) {
      EXPECT_EQ(side.detaches, 1);
      EXPECT_EQ(side.cleanups, 1);
      EXPECT_LE(side.cleanup_irql, DISPATCH_LEVEL);
    }
  }

  std::function<NTSTATUS(Side&)> detach = [](Side&) { return STATUS_SUCCESS; };
  HANDLE handle = nullptr;
  std::mutex mutex;
  std::deque<Side> sides;
};

struct Provider : Module {
  explicit Provider(const NPIID& npi = kNpi, ULONG number = 0) {
    characteristics = {.Version = 0,
                       .Length = sizeof characteristics,
                       .ProviderAttachClient = on_attach,
                       .ProviderDetachClient = on_detach,
                       .ProviderCleanupBindingContext = on_cleanup,
                       .ProviderRegistrationInstance = instance_of(npi, number, &kCharacteristics)};
  }
  NTSTATUS enter() { return NmrRegisterProvider(&characteristics, this, &handle); }
  void leave() {
    EXPECT_EQ(NmrDeregisterProvider(handle), STATUS_PENDING);
    EXPECT_EQ(NmrWaitForProviderDeregisterComplete(handle), STATUS_SUCCESS);
  }

  static NTSTATUS NTAPI on_attach(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE client,
                                  PVOID client_context, const VOID* client_dispatch,
                                  PVOID* binding_context, const VOID** dispatch) {
    auto& self = *static_cast<Provider*>(context);
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    if (self.answer != STATUS_SUCCESS) return self.answer;
    Side& side = self.add(binding);
    side.other_context = client_context;
    side.other_dispatch = client_dispatch;
    side.other_number = client->Number;
    *binding_context = &side;
    *dispatch = &kProviderDispatch;
    return STATUS_SUCCESS;
  }

  NTSTATUS answer = STATUS_SUCCESS;
  NPI_PROVIDER_CHARACTERISTICS characteristics;
};

struct Client : Module {
  explicit Client(const NPIID& npi = kNpi) {
    characteristics = {.Version = 0,
                       .Length = sizeof characteristics,
                       .ClientAttachProvider = on_attach,
                       .ClientDetachProvider = on_detach,
                       .ClientCleanupBindingContext = on_cleanup,
                       .ClientRegistrationInstance = instance_of(npi, 0, nullptr)};
  }
  NTSTATUS enter() { return NmrRegisterClient(&characteristics, this, &handle); }
  void leave() {
    EXPECT_EQ(NmrDeregisterClient(handle), STATUS_PENDING);
    EXPECT_EQ(NmrWaitForClientDeregisterComplete(handle), STATUS_SUCCESS);
  }

  static NTSTATUS NTAPI on_attach(HANDLE binding, PVOID context,
                                  PNPI_REGISTRATION_INSTANCE provider) {
    auto& self = *static_cast<Client*>(context);
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT_EQ(provider->NpiSpecificCharacteristics, &kCharacteristics);
    Side& side = self.add(binding);
    PVOID provider_context = &side;
    const VOID* provider_dispatch = &side;
    const NTSTATUS status = NmrClientAttachProvider(binding, &side, &kClientDispatch,
                                                    &provider_context, &provider_dispatch);
    side.other_context = provider_context;
    side.other_dispatch = provider_dispatch;
    side.other_number = provider->Number;
    self.attach_status = status;
    return status;
  }

  NTSTATUS attach_status = STATUS_PENDING;
  NPI_CLIENT_CHARACTERISTICS characteristics;
};

CONFORMANCE_TEST(NmrProvider, MeetsClientsThatAreThereAndThoseThatCome) {
  covers("N-031", "N-033", "N-037", "N-042", "N-043", "N-057");
  Client before, after, other(kOtherNpi);
  Provider provider;
  ASSERT_EQ(before.enter(), STATUS_SUCCESS);
  ASSERT_EQ(other.enter(), STATUS_SUCCESS);
  ASSERT_EQ(provider.enter(), STATUS_SUCCESS);
  EXPECT_NE(provider.handle, nullptr);
  ASSERT_EQ(after.enter(), STATUS_SUCCESS);

  ASSERT_EQ(provider.sides.size(), 2u);
  EXPECT_TRUE(other.sides.empty());
  int i = 0;
  for (Client* client : {&before, &after}) {
    ASSERT_EQ(client->sides.size(), 1u);
    const Side& mine = client->sides[0];
    const Side& theirs = provider.sides[i++];
    EXPECT_EQ(client->attach_status, STATUS_SUCCESS);
    EXPECT_EQ(mine.binding, theirs.binding);
    EXPECT_EQ(mine.other_context, &theirs);
    EXPECT_EQ(mine.other_dispatch, &kProviderDispatch);
    EXPECT_EQ(theirs.other_context, &mine);
    EXPECT_EQ(theirs.other_dispatch, &kClientDispatch);
  }
  EXPECT_NE(provider.sides[0].binding, provider.sides[1].binding);
  for (Client* client : {&before, &after, &other}) client->leave();
  provider.leave();
}

CONFORMANCE_TEST(NmrProvider, RegistersOnlyWhatIsWellFormed) {
  covers("N-031");
  HANDLE handle = nullptr;
  const auto refuses = [&](auto change) {
    Provider provider;
    change(provider.characteristics);
    return NmrRegisterProvider(&provider.characteristics, &provider, &handle) ==
           STATUS_INVALID_PARAMETER;
  };
  using Module = NPI_PROVIDER_CHARACTERISTICS;
  EXPECT_TRUE(refuses([](Module& module) { module.Version = 1; }));
  EXPECT_TRUE(refuses([](Module& module) { module.Length = 8; }));
  EXPECT_TRUE(refuses([](Module& module) { module.ProviderAttachClient = nullptr; }));
  EXPECT_TRUE(refuses([](Module& module) { module.ProviderDetachClient = nullptr; }));
  EXPECT_TRUE(refuses([](Module& module) { module.ProviderRegistrationInstance.Size = 8; }));
  EXPECT_TRUE(refuses([](Module& module) { module.ProviderRegistrationInstance.Version = 1; }));
  EXPECT_TRUE(refuses([](Module& module) { module.ProviderRegistrationInstance.NpiId = nullptr; }));
  Provider provider;
  EXPECT_EQ(NmrRegisterProvider(nullptr, &provider, &handle), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(NmrRegisterProvider(&provider.characteristics, &provider, nullptr),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(handle, nullptr);

  provider.characteristics.ProviderCleanupBindingContext = nullptr;  // It need not have one.
  ASSERT_EQ(provider.enter(), STATUS_SUCCESS);
  provider.leave();
}

CONFORMANCE_TEST(NmrProvider, MayOfferSeveralImplementations) {
  covers("N-032", "N-058", "N-059");
  Provider first(kNpi, 0), second(kNpi, 7), other(kOtherNpi, 0);
  Client client;
  ASSERT_EQ(client.enter(), STATUS_SUCCESS);
  for (Provider* each : {&first, &second, &other}) ASSERT_EQ(each->enter(), STATUS_SUCCESS);

  ASSERT_EQ(client.sides.size(), 2u);
  EXPECT_EQ((std::set<ULONG>{client.sides[0].other_number, client.sides[1].other_number}),
            (std::set<ULONG>{0, 7}));
  EXPECT_NE(client.sides[0].binding, client.sides[1].binding);

  second.leave();
  EXPECT_EQ(client.sides[0].detaches, 0);
  EXPECT_EQ(client.sides[1].detaches, 1);
  first.leave();
  other.leave();
  client.leave();
  client.expect_ended();
}

CONFORMANCE_TEST(NmrProvider, MayDecline) {
  covers("N-037", "N-040", "N-042");
  for (const NTSTATUS answer : {STATUS_NOINTERFACE, STATUS_INSUFFICIENT_RESOURCES}) {
    Provider provider;
    Client client;
    provider.answer = answer;
    ASSERT_EQ(provider.enter(), STATUS_SUCCESS);
    ASSERT_EQ(client.enter(), STATUS_SUCCESS);

    EXPECT_EQ(client.attach_status, answer);
    ASSERT_EQ(client.sides.size(), 1u);
    EXPECT_EQ(client.sides[0].other_context, nullptr);
    EXPECT_EQ(client.sides[0].other_dispatch, nullptr);
    provider.leave();
    client.leave();
    EXPECT_EQ(client.sides[0].detaches, 0);
    EXPECT_EQ(client.sides[0].cleanups, 0);
  }
}

CONFORMANCE_TEST(NmrProvider, DetachesFromAllItsClientsWhenItLeaves) {
  covers("N-045", "N-048", "N-049", "N-055");
  std::array<Client, 3> clients;
  Provider leaving, staying;
  ASSERT_EQ(leaving.enter(), STATUS_SUCCESS);
  ASSERT_EQ(staying.enter(), STATUS_SUCCESS);
  for (Client& client : clients) ASSERT_EQ(client.enter(), STATUS_SUCCESS);
  ASSERT_EQ(leaving.sides.size(), 3u);

  EXPECT_EQ(NmrDeregisterProvider(leaving.handle), STATUS_PENDING);

  EXPECT_EQ(NmrWaitForProviderDeregisterComplete(leaving.handle), STATUS_SUCCESS);
  leaving.expect_ended();
  for (const Side& side : staying.sides) EXPECT_EQ(side.detaches, 0);
  for (Client& client : clients) {
    ASSERT_EQ(client.sides.size(), 2u);
    for (const Side& side : client.sides) {
      const bool of_leaving = side.other_context == &leaving.sides[0] ||
                              side.other_context == &leaving.sides[1] ||
                              side.other_context == &leaving.sides[2];
      EXPECT_EQ(side.detaches, of_leaving ? 1 : 0);
      EXPECT_EQ(side.cleanups, of_leaving ? 1 : 0);
    }
  }
  for (Client& client : clients) client.leave();
  staying.leave();
  for (Client& client : clients) client.expect_ended();
  staying.expect_ended();
}

CONFORMANCE_TEST(NmrProvider, MayDetachLater) {
  covers("N-045", "N-046", "N-048", "N-054", "N-055");
  Client client;
  Provider provider;
  provider.detach = [](Side&) { return STATUS_PENDING; };
  client.detach = [](Side&) { return STATUS_PENDING; };
  ASSERT_EQ(client.enter(), STATUS_SUCCESS);
  ASSERT_EQ(provider.enter(), STATUS_SUCCESS);
  ASSERT_EQ(NmrDeregisterProvider(provider.handle), STATUS_PENDING);
  std::atomic<bool> completed = false, completed_when_returned = false;
  std::thread waiter([&] {
    EXPECT_EQ(NmrWaitForProviderDeregisterComplete(provider.handle), STATUS_SUCCESS);
    completed_when_returned = completed.load();
  });
  EXPECT_EQ(provider.sides[0].detaches, 1);
  EXPECT_EQ(client.sides[0].detaches, 1);

  NmrClientDetachProviderComplete(client.sides[0].binding);
  EXPECT_EQ(provider.sides[0].cleanups, 0);
  EXPECT_EQ(client.sides[0].cleanups, 0);
  completed = true;
  NmrProviderDetachClientComplete(provider.sides[0].binding);

  waiter.join();
  EXPECT_TRUE(completed_when_returned);
  provider.expect_ended();
  client.expect_ended();
  client.leave();
}

CONFORMANCE_TEST(NmrProvider, MayCompleteItsDetachmentAtDispatchLevelAndEarly) {
  covers("N-050", "N-054", "IRQL-010", "IRQL-014");
  Client client;
  Provider provider;
  provider.detach = [](Side& side) {
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    NmrProviderDetachClientComplete(side.binding);  // Before the answer that it belongs to.
    KeLowerIrql(old);
    return STATUS_PENDING;
  };
  ASSERT_EQ(client.enter(), STATUS_SUCCESS);
  ASSERT_EQ(provider.enter(), STATUS_SUCCESS);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  EXPECT_EQ(NmrDeregisterProvider(provider.handle), STATUS_PENDING);
  KeLowerIrql(old);
  EXPECT_EQ(NmrWaitForProviderDeregisterComplete(provider.handle), STATUS_SUCCESS);
  provider.expect_ended();
  client.expect_ended();
  client.leave();
}

CONFORMANCE_TEST(NmrProvider, LeavingTogetherWithItsClientDetachesOnce) {
  covers("N-049", "N-055");
  for (int round = 0; round < 50; ++round) {
    Client client;
    Provider provider;
    ASSERT_EQ(client.enter(), STATUS_SUCCESS);
    ASSERT_EQ(provider.enter(), STATUS_SUCCESS);
    std::thread other([&] { client.leave(); });
    provider.leave();
    other.join();
    provider.expect_ended();
    client.expect_ended();
  }
}

CONFORMANCE_TEST(NmrProvider, WrongHandlesAreRefused) {
  covers("N-045", "N-047");
  Client client;
  Provider provider;
  ASSERT_EQ(client.enter(), STATUS_SUCCESS);
  ASSERT_EQ(provider.enter(), STATUS_SUCCESS);

  EXPECT_EQ(NmrWaitForProviderDeregisterComplete(provider.handle), STATUS_INVALID_PARAMETER);
  for (const HANDLE handle : {HANDLE{nullptr}, HANDLE{&provider}, client.handle}) {
    EXPECT_EQ(NmrDeregisterProvider(handle), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(NmrWaitForProviderDeregisterComplete(handle), STATUS_INVALID_PARAMETER);
  }
  provider.leave();
  EXPECT_EQ(NmrDeregisterProvider(provider.handle), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(NmrWaitForProviderDeregisterComplete(provider.handle), STATUS_INVALID_PARAMETER);
  client.leave();
}

CONFORMANCE_TEST(NmrProvider, AWordThatNobodyWaitsForIsReported) {
  covers("N-051");
  Client client;
  Provider provider;
  ASSERT_EQ(client.enter(), STATUS_SUCCESS);
  ASSERT_EQ(provider.enter(), STATUS_SUCCESS);
  const HANDLE binding = provider.sides[0].binding;
  const std::uint64_t before = mistakes();

  NmrProviderDetachClientComplete(binding);
  NmrClientDetachProviderComplete(binding);
  EXPECT_EQ(mistakes(), before + 2);
  EXPECT_EQ(provider.sides[0].cleanups, 0);
  provider.leave();
  NmrProviderDetachClientComplete(binding);  // It is over.
  EXPECT_EQ(mistakes(), before + 3);
  client.leave();
  provider.expect_ended();
  client.expect_ended();
}

}  // namespace
}  // namespace wskrun::tests
