// Devices as a program sees them through host.h: names, the ways of passing buffers, pending,
// cancelling, and what closing does.
#include <wskrun/host.h>

#include <wdm.h>
#include <wdmsec.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "kit/mistakes.h"

namespace wskrun::tests {
namespace {

using ::testing::HasSubstr;

using Dispatch = std::function<NTSTATUS(PDEVICE_OBJECT, PIRP)>;

// The driver: a device whose answers the test gives.
struct Driver {
  ULONG flags = 0;
  BOOLEAN exclusive = FALSE;
  PCUNICODE_STRING sddl = &SDDL_DEVOBJ_SYS_ALL_ADM_ALL;
  CCHAR stack_size = 1;
  Dispatch on_create, on_request, on_cleanup;
  std::vector<std::string> seen;
  PDEVICE_OBJECT device = nullptr;
  PFILE_OBJECT file = nullptr;
};
Driver* driver = nullptr;

NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information = 0) {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = information;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return status;
}

extern "C" NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp) {
  const PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
  EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
  EXPECT_NE(location->FileObject, nullptr);
  switch (location->MajorFunction) {
    case IRP_MJ_CREATE:
      driver->seen.push_back("create");
      driver->file = location->FileObject;
      return driver->on_create ? driver->on_create(device, irp) : complete(irp, STATUS_SUCCESS);
    case IRP_MJ_CLEANUP:
      driver->seen.push_back("cleanup");
      return driver->on_cleanup ? driver->on_cleanup(device, irp) : complete(irp, STATUS_SUCCESS);
    case IRP_MJ_CLOSE:
      driver->seen.push_back("close");
      return complete(irp, STATUS_SUCCESS);
    default:
      EXPECT_EQ(irp->RequestorMode, UserMode);
      EXPECT_EQ(location->FileObject, driver->file);
      return driver->on_request(device, irp);
  }
}

UNICODE_STRING device_name = RTL_CONSTANT_STRING(u"\\Device\\Answers");
UNICODE_STRING link_name = RTL_CONSTANT_STRING(u"\\DosDevices\\Answers");

extern "C" VOID NTAPI unload(PDRIVER_OBJECT object) {
  IoDeleteSymbolicLink(&link_name);
  while (object->DeviceObject != nullptr) IoDeleteDevice(object->DeviceObject);
}

extern "C" NTSTATUS NTAPI entry(PDRIVER_OBJECT object, PUNICODE_STRING) {
  PDEVICE_OBJECT device = nullptr;
  const NTSTATUS status =
      IoCreateDeviceSecure(object, 0, &device_name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                           driver->exclusive, driver->sddl, nullptr, &device);
  if (!NT_SUCCESS(status)) return status;
  device->Flags |= driver->flags;
  device->StackSize = driver->stack_size;
  for (PDRIVER_DISPATCH& function : object->MajorFunction) function = dispatch;
  object->DriverUnload = unload;
  driver->device = device;
  return IoCreateSymbolicLink(&link_name, &device_name);
}

struct Ended {
  int32_t status;
  std::size_t information;
  bool operator==(const Ended&) const = default;
};

Ended end(wskrun_request* request) {
  Ended ended{};
  ended.status = wskrun_request_end(request, &ended.information);
  return ended;
}

class Devices : public ::testing::Test {
 protected:
  void SetUp() override {
    driver = &answers_;
    wskrun_options options{};
    options.size = sizeof options;
    options.transport = "epoll";
    options.processors = 2;
    runtime_ = wskrun_runtime_create(&options, &error_);
    ASSERT_NE(runtime_, nullptr) << error_.text;
  }
  void TearDown() override {
    wskrun_device_close(device_);
    wskrun_report* left = nullptr;
    if (driver_ != nullptr) {
      EXPECT_EQ(wskrun_driver_unload(driver_, &left, &error_), WSKRUN_OK) << error_.text;
      EXPECT_EQ(wskrun_report_count(left), 0u);
    }
    wskrun_report_free(left);
    wskrun_runtime_destroy(runtime_);
    driver = nullptr;
  }

