// The WskRegister family. The fixture's registration stands for another driver. Captures that have
// to wait for WSK are tested beside the code: here WSK is there as long as the runtime is.
#include <atomic>
#include <thread>
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(Registration);

constexpr WSK_CLIENT_DISPATCH kVersion10 = {MAKE_WSK_VERSION(1, 0), 0, nullptr};
constexpr WSK_CLIENT_DISPATCH kVersion11 = {MAKE_WSK_VERSION(1, 1), 0, nullptr};
constexpr WSK_CLIENT_DISPATCH kVersion09 = {MAKE_WSK_VERSION(0, 9), 0, nullptr};
constexpr WSK_CLIENT_DISPATCH kVersion12 = {MAKE_WSK_VERSION(1, 2), 0, nullptr};
constexpr WSK_CLIENT_DISPATCH kVersion20 = {MAKE_WSK_VERSION(2, 0), 0, nullptr};

NTSTATUS register_client(const WSK_CLIENT_DISPATCH& dispatch, WSK_REGISTRATION& registration) {
  WSK_CLIENT_NPI npi = {nullptr, &dispatch};  // On the stack: WSK must have copied it.
  return WskRegister(&npi, &registration);
}

Connection new_socket(const WSK_PROVIDER_NPI& npi) {
  IrpCall call;
  call.start([&](PIRP irp) {
    return npi.Dispatch->WskSocket(npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                   WSK_FLAG_CONNECTION_SOCKET, nullptr, nullptr, nullptr, nullptr,
                                   nullptr, irp);
  });
  if (call.wait().status != STATUS_SUCCESS) throw std::runtime_error("WskSocket failed");
  return Connection(reinterpret_cast<PWSK_SOCKET>(call.wait().information));
}

// WskDeregister in a thread of its own, which has begun when the constructor returns.
class Deregistration {
 public:
  explicit Deregistration(WSK_REGISTRATION& registration)
      : thread_([this, &registration] {
          WskDeregister(&registration);
          done_ = true;
        }) {
    // From its first moment on captures are refused, and nothing else does that.
    WSK_PROVIDER_NPI npi;
    while (WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &npi) == STATUS_SUCCESS) {
      WskReleaseProviderNPI(&registration);
      std::this_thread::yield();
    }
  }
  ~Deregistration() { wait(); }
  bool done() const { return done_; }
  void wait() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

CONFORMANCE_TEST(Registration, RegistersCapturesAndDeregisters) {
  covers("N-001", "N-007", "N-010", "N-021");
  WSK_REGISTRATION registration;
  WSK_PROVIDER_NPI npi{};

  ASSERT_EQ(register_client(kVersion10, registration), STATUS_SUCCESS);
  ASSERT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_SUCCESS);

  EXPECT_NE(npi.Client, nullptr);
  EXPECT_EQ(WSK_MAJOR_VERSION(npi.Dispatch->Version), 1);
  EXPECT_NE(npi.Dispatch->WskSocket, nullptr);
  EXPECT_NE(npi.Dispatch->WskSocketConnect, nullptr);
  EXPECT_NE(npi.Dispatch->WskControlClient, nullptr);
  WskReleaseProviderNPI(&registration);
  WskDeregister(&registration);
}

