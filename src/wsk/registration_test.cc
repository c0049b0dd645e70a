// WskRegister and its family over the Network Module Registrar, with the subsystem as the provider.
// No socket is made here, so the transport is never asked for anything.
#include <gtest/gtest.h>
#include <wsk.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "wsk/client.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

class NoTransport final : public net::Transport {
 public:
  const char* name() const override { return "none"; }
  std::unique_ptr<net::Socket> create_socket(const net::SocketSpec&, net::Error& error) override {
    error = net::Error(EAFNOSUPPORT);
    return nullptr;
  }
  net::StreamEndpoint& open_stream(std::unique_ptr<net::Socket>, net::StreamSink&) override {
    __builtin_trap();
  }
  net::ListenerEndpoint& open_listener(std::unique_ptr<net::Socket>, net::ListenerSink&) override {
    __builtin_trap();
  }
  net::DatagramEndpoint& open_datagram(std::unique_ptr<net::Socket>, net::DatagramSink&) override {
    __builtin_trap();
  }
  unsigned loop_count() const override { return 0; }
  net::Loop& loop(unsigned) override { __builtin_trap(); }
  bool under_memory_pressure() const override { return false; }
};

constexpr WSK_CLIENT_DISPATCH kVersion10 = {MAKE_WSK_VERSION(1, 0), 0, nullptr};
constexpr WSK_CLIENT_DISPATCH kVersion11 = {MAKE_WSK_VERSION(1, 1), 0, nullptr};
constexpr WSK_CLIENT_DISPATCH kVersion20 = {MAKE_WSK_VERSION(2, 0), 0, nullptr};

// A driver's registration. The NPI lies on the stack of the call, as in the documentation's sample.
struct Driver {
  explicit Driver(const WSK_CLIENT_DISPATCH& dispatch = kVersion10) {
    WSK_CLIENT_NPI npi = {this, &dispatch};
    EXPECT_EQ(WskRegister(&npi, &registration), STATUS_SUCCESS);
  }
  ~Driver() {
    if (registered) deregister();
  }
  void deregister() {
    registered = false;
    WskDeregister(&registration);
  }
  NTSTATUS capture(ULONG timeout_ms = WSK_NO_WAIT) {
    return WskCaptureProviderNPI(&registration, timeout_ms, &npi);
  }
  void release() { WskReleaseProviderNPI(&registration); }

  WSK_REGISTRATION registration;
  WSK_PROVIDER_NPI npi = {};
  bool registered = true;
};

class Registration : public testing::Test {
 protected:
  NoTransport transport_;
  Subsystem subsystem_{transport_};
};

TEST_F(Registration, CaptureGivesTheClientAndTheTable) {  // N-001, N-010, N-021
  ASSERT_EQ(subsystem_.start(), STATUS_SUCCESS);
  {
    Driver driver;
    ASSERT_EQ(driver.capture(WSK_INFINITE_WAIT), STATUS_SUCCESS);
    EXPECT_NE(driver.npi.Client, nullptr);
    EXPECT_EQ(WSK_MAJOR_VERSION(driver.npi.Dispatch->Version), 1);
    EXPECT_TRUE(Client::from_handle(driver.npi.Client));
    driver.release();
  }
  EXPECT_TRUE(subsystem_.stop());
}

TEST_F(Registration, CaptureWithoutProviderIsNotReady) {  // N-009, N-011, N-019
  Driver driver;
  WSK_PROVIDER_CHARACTERISTICS versions;
  EXPECT_EQ(driver.capture(), STATUS_DEVICE_NOT_READY);
  EXPECT_EQ(driver.capture(1), STATUS_DEVICE_NOT_READY);
  EXPECT_EQ(WskQueryProviderCharacteristics(&driver.registration, &versions),
            STATUS_DEVICE_NOT_READY);
}

