// include/wskrun/host.h as a test or a fuzzer uses it: the driver is linked into this program.
#include <wskrun/host.h>

#include <wdm.h>
#include <wsk.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "kit/peer.h"

namespace wskrun::tests {
namespace {

using ::testing::HasSubstr;

struct Seen {
  std::u16string registry_path;
  KIRQL irql = HIGH_LEVEL;
  unsigned loads = 0;
  unsigned unloads = 0;
  PVOID leak = nullptr;
};
Seen seen;

extern "C" VOID NTAPI note_unload(PDRIVER_OBJECT) {
  ++seen.unloads;
}

extern "C" NTSTATUS NTAPI well_behaved(PDRIVER_OBJECT driver, PUNICODE_STRING path) {
  driver->DriverUnload = note_unload;
  seen.registry_path.assign(path->Buffer, path->Length / sizeof(WCHAR));
  seen.irql = KeGetCurrentIrql();
  ++seen.loads;
  return STATUS_SUCCESS;
}

extern "C" NTSTATUS NTAPI leaking(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  driver->DriverUnload = note_unload;
  seen.leak = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'kaeL');
  return STATUS_SUCCESS;
}

extern "C" NTSTATUS NTAPI refusing(PDRIVER_OBJECT, PUNICODE_STRING) {
  return STATUS_NO_SUCH_DEVICE;
}

extern "C" NTSTATUS NTAPI staying(PDRIVER_OBJECT, PUNICODE_STRING) {
  return STATUS_SUCCESS;
}

class HostApi : public ::testing::Test {
 protected:
  void SetUp() override { seen = {}; }
  void TearDown() override { wskrun_runtime_destroy(runtime_); }

  void start() {
    wskrun_options options{};
    options.size = sizeof options;
    options.transport = "epoll";
    options.processors = 2;
    runtime_ = wskrun_runtime_create(&options, &error_);
    ASSERT_NE(runtime_, nullptr) << error_.text;
  }
  wskrun_driver* load(wskrun_driver_entry entry, const char* name = "linked_in") {
    wskrun_image image{};
    image.size = sizeof image;
    image.entry = entry;
    image.name = name;
    return wskrun_driver_load(runtime_, &image, &error_);
  }

