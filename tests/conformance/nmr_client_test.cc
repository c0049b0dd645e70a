// A driver that is a client of the Network Module Registrar itself, beside the fixture's, which
// uses WskRegister.
#include <netioddk.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(NmrClient);

constexpr NPI_MODULEID kModuleId = {
    .Length = sizeof(NPI_MODULEID),
    .Type = MIT_GUID,
    .Guid = {0x3f0b52aa, 0x0c1e, 0x4d5f, {0x91, 0x27, 0x60, 0x1d, 0x44, 0xb2, 0x8e, 0x70}},
};
constexpr WSK_CLIENT_DISPATCH kVersion10 = {MAKE_WSK_VERSION(1, 0), 0, nullptr};
constexpr WSK_CLIENT_DISPATCH kVersion20 = {MAKE_WSK_VERSION(2, 0), 0, nullptr};

// A client module: what it was called with and how it answers.
struct Module {
  NTSTATUS register_client() { return NmrRegisterClient(&characteristics, this, &handle); }
  // Deregisters and waits until that is complete.
  NTSTATUS deregister() {
    const NTSTATUS status = NmrDeregisterClient(handle);
    EXPECT_EQ(NmrWaitForClientDeregisterComplete(handle), STATUS_SUCCESS);
    return status;
  }

  static NTSTATUS NTAPI on_attach(HANDLE binding, PVOID context,
                                  PNPI_REGISTRATION_INSTANCE provider) {
    auto& self = *static_cast<Module*>(context);
    ++self.attaches;
    self.binding = binding;
    self.attach_irql = KeGetCurrentIrql();
    self.range =
        *static_cast<const WSK_PROVIDER_CHARACTERISTICS*>(provider->NpiSpecificCharacteristics);
    self.npi_matched = IsEqualGUID(*provider->NpiId, NPI_WSK_INTERFACE_ID);
    if (self.on_offer) self.on_offer(binding);
    if (self.declines) return STATUS_NOINTERFACE;
    if (self.tries_a_wrong_version_first) {
      self.first_answer = self.attach(binding, kVersion20);
    }
    return self.attach(binding, kVersion10);
  }
  static NTSTATUS NTAPI on_detach(PVOID context) {
    auto& self = *static_cast<Module*>(context);
    ++self.detaches;
    return self.detach_answer;
  }
  static VOID NTAPI on_cleanup(PVOID context) { ++static_cast<Module*>(context)->cleanups; }

  NTSTATUS attach(HANDLE to, const WSK_CLIENT_DISPATCH& dispatch) {
    const VOID* table = nullptr;
    const NTSTATUS status = NmrClientAttachProvider(to, this, &dispatch, &client, &table);
    wsk = static_cast<const WSK_PROVIDER_DISPATCH*>(table);
    return status;
  }

  PWSK_SOCKET new_socket() const {
    IrpCall call;
    call.start([&](PIRP irp) {
      return wsk->WskSocket(static_cast<PWSK_CLIENT>(client), AF_INET, SOCK_STREAM, IPPROTO_TCP,
                            WSK_FLAG_CONNECTION_SOCKET, nullptr, nullptr, nullptr, nullptr, nullptr,
                            irp);
    });
    EXPECT_EQ(call.wait().status, STATUS_SUCCESS);
    return reinterpret_cast<PWSK_SOCKET>(call.wait().information);
  }

  const NPI_CLIENT_CHARACTERISTICS characteristics = {
      .Version = 0,
      .Length = sizeof(NPI_CLIENT_CHARACTERISTICS),
      .ClientAttachProvider = on_attach,
      .ClientDetachProvider = on_detach,
      .ClientCleanupBindingContext = on_cleanup,
      .ClientRegistrationInstance = {.Version = 0,
                                     .Size = sizeof(NPI_REGISTRATION_INSTANCE),
                                     .NpiId = &NPI_WSK_INTERFACE_ID,
                                     .ModuleId = &kModuleId,
                                     .Number = 0,
                                     .NpiSpecificCharacteristics = nullptr},
  };
  std::function<void(HANDLE)> on_offer;
  bool declines = false;
  bool tries_a_wrong_version_first = false;
  NTSTATUS detach_answer = STATUS_SUCCESS;