TEST_F(Registration, BlockedCaptureReturnsWhenTheProviderStarts) {  // N-009, N-033
  {
    Driver driver;
    std::thread capturer([&] {
      EXPECT_EQ(driver.capture(WSK_INFINITE_WAIT), STATUS_SUCCESS);
      driver.release();
    });
    ASSERT_EQ(subsystem_.start(), STATUS_SUCCESS);
    capturer.join();
  }
  EXPECT_TRUE(subsystem_.stop());
}

TEST_F(Registration, UnsupportedVersionIsNoInterface) {  // N-012, N-019, N-020
  ASSERT_EQ(subsystem_.start(), STATUS_SUCCESS);
  {
    Driver newer(kVersion20);
    EXPECT_EQ(newer.capture(WSK_INFINITE_WAIT), STATUS_NOINTERFACE);
    WSK_PROVIDER_CHARACTERISTICS versions = {};
    ASSERT_EQ(WskQueryProviderCharacteristics(&newer.registration, &versions), STATUS_SUCCESS);
    EXPECT_EQ(versions.LowestVersion, MAKE_WSK_VERSION(1, 0));
    EXPECT_EQ(versions.HighestVersion, MAKE_WSK_VERSION(1, 1));
    Driver supported(kVersion11);
    EXPECT_EQ(supported.capture(), STATUS_SUCCESS);
    supported.release();
  }
  EXPECT_TRUE(subsystem_.stop());
}

TEST_F(Registration, DeregisterWaitsForCaptures) {  // N-025
  ASSERT_EQ(subsystem_.start(), STATUS_SUCCESS);
  Driver driver;
  ASSERT_EQ(driver.capture(), STATUS_SUCCESS);
  ASSERT_EQ(driver.capture(), STATUS_SUCCESS);
  std::atomic<bool> released{false};
  std::thread deregisterer([&] {
    driver.deregister();
    EXPECT_TRUE(released);
  });
  driver.release();
  released = true;
  driver.release();
  deregisterer.join();
  EXPECT_FALSE(Client::from_handle(driver.npi.Client));
  EXPECT_TRUE(subsystem_.stop());
}

TEST_F(Registration, DeregisterWaitsForWhoeverHoldsTheClient) {  // N-025: calls, IRPs, sockets
  ASSERT_EQ(subsystem_.start(), STATUS_SUCCESS);
  Driver driver;
  ASSERT_EQ(driver.capture(), STATUS_SUCCESS);
  base::RefPtr<Client> held = Client::from_handle(driver.npi.Client);
  driver.release();
  std::atomic<bool> let_go{false};
  std::thread deregisterer([&] {
    driver.deregister();
    EXPECT_TRUE(let_go);
  });
  let_go = true;
  held = {};
  deregisterer.join();
  EXPECT_TRUE(subsystem_.stop());
}

TEST_F(Registration, DeregisterWakesBlockedCaptures) {  // N-015, N-016
  Driver driver;
  std::vector<std::thread> capturers;
  capturers.reserve(3);
  for (int index = 0; index < 3; ++index) {
    capturers.emplace_back([&] {
      WSK_PROVIDER_NPI npi;
      EXPECT_EQ(WskCaptureProviderNPI(&driver.registration, WSK_INFINITE_WAIT, &npi),
                STATUS_DEVICE_NOT_READY);
    });
  }
  driver.deregister();
  for (std::thread& capturer : capturers) capturer.join();
  EXPECT_EQ(driver.capture(WSK_INFINITE_WAIT), STATUS_DEVICE_NOT_READY);
}

TEST_F(Registration, SubsystemStopsAndStartsAgain) {
  Driver driver;
  for (int round = 0; round < 10; ++round) {
    Subsystem subsystem(transport_);
    ASSERT_EQ(subsystem.start(), STATUS_SUCCESS);
    ASSERT_EQ(driver.capture(), STATUS_SUCCESS);
    driver.release();
    ASSERT_TRUE(subsystem.stop());
    EXPECT_EQ(driver.capture(), STATUS_DEVICE_NOT_READY);
  }
}

