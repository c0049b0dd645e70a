// WSK that is not there yet when a driver asks for it, as when the driver starts before the
// network (host option provider_delay_ms).
#include <netioddk.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr unsigned kNever_ms = 3'600'000;
constexpr unsigned kSoon_ms = 100;

constexpr WSK_CLIENT_DISPATCH kVersion10 = {MAKE_WSK_VERSION(1, 0), 0, nullptr};
constexpr WSK_CLIENT_DISPATCH kVersion20 = {MAKE_WSK_VERSION(2, 0), 0, nullptr};

class LateProvider : public ::testing::TestWithParam<Backend> {
 protected:
  void TearDown() override { wskrun_runtime_destroy(runtime_); }

  // False: this kernel has no such transport.
  bool start(unsigned delay_ms) {
    wskrun_options options = options_for(GetParam());
    options.provider_delay_ms = delay_ms;
    wskrun_error error;
    runtime_ = wskrun_runtime_create(&options, &error);
    if (runtime_ == nullptr && error.result != WSKRUN_NO_TRANSPORT) {
      throw std::runtime_error(error.text);
    }
    return runtime_ != nullptr;
  }

 private:
  wskrun_runtime* runtime_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(, LateProvider, ::testing::ValuesIn(kBackends), name_of);

struct Registration {
  explicit Registration(const WSK_CLIENT_DISPATCH& dispatch = kVersion10) {
    WSK_CLIENT_NPI client = {nullptr, &dispatch};
    EXPECT_EQ(WskRegister(&client, &registration), STATUS_SUCCESS);
  }
  NTSTATUS capture(ULONG timeout_ms) {
    return WskCaptureProviderNPI(&registration, timeout_ms, &npi);
  }
  void release() { WskReleaseProviderNPI(&registration); }
  void deregister() { WskDeregister(&registration); }

  WSK_REGISTRATION registration;
  WSK_PROVIDER_NPI npi{};
};

// A capture in a thread of its own.
class BlockedCapture {
 public:
  BlockedCapture(Registration& registration, ULONG timeout_ms)
      : thread_([this, &registration, timeout_ms] {
          thread_id_ = ::gettid();
          status_ = WskCaptureProviderNPI(&registration.registration, timeout_ms, &npi_);
        }) {}
  ~BlockedCapture() {
    if (thread_.joinable()) thread_.join();
  }

  // Returns when the kernel says that the thread sleeps.
  void wait_until_blocked() const {
    const auto patience = Clock::now() + std::chrono::minutes(1);
    while (state() != 'S') {
      if (Clock::now() > patience) throw std::runtime_error("the capture does not block");
      std::this_thread::yield();
    }
  }
  NTSTATUS status() {
    thread_.join();
    return status_;
  }
  const WSK_PROVIDER_NPI& npi() const { return npi_; }

 private:
  char state() const {
    if (thread_id_ == 0) return '?';
    std::ifstream file("/proc/self/task/" + std::to_string(thread_id_) + "/stat");
    std::string line;
    std::getline(file, line);
    const auto name_end = line.rfind(") ");
    return name_end == std::string::npos ? '?' : line[name_end + 2];
  }