CONFORMANCE_TEST(Registration, NullArgumentsAreRefused) {
  covers("N-001");
  WSK_REGISTRATION registration{};
  WSK_CLIENT_NPI npi = {nullptr, &kVersion10};
  WSK_CLIENT_NPI without_dispatch = {nullptr, nullptr};

  EXPECT_EQ(WskRegister(nullptr, &registration), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(WskRegister(&npi, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(WskRegister(&without_dispatch, &registration), STATUS_INVALID_PARAMETER);
}

CONFORMANCE_TEST(Registration, ACaptureThatNeedNotWaitDoesNot) {
  covers("N-009", "N-010");
  WSK_REGISTRATION registration;
  ASSERT_EQ(register_client(kVersion10, registration), STATUS_SUCCESS);

  for (const ULONG timeout : {ULONG{WSK_NO_WAIT}, ULONG{1}, ULONG{WSK_INFINITE_WAIT}}) {
    WSK_PROVIDER_NPI npi{};
    EXPECT_EQ(WskCaptureProviderNPI(&registration, timeout, &npi), STATUS_SUCCESS);
    EXPECT_NE(npi.Dispatch, nullptr);
    WskReleaseProviderNPI(&registration);
  }
  WskDeregister(&registration);
}

CONFORMANCE_TEST(Registration, TheVersionAskedForIsServed) {
  covers("N-021", "N-022");
  static_assert(WSK_MAJOR_VERSION(MAKE_WSK_VERSION(3, 5)) == 3);
  static_assert(WSK_MINOR_VERSION(MAKE_WSK_VERSION(3, 5)) == 5);
  for (const WSK_CLIENT_DISPATCH* dispatch : {&kVersion10, &kVersion11}) {
    WSK_REGISTRATION registration;
    WSK_PROVIDER_NPI npi{};
    ASSERT_EQ(register_client(*dispatch, registration), STATUS_SUCCESS);

    ASSERT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_SUCCESS);

    EXPECT_EQ(WSK_MAJOR_VERSION(npi.Dispatch->Version), WSK_MAJOR_VERSION(dispatch->Version));
    EXPECT_GE(WSK_MINOR_VERSION(npi.Dispatch->Version), WSK_MINOR_VERSION(dispatch->Version));
    WskReleaseProviderNPI(&registration);
    WskDeregister(&registration);
  }
}

CONFORMANCE_TEST(Registration, AVersionThatIsNotThereIsRefusedAndTheRangeSaysWhichAre) {
  covers("N-012", "N-019", "N-020");
  for (const WSK_CLIENT_DISPATCH* dispatch : {&kVersion09, &kVersion12, &kVersion20}) {
    WSK_REGISTRATION registration;
    WSK_PROVIDER_NPI npi{};
    WSK_PROVIDER_CHARACTERISTICS range{};
    ASSERT_EQ(register_client(*dispatch, registration), STATUS_SUCCESS);

    EXPECT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_NOINTERFACE);
    EXPECT_EQ(WskQueryProviderCharacteristics(&registration, &range), STATUS_SUCCESS);
    EXPECT_EQ(range.LowestVersion, MAKE_WSK_VERSION(1, 0));
    EXPECT_EQ(range.HighestVersion, MAKE_WSK_VERSION(1, 1));
    WskDeregister(&registration);

    ASSERT_EQ(register_client(kVersion11, registration), STATUS_SUCCESS);
    EXPECT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_SUCCESS);
    WskReleaseProviderNPI(&registration);
    WskDeregister(&registration);
  }
}

CONFORMANCE_TEST(Registration, RegistrationsAreIndependent) {
  covers("N-003", "N-013", "CL-019");
  WSK_REGISTRATION first, second;
  WSK_PROVIDER_NPI one{}, two{}, two_again{};
  ASSERT_EQ(register_client(kVersion10, first), STATUS_SUCCESS);
  ASSERT_EQ(register_client(kVersion10, second), STATUS_SUCCESS);
  ASSERT_EQ(WskCaptureProviderNPI(&first, WSK_INFINITE_WAIT, &one), STATUS_SUCCESS);
  ASSERT_EQ(WskCaptureProviderNPI(&second, WSK_INFINITE_WAIT, &two), STATUS_SUCCESS);
  ASSERT_EQ(WskCaptureProviderNPI(&second, WSK_INFINITE_WAIT, &two_again), STATUS_SUCCESS);
  EXPECT_NE(one.Client, two.Client);
  EXPECT_EQ(two.Client, two_again.Client);
  EXPECT_NE(one.Client, client());

  WskReleaseProviderNPI(&first);
  WskDeregister(&first);  // Waits for nothing of the others.
  WskReleaseProviderNPI(&second);
  { const Connection socket = new_socket(two_again); }

  WskReleaseProviderNPI(&second);
  WskDeregister(&second);
  EXPECT_NO_THROW(new_connection());
}

CONFORMANCE_TEST(Registration, AClientThatHasGoneIsRefused) {
  covers("C-002");
  WSK_REGISTRATION registration;
  WSK_PROVIDER_NPI npi{};
  ASSERT_EQ(register_client(kVersion10, registration), STATUS_SUCCESS);
  ASSERT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_SUCCESS);
  WskReleaseProviderNPI(&registration);
  WskDeregister(&registration);
  IrpCall never_made;

  EXPECT_EQ(provider().WskSocket(npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                 WSK_FLAG_CONNECTION_SOCKET, nullptr, nullptr, nullptr, nullptr,
                                 nullptr, never_made.irp()),
            STATUS_INVALID_HANDLE);
}