TEST_F(Registration, StopTellsWhetherADriverHoldsAClient) {
  auto* subsystem = new Subsystem(transport_);
  ASSERT_EQ(subsystem->start(), STATUS_SUCCESS);
  Driver driver;
  ASSERT_EQ(driver.capture(), STATUS_SUCCESS);
  EXPECT_FALSE(subsystem->stop());
  driver.release();
  EXPECT_TRUE(subsystem->stop());
  delete subsystem;
}

TEST_F(Registration, WrongCallsAreAnswered) {
  WSK_CLIENT_NPI npi = {nullptr, nullptr};
  WSK_REGISTRATION registration = {};
  EXPECT_EQ(WskRegister(nullptr, &registration), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(WskRegister(&npi, &registration), STATUS_INVALID_PARAMETER);
  WskReleaseProviderNPI(&registration);
  WskDeregister(&registration);
  Driver driver;
  EXPECT_EQ(WskCaptureProviderNPI(&driver.registration, WSK_NO_WAIT, nullptr),
            STATUS_INVALID_PARAMETER);
  driver.release();
}

TEST_F(Registration, EverybodyComesAndGoesAtOnce) {
  ASSERT_EQ(subsystem_.start(), STATUS_SUCCESS);
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int index = 0; index < 4; ++index) {
    threads.emplace_back([] {
      for (int round = 0; round < 100; ++round) {
        Driver driver;
        EXPECT_EQ(driver.capture(), STATUS_SUCCESS);
        driver.release();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(subsystem_.stop());
}

// ---- the client itself

TEST_F(Registration, OnlyALiveClientIsFound) {  // C-002
  ASSERT_EQ(subsystem_.start(), STATUS_SUCCESS);
  int no_client = 0;
  EXPECT_FALSE(Client::from_handle(nullptr));
  EXPECT_FALSE(Client::from_handle(&no_client));
  EXPECT_TRUE(subsystem_.stop());
}

TEST_F(Registration, StaticEventsAddUpUntilTheFirstSocket) {  // E-037, E-039, G-28
  ASSERT_EQ(subsystem_.start(), STATUS_SUCCESS);
  {
    Driver driver;
    ASSERT_EQ(driver.capture(), STATUS_SUCCESS);
    const base::RefPtr<Client> client = Client::from_handle(driver.npi.Client);
    EXPECT_TRUE(client->add_static_events(WSK_EVENT_ACCEPT));
    EXPECT_TRUE(client->add_static_events(WSK_EVENT_RECEIVE));
    EXPECT_EQ(client->freeze_static_events(), ULONG{WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE});
    EXPECT_FALSE(client->add_static_events(WSK_EVENT_DISCONNECT));
    EXPECT_EQ(client->freeze_static_events(), ULONG{WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE});
    driver.release();
  }
  EXPECT_TRUE(subsystem_.stop());
}

// Calls WskControlClient as a driver does, without an IRP.
NTSTATUS set_static_events(const WSK_PROVIDER_NPI& npi, const NPIID* id, ULONG events,
                           SIZE_T size = sizeof(WSK_EVENT_CALLBACK_CONTROL)) {
  WSK_EVENT_CALLBACK_CONTROL control = {id, events};
  return npi.Dispatch->WskControlClient(npi.Client, WSK_SET_STATIC_EVENT_CALLBACKS, size, &control,
                                        0, nullptr, nullptr, nullptr);
}

TEST_F(Registration, ControlClientSetsStaticEvents) {  // E-037, E-039, E-042, CL-004, CL-013
  ASSERT_EQ(subsystem_.start(), STATUS_SUCCESS);
  {
    Driver driver;
    ASSERT_EQ(driver.capture(), STATUS_SUCCESS);
    const WSK_PROVIDER_NPI& npi = driver.npi;
    const NPIID* wsk = &NPI_WSK_INTERFACE_ID;
    constexpr NPIID kOther = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
    EXPECT_EQ(set_static_events(npi, wsk, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE_FROM),
              STATUS_SUCCESS);
    EXPECT_EQ(set_static_events(npi, &kOther, WSK_EVENT_ACCEPT), STATUS_NOT_SUPPORTED);
    EXPECT_EQ(set_static_events(npi, nullptr, WSK_EVENT_ACCEPT), STATUS_NOT_SUPPORTED);
    EXPECT_EQ(set_static_events(npi, wsk, WSK_EVENT_ACCEPT | WSK_EVENT_DISABLE),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(set_static_events(npi, wsk, 0x1), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(set_static_events(npi, wsk, WSK_EVENT_ACCEPT, 8), STATUS_INVALID_PARAMETER);
    const base::RefPtr<Client> client = Client::from_handle(npi.Client);
    EXPECT_EQ(client->freeze_static_events(), ULONG{WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE_FROM});
    EXPECT_EQ(set_static_events(npi, wsk, WSK_EVENT_ACCEPT), STATUS_INVALID_DEVICE_STATE);
    driver.release();
  }
  EXPECT_TRUE(subsystem_.stop());
}

TEST_F(Registration, ControlClientListsNoTransportThatTheKernelLacks) {  // CL-007, C-009
  ASSERT_EQ(subsystem_.start(), STATUS_SUCCESS);
  {
    Driver driver;
    ASSERT_EQ(driver.capture(), STATUS_SUCCESS);
    SIZE_T size = 77;
    EXPECT_EQ(driver.npi.Dispatch->WskControlClient(driver.npi.Client, WSK_TRANSPORT_LIST_QUERY, 0,
                                                    nullptr, 0, nullptr, &size, nullptr),
              STATUS_SUCCESS);
    EXPECT_EQ(size, 0u);
    driver.release();
  }
  EXPECT_TRUE(subsystem_.stop());
}

NTSTATUS keep_irp(PDEVICE_OBJECT, PIRP, PVOID) {
  return STATUS_MORE_PROCESSING_REQUIRED;
}

TEST_F(Registration, ControlClientRefusesWhatItDoesNotKnow) {  // CL-004, CL-014, CL-018
  ASSERT_EQ(subsystem_.start(), STATUS_SUCCESS);
  {
    Driver driver;
    ASSERT_EQ(driver.capture(), STATUS_SUCCESS);
    const auto control = [&](PWSK_CLIENT client, ULONG code, SIZE_T size, PVOID input) {
      return driver.npi.Dispatch->WskControlClient(client, code, size, input, 0, nullptr, nullptr,
                                                   nullptr);
    };
    ULONG flags = WSK_TDI_BEHAVIOR_BYPASS_TDI;
    EXPECT_EQ(control(driver.npi.Client, WSK_TDI_BEHAVIOR, sizeof flags, &flags), STATUS_SUCCESS);
    EXPECT_EQ(control(driver.npi.Client, WSK_TDI_BEHAVIOR, 0, nullptr), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(control(driver.npi.Client, WSK_TRANSPORT_LIST_CHANGE, 0, nullptr),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(control(driver.npi.Client, 99, 0, nullptr), STATUS_NOT_SUPPORTED);
    EXPECT_EQ(control(nullptr, WSK_TDI_BEHAVIOR, sizeof flags, &flags), STATUS_INVALID_HANDLE);

    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetCompletionRoutine(irp, keep_irp, nullptr, TRUE, TRUE, TRUE);
    EXPECT_EQ(driver.npi.Dispatch->WskControlClient(driver.npi.Client, WSK_TDI_BEHAVIOR,
                                                    sizeof flags, &flags, 0, nullptr, nullptr, irp),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(irp->IoStatus.Status, STATUS_INVALID_PARAMETER);
    IoFreeIrp(irp);
    driver.release();
  }
  EXPECT_TRUE(subsystem_.stop());
}

}  // namespace
}  // namespace wskrun::wsk