  void load() {
    wskrun_image image{};
    image.size = sizeof image;
    image.entry = entry;
    image.name = "answers";
    driver_ = wskrun_driver_load(runtime_, &image, &error_);
    ASSERT_NE(driver_, nullptr) << error_.text;
  }
  void load_and_open() {
    load();
    device_ = wskrun_device_open(runtime_, "Answers", &error_);
    ASSERT_NE(device_, nullptr) << error_.text;
  }
  wskrun_device* open(const char* name) { return wskrun_device_open(runtime_, name, &error_); }

  wskrun_runtime* runtime_ = nullptr;
  wskrun_driver* driver_ = nullptr;
  wskrun_device* device_ = nullptr;
  wskrun_error error_{};
  Driver answers_;
};

TEST_F(Devices, AreOpenedByEachOfTheirNames) {
  load();
  for (const char* name : {"\\\\.\\Answers", "Answers", "answers", "\\\\?\\Answers",
                           "\\??\\Answers", "\\GLOBAL?\?\\Answers", "\\Device\\Answers",
                           "\\\\.\\GLOBALROOT\\Device\\Answers", "\\??\\Global\\Answers"}) {
    wskrun_device* device = open(name);
    EXPECT_NE(device, nullptr) << name << ": " << error_.text;
    wskrun_device_close(device);
  }
  for (const char* name : {"\\\\.\\Nobody", "", "\\", "\\??\\", "\\Device", "Answers2"}) {
    EXPECT_EQ(open(name), nullptr) << name;
    EXPECT_EQ(error_.result, WSKRUN_OPEN_FAILED);
    EXPECT_EQ(error_.status, STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_THAT(error_.text, HasSubstr("STATUS_OBJECT_NAME_NOT_FOUND"));
  }
}

TEST_F(Devices, GetTheRestOfTheName) {
  std::u16string rest;
  answers_.on_create = [&](PDEVICE_OBJECT, PIRP irp) {
    const PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    rest.assign(file->FileName.Buffer, file->FileName.Length / sizeof(WCHAR));
    return complete(irp, STATUS_SUCCESS);
  };
  load();
  wskrun_device_close(open("\\\\.\\Answers\\Some\\Path"));
  EXPECT_EQ(rest, u"\\Some\\Path");
}

TEST_F(Devices, FollowLinksButNotInACircle) {
  load();
  UNICODE_STRING one = RTL_CONSTANT_STRING(u"\\??\\One");
  UNICODE_STRING two = RTL_CONSTANT_STRING(u"\\??\\Two");
  UNICODE_STRING good = RTL_CONSTANT_STRING(u"\\??\\Good");
  ASSERT_EQ(IoCreateSymbolicLink(&one, &two), STATUS_SUCCESS);
  ASSERT_EQ(IoCreateSymbolicLink(&two, &one), STATUS_SUCCESS);
  ASSERT_EQ(IoCreateSymbolicLink(&good, &link_name), STATUS_SUCCESS);

  EXPECT_EQ(open("One"), nullptr);
  wskrun_device* device = open("Good");
  EXPECT_NE(device, nullptr) << error_.text;

  wskrun_device_close(device);
  for (PUNICODE_STRING link : {&one, &two, &good}) {
    EXPECT_EQ(IoDeleteSymbolicLink(link), STATUS_SUCCESS);
  }
}

TEST_F(Devices, AreToldOfCreateCleanupAndClose) {
  load_and_open();
  EXPECT_EQ(answers_.device->ReferenceCount, 1);
  wskrun_device_close(std::exchange(device_, nullptr));
  EXPECT_EQ(answers_.seen, (std::vector<std::string>{"create", "cleanup", "close"}));
  EXPECT_EQ(answers_.device->ReferenceCount, 0);
}

TEST_F(Devices, ARefusedCreateIsAllThatTheDriverSees) {
  answers_.on_create = [](PDEVICE_OBJECT, PIRP irp) { return complete(irp, STATUS_ACCESS_DENIED); };
  load();
  EXPECT_EQ(open("Answers"), nullptr);
  EXPECT_EQ(error_.result, WSKRUN_OPEN_FAILED);
  EXPECT_EQ(error_.status, STATUS_ACCESS_DENIED);
  EXPECT_EQ(answers_.seen, (std::vector<std::string>{"create"}));
}

TEST_F(Devices, AnExclusiveOneIsOpenedOnce) {
  answers_.exclusive = TRUE;
  load_and_open();
  EXPECT_EQ(open("Answers"), nullptr);
  EXPECT_EQ(error_.status, STATUS_ACCESS_DENIED);
  wskrun_device_close(device_);
  device_ = open("Answers");
  EXPECT_NE(device_, nullptr);
}

TEST_F(Devices, TheirDescriptorsAreAsked) {
  answers_.sddl = &SDDL_DEVOBJ_KERNEL_ONLY;
  load();
  EXPECT_EQ(open("Answers"), nullptr);
  EXPECT_EQ(error_.status, STATUS_ACCESS_DENIED);
  EXPECT_TRUE(answers_.seen.empty());
}

TEST_F(Devices, AreNotMadeOfATextThatIsNoDescriptorOrWithoutAName) {
  UNICODE_STRING nonsense = RTL_CONSTANT_STRING(u"D:P(everybody)");
  answers_.sddl = &nonsense;
  wskrun_image image{};
  image.size = sizeof image;
  image.entry = entry;
  EXPECT_EQ(wskrun_driver_load(runtime_, &image, &error_), nullptr);
  EXPECT_EQ(error_.status, STATUS_INVALID_PARAMETER);

  DRIVER_OBJECT object = {};
  PDEVICE_OBJECT device = nullptr;
  EXPECT_EQ(IoCreateDeviceSecure(&object, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE,
                                 &SDDL_DEVOBJ_SYS_ALL, nullptr, &device),
            STATUS_INVALID_PARAMETER);
}

TEST_F(Devices, KeepTheirDriverLoadedWhileTheyAreOpen) {
  load_and_open();
  wskrun_report* left = nullptr;
  EXPECT_EQ(wskrun_driver_unload(driver_, &left, &error_), WSKRUN_IN_USE);
  EXPECT_EQ(left, nullptr);
  EXPECT_THAT(error_.text, HasSubstr("close its devices first"));
}

TEST_F(Devices, AreClosedWithTheRuntime) {
  load_and_open();
  unload(answers_.device->DriverObject);  // Nobody finds the device any more; the handle has it.
  device_ = nullptr;
  driver_ = nullptr;
  wskrun_runtime_destroy(std::exchange(runtime_, nullptr));
  EXPECT_EQ(answers_.seen, (std::vector<std::string>{"create", "cleanup", "close"}));
}

TEST_F(Devices, WithBufferedIoReadAndWriteThroughASystemBuffer) {
  answers_.flags = DO_BUFFERED_IO;
  std::string written;
  answers_.on_request = [&](PDEVICE_OBJECT, PIRP irp) {
    const PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    EXPECT_EQ(irp->MdlAddress, nullptr);
    auto* buffer = static_cast<char*>(irp->AssociatedIrp.SystemBuffer);
    if (location->MajorFunction == IRP_MJ_WRITE) {
      EXPECT_EQ(location->Parameters.Write.ByteOffset.QuadPart, 7);
      written.assign(buffer, location->Parameters.Write.Length);
      return complete(irp, STATUS_SUCCESS, written.size());
    }
    EXPECT_EQ(location->Parameters.Read.Length, 8u);
    EXPECT_EQ(location->Parameters.Read.ByteOffset.QuadPart, 1LL << 40);
    std::string("abcdefgh").copy(buffer, 8);
    return complete(irp, STATUS_SUCCESS, 3);
  };
  load_and_open();

  EXPECT_EQ(end(wskrun_device_write(device_, "hello", 5, 7)), (Ended{STATUS_SUCCESS, 5}));
  EXPECT_EQ(written, "hello");
  char buffer[] = "........";
  EXPECT_EQ(end(wskrun_device_read(device_, buffer, 8, 1LL << 40)), (Ended{STATUS_SUCCESS, 3}));
  EXPECT_STREQ(buffer, "abc.....");
}

TEST_F(Devices, ASystemBufferIsCopiedOutUnlessTheStatusIsAnError) {
  struct Row {
    NTSTATUS status;
    const char* result;
  };
  for (const Row& row : {Row{STATUS_SUCCESS, "xx.."}, Row{STATUS_BUFFER_OVERFLOW, "xx.."},
                         Row{STATUS_UNSUCCESSFUL, "...."}}) {
    answers_.flags = DO_BUFFERED_IO;
    answers_.on_request = [&](PDEVICE_OBJECT, PIRP irp) {
      std::memset(irp->AssociatedIrp.SystemBuffer, 'x', 4);
      return complete(irp, row.status, 2);
    };
    if (device_ == nullptr) load_and_open();
    char buffer[] = "....";
    EXPECT_EQ(end(wskrun_device_read(device_, buffer, 4, 0)), (Ended{row.status, 2}));
    EXPECT_STREQ(buffer, row.result);
  }
}

TEST_F(Devices, MoreInformationThanBufferIsReported) {
  answers_.flags = DO_BUFFERED_IO;
  answers_.on_request = [&](PDEVICE_OBJECT, PIRP irp) {
    std::memset(irp->AssociatedIrp.SystemBuffer, 'x', 4);
    return complete(irp, STATUS_SUCCESS, 5);
  };
  load_and_open();
  char buffer[] = "....!";
  const Mistakes mistakes;
  end(wskrun_device_read(device_, buffer, 4, 0));
  EXPECT_STREQ(buffer, "xxxx!");
  EXPECT_EQ(mistakes.now(), 1u);
}

TEST_F(Devices, WithDirectIoGetTheProgramsOwnMemoryAsAnMdl) {
  answers_.flags = DO_DIRECT_IO;
  char buffer[] = "....";
  answers_.on_request = [&](PDEVICE_OBJECT, PIRP irp) {
    EXPECT_EQ(irp->AssociatedIrp.SystemBuffer, nullptr);
    EXPECT_NE(irp->MdlAddress->MdlFlags & MDL_PAGES_LOCKED, 0);
    EXPECT_EQ(MmGetMdlByteCount(irp->MdlAddress), 4u);
    EXPECT_EQ(MmGetMdlVirtualAddress(irp->MdlAddress), buffer);
    std::memcpy(MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority), "mdls", 4);
    return complete(irp, STATUS_SUCCESS, 4);
  };
  load_and_open();
  EXPECT_EQ(end(wskrun_device_read(device_, buffer, 4, 0)), (Ended{STATUS_SUCCESS, 4}));
  EXPECT_STREQ(buffer, "mdls");
}

