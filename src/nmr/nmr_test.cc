// The Network Module Registrar, met by modules as drivers write them: several clients and providers
// that come and go in any order, also at the same time.
#include <gtest/gtest.h>
#include <netioddk.h>

#include <atomic>
#include <barrier>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace {

constexpr NPIID kNpi = {0x6a5c9f10, 0x1111, 0x4222, {1, 2, 3, 4, 5, 6, 7, 8}};
constexpr NPIID kOtherNpi = {0x6a5c9f10, 0x1111, 0x4222, {1, 2, 3, 4, 5, 6, 7, 9}};
constexpr NPI_MODULEID kModuleId = {.Length = sizeof(NPI_MODULEID), .Type = MIT_GUID, .Guid = {}};

NPI_REGISTRATION_INSTANCE instance_of(const NPIID& npi, const void* specific) {
  return {.Version = 0,
          .Size = sizeof(NPI_REGISTRATION_INSTANCE),
          .NpiId = &npi,
          .ModuleId = &kModuleId,
          .Number = 0,
          .NpiSpecificCharacteristics = specific};
}

// One side's view of a binding; its address is the binding context.
template <typename Module>
struct Side {
  Module* module;
  HANDLE binding;
  const void* other_context = nullptr;
  const void* other_dispatch = nullptr;
  std::atomic<int> detaches{0};
  std::atomic<int> cleanups{0};
};

// What the two kinds of modules have in common: the sides of their bindings, and hooks for tests.
template <typename Module>
struct Sides {
  std::function<NTSTATUS(Side<Module>&)> on_detach = [](auto&) { return STATUS_SUCCESS; };
  std::mutex mutex;
  std::deque<Side<Module>> all;

  Side<Module>& add(Module& module, HANDLE binding) {
    std::lock_guard lock(mutex);
    Side<Module>& side = all.emplace_back();
    side.module = &module;
    side.binding = binding;
    return side;
  }
  void drop(Side<Module>& side) {
    std::lock_guard lock(mutex);
    EXPECT_EQ(&all.back(), &side);
    all.pop_back();
  }
  static NTSTATUS NTAPI detach(PVOID context) {
    auto& side = *static_cast<Side<Module>*>(context);
    ++side.detaches;
    return side.module->sides.on_detach(side);
  }
  static VOID NTAPI cleanup(PVOID context) { ++static_cast<Side<Module>*>(context)->cleanups; }

  bool each_ended_once() {
    std::lock_guard lock(mutex);
    for (auto& side : all) {
      if (side.detaches != 1 || side.cleanups != 1) return false;
    }
    return true;
  }
};

struct Provider {
  explicit Provider(const NPIID& npi = kNpi) {
    characteristics = {.Version = 0,
                       .Length = sizeof characteristics,
                       .ProviderAttachClient = attach,
                       .ProviderDetachClient = Sides<Provider>::detach,
                       .ProviderCleanupBindingContext = Sides<Provider>::cleanup,
                       .ProviderRegistrationInstance = instance_of(npi, &specific)};
  }

  static NTSTATUS NTAPI attach(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance,
                               PVOID client_context, const VOID* client_dispatch,
                               PVOID* binding_context, const VOID** dispatch) {
    auto& self = *static_cast<Provider*>(context);
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT_TRUE(
        IsEqualGUID(*instance->NpiId, *self.characteristics.ProviderRegistrationInstance.NpiId));
    if (client_dispatch == self.refused_dispatch) return STATUS_NOINTERFACE;
    auto& side = self.sides.add(self, binding);
    side.other_context = client_context;
    side.other_dispatch = client_dispatch;
    *binding_context = &side;
    *dispatch = &self.dispatch;
    return STATUS_SUCCESS;
  }

  void enter() { ASSERT_EQ(NmrRegisterProvider(&characteristics, this, &handle), STATUS_SUCCESS); }
  void leave() {
    EXPECT_EQ(NmrDeregisterProvider(handle), STATUS_PENDING);
    EXPECT_EQ(NmrWaitForProviderDeregisterComplete(handle), STATUS_SUCCESS);
  }