  std::atomic<pid_t> thread_id_ = 0;
  NTSTATUS status_ = STATUS_PENDING;
  WSK_PROVIDER_NPI npi_{};
  std::thread thread_;
};

#define START_OR_SKIP(delay_ms) \
  if (!start(delay_ms)) GTEST_SKIP() << "this kernel has no such transport"

CONFORMANCE_TEST(LateProvider, CannotBeCapturedWhileItIsNotThere) {
  covers("N-009", "N-011", "N-019");
  START_OR_SKIP(kNever_ms);
  Registration driver;
  WSK_PROVIDER_CHARACTERISTICS range{};

  EXPECT_EQ(driver.capture(WSK_NO_WAIT), STATUS_DEVICE_NOT_READY);
  EXPECT_EQ(WskQueryProviderCharacteristics(&driver.registration, &range), STATUS_DEVICE_NOT_READY);
  const auto before = Clock::now();
  EXPECT_EQ(driver.capture(30), STATUS_DEVICE_NOT_READY);
  EXPECT_GE(Clock::now() - before, milliseconds(30));
  EXPECT_LT(Clock::now() - before, milliseconds(kNever_ms));

  driver.deregister();
}

CONFORMANCE_TEST(LateProvider, IsNotWaitedForAtDispatchLevelWithoutAWait) {
  covers("N-009", "N-011", "IRQL-007", "IRQL-008");
  START_OR_SKIP(kNever_ms);
  Registration driver;
  WSK_PROVIDER_CHARACTERISTICS range{};
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  EXPECT_EQ(driver.capture(WSK_NO_WAIT), STATUS_DEVICE_NOT_READY);
  EXPECT_EQ(WskQueryProviderCharacteristics(&driver.registration, &range), STATUS_DEVICE_NOT_READY);
  KeLowerIrql(old);
  driver.deregister();
}

CONFORMANCE_TEST(LateProvider, EndsEveryWaitForItWhenItComes) {
  covers("N-009", "N-010", "N-013");
  START_OR_SKIP(kSoon_ms);
  Registration driver;
  BlockedCapture forever(driver, WSK_INFINITE_WAIT);
  BlockedCapture long_enough(driver, 600'000);
  const auto before = Clock::now();

  EXPECT_EQ(forever.status(), STATUS_SUCCESS);
  EXPECT_EQ(long_enough.status(), STATUS_SUCCESS);

  EXPECT_LT(Clock::now() - before, milliseconds(600'000));
  ASSERT_NE(forever.npi().Dispatch, nullptr);
  EXPECT_EQ(forever.npi().Client, long_enough.npi().Client);
  EXPECT_EQ(driver.capture(WSK_NO_WAIT), STATUS_SUCCESS);
  WSK_PROVIDER_CHARACTERISTICS range{};
  EXPECT_EQ(WskQueryProviderCharacteristics(&driver.registration, &range), STATUS_SUCCESS);
  for (int i = 0; i < 3; ++i) driver.release();
  driver.deregister();
}

CONFORMANCE_TEST(LateProvider, IsFoundByADriverThatAsksAgainAndAgain) {
  covers("N-009", "N-013");
  START_OR_SKIP(kSoon_ms);
  Registration driver;
  NTSTATUS status = STATUS_DEVICE_NOT_READY;
  while (status == STATUS_DEVICE_NOT_READY) status = driver.capture(1);
  EXPECT_EQ(status, STATUS_SUCCESS);
  driver.release();
  driver.deregister();
}

CONFORMANCE_TEST(LateProvider, WithoutTheVersionEndsTheWaitToo) {
  covers("N-012");
  START_OR_SKIP(kSoon_ms);
  Registration driver(kVersion20);
  EXPECT_EQ(driver.capture(WSK_INFINITE_WAIT), STATUS_NOINTERFACE);
  driver.deregister();
}

CONFORMANCE_TEST(LateProvider, IsNotWaitedForOnceTheDriverDeregisters) {
  covers("N-015", "N-016", "N-017", "N-025");
  START_OR_SKIP(kNever_ms);
  Registration driver, other;
  BlockedCapture forever(driver, WSK_INFINITE_WAIT);
  BlockedCapture another(driver, WSK_INFINITE_WAIT);
  BlockedCapture long_enough(driver, kNever_ms);
  BlockedCapture of_other(other, WSK_INFINITE_WAIT);
  for (const BlockedCapture* each : {&forever, &another, &long_enough, &of_other}) {
    each->wait_until_blocked();
  }

  driver.deregister();

  EXPECT_EQ(forever.status(), STATUS_DEVICE_NOT_READY);
  EXPECT_EQ(another.status(), STATUS_DEVICE_NOT_READY);
  EXPECT_EQ(long_enough.status(), STATUS_DEVICE_NOT_READY);
  EXPECT_EQ(driver.capture(WSK_INFINITE_WAIT), STATUS_DEVICE_NOT_READY);
  of_other.wait_until_blocked();  // Still, or again.
  other.deregister();
  EXPECT_EQ(of_other.status(), STATUS_DEVICE_NOT_READY);
}

CONFORMANCE_TEST(LateProvider, MayComeWhileTheDriverDeregisters) {
  covers("N-016");
  START_OR_SKIP(kSoon_ms);
  Registration driver;
  BlockedCapture capture(driver, WSK_INFINITE_WAIT);
  std::thread deregistration([&] {
    LARGE_INTEGER as_long_as_the_delay;  // Which of the two comes first is left open.
    as_long_as_the_delay.QuadPart = -10'000LL * kSoon_ms;
    KeDelayExecutionThread(KernelMode, FALSE, &as_long_as_the_delay);
    driver.deregister();
  });

  const NTSTATUS status = capture.status();

  EXPECT_TRUE(status == STATUS_SUCCESS || status == STATUS_DEVICE_NOT_READY) << status;
  if (status == STATUS_SUCCESS) driver.release();
  deregistration.join();
}

// A driver that asks the NMR itself.
struct NmrDriver {
  static NTSTATUS NTAPI on_attach(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
    auto& self = *static_cast<NmrDriver*>(context);
    const VOID* table = nullptr;
    const NTSTATUS status =
        NmrClientAttachProvider(binding, &self, &kVersion10, &self.client, &table);
    self.irql = KeGetCurrentIrql();
    self.attaches.fetch_add(1);
    return status;
  }
  static NTSTATUS NTAPI on_detach(PVOID) { return STATUS_SUCCESS; }

  const NPI_MODULEID module_id = {
      .Length = sizeof(NPI_MODULEID), .Type = MIT_GUID, .Guid = {0x5e1f, 1, 2, {3}}};
  const NPI_CLIENT_CHARACTERISTICS characteristics = {
      .Version = 0,
      .Length = sizeof(NPI_CLIENT_CHARACTERISTICS),
      .ClientAttachProvider = on_attach,
      .ClientDetachProvider = on_detach,
      .ClientCleanupBindingContext = nullptr,
      .ClientRegistrationInstance = {.Version = 0,
                                     .Size = sizeof(NPI_REGISTRATION_INSTANCE),
                                     .NpiId = &NPI_WSK_INTERFACE_ID,
                                     .ModuleId = &module_id,
                                     .Number = 0,
                                     .NpiSpecificCharacteristics = nullptr},
  };
  HANDLE handle = nullptr;
  PVOID client = nullptr;
  KIRQL irql = HIGH_LEVEL;
  std::atomic<int> attaches = 0;
};

CONFORMANCE_TEST(LateProvider, IsOfferedToWhoeverRegisteredBefore) {
  covers("N-033", "IRQL-014");
  START_OR_SKIP(kSoon_ms);
  NmrDriver driver;
  ASSERT_EQ(NmrRegisterClient(&driver.characteristics, &driver, &driver.handle), STATUS_SUCCESS);
  Registration beside;
  ASSERT_EQ(beside.capture(WSK_INFINITE_WAIT), STATUS_SUCCESS);

  while (driver.attaches == 0) std::this_thread::yield();

  EXPECT_EQ(driver.irql, PASSIVE_LEVEL);
  EXPECT_NE(driver.client, nullptr);
  EXPECT_NE(driver.client, static_cast<PVOID>(beside.npi.Client));
  beside.release();
  beside.deregister();
  EXPECT_EQ(NmrDeregisterClient(driver.handle), STATUS_PENDING);
  EXPECT_EQ(NmrWaitForClientDeregisterComplete(driver.handle), STATUS_SUCCESS);
  EXPECT_EQ(driver.attaches, 1);
}

CONFORMANCE_TEST(LateProvider, MayNeverCome) {
  covers("N-025");
  START_OR_SKIP(kNever_ms);
  Registration driver;
  driver.deregister();  // Returns: nothing holds the registration.
}

}  // namespace
}  // namespace wskrun::tests