  wskrun_runtime* runtime_ = nullptr;
  wskrun_error error_{};
};

TEST_F(HostApi, RunsManyRuntimesOneAfterTheOther) {
  for (int i = 0; i < 20; ++i) {
    start();
    EXPECT_STREQ(wskrun_runtime_transport(runtime_), "epoll");
    EXPECT_EQ(wskrun_runtime_processors(runtime_), 2u);
    wskrun_runtime_destroy(std::exchange(runtime_, nullptr));
  }
}

TEST_F(HostApi, RunsOneAtATime) {
  start();
  EXPECT_EQ(wskrun_runtime_create(nullptr, &error_), nullptr);
  EXPECT_EQ(error_.result, WSKRUN_BUSY);
}

TEST_F(HostApi, HasADefaultForEverything) {
  runtime_ = wskrun_runtime_create(nullptr, nullptr);
  ASSERT_NE(runtime_, nullptr);
  EXPECT_GE(wskrun_runtime_processors(runtime_), 1u);
}

TEST_F(HostApi, RefusesOptionsItDoesNotUnderstand) {
  wskrun_options options{};
  EXPECT_EQ(wskrun_runtime_create(&options, &error_), nullptr);  // No size.
  EXPECT_EQ(error_.result, WSKRUN_BAD_ARGUMENT);

  options.size = sizeof options;
  options.transport = "pigeon";
  EXPECT_EQ(wskrun_runtime_create(&options, &error_), nullptr);
  EXPECT_EQ(error_.result, WSKRUN_BAD_ARGUMENT);
  EXPECT_THAT(error_.text, HasSubstr("'pigeon'"));

  struct Newer {
    wskrun_options known;
    std::uint64_t unknown;
  } newer{};
  newer.known.size = sizeof newer;
  newer.known.transport = "epoll";
  newer.unknown = 1;
  EXPECT_EQ(wskrun_runtime_create(&newer.known, &error_), nullptr);
  EXPECT_EQ(error_.result, WSKRUN_BAD_ARGUMENT);
  newer.unknown = 0;  // A newer caller that asks for nothing new.
  runtime_ = wskrun_runtime_create(&newer.known, &error_);
  EXPECT_NE(runtime_, nullptr) << error_.text;
}

TEST_F(HostApi, LoadsAndUnloadsADriverOfThisProgram) {
  start();
  wskrun_driver* driver = load(well_behaved);
  ASSERT_NE(driver, nullptr) << error_.text;
  EXPECT_EQ(seen.irql, PASSIVE_LEVEL);
  EXPECT_EQ(seen.registry_path,
            u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\linked_in");
  wskrun_report* leftovers = nullptr;
  EXPECT_EQ(wskrun_driver_unload(driver, &leftovers, &error_), WSKRUN_OK);
  EXPECT_EQ(seen.unloads, 1u);
  EXPECT_EQ(wskrun_report_count(leftovers), 0u);
  wskrun_report_free(leftovers);
}

TEST_F(HostApi, LoadsTheSameDriverAgain) {
  start();
  for (unsigned i = 1; i <= 3; ++i) {
    wskrun_driver* driver = load(well_behaved);
    ASSERT_NE(driver, nullptr) << error_.text;
    EXPECT_EQ(seen.loads, i);
    EXPECT_EQ(wskrun_driver_unload(driver, nullptr, nullptr), WSKRUN_OK);
  }
}

TEST_F(HostApi, LoadsDriversOfDifferentNamesSideBySide) {
  start();
  wskrun_driver* first = load(well_behaved, "first");
  ASSERT_NE(first, nullptr) << error_.text;
  EXPECT_EQ(load(well_behaved, "first"), nullptr);
  EXPECT_EQ(error_.result, WSKRUN_BAD_ARGUMENT);
  wskrun_driver* second = load(well_behaved, "second");
  ASSERT_NE(second, nullptr) << error_.text;
  EXPECT_EQ(wskrun_driver_unload(first, nullptr, nullptr), WSKRUN_OK);
  EXPECT_EQ(wskrun_driver_unload(second, nullptr, nullptr), WSKRUN_OK);
  EXPECT_EQ(seen.unloads, 2u);
}

TEST_F(HostApi, PassesOnTheStatusOfDriverEntry) {
  start();
  EXPECT_EQ(load(refusing), nullptr);
  EXPECT_EQ(error_.result, WSKRUN_DRIVER_REFUSED);
  EXPECT_EQ(error_.status, STATUS_NO_SUCH_DEVICE);
  EXPECT_THAT(error_.text, HasSubstr("STATUS_NO_SUCH_DEVICE"));
}

TEST_F(HostApi, ReportsWhatADriverLeft) {
  start();
  wskrun_driver* driver = load(leaking);
  ASSERT_NE(driver, nullptr) << error_.text;
  wskrun_report* leftovers = nullptr;
  EXPECT_EQ(wskrun_driver_unload(driver, &leftovers, &error_), WSKRUN_OK);
  ASSERT_EQ(wskrun_report_count(leftovers), 1u);
  const wskrun_holding* left = wskrun_report_entry(leftovers, 0);
  EXPECT_EQ(left->kind, WSKRUN_POOL);
  EXPECT_EQ(left->address, seen.leak);
  EXPECT_GE(left->size_bytes, 100u);
  EXPECT_STREQ(left->tag, "Leak");
  EXPECT_THAT(left->place, HasSubstr("leaking"));
  wskrun_report_free(leftovers);
  ExFreePoolWithTag(seen.leak, 'kaeL');
}

TEST_F(HostApi, KeepsADriverWithoutDriverUnload) {
  start();
  wskrun_driver* driver = load(staying);
  ASSERT_NE(driver, nullptr) << error_.text;
  wskrun_report* leftovers = nullptr;
  EXPECT_EQ(wskrun_driver_unload(driver, &leftovers, &error_), WSKRUN_CANNOT_BE_UNLOADED);
  EXPECT_EQ(leftovers, nullptr);
  EXPECT_THAT(error_.text, HasSubstr("DriverUnload"));
}

TEST_F(HostApi, RefusesAnImageThatMakesNoSense) {
  start();
  wskrun_image image{};
  image.size = sizeof image;
  EXPECT_EQ(wskrun_driver_load(runtime_, &image, &error_), nullptr);
  EXPECT_EQ(error_.result, WSKRUN_BAD_ARGUMENT);
  image.entry = well_behaved;
  image.name = "with\\a\\path";
  EXPECT_EQ(wskrun_driver_load(runtime_, &image, &error_), nullptr);
  EXPECT_EQ(error_.result, WSKRUN_BAD_ARGUMENT);
  image.name = "named";
  image.path = "some.so";
  EXPECT_EQ(wskrun_driver_load(runtime_, &image, &error_), nullptr);
  EXPECT_EQ(error_.result, WSKRUN_BAD_ARGUMENT);
  EXPECT_EQ(seen.loads, 0u);
}

extern "C" NTSTATUS NTAPI chatty(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  driver->DriverUnload = note_unload;
  DbgPrint("hello from %s\n", "the driver");
  return STATUS_SUCCESS;
}

// The lines that the runtime and its drivers write.
struct Lines {
  static void take(void* lines, wskrun_log_level, const char*, size_t, const char* text,
                   size_t length) {
    auto& self = *static_cast<Lines*>(lines);
    const std::lock_guard lock(self.mutex);
    self.texts.emplace_back(text, length);
  }
  // The port in the last "listening on 127.0.0.1:port"; the driver says it in DriverEntry.
  std::uint16_t port() {
    const std::lock_guard lock(mutex);
    for (auto line = texts.rbegin(); line != texts.rend(); ++line) {
      if (line->find("listening on") == std::string::npos) continue;
      return static_cast<std::uint16_t>(std::stoi(line->substr(line->rfind(':') + 1)));
    }
    return 0;
  }

  std::mutex mutex;
  std::vector<std::string> texts;
};

class HostApiOn : public HostApi, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(, HostApiOn, ::testing::Values("uring", "epoll"),
                         [](const auto& info) { return std::string(info.param); });

// Unloading unmaps the code, so whatever still ran in it would crash.
TEST_P(HostApiOn, LoadsAndUnloadsAFileUnderTrafficManyTimes) {
  Lines lines;
  wskrun_options options{};
  options.size = sizeof options;
  options.transport = GetParam();
  options.log_sink = Lines::take;
  options.log_context = &lines;
  runtime_ = wskrun_runtime_create(&options, &error_);
  if (runtime_ == nullptr && error_.result == WSKRUN_NO_TRANSPORT) GTEST_SKIP() << error_.text;
  ASSERT_NE(runtime_, nullptr) << error_.text;
  wskrun_image image{};
  image.size = sizeof image;
  image.path = WSKRUN_DRIVER_DIR "/echo.so";
  for (int i = 0; i < 25; ++i) {
    wskrun_driver* driver = wskrun_driver_load(runtime_, &image, &error_);
    ASSERT_NE(driver, nullptr) << error_.text;
    std::vector<Peer> peers;
    for (int n = 0; n < 4; ++n) peers.push_back(Peer::connect(lines.port()));
    for (Peer& peer : peers) peer.send_what_fits(std::string(200'000, 'x'));
    EXPECT_EQ(peers.front().receive(1000), std::string(1000, 'x'));
    wskrun_report* leftovers = nullptr;
    ASSERT_EQ(wskrun_driver_unload(driver, &leftovers, &error_), WSKRUN_OK);
    EXPECT_EQ(wskrun_report_count(leftovers), 0u);
    wskrun_report_free(leftovers);
  }
  wskrun_runtime_destroy(std::exchange(runtime_, nullptr));
}

TEST_F(HostApi, GivesTheLogToTheHost) {
  Lines lines;
  wskrun_options options{};
  options.size = sizeof options;
  options.transport = "epoll";
  options.log_context = &lines;
  options.log_sink = Lines::take;
  runtime_ = wskrun_runtime_create(&options, &error_);
  ASSERT_NE(runtime_, nullptr) << error_.text;
  wskrun_driver* driver = load(chatty);
  ASSERT_NE(driver, nullptr) << error_.text;
  EXPECT_EQ(wskrun_driver_unload(driver, nullptr, nullptr), WSKRUN_OK);
  EXPECT_THAT(lines.texts, ::testing::Contains("hello from the driver"));
  wskrun_runtime_destroy(std::exchange(runtime_, nullptr));
}

extern "C" NTSTATUS NTAPI makes_one_mistake_often(PDRIVER_OBJECT, PUNICODE_STRING) {
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  for (int i = 0; i < 100; ++i) WskDeregister(nullptr);
  KeLowerIrql(old);
  return STATUS_UNSUCCESSFUL;
}

// What one program's first runtime wrote says nothing to who reads the second one's log.
TEST_F(HostApi, WritesTheSameMistakesInEveryRuntime) {
  for (int i = 0; i < 2; ++i) {
    Lines lines;
    wskrun_options options{};
    options.size = sizeof options;
    options.transport = "epoll";
    options.log_context = &lines;
    options.log_sink = Lines::take;
    runtime_ = wskrun_runtime_create(&options, &error_);
    ASSERT_NE(runtime_, nullptr) << error_.text;
    EXPECT_EQ(load(makes_one_mistake_often), nullptr);
    const ::testing::Matcher<std::string> is_report =
        ::testing::HasSubstr("WskDeregister was called at IRQL 2");
    const auto reports = std::count_if(lines.texts.begin(), lines.texts.end(),
                                       [&](const auto& text) { return is_report.Matches(text); });
    EXPECT_GT(reports, 0);
    EXPECT_LT(reports, 100) << "of one kind only the first are written";
    wskrun_runtime_destroy(std::exchange(runtime_, nullptr));
  }
}

}  // namespace
}  // namespace wskrun::tests