  const int specific = 0;
  const int dispatch = 0;
  const void* refused_dispatch = nullptr;
  NPI_PROVIDER_CHARACTERISTICS characteristics;
  HANDLE handle = nullptr;
  Sides<Provider> sides;
};

struct Client {
  explicit Client(const NPIID& npi = kNpi) {
    characteristics = {.Version = 0,
                       .Length = sizeof characteristics,
                       .ClientAttachProvider = attach,
                       .ClientDetachProvider = Sides<Client>::detach,
                       .ClientCleanupBindingContext = Sides<Client>::cleanup,
                       .ClientRegistrationInstance = instance_of(npi, nullptr)};
  }

  static NTSTATUS NTAPI attach(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
    auto& self = *static_cast<Client*>(context);
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT_NE(instance->NpiSpecificCharacteristics, nullptr);
    return self.on_offer(binding);
  }

  NTSTATUS attach_with(HANDLE binding, const void* with_dispatch) {
    auto& side = sides.add(*this, binding);
    PVOID provider_context = nullptr;
    const VOID* provider_dispatch = nullptr;
    const NTSTATUS status = NmrClientAttachProvider(binding, &side, with_dispatch,
                                                    &provider_context, &provider_dispatch);
    side.other_context = provider_context;
    side.other_dispatch = provider_dispatch;
    if (status != STATUS_SUCCESS) sides.drop(side);
    return status;
  }

  void enter() { ASSERT_EQ(NmrRegisterClient(&characteristics, this, &handle), STATUS_SUCCESS); }
  void leave() {
    EXPECT_EQ(NmrDeregisterClient(handle), STATUS_PENDING);
    EXPECT_EQ(NmrWaitForClientDeregisterComplete(handle), STATUS_SUCCESS);
  }

  const int dispatch = 0;
  std::function<NTSTATUS(HANDLE)> on_offer = [this](HANDLE binding) {
    return attach_with(binding, &dispatch);
  };
  NPI_CLIENT_CHARACTERISTICS characteristics;
  HANDLE handle = nullptr;
  Sides<Client> sides;
};

TEST(Nmr, ClientMeetsTheProviderThatIsThereAlready) {  // N-034, N-035, N-037
  Provider provider;
  Client client;
  provider.enter();
  client.enter();
  ASSERT_EQ(client.sides.all.size(), 1u);
  ASSERT_EQ(provider.sides.all.size(), 1u);
  EXPECT_EQ(client.sides.all[0].other_context, &provider.sides.all[0]);
  EXPECT_EQ(client.sides.all[0].other_dispatch, &provider.dispatch);
  EXPECT_EQ(provider.sides.all[0].other_context, &client.sides.all[0]);
  EXPECT_EQ(provider.sides.all[0].other_dispatch, &client.dispatch);
  client.leave();
  provider.leave();
  EXPECT_TRUE(client.sides.each_ended_once());
  EXPECT_TRUE(provider.sides.each_ended_once());
}

TEST(Nmr, ClientMeetsProvidersThatComeLater) {  // N-033, N-057
  Client clients[2];
  Provider providers[3];
  for (Client& client : clients) client.enter();
  for (Provider& provider : providers) provider.enter();
  for (Client& client : clients) EXPECT_EQ(client.sides.all.size(), 3u);
  for (Provider& provider : providers) EXPECT_EQ(provider.sides.all.size(), 2u);
  for (Provider& provider : providers) provider.leave();
  for (Client& client : clients) EXPECT_TRUE(client.sides.each_ended_once());
  for (Client& client : clients) client.leave();
}

TEST(Nmr, OnlyTheSameNpiMakesAPair) {  // N-043
  Provider provider;
  Client client(kOtherNpi);
  provider.enter();
  client.enter();
  EXPECT_TRUE(client.sides.all.empty());
  client.leave();
  provider.leave();
}