TEST_F(Devices, WithNeitherGetTheProgramsAddress) {
  char buffer[] = "....";
  answers_.on_request = [&](PDEVICE_OBJECT, PIRP irp) {
    EXPECT_EQ(irp->UserBuffer, buffer);
    EXPECT_EQ(irp->MdlAddress, nullptr);
    EXPECT_EQ(irp->AssociatedIrp.SystemBuffer, nullptr);
    return complete(irp, STATUS_SUCCESS);
  };
  load_and_open();
  end(wskrun_device_read(device_, buffer, 4, 0));
  end(wskrun_device_write(device_, buffer, 4, 0));
}

ULONG code_of(ULONG method) {
  return CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, method, FILE_ANY_ACCESS);
}

TEST_F(Devices, ABufferedIoctlHasOneBufferForBothDirections) {
  answers_.on_request = [&](PDEVICE_OBJECT, PIRP irp) {
    const auto& control = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
    EXPECT_EQ(control.IoControlCode, code_of(METHOD_BUFFERED));
    EXPECT_EQ(control.InputBufferLength, 3u);
    EXPECT_EQ(control.OutputBufferLength, 6u);
    auto* buffer = static_cast<char*>(irp->AssociatedIrp.SystemBuffer);
    std::memcpy(buffer + 3, buffer, 3);
    return complete(irp, STATUS_SUCCESS, 6);
  };
  load_and_open();
  char output[] = "......";
  EXPECT_EQ(end(wskrun_device_ioctl(device_, code_of(METHOD_BUFFERED), "abc", 3, output, 6)),
            (Ended{STATUS_SUCCESS, 6}));
  EXPECT_STREQ(output, "abcabc");
}