  HANDLE handle = nullptr;
  HANDLE binding = nullptr;
  PVOID client = nullptr;
  const WSK_PROVIDER_DISPATCH* wsk = nullptr;
  WSK_PROVIDER_CHARACTERISTICS range{};
  bool npi_matched = false;
  KIRQL attach_irql = HIGH_LEVEL;
  NTSTATUS first_answer = STATUS_PENDING;
  int attaches = 0;
  std::atomic<int> detaches = 0;
  std::atomic<int> cleanups = 0;
};

CONFORMANCE_TEST(NmrClient, AttachesToWskAtOnce) {
  covers("N-030", "N-033", "N-034", "N-035", "N-037", "N-038", "N-043", "IRQL-014");
  Module module;

  ASSERT_EQ(module.register_client(), STATUS_SUCCESS);

  EXPECT_EQ(module.attaches, 1);
  EXPECT_EQ(module.attach_irql, PASSIVE_LEVEL);
  EXPECT_TRUE(module.npi_matched);
  EXPECT_EQ(module.range.LowestVersion, MAKE_WSK_VERSION(1, 0));
  EXPECT_GE(module.range.HighestVersion, MAKE_WSK_VERSION(1, 0));
  ASSERT_NE(module.wsk, nullptr);
  EXPECT_NE(module.client, nullptr);
  { const Connection socket(module.new_socket()); }
  EXPECT_EQ(module.deregister(), STATUS_PENDING);
}

CONFORMANCE_TEST(NmrClient, HasABindingOfItsOwnBesideOthers) {
  covers("N-057", "N-003");
  Module first, second;
  ASSERT_EQ(first.register_client(), STATUS_SUCCESS);
  ASSERT_EQ(second.register_client(), STATUS_SUCCESS);

  EXPECT_NE(first.client, second.client);
  EXPECT_NE(first.client, static_cast<PVOID>(client()));
  EXPECT_NE(first.binding, second.binding);

  first.deregister();
  { const Connection socket(second.new_socket()); }
  EXPECT_NO_THROW(new_connection());
  second.deregister();
}

CONFORMANCE_TEST(NmrClient, TalksToADriverThatUsesWskRegister) {
  covers("N-038", "N-043", "N-057");
  Module module;
  ASSERT_EQ(module.register_client(), STATUS_SUCCESS);
  auto events = std::make_shared<ListenerEvents>();
  IrpCall call;
  call.start([&](PIRP irp) {
    return module.wsk->WskSocket(static_cast<PWSK_CLIENT>(module.client), AF_INET, SOCK_STREAM,
                                 IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET, events.get(),
                                 &ListenerEvents::dispatch, nullptr, nullptr, nullptr, irp);
  });
  ASSERT_EQ(call.wait().status, STATUS_SUCCESS);
  Listener listener(reinterpret_cast<PWSK_SOCKET>(call.wait().information), events);
  Sockaddr address = loopback(0);
  call.start([&](PIRP irp) { return listener.bind(address.get(), 0, irp); });
  ASSERT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  listener.enable(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE);

  Connection of_registered = connect_to(listener.port());
  Connection of_module = listener.events().take();
  of_registered.write("from WskRegister");
  of_module.events().wait_taken(16);
  EXPECT_EQ(of_module.events().taken(), "from WskRegister");
  of_module.write("from the NMR");
  EXPECT_EQ(of_registered.read(12), "from the NMR");

  // The one goes; what the other has stays as it was.
  for (const auto& close :
       {std::function<NTSTATUS(PIRP)>([&](PIRP irp) { return of_module.close(irp); }),
        std::function<NTSTATUS(PIRP)>([&](PIRP irp) { return listener.close(irp); })}) {
    call.start(close);
    EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  }
  EXPECT_EQ(module.deregister(), STATUS_PENDING);
  EXPECT_EQ(module.cleanups, 1);
  auto [connection, peer] = connect_pair();
  connection.write("still here");
  EXPECT_EQ(peer.receive(10), "still here");
}