CONFORMANCE_TEST(Registration, AfterDeregistrationThereIsNothingToCapture) {
  covers("N-015");
  WSK_REGISTRATION registration;
  WSK_PROVIDER_NPI npi{};
  WSK_PROVIDER_CHARACTERISTICS range{};
  ASSERT_EQ(register_client(kVersion10, registration), STATUS_SUCCESS);
  WskDeregister(&registration);

  EXPECT_EQ(WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &npi), STATUS_DEVICE_NOT_READY);
  EXPECT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_DEVICE_NOT_READY);
  EXPECT_EQ(WskQueryProviderCharacteristics(&registration, &range), STATUS_DEVICE_NOT_READY);
}

CONFORMANCE_TEST(Registration, DeregistrationWaitsForCaptures) {
  covers("N-025", "N-015", "N-014");
  WSK_REGISTRATION registration;
  WSK_PROVIDER_NPI npi{};
  ASSERT_EQ(register_client(kVersion10, registration), STATUS_SUCCESS);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_SUCCESS);
  }

  Deregistration deregistration(registration);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(deregistration.done());
    { const Connection socket = new_socket(npi); }  // What is captured works to the end.
    EXPECT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi),
              STATUS_DEVICE_NOT_READY);
    WskReleaseProviderNPI(&registration);
  }

  deregistration.wait();
  EXPECT_TRUE(deregistration.done());
}

CONFORMANCE_TEST(Registration, DeregistrationWaitsForSocketsWhichWorkUntilTheyAreClosed) {
  covers("N-024", "N-025", "X-012", "G-61");
  PeerListener remote;
  WSK_REGISTRATION registration;
  WSK_PROVIDER_NPI npi{};
  ASSERT_EQ(register_client(kVersion10, registration), STATUS_SUCCESS);
  ASSERT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_SUCCESS);
  Connection socket = new_socket(npi);
  WskReleaseProviderNPI(&registration);
  Deregistration deregistration(registration);
  IrpCall call;

  Sockaddr local = wildcard(0);
  call.start([&](PIRP irp) { return socket.bind(local.get(), 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  Sockaddr there = loopback(remote.port());
  call.start([&](PIRP irp) { return socket.connect(there.get(), 0, irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  Peer peer = remote.accept();
  socket.write("abc");
  EXPECT_EQ(peer.receive(3), "abc");
  EXPECT_FALSE(deregistration.done());

  call.start([&](PIRP irp) { return socket.close(irp); });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  deregistration.wait();
}

CONFORMANCE_TEST(Registration, DeregistrationWaitsForTheLastCompletionRoutine) {
  covers("N-025", "G-61");
  WSK_REGISTRATION registration;
  WSK_PROVIDER_NPI npi{};
  ASSERT_EQ(register_client(kVersion10, registration), STATUS_SUCCESS);
  ASSERT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_SUCCESS);
  Connection socket = new_socket(npi);
  WskReleaseProviderNPI(&registration);
  Deregistration deregistration(registration);
  std::atomic<bool> routine_saw_it_done = false;
  IrpCall closing;
  closing.on_completion([&] {
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    routine_saw_it_done = deregistration.done();
  });

  closing.start([&](PIRP irp) { return socket.close(irp); });

  closing.wait();
  deregistration.wait();
  EXPECT_FALSE(routine_saw_it_done);
}

CONFORMANCE_TEST(Registration, ThreadsMayCaptureAndReleaseAtOnce) {
  covers("N-009", "N-013", "N-014");
  WSK_REGISTRATION registration;
  ASSERT_EQ(register_client(kVersion10, registration), STATUS_SUCCESS);
  std::atomic<int> captured = 0, refused = 0;
  std::vector<std::thread> threads;
  std::atomic<bool> warm = false;

  // Until the registration goes: then all of them are refused, for good.
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      WSK_PROVIDER_NPI npi;
      while (WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi) == STATUS_SUCCESS) {
        if (++captured > 1000) warm = true;
        WskReleaseProviderNPI(&registration);
      }
      ++refused;
    });
  }
  while (!warm) std::this_thread::yield();
  WskDeregister(&registration);

  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 4);
}

CONFORMANCE_TEST(Registration, WhatIsNotPairedIsReportedAndHarmless) {
  covers("N-005", "N-014");
  const auto mistakes = [] {
    wskrun_statistics now{};
    wskrun_statistics_now(&now);
    return now.mistakes;
  };
  WSK_REGISTRATION registration{};
  const std::uint64_t before = mistakes();

  WskDeregister(&registration);
  WskDeregister(nullptr);
  ASSERT_EQ(register_client(kVersion10, registration), STATUS_SUCCESS);
  WskReleaseProviderNPI(&registration);
  WskDeregister(&registration);
  WskDeregister(&registration);

  EXPECT_EQ(mistakes(), before + 4);
}

}  // namespace
}  // namespace wskrun::tests