TEST_F(Devices, ABufferedIoctlWithoutBuffersHasNone) {
  answers_.on_request = [&](PDEVICE_OBJECT, PIRP irp) {
    EXPECT_EQ(irp->AssociatedIrp.SystemBuffer, nullptr);
    EXPECT_EQ(irp->UserBuffer, nullptr);
    return complete(irp, STATUS_SUCCESS);
  };
  load_and_open();
  EXPECT_EQ(end(wskrun_device_ioctl(device_, code_of(METHOD_BUFFERED), nullptr, 0, nullptr, 0)),
            (Ended{STATUS_SUCCESS, 0}));
}

TEST_F(Devices, ADirectIoctlHasASystemBufferAndAnMdl) {
  for (const ULONG method : {METHOD_IN_DIRECT, METHOD_OUT_DIRECT}) {
    answers_.on_request = [&](PDEVICE_OBJECT, PIRP irp) {
      EXPECT_EQ(std::string(static_cast<char*>(irp->AssociatedIrp.SystemBuffer), 3), "abc");
      EXPECT_EQ(MmGetMdlByteCount(irp->MdlAddress), 4u);
      std::memcpy(MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority), "wxyz", 4);
      return complete(irp, STATUS_SUCCESS, 4);
    };
    if (device_ == nullptr) load_and_open();
    char output[] = "....";
    EXPECT_EQ(end(wskrun_device_ioctl(device_, code_of(method), "abc", 3, output, 4)),
              (Ended{STATUS_SUCCESS, 4}));
    EXPECT_STREQ(output, "wxyz");
  }
}