TEST(Nmr, ClientMayTryAgainAfterNoInterface) {  // N-039
  Provider provider;
  Client client;
  const int newer = 0;
  provider.refused_dispatch = &newer;
  client.on_offer = [&](HANDLE binding) {
    EXPECT_EQ(client.attach_with(binding, &newer), STATUS_NOINTERFACE);
    return client.attach_with(binding, &client.dispatch);
  };
  provider.enter();
  client.enter();
  EXPECT_EQ(provider.sides.all.size(), 1u);
  client.leave();
  provider.leave();
  EXPECT_TRUE(provider.sides.each_ended_once());
}

TEST(Nmr, NobodyIsDetachedWhereTheClientDeclined) {  // N-036, N-040
  Provider provider;
  Client client;
  HANDLE offered = nullptr;
  client.on_offer = [&](HANDLE binding) {
    offered = binding;
    return STATUS_NOINTERFACE;
  };
  provider.enter();
  client.enter();
  ASSERT_NE(offered, nullptr);
  EXPECT_EQ(client.attach_with(offered, &client.dispatch), STATUS_INVALID_PARAMETER);
  client.leave();
  provider.leave();
  EXPECT_TRUE(provider.sides.all.empty());
}

TEST(Nmr, NullOutputsAreRefused) {  // N-042
  Provider provider;
  Client client;
  client.on_offer = [&](HANDLE binding) {
    PVOID context;
    const VOID* dispatch;
    EXPECT_EQ(NmrClientAttachProvider(binding, &client, &client.dispatch, nullptr, &dispatch),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(NmrClientAttachProvider(binding, &client, &client.dispatch, &context, nullptr),
              STATUS_INVALID_PARAMETER);
    return STATUS_NOINTERFACE;
  };
  provider.enter();
  client.enter();
  client.leave();
  provider.leave();
}

TEST(Nmr, PendingDetachHoldsUpTheDeregistration) {  // N-046, N-048, N-050, N-054
  Provider provider;
  Client client;
  client.sides.on_detach = [](auto&) { return STATUS_PENDING; };
  provider.sides.on_detach = [](auto&) { return STATUS_PENDING; };
  provider.enter();
  client.enter();
  EXPECT_EQ(NmrDeregisterClient(client.handle), STATUS_PENDING);
  std::atomic<bool> both_done{false};
  std::thread waiter([&] {
    EXPECT_EQ(NmrWaitForClientDeregisterComplete(client.handle), STATUS_SUCCESS);
    EXPECT_TRUE(both_done);
  });
  NmrClientDetachProviderComplete(client.sides.all[0].binding);
  EXPECT_EQ(client.sides.all[0].cleanups, 0);
  both_done = true;
  NmrProviderDetachClientComplete(provider.sides.all[0].binding);
  waiter.join();
  EXPECT_TRUE(client.sides.each_ended_once());
  EXPECT_TRUE(provider.sides.each_ended_once());
  provider.leave();
}

TEST(Nmr, CompletionMayOvertakeTheReturnOfPending) {
  Provider provider;
  Client client;
  client.sides.on_detach = [](auto& side) {
    NmrClientDetachProviderComplete(side.binding);
    return STATUS_PENDING;
  };
  provider.sides.on_detach = [](auto& side) {
    NmrProviderDetachClientComplete(side.binding);
    return STATUS_PENDING;
  };
  provider.enter();
  client.enter();
  client.leave();
  EXPECT_TRUE(client.sides.each_ended_once());
  EXPECT_TRUE(provider.sides.each_ended_once());
  provider.leave();
}

TEST(Nmr, DetachWaitsForTheEndOfTheOffer) {  // The client does not know yet that it is attached.
  Provider provider;
  Client client;
  client.on_offer = [&](HANDLE binding) {
    const NTSTATUS status = client.attach_with(binding, &client.dispatch);
    EXPECT_EQ(NmrDeregisterProvider(provider.handle), STATUS_PENDING);
    EXPECT_EQ(client.sides.all[0].detaches, 0);
    return status;
  };
  provider.enter();
  client.enter();
  EXPECT_EQ(NmrWaitForProviderDeregisterComplete(provider.handle), STATUS_SUCCESS);
  EXPECT_TRUE(client.sides.each_ended_once());
  EXPECT_TRUE(provider.sides.each_ended_once());
  client.leave();
}

TEST(Nmr, WrongHandlesAreRefused) {  // N-047
  Provider provider;
  Client client;
  provider.enter();
  client.enter();
  const HANDLE none = nullptr;
  for (const HANDLE handle : {none, static_cast<HANDLE>(&provider), provider.handle}) {
    EXPECT_EQ(NmrDeregisterClient(handle), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(NmrWaitForClientDeregisterComplete(handle), STATUS_INVALID_PARAMETER);
  }
  EXPECT_EQ(NmrWaitForClientDeregisterComplete(client.handle), STATUS_INVALID_PARAMETER);
  client.leave();
  EXPECT_EQ(NmrDeregisterClient(client.handle), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(NmrWaitForClientDeregisterComplete(client.handle), STATUS_INVALID_PARAMETER);
  provider.leave();
}

TEST(Nmr, BadCharacteristicsAreRefused) {  // N-028
  HANDLE handle = nullptr;
  Client client;
  EXPECT_EQ(NmrRegisterClient(nullptr, nullptr, &handle), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(NmrRegisterClient(&client.characteristics, &client, nullptr), STATUS_INVALID_PARAMETER);
  client.characteristics.Version = 1;
  EXPECT_EQ(NmrRegisterClient(&client.characteristics, &client, &handle), STATUS_INVALID_PARAMETER);
  Provider provider;
  provider.characteristics.ProviderRegistrationInstance.NpiId = nullptr;
  EXPECT_EQ(NmrRegisterProvider(&provider.characteristics, &provider, &handle),
            STATUS_INVALID_PARAMETER);
}

// Some sides detach at once, some complete on another thread, racing with their own return.
class Everybody {
 public:
  static constexpr int kEach = 3;

  Everybody() {
    clients[0].sides.on_detach = [this](auto& side) {
      return complete_elsewhere(NmrClientDetachProviderComplete, side.binding);
    };
    providers[0].sides.on_detach = [this](auto& side) {
      return complete_elsewhere(NmrProviderDetachClientComplete, side.binding);
    };
  }
  ~Everybody() {
    for (std::thread& completer : completers_) completer.join();
    for (Client& client : clients) EXPECT_TRUE(client.sides.each_ended_once());
    for (Provider& provider : providers) EXPECT_TRUE(provider.sides.each_ended_once());
  }

  // Runs enter, `between` and leave of every module on a thread of its own.
  void come_and_go(const std::function<void()>& between) {
    std::vector<std::thread> threads;
    const auto start = [&](auto& module) {
      threads.emplace_back([&] {
        module.enter();
        between();
        module.leave();
      });
    };
    for (Provider& provider : providers) start(provider);
    for (Client& client : clients) start(client);
    for (std::thread& thread : threads) thread.join();
  }

  Provider providers[kEach];
  Client clients[kEach];

 private:
  NTSTATUS complete_elsewhere(VOID (*complete)(HANDLE), HANDLE binding) {
    std::lock_guard lock(mutex_);
    completers_.emplace_back([=] { complete(binding); });
    return STATUS_PENDING;
  }

  std::mutex mutex_;
  std::vector<std::thread> completers_;
};

TEST(Nmr, EverybodyLeavesAtOnce) {  // N-049, N-055
  for (int round = 0; round < 50; ++round) {
    Everybody everybody;
    std::barrier all_entered(2 * Everybody::kEach);
    everybody.come_and_go([&] { all_entered.arrive_and_wait(); });
    for (Client& client : everybody.clients) EXPECT_EQ(client.sides.all.size(), 3u);
  }
}

TEST(Nmr, EverybodyComesAndGoesAtOnce) {
  for (int round = 0; round < 50; ++round) Everybody().come_and_go([] {});
}

}  // namespace
