// Threads by their handles.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "nt/executive.h"
#include "nt/test_threads.h"

namespace wskrun::nt {
namespace {

// A driver's thread that waits until it may end, and its handle.
struct ZwThread : testing::Test {
  ZwThread() {
    KeInitializeEvent(&may_end, NotificationEvent, FALSE);
    EXPECT_EQ(
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, run, this),
        STATUS_SUCCESS);
  }
  ~ZwThread() override {
    KeSetEvent(&may_end, IO_NO_INCREMENT, FALSE);
    EXPECT_EQ(ZwWaitForSingleObject(handle, FALSE, nullptr), STATUS_SUCCESS);
    EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);
  }

  static VOID run(PVOID context) {
    auto& self = *static_cast<ZwThread*>(context);
    self.native_id = ::gettid();
    wait_for(&self.may_end);
  }

  template <typename Value>
  NTSTATUS set(THREADINFOCLASS what, Value value) {
    return ZwSetInformationThread(handle, what, &value, sizeof value);
  }
  template <typename Value>
  Value query(THREADINFOCLASS what) {
    Value value{};
    ULONG length = 0;
    EXPECT_EQ(ZwQueryInformationThread(handle, what, &value, sizeof value, &length),
              STATUS_SUCCESS);
    EXPECT_EQ(length, sizeof value);
    return value;
  }

  Executive executive{{.processor_count = 4}};
  KEVENT may_end;
  HANDLE handle = nullptr;
  std::atomic<int> native_id{0};
};

TEST_F(ZwThread, IsWaitedForByItsHandle) {
  LARGE_INTEGER now = in_ms(0);
  EXPECT_EQ(ZwWaitForSingleObject(handle, FALSE, &now), STATUS_TIMEOUT);
  EXPECT_EQ(ZwWaitForSingleObject(reinterpret_cast<HANDLE>(0x7FFFFFF0), FALSE, &now),
            STATUS_INVALID_HANDLE);
}

TEST_F(ZwThread, PrioritiesAreKept) {
  EXPECT_EQ(query<KPRIORITY>(ThreadPriority), kNormalPriority);
  EXPECT_EQ(set(ThreadPriority, KPRIORITY{15}), STATUS_SUCCESS);
  EXPECT_EQ(query<KPRIORITY>(ThreadActualBasePriority), 15);
  EXPECT_EQ(set(ThreadBasePriority, LONG{-2}), STATUS_SUCCESS);
  EXPECT_EQ(query<KPRIORITY>(ThreadPriority), kNormalPriority - 2);
  for (KPRIORITY bad : {0, 32, -1}) {
    EXPECT_EQ(set(ThreadPriority, bad), STATUS_INVALID_PARAMETER);
  }
}

TEST_F(ZwThread, ProcessorsAreKept) {
  EXPECT_EQ(query<GROUP_AFFINITY>(ThreadGroupInformation).Mask, KAFFINITY{15});
  GROUP_AFFINITY affinity = {};
  affinity.Mask = 4;
  EXPECT_EQ(set(ThreadGroupInformation, affinity), STATUS_SUCCESS);
  EXPECT_EQ(query<GROUP_AFFINITY>(ThreadGroupInformation).Mask, KAFFINITY{4});
  affinity.Group = 1;
  EXPECT_EQ(set(ThreadGroupInformation, affinity), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(set(ThreadAffinityMask, KAFFINITY{32}), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(set(ThreadAffinityMask, KAFFINITY{1}), STATUS_SUCCESS);

  const auto before = query<PROCESSOR_NUMBER>(ThreadIdealProcessorEx);
  PROCESSOR_NUMBER number = {.Group = 0, .Number = 3, .Reserved = 0};
  EXPECT_EQ(ZwSetInformationThread(handle, ThreadIdealProcessorEx, &number, sizeof number),
            STATUS_SUCCESS);
  EXPECT_EQ(number.Number, before.Number);
  EXPECT_EQ(query<PROCESSOR_NUMBER>(ThreadIdealProcessorEx).Number, 3);
  number.Number = 4;
  EXPECT_EQ(set(ThreadIdealProcessorEx, number), STATUS_INVALID_PARAMETER);
}

TEST_F(ZwThread, ItsNameIsSeenInLinux) {
  EXPECT_EQ(
      set(ThreadNameInformation, THREAD_NAME_INFORMATION{RTL_CONSTANT_STRING(u"echo-\u00e4")}),
      STATUS_SUCCESS);
  for (unsigned round = 0; native_id == 0; ++round) sched::pause(round);
  std::ifstream file("/proc/self/task/" + std::to_string(native_id.load()) + "/comm");
  std::string name;
  std::getline(file, name);
  EXPECT_EQ(name, "echo-\u00e4");
}

TEST_F(ZwThread, OtherQuestionsAreRefused) {
  EXPECT_EQ(set(ThreadTimes, 0), STATUS_INVALID_INFO_CLASS);
  EXPECT_EQ(set(ThreadPriority, LONGLONG{1}), STATUS_INFO_LENGTH_MISMATCH);
  LONG value = 0;
  EXPECT_EQ(ZwQueryInformationThread(handle, ThreadBasePriority, &value, sizeof value, nullptr),
            STATUS_INVALID_INFO_CLASS);
  EXPECT_EQ(
      ZwQueryInformationThread(NtCurrentProcess(), ThreadPriority, &value, sizeof value, nullptr),
      STATUS_OBJECT_TYPE_MISMATCH);
  EXPECT_EQ(
      ZwQueryInformationThread(NtCurrentThread(), ThreadPriority, &value, sizeof value, nullptr),
      STATUS_SUCCESS);
}

}  // namespace
}  // namespace wskrun::nt