TEST_F(Devices, ANeitherIoctlHasTheProgramsPointers) {
  const char input[] = "in";
  char output[] = "out";
  answers_.on_request = [&](PDEVICE_OBJECT, PIRP irp) {
    const auto& control = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
    EXPECT_EQ(control.Type3InputBuffer, input);
    EXPECT_EQ(irp->UserBuffer, output);
    return complete(irp, STATUS_SUCCESS, 1);
  };
  load_and_open();
  EXPECT_EQ(end(wskrun_device_ioctl(device_, code_of(METHOD_NEITHER), input, 2, output, 3)),
            (Ended{STATUS_SUCCESS, 1}));
}

TEST_F(Devices, AreNotAskedWithBuffersThatAreNotThere) {
  answers_.flags = DO_BUFFERED_IO;
  answers_.on_request = [&](PDEVICE_OBJECT, PIRP irp) {
    ADD_FAILURE() << "the driver was called";
    return complete(irp, STATUS_SUCCESS);
  };
  load_and_open();
  auto* nowhere = reinterpret_cast<char*>(16);
  EXPECT_EQ(end(wskrun_device_read(device_, nowhere, 4, 0)), (Ended{STATUS_ACCESS_VIOLATION, 0}));
  EXPECT_EQ(end(wskrun_device_ioctl(device_, code_of(METHOD_OUT_DIRECT), nowhere, 4, nullptr, 0)),
            (Ended{STATUS_ACCESS_VIOLATION, 0}));
}

// Keeps IRPs, as a driver does that waits for something.
struct Keeper {
  std::vector<PIRP> irps;
  Dispatch keep() {
    return [this](PDEVICE_OBJECT, PIRP irp) {
      irps.push_back(irp);
      IoMarkIrpPending(irp);
      return STATUS_PENDING;
    };
  }
};

TEST_F(Devices, APendingRequestEndsWhenTheDriverCompletesIt) {
  Keeper keeper;
  answers_.flags = DO_BUFFERED_IO;
  answers_.on_request = keeper.keep();
  load_and_open();
  char buffer[] = "....";
  wskrun_request* request = wskrun_device_read(device_, buffer, 4, 0);
  EXPECT_EQ(wskrun_request_wait(request, 0), 0);

  std::thread completer([&] {
    std::memcpy(keeper.irps[0]->AssociatedIrp.SystemBuffer, "late", 4);
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    complete(keeper.irps[0], STATUS_SUCCESS, 4);
    KeLowerIrql(irql);
  });

  EXPECT_EQ(end(request), (Ended{STATUS_SUCCESS, 4}));
  EXPECT_STREQ(buffer, "late");
  completer.join();
}