CONFORMANCE_TEST(NmrClient, GetsWhatItAsksForIntoVariablesOfItsOwn) {
  covers("N-042");
  Module module;
  module.on_offer = [&](HANDLE binding) {
    PVOID context = nullptr;
    const VOID* table = nullptr;
    EXPECT_EQ(NmrClientAttachProvider(binding, &module, &kVersion10, nullptr, &table),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(NmrClientAttachProvider(binding, &module, &kVersion10, &context, nullptr),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(NmrClientAttachProvider(binding, &module, nullptr, &context, &table),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(context, nullptr);
    EXPECT_EQ(table, nullptr);
  };
  ASSERT_EQ(module.register_client(), STATUS_SUCCESS);
  EXPECT_NE(module.client, nullptr);
  EXPECT_NE(module.wsk, nullptr);
  module.deregister();
}

CONFORMANCE_TEST(NmrClient, MayAskAgainForAnotherVersion) {
  covers("N-037", "N-039");
  Module module;
  module.tries_a_wrong_version_first = true;

  ASSERT_EQ(module.register_client(), STATUS_SUCCESS);

  EXPECT_EQ(module.first_answer, STATUS_NOINTERFACE);
  ASSERT_NE(module.wsk, nullptr);
  { const Connection socket(module.new_socket()); }
  module.deregister();
}

CONFORMANCE_TEST(NmrClient, MayDecline) {
  covers("N-036", "N-044", "N-047");
  Module module;
  module.declines = true;

  ASSERT_EQ(module.register_client(), STATUS_SUCCESS);
  EXPECT_EQ(module.attaches, 1);
  EXPECT_EQ(module.deregister(), STATUS_PENDING);

  EXPECT_EQ(module.detaches, 0);
  EXPECT_EQ(module.cleanups, 0);
}

CONFORMANCE_TEST(NmrClient, DetachesOnceAndIsCleanedUpOnce) {
  covers("N-044", "N-047", "N-048", "N-049", "N-055");
  Module module;
  ASSERT_EQ(module.register_client(), STATUS_SUCCESS);

  EXPECT_EQ(module.deregister(), STATUS_PENDING);

  EXPECT_EQ(module.detaches, 1);
  EXPECT_EQ(module.cleanups, 1);
}

CONFORMANCE_TEST(NmrClient, MayDetachLater) {
  covers("N-048", "N-050", "N-051");
  Module module;
  module.detach_answer = STATUS_PENDING;
  ASSERT_EQ(module.register_client(), STATUS_SUCCESS);
  ASSERT_EQ(NmrDeregisterClient(module.handle), STATUS_PENDING);
  EXPECT_EQ(module.detaches, 1);
  EXPECT_EQ(module.cleanups, 0);

  NmrClientDetachProviderComplete(module.binding);

  EXPECT_EQ(NmrWaitForClientDeregisterComplete(module.handle), STATUS_SUCCESS);
  EXPECT_EQ(module.cleanups, 1);
}

CONFORMANCE_TEST(NmrClient, ItsOpenSocketsHoldTheDetachment) {
  covers("N-048", "N-053", "G-62");
  Module module;
  ASSERT_EQ(module.register_client(), STATUS_SUCCESS);
  Connection socket(module.new_socket());
  ASSERT_EQ(NmrDeregisterClient(module.handle), STATUS_PENDING);
  std::atomic<bool> closed = false;
  std::atomic<bool> closed_when_complete = false;
  std::thread waiter([&] {
    EXPECT_EQ(NmrWaitForClientDeregisterComplete(module.handle), STATUS_SUCCESS);
    closed_when_complete = closed.load();
  });
  EXPECT_EQ(module.detaches, 1);
  EXPECT_EQ(module.cleanups, 0);

  // The socket still works.
  Sockaddr local = loopback(0);
  IrpCall call;
  call.start([&](PIRP irp) { return socket.bind(local.get(), 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  closed = true;
  call.start([&](PIRP irp) { return socket.close(irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));

  waiter.join();
  EXPECT_TRUE(closed_when_complete);
  EXPECT_EQ(module.cleanups, 1);
}

CONFORMANCE_TEST(NmrClient, WaitingWithoutDeregisteringIsRefused) {
  covers("N-047");
  Module module;
  ASSERT_EQ(module.register_client(), STATUS_SUCCESS);

  EXPECT_EQ(NmrWaitForClientDeregisterComplete(module.handle), STATUS_INVALID_PARAMETER);

  module.deregister();
}

}  // namespace
}  // namespace wskrun::tests