extern "C" VOID NTAPI complete_cancelled(PDEVICE_OBJECT device, PIRP irp) {
  EXPECT_EQ(device, driver->device);
  IoReleaseCancelSpinLock(irp->CancelIrql);
  complete(irp, STATUS_CANCELLED);
}

TEST_F(Devices, APendingRequestIsCancelledByItsOwnerOrByTheClose) {
  answers_.on_request = [](PDEVICE_OBJECT, PIRP irp) {
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, complete_cancelled);
    return STATUS_PENDING;
  };
  load_and_open();
  wskrun_request* one = wskrun_device_read(device_, nullptr, 0, 0);
  wskrun_request* other = wskrun_device_read(device_, nullptr, 0, 0);

  wskrun_request_cancel(one);
  EXPECT_EQ(end(one), (Ended{STATUS_CANCELLED, 0}));
  EXPECT_EQ(wskrun_request_wait(other, 0), 0);
  wskrun_device_close(std::exchange(device_, nullptr));
  EXPECT_EQ(end(other), (Ended{STATUS_CANCELLED, 0}));
  EXPECT_EQ(answers_.seen, (std::vector<std::string>{"create", "cleanup", "close"}));
}

TEST_F(Devices, ADriverMayEndItsRequestsInCleanup) {
  Keeper keeper;
  answers_.on_request = keeper.keep();
  answers_.on_cleanup = [&](PDEVICE_OBJECT, PIRP irp) {
    for (PIRP kept : keeper.irps) complete(kept, STATUS_CANCELLED);
    return complete(irp, STATUS_SUCCESS);
  };
  load_and_open();
  wskrun_request* request = wskrun_device_read(device_, nullptr, 0, 0);
  wskrun_device_close(std::exchange(device_, nullptr));
  EXPECT_EQ(end(request), (Ended{STATUS_CANCELLED, 0}));
  EXPECT_EQ(answers_.seen.back(), "close");
}

TEST_F(Devices, CloseComesWithTheLastReferenceToTheFile) {
  load_and_open();
  ObReferenceObject(answers_.file);
  wskrun_device_close(std::exchange(device_, nullptr));
  EXPECT_EQ(answers_.seen, (std::vector<std::string>{"create", "cleanup"}));
  EXPECT_EQ(wskrun_driver_unload(driver_, nullptr, &error_), WSKRUN_IN_USE);
  ObDereferenceObject(answers_.file);
  EXPECT_EQ(answers_.seen.back(), "close");
}

TEST_F(Devices, WhatTheDispatchRoutineReturnsMustFitTheMark) {
  load_and_open();
  const Mistakes mistakes;
  answers_.on_request = [](PDEVICE_OBJECT, PIRP irp) {
    complete(irp, STATUS_SUCCESS);
    return STATUS_PENDING;
  };
  end(wskrun_device_read(device_, nullptr, 0, 0));
  EXPECT_EQ(mistakes.now(), 1u);

  answers_.on_request = [](PDEVICE_OBJECT, PIRP irp) {
    IoMarkIrpPending(irp);
    return complete(irp, STATUS_SUCCESS);
  };
  end(wskrun_device_read(device_, nullptr, 0, 0));
  EXPECT_EQ(mistakes.now(), 2u);

  Keeper keeper;
  answers_.on_request = [&](PDEVICE_OBJECT device, PIRP irp) {
    keeper.keep()(device, irp);
    return STATUS_SUCCESS;
  };
  wskrun_request* request = wskrun_device_read(device_, nullptr, 0, 0);
  EXPECT_EQ(mistakes.now(), 3u);
  complete(keeper.irps[0], STATUS_SUCCESS);
  end(request);
  EXPECT_EQ(mistakes.now(), 3u);
}

// ---- drivers that open devices

TEST_F(Devices, AreOpenedByDriversAsWell) {
  answers_.on_create = [](PDEVICE_OBJECT, PIRP irp) {
    EXPECT_EQ(irp->RequestorMode, KernelMode);
    return complete(irp, STATUS_SUCCESS);
  };
  load();
  for (PUNICODE_STRING name : {&device_name, &link_name}) {
    answers_.seen.clear();
    PFILE_OBJECT file = nullptr;
    PDEVICE_OBJECT device = nullptr;
    ASSERT_EQ(IoGetDeviceObjectPointer(name, FILE_READ_DATA, &file, &device), STATUS_SUCCESS);
    EXPECT_EQ(device, answers_.device);
    EXPECT_EQ(file, answers_.file);
    EXPECT_EQ(answers_.seen, (std::vector<std::string>{"create", "cleanup"}));
    EXPECT_EQ(wskrun_driver_unload(driver_, nullptr, &error_), WSKRUN_IN_USE);
    ObDereferenceObject(file);
    EXPECT_EQ(answers_.seen.back(), "close");
  }
}

TEST_F(Devices, OnlyForTheKernelAreForDrivers) {
  answers_.sddl = &SDDL_DEVOBJ_KERNEL_ONLY;
  load();
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  ASSERT_EQ(IoGetDeviceObjectPointer(&device_name, FILE_ALL_ACCESS, &file, &device),
            STATUS_SUCCESS);
  ObDereferenceObject(file);
}

TEST_F(Devices, ADriverIsToldWhyItCannotOpenOne) {
  answers_.on_create = [](PDEVICE_OBJECT, PIRP irp) { return complete(irp, STATUS_DEVICE_BUSY); };
  load();
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  UNICODE_STRING nobody = RTL_CONSTANT_STRING(u"\\Device\\Nobody");
  UNICODE_STRING no_path = RTL_CONSTANT_STRING(u"Answers");
  EXPECT_EQ(IoGetDeviceObjectPointer(&nobody, FILE_READ_DATA, &file, &device),
            STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(IoGetDeviceObjectPointer(&no_path, FILE_READ_DATA, &file, &device),
            STATUS_OBJECT_PATH_SYNTAX_BAD);
  EXPECT_EQ(IoGetDeviceObjectPointer(&device_name, FILE_READ_DATA, &file, &device),
            STATUS_DEVICE_BUSY);
}

// ---- the system's end

// Answers IRP_MJ_SHUTDOWN, which concerns no file.
extern "C" NTSTATUS NTAPI shut_down(PDEVICE_OBJECT device, PIRP irp) {
  EXPECT_EQ(device, driver->device);
  EXPECT_EQ(IoGetCurrentIrpStackLocation(irp)->MajorFunction, IRP_MJ_SHUTDOWN);
  EXPECT_EQ(irp->RequestorMode, KernelMode);
  driver->seen.push_back("shutdown");
  return complete(irp, STATUS_SUCCESS);
}

TEST_F(Devices, AreToldOfTheShutdownOnRequest) {
  load();
  answers_.device->DriverObject->MajorFunction[IRP_MJ_SHUTDOWN] = shut_down;
  wskrun_runtime_shut_down(runtime_);
  EXPECT_TRUE(answers_.seen.empty());

  ASSERT_EQ(IoRegisterShutdownNotification(answers_.device), STATUS_SUCCESS);
  EXPECT_NE(answers_.device->Flags & DO_SHUTDOWN_REGISTERED, 0u);
  wskrun_runtime_shut_down(runtime_);
  EXPECT_EQ(answers_.seen, (std::vector<std::string>{"shutdown"}));
  wskrun_runtime_shut_down(runtime_);
  EXPECT_EQ(answers_.seen.size(), 1u);  // Once is all.

  IoRegisterShutdownNotification(answers_.device);
  IoRegisterShutdownNotification(answers_.device);
  IoUnregisterShutdownNotification(answers_.device);
  EXPECT_EQ(answers_.device->Flags & DO_SHUTDOWN_REGISTERED, 0u);
  wskrun_runtime_shut_down(runtime_);
  EXPECT_EQ(answers_.seen.size(), 1u);
}

TEST_F(Devices, AreToldOfTheShutdownBeforeTheRuntimeEnds) {
  load();
  answers_.device->DriverObject->MajorFunction[IRP_MJ_SHUTDOWN] = shut_down;
  IoRegisterShutdownNotification(answers_.device);
  unload(answers_.device->DriverObject);  // Nothing is left but the registration, which has it.
  driver_ = nullptr;
  wskrun_runtime_destroy(std::exchange(runtime_, nullptr));
  EXPECT_EQ(answers_.seen, (std::vector<std::string>{"shutdown"}));
}

TEST_F(Devices, LeftRegisteredForTheShutdownAreReported) {
  load();
  answers_.device->DriverObject->MajorFunction[IRP_MJ_SHUTDOWN] = shut_down;
  IoRegisterShutdownNotification(answers_.device);
  const Mistakes mistakes;
  wskrun_report* left = nullptr;
  EXPECT_EQ(wskrun_driver_unload(std::exchange(driver_, nullptr), &left, &error_), WSKRUN_OK);
  EXPECT_EQ(wskrun_report_count(left), 0u);
  wskrun_report_free(left);
  EXPECT_EQ(mistakes.now(), 1u);
  wskrun_runtime_shut_down(runtime_);
  EXPECT_TRUE(answers_.seen.empty());
}

// ---- stacks

// A filter on top of the device: sees requests first and passes them down.
extern "C" NTSTATUS NTAPI filter_dispatch(PDEVICE_OBJECT device, PIRP irp) {
  driver->seen.push_back("filter");
  IoSkipCurrentIrpStackLocation(irp);
  return IoCallDriver(*static_cast<PDEVICE_OBJECT*>(device->DeviceExtension), irp);
}

extern "C" VOID NTAPI unload_filter(PDRIVER_OBJECT object) {
  IoDetachDevice(*static_cast<PDEVICE_OBJECT*>(object->DeviceObject->DeviceExtension));
  IoDeleteDevice(object->DeviceObject);
}

extern "C" NTSTATUS NTAPI filter_entry(PDRIVER_OBJECT object, PUNICODE_STRING) {
  PDEVICE_OBJECT device = nullptr;
  const NTSTATUS status = IoCreateDevice(object, sizeof(PDEVICE_OBJECT), nullptr,
                                         FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
  if (!NT_SUCCESS(status)) return status;
  for (PDRIVER_DISPATCH& function : object->MajorFunction) function = filter_dispatch;
  object->DriverUnload = unload_filter;
  const PDEVICE_OBJECT below = IoAttachDeviceToDeviceStack(device, driver->device);
  *static_cast<PDEVICE_OBJECT*>(device->DeviceExtension) = below;
  device->Flags |= below->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO);
  return STATUS_SUCCESS;
}

TEST_F(Devices, RequestsGoThroughTheWholeStack) {
  load();
  wskrun_image image{};
  image.size = sizeof image;
  image.entry = filter_entry;
  image.name = "filter";
  wskrun_driver* filter = wskrun_driver_load(runtime_, &image, &error_);
  ASSERT_NE(filter, nullptr) << error_.text;
  const PDEVICE_OBJECT top = IoGetAttachedDevice(answers_.device);
  EXPECT_NE(top, answers_.device);
  EXPECT_EQ(top->StackSize, 2);
  answers_.on_request = [&](PDEVICE_OBJECT device, PIRP irp) {
    EXPECT_EQ(device, answers_.device);
    EXPECT_EQ(irp->StackCount, 2);
    EXPECT_EQ(IoGetRelatedDeviceObject(answers_.file), top);
    return complete(irp, STATUS_SUCCESS);
  };
  device_ = open("Answers");
  ASSERT_NE(device_, nullptr) << error_.text;

  EXPECT_EQ(end(wskrun_device_read(device_, nullptr, 0, 0)), (Ended{STATUS_SUCCESS, 0}));

  EXPECT_EQ(answers_.seen, (std::vector<std::string>{"filter", "create", "filter"}));
  wskrun_device_close(std::exchange(device_, nullptr));
  EXPECT_EQ(wskrun_driver_unload(filter, nullptr, &error_), WSKRUN_OK);
  EXPECT_EQ(IoGetAttachedDevice(answers_.device), answers_.device);
}

}  // namespace
}  // namespace wskrun::tests
